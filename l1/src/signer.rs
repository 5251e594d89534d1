//! The key that transactions are signed with. It comes from a keystore file or from the environment,
//! never from a command line, which every process of a machine may read; or another machine has it, and signs.

mod remote;

pub use remote::RemoteSigner;

use crate::{Address, B256, Bytes, Error, U256};
use alloy::consensus::{SignableTransaction as _, TxEip1559};
use alloy::primitives::TxKind;
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use std::path::{Path, PathBuf};

/// The environment variable with a private key, in hex.
pub const KEY_VARIABLE: &str = "FPVM_PRIVATE_KEY";
/// The environment variable with the password of a keystore file.
pub const PASSWORD_VARIABLE: &str = "FPVM_KEYSTORE_PASSWORD";

/// An account that can sign.
#[derive(Clone, Debug)]
pub struct Signer(Key);

/// Who has the key.
#[derive(Clone, Debug)]
enum Key {
    /// This process.
    Here(PrivateKeySigner),
    /// Another machine.
    Remote(RemoteSigner),
}

/// There is no key, or no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The environment has no key.
    #[error(
        "no account to send from: put a private key into the environment variable {KEY_VARIABLE}, or name a keystore file or a remote signer"
    )]
    None,
    /// The value in the environment is not a key. The message does not show it.
    #[error(
        "the environment variable {KEY_VARIABLE} has no private key: 64 hex digits are expected, with or without 0x in front"
    )]
    NotAKey,
    /// A keystore file without its password.
    #[error("the keystore {} needs its password: in the environment variable {PASSWORD_VARIABLE}, or in a file", .0.display())]
    NoPassword(PathBuf),
    /// A keystore file that does not open.
    #[error("cannot open the keystore {}: {why}", path.display())]
    Keystore {
        /// The file.
        path: PathBuf,
        /// Why not; a wrong password shows as an error about the MAC.
        why: String,
    },
    /// A file with a password, a certificate or a key that cannot be read.
    #[error("cannot use {}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A header for the remote signer that is none. The message does not show it.
    #[error("a header for the remote signer is NAME=VALUE, of characters that HTTP allows")]
    Header,
    /// The remote signer does not answer, or refuses.
    #[error(transparent)]
    Remote(Error),
    /// The remote signer has signed something else.
    #[error("what the remote signer gives back for {address} is not used: {why}")]
    Untrue {
        /// The account.
        address: Address,
        /// What is wrong with it.
        why: String,
    },
}

/// A signed transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signed {
    pub(crate) hash: B256,
    /// The encoding that nodes take.
    pub(crate) raw: Bytes,
}

/// The transaction before it is signed.
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
        let signer = signer.map_err(|_| SignerError::NotAKey)?;
        Ok(Self(Key::Here(signer)))
    }

    /// The account whose key is in the environment variable [`KEY_VARIABLE`].
    pub fn from_environment() -> Result<Self, SignerError> {
        let text = std::env::var(KEY_VARIABLE).map_err(|_| SignerError::None)?;
        let key = text.trim().parse().map_err(|_| SignerError::NotAKey)?;
        Self::from_key(&key)
    }

    /// The account of a keystore file, as geth and others write it (web3 secret storage, version 3); its password is the
    /// first line of a file, or in the environment variable [`PASSWORD_VARIABLE`].
    pub fn from_keystore(path: &Path, password_file: Option<&Path>) -> Result<Self, SignerError> {
        let password = match password_file {
            Some(file) => first_line(file)?,
            None => std::env::var(PASSWORD_VARIABLE)
                .map_err(|_| SignerError::NoPassword(path.to_owned()))?,
        };
        let signer = PrivateKeySigner::decrypt_keystore(path, password);
        let signer = signer.map_err(|error| SignerError::Keystore {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        Ok(Self(Key::Here(signer)))
    }

    /// The account of a remote signer, which is asked whether it is there.
    ///
    /// # Errors
    /// If it does not answer, or a file or header is not what it should be.
    pub fn remote(remote: RemoteSigner) -> Result<Self, SignerError> {
        remote.check()?;
        Ok(Self(Key::Remote(remote)))
    }

    /// The account's address.
    pub fn address(&self) -> Address {
        match &self.0 {
            Key::Here(key) => key.address(),
            Key::Remote(remote) => remote.address,
        }
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
        let key = match &self.0 {
            Key::Here(key) => key,
            Key::Remote(remote) => return remote.sign(&transaction),
        };
        let signature = key.sign_hash_sync(&transaction.signature_hash());
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

/// The first line of a file.
fn first_line(path: &Path) -> Result<String, SignerError> {
    let text = std::fs::read_to_string(path).map_err(|why| SignerError::File {
        path: path.to_owned(),
        why: why.to_string(),
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
