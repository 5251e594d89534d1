//! `preimages load`: makes a part of a pre-image known to the oracle on a chain.

use crate::chain::{self, ChainArgs};
use crate::output::{Format, FormatArgs, json, print, to_stdout};
use anyhow::{Context as _, bail};
use fpvm_challenger::loads;
use fpvm_contracts::loader::{self, Call, Terms};
use fpvm_core::step::oracle::Oracle;
use fpvm_core::step::proof::StepProof;
use fpvm_l1::Address;
use fpvm_oracle::store::{self, Layered, Memory, Store as _};
use fpvm_oracle::{Checked, Key, Replay};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Flags of `preimages load`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key of the pre-image
    #[arg(
        long,
        value_name = "0x…",
        requires = "preimages",
        required_unless_present = "proof",
        conflicts_with = "proof"
    )]
    key: Option<Key>,
    /// Where the step reads, the 8-byte length in front of the value counted in
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "0", conflicts_with = "proof")]
    offset: u64,
    /// Load what the step of this proof reads
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    /// Directory of files or database with the pre-image; blobs and precompile results need it
    /// beside a proof too
    #[arg(long, value_name = "DIR|DB")]
    preimages: Option<PathBuf>,
    /// The pre-image oracle
    #[arg(long, value_name = "ADDRESS")]
    oracle: Address,
    /// Who will send what is printed: local data and proposals are the sender's own [default: the
    /// account with the key]
    #[arg(long, value_name = "ADDRESS")]
    from: Option<Address>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    chain: ChainArgs,
}

/// A transaction that is to be sent, for programs.
#[derive(Serialize)]
struct Printed<'a> {
    function: &'a str,
    to: Address,
    data: String,
    /// Wei, as a decimal number.
    value: String,
    /// Seconds that have to pass on the chain before it.
    wait: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let (key, offset, mut preimages) = wanted(args)?;
    let Some(chain) = args.chain.node.connect()? else {
        let signer = || args.chain.signer().map(|signer| signer.address());
        let sender = args.from.map_or_else(signer, Ok);
        let sender = sender.context("who will send it? Name the account with --from")?;
        let terms = Terms::mainnet(args.oracle, sender);
        let plan = loader::plan(&terms, key, offset, &mut *preimages)?;
        return show(&plan.calls(), args.format.get());
    };
    let mut wallet = args.chain.wallet(chain)?;
    let own = wallet.address();
    if let Some(from) = args.from.filter(|from| *from != own) {
        bail!("--from is {from}, and the key is that of {own}");
    }
    let (oracle, log) = (args.oracle, &mut chain::log);
    let sent = loads::load(&mut wallet, oracle, key, offset, &mut *preimages, log)?;
    if args.format.is_json() {
        let hashes: Vec<_> = sent.iter().map(|receipt| receipt.transaction).collect();
        return to_stdout(|out| json(out, &hashes));
    }
    let gas: u64 = sent.iter().map(|receipt| receipt.gas_used).sum();
    print(&match sent.len() {
        0 => format!("{key} at offset {offset} was there already\n"),
        count => format!("{key} at offset {offset} is there: {count} sent, {gas} gas\n"),
    })
}

/// Key and offset that the flags tell, and where the pre-image is.
fn wanted(args: &Args) -> anyhow::Result<(Key, u64, Box<dyn Oracle>)> {
    let store = args.preimages.as_deref().map(store::open).transpose()?;
    let Some(path) = &args.proof else {
        let (key, store) = args.key.zip(store).context("--key needs --preimages")?;
        let name = store.to_string();
        let preimages = Checked::new(Replay::new(store), name);
        return Ok((key, args.offset, Box::new(preimages)));
    };
    let proof = proof(path)?;
    let (key, value) = proof
        .preimage()
        .with_context(|| format!("{}: its step reads no pre-image", path.display()))?;
    let mut upper = Memory::default();
    upper.put(Key(key), value)?;
    let preimages: Box<dyn Oracle> = match store {
        Some(lower) => Box::new(Replay::new(Layered { upper, lower })),
        None => Box::new(Replay::new(upper)),
    };
    Ok((Key(key), proof.oracle_offset, preimages))
}

fn proof(path: &Path) -> anyhow::Result<StepProof> {
    crate::input::read_json(path, "proof")
}

fn show(calls: &[Call], format: Format) -> anyhow::Result<()> {
    let data = |call: &Call| const_hex::encode_prefixed(&call.data);
    if format == Format::Json {
        let printed = calls.iter().map(|call| Printed {
            function: call.function,
            to: call.to,
            data: data(call),
            value: call.value.to_string(),
            wait: call.wait,
        });
        let printed: Vec<_> = printed.collect();
        return to_stdout(|out| json(out, &printed));
    }
    let mut text = String::new();
    for call in calls {
        if call.wait > 0 {
            writeln!(text, "after {} seconds:", call.wait)?;
        }
        let Call {
            function,
            to,
            value,
            ..
        } = call;
        writeln!(
            text,
            "{function}\n  to    {to}\n  value {value}\n  data  {}",
            data(call)
        )?;
    }
    print(&text)
}
