//! The list of ISAs, and what a command needs of one.

use crate::any::AnyVm;
use crate::explain::Explained;
use crate::frames::{FrameStep, frame_step};
use crate::go;
use crate::observe::{Observed, observe};
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Source, witness_len};
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_core::formats::elf::{self, Program};
use fpvm_core::formats::state_file::{self, FileError};
use fpvm_core::machine::observer::Observer;
use fpvm_core::machine::vm::Vm;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{Parts, VerifyError};
use fpvm_isa_mips64::statistics::Statistics;
use fpvm_report::instruction::{Code, Contest, Instruction};
use std::marker::PhantomData;
use std::path::Path;

/// The ISAs that `fpvm` knows, in the order in which they are listed: of one ISA, the default first.
///
/// A static and not a constant, which each crate that names it would compile anew.
pub static ISAS: &[&dyn AnyIsa] = &[
    &Entry::<fpvm_isa_mips::Mips32>::NEW,
    &Entry::<fpvm_isa_mips64::Mips64<8>>::NEW,
    &Entry::<fpvm_isa_mips64::Mips64<7>>::NEW,
    &Entry::<fpvm_isa_mips64::Mips64<6>>::NEW,
    &Entry::<fpvm_isa_riscv::Rv64>::NEW,
    &Entry::<fpvm_isa_riscv::imac::Imac>::NEW,
];

elf_guests! {
    fpvm_isa_mips::Mips32: "MIPS32 big-endian, as Cannon's single-threaded VM", "cannon", 2, &[], Some(fpvm_contracts::MIPS_ARTIFACT), |_| None;
    fpvm_isa_mips64::Mips64<8>: "MIPS64 big-endian with threads, as Cannon's newest", "cannon", 2, &[], Some(fpvm_contracts::MIPS64_ARTIFACT), |state| Some(Box::new(Statistics::new(state)));
    fpvm_isa_mips64::Mips64<7>: "the same, as the version before", "cannon", 2, &[], Some(fpvm_contracts::MIPS64_ARTIFACT), |state| Some(Box::new(Statistics::new(state)));
    fpvm_isa_mips64::Mips64<6>: "the same, two versions before", "cannon", 2, &[], None, |state| Some(Box::new(Statistics::new(state)));
    // Since Go 1.24 the initial look at the limit of open files is a system call that faults.
    fpvm_isa_riscv::Rv64: "RV64IMA little-endian, as Asterisc", "asterisc", 1, &[(24, "syscall.init.0")], Some(fpvm_contracts::RISCV_ARTIFACT), |_| None;
    fpvm_isa_riscv::imac::Imac: "RV64IMAC as compilers emit it, of fpvm alone", "fpvm", 1, &[], Some(fpvm_contracts::IMAC_ARTIFACT), |_| None;
}

/// [`Guest::UPSTREAM`] of a VM that is nobody else's.
pub const OWN: &str = "fpvm";

/// An ISA whose programs the command line can load.
pub trait Guest: Isa {
    /// What it is, in a few words, for `fpvm list`.
    const ABOUT: &'static str;
    /// The program whose formats and proofs it shares; `fpvm` where there is none.
    const UPSTREAM: &'static str;
    /// Exit code of the process where the guest faults.
    const FAULT_EXIT: u8;
    /// A function in which a program only ever waits for another thread; where there are none, it
    /// waits for ever.
    const SLEEP: Option<&'static str>;
    /// The artifact of its verifier contract, as JSON, where there is one.
    const CONTRACT: Option<&'static str> = None;

    /// Counts what upstream's debug info tells of a run that begins at a state, where it tells more
    /// than of memory and pre-images.
    fn observer(_state: &State<Self>) -> Option<Box<dyn Observer<Self>>> {
        None
    }
    /// Whether a file's contents are a program for this ISA.
    fn is_program(bytes: &[u8]) -> bool;
    /// Loads a program.
    fn load_program(bytes: &[u8], patches: Patches) -> anyhow::Result<Vm<Self>>;
}

/// Which of upstream's changes to Go programs are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Patches {
    /// Upstream's, and so upstream's pre-state hash.
    Upstream,
    /// Those that the Go release which made the program needs; upstream's for Go 1.22.
    Auto,
    /// None.
    None,
}

/// Implements [`Guest`] for ISAs with ELF programs: about, upstream's name, exit code of a fault,
/// functions of Go programs to skip besides upstream's, from the release 1.N on, verifier contract,
/// what counts for the debug info.
/// Go's programs wait for other threads in `runtime.notesleep`.
macro_rules! elf_guests {
    ($($isa:ty: $about:literal, $upstream:literal, $fault_exit:literal, $later:expr, $contract:expr, $observer:expr;)*) => {$(
        impl Guest for $isa {
            const ABOUT: &'static str = $about;
            const UPSTREAM: &'static str = $upstream;
            const FAULT_EXIT: u8 = $fault_exit;
            const SLEEP: Option<&'static str> = match <$isa as Isa>::THREADS {
                None => Some("runtime.notesleep"),
                Some(_) => None,
            };
            const CONTRACT: Option<&'static str> = $contract;

            fn observer(state: &State<Self>) -> Option<Box<dyn Observer<Self>>> {
                let observer: fn(&State<Self>) -> Option<Box<dyn Observer<Self>>> = $observer;
                observer(state)
            }

            fn is_program(bytes: &[u8]) -> bool {
                is_elf_for::<Self>(bytes)
            }

            fn load_program(bytes: &[u8], patches: Patches) -> anyhow::Result<Vm<Self>> {
                load_elf(bytes, patches, $later)
            }
        }
    )*};
}
use elf_guests;

/// Whether an ELF header names this ISA's machine, class and byte order.
fn is_elf_for<I: Program>(bytes: &[u8]) -> bool {
    let Some(target) = I::ELF else { return false };
    let class = if target.is_64 { 2 } else { 1 };
    let (order, machine) = match target.big_endian {
        true => (2, target.machine.to_be_bytes()),
        false => (1, target.machine.to_le_bytes()),
    };
    bytes.starts_with(b"\x7fELF")
        && bytes.get(4..6) == Some(&[class, order])
        && bytes.get(18..20) == Some(&machine)
}

fn load_elf<I: Program>(
    bytes: &[u8],
    patches: Patches,
    later: &[(u32, &'static str)],
) -> anyhow::Result<Vm<I>> {
    let patches = match patches {
        Patches::Upstream => I::PATCHES.to_vec(),
        Patches::Auto => {
            let release = go::release(bytes);
            go::patches(
                &mut elf::load_segments::<I>(bytes)?,
                release.as_deref(),
                later,
            )
        }
        Patches::None => Vec::new(),
    };
    Ok(elf::load(bytes, &patches)?)
}

/// An ISA as the commands see it.
pub trait AnyIsa: Sync {
    /// Name for `--isa`.
    fn name(&self) -> &'static str;
    /// VM type as upstream names it.
    fn vm_type(&self) -> &'static str;
    /// The version byte that state files start with, where they have one.
    fn version(&self) -> Option<u8>;
    /// [`Guest::ABOUT`].
    fn about(&self) -> &'static str;
    /// [`Guest::UPSTREAM`].
    fn upstream(&self) -> &'static str;
    /// [`Guest::FAULT_EXIT`].
    fn fault_exit(&self) -> u8;
    /// [`Guest::SLEEP`].
    fn sleep(&self) -> Option<&'static str>;
    /// [`Guest::CONTRACT`].
    fn contract(&self) -> Option<&'static str>;
    /// The programs it takes, in words.
    fn programs(&self) -> &'static str;
    /// Keys that every JSON state of it has.
    fn state_keys(&self) -> Vec<&'static str>;
    /// Bytes of the packed state.
    fn witness_len(&self) -> usize;
    /// Bytes of a guest word.
    fn word_bytes(&self) -> u8;
    /// Whether the instruction after a branch runs before the branch's target.
    fn delay_slot(&self) -> bool;
    /// The instruction that begins with these bytes.
    fn insn_of(&self, bytes: [u8; 4]) -> u32;
    /// Bytes of an instruction.
    fn insn_len(&self, insn: u32) -> u64;
    /// Bytes from a call to where it returns to, of each kind of call.
    fn call_bytes(&self) -> &'static [u64];
    /// [`Guest::is_program`].
    fn is_program(&self, bytes: &[u8]) -> bool;
    /// [`Guest::load_program`].
    fn load_program(&self, bytes: &[u8], patches: Patches) -> anyhow::Result<Box<dyn AnyVm>>;
    /// Reads a state file whose guest uses at most so many bytes of memory.
    fn load_state(&self, path: &Path, max_memory: u64) -> Result<Box<dyn AnyVm>, FileError>;
    /// What a store of its states has to know.
    fn store_vm(&self) -> fpvm_checkpoints::store::Vm;
    /// Verifies a step and tells what it did.
    fn verify(&self, proof: &StepProof, parts: Parts<'_>) -> Result<Explained, VerifyError>;
    /// What the instruction of a proof does, for a report of the game that it contests a claim in.
    fn instruction(
        &self,
        proof: &StepProof,
        contest: &Contest,
        code: Code,
    ) -> Result<Instruction, VerifyError>;
    /// The compact form of what a proof has of memory.
    fn compact(&self, proof: &StepProof) -> Result<Vec<u8>, VerifyError>;
    /// An instruction as assembly text.
    fn disassemble(&self, insn: u32, pc: u64) -> String;
    /// What an instruction can do at all.
    fn observe(&self, insn: u32) -> Observed;
    /// What an instruction does to the frame of its function.
    fn frame_step(&self, insn: u32) -> FrameStep;
    /// The name that Linux has for a system call of this machine.
    fn call_name(&self, number: u64) -> Option<&'static str>;
}

/// An ISA in a list of ISAs.
#[derive(Debug)]
pub struct Entry<I>(PhantomData<I>);

impl<I: Guest> Entry<I> {
    /// The entry.
    pub const NEW: Self = Entry(PhantomData);
}

impl<I: Guest> AnyIsa for Entry<I> {
    fn name(&self) -> &'static str {
        I::NAME
    }

    fn vm_type(&self) -> &'static str {
        I::VM_TYPE
    }

    fn version(&self) -> Option<u8> {
        I::FILE.version
    }

    fn about(&self) -> &'static str {
        I::ABOUT
    }

    fn upstream(&self) -> &'static str {
        I::UPSTREAM
    }

    fn fault_exit(&self) -> u8 {
        I::FAULT_EXIT
    }

    fn sleep(&self) -> Option<&'static str> {
        I::SLEEP
    }

    fn contract(&self) -> Option<&'static str> {
        I::CONTRACT
    }

    fn programs(&self) -> &'static str {
        I::ELF.map_or("programs of its own", |target| target.name)
    }

    fn state_keys(&self) -> Vec<&'static str> {
        let fields = I::STATE
            .iter()
            .filter(|field| field.source != Source::MemoryRoot);
        fields.map(|field| field.name).collect()
    }

    fn witness_len(&self) -> usize {
        witness_len(I::STATE)
    }

    fn word_bytes(&self) -> u8 {
        I::Word::BYTES as u8
    }

    fn delay_slot(&self) -> bool {
        I::DELAY_SLOT
    }

    fn insn_of(&self, bytes: [u8; 4]) -> u32 {
        fetch::word::<I>(bytes)
    }

    fn insn_len(&self, insn: u32) -> u64 {
        fetch::len::<I>(insn)
    }

    fn call_bytes(&self) -> &'static [u64] {
        match (I::DELAY_SLOT, I::COMPRESSED_MASK) {
            (true, _) => &[8],
            (false, 0) => &[4],
            (false, _) => &[4, 2],
        }
    }

    fn is_program(&self, bytes: &[u8]) -> bool {
        I::is_program(bytes)
    }

    fn load_program(&self, bytes: &[u8], patches: Patches) -> anyhow::Result<Box<dyn AnyVm>> {
        Ok(Box::new(I::load_program(bytes, patches)?))
    }

    fn load_state(&self, path: &Path, max_memory: u64) -> Result<Box<dyn AnyVm>, FileError> {
        Ok(Box::new(state_file::load_within::<I>(path, max_memory)?))
    }

    fn store_vm(&self) -> fpvm_checkpoints::store::Vm {
        fpvm_checkpoints::store::Vm::of::<I>()
    }

    fn verify(&self, proof: &StepProof, parts: Parts<'_>) -> Result<Explained, VerifyError> {
        Explained::verify::<I>(proof, parts)
    }

    fn instruction(
        &self,
        proof: &StepProof,
        contest: &Contest,
        code: Code,
    ) -> Result<Instruction, VerifyError> {
        Instruction::of::<I>(proof, contest, code)
    }

    fn compact(&self, proof: &StepProof) -> Result<Vec<u8>, VerifyError> {
        proof.compact::<I>()
    }

    fn disassemble(&self, insn: u32, pc: u64) -> String {
        fpvm_core::definition::disasm::disassemble::<I>(insn, pc)
    }

    fn observe(&self, insn: u32) -> Observed {
        observe::<I>(insn)
    }

    fn frame_step(&self, insn: u32) -> FrameStep {
        frame_step::<I>(insn)
    }

    fn call_name(&self, number: u64) -> Option<&'static str> {
        let number = usize::try_from(number).ok()?;
        let target = I::ELF?;
        match (target.machine, target.is_64) {
            (8, false) => Some(syscalls::mips::Sysno::new(number)?.name()),
            (8, true) => Some(syscalls::mips64::Sysno::new(number)?.name()),
            (243, true) => Some(syscalls::riscv64::Sysno::new(number)?.name()),
            _ => None,
        }
    }
}
