//! Why a store cannot be read or written.

use super::Key;
use crate::Root;
use crate::depot::DepotError;
use std::io;

/// A store that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// A page cannot be compressed.
    #[error("{pack}: {source}")]
    Compress {
        /// The pack that it was to go to.
        pack: String,
        /// Why.
        source: io::Error,
    },
    /// A pack that is not as it was written.
    #[error(
        "{pack}: {why}; it was changed or cut off: remove it, and `checkpoints make` makes its states again"
    )]
    Pack {
        /// The pack.
        pack: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something that a state needs is in no pack.
    #[error("the store has no {what} {}, which the state {state} needs: a pack is missing", Root(*key))]
    Missing {
        /// Kind of the record.
        what: &'static str,
        /// Its key.
        key: Key,
        /// Root of the state.
        state: Root,
    },
    /// The state has another root than it is stored under.
    #[error("what is stored as state {expected} has the root {found}")]
    Root {
        /// The root asked for.
        expected: Root,
        /// That of what was loaded.
        found: Root,
    },
}
