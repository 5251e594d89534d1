//! The executions of a fault proof program as the trace of a dispute game: a machine for each dispute, kept
//! warm. A game asks it as [`fpvm_checkpoints::bisect`] does, and ends at the step that
//! [`fpvm_checkpoints::bisect::bisect`] finds.
//!
//! Each dispute's program runs once in full at most: after that all answers come from states on the way.
//! Some machines are kept as they are, of the others states on disk. [`Vms`] runs them while whoever asks
//! waits, [`workers::Workers`] on threads of their own.
//!
//! What they run is a [`Program`]: [`GuestProgram`], which puts it into a VM and opens its [`Preimages`]. Its
//! machine is [`Hosted`], a VM together with where its pre-images come from.

mod cached;
mod error;
pub mod external;
mod guest;
mod hosted;
mod inputs;
mod preimages;
mod program;
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
