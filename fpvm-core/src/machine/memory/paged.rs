//! The running machine's memory: pages in one lazily backed array, found without a hash.
//!
//! With 32-bit addresses a page's slot is its number, so an access is one bounds check. With 64-bit
//! addresses that holds for low addresses, where programs have their code and most of their data: these
//! pages are *identity-mapped*. The pages above, the high pages, get slots in the order of first use, and a
//! small table of the slots used last, a TLB, stands in front of a map. Either way a store looks at one byte per page; its slow path does all the
//! bookkeeping of a first write: allocation, dirty list, snapshots, code pages.

mod snapshots;
mod space;
mod tlb;
mod translated;

use super::copy_on_write::FrozenMemory;
use super::tree::Tree;
use super::{Memory, Node, Prover};
use crate::definition::word::Word;
use memmap2::MmapMut;
use rustc_hash::FxHashMap;
use space::reserve_address_space;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use translated::IdentityMapped;

/// Bytes of a page.
pub const PAGE_SIZE: usize = 4096;
const PAGE_BITS: u32 = 12;

/// A page's bytes.
pub type Page = [u8; PAGE_SIZE];

/// The guest has touched more memory than it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the guest writes to {at:#x}, which needs more than the {limit} bytes of memory it may use"
)]
pub struct MemoryLimit {
    /// The address of the write.
    pub at: u64,
    /// The limit in bytes.
    pub limit: u64,
}

/// Memory that the guests of a process share, in pages.
#[derive(Debug)]
pub struct Budget {
    bytes: u64,
    left: AtomicU64,
}

impl Budget {
    /// A budget of so many bytes.
    pub const fn new(bytes: u64) -> Self {
        Self {
            bytes,
            left: AtomicU64::new(bytes / PAGE_SIZE as u64),
        }
    }
}

/// What a memory has taken of a budget; given back in the end.
#[derive(Default, Debug)]
struct Share {
    budget: Option<Arc<Budget>>,
    pages: u64,
}

impl Share {
    /// Takes what is missing to so many pages; the next of them is at `at`.
    fn reach(&mut self, pages: u64, at: u64) -> Result<(), MemoryLimit> {
        let (Some(budget), Some(more)) = (&self.budget, pages.checked_sub(self.pages)) else {
            return Ok(());
        };
        let take = |left: u64| left.checked_sub(more);
        let taken = budget
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if taken.is_err() {
            let limit = budget.bytes;
            return Err(MemoryLimit { at, limit });
        }
        self.pages = pages;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.left.fetch_add(self.pages, Ordering::Relaxed);
        }
    }
}

/// The page exists.
const ALLOCATED: u8 = 1;
/// It was written since the last root.
const DIRTY: u8 = 2;
/// It was written since the last snapshot.
const TOUCHED: u8 = 4;
/// Decoded instructions of it are in use.
const CODE: u8 = 8;
/// A store needs no bookkeeping.
const READY: u8 = ALLOCATED | DIRTY | TOUCHED;

/// Slots of high pages found without a map; only for 64-bit addresses.
const TLB_ENTRIES: usize = 1024;

/// Page numbers and where the bytes of the pages begin, each at its number modulo the length.
type Tlb = [(u64, usize); TLB_ENTRIES];

/// High pages that have a slot and are not allocated, at most: those read before they are written.
const UNWRITTEN: usize = 1 << 16;

/// No page has this number.
const NO_PAGE: u64 = u64::MAX;

/// The number of the next memory.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// A guest's memory for addresses of type `A`.
#[derive(Debug)]
pub struct PagedMemory<A> {
    bytes: MmapMut,
    /// A byte for each slot.
    flags: MmapMut,
    /// Pages below this number have it for their slot; those from it on are high pages.
    identity_mapped: u64,
    /// Slots of high pages by number; unused with 32-bit addresses.
    slots: FxHashMap<u64, usize>,
    /// High pages used last.
    tlb: Box<Tlb>,
    /// The slot of the next high page.
    next: usize,
    /// High pages that have a slot and are not allocated.
    unwritten: usize,
    /// Pages in the order of their allocation.
    allocated: Vec<u64>,
    limit: u64,
    share: Share,
    dirty: Vec<u64>,
    touched: Vec<u64>,
    /// Memory as of the last snapshot.
    frozen: FrozenMemory,
    /// Code pages that were written since they were marked.
    stale_code: Vec<u64>,
    /// How often pages have lost [`READY`].
    write_generation: u64,
    id: u64,
    tree: Tree,
    /// Whether memory is kept as of [`Memory::own_branch`], and the last such memory and address.
    keeps: bool,
    kept: Option<(FrozenMemory, u64)>,
    address: core::marker::PhantomData<A>,
}

impl<A: Word> PagedMemory<A> {
    /// Whether every page's slot is its number.
    const FLAT: bool = A::BITS == 32;

    /// An empty memory. Fails where the system will not reserve address space.
    pub fn new() -> io::Result<Self> {
        let (wish, retries) = if Self::FLAT {
            (1 << 32, 0)
        } else {
            (1 << 40, 8)
        };
        let (bytes, reserved) = reserve_address_space(wish, retries)?;
        let (flags, _) = reserve_address_space(reserved >> PAGE_BITS, 0)?;
        // With 64-bit addresses the identity-mapped pages are to reach beyond 0xc0_0000_0000, where a Go program has
        // its heap. Where they cannot, only its code is identity-mapped.
        let identity_bytes = if Self::FLAT {
            reserved
        } else if reserved < wish {
            reserved / 8
        } else {
            reserved / 8 * 7
        };
        let identity_mapped = identity_bytes >> PAGE_BITS;
        Ok(Self {
            bytes,
            flags,
            identity_mapped,
            slots: FxHashMap::default(),
            tlb: Box::new([(NO_PAGE, 0); TLB_ENTRIES]),
            next: identity_mapped as usize + 1,
            unwritten: 0,
            allocated: Vec::new(),
            // The zero slot and those of pages that are not allocated count to nobody.
            limit: if Self::FLAT {
                reserved - PAGE_SIZE as u64
            } else {
                reserved - identity_bytes - (1 + UNWRITTEN) as u64 * PAGE_SIZE as u64
            },
            share: Share::default(),
            dirty: Vec::new(),
            touched: Vec::new(),
            frozen: FrozenMemory::new(A::BITS),
            stale_code: Vec::new(),
            write_generation: 0,
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            tree: Tree::new(A::BITS),
            keeps: false,
            kept: None,
            address: core::marker::PhantomData,
        })
    }

    /// The slot that is never written: what absent high pages read as.
    #[inline(always)]
    fn zero_slot(&self) -> usize {
        self.identity_mapped as usize
    }

    /// Sets how many bytes of pages the guest may use.
    pub fn set_limit(&mut self, bytes: u64) {
        self.limit = self.limit.min(bytes);
    }

    /// Has pages count in a budget that several memories share, those that are allocated already too.
    ///
    /// # Errors
    /// If there is not so much left.
    pub fn share(&mut self, budget: Arc<Budget>) -> Result<(), MemoryLimit> {
        self.share = Share {
            budget: Some(budget),
            pages: 0,
        };
        self.share.reach(self.allocated.len() as u64, 0)
    }

    /// Number of allocated pages.
    pub fn page_count(&self) -> usize {
        self.allocated.len()
    }

    /// Numbers of the allocated pages, ascending.
    pub fn pages(&self) -> Vec<u64> {
        let mut pages = self.allocated.clone();
        pages.sort_unstable();
        pages
    }

    /// A page's bytes; zeros where it is not allocated.
    pub fn page(&mut self, number: u64) -> &Page {
        let slot = self.slot(number);
        self.page_at(slot)
    }

    /// Whether a page is allocated.
    pub fn is_allocated(&mut self, number: u64) -> bool {
        let slot = self.slot(number);
        self.flags[slot] & ALLOCATED != 0
    }

    /// Allocates a page without writing to it; the root stays as it is.
    pub fn allocate(&mut self, number: u64) -> Result<(), MemoryLimit> {
        if !self.is_allocated(number) {
            self.open(number)?;
        }
        Ok(())
    }

    /// Writes bytes of any length.
    pub fn write_slice(&mut self, mut at: u64, mut bytes: &[u8]) -> Result<(), MemoryLimit> {
        while !bytes.is_empty() {
            let at_page = at as usize % PAGE_SIZE;
            let (now, later) = bytes.split_at(bytes.len().min(PAGE_SIZE - at_page));
            let slot = self.writable(Self::number(at))?;
            let from = slot * PAGE_SIZE + at_page;
            self.bytes[from..from + now.len()].copy_from_slice(now);
            at = at.wrapping_add(now.len() as u64);
            bytes = later;
        }
        Ok(())
    }

    /// Reads bytes of any length.
    pub fn read_slice(&mut self, mut at: u64, mut out: &mut [u8]) {
        while !out.is_empty() {
            let at_page = at as usize % PAGE_SIZE;
            let len = out.len().min(PAGE_SIZE - at_page);
            let (now, later) = out.split_at_mut(len);
            let slot = self.slot(Self::number(at));
            let from = slot * PAGE_SIZE + at_page;
            now.copy_from_slice(&self.bytes[from..from + len]);
            at = at.wrapping_add(len as u64);
            out = later;
        }
    }

    /// Marks a page as holding decoded instructions: a write to it will be reported once by
    /// [`PagedMemory::take_stale_code`]. `false` where the page is not allocated: nothing watches it.
    pub fn mark_code(&mut self, number: u64) -> bool {
        let allocated = self.is_allocated(number);
        if allocated {
            let slot = self.slot(number);
            self.write_generation += u64::from(self.flags[slot] == READY);
            self.flags[slot] |= CODE;
        }
        allocated
    }

    /// Whether a page with decoded instructions was written.
    #[inline(always)]
    pub fn has_stale_code(&self) -> bool {
        !self.stale_code.is_empty()
    }

    /// The pages with decoded instructions that were written.
    pub fn take_stale_code(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.stale_code)
    }

    /// A number that no other memory of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// A number that changes when pages stop being ready to be written without bookkeeping: when
    /// roots are taken, pages shared, or code is marked.
    #[inline(always)]
    pub fn write_generation(&self) -> u64 {
        self.write_generation
    }

    #[inline(always)]
    fn number(at: u64) -> u64 {
        (at & (u64::MAX >> (64 - A::BITS))) >> PAGE_BITS
    }

    #[inline(always)]
    fn page_at(&self, slot: usize) -> &Page {
        let pages = self.bytes.as_chunks::<PAGE_SIZE>().0;
        &pages[slot]
    }

    /// Where the bytes of a page are that has a slot of its own. A high page that is read before it is
    /// written gets one, as long as there are not too many of them.
    fn readable(&mut self, number: u64) -> Option<usize> {
        let slot = self.slot(number);
        if slot != self.zero_slot() {
            return Some(slot);
        }
        (self.unwritten < UNWRITTEN).then(|| {
            self.unwritten += 1;
            self.give_slot(number)
        })
    }

    /// Gives a high page a slot of its own.
    fn give_slot(&mut self, number: u64) -> usize {
        let slot = self.next;
        self.next += 1;
        self.slots.insert(number, slot);
        self.tlb[number as usize % TLB_ENTRIES] = (number, slot * PAGE_SIZE);
        slot
    }

    /// Where a page's bytes are, for a write.
    #[inline(always)]
    fn writable(&mut self, number: u64) -> Result<usize, MemoryLimit> {
        let slot = self.slot(number);
        if self.flags[slot] == READY {
            Ok(slot)
        } else {
            self.open(number)
        }
    }

    /// The bookkeeping before a first write.
    #[cold]
    #[inline(never)]
    fn open(&mut self, number: u64) -> Result<usize, MemoryLimit> {
        let mut slot = self.slot(number);
        if self.flags[slot] & ALLOCATED == 0 {
            if (self.allocated.len() as u64 + 1) * PAGE_SIZE as u64 > self.limit {
                return Err(MemoryLimit {
                    at: number << PAGE_BITS,
                    limit: self.limit,
                });
            }
            let pages = self.allocated.len() as u64 + 1;
            self.share.reach(pages, number << PAGE_BITS)?;
            // A high page that was read, or that a restored snapshot did not have, keeps its slot.
            if slot == self.zero_slot() {
                slot = self.give_slot(number);
            } else if !self.is_identity_mapped(number) {
                self.unwritten -= 1;
            }
            self.allocated.push(number);
        }
        let flags = self.flags[slot];
        if flags & DIRTY == 0 {
            self.dirty.push(number);
        }
        if flags & TOUCHED == 0 {
            self.touched.push(number);
        }
        if flags & CODE != 0 {
            self.stale_code.push(number);
        }
        self.flags[slot] = READY;
        Ok(slot)
    }
}

impl<A: Word> Memory for PagedMemory<A> {
    type Error = MemoryLimit;

    #[inline(always)]
    fn read<const N: usize>(&mut self, at: u64) -> Result<[u8; N], MemoryLimit> {
        Ok(self.read_fast(at).unwrap_or_else(|| {
            let mut out = [0; N];
            self.read_slice(at, &mut out);
            out
        }))
    }

    #[inline(always)]
    fn write<const N: usize>(&mut self, at: u64, bytes: [u8; N]) -> Result<(), MemoryLimit> {
        match self.write_ready(at, bytes) {
            Some(()) => Ok(()),
            None => self.write_slice(at, &bytes),
        }
    }

    fn own_branch(&mut self, at: u64) {
        if self.keeps {
            self.kept = Some((self.freeze(), at));
        }
    }

    fn peek(&mut self, at: u64, out: &mut [u8]) -> bool {
        self.read_slice(at, out);
        true
    }
}

impl<A: Word> Prover for PagedMemory<A> {
    fn root(&mut self) -> Node {
        self.write_generation += 1;
        let dirty = std::mem::take(&mut self.dirty);
        let mut slots = Vec::with_capacity(dirty.len());
        for number in dirty {
            let slot = self.slot(number);
            self.flags[slot] &= !DIRTY;
            slots.push((number, slot));
        }
        let pages = self.bytes.as_chunks::<PAGE_SIZE>().0;
        let dirty: Vec<(u64, &Page)> = slots
            .iter()
            .map(|(number, slot)| (*number, &pages[*slot]))
            .collect();
        self.tree.update(&dirty);
        self.tree.root()
    }

    fn branch(&mut self, at: u64) -> Vec<Node> {
        self.root();
        let at = at & (u64::MAX >> (64 - A::BITS));
        let slot = self.slot(Self::number(at));
        let page = &self.bytes.as_chunks::<PAGE_SIZE>().0[slot];
        self.tree.branch(at, page)
    }
}
