//! The commitment to a list of checkpoints, and proofs that one is in it.
//!
//! A binary keccak256 tree (crate `rs_merkle`) whose leaves, nodes and padding cannot be taken for
//! one another: a leaf is `keccak256(0 ‖ step ‖ root)`, step as 8 bytes big-endian; a node is
//! `keccak256(1 ‖ left ‖ right)`; up to the next power of two the list is filled with
//! `keccak256(2)`.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what comes from outside must not make the program panic"
)]

use crate::Root;
use crate::entry::Entry;
use fpvm_core::keccak::keccak256;
use rs_merkle::{Hasher, MerkleProof, MerkleTree};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct Keccak;

impl Hasher for Keccak {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        keccak256(data)
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        let right = right.copied().unwrap_or_else(padding);
        keccak256(&[&[1][..], left, &right].concat())
    }
}

fn padding() -> [u8; 32] {
    keccak256(&[2])
}

fn leaf(entry: &Entry) -> [u8; 32] {
    keccak256(&[&[0][..], &entry.step.to_be_bytes(), &entry.root.0].concat())
}

fn tree(entries: &[Entry]) -> MerkleTree<Keccak> {
    let mut leaves: Vec<_> = entries.iter().map(leaf).collect();
    leaves.resize(leaves.len().next_power_of_two(), padding());
    MerkleTree::from_leaves(&leaves)
}

/// The commitment to a list.
pub fn commit(entries: &[Entry]) -> Root {
    Root(tree(entries).root().unwrap_or_else(padding))
}

/// A proof that an entry is in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Membership {
    /// The commitment to the list.
    pub commitment: Root,
    /// Index in the list, from 0.
    pub index: u64,
    /// Step counter.
    pub step: u64,
    /// State root there.
    pub root: Root,
    /// Siblings from the leaf up.
    pub siblings: Vec<Root>,
}

impl Membership {
    /// The proof of an entry; `None` if the list has no such entry.
    pub fn new(entries: &[Entry], index: usize) -> Option<Self> {
        let entry = entries.get(index)?;
        let tree = tree(entries);
        let proof = tree.proof(&[index]);
        Some(Self {
            commitment: Root(tree.root()?),
            index: index as u64,
            step: entry.step,
            root: entry.root,
            siblings: proof.proof_hashes().iter().copied().map(Root).collect(),
        })
    }

    /// Whether the entry is in the list of the commitment, at this place.
    pub fn holds(&self) -> bool {
        let depth = self.siblings.len() as u32;
        let (Some(leaves), Ok(index)) = (1usize.checked_shl(depth), usize::try_from(self.index))
        else {
            return false;
        };
        if index >= leaves || depth > 40 {
            return false;
        }
        let entry = Entry {
            step: self.step,
            root: self.root,
        };
        let siblings = self.siblings.iter().map(|root| root.0).collect();
        MerkleProof::<Keccak>::new(siblings).verify(
            self.commitment.0,
            &[index],
            &[leaf(&entry)],
            leaves,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u64) -> Vec<Entry> {
        let entry = |i: u64| Entry {
            step: 10 * i,
            root: Root(keccak256(&i.to_be_bytes())),
        };
        (0..count).map(entry).collect()
    }

    #[test]
    fn every_entry_has_a_proof_and_every_change_breaks_it() {
        for count in [1, 2, 3, 7, 8, 9] {
            let list = entries(count);
            for index in 0..list.len() {
                let proof = Membership::new(&list, index).unwrap();
                assert!(proof.holds(), "{index} of {count}");
                assert_eq!(proof.commitment, commit(&list));
                let refused = |change: &dyn Fn(&mut Membership)| {
                    let mut changed = proof.clone();
                    change(&mut changed);
                    assert!(!changed.holds(), "{changed:?}");
                };
                refused(&|p| p.step += 1);
                refused(&|p| p.root.0[31] ^= 1);
                refused(&|p| p.commitment.0[0] ^= 1);
                refused(&|p| p.index += 1);
                refused(&|p| p.index = u64::MAX);
                refused(&|p| p.siblings.push(p.root));
                refused(&|p| p.siblings.resize(64, Root([0; 32])));
                for sibling in 0..proof.siblings.len() {
                    refused(&|p| p.siblings[sibling].0[7] ^= 0x10);
                }
                if !proof.siblings.is_empty() {
                    refused(&|p| p.siblings.truncate(p.siblings.len() - 1));
                }
            }
            assert!(Membership::new(&list, list.len()).is_none());
        }
    }

    #[test]
    fn lists_that_differ_have_different_commitments() {
        let list = entries(5);
        let mut longer = list.clone();
        longer.push(list[4].clone());
        let mut swapped = list.clone();
        swapped.swap(1, 2);
        let mut all = vec![
            commit(&list),
            commit(&longer),
            commit(&swapped),
            commit(&[]),
        ];
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4);
    }
}
