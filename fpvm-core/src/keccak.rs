//! Keccak256, and the hashing of Merkle nodes with it.
//!
//! A node of the memory tree is `keccak256(left ++ right)`: always 64 bytes, one block, so it has
//! its own code without sponge bookkeeping. The leaves are the 32-byte words of memory themselves.
//! Hashing is the price of a state root. Independent nodes are therefore hashed several at a time
//! in vector registers ([`hash_nodes`], [`page_roots`]); only a walk along one branch needs
//! [`hash_pair`]. All paths give the same bytes.

mod lanes;
mod round;
mod scalar;
#[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
mod x86;

pub use lanes::Lanes;

/// Bytes of a memory page: 128 leaves of 32 bytes.
pub const PAGE_BYTES: usize = 4096;

/// Hashes of the inner nodes of one page in heap order: `[1]` is the root of the page, the children
/// of `[i]` are `[2i]` and `[2i + 1]`, and `[64..128]` are the parents of pairs of leaves. `[0]` is
/// not used and left alone.
pub type PageNodes = [[u8; 32]; 128];

type Hash = [u8; 32];

/// Bytes of a message that are added to the state before each permutation.
const RATE: usize = 136;

/// Pads the last block of a message, which has this many bytes of it.
fn pad(block: &mut [u8; RATE], len: usize) {
    block[len] = 0x01;
    block[RATE - 1] |= 0x80;
}

/// What is hashed: the two children of a tree node.
type Node = [Hash; 2];

/// Keccak256 of any bytes: the original padding of Ethereum, not that of SHA-3.
#[must_use]
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Lanes::widest().hash(bytes)
}

/// Keccak256 of two halves: the parent of two tree nodes.
#[must_use]
pub fn hash_pair(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Lanes::widest().hash_pair(left, right)
}

/// Hashes 64-byte nodes: `out[i]` becomes the Keccak256 of `nodes[64 * i..64 * i + 64]`.
///
/// Stops at the end of the shorter of the two slices; a last incomplete node is not hashed. A node
/// takes the least time if the number of nodes is a multiple of eight.
pub fn hash_nodes(nodes: &[u8], out: &mut [[u8; 32]]) {
    hash_nodes_with(Lanes::widest(), nodes, out);
}

/// [`hash_nodes`] by a chosen path, for tests and measurements.
pub fn hash_nodes_with(lanes: Lanes, nodes: &[u8], out: &mut [[u8; 32]]) {
    let (halves, _) = nodes.as_chunks::<32>();
    let (nodes, _) = halves.as_chunks::<2>();
    let len = nodes.len().min(out.len());
    lanes.hash_nodes(&nodes[..len], &mut out[..len]);
}

/// Hashes messages of `len` bytes each (at least one), which stand back to back: `out[i]` becomes
/// the Keccak256 of `messages[len * i..len * (i + 1)]`, as far as both go.
pub fn hash_messages(messages: &[u8], len: usize, out: &mut [[u8; 32]]) {
    hash_messages_with(Lanes::widest(), messages, len, out);
}

/// [`hash_messages`] by a chosen path, for tests and measurements.
pub fn hash_messages_with(lanes: Lanes, messages: &[u8], len: usize, out: &mut [[u8; 32]]) {
    lanes.hash_messages(messages, len, out);
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
        let children = children[..2 << level].as_flattened();
        hash_nodes(children, &mut parents[1 << level..]);
    }
}

/// Merkle roots of many pages: `out[i]` becomes the root of `pages[i]`, as far as both go.
pub fn page_roots(pages: &[&[u8; PAGE_BYTES]], out: &mut [[u8; 32]]) {
    // The upper levels of one page are too narrow for the vectors; those of eight pages fill them.
    const BATCH: usize = 8;
    let mut children = [[0; 32]; 64 * BATCH];
    let mut parents = [[0; 32]; 32 * BATCH];
    for (pages, out) in pages.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
        for (page, hashes) in pages.iter().zip(children.chunks_mut(64)) {
            hash_nodes(*page, hashes);
        }
        for level in (0..6).rev() {
            let len = pages.len() << level;
            hash_nodes(children[..2 * len].as_flattened(), &mut parents[..len]);
            children[..len].copy_from_slice(&parents[..len]);
        }
        for (out, root) in out.iter_mut().zip(&children[..pages.len()]) {
            *out = *root;
        }
    }
}

/// Root of the perfect tree of `height` levels whose leaves are all zero: 32 zero bytes at height
/// 0, the zero page at height 7. Heights above 64 are answered as 64.
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
