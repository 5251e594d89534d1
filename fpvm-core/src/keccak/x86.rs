//! Several nodes at a time in the vector registers of x86-64. All unsafe code of the hashing is here.
//!
//! [`Avx2`] and [`Avx512`] can only be had from a processor that has the instructions, which is what
//! makes their methods safe to call.
#![allow(unsafe_code)]

use core::arch::x86_64::*;
use std::arch::is_x86_feature_detected;

use super::round::{ROUND_CONSTANTS, keccak_node, keccak_round, keccak_row};
use super::scalar;

/// A tree node: two halves of 32 bytes.
type Node = [u8; 64];
/// A node's hash.
type Hash = [u8; 32];

/// Proof that the processor has AVX2, BMI1 and BMI2: four nodes at a time, single ones in scalar
/// registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Avx2(());

/// Proof that the processor has AVX-512 F and VL: eight nodes at a time; fewer than that, and single
/// ones too, in half-wide vectors, which hold the 25 lanes in 32 registers where the scalar code has 16.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Avx512(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2"))
        .then_some(Self(()))
    }

    pub(super) fn hash_pair(self, left: &Hash, right: &Hash) -> Hash {
        // SAFETY: `self` exists, so the processor has BMI1 and BMI2.
        unsafe { hash_pair_bmi(left, right) }
    }

    /// As many hashes as both have entries.
    pub(super) fn hash_nodes(self, nodes: &[Node], out: &mut [Hash]) {
        let (nodes, rest) = nodes.as_chunks::<4>();
        let (out, rest_out) = out.as_chunks_mut::<4>();
        for (nodes, out) in nodes.iter().zip(out) {
            // SAFETY: `self` exists, so the processor has AVX2.
            unsafe { hash4(nodes, out) };
        }
        match (rest, rest_out) {
            ([node], [out, ..]) => *out = self.hash_pair(halves(node).0, halves(node).1),
            (rest, rest_out) => padded(rest, rest_out, |nodes, out| {
                // SAFETY: `self` exists, so the processor has AVX2.
                unsafe { hash4(nodes, out) }
            }),
        }
    }
}
