//! State files of Cannon and Asterisc, binary and JSON. Both forms follow from the ISA's one table
//! of fields: the fields stand in the file as in the witness, without the memory root, after the
//! pages.

mod binary;
mod json;

use crate::definition::isa::Isa;
use crate::definition::state::WitnessError;
use crate::formats::files::{self, FileKind};
use crate::machine::memory::MemoryLimit;
use crate::machine::vm::Vm;
use std::io;
use std::path::{Path, PathBuf};

/// Why a state file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("state file {}: {kind}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: FileErrorKind,
}

/// What is wrong with a state file.
#[derive(Debug, thiserror::Error)]
pub enum FileErrorKind {
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file ends early.
    #[error(
        "the file ends in the middle of {what} (at byte {offset}); it is truncated or no state file of {vm}"
    )]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Offset into the decompressed file.
        offset: u64,
        /// The VM type.
        vm: &'static str,
    },
    /// More bytes than the format has.
    #[error(
        "the file goes on after its last field (at byte {offset}); it is no state file of {vm}"
    )]
    Trailing {
        /// Offset into the decompressed file.
        offset: u64,
        /// The VM type.
        vm: &'static str,
    },
    /// A state of another version.
    #[error("the state has version {found}, and {vm} has version {expected}")]
    Version {
        /// The version byte found.
        found: u8,
        /// The version byte of this VM.
        expected: u8,
        /// The VM type.
        vm: &'static str,
    },
    /// A state of a VM that has versions, for one that has none.
    #[error("the state has version {found}, and states of {vm} have none")]
    Versioned {
        /// The version found.
        found: u8,
        /// The VM type.
        vm: &'static str,
    },
    /// A page that cannot be there.
    #[error("page {index:#x} is {why}")]
    Page {
        /// Page number.
        index: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A value is missing or wrong.
    #[error("field \"{name}\": {why}")]
    Field {
        /// Name of the field.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The packed fields are malformed.
    #[error(transparent)]
    State(#[from] WitnessError),
    /// More pages than the machine may have.
    #[error(transparent)]
    Memory(#[from] MemoryLimit),
    /// Not JSON.
    #[error("not a JSON state: {0}")]
    Json(#[from] serde_json::Error),
}

/// The longest hint in a state file; upstream writes unfinished ones, which are short.
const HINT_LIMIT: usize = 1 << 26;

/// Reads a state file, in the format that its name tells.
pub fn load<I: Isa>(path: &Path) -> Result<Vm<I>, FileError> {
    load_within(path, u64::MAX)
}

/// Reads a state file into a machine with a limit on its memory in bytes, pages of the file
/// included. The limit is needed because a compressed file can stand for far more than its size.
pub fn load_within<I: Isa>(path: &Path, max_memory: u64) -> Result<Vm<I>, FileError> {
    let opened = files::open(path).map_err(FileErrorKind::Io);
    let loaded = opened.and_then(|input| read(input, FileKind::of(path), max_memory));
    loaded.map_err(|kind| FileError {
        path: path.to_path_buf(),
        kind,
    })
}

/// Reads a state from plain, uncompressed bytes.
pub fn read<I: Isa>(
    input: impl io::Read,
    kind: FileKind,
    max_memory: u64,
) -> Result<Vm<I>, FileErrorKind> {
    match kind {
        FileKind::Binary => binary::read(input, max_memory),
        FileKind::Json => json::read(input, max_memory),
    }
}

/// Writes a state file, in the format that its name tells; as a whole or not at all.
pub fn save<I: Isa>(vm: &mut Vm<I>, path: &Path) -> Result<(), FileError> {
    let write = |out: &mut dyn io::Write| match FileKind::of(path) {
        FileKind::Binary => binary::write(vm, out),
        FileKind::Json => json::write(vm, out),
    };
    files::write(path, write).map_err(|kind| FileError {
        path: path.to_path_buf(),
        kind: FileErrorKind::Io(kind),
    })
}

/// Writes a state as JSON.
pub fn write_json<I: Isa>(vm: &mut Vm<I>, out: &mut dyn io::Write) -> io::Result<()> {
    json::write(vm, out)
}

/// Puts a page of a file into memory.
fn add_page<I: Isa>(vm: &mut Vm<I>, index: u64, bytes: &[u8]) -> Result<(), FileErrorKind> {
    use crate::definition::word::Word;
    use crate::machine::memory::PAGE_SIZE;
    if index >= 1u64 << (I::Word::BITS - PAGE_SIZE.trailing_zeros()) {
        return Err(FileErrorKind::Page {
            index,
            why: "outside the address space",
        });
    }
    if bytes.len() != PAGE_SIZE {
        return Err(FileErrorKind::Page {
            index,
            why: "not 4096 bytes long",
        });
    }
    if vm.memory.is_allocated(index) {
        return Err(FileErrorKind::Page {
            index,
            why: "in the file twice",
        });
    }
    vm.memory.allocate(index)?;
    // A page of zeros takes no memory as long as nobody writes to it.
    if bytes.iter().any(|byte| *byte != 0) {
        vm.memory.write_slice(index * PAGE_SIZE as u64, bytes)?;
    }
    Ok(())
}

/// A machine to read a file into.
fn empty<I: Isa>(max_memory: u64) -> Result<Vm<I>, FileErrorKind> {
    let mut memory = crate::machine::memory::PagedMemory::new()?;
    memory.set_limit(max_memory);
    Ok(Vm::new(crate::definition::state::State::default(), memory))
}
