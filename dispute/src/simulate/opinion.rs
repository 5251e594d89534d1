//! The traces of players: the truth, or a lie about it.

use alloy_primitives::{B256, Bytes};

use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::position::Position;
use crate::super_root::SuperStep;
use crate::synthetic::{Rollup, SuperProgram, SuperRollup};
use crate::trace::lie::{Extent, Lie};
use crate::trace::memo::Memo;
use crate::trace::split::SplitTrace;
use crate::trace::super_node::NodeStates;
use crate::trace::super_split::SuperSplitTrace;
use crate::trace::{Executions, StepData, SuperInputs, SuperStates, Trace, TraceError};

/// The truth about a simulated game, remembered for all its players.
pub type Truth = Memo<Rollup>;

/// A truthful or a lying trace.
#[derive(Clone, Debug)]
pub enum Opinion<T, L> {
    /// The truth.
    True(T),
    /// A lie.
    False(L),
}

/// A player's trace of a game over outputs.
pub type OutputOpinion<'a, T = Truth> =
    Opinion<SplitTrace<&'a T, &'a T>, SplitTrace<Lie<&'a T>, Lie<&'a T>>>;

/// A player's trace of a super game.
pub type SuperOpinion<'a> = Opinion<
    SuperSplitTrace<&'a SuperTruth, &'a SuperTruth>,
    SuperSplitTrace<Lie<&'a SuperTruth>, Lie<&'a SuperTruth>>,
>;

impl<'a, T> OutputOpinion<'a, T> {
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

impl<'a> SuperOpinion<'a> {
    /// The same in a super game.
    pub const fn new_super(truth: &'a SuperTruth, lie: Option<Extent>) -> Self {
        match lie {
            None => Self::True(SuperSplitTrace {
                states: truth,
                executions: truth,
            }),
            Some(extent) => Self::False(SuperSplitTrace {
                states: Lie { truth, extent },
                executions: Lie { truth, extent },
            }),
        }
    }
}

impl<T: Trace, L: Trace> Trace for Opinion<T, L> {
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

/// The truth about a simulated super game, remembered for all its players.
#[derive(Clone, Debug)]
pub struct SuperTruth {
    states: Memo<NodeStates<SuperRollup>, SuperInputs>,
    program: SuperProgram,
}

impl SuperTruth {
    /// What the node and the program say.
    pub fn new(states: NodeStates<SuperRollup>, program: SuperProgram) -> Self {
        Self {
            states: Memo::new(states),
            program,
        }
    }
}

impl SuperStates for SuperTruth {
    fn state(&self, place: SuperStep) -> Result<Bytes, TraceError> {
        self.states.state(place)
    }

    fn start(&self, timestamp: u64) -> Result<Bytes, TraceError> {
        self.states.start(timestamp)
    }
}

impl Executions<SuperInputs> for SuperTruth {
    fn claim(&self, inputs: &SuperInputs, index: u128) -> Result<B256, TraceError> {
        self.program.claim(inputs, index)
    }

    fn step(&self, inputs: &SuperInputs, index: u128) -> Result<StepData, TraceError> {
        Executions::step(&self.program, inputs, index)
    }
}
