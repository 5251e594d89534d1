//! Sending transactions so that each is in the chain once.
//!
//! A transaction that is sent in place of another has the same nonce, and a chain takes only one
//! transaction of each nonce, so sending again never does a thing twice. A transaction counts as
//! done once blocks are on top of it. Until then it is looked for at every block, sent again
//! when a reorg drops it, and replaced by one that pays more when it is stuck.

mod error;
mod flight;
mod watch;

pub use error::SendError;

use crate::signer::Signer;
use crate::{Address, At, B256, Block, Bytes, Call, Chain, Error, Receipt, U256};
use flight::Flight;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use watch::{Trouble, Watch};

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
    /// Its gas limit, if it is known. Without one the gas is estimated, for which the transactions
    /// before it have to be in the chain; a transaction with a limit is sent at once.
    pub gas: Option<u64>,
}

/// How transactions are sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How many blocks, its own among them, make a transaction done; at least 1.
    pub confirmations: u64,
    /// After how many blocks a transaction that is in none of them is replaced by one that pays more; see
    /// `replace_time`.
    pub replace_after: u64,
    /// The least L1 time that also has to pass before it is replaced. Blocks alone are no clock: some nodes make
    /// one for each transaction, and all of a batch would be replaced again and again within a second.
    pub replace_time: Duration,
    /// After how many blocks a transaction that is in none of them is given up; see `give_up_time`.
    pub give_up_after: u64,
    /// The least L1 time that also has to pass before it is given up.
    pub give_up_time: Duration,
    /// For how long we wait without any news: no answer, or no new block.
    pub patience: Duration,
    /// The most that is paid for a unit of gas, in wei.
    pub max_fee: u128,
    /// What happens to transactions of the account that wait when we begin.
    pub earlier: Earlier,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            confirmations: 1,
            replace_after: 3,
            replace_time: Duration::from_secs(30),
            give_up_after: 100,
            give_up_time: Duration::from_secs(300),
            patience: Duration::from_secs(120),
            max_fee: 500_000_000_000,
            earlier: Earlier::Wait,
        }
    }
}

/// What happens to transactions that wait already, from another program or an earlier run.
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
    /// This many transactions of the account wait from before, and we wait for them.
    Earlier(u64),
    /// A transaction is about to be sent. From here on it may end up in the chain.
    Sending(&'a Request, u64, B256),
    /// It is in a block.
    Included(&'a Request, &'a Receipt),
    /// A reorg dropped its block; it is sent again.
    Dropped(&'a Request, B256),
    /// It is stuck; this one, with the same nonce, pays more.
    Replacing(&'a Request, B256),
    /// The chain does not answer; we try again.
    Silent(&'a Error),
}

/// The outcome of a transaction: its receipt, if it succeeded.
pub type Outcome = Result<Receipt, SendError>;

/// An account that sends transactions over a chain. While it does, nothing else may send from the
/// account.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Wallet {
    chain: Arc<dyn Chain>,
    signer: Signer,
    policy: Policy,
}

impl Wallet {
    /// A wallet for an account on a chain.
    pub fn new(chain: Arc<dyn Chain>, signer: Signer, policy: Policy) -> Self {
        Self {
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

    /// The nonce for the next transaction, after transactions from before are dealt with.
    ///
    /// A caller that decides from the state of the chain takes the nonce first, then reads, then
    /// calls [`send_from`](Self::send_from). If an earlier transaction gets into the chain in the
    /// meantime, that call fails, and nothing is done twice.
    pub fn settle(&self, report: &mut dyn FnMut(Progress<'_>)) -> Result<u64, SendError> {
        let account = self.address();
        let mut watch = Watch::new(&self.policy);
        let mut first = None;
        loop {
            let mined = self.chain.nonce(account, false)?;
            let waiting = self.chain.nonce(account, true)?.saturating_sub(mined);
            if waiting == 0 || self.policy.earlier == Earlier::Replace {
                return Ok(mined);
            }
            report(Progress::Earlier(waiting));
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
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Receipt>, SendError> {
        let nonce = self.settle(report)?;
        self.send_from(nonce, requests, report)
    }

    /// Sends transactions one after the other, with this and the next nonces; their receipts, when
    /// all are done. The first that fails ends it: those after it that were not sent yet are never
    /// sent.
    pub fn send_from(
        &mut self,
        nonce: u64,
        requests: &[Request],
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Receipt>, SendError> {
        self.fly(nonce, requests, false, report)?
            .into_iter()
            .collect()
    }

    /// Sends transactions of which none depends on another, with this and the next nonces; gives the
    /// outcome of each, when all are settled. A transaction that the account cannot pay, that the node
    /// refuses, or that fails in its block gives its error, and the others go on.
    pub fn send_each_from(
        &mut self,
        nonce: u64,
        requests: &[Request],
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Outcome>, SendError> {
        self.fly(nonce, requests, true, report)
    }

    fn fly(
        &self,
        mut nonce: u64,
        requests: &[Request],
        each: bool,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Outcome>, SendError> {
        let mut to_come = requests.iter().enumerate().peekable();
        let mut flights: VecDeque<Flight<'_>> = VecDeque::new();
        let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
        let mut watch = Watch::new(&self.policy);
        while outcomes.len() < requests.len() {
            while let Some((place, request)) = to_come.peek().copied() {
                if request.gas.is_none() && !flights.iter().all(Flight::is_included) {
                    break;
                }
                let spent = flights
                    .iter()
                    .map(Flight::cost)
                    .fold(U256::ZERO, U256::saturating_add);
                match self.launch(place, request, nonce, spent, report) {
                    Ok(flight) => {
                        flights.push_back(flight);
                        nonce = nonce.saturating_add(1);
                    }
                    Err(error) if each && error.is_of_one() => {
                        outcomes.insert(place, Err(error));
                    }
                    Err(error) => return Err(stopped(&flights, error)),
                }
                to_come.next();
            }
            match self.look(&mut flights, &mut outcomes, report) {
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
                    report(Progress::Silent(&error));
                    if watch.is_silent() {
                        return Err(unsettled(&flights, &error.to_string()));
                    }
                }
            }
            if !each && outcomes.values().any(Result::is_err) {
                break;
            }
            if outcomes.len() < requests.len() {
                self.chain.pause();
            }
        }
        Ok(outcomes.into_values().collect())
    }

    /// Looks after all transactions on their way; takes those off the front that are done.
    fn look<'a>(
        &self,
        flights: &mut VecDeque<Flight<'a>>,
        outcomes: &mut BTreeMap<usize, Outcome>,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Block, Trouble> {
        let head = self.chain.block(At::Latest)?;
        for flight in flights.iter_mut() {
            self.look_after(flight, &head, report)?;
        }
        while let Some(flight) = flights.front()
            && let Some(receipt) = flight.receipt()
        {
            let blocks = head.number.saturating_add(1).saturating_sub(receipt.block);
            if blocks < self.policy.confirmations.max(1) {
                break;
            }
            let outcome = if receipt.succeeded {
                Ok(receipt.clone())
            } else {
                Err(self.failed(flight.request(), receipt))
            };
            outcomes.insert(flight.place, outcome);
            flights.pop_front();
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

/// An error that ends the sending, while other transactions may be on their way.
fn stopped(flights: &VecDeque<Flight<'_>>, error: SendError) -> SendError {
    let open = flights.iter().find(|flight| !flight.is_included());
    match open {
        Some(flight) => flight.unsettled(&error.to_string()),
        None => error,
    }
}

/// The results are not settled as long as a transaction is on its way.
fn unsettled(flights: &VecDeque<Flight<'_>>, why: &str) -> SendError {
    match flights.front() {
        Some(flight) => flight.unsettled(why),
        None => SendError::Chain(Error::Setup(why.to_owned())),
    }
}
