//! Errors between a file and a machine.

use fpvm_core::formats::guest::LoadError;
use fpvm_core::formats::state_file::FileError;
use std::io;
use std::path::PathBuf;

/// Why there is no VM, or no machine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No VM has this ISA name.
    #[error("there is no ISA `{name}`; there are: {}", known.join(", "))]
    UnknownIsa {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// No VM has this type.
    #[error("the VM type {vm_type} does not exist; there are {known}")]
    UnknownType {
        /// The type.
        vm_type: String,
        /// The types that there are, in words.
        known: String,
    },
    /// Only upstream has VMs of this type.
    #[error(
        "the VM type {vm_type} (state version {version}) is not supported, but by upstream's cannon \
         {release}; there are {known}"
    )]
    UpstreamType {
        /// The type.
        vm_type: String,
        /// Its state version.
        version: usize,
        /// The release of upstream's program.
        release: &'static str,
        /// The types that there are, in words.
        known: String,
    },
    /// A list of VMs in which a file could be for two of them.
    #[error("the VMs {first} and {second} cannot be told apart: {why}")]
    Ambiguous {
        /// The type of one.
        first: &'static str,
        /// The type of the other.
        second: &'static str,
        /// What they have in common, and what to change.
        why: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is larger than any that makes sense.
    #[error("{} has more than {limit} bytes: no such file is read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// No VM takes the program.
    #[error("{found}; there are VMs for {}", programs(taken))]
    NoVm {
        /// What it is, in words.
        found: String,
        /// What the VMs take: in words, and the ISA's name.
        taken: Vec<(&'static str, &'static str)>,
    },
    /// The program cannot be loaded.
    #[error(transparent)]
    Load(LoadError),
    /// The program in a file cannot be loaded.
    #[error("cannot load {}", path.display())]
    LoadFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<Self>,
    },
    /// The guest needs more memory than it may have, before its first step.
    #[error("the guest starts with {used} bytes of memory, and may use {limit}")]
    Memory {
        /// Bytes of its pages.
        used: u64,
        /// Bytes that it may have.
        limit: u64,
    },
    /// A file that is neither a program nor a state of these VMs.
    #[error("{} is neither a program nor a state of one of {known}", path.display())]
    UnknownFile {
        /// The file.
        path: PathBuf,
        /// The VM types, in words.
        known: String,
    },
    /// A file that is not a JSON object.
    #[error("{} is no JSON state", path.display())]
    NoJson {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A state of another VM than the one that was asked for.
    #[error("{} is a state of VM type {found}, and not one of {wanted}", path.display())]
    OtherVm {
        /// The file.
        path: PathBuf,
        /// The type of its VM.
        found: &'static str,
        /// The type that was asked for.
        wanted: &'static str,
    },
    /// A state of a VM that is not in the list.
    #[error("{} is a state of VM type {found}, which is not among {known}", path.display())]
    NotListed {
        /// The file.
        path: PathBuf,
        /// The type of its VM.
        found: &'static str,
        /// The types in the list, in words.
        known: String,
    },
    /// A state that only upstream's program reads.
    #[error(
        "{} is a state of version {version}, VM type {vm_type}, which fpvm does not have: upstream's \
         cannon {release} reads it; there are {known}",
        path.display()
    )]
    UpstreamState {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u8,
        /// The type of its VM.
        vm_type: &'static str,
        /// The release of upstream's program.
        release: &'static str,
        /// The types that there are, in words.
        known: String,
    },
    /// A state file that cannot be read.
    #[error(transparent)]
    State(#[from] FileError),
    /// No VM has packed states of this length.
    #[error("the packed state has {len} bytes, and there are {known}")]
    NoWitness {
        /// The length in bytes.
        len: usize,
        /// The lengths that there are, with their VMs, in words.
        known: String,
    },
    /// The translator cannot run on this machine.
    #[error("cannot translate guests on this machine")]
    NoTranslator(#[source] io::Error),
}

fn programs(taken: &[(&str, &str)]) -> String {
    let mut taken: Vec<_> = taken.to_vec();
    taken.dedup();
    let taken = taken
        .iter()
        .map(|(program, isa)| format!("{program} ({isa})"));
    taken.collect::<Vec<_>>().join(", ")
}
