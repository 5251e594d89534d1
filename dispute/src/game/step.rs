//! Steps: one instruction, run by the VM's contract, against a claim at the deepest level.

use alloy_primitives::{Address, B256, keccak256};

use super::Game;
use crate::claim::{ClaimData, Side};
use crate::oracle::Oracle;
use crate::position::Position;
use crate::revert::{Panic, Revert};
use crate::vm::{StepContext, Vm};

/// An instruction played against a claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Index of the claim contested.
    pub claim: usize,
    /// Attack: the claim is not the result of the instruction before it. Defend: the claim is right, but
    /// the result of the next instruction is not the state that is claimed next.
    pub side: Side,
    /// The VM's pre-state, packed.
    pub state: Vec<u8>,
    /// What the VM needs to check the instruction.
    pub proof: Vec<u8>,
}

impl Game {
    /// Counters a claim at the deepest level in the name of `from`. It needs no bond, and checks no
    /// clock.
    ///
    /// # Errors
    /// In this order: `BadAuth` in a permissioned game, `GameNotInProgress`, a panic 0x32 if there is no such claim, `InvalidParent`,
    /// `InvalidPrestate`, what the VM refuses with, `ValidStep`, `DuplicateStep`.
    pub fn step<V: Vm + ?Sized>(
        &mut self,
        vm: &V,
        oracle: &Oracle,
        from: Address,
        step: &Step,
    ) -> Result<(), Revert> {
        self.require_role(from)?;
        self.require_in_progress()?;
        let (split, max) = (self.rules.split_depth(), self.rules.max_depth());
        let contested = self.claim(step.claim)?;
        let position = contested.position;
        if position.depth() != max {
            return Err(Revert::InvalidParent);
        }
        let pre = match step.side {
            Side::Attack => {
                let path = position.path();
                let local = path.get(usize::from(split) + 1..).unwrap_or_default();
                if local.not_any() {
                    self.rules.params().absolute_prestate
                } else {
                    self.claim_about(contested, position.left_neighbour())?
                        .claim
                }
            }
            Side::Defend => contested.claim,
        };
        let post = self.contested_post(contested, step.side)?;
        // The status byte replaces the hash's first byte, so that byte cannot be compared.
        if keccak256(&step.state).get(1..) != pre.get(1..) {
            return Err(Revert::InvalidPrestate);
        }
        let context = StepContext {
            oracle,
            game: self.address,
            context: self.local_context(step.claim)?,
        };
        let result = vm.step(&context, &step.state, &step.proof)?;
        let correct = result == post.claim;
        let same_side = position
            .depth()
            .abs_diff(post.position.depth())
            .is_multiple_of(2);
        if same_side == correct {
            return Err(Revert::ValidStep);
        }
        if contested.countered_by.is_some() {
            return Err(Revert::DuplicateStep);
        }
        if let Some(contested) = self.claims.get_mut(step.claim) {
            contested.countered_by = Some(from);
        }
        Ok(())
    }

    /// The state claimed to follow the instruction that a step of the kind `side` against the claim at
    /// `index` runs.
    ///
    /// # Errors
    /// A panic 0x32 if there is no such claim, or none about that state; `ClaimAboveSplit` for a
    /// claim about an output.
    pub fn contested_state(&self, index: usize, side: Side) -> Result<B256, Revert> {
        let post = self.contested_post(self.claim(index)?, side)?;
        Ok(post.claim)
    }

    fn contested_post<'a>(
        &'a self,
        contested: &'a ClaimData,
        side: Side,
    ) -> Result<&'a ClaimData, Revert> {
        match side {
            Side::Attack => Ok(contested),
            Side::Defend => self.claim_about(contested, contested.position.right_neighbour()),
        }
    }

    /// The claim about the state at `position`, of the same execution, above `contested`.
    fn claim_about(
        &self,
        contested: &ClaimData,
        position: Option<Position>,
    ) -> Result<&ClaimData, Revert> {
        let (Some(position), Some(parent)) = (position, contested.parent) else {
            return Err(Revert::Panic(Panic::Index));
        };
        let ancestor = position.trace_ancestor_below(self.rules.split_depth());
        self.claim(self.ancestor_at(ancestor.ok_or(Revert::ClaimAboveSplit)?, parent)?)
    }
}
