//! What a failure says of asking again.
//!
//! Nodes and those before them refuse in as many ways as there are providers, so only what is known to be an answer
//! counts as one where nothing is changed by asking again.

use crate::http::Failure;

/// What changes something, or whose refusal is the answer: geth refuses to estimate what an account cannot pay.
const CHANGES: [&str; 2] = ["eth_sendRawTransaction", "eth_estimateGas"];

/// What nodes say of a block that they do not have, or whose state they have forgotten, in small letters.
const ABSENT: [&str; 14] = [
    "not found",
    "unknown block",
    "missing trie",
    "blockoutofrange",
    "could not be found",
    "historical state",
    "state not available",
    "state is not available",
    "state unavailable",
    "no state available",
    "pruned",
    "worldstate",
    "maximum proof window",
    "archive",
];

/// What a refusal has that is about this question and not about how many there were, in small letters. Providers
/// give both the same code.
const TOO_LARGE: [&str; 6] = [
    "more than",
    "range",
    "max results",
    "too many results",
    "too large",
    "response size",
];

/// What an error says of asking again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Silence {
    /// It is an answer.
    Answered,
    /// It passes: there was no answer, or there were too many questions.
    Passes,
    /// It may be an answer.
    MayPass,
}

/// What a failure says of asking again.
pub(super) fn silence(method: &str, failure: &Failure) -> Silence {
    let may_be = if CHANGES.contains(&method) {
        Silence::Answered
    } else {
        Silence::MayPass
    };
    match failure {
        Failure::Silence(_) | Failure::Status(408 | 425 | 429 | 500.., _) => Silence::Passes,
        Failure::Status(..) => Silence::Answered,
        Failure::Refused(error, _) if is_limit(error.code, &error.message) => Silence::Passes,
        Failure::Refused(error, _) if is_answer(error.code, &error.message) => Silence::Answered,
        // A page for people, from whoever stands before the node.
        Failure::Refused(..) | Failure::Malformed(_) => may_be,
    }
}

/// Whether a node does not have a block, or its state.
pub(super) fn is_absent(message: &str) -> bool {
    has(message, &ABSENT)
}

/// Whether a node refuses because it is asked too much, or has too much to do.
fn is_limit(code: i64, message: &str) -> bool {
    let words = [
        "rate limit",
        "request limit",
        "limit reached",
        "limit exceeded",
        "too many requests",
        "capacity",
        "compute units",
        "busy",
        "overloaded",
        "try again",
        "timed out",
        "timeout",
    ];
    let by_code = matches!(code, 429 | -32_005 | -32_007 | -32_016 | -32_029 | -32_097);
    by_code && !has(message, &TOO_LARGE) || has(message, &words)
}

/// Whether an error of JSON-RPC answers the question: the call reverts or fails in the EVM, the question makes
/// no sense to the node, or the block is not there.
fn is_answer(code: i64, message: &str) -> bool {
    let words = [
        "revert",
        "out of gas",
        "invalid opcode",
        "invalid jump",
        "stack",
        "not supported",
        "not enabled",
        "not available",
        "does not exist",
        "invalid argument",
        "indexing is in progress",
    ];
    matches!(code, 3 | -32_015 | -32_602..=-32_600 | -32_700)
        || is_absent(message)
        || has(message, &words)
        || has(message, &TOO_LARGE)
}

/// Whether a node says that it has a transaction already.
pub(super) fn is_known(message: &str) -> bool {
    has(
        message,
        &["already known", "already imported", "alreadyknown"],
    )
}

fn has(message: &str, words: &[&str]) -> bool {
    let message = message.to_ascii_lowercase();
    words.iter().any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_is_asked_again() {
        for (code, message) in [
            (-32_007, "15/second request limit reached"),
            (-32_016, "over rate limit"),
            (-32_005, "daily quota"),
            (-32_005, "limit exceeded"),
            (429, "slow down"),
            (-32_000, "Too many requests, try again later"),
        ] {
            assert!(is_limit(code, message), "{message}");
        }
        for (code, message) in [
            (3, "execution reverted"),
            (-32_000, "execution reverted: no"),
            (-32_601, "the method x does not exist/is not available"),
            (-32_602, "invalid argument 0"),
            (-32_000, "header not found"),
            (-32_000, "out of gas"),
            // Not too many questions, but one that is too large.
            (-32_005, "query returned more than 10000 results"),
            (-32_005, "block range is too large"),
        ] {
            assert!(
                is_answer(code, message) && !is_limit(code, message),
                "{message}"
            );
        }
        // Unknown words are no answer yet.
        assert!(!is_answer(-32_000, "internal error") && !is_answer(-32_603, "oops"));
    }

    #[test]
    fn forgotten_states_are_known_by_each_clients_words() {
        for message in [
            // geth, by hash scheme and by path scheme
            "missing trie node 3a…: state 0x3a… is not available, not found",
            "historical state 0x5d… is not available",
            "historical state not available in path scheme yet",
            // reth
            "state at block #17000000 is pruned",
            "distance to target block exceeds maximum proof window",
            // Nethermind, Besu, Erigon
            "No state available for block 0x12",
            "World state unavailable",
            "old data not available due to pruning: the block is pruned",
            // Providers
            "This request requires an archive node",
        ] {
            assert!(is_absent(message), "{message}");
        }
        for message in ["execution reverted", "the method x is not available"] {
            assert!(!is_absent(message), "{message}");
        }
    }
}
