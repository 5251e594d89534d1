//! Keccak256 of one 64-byte node, in plain 64-bit arithmetic and constant expressions.

use super::round::{ROUND_CONSTANTS, keccak_round, keccak_row};

mod word {
    #[inline(always)]
    pub(super) const fn xor(a: u64, b: u64) -> u64 {
        a ^ b
    }

    #[inline(always)]
    pub(super) const fn parity(a: u64, b: u64, c: u64, d: u64, e: u64) -> u64 {
        a ^ b ^ c ^ d ^ e
    }

    #[inline(always)]
    pub(super) const fn theta(left: u64, right: u64) -> u64 {
        left ^ right.rotate_left(1)
    }

    #[inline(always)]
    pub(super) const fn rotate<const BY: u32>(a: u64) -> u64 {
        a.rotate_left(BY)
    }

    #[inline(always)]
    pub(super) const fn chi(a: u64, b: u64, c: u64) -> u64 {
        a ^ (!b & c)
    }

    #[inline(always)]
    pub(super) const fn iota(a: u64, constant: u64) -> u64 {
        a ^ constant
    }
}

/// Keccak256 of `left ++ right`.
pub(super) const fn hash_pair(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut a = [0u64; 25];
    (a[0], a[1], a[2], a[3]) = words(left);
    (a[4], a[5], a[6], a[7]) = words(right);
    // Padding of a 64-byte message in a block of 136 bytes: first and last bit of the rest.
    a[8] = 0x01;
    a[16] = 0x80 << 56;

    let mut round = 0;
    while round < ROUND_CONSTANTS.len() {
        keccak_round!(word, a, ROUND_CONSTANTS[round]);
        round += 1;
    }

    let mut out = [0; 32];
    let (words, _) = out.as_chunks_mut::<8>();
    words[0] = a[0].to_le_bytes();
    words[1] = a[1].to_le_bytes();
    words[2] = a[2].to_le_bytes();
    words[3] = a[3].to_le_bytes();
    out
}

/// The four little-endian lanes of half a node.
const fn words(half: &[u8; 32]) -> (u64, u64, u64, u64) {
    let (words, _) = half.as_chunks::<8>();
    (
        u64::from_le_bytes(words[0]),
        u64::from_le_bytes(words[1]),
        u64::from_le_bytes(words[2]),
        u64::from_le_bytes(words[3]),
    )
}
