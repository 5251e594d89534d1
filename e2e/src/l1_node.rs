//! A node of L1 for tests that says what it is told to: its blocks are made up, and it fails in the ways that nodes do.

use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use crate::http;

/// How the node answers.
#[derive(Clone, Debug, Default)]
pub enum Mood {
    /// As a node should.
    #[default]
    Well,
    /// Hangs up at once.
    Down,
    /// A page for people, with status 200.
    Page,
    /// Too many questions, so many times; then well. The first is HTTP's 429 with `Retry-After`, in seconds, the others
    /// are JSON-RPC's -32005.
    TooMany(u32, u64),
    /// Not for a minute.
    Hangs,
    /// With this error to everything but its chain.
    Refuses(i64, String),
}

/// What the node is, and what it was asked.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// How it answers.
    pub mood: Mood,
    /// The chain it is on.
    pub chain_id: u64,
    /// Its newest block.
    pub head: u64,
    /// From this block on its blocks are others than those of nodes with another number here: see [`State::fork`].
    pub forks_at: u64,
    /// Which fork it is on from there on.
    pub fork: u8,
    /// The balance of every account.
    pub balance: u64,
    /// It has no state of blocks that are so far below the newest, where that is not zero.
    pub forgets: u64,
    /// Transactions that every account has sent, those that wait among them.
    pub waiting: u64,
    /// What it was asked, in order.
    pub asked: Vec<String>,
    /// The transactions that were handed in.
    pub sent: Vec<String>,
}

/// The node; it answers until the test's process ends.
#[derive(Clone, Debug)]
pub struct L1Node {
    /// Where it listens.
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl L1Node {
    /// Starts it on a free port of this machine.
    pub fn start(state: State) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = shared.clone();
                // Who hangs up does not want the answer.
                std::thread::spawn(move || drop(serve(client, &shared)));
            }
        });
        Self { url, state }
    }

    /// What it is, to look at and to change.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with it")
    }

    /// How often it was asked something since the last time.
    pub fn take_asked(&self) -> usize {
        std::mem::take(&mut self.state().asked).len()
    }
}

fn serve(mut client: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let request = http::read(&mut BufReader::new(client.try_clone()?))?.body;
    let mood = state.lock().expect("no test panics with it").mood.clone();
    let (status, more, body) = match mood {
        Mood::Down => return Ok(()),
        Mood::Hangs => {
            std::thread::sleep(Duration::from_secs(60));
            return Ok(());
        }
        Mood::Page => (
            "200 OK",
            String::new(),
            "<html><body>One moment, please</body></html>".into(),
        ),
        Mood::TooMany(left @ 1.., seconds) => {
            let mut state = state.lock().expect("no test panics with it");
            state.mood = Mood::TooMany(left - 1, seconds);
            state.asked.push("too many".into());
            let refused = json!({"jsonrpc": "2.0", "id": request["id"], "error": {
                "code": -32_005, "message": "slow down", "data": {"rate": {"backoff_seconds": seconds}},
            }});
            if left % 2 == 0 {
                let after = format!("Retry-After: {seconds}\r\n");
                ("429 Too Many Requests", after, String::new())
            } else {
                ("200 OK", String::new(), refused.to_string())
            }
        }
        Mood::Well | Mood::TooMany(0, _) | Mood::Refuses(..) => {
            let mut answer = state
                .lock()
                .expect("no test panics with it")
                .answer(&request);
            answer["jsonrpc"] = json!("2.0");
            answer["id"] = request["id"].clone();
            ("200 OK", String::new(), answer.to_string())
        }
    };
    http::answer(&mut client, status, &more, &body)
}

fn refused(code: i64, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

impl State {
    /// The hash of a block: its number, and its fork.
    pub fn hash(&self, number: u64) -> String {
        let fork = if number >= self.forks_at {
            self.fork
        } else {
            0
        };
        format!("0x{fork:02x}{number:062x}")
    }

    fn answer(&mut self, request: &Value) -> Value {
        let method = request["method"].as_str().unwrap_or_default().to_owned();
        let params = request["params"].clone();
        self.asked.push(method.clone());
        if let (Mood::Refuses(code, message), true) = (&self.mood, method != "eth_chainId") {
            return refused(*code, message);
        }
        match &*method {
            "eth_chainId" => json!({"result": format!("{:#x}", self.chain_id)}),
            "eth_getBlockByNumber" | "eth_getBlockByHash" => {
                json!({"result": self.block(&params[0])})
            }
            "eth_getBalance" => match self.has_state(&params[1]) {
                Ok(()) => json!({"result": format!("{:#x}", self.balance)}),
                Err(why) => refused(-32_000, why),
            },
            "eth_call" => match self.has_state(&params[1]) {
                Ok(()) => json!({"result": "0x01"}),
                Err(why) => refused(-32_000, why),
            },
            "eth_getTransactionCount" => {
                let is_pending = params[1] == "pending";
                json!({"result": format!("{:#x}", if is_pending { self.waiting } else { 0 })})
            }
            "eth_sendRawTransaction" => {
                let raw = params[0].as_str().unwrap_or_default().to_owned();
                self.sent.push(raw);
                json!({"result": self.hash(1)})
            }
            _ => refused(
                -32_601,
                &format!("the method {method} does not exist/is not available"),
            ),
        }
    }

    /// Whether there is the state of a block.
    fn has_state(&self, at: &Value) -> Result<(), &'static str> {
        let block = self.block(at.get("blockHash").unwrap_or(at));
        let Some(number) = block["number"].as_str().and_then(hex) else {
            return Err("header not found");
        };
        if self.forgets > 0 && number + self.forgets <= self.head {
            return Err("historical state 0x5d is not available");
        }
        Ok(())
    }

    /// A block as it is asked for, by number or hash; null where there is none.
    fn block(&self, which: &Value) -> Value {
        let which = which.as_str().unwrap_or_default();
        let number = match which {
            "latest" => Some(self.head),
            hash if hash.len() == 66 => {
                let number = hex(&format!("0x{}", &hash[50..]));
                number.filter(|number| self.hash(*number) == hash)
            }
            number => hex(number),
        };
        let Some(number) = number.filter(|number| *number <= self.head) else {
            return Value::Null;
        };
        let zero = |bytes: usize| format!("0x{}", "00".repeat(bytes));
        let parent = number
            .checked_sub(1)
            .map_or(zero(32), |below| self.hash(below));
        json!({
            "number": format!("{number:#x}"), "hash": self.hash(number), "parentHash": parent,
            "timestamp": format!("{:#x}", 12 * number), "baseFeePerGas": "0x7",
            "sha3Uncles": zero(32), "miner": zero(20), "stateRoot": zero(32), "transactionsRoot": zero(32),
            "receiptsRoot": zero(32), "logsBloom": zero(256), "difficulty": "0x0", "gasLimit": "0x1c9c380",
            "gasUsed": "0x0", "extraData": "0x", "mixHash": zero(32), "nonce": zero(8), "uncles": [],
            "transactions": [], "size": "0x200",
        })
    }
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}
