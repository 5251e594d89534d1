//! Why a contract refused, in the words that it declares.

use contracts::artifact::{Artifact, PREIMAGE_ORACLE};
use contracts::game::artifacts;
use l1::{Revert, SendError};

/// The signature of the error that one of our contracts reverts with: a verifier, the oracle, or one of
/// the game's. Upstream's have the same names.
pub fn named(revert: &Revert) -> Option<String> {
    let artifacts = [
        artifacts::GAME,
        artifacts::FEE_SPIKE_GAME,
        artifacts::FACTORY,
        artifacts::REGISTRY,
        contracts::MIPS_ARTIFACT,
        contracts::MIPS64_ARTIFACT,
        contracts::RISCV_ARTIFACT,
        PREIMAGE_ORACLE,
    ];
    let named = |artifact: &str| Artifact::parse(artifact).ok()?.error(&revert.0);
    artifacts.into_iter().find_map(named)
}

/// What a revert says, by name where there is one.
pub fn told(revert: &Revert) -> String {
    named(revert).map_or_else(
        || revert.to_string(),
        |name| format!("the contract reverts: {name}"),
    )
}

/// An error of sending, with the contract's reason by its name.
pub fn sending(error: &SendError) -> String {
    match error {
        SendError::WouldRevert { what, revert } => format!("cannot {what}: {}", told(revert)),
        SendError::Failed {
            what,
            transaction,
            reason: Some(revert),
            ..
        } => format!(
            "could not {what} (transaction {transaction}): {}",
            told(revert)
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
        assert_eq!(told(&revert), "the contract reverts: ClockTimeExceeded()");
        let other = Revert(SomethingElse {}.abi_encode().into());
        assert_eq!(named(&other), None);
        assert_eq!(told(&other), other.to_string());
    }
}
