//! The trace of a split game: outputs above the split depth, one execution for each dispute below.

use alloy_primitives::{B256, U256};

use super::{Executions, Inputs, Outputs, StepData, Trace, TraceError};
use crate::claim::OutputRoot;
use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::game::context::Dispute;
use crate::position::Position;

/// Outputs and executions, combined as the game asks for them.
#[derive(Clone, Debug)]
pub struct SplitTrace<O, E> {
    /// The upper half.
    pub outputs: O,
    /// The lower half.
    pub executions: E,
}

impl<O: Outputs, E> SplitTrace<O, E> {
    /// The execution that `position` belongs to, in the context of the claim at index `of`, and the
    /// index into its trace.
    ///
    /// # Errors
    /// If the position belongs to no execution.
    pub fn execution(
        &self,
        game: &Game,
        of: usize,
        position: Position,
    ) -> Result<(Inputs, u128), TraceError> {
        let dispute = dispute_at(game, of, position)?;
        let starting = match dispute.starting {
            None => *game.starting(),
            Some(output) => OutputRoot {
                root: output.root,
                block: game
                    .output_block(output.position)?
                    .min(self.outputs.safe_head()),
            },
        };
        let disputed = OutputRoot {
            root: dispute.disputed.root,
            block: game.output_block(dispute.disputed.position)?,
        };
        let l1_head = game.proposal().l1_head;
        Ok((
            Inputs {
                l1_head,
                starting,
                disputed,
            },
            game.rules().instruction(position),
        ))
    }
}

/// The dispute that `position` belongs to, in the context of the claim at index `of`: that claim's own, or the one
/// that an answer to it would begin.
pub(super) fn dispute_at(
    game: &Game,
    of: usize,
    position: Position,
) -> Result<Dispute, TraceError> {
    let (split, max) = (game.rules().split_depth(), game.rules().max_depth());
    let depth = game.claim(of)?.position.depth();
    if depth < split || position.depth() > max {
        return Err(TraceError::OutsideExecution(position, of));
    }
    Ok(if depth == split {
        game.dispute_between(of, position)?
    } else {
        game.dispute(of)?
    })
}

impl<O: Outputs, E> Outputs for SplitTrace<O, E> {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        self.outputs.output(block)
    }

    fn safe_head(&self) -> U256 {
        self.outputs.safe_head()
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        self.outputs.evidence(block)
    }

    fn source(&self, block: U256) -> Option<String> {
        self.outputs.source(block)
    }
}

impl<O, E: Executions> Executions for SplitTrace<O, E> {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        self.executions.claim(inputs, index)
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        self.executions.step(inputs, index)
    }
}

impl<O: Outputs, E: Executions> Trace for SplitTrace<O, E> {
    fn claim_at(&self, game: &Game, of: usize, position: Position) -> Result<B256, TraceError> {
        if position.depth() <= game.rules().split_depth() {
            let block = game.output_block(position)?;
            return self.outputs.output(block.min(self.outputs.safe_head()));
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
        let block = game.output_block(position).ok()?;
        self.outputs.source(block.min(self.outputs.safe_head()))
    }

    fn wrong_block(&self, game: &Game) -> Result<Option<BlockEvidence>, TraceError> {
        let claimed = game.output_block(Position::ROOT)?;
        let safe_head = self.outputs.safe_head();
        if claimed <= safe_head {
            return Ok(None);
        }
        self.outputs.evidence(safe_head).map(Some)
    }
}
