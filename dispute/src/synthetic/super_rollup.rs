//! Several made-up rollups, and a node that knows them all.
//!
//! Each chain has blocks at its own pace, and for each block the L1 blocks are known from which it is derived. *Late*
//! blocks need more of L1 than their time would suggest, *missing* ones are never derived, and *replaced* ones turn out
//! to be bad when the chains' messages are checked, so that a block of deposits alone takes their place.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, U256, keccak256};
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::game::block_number::OutputRootProof;
use crate::super_root::{ChainOutput, OptimisticBlock, SuperRoot};
use crate::trace::TraceError;
use crate::trace::super_node::{OptimisticOutput, SuperNode, SuperRootAt, VerifiedSuperRoot};

/// Seconds between two blocks of L1.
const L1_BLOCK_TIME: u64 = 12;

/// One of the chains. Its blocks are numbered from 0, the genesis block, on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuperChain {
    /// Its id.
    pub chain_id: U256,
    /// L2 time of its genesis block, in seconds.
    pub genesis: u64,
    /// Seconds from one block to the next; at least 1.
    pub block_time: u64,
    /// By block, the number of the L1 block that it and all after it need at least.
    pub late: BTreeMap<u64, u64>,
    /// The first block that is never derived, if there is one.
    pub missing_from: Option<u64>,
    /// Blocks that are replaced.
    pub replaced: BTreeSet<u64>,
}

/// The chains, their data on L1, and how far the node has read L1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuperRollup {
    /// Tells one set of chains from another.
    pub seed: u64,
    /// The chains, in any order; their ids differ.
    pub chains: Vec<SuperChain>,
    /// Number of the L1 block that the node is working on.
    pub current_l1: u64,
}

impl SuperChain {
    /// The newest block at or before a second; none before the genesis block.
    pub const fn block_at(&self, timestamp: u64) -> Option<u64> {
        match timestamp.checked_sub(self.genesis) {
            Some(since) => since.checked_div(self.block_time),
            None => None,
        }
    }

    /// Number of the first L1 block with all the data of `block`; none if it is never derived.
    pub fn required_l1(&self, block: u64) -> Option<u64> {
        if self.missing_from.is_some_and(|first| block >= first) {
            return None;
        }
        let late = self.late.range(..=block).map(|(_, l1)| *l1).max();
        let time = block.saturating_mul(self.block_time);
        let usual = time.saturating_add(self.genesis) / L1_BLOCK_TIME;
        Some(late.map_or(usual, |late| late.max(usual)))
    }

    /// The output of the block with a hash.
    pub const fn output(block_hash: B256) -> OutputRootProof {
        OutputRootProof {
            version: B256::ZERO,
            state_root: block_hash,
            message_passer_storage_root: B256::ZERO,
            latest_block_hash: block_hash,
        }
    }

    /// `block` as it is first derived, and as it stays; if the two differ, it is replaced.
    pub fn block(&self, seed: u64, block: u64) -> (OptimisticBlock, OptimisticBlock) {
        let before = self.replaced.range(..block).next_back().copied();
        let made = |last_replaced: Option<u64>| {
            let numbers = [seed, block, last_replaced.map_or(u64::MAX, |last| last)];
            let words = numbers.map(u64::to_be_bytes).concat();
            let block_hash =
                keccak256([self.chain_id.to_be_bytes::<32>().as_slice(), &words].concat());
            OptimisticBlock {
                block_hash,
                output_root: Self::output(block_hash).output_root(),
            }
        };
        let derived = made(before);
        if self.replaced.contains(&block) {
            (derived, made(Some(block)))
        } else {
            (derived, derived)
        }
    }
}

impl SuperRollup {
    /// `chains` chains from whose common past a game can start at `start`, in seconds, and go on for `seconds`: with
    /// late, missing and replaced blocks, more often towards the end. The node has seen all of L1. Everything follows
    /// from the seed.
    pub fn random(seed: u64, chains: usize, start: u64, seconds: u64) -> Self {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut ids = BTreeSet::new();
        while ids.len() < chains {
            ids.insert(random_id(rng));
        }
        let chain = |chain_id| random_chain(chain_id, start, seconds, rng);
        let mut chains: Vec<SuperChain> = ids.into_iter().map(chain).collect();
        // Not in the order of their ids.
        chains.reverse();
        Self {
            seed,
            chains,
            current_l1: u64::MAX,
        }
    }

    /// The block of L1 of a time, in seconds.
    pub const fn l1_block_at(timestamp: u64) -> u64 {
        timestamp / L1_BLOCK_TIME
    }

    /// The super root of a second as it stays, whatever L1 blocks it depends on; none before a chain begins.
    pub fn super_root(&self, timestamp: u64) -> Option<SuperRoot> {
        let output = |chain: &SuperChain| {
            let (_, stays) = chain.block(self.seed, chain.block_at(timestamp)?);
            Some(ChainOutput {
                chain_id: chain.chain_id,
                output_root: stays.output_root,
            })
        };
        let chains: Option<Vec<_>> = self.chains.iter().map(output).collect();
        Some(SuperRoot::new(timestamp, chains?))
    }

    /// A chain's block at a second: as first derived in the second in which it comes, and as it stays in later ones.
    fn block_at(
        &self,
        chain: &SuperChain,
        timestamp: u64,
    ) -> Option<(OptimisticBlock, Option<u64>)> {
        let number = chain.block_at(timestamp)?;
        let (derived, stays) = chain.block(self.seed, number);
        let is_new = timestamp.checked_sub(1).and_then(|t| chain.block_at(t)) != Some(number);
        let block = if is_new { derived } else { stays };
        Some((block, chain.required_l1(number)))
    }

    /// The same, where L1 up to `l1_head` has its data.
    pub(super) fn derived(
        &self,
        chain: &SuperChain,
        timestamp: u64,
        l1_head: u64,
    ) -> Option<OptimisticBlock> {
        let (block, required_l1) = self.block_at(chain, timestamp)?;
        required_l1.is_some_and(|l1| l1 <= l1_head).then_some(block)
    }
}

impl SuperNode for SuperRollup {
    fn super_root_at(&self, timestamp: u64) -> Result<SuperRootAt, TraceError> {
        let super_root = self.super_root(timestamp);
        let super_root = super_root.ok_or_else(|| TraceError::NoSuperRoot {
            timestamp,
            reason: "a chain begins later".into(),
        })?;
        let mut optimistic = BTreeMap::new();
        for chain in &self.chains {
            if let Some((block, Some(required_l1))) = self.block_at(chain, timestamp)
                && required_l1 < self.current_l1
            {
                let output = OptimisticOutput { block, required_l1 };
                optimistic.insert(chain.chain_id, output);
            }
        }
        let required = optimistic.values().map(|output| output.required_l1).max();
        let has_all = optimistic.len() == self.chains.len();
        let verified = has_all.then(|| VerifiedSuperRoot {
            required_l1: required.unwrap_or_default(),
            super_root,
        });
        Ok(SuperRootAt {
            current_l1: self.current_l1,
            chain_ids: self.chains.iter().map(|chain| chain.chain_id).collect(),
            optimistic,
            verified,
        })
    }
}

/// Mostly small, now and then one of all 256 bits.
fn random_id<R: Rng>(rng: &mut R) -> U256 {
    match rng.random_range(0..8) {
        0 => B256::new(rng.random()).into(),
        _ => U256::from(rng.random_range(1..1_000_000u64)),
    }
}

fn random_chain<R: Rng>(chain_id: U256, start: u64, seconds: u64, rng: &mut R) -> SuperChain {
    let block_time = rng.random_range(1..=4);
    let genesis = start.saturating_sub(rng.random_range(0..40));
    let first = start.saturating_sub(genesis) / block_time + 1;
    let last = first + seconds / block_time + 1;
    let l1_head = SuperRollup::l1_block_at(start.saturating_add(seconds));
    let mut chain = SuperChain {
        chain_id,
        genesis,
        block_time,
        late: BTreeMap::new(),
        missing_from: rng.random_bool(0.1).then(|| rng.random_range(first..=last)),
        replaced: BTreeSet::new(),
    };
    for block in first..=last {
        if rng.random_bool(0.15) {
            chain.replaced.insert(block);
        }
    }
    if rng.random_bool(0.4) {
        let (block, l1) = (rng.random_range(first..=last), rng.random_range(0..=6));
        chain.late.insert(block, (l1_head + l1).saturating_sub(3));
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_late_missing_or_replaced() {
        let chain = SuperChain {
            chain_id: U256::from(7),
            genesis: 100,
            block_time: 2,
            late: [(3, 50), (5, 20)].into(),
            missing_from: Some(9),
            replaced: [4].into(),
        };
        assert_eq!(chain.block_at(99), None);
        assert_eq!(
            [100, 101, 102].map(|t| chain.block_at(t)),
            [Some(0), Some(0), Some(1)]
        );
        assert_eq!(chain.required_l1(2), Some(8));
        // What comes after a late block is not derived before it.
        assert_eq!([3, 4, 5, 8].map(|n| chain.required_l1(n)), [Some(50); 4]);
        assert_eq!(chain.required_l1(9), None);
        let (derived, stays) = chain.block(1, 4);
        assert_ne!(derived, stays);
        let (next, same) = chain.block(1, 5);
        assert_eq!(next, same);
        // The blocks after it stand on the one that stays.
        let other = SuperChain {
            replaced: BTreeSet::new(),
            ..chain
        };
        assert_eq!(other.block(1, 4).0, derived);
        assert_ne!(other.block(1, 5).0, next);
    }
}
