//! A proof through a contract on a chain.

use crate::chain::{self, ChainArgs};
use anyhow::{Context as _, bail, ensure};
use fpvm_challenger::loads::{self, LOCAL_CONTEXT};
use fpvm_challenger::read::Reader;
use fpvm_contracts::abi::{self, StepVerifier};
use fpvm_contracts::loader::Carried;
use fpvm_core::step::proof::StepProof;
use fpvm_l1::{Address, At, Call, Chain, Receipt, Request, U256, Wallet};
use fpvm_oracle::Key;
use std::sync::Arc;

/// A verifier on a chain.
pub(super) struct Remote {
    chain: Arc<dyn Chain>,
    contract: Address,
    oracle: Address,
    /// Who calls.
    caller: Address,
    /// With what, where the step is to be a transaction.
    wallet: Option<Wallet>,
}

impl Remote {
    /// Connects. Without `send` the step is only called, by `from`.
    pub(super) fn connect(
        args: &ChainArgs,
        contract: Address,
        from: Option<Address>,
        send: bool,
    ) -> anyhow::Result<Self> {
        let chain = chain::needed(args.node.connect()?)?;
        let wallet = send.then(|| args.wallet(chain.clone())).transpose()?;
        let caller = wallet
            .as_ref()
            .map(Wallet::address)
            .or(from)
            .unwrap_or_default();
        let reader = Reader::newest(&*chain)?;
        reader.require_contract(contract, "verifier")?;
        let oracle = reader.ask(contract, &StepVerifier::oracleCall {});
        let oracle = oracle.context("it is no verifier")?;
        Ok(Self {
            chain,
            contract,
            oracle,
            caller,
            wallet,
        })
    }

    /// Has the contract execute the step; what came of it, line by line.
    pub(super) fn check(&mut self, proof: &StepProof) -> anyhow::Result<Vec<String>> {
        let mut lines = self.load(proof)?;
        let data = abi::step(&proof.state_data, &proof.proof_data, LOCAL_CONTEXT);
        let call = Call {
            from: self.caller,
            to: Some(self.contract),
            data: data.into(),
            value: U256::ZERO,
        };
        let head = self.chain.block(At::Latest)?.number;
        let post = self
            .chain
            .call(&call, At::Number(head))
            .map_err(chain::explained)?;
        let contract = self.contract;
        ensure!(
            post[..] == proof.post[..],
            "the contract {contract} comes to {post}"
        );
        let Some(wallet) = &mut self.wallet else {
            lines.push(format!("on chain: {contract} accepts it at block {head}"));
            return Ok(lines);
        };
        let request = Request {
            what: format!("execute step {}", proof.step),
            to: Some(contract),
            data: call.data,
            value: U256::ZERO,
            gas: None,
        };
        let receipts = chain::send(wallet, &[request])?;
        lines.extend(receipts.iter().map(|receipt| line("the step", receipt)));
        Ok(lines)
    }

    /// Sees to it that the oracle has what the step reads.
    fn load(&mut self, proof: &StepProof) -> anyhow::Result<Vec<String>> {
        let Some((key, _)) = proof.preimage() else {
            return Ok(Vec::new());
        };
        let (key, offset) = (Key(key), proof.oracle_offset);
        let (oracle, caller) = (self.oracle, self.caller);
        let Some(wallet) = &mut self.wallet else {
            let reader = Reader::newest(&*self.chain)?;
            if !loads::has(&reader, oracle, caller, key, offset)? {
                bail!(
                    "the oracle {oracle} does not have offset {offset} of {key} for the caller {caller}: load it with `fpvm preimages load --proof FILE --oracle {oracle} --rpc URL`, or give --send"
                );
            }
            return Ok(Vec::new());
        };
        let (carried, log) = (&mut Carried(proof), &mut chain::log);
        let receipts = loads::load(wallet, oracle, key, offset, carried, log)?;
        Ok(receipts
            .iter()
            .map(|receipt| line("the pre-image", receipt))
            .collect())
    }
}

fn line(what: &str, receipt: &Receipt) -> String {
    let Receipt {
        transaction,
        block,
        gas_used,
        ..
    } = receipt;
    format!("on chain: {what} is transaction {transaction} in block {block}, {gas_used} gas")
}
