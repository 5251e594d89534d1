//! Why a machine cannot go on.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy_primitives::B256;
use fpvm_checkpoints::library::LibraryError;
use fpvm_core::formats::elf::ElfError;
use fpvm_core::machine::snapshot::SnapshotError;
use fpvm_core::machine::vm::VmError;
use fpvm_core::step::oracle::NoPreimages;

/// Why a machine cannot go on, or was not started.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The program faults, or reads a pre-image that no source has: upstream's VM panics at either.
    #[error("{error}")]
    Faulted {
        /// The VM, as upstream names its type.
        vm_type: &'static str,
        /// The fault.
        error: VmError,
    },
    /// A step fails for another reason: the host fails, or this machine's memory is used up.
    #[error(transparent)]
    Vm(VmError),
    /// The caller has asked to end.
    #[error("interrupted")]
    Interrupted,
    /// The program cannot be loaded.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// The function that loads the program or asks the machine fails.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
    /// There is no source of pre-images.
    #[error(transparent)]
    Preimages(#[from] fpvm_oracle::Error),
    /// A snapshot belongs to something else.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Checkpoints cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A word of the host's command line has a placeholder that does not exist.
    #[error("the host's argument `{word}` has {{l{name}}}, and there is no such value")]
    NoSuchValue {
        /// The word.
        word: String,
        /// The text after `{l`.
        name: String,
    },
    /// The party does not agree with the state that a dispute of a super game starts from, so it knows only its hash.
    #[error("the host's arguments ask for the agreed state {0}, of which only the hash is known")]
    NoAgreedState(B256),
    /// A word of the host's command line asks for the hash of an L2 block, and no node gives it.
    #[error("the host's arguments ask for {{l2.head}}: {0}")]
    NoHead(String),
}

impl MachineError {
    /// What an error of a VM means for the machine that runs it; `interrupted` is set once the machine has to end.
    pub fn of(vm_type: &'static str, interrupted: &AtomicBool, error: VmError) -> Self {
        let is_fault = match &error {
            VmError::Fault(_) => true,
            VmError::Oracle { source, .. } => {
                let missing = source.downcast_ref::<fpvm_oracle::Error>();
                source.is::<NoPreimages>()
                    || matches!(missing, Some(fpvm_oracle::Error::Missing { .. }))
            }
            VmError::Memory { .. } | VmError::Io(_) => false,
        };
        if is_fault {
            Self::Faulted { vm_type, error }
        } else if interrupted.load(Ordering::Relaxed) {
            // The signal made the step fail, so the failure is not an error of its own.
            Self::Interrupted
        } else {
            Self::Vm(error)
        }
    }
}
