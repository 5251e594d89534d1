//! The Keccak-f[1600] round, written once for every lane width.
//!
//! A state is 25 lanes, lane `x + 5y` at that index. The macro is instantiated with the words that a
//! path computes on (`u64`, four or eight `u64` in a vector) by naming the module that holds the
//! path's `parity`, `theta`, `rotate`, `chi` and `iota`. Rounds are straight-line code: the compiler sees constant
//! indices only, keeps lanes in registers and folds the constant lanes of a padded block away.

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

/// One round: theta, rho, pi and chi of all rows, iota with the constant `$rc`.
macro_rules! keccak_round {
    ($ops:ident, $a:ident, $rc:expr) => {{
        let p = [
            $ops::parity($a[0], $a[5], $a[10], $a[15], $a[20]),
            $ops::parity($a[1], $a[6], $a[11], $a[16], $a[21]),
            $ops::parity($a[2], $a[7], $a[12], $a[17], $a[22]),
            $ops::parity($a[3], $a[8], $a[13], $a[18], $a[23]),
            $ops::parity($a[4], $a[9], $a[14], $a[19], $a[24]),
        ];
        let d = [
            $ops::theta(p[4], p[1]),
            $ops::theta(p[0], p[2]),
            $ops::theta(p[1], p[3]),
            $ops::theta(p[2], p[4]),
            $ops::theta(p[3], p[0]),
        ];
        // Row y of the result takes lane (x + 3y, x) for each x, rotated by that lane's rho offset.
        let [r0, s0, t0, u0, v0] = keccak_row!($ops, $a, d, 0 0, 6 44, 12 43, 18 21, 24 14);
        let [r1, s1, t1, u1, v1] = keccak_row!($ops, $a, d, 3 28, 9 20, 10 3, 16 45, 22 61);
        let [r2, s2, t2, u2, v2] = keccak_row!($ops, $a, d, 1 1, 7 6, 13 25, 19 8, 20 18);
        let [r3, s3, t3, u3, v3] = keccak_row!($ops, $a, d, 4 27, 5 36, 11 10, 17 15, 23 56);
        let [r4, s4, t4, u4, v4] = keccak_row!($ops, $a, d, 2 62, 8 55, 14 39, 15 41, 21 2);
        $a = [
            $ops::iota(r0, $rc), s0, t0, u0, v0, r1, s1, t1, u1, v1, r2, s2, t2, u2, v2,
            r3, s3, t3, u3, v3, r4, s4, t4, u4, v4,
        ];
    }};
}

/// One row after rho, pi and chi: five pairs of source lane and rotation to the left.
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

pub(super) use {keccak_round, keccak_row};
