//! Keccak256 of one node or message in plain 64-bit arithmetic: for every machine, and for constants.

use super::round::{ROUND_CONSTANTS, keccak_node, keccak_round, keccak_row, keccak_sponge};
use super::{RATE, pad};

mod word {
    #[inline(always)]
    pub(super) const fn splat(a: u64) -> u64 {
        a
    }

    #[inline(always)]
    pub(super) const fn xor(a: u64, b: u64) -> u64 {
        a ^ b
    }

    #[inline(always)]
    pub(super) const fn parity(a: u64, b: u64, c: u64, d: u64, e: u64) -> u64 {
        a ^ b ^ c ^ d ^ e
    }

    #[inline(always)]
    pub(super) const fn rotate<const BY: u32>(a: u64) -> u64 {
        a.rotate_left(BY)
    }

    #[inline(always)]
    pub(super) const fn chi(a: u64, b: u64, c: u64) -> u64 {
        a ^ (!b & c)
    }
}

/// Keccak256 of `left ++ right`. Always inlined, so that a caller compiled for more of the
/// instruction set gets the permutation compiled for it as well.
#[inline(always)]
pub(super) const fn hash_pair(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let [l0, l1, l2, l3] = lanes(left);
    let [r0, r1, r2, r3] = lanes(right);
    bytes(keccak_node!(word, [l0, l1, l2, l3, r0, r1, r2, r3]))
}

/// Keccak256 of a message. Always inlined as [`hash_pair`] is.
#[inline(always)]
pub(super) fn hash(message: &[u8]) -> [u8; 32] {
    bytes(keccak_sponge!(word, blocks(message), word::splat))
}

/// The blocks of a padded message as the words that are added to the state.
pub(super) fn blocks(message: &[u8]) -> impl Iterator<Item = [u64; RATE / 8]> {
    let (whole, rest) = message.as_chunks::<RATE>();
    let mut last = [0; RATE];
    last[..rest.len()].copy_from_slice(rest);
    pad(&mut last, rest.len());
    let words = |block: &[u8; RATE]| {
        let words = block.as_chunks::<8>().0;
        core::array::from_fn(|i| u64::from_le_bytes(words[i]))
    };
    let last = words(&last);
    whole.iter().map(words).chain([last])
}

/// A hash from its four lanes.
const fn bytes(hash: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (words, _) = bytes.as_chunks_mut::<8>();
    let mut i = 0;
    while i < 4 {
        words[i] = hash[i].to_le_bytes();
        i += 1;
    }
    bytes
}

/// The lanes of half a node, little-endian as Keccak has them.
pub(super) const fn lanes(half: &[u8; 32]) -> [u64; 4] {
    let (words, _) = half.as_chunks::<8>();
    let mut lanes = [0; 4];
    let mut i = 0;
    while i < 4 {
        lanes[i] = u64::from_le_bytes(words[i]);
        i += 1;
    }
    lanes
}
