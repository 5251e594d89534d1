//! A cheat's trace: somebody else's, but wrong from some point on.

use alloy_primitives::{B256, U256};

use super::{Executions, Inputs, Outputs, StepData, TraceError};
use crate::claim::VmStatus;
use crate::game::block_number::BlockEvidence;

/// The extent of a lie. `salt` distinguishes one liar's values from another's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Extent {
    /// The outputs of this block and all later ones are wrong; in a super game the states from the place of this
    /// number on (see [`Extent::covers`]).
    pub outputs_from: Option<U256>,
    /// In each execution, the states after this instruction and all later ones are wrong.
    pub steps_from: Option<u128>,
    /// Any number.
    pub salt: u64,
}

impl Extent {
    /// The output root that the liar claims for `block` instead of `root`.
    pub fn output(&self, block: U256, root: B256) -> B256 {
        match self.outputs_from {
            Some(from) if block >= from => self.twist(root),
            _ => root,
        }
    }

    /// Another value than `value`, whatever the salt.
    pub(super) fn twist(&self, mut value: B256) -> B256 {
        let salt = [&[0xff; 8][..], &self.salt.to_be_bytes()].concat();
        for (byte, salt) in value.iter_mut().zip(salt) {
            *byte ^= salt;
        }
        value
    }
}

/// A lie about `truth`.
#[derive(Clone, Debug)]
pub struct Lie<T> {
    /// The true trace.
    pub truth: T,
    /// The extent of the lie.
    pub extent: Extent,
}

impl<T: Outputs> Outputs for Lie<T> {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        Ok(self.extent.output(block, self.truth.output(block)?))
    }

    fn safe_head(&self) -> U256 {
        self.truth.safe_head()
    }

    /// True evidence: there is none for a lie.
    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        self.truth.evidence(block)
    }

    /// The source of what is true; a lie has none.
    fn source(&self, block: U256) -> Option<String> {
        match self.extent.outputs_from {
            Some(from) if block >= from => None,
            _ => self.truth.source(block),
        }
    }
}

impl<T: Outputs + Executions> Executions for Lie<T> {
    /// A state that has exited gets the status that fits the liar's outputs, because the rules require
    /// that of the root of an execution.
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        let value = self.truth.claim(inputs, index)?;
        if self.extent.steps_from.is_none_or(|from| index < from) {
            return Ok(value);
        }
        let status = if VmStatus::of(&value) == Some(VmStatus::Unfinished) {
            VmStatus::Unfinished
        } else {
            let block = inputs.disputed.block.min(self.safe_head());
            if self.output(block)? == inputs.disputed.root {
                VmStatus::Valid
            } else {
                VmStatus::Invalid
            }
        };
        Ok(status.stamp(self.extent.twist(value)))
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        self.truth.step(inputs, index)
    }
}
