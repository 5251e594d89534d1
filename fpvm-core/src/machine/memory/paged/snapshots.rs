//! Snapshots of a running machine's memory: taking them, and becoming one.

use super::{ALLOCATED, CODE, DIRTY, MemoryLimit, PAGE_BITS, PAGE_SIZE, PagedMemory, TOUCHED};
use crate::definition::word::Word;
use crate::keccak::zero_root;
use crate::machine::memory::copy_on_write::{FrozenMemory, FrozenPage};
use crate::machine::memory::tree::PAGE_LEVELS;
use crate::machine::memory::{Node, Prover};
use std::io;

impl<A: Word> PagedMemory<A> {
    /// From now on, keeps in mind what [`PagedMemory::kept_branch`] needs: a snapshot for each such access.
    pub fn keep_branches(&mut self) {
        self.keeps = true;
    }

    /// The branch that was last announced by [`own_branch`](crate::machine::memory::Memory::own_branch), as it was
    /// then. `None` where none was or they are not kept.
    pub fn kept_branch(&self) -> io::Result<Option<Vec<Node>>> {
        let Some((frozen, at)) = &self.kept else {
            return Ok(None);
        };
        let mut memory = Self::new()?;
        memory.restore(frozen).map_err(io::Error::other)?;
        Ok(Some(memory.branch(*at)))
    }

    /// All pages as of now. Copies those that changed since the last call, shares the others.
    pub fn freeze(&mut self) -> FrozenMemory {
        self.write_generation += 1;
        for number in std::mem::take(&mut self.touched) {
            let slot = self.slot(number);
            self.flags[slot] &= !TOUCHED;
            let page = self.page_at(slot);
            if self
                .frozen
                .page(number)
                .is_none_or(|old| old.bytes() != page)
            {
                let page = FrozenPage::new(page);
                self.frozen.set(number, Some(page));
            }
        }
        self.frozen.clone()
    }

    /// Becomes the memory of a snapshot. Copies only what differs, and hashes nothing anew that is
    /// known there. Changes nothing where the snapshot needs more memory than the guest may use.
    pub fn restore(&mut self, frozen: &FrozenMemory) -> Result<(), MemoryLimit> {
        let pages = frozen.pages();
        if let Some((number, _)) = pages.get(self.limit as usize / PAGE_SIZE) {
            return Err(MemoryLimit {
                at: number << PAGE_BITS,
                limit: self.limit,
            });
        }
        self.write_generation += 1;
        let mut changed = std::mem::take(&mut self.touched);
        changed.extend(
            self.frozen
                .changes(frozen)
                .iter()
                .map(|(number, _)| *number),
        );
        changed.sort_unstable();
        changed.dedup();
        let (kept, gone): (Vec<u64>, Vec<u64>) = changed
            .into_iter()
            .partition(|number| frozen.page(*number).is_some());
        let mut known = Vec::with_capacity(kept.len());
        for number in &gone {
            self.remove(*number);
            known.push((*number, zero_root(PAGE_LEVELS)));
        }
        if !gone.is_empty() {
            let mut allocated = std::mem::take(&mut self.allocated);
            allocated.retain(|number| self.is_allocated(*number));
            self.allocated = allocated;
        }
        for number in kept {
            let Some(page) = frozen.page(number) else {
                continue;
            };
            let slot = self.writable(number)?;
            self.bytes.as_chunks_mut::<PAGE_SIZE>().0[slot] = *page.bytes();
            self.flags[slot] &= !TOUCHED;
            if let Some(root) = page.known_root() {
                self.flags[slot] &= !DIRTY;
                known.push((number, root));
            }
        }
        self.touched.clear();
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.retain(|number| {
            let slot = self.slot(*number);
            self.flags[slot] & DIRTY != 0
        });
        self.dirty = dirty;
        self.tree.adopt(&known);
        self.frozen = frozen.clone();
        Ok(())
    }

    /// Makes a page as if it had never been allocated, but that a high page's slot stays its own.
    fn remove(&mut self, number: u64) {
        let slot = self.slot(number);
        if self.flags[slot] & ALLOCATED == 0 {
            return;
        }
        if self.flags[slot] & CODE != 0 {
            self.stale_code.push(number);
        }
        self.bytes.as_chunks_mut::<PAGE_SIZE>().0[slot].fill(0);
        self.flags[slot] = 0;
        self.unwritten += usize::from(!self.is_identity_mapped(number));
    }
}
