//! `deploy`: puts the pre-image oracle and the step verifiers on a chain.

use crate::app::App;
use crate::chain::{self, ChainArgs};
use crate::output::{Format, FormatArgs, json, print, to_stdout};
use crate::precompiles;
use anyhow::{Context as _, ensure};
use fpvm::AnyIsa;
use fpvm_challenger::read::Reader;
use fpvm_contracts::abi;
use fpvm_contracts::artifact::{Artifact, PREIMAGE_ORACLE};
use fpvm_evm::Evm;
use fpvm_l1::{Address, At, B256, Receipt, Request, U256, Wallet};
use serde::Serialize;
use std::fmt::Write as _;

/// Flags of `deploy`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    /// Deploy the verifier of this VM only; may be given several times [default: all; see `list`]
    #[arg(long, value_name = "ISA")]
    isa: Vec<String>,
    /// The same by the type of the VM, as upstream names it: of an ISA that has several, an older one
    #[arg(long = "type", value_name = "TYPE")]
    vm_type: Vec<String>,
    /// Use this pre-image oracle instead of a new one
    #[arg(long, value_name = "ADDRESS")]
    oracle: Option<Address>,
    /// For a new oracle: from how many bytes on a pre-image is loaded by proposal
    #[arg(long, value_name = "SIZE", value_parser = crate::args::size, default_value = "126000", conflicts_with = "oracle")]
    min_proposal_size: u64,
    /// For a new oracle: for how long a proposal can be challenged
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "24h", conflicts_with = "oracle")]
    challenge_period: std::time::Duration,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    chain: ChainArgs,
}

/// A contract on the chain.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Deployed {
    /// What it verifies; the oracle has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    isa: Option<&'static str>,
    address: Address,
    /// What put it there; nothing where it was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas: Option<u64>,
}

/// All that was asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    chain_id: u64,
    oracle: Deployed,
    verifiers: Vec<Deployed>,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let isas = chosen(app, args)?;
    let chain = chain::needed(args.chain.node.connect()?)?;
    let mut wallet = args.chain.wallet(chain.clone())?;
    precompiles::warn_of_missing(&*chain)?;
    let oracle = match args.oracle {
        Some(address) => {
            Reader::newest(&*chain)?.require_contract(address, "pre-image oracle")?;
            Deployed {
                isa: None,
                address,
                transaction: None,
                block: None,
                gas: None,
            }
        }
        None => {
            let numbers = [args.min_proposal_size, args.challenge_period.as_secs()];
            let arguments = numbers.map(abi::number).concat();
            deploy(
                &mut wallet,
                None,
                "the pre-image oracle",
                PREIMAGE_ORACLE,
                &arguments,
            )?
        }
    };
    let mut verifiers = Vec::new();
    for isa in isas {
        let (name, contract) = (isa.vm_type(), app.contract(isa)?);
        let what = format!("the verifier of {name}");
        let arguments = Artifact::parse(contract)?.arguments(oracle.address, isa.version());
        let verifier = deploy(&mut wallet, Some(isa), &what, contract, &arguments);
        // What is there already is not to be paid for twice.
        let hint = format!(
            "the pre-image oracle is at {}: to go on, give --oracle",
            oracle.address
        );
        verifiers.push(verifier.context(hint)?);
    }
    let deployment = Deployment {
        chain_id: chain.chain_id(),
        oracle,
        verifiers,
    };
    match args.format.get() {
        Format::Json => to_stdout(|out| json(out, &deployment)),
        Format::Text => print(&text(&deployment)?),
    }
}

/// The VMs whose verifiers were asked for; of an ISA with several types the newest, unless a type is
/// named.
fn chosen(app: &App, args: &Args) -> anyhow::Result<Vec<&'static dyn AnyIsa>> {
    let mut chosen: Vec<&'static dyn AnyIsa> = Vec::new();
    for name in &args.isa {
        chosen.extend(app.vms(Some(name), None)?.isas().first());
    }
    for vm_type in &args.vm_type {
        chosen.extend(app.vms(None, Some(vm_type))?.isas());
    }
    if chosen.is_empty() {
        chosen.extend(app.vms.isas());
        chosen.dedup_by_key(|isa| isa.name());
        chosen.retain(|isa| app.has_contract(*isa));
    }
    // Before a chain is asked for anything.
    for isa in &chosen {
        app.contract(*isa)?;
    }
    Ok(chosen)
}

fn text(deployment: &Deployment) -> Result<String, std::fmt::Error> {
    let mut text = format!("on chain {}\n", deployment.chain_id);
    let all = std::iter::once(&deployment.oracle).chain(&deployment.verifiers);
    for contract in all {
        let name = contract.isa.unwrap_or("oracle");
        write!(text, "{name:<8} {}", contract.address)?;
        match (contract.block, contract.gas) {
            (Some(block), Some(gas)) => writeln!(text, "  block {block}, {gas} gas")?,
            _ => writeln!(text, "  was there")?,
        }
    }
    Ok(text)
}

/// Deploys a contract, and checks what is at its address then.
fn deploy(
    wallet: &mut Wallet,
    isa: Option<&'static dyn AnyIsa>,
    what: &str,
    artifact: &str,
    arguments: &[u8],
) -> anyhow::Result<Deployed> {
    let creation = Artifact::parse(artifact)?.bytecode;
    // The same in an EVM of our own tells which code has to come of it.
    let mut evm = Evm::default();
    let here = evm.deploy(&creation, arguments)?;
    let expected = evm.code(here);

    let request = Request {
        what: format!("deploy {what}"),
        to: None,
        data: [&creation, arguments].concat().into(),
        value: U256::ZERO,
        gas: None,
    };
    let receipts = chain::send(wallet, &[request])?;
    let receipt: &Receipt = receipts.first().context("no receipt")?;
    let address = receipt
        .created
        .context("the receipt of the deployment names no contract")?;
    let found = wallet.chain().code(address, At::Latest)?;
    ensure!(
        *found == *expected,
        "{what} at {address} has {} bytes of code, and not the {} that it should have: do not use it",
        found.len(),
        expected.len()
    );
    Ok(Deployed {
        isa: isa.map(|isa| isa.name()),
        address,
        transaction: Some(receipt.transaction),
        block: Some(receipt.block),
        gas: Some(receipt.gas_used),
    })
}
