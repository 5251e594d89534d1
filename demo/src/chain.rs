//! The chain that the demonstration plays on, and its time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use fpvm_challenger::reasons;
use fpvm_dispute::rules::Params;
use fpvm_l1::signer::Signer;
use fpvm_l1::{
    Address, At, B256, Bytes, Chain, Earlier, Local, Policy, Request, Rpc, U256, Wallet,
};

/// Chain id of the chain in the process.
const LOCAL: u64 = 900;
/// Chains whose ether is worth something.
const REAL: &[u64] = &[1, 10, 8453];

/// A chain, and an account on it that has money.
pub struct DemoChain {
    pub(crate) connection: Arc<dyn Chain>,
    time: Time,
    owner: Signer,
    policy: Policy,
    seed: u64,
}

/// How time passes.
enum Time {
    /// The chain is our own.
    Ours(Local),
    /// The node lets us move it.
    Moved(Arc<Rpc>),
    /// It passes by itself.
    Passes,
}

/// Whose account it is.
#[derive(Clone, Copy)]
pub(crate) enum Account {
    Owner = 1,
    Honest = 2,
    Cheat = 3,
}

impl DemoChain {
    /// A chain in this process. The players' keys follow from the seed.
    ///
    /// # Errors
    /// If there is no key for the seed.
    pub fn local(policy: Policy, seed: u64) -> anyhow::Result<Self> {
        let (chain, owner) = (Local::new(LOCAL), signer(Account::Owner, seed)?);
        chain.fund(owner.address(), U256::from(1_000_000) * ETHER);
        Ok(Self {
            connection: Arc::new(chain.clone()),
            time: Time::Ours(chain),
            owner,
            policy: replacing(policy),
            seed,
        })
    }

    /// The chain of a node, on which `owner` pays for everything. The players' keys follow from the seed,
    /// and so everybody knows them.
    ///
    /// # Errors
    /// If the chain's ether is worth something, or the node does not answer.
    pub fn node(rpc: Rpc, owner: Signer, policy: Policy, seed: u64) -> anyhow::Result<Self> {
        ensure!(
            !REAL.contains(&rpc.chain_id()),
            "chain {} is no chain for tests: the keys of the demonstration's players are known to everybody",
            rpc.chain_id()
        );
        let rpc = Arc::new(rpc);
        // Asking for no time at all shows whether there is a method for it.
        let time = if rpc.advance(0)? {
            Time::Moved(rpc.clone())
        } else {
            Time::Passes
        };
        Ok(Self {
            connection: rpc,
            time,
            owner,
            policy: replacing(policy),
            seed,
        })
    }

    /// Where it is, in words.
    pub(crate) fn name(&self) -> String {
        match &self.time {
            Time::Ours(_) => "a chain in this process".into(),
            Time::Moved(_) | Time::Passes => {
                format!(
                    "{}, chain {}",
                    self.connection.name(),
                    self.connection.chain_id()
                )
            }
        }
    }

    /// The times of the rules and the vault's delay, in seconds: mainnet's where days cost nothing, else
    /// as short as `clock` says.
    pub(crate) fn times(&self, params: Params, clock: Duration) -> (Params, u64) {
        if let Time::Ours(_) | Time::Moved(_) = self.time {
            return (params, 604_800);
        }
        let params = Params {
            clock_extension: clock.as_secs() / 4,
            max_clock_duration: clock.as_secs(),
            challenge_period: 1,
            ..params
        };
        (params, 1)
    }

    /// The wallet of an account.
    pub(crate) fn wallet(&self, who: Account) -> anyhow::Result<Wallet> {
        let signer = match who {
            Account::Owner => self.owner.clone(),
            _ => signer(who, self.seed)?,
        };
        Ok(Wallet::new(
            self.connection.clone(),
            signer,
            self.policy.clone(),
        ))
    }

    /// Gives an account what it lacks of so many wei.
    pub(crate) fn fund(&self, account: Address, wei: U256) -> anyhow::Result<()> {
        let missing = wei.saturating_sub(self.balance(account)?);
        if missing.is_zero() {
            return Ok(());
        }
        let what = format!("give {account} {} ether for its bonds", missing / ETHER);
        self.transfer(what, account, missing)
    }

    /// An account's money, in wei.
    pub(crate) fn balance(&self, account: Address) -> anyhow::Result<U256> {
        Ok(self.connection.balance(account, At::Latest)?)
    }

    /// Lets time pass that somebody takes to think, where that costs nothing.
    pub(crate) fn think(&self, seconds: u64) -> anyhow::Result<()> {
        match self.time {
            Time::Passes => Ok(()),
            _ => self.wait(seconds),
        }
    }

    /// Lets time pass, and makes a block then.
    pub(crate) fn wait(&self, seconds: u64) -> anyhow::Result<()> {
        match &self.time {
            Time::Ours(local) => local.advance(seconds),
            Time::Moved(rpc) => {
                let moved = rpc.advance(seconds)?;
                ensure!(moved, "{} does not move its time any more", rpc.name());
            }
            Time::Passes => {
                let until = self.now()?.saturating_add(seconds);
                std::thread::sleep(Duration::from_secs(seconds));
                // Some chains make a block only for a transaction.
                while self.now()? < until {
                    let owner = self.owner.address();
                    self.transfer("make a block".into(), owner, U256::ZERO)?;
                    self.connection.pause();
                }
            }
        }
        Ok(())
    }

    /// Has the next game look up to the L1 block of this hash, where the chain is our own.
    pub(crate) fn set_l1_head(&self, hash: B256) {
        if let Time::Ours(local) = &self.time {
            local.mine_as(hash);
        }
    }

    fn now(&self) -> anyhow::Result<u64> {
        Ok(self.connection.block(At::Latest)?.time)
    }

    fn transfer(&self, what: String, to: Address, value: U256) -> anyhow::Result<()> {
        let request = Request {
            what,
            to: Some(to),
            data: Bytes::new(),
            value,
            gas: None,
        };
        let sent = self.wallet(Account::Owner)?.send(&[request], &mut |_| ());
        sent.map(|_| ())
            .map_err(|error| anyhow::anyhow!(reasons::sending(&error)))
    }
}

/// The same, and what an earlier demonstration has left on its way is replaced.
fn replacing(policy: Policy) -> Policy {
    Policy {
        earlier: Earlier::Replace,
        ..policy
    }
}

impl fmt::Debug for DemoChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoChain")
            .field("name", &self.connection.name())
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Wei.
const ETHER: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// A key that follows from the seed.
fn signer(who: Account, seed: u64) -> anyhow::Result<Signer> {
    let key = [
        [0; 16].as_slice(),
        &(who as u64).to_be_bytes(),
        &seed.to_be_bytes(),
    ]
    .concat();
    Signer::from_key(&B256::from_slice(&key)).context("no key")
}
