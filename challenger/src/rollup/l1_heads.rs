//! The numbers of games' L1 heads.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::B256;
use fpvm_l1::{At, Chain, Error};

/// The most numbers that are remembered.
const REMEMBERED: usize = 65_536;

/// What L1 has said of blocks by their hashes. A block keeps its number, and a game that waits for a node needs the number
/// of its head at each block.
#[derive(Debug, Default)]
pub(super) struct L1Heads(Mutex<BTreeMap<B256, u64>>);

impl L1Heads {
    /// The number of a block.
    ///
    /// # Errors
    /// If L1 does not answer, or does not know the block.
    pub(super) fn number(&self, hash: B256, l1: &dyn Chain) -> Result<u64, Error> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = known().get(&hash) {
            return Ok(*number);
        }
        let number = l1.block(At::Hash(hash))?.number;
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(hash, number);
        Ok(number)
    }
}
