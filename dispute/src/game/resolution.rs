//! Resolution: from the leaves up, each claim's bond goes to whoever won its subgame.

use alloy_primitives::{Address, U256};

use super::{Checkpoint, Game};
use crate::claim::GameStatus;
use crate::position::Position;
use crate::revert::{Panic, Revert};
use crate::vault::Vault;

impl Game {
    /// Resolves the subgame of the claim at `index`, or `count` of its answers; 0 in the first call
    /// means all.
    ///
    /// The claim is countered if an answer stands uncountered; the left-most of those gets the bond,
    /// of several at one place the oldest. A claim without answers may have been countered by a
    /// step.
    ///
    /// # Errors
    /// In this order: `GameNotInProgress`, a panic 0x32 if there is no such claim,
    /// `ClockNotExpired`, `ClaimAlreadyResolved`, a panic 0x11 for a `count` beyond 256 bits from
    /// where it stands, `OutOfOrderResolution`.
    pub fn resolve_claim(
        &mut self,
        vault: &mut Vault,
        now: u64,
        index: usize,
        count: U256,
    ) -> Result<(), Revert> {
        self.require_in_progress()?;
        if self.challenger_duration(index, now)? < self.rules.max_clock_duration() {
            return Err(Revert::ClockNotExpired);
        }
        let out_of_bounds = Revert::Panic(Panic::Index);
        let subgame = self.subgames.get(index).ok_or(out_of_bounds)?;
        if subgame.resolved {
            return Err(Revert::ClaimAlreadyResolved);
        }
        let claim = self.claim(index)?;
        let total = subgame.answers.len();
        if total == 0 && index != 0 {
            let winner = claim.countered_by.unwrap_or(claim.claimant);
            self.settle(vault, now, index, winner);
            return Ok(());
        }

        let mut page = subgame.checkpoint.clone();
        let count = match page {
            None if count.is_zero() => U256::from(total),
            _ => count,
        };
        let page = page.get_or_insert(Checkpoint {
            cursor: 0,
            leftmost: None,
        });
        let end = U256::from(page.cursor)
            .checked_add(count)
            .ok_or(Revert::Panic(Panic::Arithmetic))?
            .min(U256::from(total));
        let end = usize::try_from(end).unwrap_or(total);
        for answer in subgame.answers.get(page.cursor..end).unwrap_or_default() {
            if !self
                .subgames
                .get(*answer)
                .is_some_and(|below| below.resolved)
            {
                return Err(Revert::OutOfOrderResolution);
            }
            let answer = self.claim(*answer)?;
            let leftmost = page.leftmost.map(|(position, _)| position);
            let further_left = leftmost.is_none_or(|leftmost| leftmost > answer.position);
            if answer.countered_by.is_none() && further_left {
                page.leftmost = Some((answer.position, answer.claimant));
            }
        }
        page.cursor = end;

        let page = page.clone();
        let countered_by = match self.block_challenger {
            Some(challenger) if index == 0 => Some(challenger),
            _ => page
                .leftmost
                .map(|(_, claimant): (Position, Address)| claimant),
        };
        let winner = countered_by.unwrap_or(claim.claimant);
        if let Some(subgame) = self.subgames.get_mut(index) {
            subgame.checkpoint = Some(page);
        }
        if end == total {
            if let Some(claim) = self.claims.get_mut(index) {
                claim.countered_by = countered_by;
            }
            self.settle(vault, now, index, winner);
        }
        Ok(())
    }

    /// Ends the game, once the root's subgame is resolved. The registry of 2024 is to be told after it (see
    /// [`crate::registry`]).
    ///
    /// # Errors
    /// In this order: `GameNotInProgress`, `OutOfOrderResolution`.
    pub fn resolve(&mut self, now: u64) -> Result<GameStatus, Revert> {
        self.require_in_progress()?;
        if !self
            .subgames
            .first()
            .is_some_and(|subgame| subgame.resolved)
        {
            return Err(Revert::OutOfOrderResolution);
        }
        self.status = match self.claim(0)?.countered_by {
            None => GameStatus::DefenderWins,
            Some(_) => GameStatus::ChallengerWins,
        };
        self.resolved_at = now;
        Ok(self.status)
    }

    /// Marks the subgame resolved and gives the claim's bond to its winner.
    fn settle(&mut self, vault: &mut Vault, now: u64, index: usize, winner: Address) {
        if let Some(subgame) = self.subgames.get_mut(index) {
            subgame.resolved = true;
        }
        let bond = self.claims.get(index).map_or(0, |claim| claim.bond);
        self.credits.award(winner, bond);
        if self.version().pays_at_resolution() {
            vault.unlock(self.address, winner, bond, now);
        }
    }
}
