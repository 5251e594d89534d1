//! Implements the traits of this module for pointers and options.

use std::rc::Rc;
use std::sync::Arc;

use alloy_primitives::{B256, Bytes, U256};

use super::{Executions, Outputs, StepData, SuperStates, Trace, TraceError};
use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::position::Position;
use crate::super_root::SuperStep;

impl<T: Trace + ?Sized> Trace for &T {
    fn claim_at(&self, game: &Game, of: usize, position: Position) -> Result<B256, TraceError> {
        (**self).claim_at(game, of, position)
    }

    fn step_at(&self, game: &Game, of: usize, position: Position) -> Result<StepData, TraceError> {
        (**self).step_at(game, of, position)
    }

    fn source_at(&self, game: &Game, of: usize, position: Position) -> Option<String> {
        (**self).source_at(game, of, position)
    }

    fn wrong_block(&self, game: &Game) -> Result<Option<BlockEvidence>, TraceError> {
        (**self).wrong_block(game)
    }
}

impl<T: Outputs + ?Sized> Outputs for &T {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        (**self).output(block)
    }

    fn safe_head(&self) -> U256 {
        (**self).safe_head()
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        (**self).evidence(block)
    }

    fn source(&self, block: U256) -> Option<String> {
        (**self).source(block)
    }
}

impl<T: SuperStates + ?Sized> SuperStates for &T {
    fn state(&self, place: SuperStep) -> Result<Bytes, TraceError> {
        (**self).state(place)
    }

    fn start(&self, timestamp: u64) -> Result<Bytes, TraceError> {
        (**self).start(timestamp)
    }

    fn source(&self, place: SuperStep) -> Option<String> {
        (**self).source(place)
    }
}

impl<I, T: Executions<I> + ?Sized> Executions<I> for Rc<T> {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        (**self).claim(inputs, index)
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        (**self).step(inputs, index)
    }
}

/// A party without executions knows only outputs.
impl<I, T: Executions<I>> Executions<I> for Option<T> {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        let known = self.as_ref().ok_or(TraceError::NoProgram)?;
        known.claim(inputs, index)
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        let known = self.as_ref().ok_or(TraceError::NoProgram)?;
        known.step(inputs, index)
    }
}

impl<I, T: Executions<I> + ?Sized> Executions<I> for Arc<T> {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        (**self).claim(inputs, index)
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        (**self).step(inputs, index)
    }
}

impl<I, T: Executions<I> + ?Sized> Executions<I> for &T {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        (**self).claim(inputs, index)
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        (**self).step(inputs, index)
    }
}
