//! The trace of a game of either kind.

use alloy_primitives::B256;

use super::{StepData, Trace, TraceError};
use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::position::Position;

/// A party's trace of a game about outputs, or of a game about super roots.
#[derive(Clone, Copy, Debug)]
pub enum EitherTrace<O, S> {
    /// It is about outputs.
    Outputs(O),
    /// It is about super roots.
    SuperRoots(S),
}

impl<O, S> EitherTrace<O, S> {
    /// That of a game about outputs.
    pub const fn of_outputs(&self) -> Option<&O> {
        match self {
            Self::Outputs(trace) => Some(trace),
            Self::SuperRoots(_) => None,
        }
    }
}

impl<O: Trace, S: Trace> EitherTrace<O, S> {
    fn trace(&self) -> &dyn Trace {
        match self {
            Self::Outputs(trace) => trace,
            Self::SuperRoots(trace) => trace,
        }
    }
}

impl<O: Trace, S: Trace> Trace for EitherTrace<O, S> {
    fn claim_at(&self, game: &Game, of: usize, position: Position) -> Result<B256, TraceError> {
        self.trace().claim_at(game, of, position)
    }

    fn step_at(&self, game: &Game, of: usize, position: Position) -> Result<StepData, TraceError> {
        self.trace().step_at(game, of, position)
    }

    fn source_at(&self, game: &Game, of: usize, position: Position) -> Option<String> {
        self.trace().source_at(game, of, position)
    }

    fn wrong_block(&self, game: &Game) -> Result<Option<BlockEvidence>, TraceError> {
        self.trace().wrong_block(game)
    }
}
