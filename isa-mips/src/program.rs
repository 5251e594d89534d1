//! What Cannon adds to the image of a program: patches and the first stack frame.

use crate::Mips32;
use crate::state::SP;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_core::formats::elf::{Patch, Program, SegmentEnd, write_range};
use fpvm_core::formats::guest::About;
use fpvm_core::machine::memory::{MemoryLimit, PAGE_SIZE, PagedMemory};

/// First address of the stack's contents.
const STACK: u32 = 0x7fff_d000;
/// Pages below [`STACK`] that are there from the start.
const PAGES_BELOW: usize = 4;

/// The source of randomness that the program is told of.
const RANDOM: &[u8; 16] = b"4;byfairdiceroll";
/// The environment: memory profiling would sample by time.
const ENVIRONMENT: &[u8] = b"GODEBUG=memprofilerate=0\0";
/// The program's name, whatever its file is called.
const NAME: &[u8] = b"op-program\0";

/// `jr ra; nop`: the function returns at once.
const RETURN: &[u8] = &[0x03, 0xe0, 0x00, 0x08, 0, 0, 0, 0];

impl Program for Mips32 {
    const ABOUT: About = About {
        text: "MIPS32 big-endian, as Cannon's single-threaded VM",
        upstream: "cannon",
        fault_exit: 2,
        sleep: Some("runtime.notesleep"),
        later_patches: &[],
    };
    const HEAP_START: u64 = 0x0500_0000;
    const SEGMENT_END: SegmentEnd = SegmentEnd::Before(Self::HEAP_START);
    const PAGE_AFTER_RANGES: bool = true;
    const PATCHES: &'static [Patch] = &[
        // Garbage collection and the system monitor need threads.
        returns("runtime.gcenable"),
        returns("runtime.init.5"),
        returns("runtime.main.func1"),
        // Floating point in the collector that is off.
        returns("runtime.deductSweepCredit"),
        returns("runtime.(*gcControllerState).commit"),
        // Checks floating point, which is not there.
        returns("runtime.check"),
        // Fails on the arguments that there are.
        returns("flag.init"),
        // Work in the background.
        returns("github.com/prometheus/client_golang/prometheus.init"),
        returns("github.com/prometheus/client_golang/prometheus.init.0"),
        returns("github.com/prometheus/procfs.init"),
        returns("github.com/prometheus/common/model.init"),
        returns("github.com/prometheus/client_model/go.init"),
        returns("github.com/prometheus/client_model/go.init.0"),
        returns("github.com/prometheus/client_model/go.init.1"),
    ];

    fn set_up_stack(
        state: &mut State<Self>,
        memory: &mut PagedMemory<u32>,
    ) -> Result<(), MemoryLimit> {
        set_up_stack(state, memory, STACK.into())
    }
}

const fn returns(symbol: &'static str) -> Patch {
    Patch {
        symbol,
        bytes: RETURN,
    }
}

/// Sets up a stack that grows down from an address, where its first frame is.
pub fn set_up_stack<I: Program>(
    state: &mut State<I>,
    memory: &mut PagedMemory<I::Word>,
    stack: u64,
) -> Result<(), MemoryLimit> {
    let bottom = stack - (PAGES_BELOW * PAGE_SIZE) as u64;
    write_range::<I>(memory, bottom, &vec![0; (PAGES_BELOW + 1) * PAGE_SIZE])?;
    write_range::<I>(memory, stack, &first_frame(stack, I::Word::BYTES))?;
    state.set(SP, I::Word::truncate(stack));
    Ok(())
}

/// Argument count, arguments, environment and auxiliary vector, in words of so many bytes, then what
/// they point to.
fn first_frame(stack: u64, word: usize) -> Vec<u8> {
    const AT_PAGESZ: u64 = 6;
    const AT_RANDOM: u64 = 25;
    const WORDS: usize = 10;

    let random = stack + (word * WORDS) as u64;
    let environment = random + RANDOM.len() as u64;
    let name = environment + ENVIRONMENT.len().next_multiple_of(word) as u64;
    let words: [u64; WORDS] = [
        1,
        name,
        0,
        environment,
        0,
        AT_PAGESZ,
        PAGE_SIZE as u64,
        AT_RANDOM,
        random,
        0,
    ];

    let bytes = |value: u64| value.to_be_bytes().into_iter().skip(8 - word);
    let mut frame: Vec<u8> = words.into_iter().flat_map(bytes).collect();
    for text in [RANDOM.as_slice(), ENVIRONMENT, NAME] {
        frame.extend(text);
        frame.resize(frame.len().next_multiple_of(word), 0);
    }
    frame
}
