//! A checkpoint.

use crate::root::Root;
use serde::{Deserialize, Serialize};

/// A checkpoint: the state root at a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The step counter.
    pub step: u64,
    /// The state root there.
    pub root: Root,
}
