//! Why a transaction is not done.

use crate::error::listed;
use crate::signer::SignerError;
use crate::{Address, B256, Error, Revert, U256, ether};

/// A transaction is not done.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The connection failed before anything was sent.
    #[error(transparent)]
    Chain(#[from] Error),
    /// There is no signature.
    #[error(transparent)]
    Signer(SignerError),
    /// The account has too little.
    #[error("cannot {what}: {account} has {}, and it takes up to {} ({} of value, {gas} gas at up to {} each)", ether(*.balance), ether(*.needed), ether(*.value), ether(U256::from(*.max_fee)))]
    Funds {
        /// What was to be done.
        what: String,
        /// The account.
        account: Address,
        /// What it has, in wei.
        balance: U256,
        /// What it would need, in wei, for this and all transactions on their way.
        needed: U256,
        /// Wei that go with it.
        value: U256,
        /// Its gas limit.
        gas: u64,
        /// Wei for a unit of gas, at most.
        max_fee: u128,
    },
    /// The transaction would revert, and was not sent.
    #[error("cannot {what}: {revert}")]
    WouldRevert {
        /// What was to be done.
        what: String,
        /// What it would revert with.
        revert: Revert,
    },
    /// The transaction is in the chain, and reverted.
    #[error("could not {what}: transaction {transaction} in block {block} failed: {}", reason.as_ref().map_or("it ran out of gas, it seems".into(), ToString::to_string))]
    Failed {
        /// What was to be done.
        what: String,
        /// Its hash.
        transaction: B256,
        /// Its block.
        block: u64,
        /// What the same call reverts with now, if it does.
        reason: Option<Revert>,
    },
    /// Another transaction of the account has its nonce.
    #[error(
        "could not {what}: another transaction has its nonce {nonce}. Does another program use this account?"
    )]
    Taken {
        /// What was to be done.
        what: String,
        /// The nonce.
        nonce: u64,
    },
    /// The transaction may still get into the chain.
    #[error("{what} is not settled: {why}. Look for {} (nonce {nonce}) before you do it again", listed(.transactions))]
    Unsettled {
        /// What was to be done.
        what: String,
        /// What went wrong.
        why: String,
        /// The nonce of the transaction and of those sent in its place.
        nonce: u64,
        /// The hash of each that was sent for it; at most one of them can get into the chain.
        transactions: Vec<B256>,
    },
    /// Transactions from before do not get into the chain.
    #[error(
        "{account} has {count} transactions waiting from before, the first with nonce {nonce}, and they do not get into the chain: replace or cancel them in the program that sent them"
    )]
    EarlierStuck {
        /// The account that has sent them.
        account: Address,
        /// How many.
        count: u64,
        /// The first one's nonce.
        nonce: u64,
    },
}

impl From<SignerError> for SendError {
    fn from(error: SignerError) -> Self {
        match error {
            // It may pass, as where the chain does not answer; nothing was handed in.
            SignerError::Remote(error) => Self::Chain(error),
            // Certificates are replaced while a daemon runs, and may be half written.
            SignerError::File { .. } => Self::Chain(Error::Setup(error.to_string())),
            other => Self::Signer(other),
        }
    }
}

impl SendError {
    /// Whether the error is about one transaction, which has used no nonce, so that others may succeed.
    pub(super) const fn is_of_one(&self) -> bool {
        matches!(
            self,
            Self::Funds { .. } | Self::WouldRevert { .. } | Self::Chain(Error::Refused { .. })
        )
    }
}
