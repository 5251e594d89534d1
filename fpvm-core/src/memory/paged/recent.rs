//! Pages found without a map: those used last, and with 32-bit addresses all.

use super::{PAGE_SIZE, PagedMemory, READY, RECENT, Recent};
use crate::memory::direct::Miss;
use crate::word::Word;

impl<A: Word> PagedMemory<A> {
    /// Reads from a recent page. `None` says nothing of the page: it may be there all the same, or
    /// the bytes lie in two.
    #[inline(always)]
    pub(in crate::memory) fn read_recent<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let from = self.recent_place::<N>(&self.recent, at)?;
        self.bytes.get(from..from + N)?.try_into().ok()
    }

    /// Writes to a recent page that needs no bookkeeping; elsewhere it does nothing and gives `None`.
    #[inline(always)]
    pub(in crate::memory) fn write_ready<const N: usize>(
        &mut self,
        at: u64,
        bytes: [u8; N],
    ) -> Option<()> {
        let from = self.recent_place::<N>(&self.ready, at)?;
        if Self::FLAT && *self.flags.get(from / PAGE_SIZE)? != READY {
            return None;
        }
        self.bytes.get_mut(from..from + N)?.copy_from_slice(&bytes);
        Some(())
    }

    /// Where the bytes at an address are, if in one page, which one of these tables has.
    #[inline(always)]
    fn recent_place<const N: usize>(&self, recent: &Recent, at: u64) -> Option<usize> {
        let (number, at_page) = (Self::number(at), at as usize % PAGE_SIZE);
        if at_page > PAGE_SIZE - N {
            return None;
        }
        if Self::FLAT {
            return Some(number as usize * PAGE_SIZE + at_page);
        }
        let (recent, begin) = recent[number as usize % RECENT];
        (recent == number).then_some(begin + at_page)
    }

    /// Puts a page among the recent ones, for reads or for writes that need no bookkeeping. Tells
    /// whether such an access would now succeed that did not before.
    pub(crate) fn make_recent(&mut self, miss: Miss) -> bool {
        let number = Self::number(miss.at);
        if Self::FLAT || miss.at as usize % PAGE_SIZE + miss.len > PAGE_SIZE {
            return false;
        }
        if !miss.write {
            return self.readable(number).is_some();
        }
        let place = self.place(number);
        let ready = self.flags[place] == READY;
        if ready {
            self.ready[number as usize % RECENT] = (number, place * PAGE_SIZE);
        }
        ready
    }

    /// Where a page's bytes are; an absent page's read as zero.
    #[inline(always)]
    pub(super) fn place(&mut self, number: u64) -> usize {
        if Self::FLAT {
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
            .unwrap_or(Self::ZERO_PLACE);
        if place != Self::ZERO_PLACE {
            self.recent[number as usize % RECENT] = (number, place * PAGE_SIZE);
        }
        place
    }
}
