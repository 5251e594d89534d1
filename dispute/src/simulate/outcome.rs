//! The outcome of a simulated game.

use crate::claim::GameStatus;

/// How a game went.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// How it was resolved.
    pub status: GameStatus,
    /// Claims made, the root included.
    pub claims: u64,
    /// Claims countered by an instruction.
    pub steps: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// Claims that an honest player should have answered but could not in time.
    pub honest_timeouts: u64,
    /// Calls of honest players that were refused for a reason that is not somebody having been
    /// faster.
    pub honest_refusals: u64,
    /// Claims that an honest player answered, but whose bond went to somebody else.
    pub stolen_bonds: u64,
    /// Seconds from the proposal to the resolution.
    pub duration: u64,
    /// By participant, wei won (positive) or lost.
    pub profits: Vec<i128>,
}
