//! A chain in this process: an EVM, by revm.

use revm::context::result::{ExecutionResult, Output};
use revm::context::{BlockEnv, CfgEnv, Context, Journal, TxEnv};
use revm::context_interface::ContextTr as _;
use revm::database::{CacheDB, DatabaseRef as _, EmptyDB};

use revm::primitives::{Bytes, TxKind, U256};
use revm::state::{AccountInfo, Bytecode};
use revm::{
    ExecuteCommitEvm as _, ExecuteEvm as _, MainBuilder as _, MainContext as _, MainnetEvm,
};
use std::collections::BTreeMap;

pub use revm::primitives::Address;
pub use revm::primitives::hardfork::SpecId;

/// Accounts, code and storage, all in memory.
pub type Db = CacheDB<EmptyDB>;
/// What an [`Evm`] executes in: the rules, the block, and the state.
pub type Surroundings = Context<BlockEnv, TxEnv, CfgEnv, Db, Journal<Db>, ()>;

/// More than any step takes, and less than a block has.
const GAS_LIMIT: u64 = 16_000_000;

/// The account that all transactions come from.
pub const SENDER: Address = Address::repeat_byte(0x11);

/// The machine with its state. By default an empty one with Cancun's rules, where nothing costs money.
#[allow(missing_debug_implementations, reason = "revm's parts have none")]
pub struct Evm {
    evm: MainnetEvm<Surroundings>,
}

/// What a transaction costs, in units of gas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gas {
    /// What the called contract takes: the whole without the transaction's base and its calldata.
    pub execution: u64,
    /// Bytes of calldata.
    pub calldata: usize,
    /// The whole transaction by the rules of Cancun.
    pub cancun: u64,
    /// The whole transaction since Prague, where calldata has a floor price (EIP-7623).
    pub prague: u64,
}

/// How a transaction ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What it returned, or what it reverted with (empty where it ran out of gas or the like).
    pub output: Vec<u8>,
    /// The data of what it logged.
    pub logs: Vec<Vec<u8>>,
    /// Whether it went through.
    pub succeeded: bool,
    /// What it cost.
    pub gas: Gas,
}

impl Outcome {
    /// Of what was no transaction: nothing.
    const NONE: Self = Self {
        output: Vec::new(),
        logs: Vec::new(),
        succeeded: false,
        gas: Gas {
            execution: 0,
            calldata: 0,
            cancun: 0,
            prague: 0,
        },
    };
}

/// The machine itself failed, or a deployment did.
#[derive(Debug, thiserror::Error)]
pub enum EvmError {
    /// A transaction is not valid.
    #[error("the EVM takes no such transaction: {0}")]
    Transaction(String),
    /// A contract's constructor failed.
    #[error("the deployment failed: {0}")]
    Deployment(String),
}

impl Default for Evm {
    fn default() -> Self {
        let mut evm = Self::new(SpecId::CANCUN);
        evm.surroundings().cfg.disable_nonce_check = true;
        evm
    }
}

impl Evm {
    /// An empty one, with the rules of a fork of Ethereum.
    pub fn new(rules: SpecId) -> Self {
        let context = Context::mainnet().with_db(Db::default());
        let context = context.modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(rules));
        let evm = context.build_mainnet();
        Self { evm }
    }

    /// What it executes in, to be looked at and changed between transactions.
    pub fn surroundings(&mut self) -> &mut Surroundings {
        &mut self.evm.ctx
    }

    /// Executes a transaction and keeps what it changes.
    pub fn execute(&mut self, tx: TxEnv) -> Result<ExecutionResult, EvmError> {
        let done = self.evm.transact_commit(tx);
        done.map_err(|error| EvmError::Transaction(error.to_string()))
    }

    /// Executes a transaction and forgets what it changes.
    pub fn simulate(&mut self, tx: TxEnv) -> Result<ExecutionResult, EvmError> {
        let done = self.evm.transact(tx);
        let done = done.map_err(|error| EvmError::Transaction(error.to_string()))?;
        Ok(done.result)
    }

    /// Deploys a contract by its creation code and constructor arguments.
    pub fn deploy(&mut self, code: &[u8], arguments: &[u8]) -> Result<Address, EvmError> {
        let code = [code, arguments].concat();
        let tx = Self::transaction(SENDER, TxKind::Create, &code);
        match self.execute(tx)? {
            ExecutionResult::Success {
                output: Output::Create(_, Some(address)),
                ..
            } => Ok(address),
            other => Err(EvmError::Deployment(format!("{other:?}"))),
        }
    }

    /// Sends a transaction and keeps what it changes.
    pub fn send(&mut self, to: Address, data: &[u8]) -> Result<Outcome, EvmError> {
        self.send_from(SENDER, to, data, 0)
    }

    /// Sends a transaction from some account and with some wei, and keeps what it changes.
    pub fn send_from(
        &mut self,
        from: Address,
        to: Address,
        data: &[u8],
        value: u128,
    ) -> Result<Outcome, EvmError> {
        let mut tx = Self::transaction(from, TxKind::Call(to), data);
        tx.value = U256::from(value);
        Ok(outcome(&self.execute(tx)?, data))
    }

    /// What a transaction would do.
    pub fn call(&mut self, to: Address, data: &[u8]) -> Result<Outcome, EvmError> {
        let tx = Self::transaction(SENDER, TxKind::Call(to), data);
        Ok(outcome(&self.simulate(tx)?, data))
    }

    /// What a transaction with so much gas would do.
    pub fn call_within(&mut self, gas: u64, to: Address, data: &[u8]) -> Result<Outcome, EvmError> {
        let mut tx = Self::transaction(SENDER, TxKind::Call(to), data);
        tx.gas_limit = gas;
        // One that has not even what its calldata costs is no transaction.
        match self.simulate(tx) {
            Err(EvmError::Transaction(_)) => Ok(Outcome::NONE),
            done => Ok(outcome(&done?, data)),
        }
    }

    /// Sends a transaction with so much gas, and keeps what it changes.
    pub fn send_within(&mut self, gas: u64, to: Address, data: &[u8]) -> Result<Outcome, EvmError> {
        let mut tx = Self::transaction(SENDER, TxKind::Call(to), data);
        tx.gas_limit = gas;
        Ok(outcome(&self.execute(tx)?, data))
    }

    /// Puts code at an address, past its constructor.
    pub fn set_code(&mut self, at: Address, code: &[u8]) {
        let code = Bytecode::new_raw(Bytes::copy_from_slice(code));
        let mut info = self.info(at);
        info.code_hash = code.hash_slow();
        info.code = Some(code);
        self.evm.ctx.db_mut().insert_account_info(at, info);
    }

    /// The code at an address; empty where there is none.
    pub fn code(&mut self, at: Address) -> Vec<u8> {
        let db = self.evm.ctx.db_mut();
        let Ok(account) = db.basic_ref(at);
        let Ok(code) = db.code_by_hash_ref(account.unwrap_or_default().code_hash);
        code.original_byte_slice().to_vec()
    }

    /// Lets time pass before the next block, in seconds.
    pub fn wait(&mut self, seconds: u64) {
        let block = &mut self.evm.ctx.block;
        block.timestamp += U256::from(seconds);
        block.number += U256::ONE;
    }

    /// Gives an account so much wei.
    pub fn fund(&mut self, account: Address, wei: u128) {
        let mut info = self.info(account);
        info.balance = U256::from(wei);
        self.evm.ctx.db_mut().insert_account_info(account, info);
    }

    /// The wei of an account.
    pub fn balance(&mut self, account: Address) -> U256 {
        self.info(account).balance
    }

    fn info(&mut self, account: Address) -> AccountInfo {
        match self.evm.ctx.db_mut().basic_ref(account) {
            Ok(info) => info.unwrap_or_default(),
        }
    }

    /// A contract's storage: the slots that are not zero.
    pub fn storage(&mut self, contract: Address) -> BTreeMap<[u8; 32], [u8; 32]> {
        let account = self.evm.ctx.db_mut().cache.accounts.get(&contract);
        let slots = account.into_iter().flat_map(|account| &account.storage);
        let slots = slots.filter(|(_, value)| !value.is_zero());
        let bytes = slots.map(|(slot, value)| (slot.to_be_bytes(), value.to_be_bytes()));
        bytes.collect()
    }

    /// Writes a contract's storage slot, past its code.
    pub fn set_storage(&mut self, contract: Address, slot: [u8; 32], value: [u8; 32]) {
        let (slot, value) = (U256::from_be_bytes(slot), U256::from_be_bytes(value));
        let db = self.evm.ctx.db_mut();
        match db.insert_account_storage(contract, slot, value) {
            Ok(()) => {}
        }
    }

    fn transaction(from: Address, kind: TxKind, data: &[u8]) -> TxEnv {
        TxEnv {
            caller: from,
            gas_limit: GAS_LIMIT,
            kind,
            data: Bytes::copy_from_slice(data),
            ..TxEnv::default()
        }
    }
}

fn outcome(done: &ExecutionResult, data: &[u8]) -> Outcome {
    let zeros = data.iter().filter(|byte| **byte == 0).count() as u64;
    let others = data.len() as u64 - zeros;
    let intrinsic = 21_000 + 4 * zeros + 16 * others;
    let floor = 21_000 + 10 * (zeros + 4 * others);
    let spent = done.gas().total_gas_spent();
    let gas = Gas {
        execution: spent.saturating_sub(intrinsic),
        calldata: data.len(),
        cancun: spent,
        prague: spent.max(floor),
    };
    let output = done
        .output()
        .map_or_else(Vec::new, |output| output.to_vec());
    let logs = done.logs().iter();
    Outcome {
        output,
        logs: logs.map(|log| log.data.data.to_vec()).collect(),
        succeeded: done.is_success(),
        gas,
    }
}
