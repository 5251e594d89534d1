//! The registry of 2024: for each type of game, the newest output root that a game has confirmed.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use super::Candidate;
use crate::claim::{GameStatus, OutputRoot};
use crate::revert::Revert;

/// The registry (upstream's `AnchorStateRegistry` of 2024).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnchorRegistry {
    guardian: Address,
    anchors: BTreeMap<u32, OutputRoot>,
}

impl AnchorRegistry {
    /// A registry with the first anchor of each type of game.
    pub fn new(guardian: Address, anchors: impl IntoIterator<Item = (u32, OutputRoot)>) -> Self {
        Self {
            guardian,
            anchors: anchors.into_iter().collect(),
        }
    }

    /// The anchor of a type of game; all zero where there is none.
    pub fn anchor(&self, game_type: u32) -> OutputRoot {
        self.anchors.get(&game_type).copied().unwrap_or_default()
    }

    /// Takes the proposal of `game` as the anchor, if it has been confirmed and is newer. Called by
    /// each game when it resolves.
    ///
    /// # Errors
    /// `UnregisteredGame` if the factory does not know the game.
    pub fn try_update(&mut self, game: &Candidate) -> Result<(), Revert> {
        require_registered(game)?;
        let newer = game.proposal.block > self.anchor(game.game_type).block;
        if newer && game.status == GameStatus::DefenderWins {
            self.anchors.insert(game.game_type, game.proposal);
        }
        Ok(())
    }

    /// Takes the proposal of `game` as the anchor, even an older one, for the guardian.
    ///
    /// # Errors
    /// In this order: `Unauthorized`, `UnregisteredGame`, `InvalidGameStatus`.
    pub fn set_anchor(&mut self, from: Address, game: &Candidate) -> Result<(), Revert> {
        if from != self.guardian {
            return Err(Revert::Unauthorized);
        }
        require_registered(game)?;
        if game.status != GameStatus::DefenderWins {
            return Err(Revert::InvalidGameStatus);
        }
        self.anchors.insert(game.game_type, game.proposal);
        Ok(())
    }
}

const fn require_registered(game: &Candidate) -> Result<(), Revert> {
    if game.registered {
        Ok(())
    } else {
        Err(Revert::UnregisteredGame)
    }
}
