//! What translated code needs of a running machine's memory: where the bytes are.

use super::{CODE, PAGE_SIZE, PagedMemory, READY};
use crate::definition::word::Word;

/// Where the bytes of identity-mapped pages are.
#[derive(Clone, Copy, Debug)]
pub struct IdentityMapped {
    /// The byte at address 0.
    pub bytes: *mut u8,
    /// The flags of page 0, a byte for each page.
    pub flags: *const u8,
    /// The first address whose page is not identity-mapped: with 32-bit addresses that after the last one.
    pub end: u64,
}

impl<A: Word> PagedMemory<A> {
    /// Flags of a page that a store needs no bookkeeping for.
    pub const READY: u8 = READY;

    /// The array that the bytes of identity-mapped pages are in by their address, for translated code: it may read
    /// those below [`IdentityMapped::end`], and write those of pages whose flags are [`PagedMemory::READY`], as long
    /// as this borrow lasts.
    pub fn identity_mapped(&mut self) -> IdentityMapped {
        IdentityMapped {
            bytes: self.bytes.as_mut_ptr(),
            flags: self.flags.as_ptr(),
            end: self.identity_mapped * PAGE_SIZE as u64,
        }
    }

    /// Where a page's bytes are, for translated code: they may be read as long as this memory lives,
    /// and, where the second value says so, written as long as [`PagedMemory::write_generation`] does not
    /// change. `None` where the page is not allocated and there is no slot for its zeros.
    pub fn page_parts(&mut self, number: u64) -> Option<(*mut u8, bool)> {
        let slot = self.readable(number)?;
        let bytes = self.bytes[slot * PAGE_SIZE..].as_mut_ptr();
        Some((bytes, self.flags[slot] == READY))
    }

    /// Does the bookkeeping of a write to a page, after which translated code may write to it. `false`
    /// where decoded instructions of it are in use, and where the guest may use no more memory.
    pub fn make_ready(&mut self, number: u64) -> bool {
        let slot = self.slot(number);
        self.flags[slot] & CODE == 0 && self.writable(number).is_ok()
    }
}
