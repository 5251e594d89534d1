//! The VM's contract as the game knows it: it runs one instruction, from a state to the claim about
//! the next state.

pub mod alphabet;

use alloy_primitives::{Address, B256};

use crate::oracle::Oracle;
use crate::revert::Revert;

/// The context of a step.
#[derive(Clone, Copy, Debug)]
pub struct StepContext<'a> {
    /// What has been loaded so far.
    pub oracle: &'a Oracle,
    /// The game that asks: local data are read under its address.
    pub game: Address,
    /// The local context of the claim contested.
    pub context: B256,
}

/// A VM's contract (upstream's `IBigStepper`).
pub trait Vm {
    /// Runs one instruction on `state` (packed), with `proof` for what the state only commits to.
    /// Returns the claim about the state after it.
    ///
    /// # Errors
    /// What the contract reverts with: [`Revert::Vm`] for its own reasons, and the oracle's reverts.
    fn step(&self, at: &StepContext<'_>, state: &[u8], proof: &[u8]) -> Result<B256, Revert>;
}
