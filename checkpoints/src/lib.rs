//! Checkpoints of fault proof programs: state roots at chosen steps, states to go on from, a
//! commitment to the roots, their check by re-execution, and the bisection of two traces.
//!
//! Nothing here knows an ISA (a [`GuestVm`] may be of any): a [`Machine`] runs and is frozen into a
//! [`fpvm_core::machine::snapshot::Snapshot`], whose root is hashed in another thread while the machine runs on
//! ([`maker`]). The roots go to a [`manifest`], which has a [`commitment`] to them; the states go to a
//! [`store`], each page once; both lie in a [`depot`], a folder or a bucket, and are read from there as
//! a [`library`]. [`replay`] executes single intervals and finds the first wrong entry;
//! [`warm`] answers for any step at once; [`bisect`] finds the first step after which two traces differ.

pub mod bisect;
pub mod commitment;
pub mod depot;
mod entry;
mod guest;
pub mod library;
pub mod maker;
pub mod manifest;
pub mod replay;
mod root;
pub mod store;
pub mod warm;

pub use guest::GuestVm;
pub use root::Root;

use fpvm_core::machine::snapshot::Snapshot;

/// A machine that can be run to any step, and set back to an earlier state.
pub trait Machine {
    /// Why it cannot go on.
    type Error;
    /// Steps executed so far.
    fn step(&self) -> u64;
    /// Whether the program has ended.
    fn exited(&self) -> bool;
    /// Runs to a step or to the program's end; does nothing if that has been reached.
    fn run(&mut self, until: u64) -> Result<(), Self::Error>;
    /// The state as of now.
    fn freeze(&mut self) -> Result<Snapshot, Self::Error>;
    /// Goes to a state, back or ahead.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), Self::Error>;
    /// The state root as of now.
    fn root(&mut self) -> Result<Root, Self::Error>;
    /// Runs to a step or to the program's end, and gives the state root after each step executed.
    fn roots(&mut self, until: u64) -> Result<Vec<Root>, Self::Error> {
        step_by_step(self, until)
    }
}

/// The result of [`Machine::roots`], by single steps.
pub fn step_by_step<M: Machine + ?Sized>(
    machine: &mut M,
    until: u64,
) -> Result<Vec<Root>, M::Error> {
    let mut roots = Vec::new();
    while machine.step() < until && !machine.exited() {
        machine.run(machine.step() + 1)?;
        roots.push(machine.root()?);
    }
    Ok(roots)
}
