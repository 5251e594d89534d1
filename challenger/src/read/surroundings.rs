//! What the contracts around a game say about it once it is resolved: its judge, its vault, and whether there is a
//! pause.
//!
//! Registries and vaults stand behind proxies, and may change with an upgrade, so all of it is asked at each look.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall as _;
use fpvm_contracts::game::abi::{DelayedWETH, FaultDisputeGame as Calls, Judge as Registry};
use fpvm_dispute::claim::{GameStatus, OutputRoot};
use fpvm_dispute::game::credits::{BondMode, Credits};
use fpvm_dispute::game::parts::Parts;
use fpvm_dispute::game::payment::Surroundings;
use fpvm_dispute::registry::{Judge, Moment};
use fpvm_dispute::vault::Vault;
use fpvm_l1::At;

use super::game_params::GameParams;
use super::watch::players;
use super::{ReadError, Reader, fit};

alloy_sol_types::sol! {
    #[allow(missing_docs, reason = "made by the macro")]
    interface Around {
        /// Of registries before 3.0.
        function portal() external view returns (address);
        function disputeGameFinalityDelaySeconds() external view returns (uint256);
        /// Of vaults from 1.5 on.
        function systemConfig() external view returns (address);
        /// Of all vaults.
        function config() external view returns (address);
        function paused() external view returns (bool);
    }
}

/// The owner and guardian of the model's registry and vault here, which no account is.
const NOBODY: Address = Address::ZERO;

/// The surroundings before anything was asked; around a game in progress they do not matter.
pub(super) fn unasked(reader: &Reader<'_>) -> Surroundings {
    Surroundings {
        judge: None,
        vault: Vault::new(NOBODY, 0),
        registered: true,
        at: Moment {
            paused: false,
            now: reader.block.time,
        },
    }
}

/// Asks for the credits of a game, into `parts`; and once it is resolved, what the contracts around it say.
pub(super) fn read(
    game_params: &GameParams,
    reader: &Reader<'_>,
    anchor: OutputRoot,
    parts: &mut Parts,
) -> Result<Surroundings, ReadError> {
    let version = game_params.rules.params().version;
    let mut around = unasked(reader);
    if version.is_won_at_creation() {
        // There is no money in the game.
        let (judge, registered) = judge(game_params, reader, anchor, BondMode::Undecided)?;
        (around.judge, around.registered) = (Some(judge), registered);
        around.at.paused = reader.ask(game_params.registry, &Registry::pausedCall {})?;
        return Ok(around);
    }
    parts.credits = credits(reader, parts)?;
    if parts.status == GameStatus::InProgress {
        return Ok(around);
    }
    let pays_at_once = version.pays_at_resolution();
    let is_unlocked = |account: &Address| {
        let credits = &parts.credits;
        credits.of(*account) > 0 && (pays_at_once || credits.unlocked.contains(account))
    };
    let unlocked = players(&parts.claims, parts.block_challenger).into_iter();
    let unlocked: Vec<_> = unlocked.filter(is_unlocked).collect();
    around.vault = vault(game_params, reader, &unlocked)?;
    if !pays_at_once {
        let (judge, registered) = judge(game_params, reader, anchor, parts.credits.mode)?;
        (around.judge, around.registered) = (Some(judge), registered);
    }
    let now = reader.block.time;
    let payable_from = |account: &Address| around.vault.payable_from(parts.address, *account);
    let is_payable = unlocked.iter().any(|account| payable_from(account) <= now);
    if version.is_stopped_by_pause() {
        around.at.paused = reader.ask(game_params.registry, &Registry::pausedCall {})?;
    } else if is_payable {
        around.at.paused = is_vault_paused(reader, game_params.vault)?;
    }
    if is_payable {
        take_missing(game_params, reader, &mut around.vault)?;
    }
    Ok(around)
}

/// The credits of all accounts in the game. As long as it is not closed, the amounts that they have posted follow
/// from its claims.
fn credits(reader: &Reader<'_>, parts: &Parts) -> Result<Credits, ReadError> {
    let (game, is_resolved) = (parts.address, parts.status != GameStatus::InProgress);
    let everybody = players(&parts.claims, parts.block_challenger);
    let mut credits = Credits::default();
    let keep = |to: &mut BTreeMap<Address, u128>, account, function, wei| {
        let wei: u128 = fit(game, function, wei)?;
        if wei > 0 {
            let kept = to.entry(account).or_default();
            *kept = kept.saturating_add(wei);
        }
        Ok::<_, ReadError>(())
    };
    let pays_at_once = parts.rules.params().version.pays_at_resolution();
    if is_resolved && !pays_at_once {
        credits.mode = mode(reader, game)?;
    }
    if credits.mode == BondMode::Undecided {
        if parts.resolved.contains(&true) {
            let calls = everybody.iter();
            let calls = calls.map(|account| Calls::creditCall { account: *account });
            reader.expect(game, calls)?;
            for account in everybody {
                let wei = reader.ask(game, &Calls::creditCall { account })?;
                keep(&mut credits.normal, account, "credit(address)", wei)?;
            }
        }
        if !pays_at_once {
            for claim in &parts.claims {
                let posted = U256::from(claim.bond);
                keep(
                    &mut credits.refund,
                    claim.claimant,
                    "claimData(uint256)",
                    posted,
                )?;
            }
        }
        return Ok(credits);
    }
    let questions = everybody.iter().flat_map(|account| {
        let account = *account;
        let normal = Calls::normalModeCreditCall { account }.abi_encode();
        let refund = Calls::refundModeCreditCall { account }.abi_encode();
        let unlocked = Calls::hasUnlockedCreditCall { account }.abi_encode();
        [normal, refund, unlocked].map(Bytes::from)
    });
    reader.expect_each(game, questions)?;
    for account in everybody {
        let wei = reader.ask(game, &Calls::normalModeCreditCall { account })?;
        keep(
            &mut credits.normal,
            account,
            "normalModeCredit(address)",
            wei,
        )?;
        let wei = reader.ask(game, &Calls::refundModeCreditCall { account })?;
        keep(
            &mut credits.refund,
            account,
            "refundModeCredit(address)",
            wei,
        )?;
        if reader.ask(game, &Calls::hasUnlockedCreditCall { account })? {
            credits.unlocked.insert(account);
        }
    }
    Ok(credits)
}

fn mode(reader: &Reader<'_>, game: Address) -> Result<BondMode, ReadError> {
    match reader.ask(game, &Calls::bondDistributionModeCall {})? {
        0 => Ok(BondMode::Undecided),
        1 => Ok(BondMode::Normal),
        2 => Ok(BondMode::Refund),
        other => Err(ReadError::Answer {
            contract: game,
            function: "bondDistributionMode()",
            why: format!("{other} is no way to distribute bonds"),
        }),
    }
}

/// The judge over this game, and whether the factory made the game. If the game is closed nothing is asked.
fn judge(
    game_params: &GameParams,
    reader: &Reader<'_>,
    anchor: OutputRoot,
    mode: BondMode,
) -> Result<(Judge, bool), ReadError> {
    let (registry, game) = (game_params.registry, game_params.game);
    let version = game_params.rules.params().version;
    if mode != BondMode::Undecided {
        let judge = Judge::new(registry, version, NOBODY, 0, anchor, 0, 0);
        return Ok((judge, true));
    }
    let call = Around::disputeGameFinalityDelaySecondsCall {};
    let delay = match reader.ask_if(registry, &call)? {
        Some(delay) => delay,
        None => {
            let portal = reader.ask(registry, &Around::portalCall {})?;
            reader.ask(portal, &call)?
        }
    };
    let delay = fit(registry, "disputeGameFinalityDelaySeconds()", delay)?;
    // The exact moment of the retirement matters only to this game.
    let retired = if reader.ask(registry, &Registry::isGameRetiredCall { game })? {
        u64::MAX
    } else {
        0
    };
    let mut judge = Judge::new(registry, version, NOBODY, delay, anchor, 0, retired);
    if reader.ask(registry, &Registry::isGameBlacklistedCall { game })? {
        // The model's guardian is NOBODY, so this is allowed.
        let _ = judge.blacklist(NOBODY, game);
    }
    let registered = reader.ask(registry, &Registry::isGameRegisteredCall { game })?;
    Ok((judge, registered))
}

/// The vault, with what the game has there and has unlocked for these accounts.
fn vault(
    game_params: &GameParams,
    reader: &Reader<'_>,
    unlocked: &[Address],
) -> Result<Vault, ReadError> {
    let (at, game) = (game_params.vault, game_params.game);
    let delay = reader.ask(at, &DelayedWETH::delayCall {})?;
    let delay = fit(at, "delay()", delay)?;
    let mut vault = Vault::at(at, game_params.rules.params().version, NOBODY, delay);
    let balance = game_params.bonds(reader)?;
    vault.deposit(game, fit(at, "balanceOf(address)", balance)?);
    for account in unlocked {
        let withdrawal = game_params.withdrawal(reader, *account)?;
        vault.unlock(game, *account, withdrawal.amount, withdrawal.timestamp);
    }
    Ok(vault)
}

/// Takes from the model's vault what the real one lacks for the game, because its owner can take all ether.
fn take_missing(
    game_params: &GameParams,
    reader: &Reader<'_>,
    vault: &mut Vault,
) -> Result<(), ReadError> {
    let at = At::Hash(reader.block.hash);
    let ether = reader.chain.balance(game_params.vault, at)?;
    let missing = U256::from(vault.ether()).saturating_sub(ether);
    // The model's owner is NOBODY, so this is allowed.
    let _ = vault.recover(NOBODY, missing.saturating_to());
    Ok(())
}

/// Whether the guardian has stopped withdrawals from a vault.
///
/// # Errors
/// If the chain does not answer, or the contract is not a vault.
pub fn is_vault_paused(reader: &Reader<'_>, vault: Address) -> Result<bool, ReadError> {
    let config = match reader.ask_if(vault, &Around::systemConfigCall {}) {
        Ok(Some(system)) => system,
        // A vault takes ether by a call of any function, and answers nothing then.
        Ok(None) | Err(ReadError::Answer { .. }) => reader.ask(vault, &Around::configCall {})?,
        Err(other) => return Err(other),
    };
    reader.ask(config, &Around::pausedCall {})
}
