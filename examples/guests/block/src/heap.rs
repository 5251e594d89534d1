//! Memory that is given back, unlike that of the smaller guests: a block takes gigabytes in all, and some megabytes at once.

use crate::vm;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut};
use linked_list_allocator::Heap as List;

/// Bytes of the heap. The VM keeps only the pages that are written to.
const SIZE: usize = 512 << 20;

struct Heap(UnsafeCell<List>);

// SAFETY: the program has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(List::empty()));

// SAFETY: the list gives pieces of the memory that was asked for, aligned, and each once until it is given back.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: nobody else has it, since there is one thread and no call below comes back here.
        let list = unsafe { &mut *self.0.get() };
        if list.size() == 0 {
            let start = vm::memory(SIZE);
            if start.cast_signed() < 0 {
                return null_mut();
            }
            let start = core::ptr::with_exposed_provenance_mut(start);
            // SAFETY: the memory is the program's for as long as it runs, and is used for nothing else.
            unsafe { list.init(start, SIZE) };
        }
        let piece = list.allocate_first_fit(layout);
        piece.map_or(null_mut(), NonNull::as_ptr)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if let Some(piece) = NonNull::new(piece) {
            // SAFETY: as above; the caller gives back what it was given.
            unsafe { (*self.0.get()).deallocate(piece, layout) };
        }
    }
}
