//! Memory as a step sees it. The running machine, the recorder and the verifier each have their own.

#[cfg(feature = "std")]
mod copy_on_write;
#[cfg(feature = "std")]
mod direct;
#[cfg(feature = "std")]
mod history;
#[cfg(feature = "std")]
mod paged;
#[cfg(feature = "std")]
mod tree;

#[cfg(feature = "std")]
pub use copy_on_write::{FrozenMemory, FrozenPage, Part, SharedPage};
#[cfg(feature = "std")]
pub(crate) use direct::{Direct, Miss};
#[cfg(feature = "std")]
pub(crate) use history::roots_after;
#[cfg(feature = "std")]
pub use paged::{Budget, IdentityMapped, MemoryLimit, PAGE_SIZE, Page, PagedMemory};
#[cfg(feature = "std")]
use tree::{PAGE_LEVELS, page_roots as hash_page_roots};

use crate::keccak::hash_pair;

/// Bytes of a Merkle leaf.
pub const LEAF_SIZE: usize = 32;

/// A Merkle leaf's bytes, or a node's hash.
pub type Node = [u8; 32];

/// Guest memory, by byte address. Accesses may be unaligned and wrap at the end of the address space.
pub trait Memory {
    /// Why an access can fail: never in a running machine but for a memory limit, for a bad proof in
    /// a verifier.
    type Error;

    /// The next `N` bytes from an address on.
    fn read<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Self::Error>;
    /// Writes `N` bytes from an address on.
    fn write<const N: usize>(&mut self, at: u64, bytes: [u8; N]) -> Result<(), Self::Error>;
    /// Reads for the host's eyes only (what a guest prints or hints): no part of the step, so a
    /// verifier has nothing there and gives `false`.
    fn peek(&mut self, at: u64, out: &mut [u8]) -> bool;
    /// Announces that the following accesses are the instruction's data, no longer its fetch.
    fn fetched(&mut self) {}
    /// The next access is to `at` and uses a branch of its own, even to the leaf of the one before.
    fn own_branch(&mut self, _at: u64) {}
}

/// A memory that commits to its contents and proves single leaves.
pub trait Prover {
    /// The Merkle root: binary keccak256 tree over the whole address space's 32-byte leaves.
    fn root(&mut self) -> Node;
    /// The branch of the leaf that holds an address: the leaf, then its siblings from the bottom up.
    fn branch(&mut self, at: u64) -> alloc::vec::Vec<Node>;
}

/// Levels of the tree above the leaves, for addresses of this many bits.
pub const fn tree_depth(address_bits: u32) -> usize {
    address_bits as usize - 5
}

/// Bytes of one branch: a leaf and a sibling a level.
pub const fn branch_len(address_bits: u32) -> usize {
    (tree_depth(address_bits) + 1) * LEAF_SIZE
}

/// The root over a leaf and its siblings, bottom up. Bit i of the leaf's index tells whether the
/// node at level i is a right child.
pub fn fold_branch(leaf: &Node, siblings: impl Iterator<Item = Node>, leaf_index: u64) -> Node {
    siblings.enumerate().fold(*leaf, |node, (level, sibling)| {
        if leaf_index >> level & 1 == 0 {
            hash_pair(&node, &sibling)
        } else {
            hash_pair(&sibling, &node)
        }
    })
}
