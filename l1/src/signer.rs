//! The key that transactions are signed with. It comes from a keystore file or from the environment,
//! never from a command line, which every process of a machine may read.

use crate::{Address, B256, Bytes, U256};
use alloy::consensus::{SignableTransaction as _, TxEip1559};
use alloy::primitives::TxKind;
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use std::path::{Path, PathBuf};

/// The environment variable with a private key, in hex.
pub const KEY_VARIABLE: &str = "FPVM_PRIVATE_KEY";
/// The environment variable with the password of a keystore file.
pub const PASSWORD_VARIABLE: &str = "FPVM_KEYSTORE_PASSWORD";

/// An account with its key.
#[derive(Clone, Debug)]
pub struct Signer(PrivateKeySigner);

/// There is no key.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The environment has none.
    #[error(
        "no account to send from: put a private key into the environment variable {KEY_VARIABLE}, or name a keystore file"
    )]
    None,
    /// What the environment has is no key. The message does not show it.
    #[error(
        "the environment variable {KEY_VARIABLE} has no private key: 64 hex digits are expected, with or without 0x in front"
    )]
    NotAKey,
    /// A keystore file without its password.
    #[error("the keystore {} needs its password in the environment variable {PASSWORD_VARIABLE}", .0.display())]
    NoPassword(PathBuf),
    /// A keystore file that does not open.
    #[error("cannot open the keystore {}: {why}", path.display())]
    Keystore {
        /// The file.
        path: PathBuf,
        /// Why not; a wrong password shows as one of the MAC.
        why: String,
    },
}

/// A signed transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signed {
    pub(crate) hash: B256,
    /// As nodes take it.
    pub(crate) raw: Bytes,
}

/// What is signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Transaction {
    pub(crate) chain_id: u64,
    pub(crate) nonce: u64,
    pub(crate) to: Option<Address>,
    pub(crate) data: Bytes,
    pub(crate) value: U256,
    pub(crate) gas: u64,
    pub(crate) max_fee: u128,
    pub(crate) tip: u128,
}

impl Signer {
    /// The account of a private key.
    pub fn from_key(key: &B256) -> Result<Self, SignerError> {
        let signer = PrivateKeySigner::from_bytes(key);
        signer.map(Signer).map_err(|_| SignerError::NotAKey)
    }

    /// The account whose key is in the environment variable [`KEY_VARIABLE`].
    pub fn from_environment() -> Result<Self, SignerError> {
        let text = std::env::var(KEY_VARIABLE).map_err(|_| SignerError::None)?;
        let key = text.trim().parse().map_err(|_| SignerError::NotAKey)?;
        Self::from_key(&key)
    }

    /// The account of a keystore file, as geth and others write it; its password is in the environment
    /// variable [`PASSWORD_VARIABLE`].
    pub fn from_keystore(path: &Path) -> Result<Self, SignerError> {
        let password = std::env::var(PASSWORD_VARIABLE);
        let password = password.map_err(|_| SignerError::NoPassword(path.to_owned()))?;
        let signer = PrivateKeySigner::decrypt_keystore(path, password);
        signer.map(Signer).map_err(|error| SignerError::Keystore {
            path: path.to_owned(),
            why: error.to_string(),
        })
    }

    /// The account's address.
    pub fn address(&self) -> Address {
        self.0.address()
    }

    pub(crate) fn sign(&self, transaction: Transaction) -> Result<Signed, SignerError> {
        let transaction = TxEip1559 {
            chain_id: transaction.chain_id,
            nonce: transaction.nonce,
            gas_limit: transaction.gas,
            max_fee_per_gas: transaction.max_fee,
            max_priority_fee_per_gas: transaction.tip,
            to: transaction.to.map_or(TxKind::Create, TxKind::Call),
            value: transaction.value,
            access_list: Default::default(),
            input: transaction.data,
        };
        let signature = self.0.sign_hash_sync(&transaction.signature_hash());
        let signature = signature.map_err(|_| SignerError::NotAKey)?;
        let signed = transaction.into_signed(signature);
        let mut raw = Vec::new();
        signed.eip2718_encode(&mut raw);
        Ok(Signed {
            hash: *signed.hash(),
            raw: raw.into(),
        })
    }
}
