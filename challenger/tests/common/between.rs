//! A chain in the process with somebody in between: who is asked, and when, decides what happens.

use alloy_primitives::{Address, B256, U256};
use fpvm_l1::{At, Block, Bytes, Call, Chain, Error, Local, Log, LogFilter, Receipt, Transaction};

/// What somebody in between does.
pub(crate) trait Hook: Send + Sync {
    /// Before each method; with an error, nothing of it reaches the chain.
    fn before(&self, _chain: &Local, _method: Method) -> Result<(), Error> {
        Ok(())
    }

    /// About which block a call is answered.
    fn at(&self, _call: &Call, at: At) -> At {
        at
    }

    /// Before a call; with an error it does not reach the chain.
    fn call(&self, _call: &Call) -> Result<(), Error> {
        Ok(())
    }

    /// What is answered in the chain's place.
    fn answer(&self, _call: &Call) -> Option<Result<Bytes, Error>> {
        None
    }

    /// Waits for news.
    fn pause(&self, chain: &Local);
}

/// Methods that a hook tells apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// What is asked last before transactions are prepared, and before each of them is.
    Tip,
    /// An account's ether.
    Balance,
    Other,
}

pub(crate) struct Between<H> {
    pub(crate) chain: Local,
    pub(crate) hook: H,
}

impl<H: Hook> Between<H> {
    fn ask(&self, method: Method) -> Result<&Local, Error> {
        self.hook.before(&self.chain, method)?;
        Ok(&self.chain)
    }
}

impl<H: Hook> Chain for Between<H> {
    fn name(&self) -> String {
        self.chain.name()
    }
    fn chain_id(&self) -> u64 {
        self.chain.chain_id()
    }
    fn block(&self, at: At) -> Result<Block, Error> {
        self.ask(Method::Other)?.block(at)
    }
    fn nonce(&self, account: Address, waiting: bool) -> Result<u64, Error> {
        self.ask(Method::Other)?.nonce(account, waiting)
    }
    fn nonce_at(&self, account: Address, at: At) -> Result<u64, Error> {
        self.ask(Method::Other)?.nonce_at(account, at)
    }
    fn balance(&self, account: Address, at: At) -> Result<U256, Error> {
        self.ask(Method::Balance)?.balance(account, at)
    }
    fn code(&self, account: Address, at: At) -> Result<Bytes, Error> {
        self.ask(Method::Other)?.code(account, at)
    }
    fn call(&self, call: &Call, at: At) -> Result<Bytes, Error> {
        self.hook.call(call)?;
        if let Some(answer) = self.hook.answer(call) {
            return answer;
        }
        let at = self.hook.at(call, at);
        self.ask(Method::Other)?.call(call, at)
    }
    fn estimate(&self, call: &Call) -> Result<u64, Error> {
        self.ask(Method::Other)?.estimate(call)
    }
    fn tip(&self) -> Result<u128, Error> {
        self.ask(Method::Tip)?.tip()
    }
    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, Error> {
        self.ask(Method::Other)?.logs(filter)
    }
    fn transactions(&self, block: B256) -> Result<Vec<Transaction>, Error> {
        self.ask(Method::Other)?.transactions(block)
    }
    fn receipt(&self, transaction: B256) -> Result<Option<Receipt>, Error> {
        self.ask(Method::Other)?.receipt(transaction)
    }
    fn submit(&self, transaction: &[u8]) -> Result<(), Error> {
        self.ask(Method::Other)?.submit(transaction)
    }
    fn pause(&self) {
        self.hook.pause(&self.chain);
    }
}
