//! The chain behind its lock.

use super::pool::{Pool, Waiting};
use crate::{
    Address, At, B256, Block, Bytes, Call, Error, Log, LogFilter, Receipt, Revert, Transaction,
    U256,
};
use alloy::consensus::{Signed, Transaction as _, TxEip1559};
use alloy::primitives::{TxKind, keccak256};
use fpvm_evm::{Db, Evm};
use revm::context::TxEnv;
use revm::context::result::ExecutionResult;
use revm::database_interface::DatabaseRef as _;
use revm::primitives::hardfork::SpecId;
use revm::state::AccountInfo;

/// The chain's name in messages.
pub(super) const NAME: &str = "the local chain";
/// Gas of a block.
const BLOCK_GAS: u64 = 60_000_000;
/// Seconds from block to block.
const BLOCK_TIME: u64 = 12;
/// The base fee at first, in wei.
const BASE_FEE: u64 = 1_000_000_000;
/// How many blocks' states are kept, for calls and reorgs.
const STATES: usize = 256;

/// A block with everything that belongs to it.
pub(super) struct Sealed {
    pub(super) block: Block,
    transactions: Vec<Waiting>,
    receipts: Vec<Receipt>,
    /// The state after it, as long as it is kept.
    state: Option<Db>,
}

impl Sealed {
    pub(super) fn transactions(&self) -> impl Iterator<Item = Transaction> {
        self.transactions.iter().map(|waiting| Transaction {
            hash: *waiting.signed.hash(),
            from: waiting.sender,
            to: waiting.signed.to(),
            data: waiting.signed.input().clone(),
        })
    }
}

pub(super) struct State {
    pub(super) chain_id: u64,
    pub(super) automatic: bool,
    pub(super) base_fee: u64,
    /// Seconds that the next block is late.
    pub(super) shift: u64,
    /// The hash of the next block, if it has to be a certain one.
    pub(super) next_hash: Option<B256>,
    pub(super) pool: Pool,
    /// The state after the newest block.
    db: Db,
    blocks: Vec<Sealed>,
    /// How many blocks were ever made, so that blocks of two branches have different hashes.
    made: u64,
}

impl State {
    pub(super) fn new(chain_id: u64) -> Self {
        let mut state = Self {
            chain_id,
            automatic: true,
            base_fee: BASE_FEE,
            shift: 0,
            next_hash: None,
            pool: Pool::default(),
            db: Db::default(),
            blocks: Vec::new(),
            made: 0,
        };
        state.mine();
        state
    }

    fn refused(&self, method: &'static str, message: impl Into<String>) -> Error {
        Error::Refused {
            node: NAME.into(),
            method,
            code: -32_000,
            message: message.into(),
        }
    }

    pub(super) fn fund(&mut self, account: Address, wei: U256) {
        let mut info = self
            .db
            .basic_ref(account)
            .ok()
            .flatten()
            .unwrap_or_default();
        info.balance = info.balance.saturating_add(wei);
        self.db.insert_account_info(account, info);
        let state = self.db.clone();
        if let Some(newest) = self.blocks.last_mut() {
            newest.state = Some(state);
        }
    }

    fn index(&self, at: At) -> Option<usize> {
        match at {
            At::Latest | At::Safe | At::Finalized => self.blocks.len().checked_sub(1),
            At::Number(number) => usize::try_from(number).ok(),
            At::Hash(hash) => self
                .blocks
                .iter()
                .rposition(|sealed| sealed.block.hash == hash),
        }
    }

    pub(super) fn sealed(&self, at: At) -> Result<&Sealed, Error> {
        let sealed = self.index(at).and_then(|index| self.blocks.get(index));
        let node = NAME.into();
        sealed.ok_or(Error::NoBlock { node, at })
    }

    fn state_at(&self, at: At) -> Result<&Db, Error> {
        let node = NAME.into();
        self.sealed(at)?
            .state
            .as_ref()
            .ok_or(Error::NoBlock { node, at })
    }

    pub(super) fn account(&mut self, account: Address, at: At) -> Result<AccountInfo, Error> {
        let Ok(info) = self.state_at(at)?.basic_ref(account);
        Ok(info.unwrap_or_default())
    }

    pub(super) fn code(&mut self, account: Address, at: At) -> Result<Bytes, Error> {
        let hash = self.account(account, at)?.code_hash;
        let Ok(code) = self.state_at(at)?.code_by_hash_ref(hash);
        Ok(code.original_bytes())
    }

    /// Executes a call on top of a block, and forgets what it changes.
    fn simulate(&mut self, call: &Call, at: At, gas: u64) -> Result<ExecutionResult, Error> {
        let block = self.sealed(at)?.block;
        let mut evm = self.machine(self.state_at(at)?.clone(), &block);
        let here = evm.surroundings();
        here.block.basefee = 0;
        here.cfg.disable_nonce_check = true;
        let done = evm.simulate(TxEnv {
            caller: call.from,
            kind: call.to.map_or(TxKind::Create, TxKind::Call),
            data: call.data.clone(),
            value: call.value,
            gas_limit: gas,
            chain_id: Some(self.chain_id),
            ..TxEnv::default()
        });
        done.map_err(|error| self.refused("eth_call", error.to_string()))
    }

    /// A machine over a state and in a block. It is made anew each time, because it cannot move from
    /// thread to thread.
    fn machine(&self, db: Db, block: &Block) -> Evm {
        let mut evm = Evm::new(SpecId::PRAGUE);
        let here = evm.surroundings();
        here.journaled_state.database = db;
        here.cfg.chain_id = self.chain_id;
        let env = &mut here.block;
        env.number = U256::from(block.number);
        env.timestamp = U256::from(block.time);
        env.basefee = u64::try_from(block.base_fee).unwrap_or(u64::MAX);
        env.gas_limit = BLOCK_GAS;
        env.prevrandao = Some(block.parent);
        evm
    }

    pub(super) fn call(&mut self, call: &Call, at: At) -> Result<Bytes, Error> {
        let done = self.simulate(call, at, BLOCK_GAS)?;
        if done.is_success() {
            Ok(done.into_output().unwrap_or_default())
        } else {
            Err(Error::Reverted(Revert(
                done.into_output().unwrap_or_default(),
            )))
        }
    }

    pub(super) fn estimate(&mut self, call: &Call) -> Result<u64, Error> {
        let done = self.simulate(call, At::Latest, BLOCK_GAS)?;
        if !done.is_success() {
            return Err(Error::Reverted(Revert(
                done.into_output().unwrap_or_default(),
            )));
        }
        // With the gas that it spends it may fail, because a call hands on at most 63/64 of its
        // gas.
        let (mut low, mut high) = (done.gas().total_gas_spent().saturating_sub(1), BLOCK_GAS);
        while high > low + low / 64 + 1 {
            let middle = low + ((high - low) / 2).min(low / 8 + 1);
            let enough = self.simulate(call, At::Latest, middle);
            if enough.is_ok_and(|done| done.is_success()) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high)
    }

    pub(super) fn submit(&mut self, raw: &[u8]) -> Result<(), Error> {
        let refused = |state: &Self, why: &str| state.refused("eth_sendRawTransaction", why);
        let signed = Signed::<TxEip1559>::eip2718_decode(&mut &*raw);
        let signed = signed.map_err(|error| refused(self, &error.to_string()))?;
        if signed.chain_id() != Some(self.chain_id) {
            return Err(refused(self, "invalid chain id"));
        }
        let sender = signed.recover_signer();
        let sender = sender.map_err(|error| refused(self, &error.to_string()))?;
        let waiting = Waiting { sender, signed };
        let account = self.account(sender, At::Latest)?;
        if waiting.nonce() < account.nonce {
            return Err(refused(self, "nonce too low"));
        }
        if account.balance < waiting.cost() {
            return Err(refused(self, "insufficient funds for gas * price + value"));
        }
        if !self.pool.put(waiting) {
            return Err(refused(self, "replacement transaction underpriced"));
        }
        if self.automatic {
            self.mine();
        }
        Ok(())
    }

    /// Makes the next block, with all waiting transactions that can be in it.
    pub(super) fn mine(&mut self) {
        let parent = self.blocks.last().map(|sealed| sealed.block);
        let time = parent.map_or(1_700_000_000, |parent| {
            parent
                .time
                .saturating_add(BLOCK_TIME)
                .saturating_add(self.shift)
        });
        self.shift = 0;
        let mut block = Block {
            number: self.blocks.len() as u64,
            hash: B256::ZERO,
            parent: parent.map_or(B256::ZERO, |parent| parent.hash),
            time,
            base_fee: self.base_fee.into(),
        };
        let db = std::mem::take(&mut self.db);
        let mut evm = self.machine(db, &block);
        self.made += 1;
        let branch = [block.parent.as_slice(), &self.made.to_be_bytes()].concat();
        block.hash = self.next_hash.take().unwrap_or_else(|| keccak256(branch));

        let (mut transactions, mut receipts, mut gas) = (Vec::new(), Vec::new(), 0u64);
        for waiting in self.pool.take() {
            let fits = waiting.signed.gas_limit() <= BLOCK_GAS - gas;
            let pays = waiting.signed.max_fee_per_gas() >= block.base_fee;
            let db = &evm.surroundings().journaled_state.database;
            let sender = db.basic_ref(waiting.sender).ok().flatten();
            let turn = sender.unwrap_or_default().nonce;
            if waiting.nonce() > turn || waiting.nonce() == turn && !(fits && pays) {
                self.pool.put(waiting);
                continue;
            }
            // A transaction that is not valid is dropped, as nodes do.
            if let Ok(done) = evm.execute(environment(&waiting)) {
                let receipt = receipt(&waiting, &block, done);
                gas += receipt.gas_used;
                receipts.push(receipt);
                transactions.push(waiting);
            }
        }
        self.db = std::mem::take(&mut evm.surroundings().journaled_state.database);
        let (number, hash) = (U256::from(block.number), block.hash);
        self.db.cache.block_hashes.insert(number, hash);
        let state = Some(self.db.clone());
        self.blocks.push(Sealed {
            block,
            transactions,
            receipts,
            state,
        });
        if let Some(old) = self.blocks.len().checked_sub(STATES + 1) {
            self.blocks[old].state = None;
        }
    }

    pub(super) fn reorg(&mut self, blocks: u64, keep_transactions: bool) {
        for _ in 0..blocks {
            let [.., below, _] = &*self.blocks else {
                return;
            };
            let Some(state) = below.state.clone() else {
                return;
            };
            self.db = state;
            let dropped = self.blocks.pop().into_iter();
            for waiting in dropped.flat_map(|sealed| sealed.transactions) {
                if keep_transactions {
                    self.pool.put(waiting);
                }
            }
        }
    }

    pub(super) fn receipt(&self, transaction: B256) -> Option<Receipt> {
        let mut receipts = self.blocks.iter().rev().flat_map(|sealed| &sealed.receipts);
        receipts
            .find(|receipt| receipt.transaction == transaction)
            .cloned()
    }

    pub(super) fn logs(&self, filter: &LogFilter) -> Vec<Log> {
        let blocks = self
            .blocks
            .iter()
            .filter(|sealed| (filter.from..=filter.to).contains(&sealed.block.number));
        let logs = blocks
            .flat_map(|sealed| &sealed.receipts)
            .flat_map(|receipt| &receipt.logs);
        logs.filter(|log| fits(filter, log)).cloned().collect()
    }
}

fn fits(filter: &LogFilter, log: &Log) -> bool {
    let one_of = |wanted: &[B256], topic: Option<&B256>| {
        wanted.is_empty() || topic.is_some_and(|topic| wanted.contains(topic))
    };
    let mut topics = filter.topics.iter().enumerate();
    (filter.addresses.is_empty() || filter.addresses.contains(&log.address))
        && topics.all(|(i, wanted)| one_of(wanted, log.topics.get(i)))
}

fn environment(waiting: &Waiting) -> TxEnv {
    let signed = &waiting.signed;
    TxEnv {
        tx_type: 2,
        caller: waiting.sender,
        gas_limit: signed.gas_limit(),
        gas_price: signed.max_fee_per_gas(),
        gas_priority_fee: signed.max_priority_fee_per_gas(),
        kind: signed.kind(),
        value: signed.value(),
        data: signed.input().clone(),
        nonce: signed.nonce(),
        chain_id: signed.chain_id(),
        access_list: signed.tx().access_list.clone(),
        ..TxEnv::default()
    }
}

fn receipt(waiting: &Waiting, block: &Block, done: ExecutionResult) -> Receipt {
    let transaction = waiting.hash();
    let base_fee = u64::try_from(block.base_fee).ok();
    let created = match &done {
        ExecutionResult::Success { output, .. } => output.address().copied(),
        _ => None,
    };
    let succeeded = done.is_success();
    let gas_used = done.tx_gas_used();
    let logs = done.into_logs().into_iter().map(|log| Log {
        address: log.address,
        topics: log.data.topics().to_vec(),
        data: log.data.data,
        block: block.number,
        block_hash: block.hash,
        transaction,
    });
    Receipt {
        transaction,
        block: block.number,
        block_hash: block.hash,
        succeeded,
        gas_used,
        gas_price: waiting.signed.effective_gas_price(base_fee),
        created,
        logs: logs.collect(),
    }
}
