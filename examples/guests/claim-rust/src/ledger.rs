//! The toy rollup: balances in a Merkle tree, and blocks of transfers. All numbers are big-endian; the
//! package `internal/ledger` beside has the same formats for the guests in Go.

use crate::oracle::{self, Hash, fail};
use alloc::vec::Vec;
use sha3::{Digest, Keccak256};

const PER_LEAF: usize = 16;
const LEAVES: usize = 16;
const TRANSFER: usize = 12;

/// How many accounts there are, numbered from 0.
pub const ACCOUNTS: usize = PER_LEAF * LEAVES;

/// The hash of two halves, or of all of a leaf.
pub fn keccak256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Keccak256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// What each account holds.
pub struct Balances([u64; ACCOUNTS]);

impl Balances {
    /// Reads the balances under a root.
    pub fn load(root: Hash) -> Self {
        let mut level = Vec::from([root]);
        while level.len() < LEAVES {
            let nodes = level.iter().flat_map(|hash| {
                let Ok(node) = <[u8; 64]>::try_from(oracle::keccak256("state-node", hash)) else {
                    fail("a node of the state tree is not two hashes");
                };
                *node.as_chunks().0.as_array().unwrap_or(&[[0; 32]; 2])
            });
            level = nodes.collect();
        }
        let mut balances = [0; ACCOUNTS];
        for (leaf, hash) in balances.chunks_mut(PER_LEAF).zip(&level) {
            let bytes = oracle::keccak256("state-leaf", hash);
            if bytes.len() != 8 * PER_LEAF {
                fail("a leaf of the state tree is not 16 balances");
            }
            for (balance, bytes) in leaf.iter_mut().zip(bytes.as_chunks().0) {
                *balance = u64::from_be_bytes(*bytes);
            }
        }
        Balances(balances)
    }

    /// Commits to the balances: a binary tree of 16 leaves, each the hash of 16 of them.
    pub fn root(&self) -> Hash {
        let leaves = self.0.chunks(PER_LEAF).map(|leaf| {
            let bytes: Vec<u8> = leaf
                .iter()
                .flat_map(|balance| balance.to_be_bytes())
                .collect();
            keccak256(&[&bytes])
        });
        let mut level: Vec<Hash> = leaves.collect();
        while level.len() > 1 {
            let nodes = level
                .as_chunks()
                .0
                .iter()
                .map(|[left, right]| keccak256(&[left, right]));
            level = nodes.collect();
        }
        level[0]
    }

    /// Makes a transfer, or does nothing where an account is not there or holds less.
    pub fn apply(&mut self, transfer: &Transfer) {
        let (from, to) = (usize::from(transfer.from), usize::from(transfer.to));
        let held = self.0.get(from).copied().unwrap_or_default();
        if from.max(to) < self.0.len() && held >= transfer.amount {
            self.0[from] -= transfer.amount;
            self.0[to] += transfer.amount;
        }
    }
}

/// Moves an amount from one account to another.
pub struct Transfer {
    /// Who has it before.
    pub from: u16,
    /// Who has it after.
    pub to: u16,
    /// How much.
    pub amount: u64,
}

/// Transfers after a parent.
pub struct Block {
    /// The hash of the block before.
    pub parent: Hash,
    /// One more than the parent's.
    pub number: u64,
    /// The root of the balances after this block.
    pub state_root: Hash,
    /// In order.
    pub transfers: Vec<Transfer>,
}

impl Block {
    /// Asks for a block.
    pub fn load(hash: &Hash) -> Self {
        let bytes = oracle::keccak256("block", hash);
        Block::decode(&bytes).unwrap_or_else(|| fail("a block has a wrong length"))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (parent, bytes) = bytes.split_first_chunk()?;
        let (number, bytes) = bytes.split_first_chunk()?;
        let (state_root, bytes) = bytes.split_first_chunk()?;
        let (transfers, []) = bytes.as_chunks::<TRANSFER>() else {
            return None;
        };
        let transfers = transfers.iter().map(|[a, b, c, d, amount @ ..]| Transfer {
            from: u16::from_be_bytes([*a, *b]),
            to: u16::from_be_bytes([*c, *d]),
            amount: u64::from_be_bytes(*amount),
        });
        Some(Block {
            parent: *parent,
            number: u64::from_be_bytes(*number),
            state_root: *state_root,
            transfers: transfers.collect(),
        })
    }
}
