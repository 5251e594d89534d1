//! A cheat's trace of a super game: lies about states of several chains.

use alloy_primitives::{B256, Bytes, U256};

use super::lie::{Extent, Lie};
use super::{Executions, StepData, SuperInputs, SuperStates, TraceError};
use crate::claim::VmStatus;
use crate::super_root::{
    ChainOutput, INVALID, OptimisticBlock, SuperRoot, SuperState, SuperStep, TransitionState,
};

/// The kinds of lies about a state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StateLie {
    /// A state of the same place with other outputs; if the true state is invalid, a valid one.
    OtherOutputs,
    /// The invalid state, as if the data on L1 did not suffice.
    Invalid,
    /// Bytes that do not encode a state.
    Garbage,
    /// The next place's state: the future, on which executions at the game's end panic.
    Ahead,
}

impl StateLie {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::OtherOutputs,
        Self::Invalid,
        Self::Garbage,
        Self::Ahead,
    ];
}

impl Extent {
    /// The kind of the lies, which follows from the salt.
    pub const fn state_lie(&self) -> StateLie {
        match self.salt % 4 {
            0 => StateLie::OtherOutputs,
            1 => StateLie::Invalid,
            2 => StateLie::Garbage,
            _ => StateLie::Ahead,
        }
    }

    /// Whether the lie covers the state at `place`: in a super game `outputs_from` is the number of the first such
    /// place ([`SuperStep::number`]).
    pub fn covers(&self, place: SuperStep) -> bool {
        let number = U256::from(place.number());
        self.outputs_from.is_some_and(|from| number >= from)
    }

    /// `truth` at `place`, with other outputs.
    pub fn other_outputs(&self, place: SuperStep, truth: &[u8]) -> SuperState {
        let twist = |root: B256| self.twist(root);
        let twisted = |root: SuperRoot| SuperRoot {
            timestamp: place.timestamp,
            chains: root
                .chains
                .into_iter()
                .map(|chain| ChainOutput {
                    output_root: twist(chain.output_root),
                    ..chain
                })
                .collect(),
        };
        match SuperState::decode(truth) {
            Ok(SuperState::SuperRoot(root)) => SuperState::SuperRoot(twisted(root)),
            Ok(SuperState::Transition(mut state)) => {
                for block in &mut state.progress {
                    block.output_root = twist(block.output_root);
                }
                state.super_root = twisted(state.super_root);
                SuperState::Transition(state)
            }
            Ok(SuperState::Invalid) | Err(_) => self.made_up(place),
        }
    }

    /// A state that no chain has.
    fn made_up(&self, place: SuperStep) -> SuperState {
        let output_root = self.twist(B256::ZERO);
        let chain = ChainOutput {
            chain_id: U256::ONE,
            output_root,
        };
        let super_root = SuperRoot::new(place.timestamp, vec![chain]);
        if place.step == 0 {
            return SuperState::SuperRoot(super_root);
        }
        let block = OptimisticBlock {
            block_hash: output_root,
            output_root,
        };
        SuperState::Transition(TransitionState {
            super_root,
            progress: vec![block],
            step: place.step,
        })
    }
}

impl<T: SuperStates> SuperStates for Lie<T> {
    fn state(&self, place: SuperStep) -> Result<Bytes, TraceError> {
        let truth = self.truth.state(place)?;
        if !self.extent.covers(place) {
            return Ok(truth);
        }
        Ok(match self.extent.state_lie() {
            StateLie::OtherOutputs => self.extent.other_outputs(place, &truth).encode().into(),
            StateLie::Invalid if *truth != *INVALID => INVALID.into(),
            StateLie::Ahead => self.truth.state(place.next())?,
            StateLie::Invalid | StateLie::Garbage => [&truth[..], &self.extent.salt.to_be_bytes()]
                .concat()
                .into(),
        })
    }

    fn start(&self, timestamp: u64) -> Result<Bytes, TraceError> {
        self.truth.start(timestamp)
    }

    /// The source of what is true; a lie has none.
    fn source(&self, place: SuperStep) -> Option<String> {
        if self.extent.covers(place) {
            None
        } else {
            self.truth.source(place)
        }
    }
}

impl<T: Executions<SuperInputs>> Executions<SuperInputs> for Lie<T> {
    /// A state that has exited gets the other status, because the rules require that of the root of an execution whose
    /// claim the liar does not take for what it is.
    fn claim(&self, inputs: &SuperInputs, index: u128) -> Result<B256, TraceError> {
        let value = self.truth.claim(inputs, index)?;
        if self.extent.steps_from.is_none_or(|from| index < from) {
            return Ok(value);
        }
        let status = match VmStatus::of(&value) {
            Some(VmStatus::Unfinished) => VmStatus::Unfinished,
            Some(VmStatus::Valid) => VmStatus::Invalid,
            _ => VmStatus::Valid,
        };
        Ok(status.stamp(self.extent.twist(value)))
    }

    fn step(&self, inputs: &SuperInputs, index: u128) -> Result<StepData, TraceError> {
        self.truth.step(inputs, index)
    }
}
