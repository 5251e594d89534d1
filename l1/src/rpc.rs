//! A chain behind JSON-RPC over HTTP.

mod answers;
mod time;

use crate::error::{last_cause, tame};
use crate::{
    Address, At, B256, Block, Bytes, Call, Chain, Error, Log, LogFilter, Receipt, Revert,
    Transaction, U256,
};
use alloy::rpc::client::RpcClient;
use alloy::rpc::json_rpc::{RpcError, RpcRecv};
use alloy::rpc::types as wire;
use alloy::transports::TransportErrorKind;
use alloy::transports::http::Http;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// The longest that one request may take.
const REQUEST: Duration = Duration::from_secs(20);
/// For how long a request without an answer is tried again.
const PATIENCE: Duration = Duration::from_secs(15);
/// The first wait before a request is tried again; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait.
const LAST_WAIT: Duration = Duration::from_secs(8);
/// For how long a request is tried again that is refused in words which nobody here knows.
const SECOND_THOUGHTS: Duration = Duration::from_secs(5);
/// What changes something, or whose refusal is the answer: geth refuses to estimate what an account cannot pay.
const CHANGES: [&str; 2] = ["eth_sendRawTransaction", "eth_estimateGas"];
/// How often the chain is looked at.
const POLL: Duration = Duration::from_secs(1);
/// The same for a node on this machine.
const POLL_LOCAL: Duration = Duration::from_millis(100);

/// What nodes say of a block that they do not have.
const ABSENT: [&str; 5] = [
    "not found",
    "unknown block",
    "missing trie",
    "BlockOutOfRange",
    "could not be found",
];

/// The priority fee, in wei, if the node has no opinion.
const TIP: u128 = 1_000_000_000;

/// A connection to an Ethereum node.
#[derive(Debug)]
pub struct Rpc {
    client: RpcClient,
    runtime: Runtime,
    /// Scheme, host and port: the rest of an address may be a password.
    name: String,
    chain_id: u64,
    patience: Duration,
    poll: Duration,
}

impl Rpc {
    /// Connects to the node at a URL, on the chain that is expected or on any.
    pub fn connect(url: &str, expected: Option<u64>) -> Result<Self, Error> {
        Self::connect_within(url, expected, PATIENCE)
    }

    /// The same, where a request without an answer is tried again for so long.
    pub fn connect_within(
        url: &str,
        expected: Option<u64>,
        patience: Duration,
    ) -> Result<Self, Error> {
        let mut rpc = Self::node(url, patience)?;
        let found: U256 = rpc.ask("eth_chainId", json!([]))?;
        rpc.chain_id = rpc.fitting("eth_chainId", found)?;
        match expected {
            Some(expected) if expected != rpc.chain_id => Err(Error::WrongChain {
                node: rpc.name,
                found: rpc.chain_id,
                expected,
            }),
            _ => Ok(rpc),
        }
    }

    /// A node that need not be Ethereum's, such as a rollup's, for [`Rpc::question`]. As a
    /// [`Chain`] it says to be on chain 0.
    pub fn node(url: &str, patience: Duration) -> Result<Self, Error> {
        let setup = |why: &dyn std::fmt::Display| Error::Setup(why.to_string());
        let url: reqwest::Url = url.parse().map_err(|why| {
            Error::Setup(format!(
                "not the URL of a node: {why}; http://HOST:PORT is expected"
            ))
        })?;
        let ("http" | "https", Some(host)) = (url.scheme(), url.host_str()) else {
            return Err(setup(&"the URL of a node begins with http:// or https://"));
        };
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        let name = format!("{}://{host}{port}", url.scheme());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        // This fails only if it was done before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(REQUEST).build();
        let http = Http::with_client(client.map_err(|why| setup(&why))?, url);
        let local = http.guess_local();
        Ok(Self {
            client: RpcClient::new(http, local),
            runtime: runtime.map_err(|why| setup(&why))?,
            name,
            chain_id: 0,
            patience,
            poll: if local { POLL_LOCAL } else { POLL },
        })
    }

    /// Calls a method that [`Chain`] does not have, and gives its answer unchanged.
    pub fn question(&self, method: &'static str, params: Value) -> Result<Value, Error> {
        self.ask(method, params)
    }

    /// Asks, again and again as long as there is no answer.
    fn ask<T: RpcRecv>(&self, method: &'static str, params: Value) -> Result<T, Error> {
        let (begun, mut wait) = (Instant::now(), FIRST_WAIT);
        loop {
            let request = self.client.request::<_, T>(method, params.clone());
            let failed = match self.runtime.block_on(request) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let tried = begun.elapsed();
            match self.silence(method, &failed) {
                Silence::Answered => return Err(self.error(method, failed)),
                Silence::MayPass(_) if tried + wait > self.patience.min(SECOND_THOUGHTS) => {
                    return Err(self.error(method, failed));
                }
                Silence::Passes(why) if tried + wait > self.patience => {
                    return Err(Error::Unreachable {
                        node: self.name.clone(),
                        why,
                        tried,
                    });
                }
                Silence::Passes(why) | Silence::MayPass(why) => {
                    tracing::debug!(target: "l1", node = self.name, method, why, "No answer, again");
                    std::thread::sleep(wait);
                    wait = (wait * 2).min(LAST_WAIT);
                }
            }
        }
    }

    /// What an error says of asking again. Nodes and those before them refuse in as many ways as there are
    /// providers, so only what is known to be an answer counts as one where nothing is changed by asking again.
    fn silence(&self, method: &str, error: &RpcError<TransportErrorKind>) -> Silence {
        match error {
            RpcError::Transport(TransportErrorKind::HttpError(http)) => {
                let why = format!("HTTP status {}", http.status);
                match http.status {
                    408 | 425 | 429 | 500.. => Silence::Passes(why),
                    _ => Silence::Answered,
                }
            }
            RpcError::Transport(TransportErrorKind::Custom(error)) => {
                Silence::Passes(last_cause(&**error))
            }
            RpcError::ErrorResp(payload) => {
                let why = payload.message.to_string();
                if is_limit(payload.code, &why) {
                    Silence::Passes(tame(&why))
                } else if CHANGES.contains(&method) || is_answer(payload.code, &why) {
                    Silence::Answered
                } else {
                    Silence::MayPass(why)
                }
            }
            // A page for people, from whoever stands before the node.
            other if !CHANGES.contains(&method) => Silence::MayPass(other.to_string()),
            _ => Silence::Answered,
        }
    }

    fn error(&self, method: &'static str, error: RpcError<TransportErrorKind>) -> Error {
        match error {
            RpcError::ErrorResp(payload) => {
                let reverted = payload.code == 3 || payload.message.contains("revert");
                if let (true, "eth_call" | "eth_estimateGas") = (reverted, method) {
                    let data = payload.as_revert_data();
                    return Error::Reverted(Revert(data.unwrap_or_default()));
                }
                Error::Refused {
                    node: self.name.clone(),
                    method,
                    code: payload.code,
                    message: tame(&payload.message),
                }
            }
            RpcError::Transport(TransportErrorKind::HttpError(http)) => {
                self.malformed(method, format!("HTTP status {}", http.status))
            }
            RpcError::DeserError { err, .. } => self.malformed(method, err.to_string()),
            other => self.malformed(method, other.to_string()),
        }
    }

    fn malformed(&self, method: &'static str, why: String) -> Error {
        let node = self.name.clone();
        Error::Malformed { node, method, why }
    }

    /// A number that has to fit.
    fn fitting<T: TryFrom<U256>>(&self, method: &'static str, number: U256) -> Result<T, Error> {
        let fits = T::try_from(number);
        fits.map_err(|_| self.malformed(method, format!("{number} is too much")))
    }

    /// What a node says to a block it does not have, in its own words.
    fn at<T>(&self, at: At, answer: Result<T, Error>) -> Result<T, Error> {
        match answer {
            Err(Error::Refused { message, .. })
                if ABSENT.iter().any(|words| message.contains(words)) =>
            {
                let node = self.name.clone();
                Err(Error::NoBlock { node, at })
            }
            other => other,
        }
    }
}

impl Chain for Rpc {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn chain_id(&self) -> u64 {
        self.chain_id
    }

    fn block(&self, at: At) -> Result<Block, Error> {
        let method = match at {
            At::Hash(_) => "eth_getBlockByHash",
            _ => "eth_getBlockByNumber",
        };
        let which = match at {
            At::Hash(hash) => json!(hash),
            other => answers::parameter(other),
        };
        let found = self.at(
            at,
            self.ask::<Option<wire::Block<B256>>>(method, json!([which, false])),
        )?;
        let node = self.name.clone();
        found
            .map(|block| answers::block(&block))
            .ok_or(Error::NoBlock { node, at })
    }

    fn nonce(&self, account: Address, waiting: bool) -> Result<u64, Error> {
        let at = if waiting { "pending" } else { "latest" };
        let method = "eth_getTransactionCount";
        let nonce = self.ask(method, json!([account, at]))?;
        self.fitting(method, nonce)
    }

    fn nonce_at(&self, account: Address, at: At) -> Result<u64, Error> {
        let method = "eth_getTransactionCount";
        let asked = self.ask(method, json!([account, answers::parameter(at)]));
        let nonce = self.at(at, asked)?;
        self.fitting(method, nonce)
    }

    fn balance(&self, account: Address, at: At) -> Result<U256, Error> {
        self.at(
            at,
            self.ask("eth_getBalance", json!([account, answers::parameter(at)])),
        )
    }

    fn code(&self, account: Address, at: At) -> Result<Bytes, Error> {
        self.at(
            at,
            self.ask("eth_getCode", json!([account, answers::parameter(at)])),
        )
    }

    fn call(&self, call: &Call, at: At) -> Result<Bytes, Error> {
        let params = json!([answers::call(call), answers::parameter(at)]);
        self.at(at, self.ask("eth_call", params))
    }

    fn estimate(&self, call: &Call) -> Result<u64, Error> {
        let method = "eth_estimateGas";
        // Some nodes take what waits into account unless told otherwise, which may never get into a
        // block.
        let gas = self.ask(method, json!([answers::call(call), "latest"]))?;
        self.fitting(method, gas)
    }

    fn tip(&self) -> Result<u128, Error> {
        let method = "eth_maxPriorityFeePerGas";
        match self.ask(method, json!([])) {
            // Not every node has the method.
            Err(Error::Refused { code: -32_601, .. }) => Ok(TIP),
            tip => self.fitting(method, tip?),
        }
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, Error> {
        let logs: Vec<wire::Log> = self.ask("eth_getLogs", json!([answers::filter(filter)]))?;
        let logs: Option<_> = logs.iter().map(answers::log).collect();
        logs.ok_or_else(|| self.malformed("eth_getLogs", "a log that is in no block".into()))
    }

    fn transactions(&self, block: B256) -> Result<Vec<Transaction>, Error> {
        // Whole ones, of which some chains have types of their own: only what all have is read.
        let method = "eth_getBlockByHash";
        let found = self.ask::<Value>(method, json!([block, true]))?;
        if found.is_null() {
            let (node, at) = (self.name.clone(), At::Hash(block));
            return Err(Error::NoBlock { node, at });
        }
        let list = found.get("transactions").and_then(Value::as_array);
        let list = list.and_then(|list| list.iter().map(answers::transaction).collect());
        list.ok_or_else(|| self.malformed(method, "a block without its transactions".into()))
    }

    fn receipt(&self, transaction: B256) -> Result<Option<Receipt>, Error> {
        let method = "eth_getTransactionReceipt";
        let found = self.ask::<Option<wire::TransactionReceipt>>(method, json!([transaction]));
        match found {
            // Said by geth for some seconds after its start.
            Err(Error::Refused { message, .. }) if message.contains("indexing is in progress") => {
                Ok(None)
            }
            Ok(receipt) => Ok(receipt.as_ref().and_then(answers::receipt)),
            Err(error) => Err(error),
        }
    }

    fn submit(&self, transaction: &[u8]) -> Result<(), Error> {
        let raw = Bytes::copy_from_slice(transaction);
        match self.ask::<B256>("eth_sendRawTransaction", json!([raw])) {
            Err(Error::Refused { message, .. }) if is_known(&message) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    fn pause(&self) {
        std::thread::sleep(self.poll);
    }
}

/// What an error says of asking again.
enum Silence {
    /// It is an answer.
    Answered,
    /// It passes: there was no answer, or there were too many questions.
    Passes(String),
    /// It may be an answer.
    MayPass(String),
}

/// Whether a node refuses because it is asked too much, or has too much to do.
fn is_limit(code: i64, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
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
    matches!(code, 429 | -32_005 | -32_007 | -32_016 | -32_029 | -32_097)
        || words.iter().any(|words| message.contains(words))
}

/// Whether an error of JSON-RPC answers the question: the call reverts or fails in the EVM, the question makes
/// no sense to the node, or the block is not there.
fn is_answer(code: i64, message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
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
        "range",
        "more than",
        "indexing is in progress",
    ];
    let absent = ABSENT.iter().any(|words| message.contains(words));
    matches!(code, 3 | -32_015 | -32_602..=-32_600 | -32_700)
        || absent
        || words.iter().any(|words| lower.contains(words))
}

/// Whether a node says that it has a transaction already.
fn is_known(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["already known", "already imported", "alreadyknown"]
        .iter()
        .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::{is_answer, is_limit};

    #[test]
    fn what_is_no_answer_is_asked_again() {
        for (code, message) in [
            (-32_007, "15/second request limit reached"),
            (-32_016, "over rate limit"),
            (-32_005, "daily quota"),
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
        ] {
            assert!(
                is_answer(code, message) && !is_limit(code, message),
                "{message}"
            );
        }
        // Unknown words are no answer yet.
        assert!(!is_answer(-32_000, "internal error") && !is_answer(-32_603, "oops"));
    }
}
