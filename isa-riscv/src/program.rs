//! Programs: what upstream's `load-elf` adds to the image of an ELF file.

use crate::Rv64;
use crate::imac::Imac;
use crate::operand::SP;
use fpvm_core::definition::state::State;
use fpvm_core::formats::elf::{Patch, Program, SegmentEnd, write_range};
use fpvm_core::formats::guest::{About, OWN};
use fpvm_core::machine::memory::{MemoryLimit, PagedMemory};

/// Where the stack starts; arguments and auxiliary vector lie from here upwards.
const STACK: u64 = 0x1000_0000_0000_0000;

/// The words from the stack pointer plus 8 on. The word at the stack pointer itself stays 0, which
/// Go takes as no arguments. The two words after it are nothing that a program asks for (upstream
/// meant them as the count and the end of the arguments), but every pre-state's hash has them.
const STACK_WORDS: [u64; 10] = [
    0x42,
    0x35,
    0,
    6, // AT_PAGESZ
    4096,
    25, // AT_RANDOM: the address of 16 bytes
    STACK + 72,
    0, // end of the auxiliary vector
    RANDOM[0],
    RANDOM[1],
];

/// The same as Linux has them: no arguments (their count is the word at the stack pointer), no
/// environment, and the auxiliary vector.
const LINUX_WORDS: [u64; 10] = [
    0, // end of the arguments
    0, // end of the environment
    6, // AT_PAGESZ
    4096,
    25, // AT_RANDOM: the address of 16 bytes
    STACK + 72,
    0, // end of the auxiliary vector
    0,
    RANDOM[0],
    RANDOM[1],
];

/// The bytes of AT_RANDOM.
const RANDOM: [u64; 2] = [0x6f72_7020_646e_6172, 0x6164_626d_616c_6f74];

/// A function that returns at once: `ret`.
const fn skip(symbol: &'static str) -> Patch {
    Patch {
        symbol,
        bytes: &[0x67, 0x80, 0, 0],
    }
}

/// Functions of Go programs that upstream skips, since there are no threads, no garbage collection
/// and no floating point, and the rate of memory profiles, which it sets to 0. Made for Go 1.22: in
/// Go 1.23 `runtime.init.5` is another function, and what lacks its start crashes.
const PATCHES: &[Patch] = &[
    skip("runtime.gcenable"),
    skip("runtime.init.5"),
    skip("runtime.main.func1"),
    skip("runtime.deductSweepCredit"),
    skip("runtime.(*gcControllerState).commit"),
    skip("github.com/prometheus/client_golang/prometheus.init"),
    skip("github.com/prometheus/client_golang/prometheus.init.0"),
    skip("github.com/prometheus/procfs.init"),
    skip("github.com/prometheus/common/model.init"),
    skip("github.com/prometheus/client_model/go.init"),
    skip("github.com/prometheus/client_model/go.init.0"),
    skip("github.com/prometheus/client_model/go.init.1"),
    skip("flag.init"),
    skip("runtime.check"),
    Patch {
        symbol: "runtime.MemProfileRate",
        bytes: &[0; 8],
    },
];

impl Program for Rv64 {
    const ABOUT: About = About {
        text: "RV64IMA little-endian, as Asterisc",
        upstream: "asterisc",
        fault_exit: 1,
        sleep: Some("runtime.notesleep"),
        // Since Go 1.24 the initial look at the limit of open files is a system call that faults.
        later_patches: &[(24, "syscall.init.0")],
    };
    /// Above the arenas that Go asks for by address (0xc0_0000_0000 to 0x7f00_0000_0000).
    const HEAP_START: u64 = 0x7f00_0000_0000;
    const SEGMENT_END: SegmentEnd = SegmentEnd::Anywhere;
    const PAGE_AFTER_RANGES: bool = true;
    const PATCHES: &'static [Patch] = PATCHES;

    fn set_up_stack(
        state: &mut State<Self>,
        memory: &mut PagedMemory<u64>,
    ) -> Result<(), MemoryLimit> {
        set_up_stack(state, memory, &STACK_WORDS)
    }
}

impl Program for Imac {
    const ABOUT: About = About {
        text: "RV64IMAC as compilers emit it, of fpvm alone",
        upstream: OWN,
        fault_exit: 1,
        sleep: Some("runtime.notesleep"),
        later_patches: &[],
    };
    const HEAP_START: u64 = Rv64::HEAP_START;
    const SEGMENT_END: SegmentEnd = SegmentEnd::Anywhere;
    const PAGE_AFTER_RANGES: bool = false;
    const PATCHES: &'static [Patch] = &[];

    fn set_up_stack(
        state: &mut State<Self>,
        memory: &mut PagedMemory<u64>,
    ) -> Result<(), MemoryLimit> {
        set_up_stack(state, memory, &LINUX_WORDS)
    }
}

/// Writes words from the stack pointer plus 8 on; that at the stack pointer is 0.
fn set_up_stack<I: Program<Word = u64>>(
    state: &mut State<I>,
    memory: &mut PagedMemory<u64>,
    words: &[u64],
) -> Result<(), MemoryLimit> {
    state.set(SP, STACK);
    for (at, word) in (STACK + 8..).step_by(8).zip(words) {
        write_range::<I>(memory, at, &word.to_le_bytes())?;
    }
    Ok(())
}
