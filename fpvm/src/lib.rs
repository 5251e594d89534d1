//! Fault proof VMs as a library: open any program or state file, whichever VM it is for, run it, hash
//! it, prove a step and verify the proof.
//!
//! ```no_run
//! use fpvm::core::step::oracle::{NoOracle, Silent};
//! use fpvm::{Host, Options, Registry};
//!
//! let vms = Registry::builtin();
//! let mut vm = vms.open("program.elf".as_ref(), &Options::default())?;
//! let mut host = Host { oracle: &mut NoOracle, console: &mut Silent };
//! vm.run(u64::MAX, false, &mut host)?;
//! println!("{} steps, exit code {}", vm.step(), vm.exit_code());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Registry`] is a list of VMs, [`Registry::builtin`] those of this crate's features; one with a VM
//! more is [`Registry::new`] of a longer list. What is behind [`AnyVm`] is monomorphised: the choice of
//! VM is the one place with `dyn`.
//!
//! Features, all of them default: `mips`, `mips64`, `riscv` (VMs) and `jit` (the translator).

mod check;
mod error;
mod input;
mod isa;
mod memory_limit;
mod open;
mod registry;
mod state;
mod tier;
mod vm;

pub use check::{check_program, problems};
pub use error::Error;
pub use fpvm_analysis as analysis;
pub use fpvm_checkpoints as checkpoints;
pub use fpvm_core as core;
pub use fpvm_oracle as oracle;

pub use fpvm_analysis::{Inspect, IsaInfo, StepExplanation};
pub use fpvm_checkpoints::GuestVm;
pub use fpvm_core::formats::guest::{About, Guest, LoadError, OWN};
pub use fpvm_core::{Host, Isa, Oracle, Snapshot, StepProof, Vm, VmError};
#[cfg(feature = "jit")]
pub use fpvm_jit::{Counters, Departed, Departure};
pub use input::{Input, Inputs};
pub use isa::{AnyIsa, Patches, entry};
pub use open::{Options, read_file};
pub use registry::{ISAS, Registry};
pub use tier::{CROSSCHECK_EVERY, Tier};
pub use vm::{AnyVm, Save, SetUp};
