//! A proof through the contracts in an EVM of this process.

use crate::app::App;
use anyhow::{Context as _, ensure};
use fpvm::AnyIsa;
use fpvm_contracts::artifact::PREIMAGE_ORACLE;
use fpvm_contracts::loader::{Carried, LoadError};
use fpvm_contracts::verifier::{LoadingError, OnChain};
use fpvm_core::step::proof::StepProof;
use fpvm_evm::Gas;
use fpvm_l1::Revert;
use fpvm_oracle::Key;
use std::collections::BTreeMap;

/// The contracts of each VM type, deployed when they are first asked for.
#[derive(Default)]
pub(super) struct Embedded(BTreeMap<&'static str, OnChain>);

impl Embedded {
    /// Has a contract execute the step, with a proof in either encoding; what it costs, line by line.
    pub(super) fn check(
        &mut self,
        app: &App,
        isa: &dyn AnyIsa,
        proof: &StepProof,
    ) -> anyhow::Result<Vec<String>> {
        if !self.0.contains_key(isa.vm_type()) {
            let contract = app.contract(isa)?;
            let contracts = OnChain::with_oracle(contract, isa.version(), PREIMAGE_ORACLE)?;
            self.0.insert(isa.vm_type(), contracts);
        }
        let contracts = self.0.get_mut(isa.vm_type()).context("no contract")?;
        let mut lines = Vec::new();
        if let Some((key, value)) = proof.preimage() {
            let offset = proof.oracle_offset;
            match contracts.load(Key(key), offset, &mut Carried(proof)) {
                Ok(loaded) => {
                    lines.extend(loaded.iter().map(|gas| gas_line("the pre-image", *gas)));
                }
                // What else it takes is not in the proof.
                Err(LoadingError::Plan(LoadError::Missing { .. })) => {
                    contracts.place(&key, value, offset);
                    lines.push("on chain: the pre-image needs more than the proof carries".into());
                }
                Err(other) => return Err(other.into()),
            }
        }
        let gas = step(contracts, proof, &proof.proof_data)?;
        let compact = isa.compact(proof)?;
        if compact == proof.proof_data {
            lines.push(gas_line("compact proof", gas));
            return Ok(lines);
        }
        lines.push(gas_line("this proof", gas));
        let gas = step(contracts, proof, &compact)?;
        lines.push(gas_line("the same as a compact proof", gas));
        Ok(lines)
    }
}

fn step(contracts: &mut OnChain, proof: &StepProof, proof_data: &[u8]) -> anyhow::Result<Gas> {
    let executed = contracts.step(&proof.state_data, proof_data)?;
    let executed = executed.map_err(|refused| {
        let revert = Revert(refused.0.into());
        match fpvm_challenger::reasons::named(&revert) {
            Some(name) => anyhow::anyhow!("the contract reverts: {name}"),
            None => anyhow::anyhow!("{revert}"),
        }
    })?;
    ensure!(
        executed.post == proof.post,
        "the contract comes to {}",
        const_hex::encode_prefixed(executed.post)
    );
    Ok(executed.gas)
}

fn gas_line(what: &str, gas: Gas) -> String {
    let Gas {
        execution,
        calldata,
        prague,
        ..
    } = gas;
    format!(
        "on chain, {what}: {execution} gas to execute, {calldata} bytes of calldata, {prague} gas in all"
    )
}
