//! From an ELF file to a machine's first state, byte for byte as upstream's `load-elf` does it.
//!
//! Upstream copies every program header's bytes (not only `PT_LOAD`'s) and, as a side effect, puts
//! empty pages on the list of pages. Both oddities are kept, because the state file has the list.
#![warn(clippy::arithmetic_side_effects)]

use crate::definition::isa::{ElfTarget, Isa};
use crate::definition::state::State;
use crate::definition::word::Word;
use crate::formats::guest::About;
use crate::formats::symbols::{Symbol, Symbols};
use crate::machine::memory::{MemoryLimit, PAGE_SIZE, PagedMemory};
use crate::machine::observer::Observer;
use crate::machine::vm::Vm;
use object::elf;
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader, Sym};
use object::{Endianness, FileKind, Object as _};

/// What an ISA adds to the image of an ELF file.
pub trait Program: Isa {
    /// What a front end says of the VM.
    const ABOUT: About;
    /// First address of the heap.
    const HEAP_START: u64;
    /// Where segments have to end.
    const SEGMENT_END: SegmentEnd;
    /// Whether upstream's loader also puts the page of the byte after each range that it writes on
    /// the list of pages, after empty ranges too.
    const PAGE_AFTER_RANGES: bool;
    /// What upstream changes in Go programs so that they run.
    const PATCHES: &'static [Patch];

    /// Sets up stack and stack pointer.
    fn set_up_stack(
        state: &mut State<Self>,
        memory: &mut PagedMemory<Self::Word>,
    ) -> Result<(), MemoryLimit>;

    /// Counts what upstream's debug info says of a run, where it says more than of
    /// memory and pre-images.
    fn debug_info() -> Option<Box<dyn Observer<Self>>> {
        None
    }
}

/// Where the segments of a program have to end, so that they do not lie in the heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SegmentEnd {
    /// Anywhere.
    Anywhere,
    /// Before this address, and so have empty ones: upstream's rule of October 2024.
    Before(u64),
    /// At this address at most; empty ones are passed over: upstream's rule of 2026.
    UpTo(u64),
}

impl SegmentEnd {
    /// What is wrong with a segment of so many bytes that ends at an address.
    fn refused(self, len: u64, end: u64) -> Option<String> {
        match self {
            Self::Before(limit) if end >= limit => Some(format!(
                "it ends at {end:#x} and has to end below {limit:#x}, where the heap begins"
            )),
            Self::UpTo(limit) if len > 0 && end > limit => Some(format!(
                "it ends at {end:#x} and may end at {limit:#x}, where the heap begins"
            )),
            _ => None,
        }
    }
}

/// Bytes written over the start of a symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patch {
    /// The symbol's name.
    pub symbol: &'static str,
    /// What is written there.
    pub bytes: &'static [u8],
}

/// Why an ELF file cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// Not an ELF file, or a broken one.
    #[error("not an ELF file that can be read: {0}")]
    Malformed(String),
    /// An ELF file for another machine.
    #[error("the ELF file is for {found}, and {vm} takes {expected}; build the program for it")]
    Target {
        /// What the file is for.
        found: String,
        /// What the VM takes.
        expected: &'static str,
        /// The VM type.
        vm: &'static str,
    },
    /// A segment that cannot be loaded.
    #[error("program header {index} (address {start:#x}, {len:#x} bytes): {why}")]
    Segment {
        /// Number of the program header.
        index: usize,
        /// Virtual address.
        start: u64,
        /// Bytes in memory.
        len: u64,
        /// What is wrong with it.
        why: String,
    },
    /// No symbol table, without which patches cannot be placed.
    #[error(
        "the ELF file has no symbol table, which the Go patches need; build it without -s, or strip it less"
    )]
    NoSymbols,
    /// A dynamically linked program, whose libraries nobody would load.
    #[error(
        "the program is dynamically linked ({0}), and a VM loads no libraries; link it statically (-static)"
    )]
    Dynamic(String),
    /// The ISA does not take ELF files.
    #[error("{0} takes no ELF files")]
    NotTaken(&'static str),
    /// The image needs more memory than there may be.
    #[error(transparent)]
    Memory(#[from] MemoryLimit),
    /// No address space for guest memory.
    #[error("cannot reserve address space for guest memory: {0}")]
    Io(#[from] std::io::Error),
}

/// ABI flags (MIPS) and attributes (RISC-V) have this type in common; neither belongs in memory.
const NOT_LOADED: elf::ProgramType = elf::ProgramType(0x7000_0003);

/// The largest image that is loaded, in bytes.
const IMAGE_LIMIT: u64 = 1 << 32;

/// Loads an ELF file: segments, patches, stack. `patches` are usually [`Program::PATCHES`].
pub fn load<I: Program>(bytes: &[u8], patches: &[Patch]) -> Result<Vm<I>, ElfError> {
    let mut vm = load_segments::<I>(bytes)?;
    if !patches.is_empty() && vm.symbols.all().is_empty() {
        return Err(ElfError::NoSymbols);
    }
    for symbol in vm.symbols.all() {
        for patch in patches.iter().filter(|patch| patch.symbol == symbol.name) {
            write_range::<I>(&mut vm.memory, symbol.start, patch.bytes)?;
        }
    }
    I::set_up_stack(&mut vm.state, &mut vm.memory)?;
    Ok(vm)
}

/// Loads an ELF file's segments alone: no patches, no stack.
pub fn load_segments<I: Program>(bytes: &[u8]) -> Result<Vm<I>, ElfError> {
    let target = I::ELF.ok_or(ElfError::NotTaken(I::VM_TYPE))?;
    let malformed = |error: object::Error| ElfError::Malformed(error.to_string());
    match FileKind::parse(bytes).map_err(malformed)? {
        FileKind::Elf32 => load_class::<I, elf::FileHeader32<Endianness>>(bytes, target, false),
        FileKind::Elf64 => load_class::<I, elf::FileHeader64<Endianness>>(bytes, target, true),
        other => Err(ElfError::Malformed(format!("it looks like {other:?}"))),
    }
}

fn load_class<I: Program, H: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    target: ElfTarget,
    is_64: bool,
) -> Result<Vm<I>, ElfError> {
    let malformed = |error: object::Error| ElfError::Malformed(error.to_string());
    let header = H::parse(bytes).map_err(malformed)?;
    let endian = header.endian().map_err(malformed)?;
    let big_endian = endian == Endianness::Big;
    let found = (header.e_machine(endian).0, is_64, big_endian);
    if found != (target.machine, target.is_64, target.big_endian) {
        let (found, expected) = (describe(bytes, is_64, big_endian), target.name);
        return Err(ElfError::Target {
            found,
            expected,
            vm: I::VM_TYPE,
        });
    }

    let mut vm = Vm::<I>::new(State::default(), PagedMemory::new()?);
    let entry: u64 = header.e_entry(endian).into();
    vm.state.set(I::PC, I::Word::truncate(entry));
    if let Some(next) = I::NEXT_PC {
        vm.state.set(next, I::Word::truncate(entry.wrapping_add(4)));
    }
    if let Some(heap) = I::HEAP {
        vm.state.set(heap, I::Word::truncate(I::HEAP_START));
    }

    let mut loaded: Vec<(u64, u64)> = Vec::new();
    let headers = header.program_headers(endian, bytes).map_err(malformed)?;
    for (index, segment) in headers.iter().enumerate() {
        if segment.p_type(endian) == NOT_LOADED {
            continue;
        }
        if let Some(needed) = needed(segment, endian, bytes) {
            return Err(ElfError::Dynamic(needed));
        }
        let (start, len) = (
            segment.p_vaddr(endian).into(),
            segment.p_memsz(endian).into(),
        );
        let refuse = |why: String| ElfError::Segment {
            index,
            start,
            len,
            why,
        };
        let file_len: u64 = segment.p_filesz(endian).into();
        let data = segment
            .data(endian, bytes)
            .map_err(|()| refuse("its bytes lie outside the file".into()))?;
        let is_load = segment.p_type(endian) == elf::PT_LOAD;
        if file_len != len && !is_load {
            return Err(refuse(format!(
                "it has {file_len:#x} bytes in the file, which only a PT_LOAD segment may fill up \
                 with zeros (thread-local storage is not supported)"
            )));
        }
        if file_len > len {
            return Err(refuse(format!(
                "it has more bytes in the file ({file_len:#x})"
            )));
        }
        let end = start.checked_add(len).filter(|_| len <= IMAGE_LIMIT);
        let end = end.ok_or_else(|| refuse("it does not fit into memory".into()))?;
        if let Some(why) = I::SEGMENT_END.refused(len, end) {
            return Err(refuse(why));
        }
        if is_load && len > 0 {
            if let Some((other, _)) = loaded.iter().find(|(from, to)| start < *to && *from < end) {
                return Err(refuse(format!("it overlaps the segment at {other:#x}")));
            }
            loaded.push((start, end));
        }
        write_range::<I>(&mut vm.memory, start, data)?;
        fill_zero::<I>(&mut vm.memory, start.wrapping_add(file_len), end)?;
    }

    if loaded.is_empty() {
        return Err(ElfError::Malformed("it has no segment to load".into()));
    }

    let symbols = header
        .sections(endian, bytes)
        .and_then(|sections| sections.symbols(endian, bytes, elf::SHT_SYMTAB))
        .map_err(malformed)?;
    let names = symbols.iter().skip(1).filter_map(|symbol| {
        let name = symbol.name(endian, symbols.strings()).ok()?;
        let name = String::from_utf8_lossy(name).into_owned();
        let (start, size) = (
            symbol.st_value(endian).into(),
            symbol.st_size(endian).into(),
        );
        Some(Symbol { name, start, size })
    });
    vm.symbols = Symbols::new(names.collect());
    Ok(vm)
}

/// What a segment says of other files that the program cannot run without: the interpreter that would load its
/// libraries, or that there are libraries. Code that only can be moved (static-pie) needs neither.
fn needed<P: ProgramHeader<Endian = Endianness>>(
    segment: &P,
    endian: Endianness,
    bytes: &[u8],
) -> Option<String> {
    if let Ok(Some(interpreter)) = segment.interpreter(endian, bytes) {
        let interpreter = String::from_utf8_lossy(interpreter);
        return Some(format!("its interpreter is {interpreter}"));
    }
    let dynamic = segment.dynamic(endian, bytes).ok().flatten()?;
    let libraries = dynamic.iter();
    let libraries = libraries.filter(|entry| entry.d_tag(endian) == elf::DT_NEEDED);
    match libraries.count() {
        0 => None,
        count => Some(format!("it needs {count} libraries")),
    }
}

/// Writes bytes and, where [`Program::PAGE_AFTER_RANGES`], allocates the page of the next byte.
pub fn write_range<I: Program>(
    memory: &mut PagedMemory<I::Word>,
    at: u64,
    bytes: &[u8],
) -> Result<(), MemoryLimit> {
    memory.write_slice(at, bytes)?;
    end_range::<I>(memory, at.wrapping_add(bytes.len() as u64))
}

fn end_range<I: Program>(memory: &mut PagedMemory<I::Word>, end: u64) -> Result<(), MemoryLimit> {
    if I::PAGE_AFTER_RANGES {
        memory.allocate(page_of::<I::Word>(end))?;
    }
    Ok(())
}

/// The number of the page that an address is in, cut to the address space.
fn page_of<A: Word>(at: u64) -> u64 {
    A::truncate(at).zext() >> PAGE_SIZE.trailing_zeros()
}

/// Zeroes a range; pages that are not there yet are zero once allocated.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "`at` is below `page_end`, which is in the same page or at its end"
)]
fn fill_zero<I: Program>(
    memory: &mut PagedMemory<I::Word>,
    from: u64,
    end: u64,
) -> Result<(), MemoryLimit> {
    let mut at = from;
    while at < end {
        let page_end = (at | (PAGE_SIZE as u64 - 1)).saturating_add(1).min(end);
        let page = page_of::<I::Word>(at);
        if memory.is_allocated(page) {
            memory.write_slice(at, &[0; PAGE_SIZE][..(page_end - at) as usize])?;
        } else {
            memory.allocate(page)?;
        }
        at = page_end;
    }
    end_range::<I>(memory, end)
}

/// What machine an ELF file is for, in words.
fn describe(bytes: &[u8], is_64: bool, big_endian: bool) -> String {
    let machine = object::File::parse(bytes).map(|file| format!("{:?}", file.architecture()));
    let bits = if is_64 { 64 } else { 32 };
    let order = if big_endian { "big" } else { "little" };
    format!(
        "{bits}-bit {order}-endian {}",
        machine.unwrap_or_else(|_| "machine".into())
    )
}
