//! An ISA with its type forgotten.

use crate::vm::AnyVm;
use crate::{Error, LoadError};
use fpvm_analysis::info::{Info, IsaInfo};
use fpvm_analysis::{StepExplanation, go};
use fpvm_core::definition::isa::{ElfTarget, Source, witness_len};
use fpvm_core::definition::state::State;
use fpvm_core::formats::elf::Patch;
use fpvm_core::formats::files::FileKind;
use fpvm_core::formats::guest::{About, Guest};
use fpvm_core::formats::state_file::{self, FileError};
use fpvm_core::machine::vm::Vm;
use fpvm_core::step::compact;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{Parts, VerifyError};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// Which of upstream's changes to Go programs are made.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Patches {
    /// Upstream's changes, which give upstream's first state root.
    #[default]
    Upstream,
    /// The changes that the program's Go release needs; upstream's for Go 1.22.
    Auto,
    /// No changes.
    None,
}

/// The entry of an ISA in a list of VMs.
pub const fn entry<I: Guest>() -> &'static dyn AnyIsa {
    const { &Info::<I>::NEW }
}

/// A VM: an ISA, and how its files are read.
pub trait AnyIsa: IsaInfo {
    /// The ISA's name. VMs with the same name are of one ISA, the default first.
    fn name(&self) -> &'static str;
    /// The version byte with which state files start, if they have one.
    fn version(&self) -> Option<u8>;
    /// What a front end says about the VM.
    fn about(&self) -> About;
    /// The ELF files that it takes, if it takes any.
    fn elf(&self) -> Option<ElfTarget>;
    /// The programs it takes, in words.
    fn programs(&self) -> &'static str;
    /// Keys that every JSON state of it has.
    fn state_keys(&self) -> Vec<&'static str>;
    /// Bytes of the packed state.
    fn witness_len(&self) -> usize;
    /// Whether bytes are a packed state of it.
    fn is_witness(&self, bytes: &[u8]) -> bool;
    /// [`Guest::is_program`].
    fn is_program(&self, bytes: &[u8]) -> bool;
    /// Loads a program.
    ///
    /// # Errors
    /// If the bytes are not a program of this ISA, or the program is too large.
    fn load_program(&self, bytes: &[u8], patches: Patches) -> Result<Box<dyn AnyVm>, LoadError>;
    /// Whether upstream's changes to a Go program are those that its release needs.
    fn patches_fit(&self, bytes: &[u8]) -> bool;
    /// Reads a state, from a file with this name, whose guest uses at most this many bytes of memory.
    ///
    /// # Errors
    /// If it is not a state of this VM, or is larger.
    fn load_state(
        &self,
        path: &Path,
        kind: FileKind,
        input: &mut dyn Read,
        max_memory: u64,
    ) -> Result<Box<dyn AnyVm>, FileError>;
    /// What a store of its states has to know.
    fn store_vm(&self) -> fpvm_checkpoints::store::Vm;
    /// Verifies a step, over the parts of pre-images that `parts` gives, and says what it did.
    ///
    /// # Errors
    /// If the proof shows nothing.
    fn verify(&self, proof: &StepProof, parts: Parts<'_>) -> Result<StepExplanation, VerifyError>;
    /// The compact form of a proof's memory part.
    ///
    /// # Errors
    /// If the proof shows nothing.
    fn compact(&self, proof: &StepProof) -> Result<Vec<u8>, VerifyError>;
}

impl<I: Guest> AnyIsa for Info<I> {
    fn name(&self) -> &'static str {
        I::NAME
    }

    fn version(&self) -> Option<u8> {
        I::FILE.version
    }

    fn about(&self) -> About {
        I::about()
    }

    fn elf(&self) -> Option<ElfTarget> {
        I::ELF
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

    fn is_witness(&self, bytes: &[u8]) -> bool {
        State::<I>::from_witness(bytes).is_ok()
    }

    fn is_program(&self, bytes: &[u8]) -> bool {
        I::is_program(bytes)
    }

    fn load_program(&self, bytes: &[u8], patches: Patches) -> Result<Box<dyn AnyVm>, LoadError> {
        Ok(Box::new(load::<I>(bytes, patches)?))
    }

    fn patches_fit(&self, bytes: &[u8]) -> bool {
        let Ok(plain) = I::load(bytes, &[]) else {
            return true;
        };
        let (plain, needed) = needed_patches(plain, bytes);
        // Patches of functions that the program does not have do nothing.
        let done = |patches: &[Patch]| {
            let here = patches.iter();
            let here = here.filter(|patch| plain.symbols.named(patch.symbol).is_some());
            here.map(|patch| (patch.symbol, patch.bytes))
                .collect::<BTreeSet<_>>()
        };
        done(&needed) == done(I::upstream_patches())
    }

    fn load_state(
        &self,
        path: &Path,
        kind: FileKind,
        input: &mut dyn Read,
        max_memory: u64,
    ) -> Result<Box<dyn AnyVm>, FileError> {
        let vm = state_file::read::<I>(input, kind, max_memory);
        let vm = vm.map_err(|kind| FileError {
            path: path.into(),
            kind,
        });
        Ok(Box::new(vm?))
    }

    fn store_vm(&self) -> fpvm_checkpoints::store::Vm {
        fpvm_checkpoints::store::Vm::of::<I>()
    }

    fn verify(&self, proof: &StepProof, parts: Parts<'_>) -> Result<StepExplanation, VerifyError> {
        StepExplanation::verify::<I>(proof, parts)
    }

    fn compact(&self, proof: &StepProof) -> Result<Vec<u8>, VerifyError> {
        let part = &mut |key: &[u8; 32], offset| proof.part(key, offset);
        compact::encode::<I>(&proof.state_data, &proof.proof_data, part)
    }
}

/// Loads a program with the patches that were chosen.
fn load<I: Guest>(bytes: &[u8], patches: Patches) -> Result<Vm<I>, LoadError> {
    let patches = match patches {
        Patches::Upstream => I::upstream_patches().to_vec(),
        Patches::Auto => needed_patches(I::load(bytes, &[])?, bytes).1,
        Patches::None => Vec::new(),
    };
    I::load(bytes, &patches)
}

/// The patches that the program's Go release needs, and the program without any patches.
fn needed_patches<I: Guest>(mut plain: Vm<I>, bytes: &[u8]) -> (Vm<I>, Vec<Patch>) {
    let release = go::release(bytes);
    let (upstream, later) = (I::upstream_patches(), I::about().later_patches);
    let patches = go::patches(&mut plain, release.as_deref(), upstream, later);
    (plain, patches)
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}
