//! What a front end needs to know of an ISA beyond its definition: what to say of it, and how its
//! programs are loaded.

use crate::definition::isa::{ElfTarget, Isa};
use crate::formats::elf::{self, Patch, Program};
use crate::machine::observer::Observer;
use crate::machine::vm::Vm;
use std::error::Error;

/// [`About::upstream`] of a VM that is nobody else's.
pub const OWN: &str = "fpvm";

/// What a front end says of a VM, and does for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct About {
    /// What the VM is, in a few words.
    pub text: &'static str,
    /// The program whose formats and proofs the VM shares; [`OWN`] where there is none.
    pub upstream: &'static str,
    /// The exit code of that program where a guest faults.
    pub fault_exit: u8,
    /// A function in which a program only ever waits for another thread: without threads, for ever.
    pub sleep: Option<&'static str>,
    /// Functions of Go programs to skip besides upstream's: from the release Go 1.N on, and the name.
    pub later_patches: &'static [(u32, &'static str)],
}

/// Why a program cannot be loaded: [`elf::ElfError`], or an ISA's own error.
pub type LoadError = Box<dyn Error + Send + Sync>;

/// An ISA whose programs a front end can load. Each [`Program`], which are the ISAs with ELF programs, is
/// one.
pub trait Guest: Isa {
    /// What a front end says of the VM.
    fn about() -> About;
    /// Whether a file's contents, or their first 64 bytes, are those of a program for this ISA.
    fn is_program(bytes: &[u8]) -> bool;
    /// Loads a program with patches over the starts of functions.
    ///
    /// # Errors
    /// If it is no program of this ISA, or too large.
    fn load(bytes: &[u8], patches: &[Patch]) -> Result<Vm<Self>, LoadError>;

    /// What upstream changes in Go programs so that they run.
    fn upstream_patches() -> &'static [Patch] {
        &[]
    }

    /// Counts what upstream's debug info says of a run, where it says more than of
    /// memory and pre-images.
    fn observer() -> Option<Box<dyn Observer<Self>>> {
        None
    }
}

impl<I: Program> Guest for I {
    fn about() -> About {
        I::ABOUT
    }

    fn is_program(bytes: &[u8]) -> bool {
        I::ELF.is_some_and(|target| has_header(bytes, target))
    }

    fn load(bytes: &[u8], patches: &[Patch]) -> Result<Vm<Self>, LoadError> {
        Ok(elf::load(bytes, patches)?)
    }

    fn upstream_patches() -> &'static [Patch] {
        I::PATCHES
    }

    fn observer() -> Option<Box<dyn Observer<Self>>> {
        I::debug_info()
    }
}

/// Whether bytes begin with an ELF header for this machine, class and byte order.
fn has_header(bytes: &[u8], target: ElfTarget) -> bool {
    let class = if target.is_64 { 2 } else { 1 };
    let (order, machine) = if target.big_endian {
        (2, target.machine.to_be_bytes())
    } else {
        (1, target.machine.to_le_bytes())
    };
    bytes.starts_with(b"\x7fELF")
        && bytes.get(4..6) == Some(&[class, order])
        && bytes.get(18..20) == Some(&machine)
}
