//! A chain behind JSON-RPC over HTTP, of one node or of several.

mod answers;
mod node;
mod refusal;
mod several;
mod time;

use crate::http::Http;
use crate::{
    Address, At, B256, Block, Bytes, Call, Chain, Error, Log, LogFilter, NodeReport, Receipt,
    Transaction, U256,
};
use alloy::rpc::types as wire;
use node::{Failed, Node};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
pub use several::Limits;
use several::{Again, at_once};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The longest that one request to a node may take that is the only one.
const REQUEST: Duration = Duration::from_secs(20);
/// For how long a request without an answer is tried again.
const PATIENCE: Duration = Duration::from_secs(15);
/// The first wait before a request is tried again; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait.
const LAST_WAIT: Duration = Duration::from_secs(8);
/// For how long a request is tried again if it is refused with an unknown error.
const SECOND_THOUGHTS: Duration = Duration::from_secs(5);
/// How often the chain is looked at.
const POLL: Duration = Duration::from_secs(1);
/// The same for a node on this machine.
const POLL_LOCAL: Duration = Duration::from_millis(100);

/// The priority fee, in wei, if the node has no opinion.
const TIP: u128 = 1_000_000_000;

/// A connection to an Ethereum chain, by one node or by several.
#[derive(Debug)]
pub struct Rpc {
    nodes: Vec<Arc<Node>>,
    limits: Limits,
    chain_id: u64,
    patience: Duration,
    poll: Duration,
    /// When nodes were compared last.
    compared: Mutex<Option<Instant>>,
    /// The newest block that was told of.
    newest: AtomicU64,
}

impl Rpc {
    /// Connects to the node at a URL, on the chain that is expected or on any.
    pub fn connect(url: &str, expected: Option<u64>) -> Result<Self, Error> {
        Self::connect_within(url, expected, PATIENCE)
    }

    /// The same, with the time for which a request without an answer is tried again.
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
                node: rpc.name(),
                found: rpc.chain_id,
                expected,
            }),
            _ => Ok(rpc),
        }
    }

    /// Connects to several nodes of one chain: the one that is expected, or the one that most of them are on. They are asked
    /// in their order. One that does not answer, answers something else, is behind, or is on another chain or fork is
    /// passed over until that is over, so one of them has to work.
    ///
    /// # Errors
    /// If none is on the chain within `patience`, or as many are on one chain as on another.
    pub fn connect_all(
        urls: &[String],
        expected: Option<u64>,
        patience: Duration,
        limits: Limits,
    ) -> Result<Self, Error> {
        if let [url] = urls {
            return Self::connect_within(url, expected, patience);
        }
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        for url in urls {
            let http = Http::new(url, "node", limits.timeout, |client| client)?;
            let same = |node: &&Arc<Node>| node.host() == http.name;
            // The rest of the address, which tells them apart, may be a password.
            let name = match nodes.iter().filter(same).count() {
                0 => http.name.clone(),
                before => format!("{} ({})", http.name, before + 1),
            };
            nodes.push(Arc::new(Node::new(http, name)));
        }
        let mut rpc = Self::over(nodes, patience, limits)?;
        rpc.chain_id = rpc.agreed_chain(expected)?;
        Ok(rpc)
    }

    /// A node that need not be Ethereum's, such as a rollup's, for [`Rpc::question`]. As a
    /// [`Chain`] it is on chain 0.
    pub fn node(url: &str, patience: Duration) -> Result<Self, Error> {
        let http = Http::new(url, "node", REQUEST, |client| client)?;
        let name = http.name.clone();
        Self::over(
            vec![Arc::new(Node::new(http, name))],
            patience,
            Limits::default(),
        )
    }

    fn over(nodes: Vec<Arc<Node>>, patience: Duration, limits: Limits) -> Result<Self, Error> {
        let is_local = nodes.iter().all(|node| node.is_local());
        if nodes.is_empty() {
            return Err(Error::Setup("no node is named".into()));
        }
        Ok(Self {
            nodes,
            limits,
            chain_id: 0,
            patience,
            poll: if is_local { POLL_LOCAL } else { POLL },
            compared: Mutex::default(),
            newest: AtomicU64::new(0),
        })
    }

    /// The chain that is expected, if a node is on it; else the one that most are on.
    fn agreed_chain(&self, expected: Option<u64>) -> Result<u64, Error> {
        let (begun, mut wait) = (Instant::now(), FIRST_WAIT);
        loop {
            let asked = self.nodes.iter().map(|node| &**node);
            let said = at_once(asked, |node| Some(chain_id(node)));
            let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
            let mut silent = Vec::new();
            for (node, said) in &said {
                match said {
                    Ok(found) => *counts.entry(*found).or_default() += 1,
                    Err(failed) => {
                        node.rest(failed, begun);
                        silent.push(format!("{}: {}", node.name, failed.why));
                    }
                }
            }
            let found = || {
                said.iter()
                    .filter_map(|(node, id)| Some((*node, *id.as_ref().ok()?)))
            };
            let most = counts.values().max().copied();
            let mut leading = counts.iter().filter(|(_, count)| Some(**count) == most);
            let chosen = match (expected, leading.next(), leading.next()) {
                (Some(expected), ..) => counts.contains_key(&expected).then_some(expected),
                (None, Some((chain, _)), None) => Some(*chain),
                (None, None, _) => None,
                (None, Some(_), Some(_)) => {
                    let said = found().map(|(node, id)| format!("{} is on {id}", node.name));
                    let said = said.collect::<Vec<_>>().join(", ");
                    return Err(Error::SeveralChains { said });
                }
            };
            if let Some(chosen) = chosen {
                for (node, id) in found() {
                    if id == chosen {
                        node.is_back();
                    } else {
                        node.leave_out(Some(node::LeftOut::Chain(id)));
                    }
                }
                return Ok(chosen);
            }
            if let (Some(expected), Some((node, id)), true) =
                (expected, found().next(), silent.is_empty())
            {
                let node = node.name.clone();
                return Err(Error::WrongChain {
                    node,
                    found: id,
                    expected,
                });
            }
            let tried = begun.elapsed();
            if tried + wait > self.patience {
                let (node, why) = (self.name(), silent.join("; "));
                return Err(Error::Unreachable { node, why, tried });
            }
            std::thread::sleep(wait);
            wait = (wait * 2).min(LAST_WAIT);
        }
    }

    /// Calls a method that [`Chain`] does not have, and gives its answer unchanged.
    pub fn question(&self, method: &'static str, params: Value) -> Result<Value, Error> {
        self.ask(method, params)
    }

    /// Asks, again and again as long as there is no answer.
    fn ask<T: DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, Error> {
        self.ask_for(method, params, &|_| true)
    }

    /// The same; where the answer of one node is not as hoped for, another may have a better one.
    fn ask_for<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
        hoped: &dyn Fn(&T) -> bool,
    ) -> Result<T, Error> {
        let (begun, mut wait) = (Instant::now(), FIRST_WAIT);
        loop {
            let (why, after, error) = match self.ask_each(method, &params, hoped) {
                Ok(answer) => return Ok(answer),
                Err(Again::No(error)) => return Err(error),
                Err(Again::Maybe(error, why)) => (why, None, Some(error)),
                Err(Again::Yes(why, after)) => (why, after, None),
            };
            let tried = begun.elapsed();
            let next = wait.max(after.unwrap_or_default());
            match error {
                Some(error) if tried + next > self.patience.min(SECOND_THOUGHTS) => {
                    return Err(error);
                }
                None if tried + next > self.patience => {
                    let node = self.name();
                    return Err(Error::Unreachable { node, why, tried });
                }
                _ => {}
            }
            let node = self.name();
            tracing::debug!(target: "l1", node, method, why, "No answer, again");
            std::thread::sleep(next);
            wait = (wait * 2).min(LAST_WAIT);
        }
    }

    fn malformed(&self, method: &'static str, why: String) -> Error {
        let node = self.name();
        Error::Malformed { node, method, why }
    }

    /// A number that has to fit.
    fn fitting<T: TryFrom<U256>>(&self, method: &'static str, number: U256) -> Result<T, Error> {
        let fits = T::try_from(number);
        fits.map_err(|_| self.malformed(method, format!("{number} is too much")))
    }

    /// Hands a transaction that one node has taken to the others, whose pools may be where it is looked for; it matters to
    /// nobody what they say, or when.
    fn spread(&self, raw: Bytes) {
        for node in self
            .nodes
            .iter()
            .filter(|node| node.is_trusted() && node.is_awake())
        {
            let (node, params) = (node.clone(), json!([raw]));
            std::thread::spawn(move || node.ask::<Value>("eth_sendRawTransaction", &params));
        }
    }

    /// What a node says to a block it does not have, in its own words.
    fn at<T>(&self, at: At, answer: Result<T, Error>) -> Result<T, Error> {
        match answer {
            Err(Error::Refused { node, message, .. }) if refusal::is_absent(&message) => {
                Err(Error::NoBlock { node, at })
            }
            other => other,
        }
    }
}

impl Chain for Rpc {
    fn name(&self) -> String {
        let names: Vec<_> = self.nodes.iter().map(|node| &*node.name).collect();
        match &*names {
            [only] => (*only).to_owned(),
            all => format!("each of {}", all.join(", ")),
        }
    }

    fn nodes(&self) -> Vec<NodeReport> {
        self.nodes.iter().map(|node| node.report()).collect()
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
        let is_newest = at == At::Latest && self.nodes.len() > 1;
        if is_newest {
            self.compare();
        }
        // A node that is a little behind does not take back what another has told.
        let least = if is_newest {
            self.newest.load(Ordering::Relaxed)
        } else {
            0
        };
        let hoped = |block: &Option<wire::Block<B256>>| {
            let block = block.as_ref();
            block.is_some_and(|block| block.header.number >= least)
        };
        let found = self.ask_for(method, json!([which, false]), &hoped);
        let found = self.at(at, found)?;
        if let (true, Some(block)) = (is_newest, &found) {
            self.newest.store(block.header.number, Ordering::Relaxed);
        }
        let node = self.name();
        found
            .map(|block| answers::block(&block))
            .ok_or(Error::NoBlock { node, at })
    }

    fn nonce(&self, account: Address, waiting: bool) -> Result<u64, Error> {
        let at = if waiting { "pending" } else { "latest" };
        let method = "eth_getTransactionCount";
        let nonce = self.ask(method, json!([account, at]))?;
        let nonce: u64 = self.fitting(method, nonce)?;
        if waiting && self.nodes.len() > 1 {
            // What one knows to wait, another may not have heard of.
            let most = self.most(method, &json!([account, at]));
            return Ok(nonce.max(most.unwrap_or(0)));
        }
        Ok(nonce)
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
        // Without "latest" some nodes take waiting transactions into account, which may never get
        // into a block.
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
        // Some chains have transaction types of their own, so only fields that all types have are read.
        let method = "eth_getBlockByHash";
        let found = self.ask::<Value>(method, json!([block, true]))?;
        if found.is_null() {
            let (node, at) = (self.name(), At::Hash(block));
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
            // geth says this for some seconds after its start.
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
            Err(Error::Refused { message, .. }) if refusal::is_known(&message) => {}
            done => drop(done?),
        }
        if self.nodes.len() > 1 {
            self.spread(raw);
        }
        Ok(())
    }

    fn pause(&self) {
        std::thread::sleep(self.poll);
    }
}

/// Which chain a node is on.
fn chain_id(node: &Node) -> Result<u64, Failed> {
    let found: U256 = node.ask("eth_chainId", &json!([]))?;
    // No chain has such a number.
    Ok(u64::try_from(found).unwrap_or(u64::MAX))
}
