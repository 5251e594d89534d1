//! What a step reads, made known to the oracle: what of it is still to be sent, from what the chain has.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use fpvm_contracts::abi::PreimageOracle as Calls;
use fpvm_contracts::loader::{self, Call, LoadError, Loading, Metadata, Terms};
use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_dispute::oracle::{Preimage, local_key};
use fpvm_l1::Request;
use fpvm_oracle::Key;

use crate::calls;
use crate::read::{ReadError, Reader};

/// What is to be done about a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Load {
    /// The oracle has it.
    Done,
    /// This is to be sent next; there may be more after it.
    Send(Request),
    /// Nothing can be done before this L1 time, in seconds.
    Wait(u64),
}

/// Why a part cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadTrouble {
    /// The chain does not tell.
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

/// What is next for a part of a pre-image that is not local: one transaction, or for a large one
/// several, of which the chain knows how many are done.
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
                    match call.wait > 0 && reader.block.time < ready {
                        true => Load::Wait(ready),
                        false => Load::Send(request(&call, preimage)),
                    }
                }
            })
        }
    }
}

fn request(call: &Call, preimage: &Preimage) -> Request {
    let size = preimage.value().len();
    let what = format!("load a pre-image of {size} bytes ({})", call.function);
    Request {
        gas: call.gas,
        ..calls::request(what, call.to, call.data.clone(), call.value)
    }
}
