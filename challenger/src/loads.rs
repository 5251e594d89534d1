//! Loads what a step reads into the oracle: finds the transactions that are still missing on the chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use fpvm_contracts::abi::PreimageOracle as Calls;
use fpvm_contracts::loader::{self, Call, LoadError, Loading, Metadata, Terms};
use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_dispute::oracle::{Preimage, local_key};
use fpvm_l1::{At, Chain, Error, Progress, Receipt, Request, SendError, Wallet};
use fpvm_oracle::Key;

use crate::calls;
use crate::read::{ReadError, Reader, fit};
use crate::reasons;

/// The context of local data outside of games; local data belong to their sender and this context.
pub const LOCAL_CONTEXT: [u8; 32] = [0; 32];

/// What to do about a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Load {
    /// The oracle has it.
    Done,
    /// This transaction is next; there may be more after it.
    Send(Request),
    /// Nothing can be done before this L1 time, in seconds.
    Wait(u64),
}

/// Why a part cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadTrouble {
    /// The chain cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The pre-image cannot be loaded at all.
    #[error(transparent)]
    Plan(#[from] LoadError),
    /// Somebody showed that our proposal of it is wrong.
    #[error(
        "the proposal {0} of a large pre-image was countered: it was not ours to begin with, or the contract hashes otherwise"
    )]
    Countered(U256),
    /// A transaction is not done.
    #[error("{}", reasons::sending(.0))]
    Send(#[from] SendError),
}

impl From<Error> for LoadTrouble {
    fn from(error: Error) -> Self {
        Self::Read(error.into())
    }
}

/// Values by their keys.
struct Given<'a>(&'a BTreeMap<B256, Vec<u8>>);

impl Oracle for Given<'_> {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let value = self.0.get(&B256::from(key));
        let value = value.map(|value| value.as_slice().into());
        value.ok_or_else(|| "the step that reads it came without".into())
    }
}

/// Whether the oracle has the part of a local datum that a step of `game` reads.
///
/// # Errors
/// If the chain does not tell.
pub fn has_local(
    reader: &Reader<'_>,
    oracle: Address,
    game: Address,
    ident: U256,
    context: B256,
    offset: U256,
) -> Result<bool, ReadError> {
    let key = local_key(game, ident, context);
    reader.ask(oracle, &Calls::preimagePartOkCall { key, offset })
}

/// The next transaction for a part of a pre-image that is not local. A large pre-image takes several, and
/// the chain knows how many are done.
///
/// # Errors
/// If the chain does not tell, or the pre-image cannot be loaded.
pub fn part(reader: &Reader<'_>, terms: &Terms, preimage: &Preimage) -> Result<Load, LoadTrouble> {
    let Preimage {
        key,
        offset,
        ref values,
    } = *preimage;
    let found = reader.ask(terms.oracle, &Calls::preimagePartOkCall { key, offset })?;
    if found {
        return Ok(Load::Done);
    }
    let offset = u64::try_from(offset).unwrap_or(u64::MAX);
    let plan = loader::plan(terms, Key(key.0), offset, &mut Given(values))?;
    match plan {
        Loading::Direct(call) => Ok(Load::Send(request(&call, preimage))),
        Loading::Proposed(proposal) => {
            let (claimant, uuid) = (terms.sender, proposal.uuid());
            let call = Calls::proposalMetadataCall { claimant, uuid };
            let known = Metadata::from(reader.ask(terms.oracle, &call)?.0);
            if known.countered {
                return Err(LoadTrouble::Countered(uuid));
            }
            let next = proposal.remaining(&known).into_iter().next();
            Ok(match next {
                None => Load::Done,
                Some(call) => {
                    let ready = known.timestamp.saturating_add(call.wait);
                    if call.wait > 0 && reader.block.time < ready {
                        Load::Wait(ready)
                    } else {
                        Load::Send(request(&call, preimage))
                    }
                }
            })
        }
    }
}

/// Whether the oracle has a part for an account, outside of games.
///
/// # Errors
/// If the chain does not tell.
pub fn has(
    reader: &Reader<'_>,
    oracle: Address,
    account: Address,
    key: Key,
    offset: u64,
) -> Result<bool, ReadError> {
    let terms = Terms::mainnet(oracle, account);
    let call = Calls::preimagePartOkCall {
        key: loader::stored_key(&terms, key).into(),
        offset: U256::from(offset),
    };
    reader.ask(oracle, &call)
}

/// An oracle's terms for loading pre-images. The caller has to fill in the sender and the context.
///
/// # Errors
/// If the chain does not tell, or there is no oracle.
pub fn terms(reader: &Reader<'_>, oracle: Address) -> Result<Terms, ReadError> {
    let least = reader.ask(oracle, &Calls::minProposalSizeCall {})?;
    let bond = reader.ask(oracle, &Calls::MIN_BOND_SIZECall {})?;
    let period = reader.ask(oracle, &Calls::challengePeriodCall {})?;
    Ok(Terms {
        oracle,
        sender: Address::ZERO,
        local_context: LOCAL_CONTEXT,
        min_proposal_size: fit(oracle, "minProposalSize()", least)?,
        bond: fit(oracle, "MIN_BOND_SIZE()", bond)?,
        challenge_period: fit(oracle, "challengePeriod()", period)?,
    })
}

/// Loads a part into an oracle, outside of games, unless it is there, and waits as long as that takes; gives
/// the receipts.
///
/// # Errors
/// If the chain does not tell, the pre-image cannot be loaded, or a transaction is not done.
pub fn load(
    wallet: &mut Wallet,
    oracle: Address,
    key: Key,
    offset: u64,
    preimages: &mut dyn Oracle,
    report: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Receipt>, LoadTrouble> {
    let chain = wallet.chain().clone();
    let sender = wallet.address();
    let reader = Reader::newest(&*chain)?;
    reader.require_contract(oracle, "pre-image oracle")?;
    if has(&reader, oracle, sender, key, offset)? {
        return Ok(Vec::new());
    }
    let terms = Terms {
        sender,
        ..terms(&reader, oracle)?
    };
    let (calls, mut since) = match loader::plan(&terms, key, offset, preimages)? {
        Loading::Direct(call) => (vec![call], 0),
        // It may have been begun before.
        Loading::Proposed(proposal) => {
            let (claimant, uuid) = (sender, proposal.uuid());
            let call = Calls::proposalMetadataCall { claimant, uuid };
            let known = Metadata::from(reader.ask(oracle, &call)?.0);
            (proposal.remaining(&known), known.timestamp)
        }
    };
    let mut receipts = Vec::new();
    for call in &calls {
        if call.wait > 0 {
            wait(&*chain, since.saturating_add(call.wait))?;
        }
        let what = format!("call {}", call.function);
        for receipt in wallet.send(&[transaction(call, what)], report)? {
            since = chain.block(At::Hash(receipt.block_hash))?.time;
            receipts.push(receipt);
        }
    }
    Ok(receipts)
}

/// Waits until a block is younger than this time.
fn wait(chain: &dyn Chain, time: u64) -> Result<(), Error> {
    let now = chain.block(At::Latest)?.time;
    let seconds = time.saturating_sub(now);
    tracing::info!(target: "l1", seconds, "Waiting for the challenge period to pass");
    while chain.block(At::Latest)?.time <= time {
        chain.pause();
    }
    Ok(())
}

fn request(call: &Call, preimage: &Preimage) -> Request {
    let size = preimage.value().len();
    let what = format!("load a pre-image of {size} bytes ({})", call.function);
    transaction(call, what)
}

fn transaction(call: &Call, what: String) -> Request {
    Request {
        gas: call.gas,
        ..calls::request(what, call.to, call.data.clone(), call.value)
    }
}
