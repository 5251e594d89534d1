//! Sending transactions so that each is in the chain once.
//!
//! Whatever happens to a transaction, what is sent in its place has the same nonce, and a chain takes
//! only one of each nonce: so sending again never does a thing twice. A transaction counts as done
//! once blocks are on top of it; until then it is looked for at every block, handed in again when a
//! reorg drops it, and replaced by one that pays more when it is stuck.

mod error;
mod flight;

pub use error::SendError;

use crate::signer::Signer;
use crate::{Address, At, B256, Block, Bytes, Call, Chain, Error, Receipt, U256};
use flight::Flight;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A transaction that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// What it does, for messages: "deploy PreimageOracle".
    pub what: String,
    /// The contract that is called; `None` creates one.
    pub to: Option<Address>,
    /// Calldata, or the creation code with its arguments.
    pub data: Bytes,
    /// Wei that go with it.
    pub value: U256,
    /// Its gas limit, where it is known. Without, it is estimated, for which the transactions before
    /// it have to be in the chain; one with a limit is sent at once.
    pub gas: Option<u64>,
}

/// How transactions are sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How many blocks, its own among them, make a transaction done; at least 1.
    pub confirmations: u64,
    /// After how many blocks a transaction that is in none of them is replaced by a dearer one.
    pub replace_after: u64,
    /// After how many blocks one that is in none of them is given up.
    pub give_up_after: u64,
    /// For how long we wait without any news: no answer, or no new block.
    pub patience: Duration,
    /// The most that is paid for a unit of gas, in wei.
    pub max_fee: u128,
    /// What becomes of transactions that the account has waiting when we begin.
    pub earlier: Earlier,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            confirmations: 1,
            replace_after: 3,
            give_up_after: 100,
            patience: Duration::from_secs(120),
            max_fee: 500_000_000_000,
            earlier: Earlier::Wait,
        }
    }
}

/// What becomes of transactions that wait already, from another program or an earlier run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Earlier {
    /// They come first: nothing is sent before they are in the chain.
    Wait,
    /// Ours take their nonces: right for an account that nobody else uses, where every decision is
    /// made from the chain as it is.
    Replace,
}

/// What happens on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Progress<'a> {
    /// So many transactions of the account wait from before, and we wait for them.
    Earlier(u64),
    /// It is about to be handed in. From here on it may end up in the chain.
    Sending(&'a Request, u64, B256),
    /// It is in a block.
    Included(&'a Request, &'a Receipt),
    /// A reorg dropped its block; it is handed in again.
    Dropped(&'a Request, B256),
    /// It is stuck; this one, with the same nonce, pays more.
    Replacing(&'a Request, B256),
    /// The chain does not answer; we try again.
    Silent(&'a Error),
}

/// An account that sends transactions over a chain. It has to be the only one that uses the account
/// while it is at it.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Wallet {
    chain: Arc<dyn Chain>,
    signer: Signer,
    policy: Policy,
}

impl Wallet {
    /// A wallet for an account on a chain.
    pub fn new(chain: Arc<dyn Chain>, signer: Signer, policy: Policy) -> Self {
        Wallet {
            chain,
            signer,
            policy,
        }
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The chain.
    pub fn chain(&self) -> &Arc<dyn Chain> {
        &self.chain
    }

    /// The nonce for what is sent next, after transactions from before are dealt with.
    ///
    /// Who decides from the state of the chain what to send takes the nonce first, then reads, then
    /// calls [`send_from`](Self::send_from): then a transaction from before that gets into the chain
    /// in the meantime makes that fail, and nothing is done twice.
    pub fn settle(&self, told: &mut dyn FnMut(Progress<'_>)) -> Result<u64, SendError> {
        let account = self.address();
        let mut watch = Watch::new(&self.policy);
        let mut first = None;
        loop {
            let mined = self.chain.nonce(account, false)?;
            let waiting = self.chain.nonce(account, true)?.saturating_sub(mined);
            if waiting == 0 || self.policy.earlier == Earlier::Replace {
                return Ok(mined);
            }
            told(Progress::Earlier(waiting));
            let head = self.chain.block(At::Latest)?;
            let blocks = head
                .number
                .saturating_sub(*first.get_or_insert(head.number));
            if blocks >= self.policy.give_up_after || watch.is_over(&head) {
                return Err(SendError::EarlierStuck {
                    account,
                    count: waiting,
                    nonce: mined,
                });
            }
            self.chain.pause();
        }
    }

    /// Sends transactions one after the other; their receipts, when all are done.
    pub fn send(
        &mut self,
        requests: &[Request],
        told: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Receipt>, SendError> {
        let nonce = self.settle(told)?;
        self.send_from(nonce, requests, told)
    }

    /// Sends transactions one after the other, with this and the next nonces; their receipts, when all
    /// are done. The first that fails ends it: the ones behind it that were not sent yet never are.
    pub fn send_from(
        &mut self,
        nonce: u64,
        requests: &[Request],
        told: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Receipt>, SendError> {
        let mut to_come = requests.iter().zip(nonce..).peekable();
        let mut flights: VecDeque<Flight<'_>> = VecDeque::new();
        let mut receipts = Vec::with_capacity(requests.len());
        let mut watch = Watch::new(&self.policy);
        while receipts.len() < requests.len() {
            while let Some((request, nonce)) = to_come.peek().copied() {
                if request.gas.is_none() && !flights.iter().all(Flight::is_included) {
                    break;
                }
                let spent = flights
                    .iter()
                    .map(Flight::cost)
                    .fold(U256::ZERO, U256::saturating_add);
                let launched = self.launch(request, nonce, spent, told);
                flights.push_back(launched.map_err(|error| stopped(&flights, error))?);
                to_come.next();
            }
            match self.look(&mut flights, &mut receipts, told) {
                Ok(head) if watch.is_over(&head) => {
                    let silent = self.policy.patience.as_secs();
                    return Err(unsettled(
                        &flights,
                        &format!("there was no new block for {silent} s"),
                    ));
                }
                Ok(_) => {}
                Err(Trouble::Over(error)) => return Err(error),
                Err(Trouble::Silent(error)) => {
                    told(Progress::Silent(&error));
                    if watch.is_silent() {
                        return Err(unsettled(&flights, &error.to_string()));
                    }
                }
            }
            if receipts.len() < requests.len() {
                self.chain.pause();
            }
        }
        Ok(receipts)
    }

    /// Looks after all that is on its way; takes those off the front that are done.
    fn look<'a>(
        &self,
        flights: &mut VecDeque<Flight<'a>>,
        receipts: &mut Vec<Receipt>,
        told: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Block, Trouble> {
        let head = self.chain.block(At::Latest)?;
        for flight in flights.iter_mut() {
            self.look_after(flight, &head, told)?;
        }
        while let Some(receipt) = flights.front().and_then(|flight| flight.receipt()) {
            let blocks = head.number.saturating_add(1).saturating_sub(receipt.block);
            if blocks < self.policy.confirmations.max(1) {
                break;
            }
            let Some((flight, receipt)) = flights.pop_front().and_then(Flight::landed) else {
                break;
            };
            if !receipt.succeeded {
                return Err(Trouble::Over(self.failed(flight, &receipt)));
            }
            receipts.push(receipt);
        }
        Ok(head)
    }

    fn failed(&self, request: &Request, receipt: &Receipt) -> SendError {
        let again = self
            .chain
            .call(&self.call(request), At::Hash(receipt.block_hash));
        let reason = match again {
            Err(Error::Reverted(revert)) => Some(revert),
            _ => None,
        };
        SendError::Failed {
            what: request.what.clone(),
            transaction: receipt.transaction,
            block: receipt.block,
            reason,
        }
    }

    fn call(&self, request: &Request) -> Call {
        Call {
            from: self.address(),
            to: request.to,
            data: request.data.clone(),
            value: request.value,
        }
    }
}

/// An error that ends it, while others may be on their way.
fn stopped(flights: &VecDeque<Flight<'_>>, error: SendError) -> SendError {
    let open = flights.iter().find(|flight| !flight.is_included());
    match open {
        Some(flight) => flight.unsettled(&error.to_string()),
        None => error,
    }
}

/// Not settled as long as something is on its way.
fn unsettled(flights: &VecDeque<Flight<'_>>, why: &str) -> SendError {
    match flights.front() {
        Some(flight) => flight.unsettled(why),
        None => SendError::Chain(Error::Setup(why.to_owned())),
    }
}

/// Why a look at the chain came to nothing.
enum Trouble {
    /// Nobody answers, which may pass.
    Silent(Error),
    /// It is over.
    Over(SendError),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable { .. } | Error::NoBlock { .. } => Trouble::Silent(error),
            other => Trouble::Over(other.into()),
        }
    }
}

/// When it is time to stop waiting.
struct Watch {
    patience: Duration,
    since: Instant,
    head: Option<B256>,
}

impl Watch {
    fn new(policy: &Policy) -> Self {
        Watch {
            patience: policy.patience,
            since: Instant::now(),
            head: None,
        }
    }

    /// Whether this has been the newest block for too long.
    fn is_over(&mut self, head: &Block) -> bool {
        if self.head.replace(head.hash) != Some(head.hash) {
            self.since = Instant::now();
        }
        self.is_silent()
    }

    fn is_silent(&self) -> bool {
        self.since.elapsed() > self.patience
    }
}
