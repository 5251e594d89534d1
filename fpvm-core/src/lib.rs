//! The core of fpvm: what an ISA declares, and the machines that run, record and verify it.
//!
//! Each instruction is written once, against [`machine::Machine`]; this crate holds the
//! interpretations that run guests. It knows no ISA. Follow a step as data: [`elf`] makes the first
//! state; [`vm`] drives an [`isa::Isa`] over memory and an oracle; at the asked step the prover
//! re-runs one step on a recording memory and packs a proof; [`verify`] takes nothing but that.
//!
//! Without the default feature `std` only the definitions and the verifier remain (`alloc` only).
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod compact;
pub mod concrete;
pub mod decode;
pub mod descriptors;
pub mod disasm;
pub mod effects;
pub mod fetch;
pub mod isa;
pub mod keccak;
pub mod machine;
pub mod memory;
pub mod operand;
pub mod oracle;
pub mod record;
pub mod state;
pub mod threads;
pub mod verify;
pub mod word;

#[cfg(feature = "std")]
pub mod code;
#[cfg(feature = "std")]
pub mod elf;
#[cfg(feature = "std")]
pub mod files;
#[cfg(feature = "std")]
pub mod frozen;
#[cfg(feature = "std")]
pub mod observer;
#[cfg(feature = "std")]
pub mod proof;
#[cfg(feature = "std")]
pub mod snapshot;
#[cfg(feature = "std")]
pub mod symbols;
#[cfg(feature = "std")]
pub mod vm;
