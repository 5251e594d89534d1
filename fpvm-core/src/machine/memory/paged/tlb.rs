//! Pages found without a map: identity-mapped pages, and the high pages used last.

use super::{PAGE_SIZE, PagedMemory, READY, TLB_ENTRIES};
use crate::definition::word::Word;
use crate::machine::memory::direct::Miss;

impl<A: Word> PagedMemory<A> {
    /// Reads from a page that is identity-mapped or in the TLB. `None` says nothing of the page: it may be there all the same,
    /// or the bytes lie in two.
    #[inline(always)]
    pub(in crate::machine::memory) fn read_fast<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let from = self.fast_offset::<N>(at)?;
        self.bytes.get(from..from + N)?.try_into().ok()
    }

    /// Writes to such a page that needs no bookkeeping; elsewhere it does nothing and gives
    /// `None`.
    #[inline(always)]
    pub(in crate::machine::memory) fn write_ready<const N: usize>(
        &mut self,
        at: u64,
        bytes: [u8; N],
    ) -> Option<()> {
        let from = self.fast_offset::<N>(at)?;
        if *self.flags.get(from / PAGE_SIZE)? != READY {
            return None;
        }
        self.bytes.get_mut(from..from + N)?.copy_from_slice(&bytes);
        Some(())
    }

    /// Where the bytes at an address are, if in one page, which is identity-mapped or in the TLB.
    #[inline(always)]
    fn fast_offset<const N: usize>(&self, at: u64) -> Option<usize> {
        let (number, at_page) = (Self::number(at), at as usize % PAGE_SIZE);
        if at_page > PAGE_SIZE - N {
            return None;
        }
        if self.is_identity_mapped(number) {
            return Some(number as usize * PAGE_SIZE + at_page);
        }
        let (cached, begin) = self.tlb[number as usize % TLB_ENTRIES];
        (cached == number).then_some(begin + at_page)
    }

    /// Whether a page's slot is its number.
    #[inline(always)]
    pub(super) fn is_identity_mapped(&self, number: u64) -> bool {
        Self::FLAT || number < self.identity_mapped
    }

    /// Puts a page into the TLB. Tells whether an access would now succeed that did not before.
    pub(crate) fn fill_tlb(&mut self, miss: Miss) -> bool {
        let number = Self::number(miss.at);
        if Self::FLAT || miss.at as usize % PAGE_SIZE + miss.len > PAGE_SIZE {
            return false;
        }
        if !miss.write {
            return self.readable(number).is_some();
        }
        let slot = self.slot(number);
        self.flags[slot] == READY
    }

    /// Where a page's bytes are; an absent page's read as zero.
    #[inline(always)]
    pub(super) fn slot(&mut self, number: u64) -> usize {
        if self.is_identity_mapped(number) {
            return number as usize;
        }
        let (cached, begin) = self.tlb[number as usize % TLB_ENTRIES];
        if cached == number {
            begin / PAGE_SIZE
        } else {
            self.find(number)
        }
    }

    #[cold]
    fn find(&mut self, number: u64) -> usize {
        let slot = self.slots.get(&number).copied().unwrap_or(self.zero_slot());
        if slot != self.zero_slot() {
            self.tlb[number as usize % TLB_ENTRIES] = (number, slot * PAGE_SIZE);
        }
        slot
    }
}
