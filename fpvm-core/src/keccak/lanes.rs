//! The choice of how to hash.

use core::fmt;

#[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
use super::x86::{Avx2, Avx512};
use super::{Hash, Node, scalar};
#[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
use super::{RATE, pad};

/// A way of hashing nodes that this processor supports. All ways give the same hashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lanes(Kind);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Scalar,
    #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
    Avx2(Avx2),
    #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
    Avx512(Avx512),
}

impl Lanes {
    /// One node at a time in 64-bit registers.
    pub const SCALAR: Self = Self(Kind::Scalar);

    /// The ways that this processor supports, the fastest last. Without the feature `std`, and on
    /// other processors than x86-64, this is [`Self::SCALAR`] only.
    pub fn available() -> impl Iterator<Item = Self> {
        #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
        let wide = [
            Avx2::detect().map(Kind::Avx2),
            Avx512::detect().map(Kind::Avx512),
        ];
        #[cfg(not(all(feature = "std", target_arch = "x86_64", not(miri))))]
        let wide: [Option<Kind>; 0] = [];
        core::iter::once(Self::SCALAR).chain(wide.into_iter().flatten().map(Self))
    }

    /// The fastest that is available.
    #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
    #[must_use]
    pub fn widest() -> Self {
        static WIDEST: std::sync::OnceLock<Lanes> = std::sync::OnceLock::new();
        *WIDEST.get_or_init(|| Self::available().last().unwrap_or(Self::SCALAR))
    }

    /// The fastest that is available.
    #[cfg(not(all(feature = "std", target_arch = "x86_64", not(miri))))]
    #[must_use]
    pub fn widest() -> Self {
        Self::SCALAR
    }

    /// What [`super::hash_pair`] does.
    #[must_use]
    pub fn hash_pair(self, left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
        match self.0 {
            Kind::Scalar => scalar::hash_pair(left, right),
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx2(path) => path.hash_pair(left, right),
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx512(path) => path.hash_pair(left, right),
        }
    }

    /// What [`super::keccak256`] does.
    #[must_use]
    pub fn hash(self, message: &[u8]) -> [u8; 32] {
        match self.0 {
            Kind::Scalar => scalar::hash(message),
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx2(path) => path.hash(message),
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx512(path) => path.hash(message),
        }
    }

    /// Hashes as many nodes as there are in both.
    pub(super) fn hash_nodes(self, nodes: &[Node], out: &mut [Hash]) {
        match self.0 {
            Kind::Scalar => {
                for ([left, right], out) in nodes.iter().zip(out) {
                    *out = scalar::hash_pair(left, right);
                }
            }
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx2(path) => path.hash_nodes(nodes, out),
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx512(path) => path.hash_nodes(nodes, out),
        }
    }

    /// Hashes as many messages of `len` bytes as there are in both.
    pub(super) fn hash_messages(self, messages: &[u8], len: usize, out: &mut [Hash]) {
        match self.0 {
            Kind::Scalar => {
                for (message, out) in messages.chunks_exact(len.max(1)).zip(out) {
                    *out = scalar::hash(message);
                }
            }
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx2(path) => path.hash_messages(messages, len, out),
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx512(path) => path.hash_messages(messages, len, out),
        }
    }
}

/// What is added to the state before each permutation.
#[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
pub(super) type Block = [u8; RATE];

/// Hashes messages of one length, `N` at a time: `sponge` gets the first blocks of all of them,
/// then the second ones, and so on, with the padding in the last.
#[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
pub(super) fn in_groups<const N: usize>(
    messages: &[u8],
    len: usize,
    out: &mut [Hash],
    sponge: impl Fn(&[[Block; N]], &mut [Hash; N]),
) {
    let len = len.max(1);
    let mut blocks = alloc::vec![[[0; RATE]; N]; len / RATE + 1];
    if let Some(last) = blocks.last_mut() {
        for block in last {
            pad(block, len % RATE);
        }
    }
    let mut hashes = [[0; 32]; N];
    let groups = messages.chunks(N * len).zip(out.chunks_mut(N));
    for (messages, out) in groups {
        for (lane, message) in messages.chunks_exact(len).enumerate() {
            for (blocks, part) in blocks.iter_mut().zip(message.chunks(RATE)) {
                blocks[lane][..part.len()].copy_from_slice(part);
            }
        }
        sponge(&blocks, &mut hashes);
        let count = messages.len() / len;
        for (out, hash) in out.iter_mut().zip(&hashes[..count]) {
            *out = *hash;
        }
    }
}

impl fmt::Display for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Scalar => "scalar",
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx2(_) => "AVX2",
            #[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
            Kind::Avx512(_) => "AVX-512",
        })
    }
}
