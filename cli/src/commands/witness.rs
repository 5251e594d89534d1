//! `witness`: a state's packed form and hash.

use crate::app::App;
use crate::input::InputArgs;
use crate::output::Target;
use crate::upstream_compat::{UpstreamCompat, is_newer};
use serde::Serialize;

/// Flags of `witness`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Where the packed state's bytes are written to
    #[arg(long, short, alias = "out", value_name = "FILE", value_parser = Target::parser())]
    output: Option<Target>,
}

/// As Cannon prints it, with the hash under Asterisc's name as well.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Both<'a> {
    witness_hash: &'a str,
    state_hash: &'a str,
    witness: &'a str,
    step: u64,
    exited: bool,
    exit_code: u8,
    pc: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cannon<'a> {
    /// Since the program of 2026.
    #[serde(skip_serializing_if = "Option::is_none")]
    state_version: Option<u8>,
    witness_hash: &'a str,
    witness: &'a str,
    step: u64,
    exited: bool,
    exit_code: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asterisc<'a> {
    witness: &'a str,
    state_hash: &'a str,
    step: u64,
    exited: bool,
    exit_code: u8,
    pc: u64,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    args.output.iter().try_for_each(Target::try_place)?;
    let mut vm = args.input.open(app, "")?;
    let (bytes, root) = (vm.witness(), vm.state_root());
    if let Some(output) = &args.output {
        output.write(|out| out.write_all(&bytes))?;
    }
    let (witness, hash) = (
        const_hex::encode_prefixed(&bytes),
        const_hex::encode_prefixed(root),
    );
    let (witness, hash) = (witness.as_str(), hash.as_str());
    let (step, exited, exit_code, pc) = (vm.step(), vm.exited(), vm.exit_code(), vm.pc());
    let (witness_hash, state_hash) = (hash, hash);
    match app.compat {
        UpstreamCompat::Fpvm => Target::Stdout.write_json(&Both {
            witness_hash,
            state_hash,
            witness,
            step,
            exited,
            exit_code,
            pc,
        }),
        UpstreamCompat::Cannon => Target::Stdout.write_json(&Cannon {
            state_version: vm.isa().version().filter(|_| is_newer(vm.isa())),
            witness_hash,
            witness,
            step,
            exited,
            exit_code,
        }),
        UpstreamCompat::Asterisc => Target::Stdout.write_json(&Asterisc {
            witness,
            state_hash,
            step,
            exited,
            exit_code,
            pc,
        }),
    }
}
