//! The choice of how to hash.

use core::fmt;

#[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
use super::x86::{Avx2, Avx512};
use super::{Hash, Node, scalar};

/// A way to hash nodes which this processor can go. All give the same hashes.
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

    /// The ways which this processor can go, the fastest last. Without the feature `std`, and on
    /// other processors than x86-64, [`Self::SCALAR`] only.
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
