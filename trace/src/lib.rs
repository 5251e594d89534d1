//! The executions of a fault proof program as the trace of a dispute game: a machine for each dispute, kept
//! warm. A game asks the machine as [`fpvm_checkpoints::bisect`] does, and ends at the step that
//! [`fpvm_checkpoints::bisect::bisect`] finds.
//!
//! Each dispute's program runs in full at most once: after that all answers come from states on the way.
//! Some machines stay in memory; of the others only states on disk are kept. [`Vms`] runs machines while the
//! caller waits, [`workers::Workers`] runs them on threads of their own.
//!
//! A [`Program`] starts the machines: [`GuestProgram`] puts the program into a VM and opens its [`Preimages`].
//! Its machine is [`Hosted`], a VM together with the source of its pre-images.

mod cached;
mod error;
pub mod external;
mod guest;
mod hosted;
mod inputs;
mod preimages;
mod program;
pub mod repeat;
pub mod second;
mod shared;
mod vms;
pub mod workers;

pub use error::MachineError;
pub use guest::GuestProgram;
pub use hosted::{Hosted, Hosts, Progress};
pub use inputs::{DisputeInputs, local_data, super_local_data};
pub use preimages::{Preimages, Source};
pub use program::{Program, Prover};
pub use shared::SharedSources;
pub use vms::Vms;
