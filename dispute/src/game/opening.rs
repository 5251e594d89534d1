//! The opening: a game that the factory has made is initialized, with its root claim.

use std::sync::Arc;

use alloy_primitives::{Address, U256};

use super::{Game, Proposal};
use crate::arguments::{CloneData, FaultArgs};
use crate::claim::OutputRoot;
use crate::registry::Registry;
use crate::revert::Revert;
use crate::rules::Rules;

/// The circumstances in which a game is made.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The vault's contract.
    pub vault: Address,
    /// The VM's contract.
    pub vm: Address,
    /// Account that sent the transaction.
    pub origin: Address,
    /// L1 time, in seconds.
    pub now: u64,
}

impl Game {
    /// Initializes a clone at `address` with its `data`; `bond` is in wei. The caller has still to deposit
    /// that in the vault.
    ///
    /// # Errors
    /// Before 2.0 in this order: `AnchorRootNotFound`, `BadExtraData`, `UnexpectedRootClaim` if the block
    /// is not above the anchor's. From 2.0 on: `BadExtraData`; without a reason where the data name a
    /// registry that is none; `AnchorRootNotFound`; `UnexpectedRootClaim`, also (from 2.4 on) for a block
    /// number of more than 64 bits; without a reason for a VM that is none; `InvalidChallengePeriod`,
    /// `InvalidClockExtension`; without a reason for a vault that is none; `BadAuth` if the proposer
    /// of a permissioned game did not send the transaction. Of super games: [`super::super_opening`].
    pub fn initialize(
        rules: &Arc<Rules>,
        address: Address,
        data: &[u8],
        bond: u128,
        setting: &Setting<'_>,
    ) -> Result<Self, Revert> {
        let version = rules.params().version;
        if version.is_won_at_creation() {
            return Self::initialize_won(rules, address, data, setting);
        }
        if version.is_super() {
            return Self::initialize_super(rules, address, data, bond, setting);
        }
        if !version.has_arguments() {
            // The implementation asks for the anchor of its own type, under whatever number it is set.
            let game_type = rules.params().game_type;
            let starting = anchor(setting.registry, game_type)?;
            let data = CloneData::parse_plain(data)?;
            require_above(&data, starting.block)?;
            let mut game = Self::new(
                rules.clone(),
                address,
                proposal(&data),
                starting,
                bond,
                setting.now,
            );
            game.was_respected = setting.registry.respects(game_type);
            return Ok(game);
        }
        let data = CloneData::parse(data, rules.params().roles.is_some())?;
        let args: FaultArgs = data.args.ok_or(Revert::BadExtraData)?;
        let game_type = data.game_type.unwrap_or_default();
        if args.registry != setting.registry.address() {
            return Err(Revert::Empty);
        }
        let starting = anchor(setting.registry, game_type)?;
        require_above(&data, starting.block)?;
        if version.bounds_block_number() && data.l2_block > U256::from(u64::MAX) {
            return Err(Revert::UnexpectedRootClaim(data.root_claim));
        }
        if args.vm != setting.vm {
            return Err(Revert::Empty);
        }
        rules.check_challenge_period()?;
        if args.vault != setting.vault {
            return Err(Revert::Empty);
        }
        if let Some(roles) = args.roles
            && roles.proposer != setting.origin
        {
            return Err(Revert::BadAuth);
        }
        let rules = rules.with_arguments(game_type, &args).into();
        let mut game = Self::new(rules, address, proposal(&data), starting, bond, setting.now);
        game.was_respected = setting.registry.respects(game_type);
        Ok(game)
    }
}

pub(super) fn anchor(registry: &Registry, game_type: u32) -> Result<OutputRoot, Revert> {
    let starting = registry.anchor(game_type);
    if starting.root.is_zero() {
        return Err(Revert::AnchorRootNotFound);
    }
    Ok(starting)
}

fn require_above(data: &CloneData, anchor: U256) -> Result<(), Revert> {
    if data.l2_block <= anchor {
        return Err(Revert::UnexpectedRootClaim(data.root_claim));
    }
    Ok(())
}

const fn proposal(data: &CloneData) -> Proposal {
    Proposal {
        creator: data.creator,
        root_claim: data.root_claim,
        l1_head: data.l1_head,
        l2_block: data.l2_block,
        super_root: None,
    }
}
