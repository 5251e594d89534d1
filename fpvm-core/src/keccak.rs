//! Keccak256, and the hashing of Merkle nodes with it.
//!
//! A node of the memory tree is `keccak256(left ++ right)`: always 64 bytes, one block, so it has its
//! own code without sponge bookkeeping. The leaves are the 32-byte words of memory themselves.
//! Hashing is the price of a state root. Independent nodes are therefore hashed several at a time in
//! vector registers ([`hash_nodes`], [`page_roots`]); only a walk along one branch needs
//! [`hash_pair`]. All paths give the same bytes.

use sha3::Digest as _;

mod round;
mod scalar;

/// Bytes of a memory page: 128 leaves of 32 bytes.
pub const PAGE_BYTES: usize = 4096;

/// Hashes of the inner nodes of one page in heap order: `[1]` is the root of the page, the children
/// of `[i]` are `[2i]` and `[2i + 1]`, and `[64..128]` are the parents of pairs of leaves. `[0]` is
/// not used and left alone.
pub type PageNodes = [[u8; 32]; 128];

/// Keccak256 of any bytes: the original padding of Ethereum, not that of SHA-3.
#[must_use]
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    sha3::Keccak256::digest(bytes).into()
}

/// Keccak256 of two halves: the parent of two tree nodes.
#[must_use]
pub fn hash_pair(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    scalar::hash_pair(left, right)
}

/// Hashes 64-byte nodes: `out[i]` becomes the Keccak256 of `nodes[64 * i..64 * i + 64]`.
///
/// Stops at the end of the shorter of the two; a last incomplete node is not hashed.
pub fn hash_nodes(nodes: &[u8], out: &mut [[u8; 32]]) {
    let (halves, _) = nodes.as_chunks::<32>();
    let (pairs, _) = halves.as_chunks::<2>();
    for ([left, right], out) in pairs.iter().zip(out) {
        *out = scalar::hash_pair(left, right);
    }
}

/// Merkle root of a page's 128 leaves.
#[must_use]
pub fn page_root(page: &[u8; PAGE_BYTES]) -> [u8; 32] {
    let mut nodes = [[0; 32]; 128];
    page_nodes(page, &mut nodes);
    nodes[1]
}

/// Hashes all inner nodes of a page.
pub fn page_nodes(page: &[u8; PAGE_BYTES], nodes: &mut PageNodes) {
    hash_nodes(page, &mut nodes[64..]);
    for level in (0..6).rev() {
        let (parents, children) = nodes.split_at_mut(2 << level);
        hash_nodes(
            children[..2 << level].as_flattened(),
            &mut parents[1 << level..],
        );
    }
}

/// Merkle roots of many pages: `out[i]` becomes the root of `pages[i]`, as far as both go.
pub fn page_roots(pages: &[&[u8; PAGE_BYTES]], out: &mut [[u8; 32]]) {
    for (page, out) in pages.iter().zip(out) {
        *out = page_root(page);
    }
}

/// Root of the perfect tree of `height` levels whose leaves are all zero: 32 zero bytes at height 0,
/// the zero page at height 7. Heights above 64 are answered as 64.
#[must_use]
pub fn zero_root(height: usize) -> [u8; 32] {
    ZERO_ROOTS[height.min(64)]
}

/// Entry `h` is [`zero_root`] of `h`.
pub static ZERO_ROOTS: [[u8; 32]; 65] = {
    let mut roots = [[0; 32]; 65];
    let mut height = 1;
    while height < roots.len() {
        roots[height] = scalar::hash_pair(&roots[height - 1], &roots[height - 1]);
        height += 1;
    }
    roots
};

#[cfg(test)]
mod tests;
