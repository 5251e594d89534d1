//! A game made of the parts that can be read from its contract.

use std::sync::Arc;

use alloy_primitives::Address;
use thiserror::Error;

use super::credits::Credits;
use super::{Checkpoint, Game, Proposal, Subgame};
use crate::claim::{ClaimData, GameStatus, OutputRoot, Side};
use crate::fees::FeeMeter;
use crate::rules::Rules;

/// The parts of a game that can be read from its contract.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The rules of the game.
    pub rules: Arc<Rules>,
    /// The game's address.
    pub address: Address,
    /// The proposal that it is about.
    pub proposal: Proposal,
    /// The anchor that both sides agree on.
    pub starting: OutputRoot,
    /// L1 time of its creation, in seconds.
    pub created_at: u64,
    /// L1 time of its resolution, in seconds; 0 before.
    pub resolved_at: u64,
    /// The game's status.
    pub status: GameStatus,
    /// Who showed that the proposal's block number is wrong.
    pub block_challenger: Option<Address>,
    /// All claims, oldest first.
    pub claims: Vec<ClaimData>,
    /// By claim, whether its subgame is resolved.
    pub resolved: Vec<bool>,
    /// By claim, the state of a resolution in pages, if one was begun.
    pub checkpoints: Vec<Option<Checkpoint>>,
    /// The credits of the accounts that were asked about.
    pub credits: Credits,
    /// Whether its type was the respected one when it was made.
    pub was_respected: bool,
    /// The state of the fee samples.
    pub fees: FeeMeter,
}

/// Why claims cannot be those of a game.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PartsError {
    /// There is no root claim.
    #[error("the game has no claims: it was not initialized")]
    NoRoot,
    /// A claim that does not answer an older one, or the first that does.
    #[error("claim {0} does not answer an older claim")]
    Orphan(usize),
    /// A claim at a position at which it does not answer its parent.
    #[error("claim {0} does not stand where an answer to its parent would")]
    Misplaced(usize),
}

impl Game {
    /// The game of these parts.
    ///
    /// # Errors
    /// If they do not fit each other.
    pub fn from_parts(parts: Parts) -> Result<Self, PartsError> {
        let claims = &parts.claims;
        let mut subgames = vec![Subgame::default(); claims.len()];
        match claims.first() {
            // A game that is won at its creation has no claims.
            None if parts.rules.params().version.is_won_at_creation() => (),
            None => return Err(PartsError::NoRoot),
            Some(root) if root.parent.is_some() => return Err(PartsError::Orphan(0)),
            Some(_) => (),
        }
        for (index, claim) in claims.iter().enumerate().skip(1) {
            let parent = claim.parent.filter(|parent| *parent < index);
            let parent = parent.ok_or(PartsError::Orphan(index))?;
            let above = claims.get(parent).ok_or(PartsError::Orphan(index))?;
            let fits = |side: &Side| above.position.answered(*side) == claim.position;
            if !Side::ALL.iter().any(fits) {
                return Err(PartsError::Misplaced(index));
            }
            if let Some(subgame) = subgames.get_mut(parent) {
                subgame.answers.push(index);
            }
        }
        for (subgame, resolved) in subgames.iter_mut().zip(parts.resolved) {
            subgame.resolved = resolved;
        }
        for (subgame, checkpoint) in subgames.iter_mut().zip(parts.checkpoints) {
            subgame.checkpoint = checkpoint;
        }
        Ok(Self {
            rules: parts.rules,
            address: parts.address,
            proposal: parts.proposal,
            starting: parts.starting,
            created_at: parts.created_at,
            resolved_at: parts.resolved_at,
            status: parts.status,
            block_challenger: parts.block_challenger,
            claims: parts.claims,
            subgames,
            credits: parts.credits,
            was_respected: parts.was_respected,
            fees: parts.fees,
        })
    }

    /// The parts of which [`Game::from_parts`] makes this game.
    pub fn parts(&self) -> Parts {
        Parts {
            rules: self.rules.clone(),
            address: self.address,
            proposal: self.proposal.clone(),
            starting: self.starting,
            created_at: self.created_at,
            resolved_at: self.resolved_at,
            status: self.status,
            block_challenger: self.block_challenger,
            claims: self.claims.clone(),
            resolved: self
                .subgames
                .iter()
                .map(|subgame| subgame.resolved)
                .collect(),
            checkpoints: self
                .subgames
                .iter()
                .map(|subgame| subgame.checkpoint.clone())
                .collect(),
            credits: self.credits.clone(),
            was_respected: self.was_respected,
            fees: self.fees,
        }
    }
}
