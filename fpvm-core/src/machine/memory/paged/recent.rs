//! Pages found without a map: low ones, and the high ones used last.

use super::{PAGE_SIZE, PagedMemory, READY, RECENT};
use crate::definition::word::Word;
use crate::machine::memory::direct::Miss;

impl<A: Word> PagedMemory<A> {
    /// Reads from a low or recent page. `None` says nothing of the page: it may be there all the same,
    /// or the bytes lie in two.
    #[inline(always)]
    pub(in crate::machine::memory) fn read_recent<const N: usize>(
        &self,
        at: u64,
    ) -> Option<[u8; N]> {
        let from = self.recent_place::<N>(at)?;
        self.bytes.get(from..from + N)?.try_into().ok()
    }

    /// Writes to a low or recent page that needs no bookkeeping; elsewhere it does nothing and gives
    /// `None`.
    #[inline(always)]
    pub(in crate::machine::memory) fn write_ready<const N: usize>(
        &mut self,
        at: u64,
        bytes: [u8; N],
    ) -> Option<()> {
        let from = self.recent_place::<N>(at)?;
        if *self.flags.get(from / PAGE_SIZE)? != READY {
            return None;
        }
        self.bytes.get_mut(from..from + N)?.copy_from_slice(&bytes);
        Some(())
    }

    /// Where the bytes at an address are, if in one page, which is low or recent.
    #[inline(always)]
    fn recent_place<const N: usize>(&self, at: u64) -> Option<usize> {
        let (number, at_page) = (Self::number(at), at as usize % PAGE_SIZE);
        if at_page > PAGE_SIZE - N {
            return None;
        }
        if self.is_low(number) {
            return Some(number as usize * PAGE_SIZE + at_page);
        }
        let (recent, begin) = self.recent[number as usize % RECENT];
        (recent == number).then_some(begin + at_page)
    }

    /// Whether a page's place is its number.
    #[inline(always)]
    pub(super) fn is_low(&self, number: u64) -> bool {
        Self::FLAT || number < self.low
    }

    /// Puts a page among the recent ones. Tells whether an access would now succeed that did not before.
    pub(crate) fn make_recent(&mut self, miss: Miss) -> bool {
        let number = Self::number(miss.at);
        if Self::FLAT || miss.at as usize % PAGE_SIZE + miss.len > PAGE_SIZE {
            return false;
        }
        if !miss.write {
            return self.readable(number).is_some();
        }
        let place = self.place(number);
        self.flags[place] == READY
    }

    /// Where a page's bytes are; an absent page's read as zero.
    #[inline(always)]
    pub(super) fn place(&mut self, number: u64) -> usize {
        if self.is_low(number) {
            return number as usize;
        }
        let (recent, begin) = self.recent[number as usize % RECENT];
        if recent == number {
            begin / PAGE_SIZE
        } else {
            self.find(number)
        }
    }

    #[cold]
    fn find(&mut self, number: u64) -> usize {
        let place = self
            .places
            .get(&number)
            .copied()
            .unwrap_or(self.zero_place());
        if place != self.zero_place() {
            self.recent[number as usize % RECENT] = (number, place * PAGE_SIZE);
        }
        place
    }
}
