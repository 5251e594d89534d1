//! What Cannon adds to the image of a program: the first stack frame, as for the 32-bit VM, and the
//! first thread. Go programs are not patched: there are threads, and floating point is emulated by
//! them as they are compiled for it.

use crate::Mips64;
use crate::state::NEXT_THREAD_ID;
use crate::statistics::Statistics;
use fpvm_core::definition::state::State;
use fpvm_core::formats::elf::{Patch, Program, SegmentEnd};
use fpvm_core::formats::guest::About;
use fpvm_core::machine::memory::{MemoryLimit, PagedMemory};
use fpvm_core::machine::observer::Observer;

/// First address of the stack's contents.
const STACK: u64 = 0x0000_7fff_ffff_f000;

impl<const VERSION: u8> Program for Mips64<VERSION> {
    const ABOUT: About = About {
        text: match VERSION {
            8 => "MIPS64 big-endian with threads, as Cannon's newest",
            7 => "the same, as the version before",
            _ => "the same, two versions before",
        },
        upstream: "cannon",
        fault_exit: 2,
        sleep: None,
        later_patches: &[],
    };
    const HEAP_START: u64 = 0x1000_0000_0000;
    const SEGMENT_END: SegmentEnd = SegmentEnd::UpTo(Self::HEAP_START);
    const PAGE_AFTER_RANGES: bool = false;
    const PATCHES: &'static [Patch] = &[];

    fn set_up_stack(
        state: &mut State<Self>,
        memory: &mut PagedMemory<u64>,
    ) -> Result<(), MemoryLimit> {
        state.set(NEXT_THREAD_ID, 1);
        fpvm_isa_mips::program::set_up_stack(state, memory, STACK)
    }

    fn debug_info() -> Option<Box<dyn Observer<Self>>> {
        Some(Box::new(Statistics::default()))
    }
}
