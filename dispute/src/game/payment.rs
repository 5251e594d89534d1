//! The state of an account's bonds in a game, and what comes next.
//!
//! There are no rules here: the rules of closing ([`Game::close`]), of credits and of the vault are asked what
//! they would do now, or at the first moment at which they could do it.

use alloy_primitives::Address;

use super::Game;
use super::credits::BondMode;
use crate::claim::GameStatus;
use crate::registry::{Judge, Moment};
use crate::revert::Revert;
use crate::vault::Vault;

/// What the contracts around a game say about it at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Surroundings {
    /// The judge; none for a game that pays at resolution.
    pub judge: Option<Judge>,
    /// The vault, with what it has for this game.
    pub vault: Vault,
    /// Whether the factory made the game.
    pub registered: bool,
    /// The moment.
    pub at: Moment,
}

/// Whether a game is closed, or can be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Closing {
    /// It cannot be closed: it goes on, or pays at resolution.
    None,
    /// It can be closed from some time on.
    From {
        /// That time, in seconds.
        time: u64,
        /// Who gets the bonds then, as things are.
        mode: BondMode,
        /// Why it cannot be closed now although the time has come.
        refused: Option<Revert>,
    },
    /// It is closed.
    Done(BondMode),
}

/// The state of bonds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// Posted: the game is in progress, and bonds may still be won or lost.
    Posted,
    /// Due to the account once the game is closed in this mode, as things are.
    Won(BondMode),
    /// Due to the account: the game is closed in this mode, and they are to be unlocked.
    Closed(BondMode),
    /// Unlocked in the vault, and to be paid. The mode is undecided in a game that pays at resolution.
    Unlocked(BondMode),
    /// Paid.
    Paid(BondMode),
    /// Others got what the account has posted.
    Lost,
    /// The account has none.
    None,
}

/// The bonds of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bonds {
    /// How much is posted, due, or has been paid or lost, in wei.
    pub wei: u128,
    /// The state of the bonds.
    pub stage: Stage,
    /// The time from which on `claimCredit` takes the next step towards their payment, in seconds; none if there is
    /// no next step yet, or no more.
    pub next: Option<u64>,
    /// Why it cannot take that step although that time has come.
    pub refused: Option<Revert>,
}

impl Bonds {
    const fn done(wei: u128, stage: Stage) -> Self {
        Self {
            wei,
            stage,
            next: None,
            refused: None,
        }
    }

    /// Whether `claimCredit` takes the next step at `now`.
    pub fn is_due(&self, now: u64) -> bool {
        self.refused.is_none() && self.next.is_some_and(|next| next <= now)
    }
}

impl Game {
    /// Whether the game is closed, or can be.
    pub fn closing(&self, around: &Surroundings) -> Closing {
        let Some(judge) = &around.judge else {
            return Closing::None;
        };
        match self.credits.mode {
            BondMode::Undecided if self.status == GameStatus::InProgress => return Closing::None,
            BondMode::Undecided => {}
            mode => return Closing::Done(mode),
        }
        let time = judge.final_from(&self.candidate(around.registered));
        let close = |at| self.closed(judge, around.registered, at);
        let at_last = Moment {
            paused: false,
            now: around.at.now.max(time),
        };
        Closing::From {
            time,
            mode: close(at_last).unwrap_or_default(),
            refused: if around.at.now >= time {
                close(around.at).err()
            } else {
                None
            },
        }
    }

    /// How the game would be closed.
    fn closed(&self, judge: &Judge, registered: bool, at: Moment) -> Result<BondMode, Revert> {
        let mut closed = self.clone();
        closed.close(&mut judge.clone(), registered, at)?;
        Ok(closed.credits.mode)
    }

    /// The bonds of an account. The amount that it is due is [`Game::credit`], if that was asked for.
    pub fn bonds(&self, account: Address, around: &Surroundings) -> Bonds {
        if self.status == GameStatus::InProgress {
            return match self.posted(account) {
                0 => Bonds::done(0, Stage::None),
                wei => Bonds::done(wei, Stage::Posted),
            };
        }
        match self.closing(around) {
            Closing::None => match self.credits.of(account) {
                0 => self.after_payment(account, BondMode::Undecided),
                wei => self.in_vault(account, wei, BondMode::Undecided, around),
            },
            Closing::From {
                time,
                mode,
                refused,
            } => match self.credits.in_mode(mode, account) {
                0 => self.after_payment(account, mode),
                wei => Bonds {
                    wei,
                    stage: Stage::Won(mode),
                    next: Some(time),
                    refused,
                },
            },
            Closing::Done(mode) => match self.credits.of(account) {
                0 => self.after_payment(account, mode),
                wei if self.credits.unlocked.contains(&account) => {
                    self.in_vault(account, wei, mode, around)
                }
                wei => Bonds {
                    wei,
                    stage: Stage::Closed(mode),
                    next: Some(around.at.now),
                    refused: self.stopped(around),
                },
            },
        }
    }

    /// What the account has unlocked.
    fn in_vault(
        &self,
        account: Address,
        wei: u128,
        mode: BondMode,
        around: &Surroundings,
    ) -> Bonds {
        let Moment { paused, now } = around.at;
        let next = around.vault.payable_from(self.address, account);
        let withdraw = || {
            let mut vault = around.vault.clone();
            vault.withdraw(self.address, account, wei, now, paused)
        };
        Bonds {
            wei,
            stage: Stage::Unlocked(mode),
            next: Some(next),
            refused: if now >= next {
                self.stopped(around).or_else(|| withdraw().err())
            } else {
                None
            },
        }
    }

    /// Why even a closed game does not pay: every claim of credit closes first, and a super game refuses that in a
    /// pause.
    fn stopped(&self, around: &Surroundings) -> Option<Revert> {
        let judge = around.judge.as_ref()?;
        self.closed(judge, around.registered, around.at).err()
    }

    /// An account that is due nothing: it was paid, or never had anything, or has lost that.
    fn after_payment(&self, account: Address, mode: BondMode) -> Bonds {
        let is_decided = self.credits.mode == mode;
        let was_due = match mode {
            BondMode::Refund => self.posted(account),
            BondMode::Undecided | BondMode::Normal => self.won(account),
        };
        match (was_due, self.posted(account)) {
            (wei, _) if wei > 0 && is_decided => Bonds::done(wei, Stage::Paid(mode)),
            (_, wei) if wei > 0 => Bonds::done(wei, Stage::Lost),
            _ => Bonds::done(0, Stage::None),
        }
    }

    /// All bonds, in wei, that `account` has posted.
    pub fn posted(&self, account: Address) -> u128 {
        let own = self.claims.iter().filter(|claim| claim.claimant == account);
        own.fold(0, |sum, claim| sum.saturating_add(claim.bond))
    }

    /// All bonds, in wei, that `account` has won: its own that stand among them.
    pub fn won(&self, account: Address) -> u128 {
        let decided = self.claims.iter().zip(&self.subgames);
        let decided = decided.filter(|(_, subgame)| subgame.resolved);
        let won =
            decided.filter(|(claim, _)| claim.countered_by.unwrap_or(claim.claimant) == account);
        won.fold(0, |sum, (claim, _)| sum.saturating_add(claim.bond))
    }
}
