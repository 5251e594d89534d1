//! The opening of a super game.
//!
//! Its extra data are the pre-image of the super root that is claimed. So the claim is always a well-formed super root
//! *of the claimed timestamp*, and for each type there is at most one game about it.
//!
//! Source: `initialize` of `SuperFaultDisputeGame` 0.8.0 and of `SuperPermissionedDisputeGame` 1.0.0 at
//! ethereum-optimism/optimism 4c8b17472b (`packages/contracts-bedrock/src/dispute`).

use std::sync::Arc;

use alloy_primitives::{Address, U256, keccak256};

use super::opening::{Setting, anchor};
use super::{Game, Proposal};
use crate::arguments::{Roles, SuperArgs, SuperCloneData};
use crate::claim::{GameStatus, OutputRoot};
use crate::revert::Revert;
use crate::rules::Rules;
use crate::super_root::{INVALID_CLAIM, SuperRoot, SuperRootError};

impl Game {
    /// Initializes a clone of the game that all may play.
    ///
    /// # Errors
    /// In this order:
    /// 1. `BadExtraData`, if the extra data have not `9 + 64·n` bytes with n ≥ 1;
    /// 2. `SuperFaultDisputeGameInvalidRootClaim`, for a claim about the invalid state;
    /// 3. `Encoding_InvalidSuperRootVersion`, if their first byte is not 1: no other error of the encoding is left;
    /// 4. `BadExtraData`, if the claim is not their hash;
    /// 5. without a reason, if the arguments name a registry that is none; `AnchorRootNotFound`;
    /// 6. without a reason for a VM that is none; `InvalidChallengePeriod`, `InvalidClockExtension`;
    /// 7. `NoChainIdNeeded`, if the arguments name a chain;
    /// 8. `UnexpectedRootClaim`, if the timestamp is not above the anchor's number, whatever that counts;
    /// 9. without a reason for a vault that is none.
    pub(super) fn initialize_super(
        rules: &Arc<Rules>,
        address: Address,
        data: &[u8],
        bond: u128,
        setting: &Setting<'_>,
    ) -> Result<Self, Revert> {
        let data = SuperCloneData::parse(data, false)?;
        let SuperArgs::Fault(args) = data.args else {
            return Err(Revert::BadExtraData);
        };
        if data.root_claim == INVALID_CLAIM {
            return Err(Revert::InvalidSuperRootClaim);
        }
        let proposal = proposal(&data)?;
        if args.registry != setting.registry.address() {
            return Err(Revert::Empty);
        }
        let starting = anchor(setting.registry, data.game_type)?;
        if args.vm != setting.vm {
            return Err(Revert::Empty);
        }
        rules.check_challenge_period()?;
        if !args.l2_chain_id.is_zero() {
            return Err(Revert::NoChainIdNeeded);
        }
        if proposal.l2_block <= starting.block {
            return Err(Revert::UnexpectedRootClaim(data.root_claim));
        }
        if args.vault != setting.vault {
            return Err(Revert::Empty);
        }
        let rules = rules.with_arguments(data.game_type, &args).into();
        let mut game = Self::new(rules, address, proposal, starting, bond, setting.now);
        game.was_respected = setting.registry.respects(data.game_type);
        Ok(game)
    }

    /// Initializes a clone of the permissioned game, which is won at once, because it has no claims. Ether that is sent
    /// along stays with the game.
    ///
    /// # Errors
    /// In this order:
    /// 1. `BadExtraData`, if the extra data have not `9 + 64·n` bytes with n ≥ 1;
    /// 2. `Encoding_InvalidSuperRootVersion`, if their first byte is not 1;
    /// 3. `BadExtraData`, if the claim is not their hash;
    /// 4. `BadAuth`, if the proposer did not send the transaction;
    /// 5. without a reason, if the arguments name a registry that is none;
    /// 6. `BadExtraData`, if the timestamp is not above the anchor's number. That there is an anchor is not asked.
    pub(super) fn initialize_won(
        rules: &Arc<Rules>,
        address: Address,
        data: &[u8],
        setting: &Setting<'_>,
    ) -> Result<Self, Revert> {
        let data = SuperCloneData::parse(data, true)?;
        let SuperArgs::Permissioned { registry, proposer } = data.args else {
            return Err(Revert::BadExtraData);
        };
        let proposal = proposal(&data)?;
        if proposer != setting.origin {
            return Err(Revert::BadAuth);
        }
        if registry != setting.registry.address() {
            return Err(Revert::Empty);
        }
        let anchor = setting.registry.anchor(data.game_type);
        if proposal.l2_block <= anchor.block {
            return Err(Revert::BadExtraData);
        }
        let roles = Roles {
            proposer,
            // There is no challenger: only the guardian can stop a false proposal.
            challenger: Address::ZERO,
        };
        let rules = rules.won_at_creation(data.game_type, roles).into();
        // It keeps nothing of the anchor.
        let starting = OutputRoot::default();
        let mut game = Self::new(rules, address, proposal, starting, 0, setting.now);
        game.claims.clear();
        game.subgames.clear();
        game.status = GameStatus::DefenderWins;
        game.resolved_at = setting.now;
        game.was_respected = setting.registry.respects(data.game_type);
        Ok(game)
    }
}

/// The proposal, if the claim is the hash of a super root.
fn proposal(data: &SuperCloneData) -> Result<Proposal, Revert> {
    let super_root = SuperRoot::decode(&data.extra_data).map_err(SuperRootError::revert)?;
    if keccak256(&data.extra_data) != data.root_claim {
        return Err(Revert::BadExtraData);
    }
    Ok(Proposal {
        creator: data.creator,
        root_claim: data.root_claim,
        l1_head: data.l1_head,
        l2_block: U256::from(super_root.timestamp),
        super_root: Some(super_root),
    })
}
