//! `verify`: checks proofs, and tells what their steps did.

mod embedded;
mod remote;

use crate::app::App;
use crate::chain::ChainArgs;
use crate::exit::{self, Refused};
use crate::input;
use crate::output::{FormatArgs, Target, json_line, print, to_stdout};
use anyhow::{Context as _, bail, ensure};
use embedded::Embedded;
use fpvm::analysis::stack::Place;
use fpvm::analysis::{StepDetail, StepExplanation};
use fpvm::{AnyIsa, Registry};
use fpvm_core::formats::symbols::{Symbol, Symbols};
use fpvm_core::step::proof::StepProof;
use fpvm_l1::Address;
use fpvm_oracle::{Key, Kind};
use remote::Remote;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The largest proof file that is read, in bytes: a pre-image is in it whole, as hex.
const LIMIT: u64 = 1 << 32;

/// Flags of `verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Proof files (.json, .json.gz, - for stdin); one with several proofs one after the other is
    /// taken as such
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The VM, where the length of the packed state shall not decide [see `list`]
    #[arg(long, value_name = "ISA")]
    isa: Option<String>,
    /// VM type, as upstream names it; of several with the same packed states, the newest
    #[arg(long = "type", value_name = "TYPE")]
    vm_type: Option<String>,
    /// Symbols of the program, as load-elf writes them, to name the functions
    #[arg(long, value_name = "FILE", value_parser = Target::parser())]
    meta: Option<Target>,
    /// Have the contract execute the step too, in an EVM of this process, and tell its gas
    #[arg(long)]
    on_chain: bool,
    /// Have this contract execute the step, on the chain of --rpc
    #[arg(long, value_name = "ADDRESS")]
    contract: Option<Address>,
    /// Who calls the contract [default: nobody, 0x000…]
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "contract",
        conflicts_with = "send"
    )]
    from: Option<Address>,
    /// Send the step, and before it what the oracle lacks, as transactions
    #[arg(long, requires = "contract")]
    send: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    chain: ChainArgs,
}

/// What `--json` prints of a proof.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    file: String,
    /// Which of the file's proofs it is, from 1 on.
    proof: usize,
    accepted: bool,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vm: Option<&'static str>,
    /// The state hashes before and after the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pre: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<String>,
    /// What the step reads and writes, as `explain` says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<StepDetail>,
    /// What the contracts say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    on_chain: Vec<String>,
}

impl Told {
    fn print(&self) -> anyhow::Result<()> {
        to_stdout(|out| json_line(out, self))
    }
}

/// The contracts that a step has to go through besides the verifier in Rust.
#[derive(Default)]
struct Contracts {
    embedded: Option<Embedded>,
    remote: Option<Remote>,
}

impl Contracts {
    fn new(args: &Args) -> anyhow::Result<Self> {
        let connect = |contract| Remote::connect(&args.chain, contract, args.from, args.send);
        Ok(Self {
            embedded: args.on_chain.then(Embedded::default),
            remote: args.contract.map(connect).transpose()?,
        })
    }

    fn check(
        &mut self,
        app: &App,
        isa: &dyn AnyIsa,
        proof: &StepProof,
    ) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        if let Some(embedded) = &mut self.embedded {
            lines.extend(embedded.check(app, isa, proof)?);
        }
        if let Some(remote) = &mut self.remote {
            lines.extend(remote.check(proof)?);
        }
        Ok(lines)
    }
}

/// How many proofs were looked at, and how many of them refused.
#[derive(Default)]
struct Tally {
    all: usize,
    refused: usize,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let symbols = match &args.meta {
        Some(Target::File(path)) => input::read_symbols(path)?,
        _ => Symbols::default(),
    };
    let vms = app.vms(args.isa.as_deref(), args.vm_type.as_deref())?;
    if !args.chain.node.rpc.is_empty() && args.contract.is_none() {
        bail!("--rpc needs --contract: which contract shall verify?");
    }
    let mut contracts = Contracts::new(args)?;
    let mut tally = Tally::default();
    for path in &args.files {
        let format = args.format;
        check_file(
            app,
            &vms,
            path,
            &symbols,
            &mut contracts,
            &mut tally,
            format,
        )?;
    }
    if tally.refused > 0 {
        let Tally { all, refused } = tally;
        return Err(Refused(format!("{refused} of {all} proofs refused")).into());
    }
    Ok(())
}

/// Checks the proofs of a file. What is wrong with them is told at once; errors here are of stdout.
fn check_file(
    app: &App,
    vms: &Registry,
    path: &Path,
    symbols: &Symbols,
    contracts: &mut Contracts,
    tally: &mut Tally,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let file_name = path.display().to_string();
    let refuse = |tally: &mut Tally, proof: usize, name: &str, error: &anyhow::Error| {
        tally.all += 1;
        tally.refused += 1;
        let why = exit::describe(error);
        if format.is_json() {
            let file = file_name.clone();
            let why = Some(why);
            return Told {
                file,
                proof,
                why,
                ..Told::default()
            }
            .print();
        }
        app.screen.print(&format!("{name}: refused: {why}\n"));
        Ok(())
    };
    let shown = path.display().to_string();
    let file = match fpvm::Input::open(path).and_then(fpvm::Input::into_reader) {
        Ok(file) => file,
        Err(error) => {
            return refuse(tally, 1, &shown, &error.into());
        }
    };
    let proofs = serde_json::Deserializer::from_reader(BufReader::new(file.take(LIMIT)));
    let mut count = 0usize;
    for proof in proofs.into_iter::<StepProof>() {
        count += 1;
        let name = if count == 1 {
            shown.clone()
        } else {
            format!("{shown} (proof {count})")
        };
        match proof
            .context("it is no proof")
            .and_then(|proof| check_with(app, vms, &proof, contracts))
        {
            Ok((verified, on_chain)) => {
                tally.all += 1;
                if format.is_json() {
                    verified
                        .told(symbols, &file_name, count, on_chain)
                        .print()?;
                    continue;
                }
                let mut text = verified.text(symbols);
                for line in on_chain {
                    let _ = writeln!(text, "    {line}");
                }
                print(&format!("{name}: accepted\n{text}"))?;
            }
            Err(error) => refuse(tally, count, &name, &error)?,
        }
    }
    if count == 0 {
        refuse(tally, 1, &shown, &anyhow::anyhow!("it is empty"))?;
    }
    Ok(())
}

/// Checks one proof in all ways that are asked for; gives what its step did, and what the contracts say.
fn check_with(
    app: &App,
    vms: &Registry,
    proof: &StepProof,
    contracts: &mut Contracts,
) -> anyhow::Result<(Verified, Vec<String>)> {
    let verified = verify(vms, proof)?;
    let on_chain = contracts.check(app, verified.isa, proof)?;
    Ok((verified, on_chain))
}

/// Checks one proof; tells what its step did.
pub(crate) fn check(
    vms: &Registry,
    proof: &StepProof,
    symbols: &Symbols,
) -> anyhow::Result<String> {
    Ok(verify(vms, proof)?.text(symbols))
}

/// What a proof that is right shows.
struct Verified {
    isa: &'static dyn AnyIsa,
    explained: StepExplanation,
    /// What it says of the pre-image that the step reads.
    preimage: Option<String>,
}

/// Checks one proof.
fn verify(vms: &Registry, proof: &StepProof) -> anyhow::Result<Verified> {
    let isa = vms.of_witness(&proof.state_data)?;
    let mut read = None;
    let explained = isa.verify(proof, &mut |key, offset| {
        read = Some((Key(*key), offset));
        proof.part(key, offset)
    })?;
    ensure!(
        explained.step == proof.step,
        "its `step` is {}, and its state is at step {}",
        proof.step,
        explained.step
    );
    ensure!(
        explained.pre == proof.pre,
        "its `pre` is {}, and its state hashes to {}",
        const_hex::encode_prefixed(proof.pre),
        const_hex::encode_prefixed(explained.pre)
    );
    let preimage = read
        .map(|(key, offset)| preimage(proof, key, offset))
        .transpose()?;
    ensure!(
        explained.post == proof.post,
        "its `post` is {}, and the step leads to {}",
        const_hex::encode_prefixed(proof.post),
        const_hex::encode_prefixed(explained.post)
    );
    Ok(Verified {
        isa,
        explained,
        preimage,
    })
}

impl Verified {
    fn text(&self, symbols: &Symbols) -> String {
        let Self {
            isa,
            explained,
            preimage,
        } = self;
        let mut text = String::new();
        let pc = explained.pc;
        let place = symbols
            .at(pc)
            .map_or(String::new(), |symbol| format!(" in {}", symbol.readable()));
        let _ = writeln!(
            text,
            "  {} step {} at pc {pc:#x}{place}",
            isa.vm_type(),
            explained.step
        );
        for line in explained.to_string().lines() {
            let _ = writeln!(text, "    {line}");
        }
        if let Some(preimage) = preimage {
            let _ = writeln!(text, "    {preimage}");
        }
        text
    }

    fn told(&self, symbols: &Symbols, file: &str, proof: usize, on_chain: Vec<String>) -> Told {
        let (isa, explained) = (self.isa, &self.explained);
        let symbol = symbols.at(explained.pc);
        let place = Place {
            address: explained.pc,
            function: symbol.map(Symbol::readable),
            offset: symbol.map_or(0, |symbol| explained.pc - symbol.start),
            source: None,
        };
        let big_endian = isa.elf().is_some_and(|target| target.big_endian);
        Told {
            file: file.into(),
            proof,
            accepted: true,
            why: None,
            vm: Some(isa.vm_type()),
            pre: Some(const_hex::encode_prefixed(explained.pre)),
            post: Some(const_hex::encode_prefixed(explained.post)),
            detail: Some(StepDetail::of(isa, explained, place, big_endian)),
            on_chain,
        }
    }
}

/// Checks the pre-image that the step reads: value against key, and the offset that is written.
fn preimage(proof: &StepProof, key: Key, offset: u64) -> anyhow::Result<String> {
    ensure!(
        offset == proof.oracle_offset,
        "its `oracle-offset` is {}, and the step reads at {offset}",
        proof.oracle_offset
    );
    let Some((_, value)) = proof.preimage() else {
        bail!("its pre-image is missing or has another length than it tells");
    };
    key.check(value)
        .with_context(|| format!("its pre-image is not that of {key}"))?;
    let trust = match key.kind() {
        Kind::Keccak256 | Kind::Sha256 => "which its hash confirms",
        Kind::Local => "taken as given: a local value is what the game says",
        _ => "taken as given: its kind has no check without more data",
    };
    let len = value.len();
    Ok(format!(
        "pre-image: {key} at offset {offset}, {len} bytes, {trust}"
    ))
}
