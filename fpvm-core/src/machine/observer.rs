//! Observing a guest's run, without slowing down the steps that nobody observes.

use crate::definition::isa::Isa;
use crate::definition::state::State;
use alloc::vec::Vec;
use core::fmt::Debug;

/// Sees the steps that the plain step makes: context switches, system calls, and the instructions
/// of the kinds that it asks for, which no faster way executes then.
pub trait Observer<I: Isa>: Debug + Send {
    /// Whether the observer has to see the steps of these instructions.
    fn watches(&self, op: I::Op) -> bool;
    /// A step begins at this state.
    fn before(&mut self, state: &State<I>);
    /// The step is done. It was that of an instruction word, or, without a word, a context switch.
    fn after(&mut self, state: &State<I>, insn: Option<u32>);
    /// What it has counted, by name. `reserved_writes` are the writes since it began to look on
    /// that were to the word at the address which [`Isa::RESERVATION`] has: it is 0 where nothing
    /// is reserved.
    fn counts(&self, reserved_writes: u64) -> Vec<(&'static str, u64)>;
}
