//! The anchor state registry: for each type of game, the newest output root that a game has
//! confirmed. New games start from it.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::claim::{GameStatus, OutputRoot};
use crate::factory::Factory;
use crate::game::Game;
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
    pub fn try_update(&mut self, factory: &Factory, game: &Game) -> Result<(), Revert> {
        require_registered(factory, game)?;
        let newer = game.proposal().l2_block > self.anchor(game_type(game)).block;
        if newer && game.status() == GameStatus::DefenderWins {
            self.set(game);
        }
        Ok(())
    }

    /// Takes the proposal of `game` as the anchor, even an older one, for the guardian.
    ///
    /// # Errors
    /// In this order: `Unauthorized`, `UnregisteredGame`, `InvalidGameStatus`.
    pub fn set_anchor(
        &mut self,
        factory: &Factory,
        from: Address,
        game: &Game,
    ) -> Result<(), Revert> {
        if from != self.guardian {
            return Err(Revert::Unauthorized);
        }
        require_registered(factory, game)?;
        if game.status() != GameStatus::DefenderWins {
            return Err(Revert::InvalidGameStatus);
        }
        self.set(game);
        Ok(())
    }

    fn set(&mut self, game: &Game) {
        let proposal = game.proposal();
        let root = OutputRoot {
            root: proposal.root_claim,
            block: proposal.l2_block,
        };
        self.anchors.insert(game_type(game), root);
    }
}

fn game_type(game: &Game) -> u32 {
    game.rules().params().game_type
}

fn require_registered(factory: &Factory, game: &Game) -> Result<(), Revert> {
    let extra: [u8; 32] = game.proposal().l2_block.to_be_bytes();
    match factory.game(game_type(game), game.proposal().root_claim, &extra) {
        Some(address) if address == game.address() => Ok(()),
        _ => Err(Revert::UnregisteredGame),
    }
}
