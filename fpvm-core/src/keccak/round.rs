//! Keccak-f[1600] and Keccak256 over it, written once for every vector width.
//!
//! A state is 25 lanes, lane `(x, y)` at index `x + 5y`. A path instantiates the macros with what
//! it computes on (`u64`, or four or eight of them in a vector) by naming the module of its
//! operations:
//! `splat`, `xor`, `parity`, `rotate` and `chi`. These are macros, because trait methods can be
//! neither `const` nor bound to a target feature. A round is straight-line code with constant
//! indices, so that lanes stay in registers.

/// Constants of the iota step, FIPS 202 section 3.2.5.
pub(super) const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// Keccak256 of a node's 8 lanes, giving the hash's 4 lanes.
///
/// The first and the last round stand apart so that the compiler drops what a short message and a
/// short hash leave out of them; two rounds in the loop save half of its register moves.
macro_rules! keccak_node {
    ($ops:ident, $node:expr) => {{
        let [m0, m1, m2, m3, m4, m5, m6, m7] = $node;
        let zero = $ops::splat(0);
        // Padding of a 64-byte message in a block of 136 bytes: first and last bit of the rest.
        let first = $ops::splat(0x01);
        let last = $ops::splat(0x80 << 56);
        let mut a = [
            m0, m1, m2, m3, m4, m5, m6, m7, first, zero, zero, zero, zero, zero, zero, zero, last,
            zero, zero, zero, zero, zero, zero, zero, zero,
        ];
        a = keccak_round!($ops, a, ROUND_CONSTANTS[0]);
        let mut round = 1;
        while round < 23 {
            a = keccak_round!($ops, a, ROUND_CONSTANTS[round]);
            a = keccak_round!($ops, a, ROUND_CONSTANTS[round + 1]);
            round += 2;
        }
        a = keccak_round!($ops, a, ROUND_CONSTANTS[23]);
        [a[0], a[1], a[2], a[3]]
    }};
}

/// Keccak256 of padded messages, one a lane; `$blocks` gives the 17 words of one block after the
/// other, for all lanes once `$load` has made a word of them.
macro_rules! keccak_sponge {
    ($ops:ident, $blocks:expr, $load:path) => {{
        let mut a = [$ops::splat(0); 25];
        for words in $blocks {
            for (lane, word) in a.iter_mut().zip(words) {
                *lane = $ops::xor(*lane, $load(word));
            }
            let mut round = 0;
            while round < 24 {
                a = keccak_round!($ops, a, ROUND_CONSTANTS[round]);
                a = keccak_round!($ops, a, ROUND_CONSTANTS[round + 1]);
                round += 2;
            }
        }
        [a[0], a[1], a[2], a[3]]
    }};
}

/// The state after one round: theta; rho, pi and chi by rows; iota with the constant.
macro_rules! keccak_round {
    ($ops:ident, $a:ident, $constant:expr) => {{
        let p = [
            $ops::parity($a[0], $a[5], $a[10], $a[15], $a[20]),
            $ops::parity($a[1], $a[6], $a[11], $a[16], $a[21]),
            $ops::parity($a[2], $a[7], $a[12], $a[17], $a[22]),
            $ops::parity($a[3], $a[8], $a[13], $a[18], $a[23]),
            $ops::parity($a[4], $a[9], $a[14], $a[19], $a[24]),
        ];
        let d = [
            $ops::xor(p[4], $ops::rotate::<1>(p[1])),
            $ops::xor(p[0], $ops::rotate::<1>(p[2])),
            $ops::xor(p[1], $ops::rotate::<1>(p[3])),
            $ops::xor(p[2], $ops::rotate::<1>(p[4])),
            $ops::xor(p[3], $ops::rotate::<1>(p[0])),
        ];
        // Pi: place x of row y takes lane (x + 3y, x). Rho: rotated by that lane's own offset.
        let [r0, s0, t0, u0, v0] = keccak_row!($ops, $a, d, 0 0, 6 44, 12 43, 18 21, 24 14);
        let [r1, s1, t1, u1, v1] = keccak_row!($ops, $a, d, 3 28, 9 20, 10 3, 16 45, 22 61);
        let [r2, s2, t2, u2, v2] = keccak_row!($ops, $a, d, 1 1, 7 6, 13 25, 19 8, 20 18);
        let [r3, s3, t3, u3, v3] = keccak_row!($ops, $a, d, 4 27, 5 36, 11 10, 17 15, 23 56);
        let [r4, s4, t4, u4, v4] = keccak_row!($ops, $a, d, 2 62, 8 55, 14 39, 15 41, 21 2);
        let r0 = $ops::xor(r0, $ops::splat($constant));
        [
            r0, s0, t0, u0, v0, r1, s1, t1, u1, v1, r2, s2, t2, u2, v2, r3, s3, t3, u3, v3, r4, s4,
            t4, u4, v4,
        ]
    }};
}

/// One row after rho, pi and chi: five pairs of source lane and left rotation.
macro_rules! keccak_row {
    ($ops:ident, $a:ident, $d:ident, $($lane:literal $by:literal),*) => {{
        let b = [$($ops::rotate::<$by>($ops::xor($a[$lane], $d[$lane % 5]))),*];
        [
            $ops::chi(b[0], b[1], b[2]),
            $ops::chi(b[1], b[2], b[3]),
            $ops::chi(b[2], b[3], b[4]),
            $ops::chi(b[3], b[4], b[0]),
            $ops::chi(b[4], b[0], b[1]),
        ]
    }};
}

pub(super) use {keccak_node, keccak_round, keccak_row, keccak_sponge};
