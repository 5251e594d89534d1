//! Moves: attacks and defences that add a claim.

use alloy_primitives::{Address, B256};

use super::{Game, Subgame};
use crate::claim::{ClaimData, Side, VmStatus};
use crate::clock::Clock;
use crate::position::Position;
use crate::revert::{Panic, Revert};
use crate::vault::Vault;

/// An answer to a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    /// The value that the mover takes the parent to have: a guard against L1 reorganising another
    /// claim into its place.
    pub disputed: B256,
    /// Index of the claim answered.
    pub parent: usize,
    /// The value claimed.
    pub claim: B256,
    /// Whether the parent is attacked or defended.
    pub side: Side,
}

impl Game {
    /// Adds a claim by `from`, who sends `bond` wei with it, at L1 time `now`. Returns its index.
    ///
    /// # Errors
    /// In this order: `BadAuth` in a permissioned game, `GameNotInProgress`, a panic 0x32 if there is no such parent,
    /// `InvalidDisputedClaimIndex`, `CannotDefendRootClaim`, `L2BlockNumberChallenged`,
    /// `GameDepthExceeded`, `UnexpectedRootClaim`, `IncorrectBondAmount`, `ClockTimeExceeded`,
    /// `ClaimAlreadyExists`.
    pub fn make_move(
        &mut self,
        vault: &mut Vault,
        now: u64,
        from: Address,
        bond: u128,
        mv: &Move,
    ) -> Result<usize, Revert> {
        self.require_role(from)?;
        self.require_in_progress()?;
        let parent = self.claim(mv.parent)?;
        if parent.claim != mv.disputed {
            return Err(Revert::InvalidDisputedClaimIndex);
        }
        let position = parent.position.answered(mv.side);
        let depth = position.depth();
        let split = self.rules.split_depth();
        if mv.side == Side::Defend && (mv.parent == 0 || depth == split + 2) {
            return Err(Revert::CannotDefendRootClaim);
        }
        if mv.parent == 0 && self.block_challenger.is_some() {
            return Err(Revert::L2BlockNumberChallenged);
        }
        if depth > self.rules.max_depth() {
            return Err(Revert::GameDepthExceeded);
        }
        if depth == split + 1 {
            self.check_execution_root(mv)?;
        }
        if self.rules.required_bond(position)? != bond {
            return Err(Revert::IncorrectBondAmount);
        }
        let used = self.challenger_duration(mv.parent, now)?;
        let allowed = self.rules.max_clock_duration();
        if used == allowed {
            return Err(Revert::ClockTimeExceeded);
        }
        // A later answer of this side may come from somebody who inherits the clock of another's
        // slow moves, so at least the extension is left for it.
        let duration = used.min(allowed.saturating_sub(self.rules.extension(depth)));
        if self.has_answer(mv.parent, position, &mv.claim) {
            return Err(Revert::ClaimAlreadyExists);
        }

        let index = self.claims.len();
        self.claims.push(ClaimData {
            parent: Some(mv.parent),
            countered_by: None,
            claimant: from,
            bond,
            claim: mv.claim,
            position,
            clock: Clock {
                duration,
                timestamp: self.game_time(now),
            },
        });
        self.subgames.push(Subgame::default());
        if let Some(subgame) = self.subgames.get_mut(mv.parent) {
            subgame.answers.push(index);
        }
        if !self.version().pays_at_resolution() {
            self.credits.post(from, bond);
        }
        vault.deposit(self.address, bond);
        Ok(index)
    }

    /// Whether `claim` has been made at `position` against the claim at `parent`.
    pub fn has_answer(&self, parent: usize, position: Position, claim: &B256) -> bool {
        self.answer(parent, position, claim).is_some()
    }

    /// The index of `claim` made at `position` against the claim at `parent`.
    pub fn answer(&self, parent: usize, position: Position, claim: &B256) -> Option<usize> {
        let answers = &self.subgames.get(parent)?.answers;
        answers.iter().copied().find(|index| {
            let made = self.claims.get(*index);
            made.is_some_and(|made| made.position == position && made.claim == *claim)
        })
    }

    /// The statuses that the root of an execution may claim as an answer of `side` to the output
    /// root at `parent`.
    ///
    /// An attack says that the output was wrong. A defence says so of the next output, unless that
    /// one comes from the mover's own side, which then says that it was right. Sides alternate with
    /// depth.
    ///
    /// # Errors
    /// A panic 0x32 if there is no such claim.
    pub fn execution_root_statuses(
        &self,
        parent: usize,
        side: Side,
    ) -> Result<&'static [VmStatus], Revert> {
        let output = self.claim(parent)?;
        let next = Position::from_gindex(output.position.gindex().wrapping_add(1))
            .ok_or(Revert::Panic(Panic::Arithmetic))?;
        // The contract looks for this claim for attacks too.
        let disputed = self.claim(self.ancestor_at(next.trace_ancestor(), parent)?)?;
        let by_other_side = disputed.position.depth() % 2 == self.rules.split_depth() % 2;
        Ok(if side == Side::Attack || by_other_side {
            &[VmStatus::Invalid, VmStatus::Panic]
        } else {
            &[VmStatus::Valid]
        })
    }

    fn check_execution_root(&self, mv: &Move) -> Result<(), Revert> {
        let allowed = self.execution_root_statuses(mv.parent, mv.side)?;
        match VmStatus::of(&mv.claim) {
            Some(status) if allowed.contains(&status) => Ok(()),
            _ => Err(Revert::UnexpectedRootClaim(mv.claim)),
        }
    }
}
