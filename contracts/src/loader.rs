//! Loading pre-images into a PreimageOracle contract: from a key to the transactions that make a part
//! of its pre-image readable on chain.
//!
//! A step that reads a pre-image reads at most 32 bytes of `length ‖ value` from an offset (both are
//! in its proof). [`plan`] gives what has to be sent for that part, whatever the kind of key:
//!
//! | key | loaded by | needs besides key and value |
//! |---|---|---|
//! | 1, local | one call by the account that will call `step` | the context |
//! | 2, keccak256 | one call; from [`Terms::min_proposal_size`] on [by proposal](Proposal) | |
//! | 4, sha256 | one call | |
//! | 5, blob | one call | the blob: its 4,096 field elements; and what the key is the hash of |
//! | 6, precompile | one call, which runs the precompile | what the key is the hash of |
//!
//! What a key of kind 5 or 6 is the hash of is a pre-image too: that of the same key with 2 as its first
//! byte. Hosts (op-program, kona-host) keep it there.

mod blob;
mod large;

pub use blob::blob_point;
pub use large::{BLOCK, Challenge, Leaf, MAX_BLOCKS, Matrix, Metadata, Proposal, TREE_DEPTH, Tree};

use crate::abi::PreimageOracle as abi;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use fpvm_core::keccak::keccak256;
use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_core::step::proof::StepProof;
use fpvm_oracle::{BadValue, Key, Kind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a plan depends on besides the pre-image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// The contract.
    pub oracle: Address,
    /// Who sends the transactions: local data and proposals are the sender's own.
    pub sender: Address,
    /// What local data is bound to besides the sender; the third argument of `step`.
    pub local_context: [u8; 32],
    /// From how many bytes on a pre-image is loaded by proposal: the contract's `minProposalSize()`.
    pub min_proposal_size: u64,
    /// What a proposal has to deposit, in wei: the contract's `MIN_BOND_SIZE()`.
    pub bond: u128,
    /// How long a proposal can be challenged, in seconds: the contract's `challengePeriod()`.
    pub challenge_period: u64,
}

impl Terms {
    /// The terms of a contract as mainnet has it.
    pub fn mainnet(oracle: Address, sender: Address) -> Self {
        Self {
            oracle,
            sender,
            local_context: [0; 32],
            min_proposal_size: 126_000,
            bond: 250_000_000_000_000_000,
            challenge_period: 86_400,
        }
    }

    fn call(&self, call: &impl SolCall) -> Call {
        Call {
            function: name(call),
            to: self.oracle,
            data: call.abi_encode(),
            value: 0,
            wait: 0,
            gas: None,
        }
    }
}

/// `loadLocalData(uint256,…)` as `loadLocalData`.
fn name<C: SolCall>(_: &C) -> &'static str {
    C::SIGNATURE.split('(').next().unwrap_or(C::SIGNATURE)
}

/// A transaction to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Name of the function that is called.
    pub function: &'static str,
    /// The contract.
    pub to: Address,
    /// Calldata.
    pub data: Vec<u8>,
    /// Wei to send along.
    pub value: u128,
    /// Seconds that the block of this transaction has to be younger than that of the one before it.
    pub wait: u64,
    /// The gas limit, where an estimate would be of no use.
    pub gas: Option<u64>,
}

/// How a part gets loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Loading {
    /// One transaction.
    Direct(Call),
    /// Several, with a time to wait.
    Proposed(Box<Proposal>),
}

impl Loading {
    /// All transactions, in the order in which they have to be mined. A proposal that was begun
    /// before goes on with [`Proposal::remaining`] instead.
    pub fn calls(&self) -> Vec<Call> {
        match self {
            Self::Direct(call) => vec![call.clone()],
            Self::Proposed(proposal) => proposal.remaining(&Metadata::default()),
        }
    }
}

/// Why a pre-image cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing gives a pre-image that is needed.
    #[error("no value for {key}, which is needed to load {wanted}: {source}")]
    Missing {
        /// What is to be loaded.
        wanted: Key,
        /// What is missing for it.
        key: Key,
        /// Why.
        source: OracleError,
    },
    /// A value is not that of its key.
    #[error("the value at hand for {key} is not its pre-image: {source}")]
    Value {
        /// The key.
        key: Key,
        /// Why.
        source: BadValue,
    },
    /// The offset is at or past the end of length prefix and value.
    #[error("{key} has no part at offset {offset}: length prefix and value have {size} bytes")]
    Offset {
        /// The key.
        key: Key,
        /// The offset.
        offset: u64,
        /// How many bytes there are.
        size: u64,
    },
    /// A local value that no contract takes.
    #[error("{key} has a value of {size} bytes; the contract takes local values of at most 32")]
    LocalSize {
        /// The key.
        key: Key,
        /// The value's length.
        size: usize,
    },
    /// A value too long for a proposal.
    #[error("{key} has a value of {size} bytes; a proposal takes at most {}", MAX_BLOCKS * BLOCK - 1)]
    TooLarge {
        /// The key.
        key: Key,
        /// The value's length.
        size: usize,
    },
    /// What a key is the hash of has another form than keys of its kind.
    #[error("what {key} is the hash of has {found} bytes; that should be {expected}")]
    Preimage {
        /// The key.
        key: Key,
        /// What is right, in words.
        expected: &'static str,
        /// The length found.
        found: usize,
    },
    /// The field elements at hand are not those of a blob's commitment.
    #[error("{key}: {text}")]
    Blob {
        /// The key.
        key: Key,
        /// What is wrong.
        text: String,
    },
    /// A kind of key that no contract knows.
    #[error("the contract has no way to load {0}")]
    Kind(Key),
}

/// What has to be sent so that the part at `offset` of a key's `length ‖ value` can be read. Values
/// are taken from `oracle` and checked.
pub fn plan(
    terms: &Terms,
    key: Key,
    offset: u64,
    oracle: &mut dyn Oracle,
) -> Result<Loading, LoadError> {
    let call = match key.kind() {
        Kind::Local => {
            let value = get(key, key, oracle)?;
            in_bounds(key, offset, value.len())?;
            let mut word = B256::ZERO;
            let size = value.len();
            let place = word.get_mut(..size);
            place
                .ok_or(LoadError::LocalSize { key, size })?
                .copy_from_slice(&value);
            let mut ident = key.0;
            ident[0] = 0;
            terms.call(&abi::loadLocalDataCall {
                ident: U256::from_be_bytes(ident),
                localContext: terms.local_context.into(),
                word,
                size: U256::from(size),
                partOffset: U256::from(offset),
            })
        }
        Kind::Keccak256 => {
            let value = get(key, key, oracle)?;
            in_bounds(key, offset, value.len())?;
            // A proposal has a state before its last block, so at least two blocks.
            if value.len() as u64 >= terms.min_proposal_size && value.len() >= BLOCK {
                let proposal = Proposal::new(*terms, key, offset, value)?;
                return Ok(Loading::Proposed(Box::new(proposal)));
            }
            terms.call(&abi::loadKeccak256PreimagePartCall {
                partOffset: U256::from(offset),
                preimage: value.to_vec().into(),
            })
        }
        Kind::Sha256 => {
            let value = get(key, key, oracle)?;
            in_bounds(key, offset, value.len())?;
            terms.call(&abi::loadSha256PreimagePartCall {
                partOffset: U256::from(offset),
                preimage: value.to_vec().into(),
            })
        }
        Kind::Blob => {
            in_bounds(key, offset, 32)?;
            let opening = blob::open(key, oracle)?;
            terms.call(&abi::loadBlobPreimagePartCall {
                z: U256::from_be_bytes(opening.z),
                y: U256::from_be_bytes(opening.y),
                commitment: opening.commitment.to_vec().into(),
                proof: opening.proof.to_vec().into(),
                partOffset: U256::from(offset),
            })
        }
        Kind::Precompile => {
            let hashed = hashed(key, oracle)?;
            let (address, rest) = hashed
                .split_first_chunk::<20>()
                .ok_or_else(|| short(key, &hashed))?;
            let (gas, input) = rest
                .split_first_chunk::<8>()
                .ok_or_else(|| short(key, &hashed))?;
            let required = u64::from_be_bytes(*gas);
            let call = terms.call(&abi::loadPrecompilePreimagePartCall {
                partOffset: U256::from(offset),
                precompile: Address::from(*address),
                requiredGas: required,
                input: input.to_vec().into(),
            });
            let fails = get(key, key, oracle)?.first() == Some(&0);
            Call {
                gas: fails.then(|| failing(required, input.len())),
                ..call
            }
        }
        Kind::GlobalGeneric | Kind::Unknown(_) => return Err(LoadError::Kind(key)),
    };
    Ok(Loading::Direct(call))
}

/// The value of a key and all that a plan for its part at `offset` takes from `oracle`, by their keys.
///
/// # Errors
/// As [`plan`], but that every size is taken to be loaded at once.
pub fn needed(
    key: Key,
    offset: u64,
    oracle: &mut dyn Oracle,
) -> Result<BTreeMap<Key, Arc<[u8]>>, LoadError> {
    let terms = Terms {
        min_proposal_size: u64::MAX,
        ..Terms::mainnet(Address::ZERO, Address::ZERO)
    };
    let mut noted = Noted {
        oracle,
        values: BTreeMap::new(),
    };
    get(key, key, &mut noted)?;
    plan(&terms, key, offset, &mut noted)?;
    Ok(noted.values)
}

/// Keeps what is asked for.
struct Noted<'a> {
    oracle: &'a mut dyn Oracle,
    values: BTreeMap<Key, Arc<[u8]>>,
}

impl Oracle for Noted<'_> {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        self.oracle.hint(hint)
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let value = self.oracle.preimage(key)?;
        self.values.insert(Key(key), value.clone());
        Ok(value)
    }
}

/// The gas limit for loading the result of a precompile that fails. That spends all that is handed on to
/// it, 63 parts of 64, and so any estimate is what a block has; the rest has to do for storing the part.
fn failing(required: u64, input: usize) -> u64 {
    /// More than storing takes, and calling up to the precompile for each byte of its input.
    const STORING: u64 = 100_000;
    const BYTE: u64 = 40;
    let handed_on = required.saturating_add(required / 63).max(64 * STORING);
    let before = (input as u64).saturating_mul(BYTE);
    handed_on.saturating_add(before).saturating_add(2 * STORING)
}

/// The key that a contract keeps a pre-image under, for `preimagePartOk(key, offset)`: a local key is
/// bound to who loads it and to the context, others are as the guest has them.
pub fn stored_key(terms: &Terms, key: Key) -> [u8; 32] {
    if key.kind() != Kind::Local {
        return key.0;
    }
    let bound = [key.0, terms.sender.into_word().0, terms.local_context].concat();
    let mut stored = keccak256(&bound);
    stored[0] = key.0[0];
    stored
}

/// The pre-image that a step's proof carries, as an oracle.
#[derive(Clone, Copy, Debug)]
pub struct Carried<'a>(pub &'a StepProof);

impl Oracle for Carried<'_> {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let carried = self.0.preimage().filter(|(known, _)| *known == key);
        let value = carried.map(|(_, value)| value.into());
        value.ok_or_else(|| "the proof does not carry it".into())
    }
}

fn short(key: Key, found: &[u8]) -> LoadError {
    LoadError::Preimage {
        key,
        expected: "an address (20), a gas limit (8) and the input",
        found: found.len(),
    }
}

fn in_bounds(key: Key, offset: u64, len: usize) -> Result<(), LoadError> {
    let size = len as u64 + 8;
    if offset < size {
        Ok(())
    } else {
        Err(LoadError::Offset { key, offset, size })
    }
}

/// The value of a key, checked as far as the key permits.
fn get(wanted: Key, key: Key, oracle: &mut dyn Oracle) -> Result<Arc<[u8]>, LoadError> {
    let value = oracle
        .preimage(key.0)
        .map_err(|source| LoadError::Missing {
            wanted,
            key,
            source,
        })?;
    key.check(&value)
        .map_err(|source| LoadError::Value { key, source })?;
    Ok(value)
}

/// What a key is the hash of: the pre-image of the same hash as a keccak256 key.
fn hashed(key: Key, oracle: &mut dyn Oracle) -> Result<Arc<[u8]>, LoadError> {
    let mut of = key;
    of.0[0] = 2;
    get(key, of, oracle)
}
