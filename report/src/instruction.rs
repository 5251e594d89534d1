//! The one instruction that a game comes down to: which claim it contests, and what it does.

use std::error::Error;

use alloy_primitives::B256;
use fpvm::AnyVm;
use fpvm_analysis::StepExplanation;
use fpvm_analysis::listing::{Surroundings, surroundings};
use fpvm_dispute::claim::Side;
use fpvm_dispute::game::Game;
use fpvm_dispute::player::Answer;
use fpvm_dispute::position::Position;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::super_split::SuperSplitTrace;
use fpvm_dispute::trace::{Inputs, Outputs, SuperInputs, SuperStates, TraceError};
use fpvm_trace::{Hosted, Prover as _};
use serde::Serialize;

use crate::Opinion;

/// Instructions that are shown before and after the one.
const AROUND: u64 = 3;

/// A trace whose lower half consists of executions.
pub trait ExecutionTrace {
    /// The inputs of an execution.
    type Inputs;

    /// The execution that `position` belongs to, in the context of the claim at index `of`, and the index into its
    /// trace.
    ///
    /// # Errors
    /// If the position belongs to no execution, or the party does not know the state that the execution starts from.
    fn execution_at(
        &self,
        game: &Game,
        of: usize,
        position: Position,
    ) -> Result<(Self::Inputs, u128), TraceError>;
}

impl<O: Outputs, E> ExecutionTrace for SplitTrace<O, E> {
    type Inputs = Inputs;

    fn execution_at(
        &self,
        game: &Game,
        of: usize,
        position: Position,
    ) -> Result<(Inputs, u128), TraceError> {
        self.execution(game, of, position)
    }
}

impl<S: SuperStates, E> ExecutionTrace for SuperSplitTrace<S, E> {
    type Inputs = SuperInputs;

    fn execution_at(
        &self,
        game: &Game,
        of: usize,
        position: Position,
    ) -> Result<(SuperInputs, u128), TraceError> {
        self.execution(game, of, position)
    }
}

/// An instruction that contests a claim at the deepest level. In a super game `I` is [`SuperInputs`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contest<I = Inputs> {
    /// The claim.
    pub claim: usize,
    /// Attack: the instruction does not lead to the claim's own value. Defend: the instruction does not lead to
    /// the value that is claimed next.
    pub side: Side,
    /// The inputs of the execution.
    pub inputs: I,
    /// The instruction's index in the execution, from 0.
    pub index: u128,
    /// Hash of the state after it, as it was claimed.
    pub claimed: B256,
}

impl<I> Contest<I> {
    /// What a game came down to: the instruction that an honest player ran against a claim, or otherwise
    /// would run next. `None` while the game has no claim that an instruction contests, and for the
    /// instructions of players who are not honest.
    pub fn of<T: ExecutionTrace<Inputs = I>>(
        game: &Game,
        trace: &T,
        opinion: &Opinion,
    ) -> Option<Self> {
        let honest =
            (0..game.claims().len()).filter_map(|index| match opinion.why(index)?.answer? {
                Answer::Step { claim, side } => Some((claim, side)),
                Answer::Move(_) => None,
            });
        let is_run = |claim: usize| game.claim(claim).is_ok_and(|c| c.countered_by.is_some());
        // An instruction that was run has decided; of those that wait any is as good as another.
        let (claim, side) = honest.max_by_key(|(claim, _)| (is_run(*claim), usize::MAX - claim))?;
        let position = game.claim(claim).ok()?.position;
        let position = match side {
            Side::Attack => position,
            Side::Defend => position.right_neighbour()?,
        };
        let (inputs, index) = trace.execution_at(game, claim, position).ok()?;
        Some(Self {
            claim,
            side,
            inputs,
            index,
            claimed: game.contested_state(claim, side).ok()?,
        })
    }
}

/// An instruction that was run on chain, or could be, and what it does.
#[derive(Clone, Debug, Serialize)]
pub struct Instruction {
    /// The claim that it contests.
    pub claim: usize,
    /// Its index in the execution, from 0, in decimal digits.
    pub index: String,
    /// What it does, as a verifier finds it.
    #[serde(flatten)]
    pub step: StepExplanation,
    /// Where it stands in the program.
    #[serde(flatten)]
    pub place: Surroundings,
    /// Hash of the state after, as it was claimed.
    pub claimed: B256,
}

impl Instruction {
    /// What the instruction that contests a claim does. The machine is before the instruction, and executes it.
    ///
    /// # Errors
    /// If the step fails.
    pub fn at<I>(
        contest: &Contest<I>,
        machine: &mut Hosted<Box<dyn AnyVm>>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let place = surroundings(machine.vm.as_mut(), AROUND);
        let isa = machine.vm.isa();
        let proof = machine.prove()?;
        let step = isa.verify(&proof, &mut |key, offset| proof.part(key, offset))?;
        Ok(Self::of(contest, step, place))
    }

    /// What the instruction that contests a claim does.
    pub fn of<I>(contest: &Contest<I>, step: StepExplanation, place: Surroundings) -> Self {
        Self {
            claim: contest.claim,
            index: contest.index.to_string(),
            step,
            place,
            claimed: contest.claimed,
        }
    }
}
