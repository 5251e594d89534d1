//! The guest word: `u32` or `u64`, with the arithmetic that every interpretation shares.

use core::fmt::{Debug, LowerHex};
use core::hash::Hash;
use num_traits::{PrimInt, Unsigned, WrappingAdd, WrappingMul, WrappingNeg, WrappingSub};

/// A guest machine's word, an unsigned integer of 32 or 64 bits.
///
/// All arithmetic wraps, so that it means the same in debug and release builds.
pub trait Word:
    PrimInt
    + Unsigned
    + WrappingAdd
    + WrappingSub
    + WrappingMul
    + WrappingNeg
    + Default
    + Debug
    + LowerHex
    + Hash
    + Send
    + Sync
    + 'static
{
    /// Width in bits.
    const BITS: u32;
    /// Width in bytes.
    const BYTES: usize = Self::BITS as usize / 8;

    /// Cuts a wider number down to the word.
    fn truncate(value: u64) -> Self;
    /// Zero-extends to 64 bits.
    fn zext(self) -> u64;
    /// Sign-extends to 64 bits.
    fn sext(self) -> i64;
}

macro_rules! word {
    ($unsigned:ty, $signed:ty) => {
        impl Word for $unsigned {
            const BITS: u32 = <$unsigned>::BITS;

            #[inline(always)]
            fn truncate(value: u64) -> Self {
                value as $unsigned
            }

            #[inline(always)]
            fn zext(self) -> u64 {
                u64::from(self)
            }

            #[inline(always)]
            fn sext(self) -> i64 {
                i64::from(self as $signed)
            }
        }
    };
}

word!(u32, i32);
word!(u64, i64);
