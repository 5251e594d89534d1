//! Which flag can do something about an error of a library, which knows of no flags.

use fpvm_challenger::factory::CreateError;
use fpvm_core::formats::elf::ElfError;
use fpvm_core::formats::state_file::{FileError, FileErrorKind};
use fpvm_core::machine::memory::MemoryLimit;
use fpvm_core::machine::vm::VmError;
use fpvm_core::step::oracle::NoPreimages;
use fpvm_trace::MachineError;
use std::error::Error;

const MAX_MEMORY: &str = "raise --max-memory";
const CHECK_TYPE: &str = "check --isa and --type";

/// The flag that helps, as the end of a sentence. Only the error itself is looked at, and what it holds where
/// that is not among its causes.
pub(crate) fn hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<fpvm::Error>() {
        return facade(error);
    }
    if let Some(error) = error.downcast_ref::<MachineError>() {
        return machine(error);
    }
    if let Some(error) = error.downcast_ref::<VmError>() {
        return vm(error);
    }
    if let Some(error) = error.downcast_ref::<ElfError>() {
        return match error {
            ElfError::Target { .. } => Some("or choose another --isa"),
            ElfError::NoSymbols => Some("or load it with --patch none"),
            ElfError::Memory(_) => Some(MAX_MEMORY),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<FileError>() {
        return state_file(&error.kind);
    }
    if let Some(CreateError::UnknownType { .. }) = error.downcast_ref() {
        return Some("--game-type chooses another");
    }
    if let Some(fpvm_l1::Error::SeveralChains { .. }) = error.downcast_ref() {
        return Some("--chain-id does");
    }
    if error.is::<NoPreimages>() {
        return Some("give `--preimages DIR|DB` or `-- HOST ARGS`");
    }
    error.is::<MemoryLimit>().then_some(MAX_MEMORY)
}

fn facade(error: &fpvm::Error) -> Option<&'static str> {
    match error {
        fpvm::Error::Memory { .. } => Some(MAX_MEMORY),
        fpvm::Error::UnknownFile { .. } => Some("tell with --isa what it is"),
        fpvm::Error::NoTranslator(_) => Some("use --tier interpreter"),
        // These say what is in them, and so hide it from the list of causes.
        fpvm::Error::Load(error) => hint(error.as_ref()),
        fpvm::Error::LoadFile { source, .. } => facade(source),
        fpvm::Error::State(error) => state_file(&error.kind),
        _ => None,
    }
}

fn machine(error: &MachineError) -> Option<&'static str> {
    match error {
        MachineError::Faulted { error, .. } | MachineError::Vm(error) => vm(error),
        MachineError::Other(error) => hint(error.as_ref()),
        _ => None,
    }
}

fn vm(error: &VmError) -> Option<&'static str> {
    match error {
        VmError::Memory { .. } => Some(MAX_MEMORY),
        VmError::Oracle { source, .. } => hint(source.as_ref()),
        VmError::Fault(_) | VmError::Io(_) => None,
    }
}

fn state_file(kind: &FileErrorKind) -> Option<&'static str> {
    match kind {
        FileErrorKind::Memory(_) => Some(MAX_MEMORY),
        FileErrorKind::Version { .. } | FileErrorKind::Versioned { .. } => Some(CHECK_TYPE),
        _ => None,
    }
}
