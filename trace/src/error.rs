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
    /// The program faults, or reads a pre-image that there is nowhere: upstream's VM panics at either.
    #[error("{error}")]
    Faulted {
        /// The VM, as upstream names its type.
        vm_type: &'static str,
        /// The fault.
        error: VmError,
    },
    /// A step fails otherwise: the host, or the memory of this machine.
    #[error(transparent)]
    Vm(VmError),
    /// Whoever runs it has asked to end.
    #[error("interrupted")]
    Interrupted,
    /// The program cannot be loaded.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// Whoever loads the program, or asks the machine, fails.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
    /// There is no source of pre-images.
    #[error(transparent)]
    Preimages(#[from] fpvm_oracle::Error),
    /// A snapshot is of something else.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Checkpoints cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A word of the host's command line names a value that there is not.
    #[error("the host's argument `{word}` has {{l{name}}}, and there is no such value")]
    NoSuchValue {
        /// The word.
        word: String,
        /// What follows `{l`.
        name: String,
    },
    /// The state that a dispute of a super game starts from is one that the party does not agree with: it knows its hash
    /// alone.
    #[error("the host's arguments ask for the agreed state {0}, of which only the hash is known")]
    NoAgreedState(B256),
    /// A word of the host's command line asks for the hash of an L2 block that nobody tells.
    #[error("the host's arguments ask for {{l2.head}}: {0}")]
    NoHead(String),
}

impl MachineError {
    /// What an error of a VM means for the machine that runs it; `interrupted` is set once it was to end.
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
            // What the signal made fail is not worth a word of its own.
            Self::Interrupted
        } else {
            Self::Vm(error)
        }
    }
}
