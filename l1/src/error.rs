//! What goes wrong between us and a chain.

use crate::{At, B256, Bytes, U256};
use std::fmt;
use std::time::Duration;

/// A chain did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// No useful answer came for as long as we tried.
    #[error("{node} does not answer ({why}); tried for {} s. Is the address right, and does the node run?", tried.as_secs())]
    Unreachable {
        /// The node that was asked.
        node: String,
        /// What happened instead.
        why: String,
        /// For how long it was tried.
        tried: Duration,
    },
    /// The node refuses.
    #[error("{node} refuses {method}: {message} (code {code})")]
    Refused {
        /// The node.
        node: String,
        /// What it was asked.
        method: &'static str,
        /// JSON-RPC's number for the reason.
        code: i64,
        /// The reason in the node's words.
        message: String,
    },
    /// The node says something that is no answer to the question.
    #[error(
        "{node} answers {method} with something else: {why}. Is it {}?",
        expected(method)
    )]
    Malformed {
        /// The node.
        node: String,
        /// What it was asked.
        method: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The node is on another chain than the one that was meant.
    #[error("{node} is on chain {found}, and chain {expected} was asked for")]
    WrongChain {
        /// The node.
        node: String,
        /// Its chain.
        found: u64,
        /// The one that was meant.
        expected: u64,
    },
    /// Nodes that are to be of one chain are not.
    #[error("the nodes are on different chains: {said}. Which one is meant has to be said")]
    SeveralChains {
        /// Who is on which.
        said: String,
    },
    /// There is no such block, or not any more, or its state is forgotten.
    #[error(
        "{node} does not have {at}: it is not there yet, was dropped by a reorg, or is forgotten"
    )]
    NoBlock {
        /// The node.
        node: String,
        /// The block.
        at: At,
    },
    /// A contract reverted.
    #[error("{0}")]
    Reverted(Revert),
    /// The connection cannot be made in this way at all.
    #[error("{0}")]
    Setup(String),
}

/// What kind of node answers a method.
fn expected(method: &str) -> &'static str {
    match method.split_once('_') {
        Some(("optimism", _)) => "a rollup's node (op-node)",
        Some(("superroot", _)) => "a node that knows super roots (op-node or op-supernode)",
        _ => "an Ethereum node",
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("the newest block"),
            Self::Safe => f.write_str("the safe block"),
            Self::Finalized => f.write_str("the finalized block"),
            Self::Number(number) => write!(f, "block {number}"),
            Self::Hash(hash) => write!(f, "block {hash}"),
        }
    }
}

/// What a contract reverted with.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Revert(pub Bytes);

impl Revert {
    /// The text of a `revert("…")` or `require(…, "…")`.
    pub fn text(&self) -> Option<String> {
        let arguments = self.0.strip_prefix(&[0x08, 0xc3, 0x79, 0xa0])?;
        let length = U256::from_be_slice(arguments.get(32..64)?);
        let text = arguments.get(64..)?.get(..usize::try_from(length).ok()?)?;
        Some(tame(&String::from_utf8_lossy(text)))
    }

    /// The first four bytes of the hash of an error's signature.
    pub fn selector(&self) -> Option<[u8; 4]> {
        self.0.first_chunk().copied()
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.text(), self.0.is_empty()) {
            (Some(text), _) => write!(f, "the contract reverts: {text}"),
            (None, true) => f.write_str("the contract reverts without a reason"),
            (None, false) => write!(f, "the contract reverts with {}", self.0),
        }
    }
}

/// The most characters of somebody else's text that are shown.
const SHOWN: usize = 500;

/// Somebody else's text, as it may stand in a message: on one line, without what a terminal would obey and without keys in
/// addresses, and cut.
pub(crate) fn tame(text: &str) -> String {
    let is_bidi = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // A provider may repeat the address that it was asked at.
    let cut: String = text.chars().take(SHOWN + 1).collect();
    let mut tamed: String = without_secrets(&cut)
        .chars()
        .take(SHOWN)
        .map(|c| {
            if c.is_control() || is_bidi(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        tamed.push('…');
    }
    tamed
}

/// An amount of wei as text: in ether, with all its digits.
pub fn ether(wei: U256) -> String {
    let unit = U256::from(10u64).pow(U256::from(18));
    let (whole, rest) = wei.div_rem(unit);
    let digits = format!("{rest:018}");
    match digits.trim_end_matches('0') {
        "" => format!("{whole} ether"),
        digits => format!("{whole}.{digits} ether"),
    }
}

/// Hashes in a row, for messages.
pub(crate) fn listed(hashes: &[B256]) -> String {
    let hashes: Vec<_> = hashes.iter().map(ToString::to_string).collect();
    hashes.join(", ")
}

/// The last cause of an error, because the causes before it repeat the URL, which may have a password.
pub fn last_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map_or(String::new(), ToString::to_string)
}

/// A text without what may be a secret: of each URL scheme, host and port are left. The rest may be a password, a key in
/// the path (`/v3/KEY`), or one in the query.
pub fn without_secrets(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        said.push_str(before);
        let is_end = |c: char| c.is_whitespace() || "\"'`<>,;|\\^{}()".contains(c);
        let (url, more) = after.split_at(after.find(is_end).unwrap_or(after.len()));
        let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
        let tail = url.get(authority.len()..).unwrap_or_default();
        // A password may have an @ itself.
        let host = authority.rsplit('@').next().unwrap_or_default();
        let port = host
            .rsplit(']')
            .next()
            .and_then(|host| host.split_once(':'));
        // What is said of it may follow a colon.
        let is_port = |port: &str| {
            let port = port.trim_end_matches(':');
            port.bytes().all(|byte| byte.is_ascii_digit())
        };
        match port {
            // A password with a slash in it, and its host behind.
            Some((_, port)) if !is_port(port) => said.push('…'),
            _ => {
                said.push_str(host);
                said.push_str(if tail.len() > 1 { "/…" } else { tail });
            }
        }
        rest = more;
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_asks_for_the_kind_of_node_that_was_meant() {
        for (method, kind) in [
            ("eth_chainId", "an Ethereum node?"),
            ("optimism_syncStatus", "a rollup's node (op-node)?"),
            ("superroot_atTimestamp", "op-supernode)?"),
        ] {
            let error = Error::Malformed {
                node: "http://x".into(),
                method,
                why: "a list".into(),
            };
            assert!(error.to_string().ends_with(kind), "{error}");
        }
    }

    #[test]
    fn amounts_are_in_ether() {
        let amount = |wei: u128| ether(U256::from(wei));
        assert_eq!(amount(0), "0 ether");
        assert_eq!(amount(1), "0.000000000000000001 ether");
        assert_eq!(amount(80_000_000_000_000_000), "0.08 ether");
        assert_eq!(amount(12_000_000_000_000_000_000), "12 ether");
    }

    #[test]
    fn reverts_have_words() {
        let revert = |hex: &str| Revert(hex.parse().unwrap());
        let text = format!("0x08c379a0{:064x}{:064x}6e6f{:060x}", 32, 2, 0);
        assert_eq!(revert(&text).to_string(), "the contract reverts: no");
        assert_eq!(
            revert("0x").to_string(),
            "the contract reverts without a reason"
        );
        let named = revert("0x01020304ff");
        assert_eq!(named.selector(), Some([1, 2, 3, 4]));
        assert_eq!(named.to_string(), "the contract reverts with 0x01020304ff");
        // A text whose announced length is more than its bytes.
        assert_eq!(
            revert(&format!("0x08c379a0{:064x}{:064x}", 32, 2)).text(),
            None
        );
    }

    #[test]
    fn of_an_address_its_host_is_left() {
        for (text, said) in [
            ("http://h", "http://h"),
            ("http://h:1/ is", "http://h:1/ is"),
            (
                "a http://u:SECRET@h:80/v3/SECRET?k=SECRET, b",
                "a http://h:80/…, b",
            ),
            ("(https://h/?apikey=SECRET)", "(https://h/…)"),
            ("`https://h?apikey=SECRET`", "`https://h/…`"),
            ("https://u:SEC@RET@h#SECRET", "https://h/…"),
            ("http://u:SECRET/SECRET@h", "http://…"),
            (
                "http://u:SECRET@[::1]:8545/SECRET http://[::1]/",
                "http://[::1]:8545/… http://[::1]/",
            ),
            ("http://h:1: no", "http://h:1: no"),
            ("x://", "x://"),
            ("no address", "no address"),
            (
                "a=http://h/SECRET,b=https://h2/SECRET",
                "a=http://h/…,b=https://h2/…",
            ),
        ] {
            assert_eq!(without_secrets(text), said, "{text}");
        }
    }

    #[test]
    fn texts_of_others_are_on_one_line_and_short() {
        assert_eq!(tame("out of gas: 5 \u{e9}"), "out of gas: 5 \u{e9}");
        assert_eq!(
            tame("x\u{1b}[31m\r\nlevel=INFO \u{9b}\u{202e}y"),
            "x\u{fffd}[31m\u{fffd}\u{fffd}level=INFO \u{fffd}\u{fffd}y"
        );
        let long = tame(&"z".repeat(3_000_000));
        assert_eq!(long.chars().count(), SHOWN + 1);
        let mut revert = vec![0x08, 0xc3, 0x79, 0xa0];
        revert.extend_from_slice(&U256::from(32).to_be_bytes::<32>());
        revert.extend_from_slice(&U256::from(3).to_be_bytes::<32>());
        revert.extend_from_slice(b"a\x07b");
        let text = Revert(revert.into()).text();
        assert_eq!(text.as_deref(), Some("a\u{fffd}b"));
    }
}
