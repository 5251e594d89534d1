//! The anchor state registry: where new games start.
//!
//! In 2024 it kept an anchor for each type of game ([`AnchorRegistry`]); since then it is also the judge
//! over games ([`Judge`]). It knows neither games nor the factory: callers give it what it needs to know
//! about them, as a [`Candidate`].

mod anchors;
mod judge;

use alloy_primitives::Address;

use crate::claim::{GameStatus, OutputRoot};
pub use anchors::AnchorRegistry;
pub use judge::{Judge, Moment};

/// What a registry needs to know about a game.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The game's contract.
    pub game: Address,
    /// Its type.
    pub game_type: u32,
    /// Whether the factory made it.
    pub registered: bool,
    /// Whether its type was the respected one when it was made.
    pub respected: bool,
    /// L1 time of its creation, in seconds.
    pub created_at: u64,
    /// L1 time of its resolution, in seconds; 0 before.
    pub resolved_at: u64,
    /// Its status.
    pub status: GameStatus,
    /// Its proposal.
    pub proposal: OutputRoot,
}

/// A registry of either kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Registry {
    /// The registry of 2024.
    Anchors(AnchorRegistry),
    /// The registry of 2025 and later.
    Judge(Judge),
}

impl Registry {
    /// The anchor that a new game of a type starts from; all zero if there is none.
    pub fn anchor(&self, game_type: u32) -> OutputRoot {
        match self {
            Self::Anchors(anchors) => anchors.anchor(game_type),
            Self::Judge(judge) => judge.anchor(),
        }
    }

    /// The judge, if there is one.
    pub const fn judge(&self) -> Option<&Judge> {
        match self {
            Self::Anchors(_) => None,
            Self::Judge(judge) => Some(judge),
        }
    }

    /// Whether a game of this type that is made now counts. Without a judge no type does.
    pub fn respects(&self, game_type: u32) -> bool {
        self.judge()
            .is_some_and(|judge| judge.respected_type() == game_type)
    }

    /// The registry's contract.
    pub const fn address(&self) -> Address {
        match self {
            Self::Anchors(_) => Address::ZERO,
            Self::Judge(judge) => judge.address(),
        }
    }
}

impl From<AnchorRegistry> for Registry {
    fn from(anchors: AnchorRegistry) -> Self {
        Self::Anchors(anchors)
    }
}

impl From<Judge> for Registry {
    fn from(judge: Judge) -> Self {
        Self::Judge(judge)
    }
}
