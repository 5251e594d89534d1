//! What simulated players hold to be true.

use alloy_primitives::B256;

use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::position::Position;
use crate::synthetic::Rollup;
use crate::trace::lie::{Extent, Lie};
use crate::trace::memo::Memo;
use crate::trace::split::SplitTrace;
use crate::trace::{StepData, Trace, TraceError};

/// The truth about a game, remembered for all its players.
pub type Truth = Memo<Rollup>;

/// A truthful or a lying trace.
#[derive(Clone, Debug)]
pub enum Opinion<'a> {
    /// The truth.
    True(SplitTrace<&'a Truth, &'a Truth>),
    /// A lie.
    False(SplitTrace<Lie<&'a Truth>, Lie<&'a Truth>>),
}

impl<'a> Opinion<'a> {
    /// The opinion of somebody who lies about `lie`, or about nothing.
    pub const fn new(truth: &'a Truth, lie: Option<Extent>) -> Self {
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

impl Trace for Opinion<'_> {
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
