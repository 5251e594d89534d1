//! The local context: the two outputs that an execution is about, and the data that the VM may ask for
//! under that context.

use alloy_primitives::{Address, B256, U256, keccak256};

use super::Game;
use crate::oracle::Oracle;
use crate::position::Position;
use crate::revert::{Panic, Revert};
use crate::super_root::SuperStep;

/// Identifiers of the local data (upstream's `LocalPreimageKey`).
pub mod ident {
    /// Hash of the L1 block before the game's creation.
    pub const L1_HEAD: u64 = 1;
    /// Output root that the execution starts from.
    pub const STARTING_OUTPUT: u64 = 2;
    /// Output root in dispute.
    pub const DISPUTED_OUTPUT: u64 = 3;
    /// L2 block of the output in dispute; 8 bytes, big-endian. In a super game the timestamp of its root claim, in
    /// seconds, wherever the dispute is.
    pub const L2_BLOCK: u64 = 4;
    /// Chain id of the L2; 8 bytes, big-endian. Not in a super game.
    pub const CHAIN_ID: u64 = 5;
}

/// A claim about an output, as the local context names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OutputClaim {
    /// The output root.
    pub root: B256,
    /// Where it was claimed.
    pub position: Position,
}

/// What an execution is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Dispute {
    /// The claim that both sides agree to start from; none if that is the anchor.
    pub starting: Option<OutputClaim>,
    /// The claim in dispute: the output one block later.
    pub disputed: OutputClaim,
}

impl Dispute {
    /// Identifies the dispute within the game: `keccak256(abi.encode(starting root, starting
    /// position, disputed root, disputed position))`, without the first two for the anchor.
    pub fn local_context(&self) -> B256 {
        let words =
            |output: OutputClaim| [output.root, U256::from(output.position.gindex()).into()];
        let starting = self.starting.map(words);
        let preimage = [starting.as_ref(), Some(&words(self.disputed))];
        keccak256(
            preimage
                .into_iter()
                .flatten()
                .flatten()
                .flatten()
                .copied()
                .collect::<Vec<_>>(),
        )
    }
}

impl Game {
    /// The dispute that the claim at `index`, about a VM state, belongs to.
    ///
    /// # Errors
    /// A panic 0x32 if there is no such claim, `ClaimAboveSplit` if it is about an output.
    pub fn dispute(&self, index: usize) -> Result<Dispute, Revert> {
        let split = self.rules.split_depth();
        let mut claim = self.claim(index)?;
        if claim.position.depth() <= split {
            return Err(Revert::ClaimAboveSplit);
        }
        let mut root = claim.position;
        let mut leaf = index;
        while claim.position.depth() > split {
            root = claim.position;
            leaf = claim.parent.ok_or(Revert::Panic(Panic::Index))?;
            claim = self.claim(leaf)?;
        }
        self.dispute_between(leaf, root)
    }

    /// The dispute of an execution rooted at `root` that answers (or would answer) the output root
    /// claimed at index `leaf`, which is at the split depth.
    ///
    /// # Errors
    /// A panic 0x32 if there is no such claim, or its output has no neighbour in the game.
    pub fn dispute_between(&self, leaf: usize, root: Position) -> Result<Dispute, Revert> {
        let output = |index| {
            let claim = self.claim(index)?;
            Ok(OutputClaim {
                root: claim.claim,
                position: claim.position,
            })
        };
        let answered = output(leaf)?;
        let neighbour = |position: Option<Position>| {
            let position = position.ok_or(Revert::Panic(Panic::Index))?;
            output(self.ancestor_at(position.trace_ancestor(), leaf)?)
        };
        let position = answered.position;
        if root.parent() == Some(position) {
            let starting = match position.left_neighbour() {
                Some(before) => Some(neighbour(Some(before))?),
                None => None,
            };
            Ok(Dispute {
                starting,
                disputed: answered,
            })
        } else {
            let disputed = neighbour(position.right_neighbour())?;
            Ok(Dispute {
                starting: Some(answered),
                disputed,
            })
        }
    }

    /// The key of the local data for a step against the claim at `index`.
    ///
    /// # Errors
    /// As [`Game::dispute`].
    pub fn local_context(&self, index: usize) -> Result<B256, Revert> {
        Ok(self.dispute(index)?.local_context())
    }

    /// L2 block of a claim about an output: the one that its position stands for, but never one
    /// after the proposal's.
    ///
    /// # Errors
    /// A panic 0x11 if the number does not fit 256 bits.
    pub fn output_block(&self, position: Position) -> Result<U256, Revert> {
        let index = U256::from(position.trace_index(self.rules.split_depth()));
        let block = self.starting.block.checked_add(index);
        let block = block.and_then(|block| block.checked_add(U256::ONE));
        Ok(block
            .ok_or(Revert::Panic(Panic::Arithmetic))?
            .min(self.proposal.l2_block))
    }

    /// L2 time that a super game's root claim is about, in seconds.
    ///
    /// # Errors
    /// A panic 0x11 if it does not fit 64 bits, which that of a super game always does.
    pub fn timestamp(&self) -> Result<u64, Revert> {
        seconds(self.proposal.l2_block)
    }

    /// L2 time that a super game starts from, in seconds: the anchor's.
    ///
    /// # Errors
    /// A panic 0x11 if it does not fit 64 bits.
    pub fn starting_timestamp(&self) -> Result<u64, Revert> {
        seconds(self.starting.block)
    }

    /// The place in a super game's trace that a claim at `position`, at or above the split depth, is about. A game
    /// that is won at its creation has only the root.
    ///
    /// # Errors
    /// A panic 0x11 if the game's timestamps do not fit 64 bits.
    pub fn super_step(&self, position: Position) -> Result<SuperStep, Revert> {
        let end = self.timestamp()?;
        if self.version().is_won_at_creation() {
            return Ok(SuperStep::start_of(end));
        }
        let index = position.trace_index(self.rules.split_depth());
        let start = self.starting_timestamp()?;
        Ok(SuperStep::of_index(index, start, end))
    }

    /// Puts one local datum of the execution that the claim at `leaf` belongs to into the oracle.
    /// Anyone may. Returns its key there.
    ///
    /// # Errors
    /// In this order: `GameNotInProgress`, a panic 0x32 if there is no such claim,
    /// `ClaimAboveSplit`, a panic 0x11 for a block number that does not fit, `InvalidLocalIdent` (for the chain id
    /// too in a super game), `PartOffsetOOB`.
    pub fn add_local_data(
        &self,
        oracle: &mut Oracle,
        ident: U256,
        leaf: usize,
        part_offset: U256,
    ) -> Result<B256, Revert> {
        self.require_in_progress()?;
        let dispute = self.dispute(leaf)?;
        let starting = dispute
            .starting
            .map_or(self.starting.root, |output| output.root);
        // Numbers stand in the upper 8 bytes of the word.
        let number = |n: U256| -> B256 { n.wrapping_shl(192).into() };
        let is_super = self.version().is_super();
        let (word, size) = match u64::try_from(ident) {
            Ok(ident::L1_HEAD) => (self.proposal.l1_head, 32),
            Ok(ident::STARTING_OUTPUT) => (starting, 32),
            Ok(ident::DISPUTED_OUTPUT) => (dispute.disputed.root, 32),
            Ok(ident::L2_BLOCK) if is_super => (number(self.proposal.l2_block), 8),
            Ok(ident::L2_BLOCK) => (number(self.output_block(dispute.disputed.position)?), 8),
            Ok(ident::CHAIN_ID) if !is_super => (number(self.rules.params().l2_chain_id), 8),
            _ => return Err(Revert::InvalidLocalIdent),
        };
        let game: Address = self.address;
        oracle.load_local(
            game,
            ident,
            dispute.local_context(),
            word,
            size,
            part_offset,
        )
    }
}

fn seconds(number: U256) -> Result<u64, Revert> {
    u64::try_from(number).map_err(|_| Revert::Panic(Panic::Arithmetic))
}
