//! The challenge of the L2 block number: an output root that is right, but for another block.

use alloy_primitives::{Address, B256, U256, keccak256};

use super::Game;
use crate::revert::Revert;
use crate::rlp;

/// Place of the block number in a header.
const HEADER_NUMBER: usize = 8;

/// The pre-image of an output root.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct OutputRootProof {
    /// Version of the form; zero.
    pub version: B256,
    /// State root of the block.
    pub state_root: B256,
    /// Storage root of the contract through which messages leave the L2.
    pub message_passer_storage_root: B256,
    /// Hash of the block.
    pub latest_block_hash: B256,
}

impl OutputRootProof {
    /// The output root.
    pub fn output_root(&self) -> B256 {
        let words = [
            self.version,
            self.state_root,
            self.message_passer_storage_root,
            self.latest_block_hash,
        ];
        keccak256(words.concat())
    }
}

/// Evidence of the block that an output root belongs to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct BlockEvidence {
    /// Pre-image of the output root.
    pub proof: OutputRootProof,
    /// RLP of the block's header.
    pub header: Vec<u8>,
}

impl Game {
    /// Shows, in the name of `from`, that the output root proposed belongs to another L2 block than
    /// the proposal says. That counters the root for good: its bond goes to `from`.
    ///
    /// # Errors
    /// Without a reason in a super game, which has no such function: its timestamp is part of the root claim. Else in
    /// this order: `GameNotInProgress`, `L2BlockNumberChallenged`, `InvalidOutputRootProof`,
    /// `InvalidHeaderRLP` if the header's hash is not the proof's, those of
    /// [`rlp::string_in_list`], `InvalidHeaderRLP` for a number of more than 32 bytes,
    /// `BlockNumberMatches`.
    pub fn challenge_block_number(
        &mut self,
        from: Address,
        evidence: &BlockEvidence,
    ) -> Result<(), Revert> {
        let BlockEvidence { proof, header } = evidence;
        if self.version().is_super() {
            return Err(Revert::Empty);
        }
        self.require_in_progress()?;
        if self.block_challenger.is_some() {
            return Err(Revert::L2BlockNumberChallenged);
        }
        if proof.output_root() != self.proposal.root_claim {
            return Err(Revert::InvalidOutputRootProof);
        }
        if keccak256(header) != proof.latest_block_hash {
            return Err(Revert::InvalidHeaderRLP);
        }
        let number = rlp::string_in_list(header, HEADER_NUMBER)?;
        let number = U256::try_from_be_slice(number).ok_or(Revert::InvalidHeaderRLP)?;
        if number == self.proposal.l2_block {
            return Err(Revert::BlockNumberMatches);
        }
        self.block_challenger = Some(from);
        Ok(())
    }
}
