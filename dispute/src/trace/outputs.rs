//! Outputs from a list.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256};

use super::{Outputs, TraceError};
use crate::game::block_number::BlockEvidence;

/// The output roots of consecutive blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputList {
    first: U256,
    roots: Vec<B256>,
    evidence: BTreeMap<U256, BlockEvidence>,
}

impl OutputList {
    /// The outputs of the blocks from `first` on.
    pub const fn new(first: U256, roots: Vec<B256>) -> Self {
        Self {
            first,
            roots,
            evidence: BTreeMap::new(),
        }
    }

    /// Adds evidence for the output of `block`.
    #[must_use]
    pub fn with_evidence(mut self, block: U256, evidence: BlockEvidence) -> Self {
        self.evidence.insert(block, evidence);
        self
    }
}

impl Outputs for OutputList {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        let place = block
            .checked_sub(self.first)
            .and_then(|place| usize::try_from(place).ok());
        let root = place.and_then(|place| self.roots.get(place));
        root.copied().ok_or(TraceError::UnknownOutput(block))
    }

    /// The last block of the list.
    fn safe_head(&self) -> U256 {
        let count = U256::from(self.roots.len());
        self.first.saturating_add(count).saturating_sub(U256::ONE)
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        self.evidence
            .get(&block)
            .cloned()
            .ok_or(TraceError::UnknownOutput(block))
    }
}
