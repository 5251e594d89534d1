//! The part of the running machine's memory that a few host instructions reach.

use super::{Memory, PagedMemory};
use crate::definition::word::Word;

/// An access that takes more than that: it did not happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Miss {
    /// The address.
    pub(crate) at: u64,
    /// Bytes.
    pub(crate) len: usize,
    /// Whether to write.
    pub(crate) write: bool,
}

/// A memory that reaches pages only that are found without a map. It never calls a function, so code over it needs
/// to save no host registers.
#[derive(Debug)]
pub(crate) struct Direct<'a, A>(pub(crate) &'a mut PagedMemory<A>);

impl<A: Word> Memory for Direct<'_, A> {
    type Error = Miss;

    #[inline(always)]
    fn read<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Miss> {
        let miss = Miss {
            at,
            len: N,
            write: false,
        };
        self.0.read_fast(at).ok_or(miss)
    }

    #[inline(always)]
    fn write<const N: usize>(&mut self, at: u64, bytes: [u8; N]) -> Result<(), Miss> {
        let miss = Miss {
            at,
            len: N,
            write: true,
        };
        self.0.write_ready(at, bytes).ok_or(miss)
    }

    fn peek(&mut self, _at: u64, _out: &mut [u8]) -> bool {
        false
    }
}
