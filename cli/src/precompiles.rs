//! Whether an L1 has the precompiles that the oracle's answers depend on.

use fpvm_contracts::precompiles::PRECOMPILES;
use fpvm_l1::{At, Call, Chain, Error};

/// Warns of each precompile that a chain lacks: results of it that a program asks for cannot be shown there.
///
/// # Errors
/// If the chain does not answer.
pub(crate) fn warn_of_missing(chain: &dyn Chain) -> Result<(), Error> {
    for precompile in PRECOMPILES {
        let call = Call {
            to: Some(precompile.address),
            data: precompile.question().into(),
            ..Call::default()
        };
        let answer = match chain.call(&call, At::Latest) {
            Ok(answer) => answer,
            Err(Error::Reverted(_)) => Default::default(),
            Err(other) => return Err(other),
        };
        if !precompile.is_answer(&answer) {
            let (address, name) = (precompile.address.to_string(), precompile.name);
            tracing::warn!(
                target: "l1", name, address, since = precompile.fork,
                "The chain lacks a precompile: where a program asks for its result, nobody can step there"
            );
        }
    }
    Ok(())
}
