//! What translated code needs of a running machine's memory: where the bytes are.

use super::{CODE, PAGE_SIZE, PagedMemory, READY};
use crate::word::Word;

impl<A: Word> PagedMemory<A> {
    /// Flags of a page that a store needs no bookkeeping for.
    pub const READY: u8 = READY;

    /// The array that a flat memory (32-bit addresses) has all its bytes in, and the flags of its
    /// pages, for translated code: it may read any byte, and write those of pages whose flags are
    /// [`PagedMemory::READY`], as long as this borrow lasts. `None` for 64-bit addresses.
    pub fn flat_parts(&mut self) -> Option<(*mut u8, *const u8)> {
        let (bytes, flags) = (self.bytes.as_mut_ptr(), self.flags.as_ptr());
        Self::FLAT.then_some((bytes, flags))
    }

    /// Where a page's bytes are, for translated code: they may be read as long as this memory lives,
    /// and, where the second value says so, written as long as [`PagedMemory::unready`] does not
    /// change. `None` where the page is not allocated and there is no place for its zeros.
    pub fn page_parts(&mut self, number: u64) -> Option<(*mut u8, bool)> {
        let place = self.readable(number)?;
        let bytes = self.bytes[place * PAGE_SIZE..].as_mut_ptr();
        Some((bytes, self.flags[place] == READY))
    }

    /// Does the bookkeeping of a write to a page, after which translated code may write to it. `false`
    /// where decoded instructions of it are in use, and where the guest may use no more memory.
    pub fn make_ready(&mut self, number: u64) -> bool {
        let place = self.place(number);
        self.flags[place] & CODE == 0 && self.writable(number).is_ok()
    }
}
