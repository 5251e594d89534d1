//! Several nodes at a time in the vector registers of x86-64. All unsafe code of the hashing is
//! here.
//!
//! [`Avx2`] and [`Avx512`] exist only on a processor that has the instructions, which is what makes
//! their methods safe to call.
#![allow(unsafe_code)]

use core::arch::x86_64::*;
use core::array::from_fn;
use core::convert::identity;
use core::hint::black_box;
use std::arch::is_x86_feature_detected;

use super::lanes::{Block, in_groups};
use super::round::{ROUND_CONSTANTS, keccak_node, keccak_round, keccak_row, keccak_sponge};
use super::{Hash, Node, scalar};

/// Proof of AVX2, BMI1 and BMI2: four nodes at a time, a single one in scalar registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Avx2(());

/// Proof of AVX-512 F and VL: eight nodes at a time, and four at a time for fewer. Even a single
/// node is faster this way than in scalar registers, because there are 32 vector registers for the
/// 25 lanes, and three-operand logic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Avx512(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        found.then_some(Self(()))
    }

    pub(super) fn hash_pair(self, left: &Hash, right: &Hash) -> Hash {
        // SAFETY: `self` proves BMI1 and BMI2.
        unsafe { hash_pair_bmi(left, right) }
    }

    pub(super) fn hash(self, message: &[u8]) -> Hash {
        // SAFETY: `self` proves BMI1 and BMI2.
        unsafe { hash_bmi(message) }
    }

    pub(super) fn hash_nodes(self, nodes: &[Node], out: &mut [Hash]) {
        let (fours, rest) = nodes.as_chunks::<4>();
        let (out_fours, out_rest) = out.as_chunks_mut::<4>();
        for (nodes, out) in fours.iter().zip(out_fours) {
            // SAFETY: `self` proves AVX2.
            unsafe { hash4_avx2(nodes, out) };
        }
        match (rest, out_rest) {
            ([], _) => {}
            ([[left, right]], [out, ..]) => *out = self.hash_pair(left, right),
            // SAFETY: `self` proves AVX2.
            (rest, out) => fill4(rest, out, |nodes, out| unsafe { hash4_avx2(nodes, out) }),
        }
    }

    pub(super) fn hash_messages(self, messages: &[u8], len: usize, out: &mut [Hash]) {
        in_groups(messages, len, out, |blocks, out| {
            // SAFETY: `self` proves AVX2.
            unsafe { sponge4_avx2(blocks, out) }
        });
    }
}

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
        found.then_some(Self(()))
    }

    pub(super) fn hash_pair(self, left: &Hash, right: &Hash) -> Hash {
        // SAFETY: `self` proves AVX-512 F and VL.
        unsafe { hash_pair_avx512(left, right) }
    }

    pub(super) fn hash(self, message: &[u8]) -> Hash {
        // SAFETY: `self` proves AVX-512 F and VL.
        unsafe { hash_avx512(message) }
    }

    pub(super) fn hash_nodes(self, nodes: &[Node], out: &mut [Hash]) {
        let (eights, rest) = nodes.as_chunks::<8>();
        let (out_eights, out_rest) = out.as_chunks_mut::<8>();
        for (nodes, out) in eights.iter().zip(out_eights) {
            // SAFETY: `self` proves AVX-512 F.
            unsafe { hash8_avx512(nodes, out) };
        }
        for (nodes, out) in rest.chunks(4).zip(out_rest.chunks_mut(4)) {
            // SAFETY: `self` proves AVX-512 F and VL.
            fill4(nodes, out, |nodes, out| unsafe { hash4_avx512(nodes, out) });
        }
    }

    pub(super) fn hash_messages(self, messages: &[u8], len: usize, out: &mut [Hash]) {
        in_groups(messages, len, out, |blocks, out| {
            // SAFETY: `self` proves AVX-512 F.
            unsafe { sponge8_avx512(blocks, out) }
        });
    }
}

/// Hashes at most four nodes as if they were four.
fn fill4(nodes: &[Node], out: &mut [Hash], hash4: impl FnOnce(&[Node; 4], &mut [Hash; 4])) {
    let mut four = [[[0; 32]; 2]; 4];
    let mut hashes = [[0; 32]; 4];
    for (place, node) in four.iter_mut().zip(nodes) {
        *place = *node;
    }
    hash4(&four, &mut hashes);
    for (out, hash) in out.iter_mut().zip(hashes) {
        *out = hash;
    }
}

/// The scalar code, compiled for `andn` and `rorx`.
#[target_feature(enable = "bmi1,bmi2")]
fn hash_pair_bmi(left: &Hash, right: &Hash) -> Hash {
    scalar::hash_pair(left, right)
}

/// The same for a message.
#[target_feature(enable = "bmi1,bmi2")]
fn hash_bmi(message: &[u8]) -> Hash {
    scalar::hash(message)
}

#[target_feature(enable = "avx2")]
fn hash4_avx2(nodes: &[Node; 4], out: &mut [Hash; 4]) {
    // A local that has to be in memory makes the compiler align the stack. Without it, the many
    // lanes that do not fit the 16 registers are spilled across cache lines, which is 1.5 times
    // slower.
    let node = black_box(load4(nodes));
    store4(keccak_node!(avx2, node), out);
}

#[target_feature(enable = "avx512f,avx512vl")]
fn hash4_avx512(nodes: &[Node; 4], out: &mut [Hash; 4]) {
    store4(node4(load4(nodes)), out);
}

#[target_feature(enable = "avx512f,avx512vl")]
fn hash_pair_avx512(left: &Hash, right: &Hash) -> Hash {
    let [l0, l1, l2, l3] = scalar::lanes(left).map(|lane| avx512vl::splat(lane));
    let [r0, r1, r2, r3] = scalar::lanes(right).map(|lane| avx512vl::splat(lane));
    let mut out = [[0; 32]; 4];
    store4(node4([l0, l1, l2, l3, r0, r1, r2, r3]), &mut out);
    out[0]
}

#[target_feature(enable = "avx512f,avx512vl")]
fn hash_avx512(message: &[u8]) -> Hash {
    let blocks = scalar::blocks(message);
    let mut out = [[0; 32]; 4];
    store4(keccak_sponge!(avx512vl, blocks, avx512vl::splat), &mut out);
    out[0]
}

/// Apart from its callers, so that the large code exists once.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512vl")]
fn node4(node: [__m256i; 8]) -> [__m256i; 4] {
    keccak_node!(avx512vl, node)
}

#[target_feature(enable = "avx512f")]
fn hash8_avx512(nodes: &[Node; 8], out: &mut [Hash; 8]) {
    let node = load8(nodes);
    store8(keccak_node!(avx512, node), out);
}

#[target_feature(enable = "avx2")]
fn sponge4_avx2(blocks: &[[Block; 4]], out: &mut [Hash; 4]) {
    let words = blocks.iter().map(|blocks| {
        from_fn::<_, 17, _>(|i| {
            let words = blocks.each_ref().map(|block| block.as_chunks::<8>().0[i]);
            // SAFETY: four words are 32 bytes, and the load needs no alignment.
            unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
        })
    });
    store4(keccak_sponge!(avx2, words, identity), out);
}

#[target_feature(enable = "avx512f")]
fn sponge8_avx512(blocks: &[[Block; 8]], out: &mut [Hash; 8]) {
    let words = blocks.iter().map(|blocks| {
        from_fn::<_, 17, _>(|i| {
            let words = blocks.each_ref().map(|block| block.as_chunks::<8>().0[i]);
            // SAFETY: eight words are 64 bytes, and the load needs no alignment.
            unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
        })
    });
    store8(keccak_sponge!(avx512, words, identity), out);
}

/// Lane i of four nodes in vector i.
#[inline]
#[target_feature(enable = "avx2")]
fn load4(nodes: &[Node; 4]) -> [__m256i; 8] {
    // SAFETY: a half is 32 bytes, and the load needs no alignment.
    let half = |half: &Hash| unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
    let [l0, l1, l2, l3] = transpose4(nodes.each_ref().map(|node| half(&node[0])));
    let [r0, r1, r2, r3] = transpose4(nodes.each_ref().map(|node| half(&node[1])));
    [l0, l1, l2, l3, r0, r1, r2, r3]
}

/// The reverse for the four lanes of four hashes.
#[inline]
#[target_feature(enable = "avx2")]
fn store4(lanes: [__m256i; 4], out: &mut [Hash; 4]) {
    for (hash, out) in transpose4(lanes).into_iter().zip(out) {
        // SAFETY: a hash is 32 bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), hash) };
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn transpose4([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab_even, ab_odd) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    let (cd_even, cd_odd) = (_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
    [
        _mm256_permute2x128_si256::<0x20>(ab_even, cd_even),
        _mm256_permute2x128_si256::<0x20>(ab_odd, cd_odd),
        _mm256_permute2x128_si256::<0x31>(ab_even, cd_even),
        _mm256_permute2x128_si256::<0x31>(ab_odd, cd_odd),
    ]
}

/// Lane i of eight nodes in vector i.
#[inline]
#[target_feature(enable = "avx512f")]
fn load8(nodes: &[Node; 8]) -> [__m512i; 8] {
    // SAFETY: a node is 64 bytes, and the load needs no alignment.
    let [a, b, c, d, e, f, g, h] = nodes
        .each_ref()
        .map(|node| unsafe { _mm512_loadu_si512(node.as_ptr().cast()) });
    let [l0, l2, l4, l6] = transpose_pairs([
        _mm512_unpacklo_epi64(a, b),
        _mm512_unpacklo_epi64(c, d),
        _mm512_unpacklo_epi64(e, f),
        _mm512_unpacklo_epi64(g, h),
    ]);
    let [l1, l3, l5, l7] = transpose_pairs([
        _mm512_unpackhi_epi64(a, b),
        _mm512_unpackhi_epi64(c, d),
        _mm512_unpackhi_epi64(e, f),
        _mm512_unpackhi_epi64(g, h),
    ]);
    [l0, l1, l2, l3, l4, l5, l6, l7]
}

/// The reverse for the four lanes of eight hashes.
#[inline]
#[target_feature(enable = "avx512f")]
fn store8([a, b, c, d]: [__m512i; 4], out: &mut [Hash; 8]) {
    let hashes = transpose_pairs([
        _mm512_unpacklo_epi64(a, b),
        _mm512_unpacklo_epi64(c, d),
        _mm512_unpackhi_epi64(a, b),
        _mm512_unpackhi_epi64(c, d),
    ]);
    for (hashes, out) in hashes.into_iter().zip(out.as_chunks_mut::<2>().0) {
        // SAFETY: two hashes are 64 bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), hashes) };
    }
}

/// Transposes four by four pairs of words.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose_pairs([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    const LOW: i32 = 0b01_00_01_00;
    const HIGH: i32 = 0b11_10_11_10;
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    let (ab_low, ab_high) = (
        _mm512_shuffle_i64x2::<LOW>(a, b),
        _mm512_shuffle_i64x2::<HIGH>(a, b),
    );
    let (cd_low, cd_high) = (
        _mm512_shuffle_i64x2::<LOW>(c, d),
        _mm512_shuffle_i64x2::<HIGH>(c, d),
    );
    [
        _mm512_shuffle_i64x2::<EVEN>(ab_low, cd_low),
        _mm512_shuffle_i64x2::<ODD>(ab_low, cd_low),
        _mm512_shuffle_i64x2::<EVEN>(ab_high, cd_high),
        _mm512_shuffle_i64x2::<ODD>(ab_high, cd_high),
    ]
}

/// The operations of the permutation on vectors with `vpternlogq` and `vprolq`.
macro_rules! avx512_words {
    ($name:ident, $features:literal, $vector:ident, $splat:ident, $xor:ident, $ternary:ident, $rotate:ident) => {
        mod $name {
            use core::arch::x86_64::*;

            #[inline]
            #[target_feature(enable = $features)]
            pub(super) fn splat(a: u64) -> $vector {
                $splat(a.cast_signed())
            }

            #[inline]
            #[target_feature(enable = $features)]
            pub(super) fn xor(a: $vector, b: $vector) -> $vector {
                $xor(a, b)
            }

            #[inline]
            #[target_feature(enable = $features)]
            pub(super) fn parity(
                a: $vector,
                b: $vector,
                c: $vector,
                d: $vector,
                e: $vector,
            ) -> $vector {
                const XOR3: i32 = 0b1001_0110;
                $ternary::<XOR3>($ternary::<XOR3>(a, b, c), d, e)
            }

            #[inline]
            #[target_feature(enable = $features)]
            pub(super) fn rotate<const BY: i32>(a: $vector) -> $vector {
                $rotate::<BY>(a)
            }

            #[inline]
            #[target_feature(enable = $features)]
            pub(super) fn chi(a: $vector, b: $vector, c: $vector) -> $vector {
                const A_XOR_NOT_B_AND_C: i32 = 0b1101_0010;
                $ternary::<A_XOR_NOT_B_AND_C>(a, b, c)
            }
        }
    };
}

avx512_words!(
    avx512,
    "avx512f",
    __m512i,
    _mm512_set1_epi64,
    _mm512_xor_si512,
    _mm512_ternarylogic_epi64,
    _mm512_rol_epi64
);
avx512_words!(
    avx512vl,
    "avx512f,avx512vl",
    __m256i,
    _mm256_set1_epi64x,
    _mm256_xor_si256,
    _mm256_ternarylogic_epi64,
    _mm256_rol_epi64
);

mod avx2 {
    use core::arch::x86_64::*;

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn splat(a: u64) -> __m256i {
        _mm256_set1_epi64x(a.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn xor(a: __m256i, b: __m256i) -> __m256i {
        _mm256_xor_si256(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn parity(a: __m256i, b: __m256i, c: __m256i, d: __m256i, e: __m256i) -> __m256i {
        xor(xor(xor(a, b), xor(c, d)), e)
    }

    /// Whole bytes are moved by one shuffle; else it takes two shifts and an or.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn rotate<const BY: i64>(a: __m256i) -> __m256i {
        match BY {
            8 => _mm256_shuffle_epi8(a, byte_order([7, 0, 1, 2, 3, 4, 5, 6])),
            56 => _mm256_shuffle_epi8(a, byte_order([1, 2, 3, 4, 5, 6, 7, 0])),
            _ => _mm256_or_si256(
                _mm256_sll_epi64(a, _mm_cvtsi64_si128(BY)),
                _mm256_srl_epi64(a, _mm_cvtsi64_si128(64 - BY)),
            ),
        }
    }

    /// A byte order of one word, for all four.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn byte_order(order: [u8; 8]) -> __m256i {
        let low = u64::from_le_bytes(order);
        let high = low + 0x0808_0808_0808_0808;
        let [low, high] = [low, high].map(u64::cast_signed);
        _mm256_setr_epi64x(low, high, low, high)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn chi(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        xor(a, _mm256_andnot_si256(b, c))
    }
}
