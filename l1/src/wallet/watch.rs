//! For how long the wallet waits for a chain that brings nothing new.

use super::{Policy, SendError};
use crate::{B256, Block, Error};
use std::time::{Duration, Instant};

/// Why a look at the chain failed.
pub(super) enum Trouble {
    /// The node does not answer, which may pass.
    Silent(Error),
    /// The sending has to end.
    Over(SendError),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable { .. } | Error::NoBlock { .. } => Self::Silent(error),
            other => Self::Over(other.into()),
        }
    }
}

/// When it is time to stop waiting.
pub(super) struct Watch {
    patience: Duration,
    since: Instant,
    head: Option<B256>,
}

impl Watch {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            patience: policy.patience,
            since: Instant::now(),
            head: None,
        }
    }

    /// Whether this has been the newest block for too long.
    pub(super) fn is_over(&mut self, head: &Block) -> bool {
        if self.head.replace(head.hash) != Some(head.hash) {
            self.since = Instant::now();
        }
        self.is_silent()
    }

    pub(super) fn is_silent(&self) -> bool {
        self.since.elapsed() > self.patience
    }
}
