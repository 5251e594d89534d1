//! The anchor state registry: where new games start.
//!
//! In 2024 it kept an anchor for each type of game ([`AnchorRegistry`]), since then it is also the judge
//! over games ([`Judge`]). It knows neither games nor the factory: what it asks of them is told to it, as a
//! [`Candidate`].

mod anchors;
mod judge;

use alloy_primitives::Address;

use crate::claim::{GameStatus, OutputRoot};
pub use anchors::AnchorRegistry;
pub use judge::{Judge, Moment};

/// What a registry asks of a game.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The game's contract.
    pub game: Address,
    /// Its type.
    pub game_type: u32,
    /// Whether the factory made it.
    pub registered: bool,
    /// Whether its type was the one that counts when it was made.
    pub respected: bool,
    /// L1 time of its creation, in seconds.
    pub created_at: u64,
    /// L1 time of its resolution, in seconds; 0 before.
    pub resolved_at: u64,
    /// How it stands.
    pub status: GameStatus,
    /// What it proposes.
    pub proposal: OutputRoot,
}

/// A registry of either kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Registry {
    /// Of 2024.
    Anchors(AnchorRegistry),
    /// Of 2025 and later.
    Judge(Judge),
}

impl Registry {
    /// What a new game of a type starts from; all zero where there is nothing.
    pub fn anchor(&self, game_type: u32) -> OutputRoot {
        match self {
            Self::Anchors(anchors) => anchors.anchor(game_type),
            Self::Judge(judge) => judge.anchor(),
        }
    }

    /// The judge, where there is one.
    pub const fn judge(&self) -> Option<&Judge> {
        match self {
            Self::Anchors(_) => None,
            Self::Judge(judge) => Some(judge),
        }
    }

    /// Whether a game of this type that is made now counts. No type does before there was a judge.
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
