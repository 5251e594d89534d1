//! The core of fpvm: what an ISA declares, and the machines that run, record and verify it.
//!
//! Each instruction is written once, against [`definition::machine::Machine`]; this crate holds the
//! interpretations that run guests. It knows no ISA. Follow a step as data: [`formats::elf`] makes
//! the first state; [`machine::vm`] drives an [`Isa`] over memory and an oracle; at the asked step
//! the prover re-runs one step on a recording memory and packs a proof; [`step::verify`] takes
//! nothing but that.
//!
//! | module | subject |
//! |---|---|
//! | [`definition`] | what an ISA declares: table, semantics, state |
//! | [`step`] | one step executed, recorded, verified |
//! | [`machine`] | the running machine, its memory and snapshots |
//! | [`formats`] | ELF files, state files, symbols (feature `std`) |
//! | [`keccak`] | Keccak-256 of tree nodes, several at once |
//!
//! Without the default feature `std` only the definitions and the verifier remain (`alloc` only).
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod definition;
#[cfg(feature = "std")]
pub mod formats;
pub mod keccak;
pub mod machine;
pub mod step;

pub use definition::isa::Isa;
pub use definition::machine::{Fault, Machine};
pub use definition::state::State;
pub use machine::memory::{Memory, Node};
pub use step::oracle::Oracle;
pub use step::verify::Verified;
#[cfg(feature = "std")]
pub use {
    formats::elf::Program,
    machine::memory::PagedMemory,
    machine::snapshot::Snapshot,
    machine::vm::{Host, Vm, VmError},
    step::proof::StepProof,
};
