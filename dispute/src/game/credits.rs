//! Credits: who gets the bonds of a game, and when.
//!
//! A game of 1.3.1 unlocks a bond when its claim is resolved, and pays at once after the vault's delay.
//! A later one is *closed* first, when the judge has had its time: for good, its bonds then go to whoever
//! won them, or back to whoever posted them if the judge has struck the game off. Each account is then
//! paid in two steps: its credit is unlocked, and after the vault's delay withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Address;

use super::Game;
use crate::claim::GameStatus;
use crate::registry::{Judge, Moment};
use crate::revert::Revert;
use crate::vault::Vault;

/// Who gets the bonds, numbered as upstream's `BondDistributionMode`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u8)]
pub enum BondMode {
    /// Not decided: the game has not been closed. Stays so in a game that pays at resolution.
    #[default]
    Undecided = 0,
    /// The accounts that won them.
    Normal = 1,
    /// The accounts that posted them.
    Refund = 2,
}

/// The credits of all accounts in a game.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Credits {
    /// Wei that each account has won in resolved subgames and has not been paid.
    pub normal: BTreeMap<Address, u128>,
    /// Wei that each account has posted and has not been paid. A game that pays at resolution does not keep this.
    pub refund: BTreeMap<Address, u128>,
    /// The accounts whose credit was unlocked after closing.
    pub unlocked: BTreeSet<Address>,
    /// Who gets the bonds.
    pub mode: BondMode,
}

impl Credits {
    /// Wei that `account` gets; while nothing is decided, the amount that it has won.
    pub fn of(&self, account: Address) -> u128 {
        self.in_mode(self.mode, account)
    }

    /// Wei that `account` would get in this mode.
    pub(super) fn in_mode(&self, mode: BondMode, account: Address) -> u128 {
        let credits = match mode {
            BondMode::Refund => &self.refund,
            BondMode::Undecided | BondMode::Normal => &self.normal,
        };
        credits.get(&account).copied().unwrap_or_default()
    }

    /// Notes that `account` has posted a bond of `wei`.
    pub(super) fn post(&mut self, account: Address, wei: u128) {
        add(&mut self.refund, account, wei);
    }

    /// Gives `account` a bond of `wei`.
    pub(super) fn award(&mut self, account: Address, wei: u128) {
        add(&mut self.normal, account, wei);
    }
}

/// A payment that is being made; it holds what has to be put back if the payment fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Taken {
    pub(crate) wei: u128,
    normal: u128,
    refund: u128,
}

impl Game {
    /// Decides who gets the bonds, and offers the proposal as the anchor. If that was done before it does
    /// nothing and gives `false`. `registered` is whether the factory made the game.
    ///
    /// # Errors
    /// In this order: `GamePaused` (from 1.7 on; in a super game even where it is closed), `GameNotResolved`,
    /// `GameNotFinalized`.
    pub fn close(
        &mut self,
        judge: &mut Judge,
        registered: bool,
        at: Moment,
    ) -> Result<bool, Revert> {
        let version = self.version();
        let is_stopped = at.paused && version.is_stopped_by_pause();
        // The super game checks for a pause before anything else, so that none of its credits is paid during one.
        if is_stopped && version.is_super() {
            return Err(Revert::GamePaused);
        }
        if self.credits.mode != BondMode::Undecided {
            return Ok(false);
        }
        if is_stopped {
            return Err(Revert::GamePaused);
        }
        if self.status == GameStatus::InProgress {
            return Err(Revert::GameNotResolved);
        }
        let candidate = self.candidate(registered);
        if !judge.is_finalized(&candidate, at.now) {
            return Err(Revert::GameNotFinalized);
        }
        // It may be older than the anchor, or lost; that matters to nobody here.
        let _ = judge.set_anchor(&candidate, at);
        self.credits.mode = if judge.is_proper(&candidate, at) {
            BondMode::Normal
        } else {
            BondMode::Refund
        };
        Ok(true)
    }

    /// Unlocks the credit of `recipient` in the vault, if it is not unlocked yet; returns the amount in
    /// wei.
    pub(crate) fn unlock(
        &mut self,
        vault: &mut Vault,
        recipient: Address,
        now: u64,
    ) -> Option<u128> {
        if !self.credits.unlocked.insert(recipient) {
            return None;
        }
        let wei = self.credits.of(recipient);
        vault.unlock(self.address, recipient, wei, now);
        Some(wei)
    }

    /// Takes the whole credit of `recipient`, to be withdrawn from the vault and paid.
    ///
    /// # Errors
    /// `NoCreditToClaim`.
    pub(crate) fn take_credit(&mut self, recipient: Address) -> Result<Taken, Revert> {
        let wei = self.credits.of(recipient);
        if wei == 0 {
            return Err(Revert::NoCreditToClaim);
        }
        let take = |credits: &mut BTreeMap<_, _>| credits.remove(&recipient).unwrap_or_default();
        Ok(Taken {
            wei,
            normal: take(&mut self.credits.normal),
            refund: take(&mut self.credits.refund),
        })
    }

    /// Undoes [`Game::take_credit`].
    pub(crate) fn give_back(&mut self, recipient: Address, taken: &Taken) {
        add(&mut self.credits.normal, recipient, taken.normal);
        add(&mut self.credits.refund, recipient, taken.refund);
    }
}

fn add(credits: &mut BTreeMap<Address, u128>, account: Address, wei: u128) {
    if wei > 0 {
        let credit = credits.entry(account).or_default();
        *credit = credit.saturating_add(wei);
    }
}
