//! The trace of a super game: states of several chains above the split depth, one execution for each dispute below.

use alloy_primitives::{B256, Bytes, keccak256};

use super::split::dispute_at;
use super::{Executions, StepData, SuperInputs, SuperStates, Trace, TraceError};
use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::game::context::Dispute;
use crate::position::Position;

/// States and executions, combined as the game asks for them.
#[derive(Clone, Debug)]
pub struct SuperSplitTrace<S, E> {
    /// The upper half.
    pub states: S,
    /// The lower half.
    pub executions: E,
}

impl<S: SuperStates, E> SuperSplitTrace<S, E> {
    /// Checks that the game starts from the party's own super root. If it does not, every claim that follows from its
    /// start is about something else, and upstream's challenger does not play such a game either.
    ///
    /// # Errors
    /// [`TraceError::WrongStart`], or why the party does not know its own.
    pub fn check_start(&self, game: &Game) -> Result<(), TraceError> {
        let timestamp = game.starting_timestamp()?;
        let (game, node) = (
            game.starting().root,
            keccak256(self.states.start(timestamp)?),
        );
        if game == node {
            return Ok(());
        }
        Err(TraceError::WrongStart {
            timestamp,
            game,
            node,
        })
    }

    /// The execution that `position` belongs to, in the context of the claim at index `of`, and the
    /// index into its trace.
    ///
    /// # Errors
    /// If the position belongs to no execution, or the party does not know the state that the execution starts from.
    pub fn execution(
        &self,
        game: &Game,
        of: usize,
        position: Position,
    ) -> Result<(SuperInputs, u128), TraceError> {
        let dispute = dispute_at(game, of, position)?;
        let (agreed, state) = self.agreed(game, &dispute)?;
        let inputs = SuperInputs {
            l1_head: game.proposal().l1_head,
            agreed,
            agreed_state: Some(state).filter(|state| keccak256(state) == agreed),
            claim: dispute.disputed.root,
            timestamp: game.timestamp()?,
        };
        Ok((inputs, game.rules().instruction(position)))
    }

    /// The claim that both sides of a dispute start from, and the party's own state there.
    fn agreed(&self, game: &Game, dispute: &Dispute) -> Result<(B256, Bytes), TraceError> {
        Ok(match dispute.starting {
            None => {
                let state = self.states.start(game.starting_timestamp()?)?;
                (game.starting().root, state)
            }
            Some(claim) => {
                let state = self.states.state(game.super_step(claim.position)?)?;
                (claim.root, state)
            }
        })
    }
}

impl<S: SuperStates, E: Executions<SuperInputs>> Trace for SuperSplitTrace<S, E> {
    fn claim_at(&self, game: &Game, of: usize, position: Position) -> Result<B256, TraceError> {
        if position.depth() <= game.rules().split_depth() {
            return Ok(keccak256(self.states.state(game.super_step(position)?)?));
        }
        let (inputs, index) = self.execution(game, of, position)?;
        self.executions.claim(&inputs, index)
    }

    fn step_at(&self, game: &Game, of: usize, position: Position) -> Result<StepData, TraceError> {
        let (inputs, index) = self.execution(game, of, position)?;
        self.executions.step(&inputs, index)
    }

    fn source_at(&self, game: &Game, _of: usize, position: Position) -> Option<String> {
        if position.depth() > game.rules().split_depth() {
            return None;
        }
        self.states.source(game.super_step(position).ok()?)
    }

    /// There is never such evidence, because a super game's timestamp is part of its root claim.
    fn wrong_block(&self, _game: &Game) -> Result<Option<BlockEvidence>, TraceError> {
        Ok(None)
    }
}
