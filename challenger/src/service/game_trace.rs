//! The challenger's trace of one game, of either kind.

use std::fmt;
use std::sync::Arc;

use fpvm_dispute::trace::either::EitherTrace;
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::super_split::SuperSplitTrace;
use fpvm_dispute::trace::{Executions, Inputs, StepData, SuperInputs, TraceError};
use fpvm_l1::B256;
use fpvm_trace::second::Seconded;
use fpvm_trace::{DisputeInputs, GuestProgram};

use super::prestates::Guest;
use crate::rollup::{GameOutputs, GameStates};

/// The threads of a program, and of the second opinion about it.
pub(super) type Running<'a, I> = Arc<Seconded<GuestProgram<'a, Guest>, I>>;

/// What is true of outputs, and of the executions between two of them.
type Outputs<'a> = Lie<SplitTrace<GameOutputs, GameProgram<'a>>>;

/// The challenger's trace of a game. It is a lie as far as the challenger is told to lie.
pub type GameTrace<'a> = EitherTrace<
    SplitTrace<Outputs<'a>, Outputs<'a>>,
    SuperSplitTrace<Lie<GameStates>, Lie<GameProgram<'a, SuperInputs>>>,
>;

/// Of a game about outputs.
pub(super) fn of_outputs(
    outputs: GameOutputs,
    executions: GameProgram<'_>,
    extent: Extent,
) -> GameTrace<'_> {
    let known = Lie {
        truth: SplitTrace {
            outputs,
            executions,
        },
        extent,
    };
    EitherTrace::Outputs(SplitTrace {
        outputs: known.clone(),
        executions: known,
    })
}

/// Of a game about super roots.
pub(super) const fn of_super_roots(
    states: GameStates,
    executions: GameProgram<'_, SuperInputs>,
    extent: Extent,
) -> GameTrace<'_> {
    EitherTrace::SuperRoots(SuperSplitTrace {
        states: Lie {
            truth: states,
            extent,
        },
        executions: Lie {
            truth: executions,
            extent,
        },
    })
}

/// The program that a game is about.
pub enum GameProgram<'a, I: DisputeInputs = Inputs> {
    /// It runs on threads.
    Running(Running<'a, I>),
    /// There is no program. The pre-state of a permissioned game need not belong to one, because its two players trust
    /// each other that far: it is played down to the outputs, resolved, and paid out. And a game that is won at its
    /// creation is not played at all.
    None,
}

impl<I: DisputeInputs> Clone for GameProgram<'_, I> {
    fn clone(&self) -> Self {
        match self {
            Self::Running(workers) => Self::Running(workers.clone()),
            Self::None => Self::None,
        }
    }
}

impl<I: DisputeInputs> Executions<I> for GameProgram<'_, I> {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        match self {
            Self::Running(workers) => workers.claim(inputs, index),
            Self::None => Err(TraceError::NoProgram),
        }
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        match self {
            Self::Running(workers) => workers.step(inputs, index),
            Self::None => Err(TraceError::NoProgram),
        }
    }
}

impl<I: DisputeInputs> fmt::Debug for GameProgram<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running(_) => "Running",
            Self::None => "None",
        })
    }
}
