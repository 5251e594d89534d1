//! What players hold to be true: the truth, or a lie about it.

use alloy_primitives::B256;

use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::position::Position;
use crate::synthetic::Rollup;
use crate::trace::lie::{Extent, Lie};
use crate::trace::memo::Memo;
use crate::trace::split::SplitTrace;
use crate::trace::{Executions, Outputs, StepData, Trace, TraceError};

/// The truth about a simulated game, remembered for all its players.
pub type Truth = Memo<Rollup>;

/// A truthful or a lying trace.
#[derive(Clone, Debug)]
pub enum Opinion<'a, T = Truth> {
    /// The truth.
    True(SplitTrace<&'a T, &'a T>),
    /// A lie.
    False(SplitTrace<Lie<&'a T>, Lie<&'a T>>),
}

impl<'a, T> Opinion<'a, T> {
    /// The opinion of somebody who lies about `lie`, or about nothing.
    pub const fn new(truth: &'a T, lie: Option<Extent>) -> Self {
        match lie {
            None => Self::True(SplitTrace {
                outputs: truth,
                executions: truth,
            }),
            Some(extent) => Self::False(SplitTrace {
                outputs: Lie { truth, extent },
                executions: Lie { truth, extent },
            }),
        }
    }
}

impl<T: Outputs + Executions> Trace for Opinion<'_, T> {
    fn claim_at(&self, game: &Game, of: usize, position: Position) -> Result<B256, TraceError> {
        match self {
            Self::True(trace) => trace.claim_at(game, of, position),
            Self::False(trace) => trace.claim_at(game, of, position),
        }
    }

    fn step_at(&self, game: &Game, of: usize, position: Position) -> Result<StepData, TraceError> {
        match self {
            Self::True(trace) => trace.step_at(game, of, position),
            Self::False(trace) => trace.step_at(game, of, position),
        }
    }

    fn wrong_block(&self, game: &Game) -> Result<Option<BlockEvidence>, TraceError> {
        match self {
            Self::True(trace) => trace.wrong_block(game),
            Self::False(trace) => trace.wrong_block(game),
        }
    }
}
