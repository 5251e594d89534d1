//! The machine of one dispute: as it is, or its states on disk.

use std::fmt::Display;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use checkpoints::library::LibraryError;
use checkpoints::warm::{Shelf, Warm};
use dispute::trace::Inputs;
use tempfile::TempDir;

use super::{Program, Prover};

/// The machine of a dispute.
pub(super) enum Kept<M> {
    /// There is none.
    New,
    /// As it is, with states that it has been in.
    Warm(Box<Warm<M>>),
    /// States that it has been in.
    Shelved(Box<Shelf>),
}

impl<M: Prover> Kept<M>
where
    M::Error: Display + From<LibraryError>,
{
    /// A machine on `inputs` that goes on where this one was.
    pub(super) fn warm<P: Program<Machine = M, Error = M::Error>>(
        self,
        program: &P,
        inputs: &Inputs,
        every: u64,
    ) -> Result<Warm<M>, P::Error> {
        match self {
            Self::Warm(warm) => Ok(*warm),
            Self::New => Warm::new(program.start(inputs)?, every, None),
            Self::Shelved(shelf) => Warm::unshelve(program.start(inputs)?, every, *shelf),
        }
    }

    /// Whether it takes memory.
    pub(super) const fn is_warm(&self) -> bool {
        matches!(self, Self::Warm(_))
    }
}

/// Where the states of machines go that are given up for room: a folder that goes with it.
pub(super) struct Shelves {
    folder: OnceLock<Option<TempDir>>,
    count: AtomicU64,
}

impl Shelves {
    pub(super) const fn new() -> Self {
        Self {
            folder: OnceLock::new(),
            count: AtomicU64::new(0),
        }
    }

    /// Leaves only states on disk of a machine; nothing where there is no room for them, and the program
    /// is run anew then.
    pub(super) fn shelve<M>(&self, kept: &mut Kept<M>)
    where
        M: Prover,
        M::Error: Display + From<LibraryError>,
    {
        let warm = match std::mem::replace(kept, Kept::New) {
            Kept::Warm(warm) => warm,
            other => {
                *kept = other;
                return;
            }
        };
        let folder = self.folder.get_or_init(|| tempfile::tempdir().ok());
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let place = folder.as_ref().map(|f| f.path().join(number.to_string()));
        let place = place.filter(|place| std::fs::create_dir(place).is_ok());
        let place = place.as_ref().and_then(|place| place.to_str());
        let vm = warm.machine().store_vm();
        let Some(place) = place else {
            tracing::warn!(target: "vm", "There is no folder for states: a program will be run anew");
            return;
        };
        match warm.shelve(place, vm) {
            Ok(shelf) => *kept = Kept::Shelved(Box::new(shelf)),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(target: "vm", error, "States cannot be kept: a program will be run anew");
            }
        }
    }
}
