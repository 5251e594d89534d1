//! The registry as the judge over games (upstream's `AnchorStateRegistry` from 2.2 on): it says which
//! games count, and has one anchor for all types, the newest proposal that a game has confirmed.

use std::collections::BTreeSet;

use alloy_primitives::Address;

use super::Candidate;
use crate::claim::{GameStatus, OutputRoot};
use crate::revert::Revert;
use crate::version::Version;

/// The judge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judge {
    address: Address,
    version: Version,
    guardian: Address,
    /// Seconds after which a game that was resolved is final.
    delay: u64,
    /// The proposal of this game is the anchor; none for the starting one.
    anchor_game: Option<Address>,
    anchor: OutputRoot,
    respected: u32,
    retired: u64,
    blacklist: BTreeSet<Address>,
}

/// The moment at which the judge is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Whether there is a pause.
    pub paused: bool,
    /// L1 time, in seconds.
    pub now: u64,
}

impl Judge {
    /// A judge at `address` over games of a release, made at `now`: games up to then do not count. Games
    /// start from `anchor` and are final `delay` seconds after their resolution.
    pub const fn new(
        address: Address,
        version: Version,
        guardian: Address,
        delay: u64,
        anchor: OutputRoot,
        respected: u32,
        now: u64,
    ) -> Self {
        Self {
            address,
            version,
            guardian,
            delay,
            anchor_game: None,
            anchor,
            respected,
            retired: now,
            blacklist: BTreeSet::new(),
        }
    }

    /// Its contract.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Seconds after which a game that was resolved is final.
    pub const fn delay(&self) -> u64 {
        self.delay
    }

    /// The anchor, from which new games start.
    pub const fn anchor(&self) -> OutputRoot {
        self.anchor
    }

    /// The game whose proposal is the anchor; none for the first anchor.
    pub const fn anchor_game(&self) -> Option<Address> {
        self.anchor_game
    }

    /// The type of game that counts.
    pub const fn respected_type(&self) -> u32 {
        self.respected
    }

    /// Games made up to this time, in seconds, are struck off.
    pub const fn retirement_timestamp(&self) -> u64 {
        self.retired
    }

    /// Whether this single game was struck off.
    pub fn is_blacklisted(&self, game: Address) -> bool {
        self.blacklist.contains(&game)
    }

    /// Whether the game was struck off with all games that are as old.
    pub const fn is_retired(&self, game: &Candidate) -> bool {
        game.created_at <= self.retired
    }

    /// Whether the factory made the game, it is not struck off, and (from 1.7 on) there is no pause.
    pub fn is_proper(&self, game: &Candidate, at: Moment) -> bool {
        let paused = at.paused && self.version.is_stopped_by_pause();
        game.registered && !self.is_blacklisted(game.game) && !self.is_retired(game) && !paused
    }

    /// Whether the game has been over for longer than the delay.
    pub fn is_finalized(&self, game: &Candidate, now: u64) -> bool {
        game.status != GameStatus::InProgress && now.saturating_sub(game.resolved_at) > self.delay
    }

    /// The time from which on a resolved game is [final](Judge::is_finalized), in seconds.
    pub const fn final_from(&self, game: &Candidate) -> u64 {
        // Longer than the delay.
        let over = game.resolved_at.saturating_add(self.delay);
        over.saturating_add(1)
    }

    /// Whether the game's proposal can be relied on: the game is proper, of the type that was respected
    /// when it was made, final, and won by the defender.
    pub fn is_claim_valid(&self, game: &Candidate, at: Moment) -> bool {
        self.is_proper(game, at)
            && game.respected
            && self.is_finalized(game, at.now)
            && game.status == GameStatus::DefenderWins
    }

    /// Makes the proposal of a game the anchor. Anyone may.
    ///
    /// # Errors
    /// `AnchorStateRegistry_InvalidAnchorGame` if it is not valid, or not newer.
    pub fn set_anchor(&mut self, game: &Candidate, at: Moment) -> Result<(), Revert> {
        if !self.is_claim_valid(game, at) || game.proposal.block <= self.anchor.block {
            return Err(Revert::InvalidAnchorGame);
        }
        self.anchor_game = Some(game.game);
        self.anchor = game.proposal;
        Ok(())
    }

    /// Sets the type of game that counts, of those still to be made.
    ///
    /// # Errors
    /// `AnchorStateRegistry_Unauthorized` if `from` is not the guardian; so the next two.
    pub fn respect(&mut self, from: Address, game_type: u32) -> Result<(), Revert> {
        self.require_guardian(from)?;
        self.respected = game_type;
        Ok(())
    }

    /// Strikes off all games made up to `now`.
    ///
    /// # Errors
    /// As [`Judge::respect`].
    pub fn retire(&mut self, from: Address, now: u64) -> Result<(), Revert> {
        self.require_guardian(from)?;
        self.retired = now;
        Ok(())
    }

    /// Strikes off a game. An anchor stays one.
    ///
    /// # Errors
    /// As [`Judge::respect`].
    pub fn blacklist(&mut self, from: Address, game: Address) -> Result<(), Revert> {
        self.require_guardian(from)?;
        self.blacklist.insert(game);
        Ok(())
    }

    fn require_guardian(&self, from: Address) -> Result<(), Revert> {
        if from != self.guardian {
            return Err(Revert::JudgeUnauthorized);
        }
        Ok(())
    }
}
