//! The machine of one dispute: in memory, or as states on disk.

use std::fmt::Display;

use fpvm_checkpoints::library::LibraryError;
use fpvm_checkpoints::warm::{DiskCache, Warm};

use crate::program::{Program, Prover};

/// The machine of a dispute.
pub(crate) enum CachedMachine<M> {
    /// There is no machine yet.
    New,
    /// The machine is in memory, with states that it has been in.
    Warm(Box<Warm<M>>),
    /// Only states that it has been in, on disk.
    Spilled(Box<DiskCache>),
}

impl<M: Prover> CachedMachine<M>
where
    M::Error: Display + From<LibraryError>,
{
    /// A machine on `inputs` that goes on where this one was.
    pub(crate) fn warm<I, P: Program<I, Machine = M, Error = M::Error>>(
        self,
        program: &P,
        inputs: &I,
        every: u64,
    ) -> Result<Warm<M>, P::Error> {
        match self {
            Self::Warm(warm) => Ok(*warm),
            Self::New => Warm::new(program.start(inputs)?, every, None),
            Self::Spilled(disk) => Warm::restart(program.start(inputs)?, every, *disk),
        }
    }

    /// Whether the machine is in memory.
    pub(crate) const fn is_warm(&self) -> bool {
        matches!(self, Self::Warm(_))
    }

    /// Moves the machine's states to disk. If there is no room for them nothing is kept, and the program is
    /// run anew.
    pub(crate) fn spilled(self) -> Self {
        let warm = match self {
            Self::Warm(warm) => warm,
            other => return other,
        };
        let vm = warm.machine().store_vm();
        match warm.spill(vm) {
            Ok(disk) => Self::Spilled(Box::new(disk)),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(target: "vm", error, "States cannot be kept: a program will be run anew");
                Self::New
            }
        }
    }
}
