//! Why a contract refused, by the names of its errors.

use fpvm_contracts::VERIFIERS;
use fpvm_contracts::artifact::{Artifact, PREIMAGE_ORACLE};
use fpvm_contracts::{game, game_v7};
use fpvm_dispute::revert::Revert as Reason;
use fpvm_l1::{Revert, SendError};

use crate::kind::Kind;

/// The signature of the error that one of our contracts reverts with: a verifier, the oracle, or one of
/// the game's. Upstream's have the same names.
pub fn named(revert: &Revert) -> Option<String> {
    let of = |all: &'static [(&str, &'static str)]| all.iter().map(|(_, artifact)| *artifact);
    let games = of(game::artifacts::ALL).chain(of(game_v7::artifacts::ALL));
    let verifiers = VERIFIERS.map(|verifier| verifier.artifact);
    let named = |artifact: &str| Artifact::parse(artifact).ok()?.error(&revert.0);
    let all = games.chain([PREIMAGE_ORACLE]).chain(verifiers);
    all.into_iter().find_map(named)
}

/// The vault's reason against a payment before its delay is over.
const TOO_EARLY: Reason = Reason::Message("DelayedWETH: withdrawal delay not met");

/// Whether a contract refuses because somebody else who plays the game has done the same, in the same block or
/// just before it.
pub fn is_done_already(kind: Kind, revert: &Revert) -> bool {
    let reasons: &[Reason] = match kind {
        Kind::Move => &[Reason::ClaimAlreadyExists],
        Kind::Step => &[Reason::DuplicateStep],
        Kind::Challenge => &[Reason::L2BlockNumberChallenged],
        Kind::Resolve => &[Reason::ClaimAlreadyResolved, Reason::GameNotInProgress],
        Kind::Pay => &[Reason::NoCreditToClaim],
        // The anchor is this one by then, or a newer one.
        Kind::Anchor => &[Reason::InvalidAnchorGame],
        // It would be the payment by now.
        Kind::Unlock => &[TOO_EARLY],
        // Doing these once more only costs the gas, or concerns proposals of one's own.
        Kind::Load | Kind::Accuse | Kind::Sample | Kind::Close => &[],
    };
    reasons.iter().any(|reason| revert.0 == reason.data())
}

/// Whether something could not be sent, or failed in its block, for [that](is_done_already).
pub fn was_done_already(kind: Kind, error: &SendError) -> bool {
    match error {
        SendError::WouldRevert { revert, .. }
        | SendError::Failed {
            reason: Some(revert),
            ..
        } => is_done_already(kind, revert),
        _ => false,
    }
}

/// A revert in words, by the error's name if it has one.
pub fn describe(revert: &Revert) -> String {
    named(revert).map_or_else(
        || revert.to_string(),
        |name| format!("the contract reverts: {name}"),
    )
}

/// An error of sending, with the contract's reason by its name.
pub fn sending(error: &SendError) -> String {
    match error {
        SendError::WouldRevert { what, revert } => format!("cannot {what}: {}", describe(revert)),
        SendError::Failed {
            what,
            transaction,
            reason: Some(revert),
            ..
        } => format!(
            "could not {what} (transaction {transaction}): {}",
            describe(revert)
        ),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::SolError as _;

    alloy_sol_types::sol! {
        error ClockTimeExceeded();
        error SomethingElse();
    }

    #[test]
    fn reasons_have_names() {
        let revert = Revert(ClockTimeExceeded {}.abi_encode().into());
        assert_eq!(
            describe(&revert),
            "the contract reverts: ClockTimeExceeded()"
        );
        let other = Revert(SomethingElse {}.abi_encode().into());
        assert_eq!(named(&other), None);
        assert_eq!(describe(&other), other.to_string());
    }

    #[test]
    fn every_error_of_every_verifier_has_its_name() {
        for verifier in VERIFIERS {
            let artifact = Artifact::parse(verifier.artifact).expect("an artifact");
            let errors: Vec<_> = artifact.errors().collect();
            assert!(!errors.is_empty(), "{}", verifier.contract.name);
            for error in errors {
                let hash = alloy_primitives::keccak256(error.as_bytes());
                let revert = Revert(hash[..4].to_vec().into());
                assert_eq!(named(&revert), Some(error), "{}", verifier.contract.name);
            }
        }
    }

    #[test]
    fn what_is_done_already_depends_on_what_was_to_be_done() {
        let over = Revert(Reason::GameNotInProgress.data().into());
        assert!(is_done_already(Kind::Resolve, &over));
        // For these the game ended too early.
        for kind in [Kind::Step, Kind::Move, Kind::Challenge] {
            assert!(!is_done_already(kind, &over), "{kind:?}");
        }
        let there = Revert(Reason::ClaimAlreadyExists.data().into());
        assert!(is_done_already(Kind::Move, &there));
        let late = Revert(Reason::ClockTimeExceeded.data().into());
        assert!(!is_done_already(Kind::Move, &late));
        assert!(!is_done_already(Kind::Resolve, &Revert::default()));
    }
}
