//! Looking on as a guest runs, without slowing down what is not looked at.

use crate::definition::isa::Isa;
use crate::definition::state::State;
use alloc::vec::Vec;
use core::fmt::Debug;

/// Looks on at the steps that the plain step makes: changes of threads, system calls, and the
/// instructions of the kinds that it asks for, which no faster way executes then.
pub trait Observer<I: Isa>: Debug + Send {
    /// Whether it has to see the steps of these instructions.
    fn watches(&self, op: I::Op) -> bool;
    /// A step begins at this state.
    fn before(&mut self, state: &State<I>);
    /// The step is done: that of an instruction word, or, without one, a change of threads.
    fn after(&mut self, state: &State<I>, insn: Option<u32>);
    /// What it has counted, by name. `reserved_writes` are the writes since it began to look on that were to
    /// the word at the address which [`Isa::RESERVATION`] has: it is 0 where nothing is reserved.
    fn counts(&self, reserved_writes: u64) -> Vec<(&'static str, u64)>;
}
