//! Compact proofs: the branches that a step uses, without what a verifier can find out itself.
//!
//! On chain a step's price is mostly that of its bytes. A compact proof is, for each branch in the
//! order of use, a map, the leaf, and siblings from the bottom up. The map is a big-endian number of
//! one bit a level (rounded up to 4 or 8 bytes): where bit i is clear, the sibling at level i is the
//! root of an all-zero subtree and left out. A later branch only has the levels below the one where
//! its path meets that of the branch before: from there on the siblings are the same, and at that
//! level the sibling is the other branch's node. Where both are of the same leaf, there is nothing to
//! send at all. Four maps of 8 bytes make it a multiple of 32 bytes long: then one more byte follows.
//!
//! The length tells the encoding: a compact proof's is no multiple of 32, any other's is. On a VM with
//! threads that goes for what follows the [running thread](crate::definition::threads), which stands in front in
//! both; there, nothing at all is the compact proof of a step that executes no instruction.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what comes from outside must not make the program panic"
)]

use crate::definition::isa::{Isa, ProofShape};
use crate::definition::threads::thread_proof_len;
use crate::definition::word::Word;
use crate::keccak::hash_pair;
use crate::machine::memory::{LEAF_SIZE, Node, branch_len, fold_branch, tree_depth};
use crate::step::verify::{Parts, VerifyError, verify};
use alloc::vec;
use alloc::vec::Vec;

/// Whether a proof of this length is a compact one.
pub const fn is_compact<I: Isa>(len: usize) -> bool {
    let branches = len.saturating_sub(thread_proof_len::<I>());
    !branches.is_multiple_of(LEAF_SIZE) || branches == 0 && I::THREADS.is_some()
}

/// Bytes of a branch's map.
pub const fn map_len(depth: usize) -> usize {
    if depth <= 32 { 4 } else { 8 }
}

/// How many levels a branch sends after one of another leaf: those below the node at which the
/// other's path comes in.
const fn levels_apart(leaf_index: u64, before: u64) -> usize {
    (u64::BITS - (leaf_index ^ before).leading_zeros()) as usize
}

/// Roots of all-zero subtrees, from the leaf up.
pub fn zero_roots() -> impl Iterator<Item = Node> {
    core::iter::successors(Some([0; LEAF_SIZE]), |node| Some(hash_pair(node, node)))
}

fn nodes(bytes: &[u8]) -> impl Iterator<Item = Node> + '_ {
    bytes.chunks_exact(LEAF_SIZE).map(|bytes| {
        let mut node = [0; LEAF_SIZE];
        node.copy_from_slice(bytes);
        node
    })
}

/// The compact form of a proof, of either form. A proof of an exited state, which needs nothing, is a
/// single zero byte, or as many as a thread has.
pub fn encode<I: Isa>(
    witness: &[u8],
    proof: &[u8],
    parts: Parts<'_>,
) -> Result<Vec<u8>, VerifyError> {
    let verified = verify::<I>(witness, proof, parts)?;
    if is_compact::<I>(proof.len()) {
        return Ok(proof.to_vec());
    }
    if verified.before.exited() {
        return Ok(vec![0; thread_proof_len::<I>().max(1)]);
    }
    let depth = tree_depth(I::Word::BITS);
    let data = verified.data.iter().map(|data| data.at);
    let used = verified.fetched.iter().copied().chain(data);
    let indices = used.map(|at| at / LEAF_SIZE as u64);
    let (thread, proof) = proof.split_at(thread_proof_len::<I>());
    let (mut out, mut before) = (thread.to_vec(), None);
    for (leaf_index, branch) in indices.zip(proof.chunks_exact(branch_len(I::Word::BITS))) {
        let levels = match before.map(|before| levels_apart(leaf_index, before)) {
            None => depth,
            Some(0) => continue,
            Some(apart) => apart - 1,
        };
        before = Some(leaf_index);
        let (leaf, siblings) = branch.split_at(LEAF_SIZE);
        let siblings = nodes(siblings).zip(zero_roots()).take(levels).enumerate();
        let sent = siblings.filter(|(_, (sibling, zero))| sibling != zero);
        let (mut map, mut bytes) = (0u64, leaf.to_vec());
        for (level, (sibling, _)) in sent {
            map |= 1 << level;
            bytes.extend(sibling);
        }
        let map = map.to_be_bytes();
        out.extend(map.iter().skip(map.len() - map_len(depth)));
        out.extend(bytes);
    }
    let branches = out.len() - thread.len();
    if branches > 0 && branches.is_multiple_of(LEAF_SIZE) {
        out.push(0);
    }
    Ok(out)
}

/// The branches of a proof in either form, one after the other.
#[derive(Debug)]
pub(crate) struct Branches<'a> {
    rest: &'a [u8],
    /// Bytes of all of it.
    len: usize,
    compact: bool,
    depth: usize,
    /// Siblings of the branch taken last.
    siblings: Vec<Node>,
    /// Leaf index of that branch, and its leaf as the step left it.
    last: Option<(u64, Node)>,
    taken: usize,
}

impl<'a> Branches<'a> {
    /// The branches of a proof, compact or not, for addresses of this many bits.
    pub(crate) fn new(proof: &'a [u8], compact: bool, address_bits: u32) -> Self {
        let depth = tree_depth(address_bits);
        Branches {
            rest: proof,
            len: proof.len(),
            compact,
            depth,
            siblings: vec![[0; LEAF_SIZE]; depth],
            last: None,
            taken: 0,
        }
    }

    /// How many branches were taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// The next branch, for the leaf of an address; its leaf.
    pub(crate) fn take(&mut self, at: u64, leaf_index: u64) -> Result<Node, VerifyError> {
        let leaf = if self.compact {
            self.take_compact(at, leaf_index)
        } else {
            self.take_whole(at)
        }?;
        self.taken += 1;
        Ok(leaf)
    }

    /// Ends the use of the branch taken last; the root over its leaf as the step left it.
    pub(crate) fn root(&self, leaf_index: u64, leaf: &Node) -> Node {
        fold_branch(leaf, self.siblings.iter().copied(), leaf_index)
    }

    /// Notes what the step left of the branch taken last.
    pub(crate) fn leave(&mut self, leaf_index: u64, leaf: Node) {
        self.last = Some((leaf_index, leaf));
    }

    /// Whether nothing is left of a compact proof, but a byte where it would not be known as one
    /// without. Of others something may be: branches that the step does not use.
    pub(crate) fn is_used_up(&self) -> bool {
        let used = self.len - self.rest.len();
        let padding = usize::from(used.is_multiple_of(LEAF_SIZE));
        !self.compact || self.rest.is_empty() || self.rest.len() == padding
    }

    fn node(&mut self, at: u64) -> Result<Node, VerifyError> {
        let branch = self.taken;
        let missing = VerifyError::MissingBranch { at, branch };
        let (node, rest) = self.rest.split_first_chunk().ok_or(missing)?;
        self.rest = rest;
        Ok(*node)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "there are siblings for each level up to the depth"
    )]
    fn take_whole(&mut self, at: u64) -> Result<Node, VerifyError> {
        let leaf = self.node(at)?;
        for level in 0..self.depth {
            self.siblings[level] = self.node(at)?;
        }
        Ok(leaf)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "there are siblings for each level up to the depth"
    )]
    fn take_compact(&mut self, at: u64, leaf_index: u64) -> Result<Node, VerifyError> {
        let mut levels = self.depth;
        if let Some((before, leaf)) = self.last {
            let apart = levels_apart(leaf_index, before);
            let Some(below) = apart.checked_sub(1) else {
                return Ok(leaf);
            };
            // The node at which the other path comes in, before its siblings are overwritten.
            let siblings = self.siblings.iter().copied().take(below);
            self.siblings[below] = fold_branch(&leaf, siblings, before);
            levels = below;
        }
        let branch = self.taken;
        let (map, rest) = self
            .rest
            .split_at_checked(map_len(self.depth))
            .ok_or(VerifyError::MissingBranch { at, branch })?;
        self.rest = rest;
        let map = map
            .iter()
            .fold(0u64, |map, byte| map << 8 | u64::from(*byte));
        if map >> levels != 0 {
            return Err(VerifyError::CompactProof(
                "the map of a branch names levels that the branch does not have",
            ));
        }
        let leaf = self.node(at)?;
        for (level, zero) in zero_roots().take(levels).enumerate() {
            let sent = map >> level & 1 == 1;
            self.siblings[level] = if sent { self.node(at)? } else { zero };
        }
        Ok(leaf)
    }
}

/// A proof's running thread and its branches, where it has a length of this VM's proofs; otherwise what
/// it should be. The step of a program that has exited needs none: op-challenger sends an empty one
/// then.
pub(crate) fn split<I: Isa>(proof: &[u8], exited: bool) -> Result<(&[u8], &[u8]), VerifyError> {
    if exited && proof.is_empty() {
        return Ok((&[], &[]));
    }
    let branch = branch_len(I::Word::BITS);
    let expected = match (I::PROOF, I::THREADS) {
        (ProofShape::Fixed(_), None) => "a fixed number of branches",
        (ProofShape::UpTo(_), None) => "a whole number of branches",
        (ProofShape::Fixed(_), Some(_)) => "a thread and a fixed number of branches",
        (ProofShape::UpTo(_), Some(_)) => "a thread and a whole number of branches",
    };
    let found = proof.len();
    let refused = VerifyError::ProofLength { expected, found };
    let Some((thread, branches)) = proof.split_at_checked(thread_proof_len::<I>()) else {
        return Err(refused);
    };
    let fits = match I::PROOF {
        ProofShape::Fixed(count) => branches.len() == count * branch,
        ProofShape::UpTo(_) => branches.len().is_multiple_of(branch),
    };
    if fits || is_compact::<I>(found) {
        Ok((thread, branches))
    } else {
        Err(refused)
    }
}
