//! The state of bonds, in words.

use alloy_primitives::{Address, U256};
use chrono::{DateTime, Utc};
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::game::payment::{Bonds, Stage};
use fpvm_dispute::revert::Revert;
use fpvm_l1::ether;
use serde::Serialize;

use crate::read::game_params::GameParams;
use crate::read::watch::GameSnapshot;

/// An account's bonds in a game, for programs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The account.
    pub account: Address,
    /// The state of the bonds.
    #[serde(skip)]
    pub stage: Stage,
    /// The same in a word: `posted`, `won`, `refund` (due back once the game is closed), `closed`, `unlocked`, `paid`,
    /// `refunded`, `lost` or `none`.
    pub state: &'static str,
    /// How much, in wei.
    #[serde(serialize_with = "decimal")]
    pub wei: u128,
    /// The time from which on the next step towards their payment can be made, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Why it cannot be made, though that time has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
    /// All of it in words.
    pub words: String,
}

impl State {
    /// The state of an account's bonds at a look.
    pub fn of(game_params: &GameParams, seen: &GameSnapshot, account: Address) -> Self {
        let bonds = seen.bonds(account);
        Self {
            account,
            stage: bonds.stage,
            state: word(bonds.stage),
            wei: bonds.wei,
            next: bonds.next,
            words: words(&bonds, seen),
            hindrance: hindrance(game_params, account, &bonds),
        }
    }
}

/// Writes a number as decimal digits, because JavaScript's numbers are too short for it.
fn decimal<S: serde::Serializer>(number: &u128, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

/// The state of bonds, in one word.
pub const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Posted => "posted",
        Stage::Won(BondMode::Refund) => "refund",
        Stage::Won(_) => "won",
        Stage::Closed(_) => "closed",
        Stage::Unlocked(_) => "unlocked",
        Stage::Paid(BondMode::Refund) => "refunded",
        Stage::Paid(_) => "paid",
        Stage::Lost => "lost",
        Stage::None => "none",
    }
}

/// The state of bonds in words, with their account as the subject: "is due 0.5 ether …".
pub fn words(bonds: &Bonds, seen: &GameSnapshot) -> String {
    let wei = ether(U256::from(bonds.wei));
    let from = utc(bonds.next.unwrap_or_default());
    match bonds.stage {
        Stage::Posted => format!("has posted {wei}, and the game goes on"),
        Stage::Won(BondMode::Refund) => format!(
            "gets back {wei}, because {}: the game can be closed from {from} on",
            struck_off(seen)
        ),
        Stage::Won(_) => format!("has won {wei}: the game can be closed from {from} on"),
        Stage::Closed(mode) => format!("{} {wei}, which is to be unlocked", due(mode)),
        Stage::Unlocked(mode) => format!("{} {wei}, unlocked: paid from {from} on", due(mode)),
        Stage::Paid(BondMode::Refund) => format!("was refunded {wei}"),
        Stage::Paid(_) => format!("was paid {wei}"),
        Stage::Lost => format!("has lost {wei}"),
        Stage::None => "has no bonds in it".into(),
    }
}

const fn due(mode: BondMode) -> &'static str {
    match mode {
        BondMode::Refund => "gets back",
        BondMode::Undecided | BondMode::Normal => "is due",
    }
}

/// Why a game's bonds go back to the accounts that posted them.
pub(crate) fn struck_off(seen: &GameSnapshot) -> &'static str {
    let around = &seen.around;
    let game = seen.game.candidate(around.registered);
    match &around.judge {
        _ if !around.registered => "the factory does not know the game",
        Some(judge) if judge.is_blacklisted(game.game) => "the guardian has blacklisted the game",
        Some(judge) if judge.is_retired(&game) => "the guardian has retired all games of its age",
        _ => "the game was closed so",
    }
}

/// Whether a reason is a pause, which passes.
pub(crate) fn is_pause(reason: &Revert) -> bool {
    match reason {
        Revert::GamePaused => true,
        Revert::Message(text) => *text == "DelayedWETH: contract is paused",
        _ => false,
    }
}

/// What keeps bonds from being paid although their time has come.
pub(crate) fn hindrance(
    game_params: &GameParams,
    account: Address,
    bonds: &Bonds,
) -> Option<String> {
    let reason = bonds.refused.as_ref()?;
    Some(match reason {
        pause if is_pause(pause) => "the guardian has paused".into(),
        Revert::Empty => format!(
            "the vault {} does not have the {} that the game owes {account}: its owner can take ether out",
            game_params.vault,
            ether(U256::from(bonds.wei))
        ),
        other => format!("{account} cannot be paid: {other}"),
    })
}

/// A time in seconds since 1970, as `2026-11-30 12:00:00 UTC`; a later time than the last possible one gives that one.
pub fn utc(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).ok();
    let time = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let time = time.unwrap_or(DateTime::<Utc>::MAX_UTC);
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, date) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_796_040_000, "2026-11-30 12:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(seconds), date);
        }
        // A vault's delay may be any number.
        assert!(utc(u64::MAX).ends_with(" UTC"));
    }
}
