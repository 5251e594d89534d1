//! Making pre-images known to an oracle on a chain.

use crate::chain;
use alloy_sol_types::SolCall;
use anyhow::Context as _;
use fpvm_contracts::abi::PreimageOracle as abi;
use fpvm_contracts::loader::{self, Call, Loading, Metadata, Terms};
use fpvm_core::step::oracle::Oracle;
use fpvm_l1::{Address, At, Chain, Receipt, Request, U256, Wallet};
use fpvm_oracle::Key;

/// What local data is bound to besides its sender, outside of games.
pub(crate) const LOCAL_CONTEXT: [u8; 32] = [0; 32];

/// Reads from a contract.
pub(crate) fn ask<C: SolCall>(
    chain: &dyn Chain,
    from: Address,
    contract: Address,
    call: &C,
) -> anyhow::Result<C::Return> {
    let message = fpvm_l1::Call {
        from,
        to: Some(contract),
        data: call.abi_encode().into(),
        value: U256::ZERO,
    };
    let answer = chain.call(&message, At::Latest).map_err(chain::explained);
    let answer = answer.and_then(|answer| Ok(C::abi_decode_returns(&answer)?));
    answer.with_context(|| format!("{contract} does not answer {} as it should", C::SIGNATURE))
}

/// The terms of an oracle for a sender.
fn terms(chain: &dyn Chain, oracle: Address, sender: Address) -> anyhow::Result<Terms> {
    let number = |answer: U256| u64::try_from(answer).context("a number that is too large");
    Ok(Terms {
        oracle,
        sender,
        local_context: LOCAL_CONTEXT,
        min_proposal_size: number(ask(chain, sender, oracle, &abi::minProposalSizeCall {})?)?,
        bond: number(ask(chain, sender, oracle, &abi::MIN_BOND_SIZECall {})?)?.into(),
        challenge_period: number(ask(chain, sender, oracle, &abi::challengePeriodCall {})?)?,
    })
}

/// Whether an oracle has this part for a caller.
pub(crate) fn is_loaded(
    chain: &dyn Chain,
    oracle: Address,
    caller: Address,
    key: Key,
    offset: u64,
) -> anyhow::Result<bool> {
    let mut terms = Terms::mainnet(oracle, caller);
    terms.local_context = LOCAL_CONTEXT;
    let call = abi::preimagePartOkCall {
        key: loader::stored_key(&terms, key).into(),
        offset: U256::from(offset),
    };
    ask(chain, caller, oracle, &call)
}

/// Makes a part known to an oracle, as far as it is not; the receipts of what that took.
pub(crate) fn load(
    wallet: &mut Wallet,
    oracle: Address,
    key: Key,
    offset: u64,
    preimages: &mut dyn Oracle,
) -> anyhow::Result<Vec<Receipt>> {
    let chain = wallet.chain().clone();
    let sender = wallet.address();
    chain::check_contract(&*chain, oracle, "pre-image oracle")?;
    if is_loaded(&*chain, oracle, sender, key, offset)? {
        return Ok(Vec::new());
    }
    let terms = terms(&*chain, oracle, sender)?;
    let (calls, mut since) = match loader::plan(&terms, key, offset, preimages)? {
        Loading::Direct(call) => (vec![call], 0),
        // Perhaps it was begun before.
        Loading::Proposed(proposal) => {
            let (claimant, uuid) = (sender, proposal.uuid());
            let known = ask(
                &*chain,
                sender,
                oracle,
                &abi::proposalMetadataCall { claimant, uuid },
            )?;
            let known = Metadata::from(known.0);
            (proposal.remaining(&known), known.timestamp)
        }
    };
    let mut receipts = Vec::new();
    for call in &calls {
        if call.wait > 0 {
            wait(&*chain, since.saturating_add(call.wait))?;
        }
        for receipt in chain::send(wallet, &[request(call)])? {
            since = chain.block(At::Hash(receipt.block_hash))?.time;
            receipts.push(receipt);
        }
    }
    Ok(receipts)
}

fn request(call: &Call) -> Request {
    Request {
        what: format!("call {}", call.function),
        to: Some(call.to),
        data: call.data.clone().into(),
        value: U256::from(call.value),
        gas: call.gas,
    }
}

/// Waits until a block is younger than this time.
fn wait(chain: &dyn Chain, time: u64) -> anyhow::Result<()> {
    let now = chain.block(At::Latest)?.time;
    let seconds = time.saturating_sub(now);
    tracing::info!(target: "l1", seconds, "Waiting for the challenge period to pass");
    while chain.block(At::Latest)?.time <= time {
        chain.pause();
    }
    Ok(())
}
