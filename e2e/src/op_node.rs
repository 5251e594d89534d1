//! A rollup's node for tests, as op-node and the L2 node beside it answer: outputs, safe heads, headers, super roots.

use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::http;

/// What a block's output is made of, each `0x…`.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The output root.
    pub root: String,
    /// The state root of the block.
    pub state_root: String,
    /// The storage root of the contract that keeps withdrawals.
    pub withdrawals: String,
    /// The hash of the block.
    pub hash: String,
    /// The header's RLP.
    pub header: String,
}

/// What the node knows.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Of the blocks from this number on.
    pub first: u64,
    /// The outputs, one a block.
    pub outputs: Vec<Output>,
    /// The block of L1 that it has come to.
    pub current_l1: u64,
    /// The newest block of L2 that follows from finalised blocks of L1.
    pub finalized: u64,
    /// The newest that follows from L1 as it is.
    pub safe: u64,
    /// Blocks of L2 that are determined by L1's data up to a block of L1: from that one on, the newest.
    pub safe_heads: Vec<(u64, u64)>,
    /// Whether it keeps safe heads.
    pub keeps_safe_heads: bool,
    /// What it was asked, in order.
    pub asked: Vec<String>,
    /// Answers that it fails to give from now on, with a status of HTTP.
    pub fails: u32,
    /// What it says of super roots, if it knows them.
    pub super_roots: SuperRoots,
}

/// What a node answers to `superroot_atTimestamp`: by the second the result, or why there is none.
#[derive(Clone, Default)]
pub struct SuperRoots(Option<Arc<Said>>);

/// By the second the result, or why there is none.
type Said = dyn Fn(u64) -> Result<Value, String> + Send + Sync;

impl SuperRoots {
    /// By what a function says.
    pub fn new(answer: impl Fn(u64) -> Result<Value, String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(answer)))
    }
}

impl std::fmt::Debug for SuperRoots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SuperRoots").finish_non_exhaustive()
    }
}

/// The node; it answers until the test's process ends.
#[derive(Clone, Debug)]
pub struct OpNode {
    /// Where it listens.
    pub url: String,
    known: Arc<Mutex<Known>>,
}

impl OpNode {
    /// Starts it on a free port of this machine.
    pub fn start(known: Known) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let known = Arc::new(Mutex::new(known));
        let shared = known.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Who hangs up does not want the answer.
                let _ = serve(client, &shared);
            }
        });
        Self { url, known }
    }

    /// What it knows, to look at and to change.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no test panics with it")
    }
}

fn serve(mut client: TcpStream, known: &Mutex<Known>) -> std::io::Result<()> {
    let request = http::read(&mut BufReader::new(client.try_clone()?))?.body;
    let mut known = known.lock().expect("no test panics with it");
    let (status, body) = match known.fails.checked_sub(1) {
        Some(left) => {
            known.fails = left;
            ("503 Service Unavailable", String::new())
        }
        None => {
            let mut answer = known.answer(&request);
            answer["jsonrpc"] = json!("2.0");
            answer["id"] = request["id"].clone();
            ("200 OK", answer.to_string())
        }
    };
    http::answer(&mut client, status, "", &body)
}

fn refused(code: i64, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

impl Known {
    fn answer(&mut self, request: &Value) -> Value {
        let method = request["method"].as_str().unwrap_or_default().to_owned();
        let number = request["params"][0].as_str();
        let number =
            number.and_then(|hex| u64::from_str_radix(hex.trim_start_matches("0x"), 16).ok());
        self.asked.push(method.clone());
        let hash = format!("0x{}", "11".repeat(32));
        match (&*method, number) {
            ("optimism_syncStatus", _) => {
                let at = |number: u64| json!({"hash": hash, "number": number, "parentHash": hash, "timestamp": 1});
                let l1 = at(self.current_l1);
                json!({"result": {
                    "current_l1": l1, "current_l1_finalized": l1, "head_l1": l1, "safe_l1": l1,
                    "finalized_l1": l1, "unsafe_l2": at(0), "safe_l2": at(self.safe), "finalized_l2": at(self.finalized),
                }})
            }
            ("optimism_safeHeadAtL1Block", Some(_)) if !self.keeps_safe_heads => {
                refused(-32_000, "safe head database not enabled")
            }
            ("optimism_safeHeadAtL1Block", Some(l1)) => {
                // The newest that it knows of at or before that block, even where it has not read so far.
                let mut heads = self.safe_heads.iter().rev();
                match heads.find(|(at, _)| *at <= l1.min(self.current_l1)) {
                    None => refused(-32_000, "safe head not found"),
                    Some((at, head)) => json!({"result": {
                        "l1Block": {"hash": hash, "number": at},
                        "safeHead": {"hash": hash, "number": head},
                    }}),
                }
            }
            ("optimism_outputAtBlock", Some(block)) => match self.output(block) {
                None => refused(
                    -32_000,
                    &format!(
                        "failed to get L2 block ref with sync status: failed to determine L2BlockRef of height {block}, could not get payload: not found"
                    ),
                ),
                Some(output) => json!({"result": {
                    "version": format!("0x{}", "00".repeat(32)),
                    "outputRoot": output.root,
                    "blockRef": {
                        "hash": output.hash, "number": block, "parentHash": hash, "timestamp": 1,
                        "l1origin": {"hash": hash, "number": 1}, "sequenceNumber": 0,
                    },
                    "withdrawalStorageRoot": output.withdrawals,
                    "stateRoot": output.state_root,
                }}),
            },
            ("superroot_atTimestamp", Some(timestamp)) => match &self.super_roots.0 {
                None => refused(-32_601, "the method superroot_atTimestamp does not exist"),
                Some(answer) => match answer(timestamp) {
                    Ok(result) => json!({"result": result}),
                    Err(why) => refused(-32_000, &why),
                },
            },
            ("debug_getRawHeader", Some(block)) => match self.output(block) {
                None => refused(-32_000, "header not found"),
                Some(output) => json!({"result": output.header}),
            },
            _ => refused(
                -32_601,
                &format!("the method {method} does not exist/is not available"),
            ),
        }
    }

    fn output(&self, block: u64) -> Option<&Output> {
        let place = usize::try_from(block.checked_sub(self.first)?).ok()?;
        self.outputs.get(place)
    }
}
