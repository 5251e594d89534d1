//! A connection to an L1: what a challenger needs from a chain, and no more.
//!
//! - [`Chain`] is the connection: blocks, accounts, calls, logs, receipts, and signed transactions in.
//!   Every method blocks; whoever wants several at once takes threads.
//! - [`Rpc`] is one over JSON-RPC, to one node or to several that are compared and stand in for each other. [`Local`] is a whole chain in this process: accounts, blocks, time
//!   that can be moved, a pool of transactions, reorgs. What works on one works on the other.
//! - [`Wallet`] sends transactions over either. It deals with nonces, fees and confirmations,
//!   replaces stuck transactions, sends those again that a reorg dropped, and never does anything
//!   twice.
//! - [`signer`] has the key, from a keystore file or from the environment, or asks a remote signer.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

mod error;
mod http;
mod local;
mod rpc;
pub mod signer;
mod wallet;

pub use alloy::primitives::{Address, B256, Bytes, U256};
pub use error::{Error, Revert, ether, last_cause, without_secrets};
pub use local::Local;
pub use rpc::{Limits, Rpc};
pub use wallet::{Earlier, Outcome, Policy, Progress, Request, SendError, Wallet};

/// A block that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// The newest.
    Latest,
    /// The newest block that only an attack would drop.
    Safe,
    /// The newest final block, which nothing drops.
    Finalized,
    /// The block of this number, on the chain as it is now.
    Number(u64),
    /// The block of this hash, so that several reads at it see one and the same state.
    Hash(B256),
}

/// The fields of a block's header that are used here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// The block's number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// The hash of the parent block.
    pub parent: B256,
    /// Seconds since 1970.
    pub time: u64,
    /// The base fee: the wei that are burnt for a unit of gas.
    pub base_fee: u128,
}

/// A message to a contract, or the creation of one.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Call {
    /// Who calls.
    pub from: Address,
    /// Who is called; `None` creates a contract.
    pub to: Option<Address>,
    /// Calldata, or the creation code with its arguments.
    pub data: Bytes,
    /// Wei that go with it.
    pub value: U256,
}

/// Which logs are asked for: those of these blocks that match.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct LogFilter {
    /// The first block.
    pub from: u64,
    /// The last block.
    pub to: u64,
    /// The contracts that logged them; empty for any.
    pub addresses: Vec<Address>,
    /// For each topic, from the first on, the values that match; empty for any value.
    pub topics: Vec<Vec<B256>>,
}

/// What a contract logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// Up to four topics, the first of which is the hash of the event's signature.
    pub topics: Vec<B256>,
    /// The data beside the topics, ABI-encoded.
    pub data: Bytes,
    /// The number of its block.
    pub block: u64,
    /// The hash of its block.
    pub block_hash: B256,
    /// The transaction that logged it.
    pub transaction: B256,
}

/// The result of a transaction that is in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The transaction's hash.
    pub transaction: B256,
    /// The number of its block.
    pub block: u64,
    /// The hash of its block.
    pub block_hash: B256,
    /// Whether it succeeded; otherwise it changed nothing but its sender's nonce and balance.
    pub succeeded: bool,
    /// The gas that was paid for.
    pub gas_used: u64,
    /// Wei for a unit of gas.
    pub gas_price: u128,
    /// The contract that it created.
    pub created: Option<Address>,
    /// What was logged.
    pub logs: Vec<Log>,
}

/// A transaction that is in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction {
    /// Its hash.
    pub hash: B256,
    /// Who sent it.
    pub from: Address,
    /// Who is called; `None` where it creates a contract.
    pub to: Option<Address>,
    /// Calldata, or the creation code with its arguments.
    pub data: Bytes,
}

/// How a node of a chain has done so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeReport {
    /// What messages call it.
    pub name: String,
    /// Why it is not asked at present, in words.
    pub trouble: Option<String>,
    /// How many questions it has answered, refusals among them.
    pub answers: u64,
    /// How often there was no answer, or something else.
    pub failures: u64,
}

/// A chain that is read and written by blocking calls.
///
/// A read that gets no answer is tried again for a while before it fails.
pub trait Chain: Send + Sync {
    /// The name of the node, for messages, without the secret parts of its address.
    fn name(&self) -> String;
    /// How each of its nodes has done so far, in the order in which they are asked; none of a chain without nodes.
    fn nodes(&self) -> Vec<NodeReport> {
        Vec::new()
    }
    /// The chain's number, which signatures are bound to.
    fn chain_id(&self) -> u64;
    /// A block.
    fn block(&self, at: At) -> Result<Block, Error>;
    /// How many transactions an account has sent: those in blocks, and with `waiting` also those that
    /// wait at the node.
    fn nonce(&self, account: Address, waiting: bool) -> Result<u64, Error>;
    /// How many transactions of an account are in the chain up to the end of a block.
    fn nonce_at(&self, account: Address, at: At) -> Result<u64, Error>;
    /// An account's wei.
    fn balance(&self, account: Address, at: At) -> Result<U256, Error>;
    /// A contract's code; empty where there is none.
    fn code(&self, account: Address, at: At) -> Result<Bytes, Error>;
    /// What a call returns at the end of a block, or [`Error::Reverted`].
    fn call(&self, call: &Call, at: At) -> Result<Bytes, Error>;
    /// The least gas with which a call goes through at the newest block, or [`Error::Reverted`].
    fn estimate(&self, call: &Call) -> Result<u64, Error>;
    /// The priority fee to offer to a block's maker for a unit of gas, in wei.
    fn tip(&self) -> Result<u128, Error>;
    /// Logs, oldest first. Nodes limit how many blocks or logs they answer for: [`Error::Refused`].
    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, Error>;
    /// The transactions of the block with a hash, in their order.
    fn transactions(&self, block: B256) -> Result<Vec<Transaction>, Error>;
    /// The result of a transaction; `None` if it is in no block of the chain.
    fn receipt(&self, transaction: B256) -> Result<Option<Receipt>, Error>;
    /// Hands a signed transaction to the node. It is no error if the node has the transaction already.
    fn submit(&self, transaction: &[u8]) -> Result<(), Error>;
    /// Waits a while, so that the chain may have news.
    fn pause(&self);
}
