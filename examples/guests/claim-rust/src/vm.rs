//! What a Rust program without an operating system needs to run in the VM: an entry point, four system
//! calls, memory, and an end for panics. What each machine has of its own is beneath.

#[cfg(target_arch = "mips64")]
#[path = "vm/mips64.rs"]
mod machine;
#[cfg(target_arch = "riscv64")]
#[path = "vm/riscv64.rs"]
mod machine;

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use machine::{MMAP, PRIVATE_ANONYMOUS, system_call};

include!("vm/calls.rs");

/// Memory that is handed out once and never taken back.
struct Heap {
    /// Where the memory begins; 0 before it is asked for.
    start: AtomicUsize,
    /// Bytes handed out.
    used: AtomicUsize,
}

#[global_allocator]
static HEAP: Heap = Heap {
    start: AtomicUsize::new(0),
    used: AtomicUsize::new(0),
};

/// Bytes of the heap. The VM keeps only the pages that are written to.
const HEAP_SIZE: usize = 64 << 20;
/// What all allocations are a multiple of. None asks for a larger alignment.
const ALIGN: usize = 16;

impl Heap {
    /// Where the memory begins, all of which is asked for the first time.
    fn start(&self) -> usize {
        const READ_WRITE: usize = 3;
        let start = self.start.load(Relaxed);
        if start != 0 {
            return start;
        }
        let asked = [0, HEAP_SIZE, READ_WRITE, PRIVATE_ANONYMOUS, usize::MAX, 0];
        let start = system_call(MMAP, asked);
        match self.start.compare_exchange(0, start, Relaxed, Relaxed) {
            Ok(_) => start,
            Err(other) => other,
        }
    }
}

// SAFETY: A piece is within the memory that `mmap` gave, aligned, and handed out only once.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size().next_multiple_of(ALIGN);
        let start = self.start();
        let before = self.used.fetch_add(size, Relaxed);
        if layout.align() > ALIGN || before + size > HEAP_SIZE || start.cast_signed() < 0 {
            return null_mut();
        }
        core::ptr::with_exposed_provenance_mut(start + before)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
