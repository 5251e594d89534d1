//! An EVM with accounts, blocks and money, for games on contracts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256};
use alloy_sol_types::SolCall;
use fpvm_dispute::call::Block;
use revm::context::result::{ExecutionResult, Output};
use revm::context::{BlockEnv, CfgEnv, Context, Journal, TxEnv};
use revm::context_interface::ContextTr as _;
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::hardfork::SpecId;
use revm::state::{AccountInfo, Bytecode};
use revm::{
    Database as _, ExecuteCommitEvm as _, ExecuteEvm as _, MainBuilder as _, MainContext as _,
    MainnetEvm,
};

type Db = CacheDB<EmptyDB>;

const GAS_LIMIT: u64 = 30_000_000;
/// Pays for deployments, and asks questions.
const NOBODY: Address = Address::repeat_byte(0x99);
/// For gas only, on top of what an account is given: the model knows no gas.
const GAS_MONEY: u128 = 1_000_000_000_000_000_000_000_000_000;

pub(crate) struct Evm {
    evm: MainnetEvm<Context<BlockEnv, TxEnv, CfgEnv, Db, Journal<Db>, ()>>,
    /// What is left of an account's gas money.
    gas_money: BTreeMap<Address, u128>,
}

/// How a transaction ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// What it returned, or reverted with.
    pub(crate) output: Result<Vec<u8>, Vec<u8>>,
    pub(crate) logs: Vec<Log>,
    pub(crate) gas: u64,
}

impl Evm {
    pub(crate) fn new() -> Self {
        let context = Context::mainnet().with_db(Db::default());
        let context = context.modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::CANCUN);
            cfg.disable_nonce_check = true;
        });
        let evm = context.build_mainnet();
        let gas_money = BTreeMap::new();
        let mut evm = Self { evm, gas_money };
        evm.set_block(&Block::default());
        evm
    }

    /// What comes now is in the block after the last, which is `block`.
    pub(crate) fn set_block(&mut self, block: &Block) {
        let parent = self.evm.ctx.block.number;
        let db = self.evm.ctx.db_mut();
        db.cache.block_hashes.insert(parent, block.parent_hash);
        let env = &mut self.evm.ctx.block;
        env.number = parent + U256::ONE;
        env.timestamp = U256::from(block.timestamp);
        env.basefee = u64::try_from(block.base_fee).expect("a realistic fee");
    }

    /// The time of the block.
    pub(crate) fn now(&self) -> u64 {
        self.evm.ctx.block.timestamp.to()
    }

    /// The base fee of the block, in wei.
    pub(crate) fn base_fee(&self) -> u64 {
        self.evm.ctx.block.basefee
    }

    pub(crate) fn create(&mut self, code: Vec<u8>) -> Result<Address, Vec<u8>> {
        self.create_by(NOBODY, code)
    }

    /// Deploys a contract, whose address follows from the account and the number of its transactions.
    pub(crate) fn create_by(&mut self, by: Address, code: Vec<u8>) -> Result<Address, Vec<u8>> {
        match self.execute(by, TxKind::Create, U256::ZERO, code) {
            ExecutionResult::Success {
                output: Output::Create(_, Some(address)),
                ..
            } => Ok(address),
            other => Err(other.output().cloned().unwrap_or_default().to_vec()),
        }
    }

    pub(crate) fn send(
        &mut self,
        from: Address,
        to: Address,
        value: u128,
        data: Vec<u8>,
    ) -> Outcome {
        let done = self.execute(from, TxKind::Call(to), U256::from(value), data);
        let output = done.output().cloned().unwrap_or_default().to_vec();
        assert!(!done.is_halt(), "{done:?}");
        Outcome {
            output: if done.is_success() {
                Ok(output)
            } else {
                Err(output)
            },
            gas: done.tx_gas_used(),
            logs: done.into_logs(),
        }
    }

    /// Sends what must succeed.
    pub(crate) fn must<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> Outcome {
        let outcome = self.send(from, to, 0, call.abi_encode());
        assert!(
            outcome.output.is_ok(),
            "{}: {:?}",
            C::SIGNATURE,
            outcome.output
        );
        outcome
    }

    /// What a call would return, or revert with.
    pub(crate) fn try_view<C: SolCall>(
        &mut self,
        to: Address,
        call: &C,
    ) -> Result<C::Return, Vec<u8>> {
        self.top_up(NOBODY);
        let tx = self.transaction(NOBODY, TxKind::Call(to), U256::ZERO, call.abi_encode());
        let done = self.evm.transact(tx).expect("a valid transaction").result;
        let output = done.output().cloned().unwrap_or_default().to_vec();
        if !done.is_success() {
            return Err(output);
        }
        Ok(C::abi_decode_returns(&output).expect(C::SIGNATURE))
    }

    /// What a transaction would return, or revert with.
    pub(crate) fn simulate(
        &mut self,
        from: Address,
        to: Address,
        value: u128,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, Vec<u8>> {
        self.top_up(from);
        let tx = self.transaction(from, TxKind::Call(to), U256::from(value), data);
        let done = self.evm.transact(tx).expect("a valid transaction").result;
        let output = done.output().cloned().unwrap_or_default().to_vec();
        if done.is_success() {
            Ok(output)
        } else {
            Err(output)
        }
    }

    pub(crate) fn view<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        match self.try_view(to, call) {
            Ok(answer) => answer,
            Err(reason) => panic!("{} reverts with {}", C::SIGNATURE, Bytes::from(reason)),
        }
    }

    /// Wei of an account, without what it has for gas.
    pub(crate) fn balance(&mut self, account: Address) -> u128 {
        let gas_money = self.gas_money.get(&account).copied().unwrap_or_default();
        let balance = self.info(account).balance;
        u128::try_from(balance).expect("less than there is") - gas_money
    }

    pub(crate) fn fund(&mut self, account: Address, wei: u128) {
        let mut info = self.info(account);
        info.balance += U256::from(wei);
        self.evm.ctx.db_mut().insert_account_info(account, info);
    }

    /// Makes an account a contract, or with no code an ordinary account again.
    pub(crate) fn set_code(&mut self, account: Address, code: Vec<u8>) {
        let code = Bytecode::new_raw(code.into());
        let mut info = self.info(account);
        (info.code_hash, info.code) = (code.hash_slow(), Some(code));
        self.evm.ctx.db_mut().insert_account_info(account, info);
    }

    pub(crate) fn has_code(&mut self, account: Address) -> bool {
        self.info(account).code.is_some_and(|code| !code.is_empty())
    }

    fn info(&mut self, account: Address) -> AccountInfo {
        let Ok(info) = self.evm.ctx.db_mut().basic(account);
        info.unwrap_or_default()
    }

    fn top_up(&mut self, account: Address) {
        if let Entry::Vacant(none) = self.gas_money.entry(account) {
            none.insert(GAS_MONEY);
            self.fund(account, GAS_MONEY);
        }
    }

    fn execute(
        &mut self,
        from: Address,
        kind: TxKind,
        value: U256,
        data: Vec<u8>,
    ) -> ExecutionResult {
        self.top_up(from);
        let tx = self.transaction(from, kind, value, data);
        let price = tx.gas_price;
        let done = self.evm.transact_commit(tx).expect("a valid transaction");
        if let Some(gas_money) = self.gas_money.get_mut(&from) {
            *gas_money -= u128::from(done.tx_gas_used()) * price;
        }
        done
    }

    fn transaction(&self, from: Address, kind: TxKind, value: U256, data: Vec<u8>) -> TxEnv {
        TxEnv {
            caller: from,
            gas_limit: GAS_LIMIT,
            gas_price: self.evm.ctx.block.basefee.into(),
            kind,
            value,
            data: data.into(),
            ..TxEnv::default()
        }
    }
}

/// A word that an account is in.
pub(crate) fn word(address: Address) -> B256 {
    address.into_word()
}
