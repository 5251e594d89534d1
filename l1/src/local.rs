//! A whole chain in this process.

mod pool;
mod state;

use crate::{
    Address, At, B256, Block, Bytes, Call, Chain, Error, Log, LogFilter, Receipt, Transaction, U256,
};
use state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A chain in this process, by Prague's rules: accounts, blocks, a pool of transactions, time that
/// can be moved, and reorgs. Clones are connections to the same chain.
///
/// It makes a block for every transaction that comes in, and for every [`pause`](Chain::pause), each
/// 12 seconds after the one before; or only when it is told to.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "revm's parts have none")]
pub struct Local(Arc<Mutex<State>>);

impl Local {
    /// A chain with an empty block 0.
    pub fn new(chain_id: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(chain_id))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives an account wei out of nothing.
    pub fn fund(&self, account: Address, wei: U256) {
        self.state().fund(account, wei);
    }

    /// Whether a block is made for every transaction and every pause.
    pub fn set_automatic(&self, automatic: bool) {
        self.state().automatic = automatic;
    }

    /// Sets the base fee of the blocks to come, in wei.
    pub fn set_base_fee(&self, wei: u64) {
        self.state().base_fee = wei;
    }

    /// Makes blocks.
    pub fn mine(&self, blocks: u64) {
        let mut state = self.state();
        (0..blocks).for_each(|_| state.mine());
    }

    /// Makes a block with this hash, for programs whose inputs were recorded on another chain.
    pub fn mine_as(&self, hash: B256) {
        let mut state = self.state();
        state.next_hash = Some(hash);
        state.mine();
    }

    /// Makes a block this many seconds later than its time would be.
    pub fn advance(&self, seconds: u64) {
        let mut state = self.state();
        state.shift = state.shift.saturating_add(seconds);
        state.mine();
    }

    /// Drops the newest blocks. Their transactions wait again with `keep_transactions`, and are gone
    /// otherwise. Blocks whose state is forgotten stay.
    pub fn reorg(&self, blocks: u64, keep_transactions: bool) {
        self.state().reorg(blocks, keep_transactions);
    }

    /// Forgets the transactions that wait.
    pub fn forget_waiting(&self) {
        self.state().pool.clear();
    }
}

impl Chain for Local {
    fn name(&self) -> String {
        state::NAME.into()
    }

    fn chain_id(&self) -> u64 {
        self.state().chain_id
    }

    fn block(&self, at: At) -> Result<Block, Error> {
        self.state().sealed(at).map(|sealed| sealed.block)
    }

    fn nonce(&self, account: Address, waiting: bool) -> Result<u64, Error> {
        let mut state = self.state();
        let mined = state.account(account, At::Latest)?.nonce;
        Ok(if waiting {
            state.pool.next_nonce(account, mined)
        } else {
            mined
        })
    }

    fn nonce_at(&self, account: Address, at: At) -> Result<u64, Error> {
        Ok(self.state().account(account, at)?.nonce)
    }

    fn balance(&self, account: Address, at: At) -> Result<U256, Error> {
        Ok(self.state().account(account, at)?.balance)
    }

    fn code(&self, account: Address, at: At) -> Result<Bytes, Error> {
        self.state().code(account, at)
    }

    fn call(&self, call: &Call, at: At) -> Result<Bytes, Error> {
        self.state().call(call, at)
    }

    fn estimate(&self, call: &Call) -> Result<u64, Error> {
        self.state().estimate(call)
    }

    fn tip(&self) -> Result<u128, Error> {
        Ok(1_000_000_000)
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, Error> {
        Ok(self.state().logs(filter))
    }

    fn transactions(&self, block: B256) -> Result<Vec<Transaction>, Error> {
        let state = self.state();
        Ok(state.sealed(At::Hash(block))?.transactions().collect())
    }

    fn receipt(&self, transaction: B256) -> Result<Option<Receipt>, Error> {
        Ok(self.state().receipt(transaction))
    }

    fn submit(&self, transaction: &[u8]) -> Result<(), Error> {
        self.state().submit(transaction)
    }

    fn pause(&self) {
        let mut state = self.state();
        if state.automatic {
            state.mine();
        }
    }
}
