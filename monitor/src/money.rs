//! The money of a game: what its vault owes for it, what accounts should have, and what honest accounts have at stake.
//!
//! The amounts are op-dispute-mon's, except that a game whose bonds are refunded is judged by what everybody posted,
//! and not by who won.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Address;
use fpvm_dispute::game::Game;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::vault::Withdrawal;

/// What an account has in a game, against what it should have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Expectation {
    /// It has less than it should. Once bonds may have been paid that is no fault.
    Below,
    /// It has what it should.
    Expected,
    /// It has more than it should.
    Above,
}

/// The money of a game.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Money {
    /// Wei that the vault owes for the game.
    pub required: u128,
    /// Whether bonds may have been paid by now, because the game is as old as a clock and the vault's delay together.
    pub is_withdrawable: bool,
    /// By account, what it has and what it should have.
    pub credits: BTreeMap<Address, Credit>,
    /// Accounts whose unlocked amount in the vault is what it should be.
    pub matching: Vec<Address>,
    /// Accounts whose unlocked amount in the vault is not what it should be.
    pub divergent: Vec<Address>,
}

/// What an account has in a game.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Credit {
    /// Wei that it has.
    pub actual: u128,
    /// Wei that it should have, as long as nothing was paid.
    pub expected: u128,
}

impl Credit {
    /// How the two compare.
    pub const fn expectation(self) -> Expectation {
        match () {
            () if self.actual < self.expected => Expectation::Below,
            () if self.actual > self.expected => Expectation::Above,
            () => Expectation::Expected,
        }
    }
}

/// Whether the bonds of a game go back to the accounts that posted them.
pub fn is_refunded(game: &Game) -> bool {
    game.credits().mode == BondMode::Refund
}

/// Accounts that can have something in a game: those that won a claim or, where bonds are refunded, made one.
pub fn recipients(game: &Game) -> BTreeSet<Address> {
    let refunded = is_refunded(game);
    let of_claim = game.claims().iter().map(|claim| match claim.countered_by {
        Some(winner) if !refunded => winner,
        _ => claim.claimant,
    });
    of_claim.chain(game.block_challenger()).collect()
}

impl Money {
    /// The money of a game at L1 time `now`, in seconds, whose vault has this delay and these unlocked amounts.
    pub fn of(
        game: &Game,
        now: u64,
        vault_delay: u64,
        withdrawals: &BTreeMap<Address, Withdrawal>,
    ) -> Self {
        let clock = game.rules().max_clock_duration();
        let age = now.saturating_sub(game.created_at());
        let mut all = Self {
            is_withdrawable: age >= clock.saturating_add(vault_delay),
            ..Self::default()
        };
        for account in recipients(game) {
            all.credits.entry(account).or_default().actual = game.credit(account);
        }
        let refunded = is_refunded(game);
        for (index, claim) in game.claims().iter().enumerate() {
            let resolved = game.subgame(index).is_some_and(|subgame| subgame.resolved);
            if !resolved {
                all.required = all.required.saturating_add(claim.bond);
            }
            let winner = match (index, game.block_challenger()) {
                _ if refunded => claim.claimant,
                (0, Some(challenger)) => challenger,
                _ => claim.countered_by.unwrap_or(claim.claimant),
            };
            if resolved || refunded {
                let credit = all.credits.entry(winner).or_default();
                credit.expected = credit.expected.saturating_add(claim.bond);
            }
        }
        for credit in all.credits.values() {
            all.required = all.required.saturating_add(credit.actual);
        }
        for (account, withdrawal) in withdrawals {
            match verdict(game, withdrawal.amount, game.credit(*account)) {
                Some(true) => all.matching.push(*account),
                Some(false) => all.divergent.push(*account),
                None => {}
            }
        }
        all
    }
}

/// Whether an unlocked amount is what it should be; none if there is none and should be none.
fn verdict(game: &Game, unlocked: u128, credit: u128) -> Option<bool> {
    match game.credits().mode {
        _ if game.version().pays_at_resolution() => Some(unlocked == credit),
        BondMode::Undecided => (unlocked != 0).then_some(false),
        BondMode::Normal | BondMode::Refund => Some(unlocked == 0 || unlocked == credit),
    }
}

/// What an account that plays honestly has at stake, over all games.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stakes {
    /// Its claims that are not resolved.
    pub pending_claims: u64,
    /// Its resolved claims that stand.
    pub valid_claims: u64,
    /// Its resolved claims that were countered.
    pub invalid_claims: u64,
    /// Wei in its claims that are not resolved.
    pub pending: u128,
    /// Wei that it won from others.
    pub won: u128,
    /// Wei in its claims that were countered.
    pub lost: u128,
    /// Wei that it could unlock or be paid now.
    pub withdrawable: u128,
}

impl Stakes {
    /// Adds a game at L1 time `now`.
    pub fn add(
        &mut self,
        account: Address,
        game: &Game,
        now: u64,
        vault_delay: u64,
        withdrawals: &BTreeMap<Address, Withdrawal>,
    ) {
        let add = |to: &mut u128, wei: u128| *to = to.saturating_add(wei);
        let refunded = is_refunded(game);
        for (index, claim) in game.claims().iter().enumerate() {
            let is_own = claim.claimant == account;
            if !game.subgame(index).is_some_and(|subgame| subgame.resolved) {
                if is_own {
                    self.pending_claims += 1;
                    add(&mut self.pending, claim.bond);
                }
                continue;
            }
            match claim.countered_by {
                Some(_) if is_own => self.invalid_claims += 1,
                None if is_own => self.valid_claims += 1,
                _ => {}
            }
            // If bonds are refunded, nobody has won or lost any.
            match claim.countered_by {
                _ if refunded => {}
                Some(winner) if winner == account => add(&mut self.won, claim.bond),
                Some(_) if is_own => add(&mut self.lost, claim.bond),
                _ => {}
            }
        }
        let Some(withdrawal) = withdrawals.get(&account) else {
            return;
        };
        let is_decided =
            game.version().pays_at_resolution() || game.credits().mode != BondMode::Undecided;
        if withdrawal.amount == 0 && is_decided {
            add(&mut self.withdrawable, game.credit(account));
        } else if withdrawal.timestamp.saturating_add(vault_delay) <= now {
            add(&mut self.withdrawable, withdrawal.amount);
        }
    }
}
