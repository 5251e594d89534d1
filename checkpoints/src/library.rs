//! Finished checkpoints: a manifest and its states.

use crate::Root;
use crate::depot::{Depot, DepotError};
use crate::manifest::{Entry, LoadError, Manifest};
use crate::store::{Store, StoreError, Vm};
use fpvm_core::machine::snapshot::Snapshot;

/// A list of checkpoints with their states.
#[derive(Debug)]
pub struct Library {
    /// The list.
    pub manifest: Manifest,
    /// The states.
    pub store: Store,
}

/// Checkpoints that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Their place cannot be opened.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// The manifest cannot be had.
    #[error(transparent)]
    Manifest(#[from] LoadError),
    /// A state cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no folder for temporary files.
    #[error("no folder for a machine's states can be made ({0}): TMPDIR says where")]
    NoDiskCache(#[source] std::io::Error),
    /// They are of another VM.
    #[error("{place} has checkpoints of {found}, and the program is for {expected}")]
    Isa {
        /// Where they are.
        place: String,
        /// What they are of, by name.
        found: String,
        /// The program's.
        expected: String,
    },
    /// They are of another program.
    #[error(
        "{place} has checkpoints of another program: its pre-state is {found}, and {root} is none of its states"
    )]
    Program {
        /// Where they are.
        place: String,
        /// State root that they start from.
        found: Root,
        /// The program's.
        root: Root,
    },
}

impl Library {
    /// Opens the checkpoints at a place. They have to be of the run of a machine of this VM which has this
    /// root at this step.
    pub fn open(place: &str, vm: Vm, step: u64, root: Root) -> Result<Self, LibraryError> {
        let depot = Depot::open(place)?;
        let manifest = Manifest::load(&depot, &Manifest::file_name(None))?;
        let plan = &manifest.plan;
        if plan.isa != vm.isa || plan.vm_type != vm.vm_type {
            let of = |isa: &str, vm_type: &str| format!("{isa} ({vm_type})");
            return Err(LibraryError::Isa {
                place: place.into(),
                found: of(&plan.isa, &plan.vm_type),
                expected: of(vm.isa, vm.vm_type),
            });
        }
        let known = if plan.first_step == step {
            plan.pre_state == root
        } else {
            let entry = manifest.before(step);
            entry.is_some_and(|entry| entry.step == step && entry.root == root)
        };
        if !known {
            return Err(LibraryError::Program {
                place: place.into(),
                found: plan.pre_state,
                root,
            });
        }
        let store = Store::open(&depot, vm)?;
        Ok(Self { manifest, store })
    }

    /// The last checkpoint at or before a step whose state is there.
    pub fn nearest(&self, step: u64) -> Option<&Entry> {
        let entries = &self.manifest.entries;
        let after = entries.partition_point(|entry| entry.step <= step);
        let before = entries.get(..after)?;
        before.iter().rfind(|entry| self.store.has(entry.root))
    }

    /// The state of a checkpoint.
    pub fn state(&mut self, entry: &Entry) -> Result<Option<Snapshot>, LibraryError> {
        Ok(self.store.get(entry.root)?)
    }
}
