//! `state-root`: the state hash at a step.

use crate::app::App;
use crate::exit;
use crate::hosted::{self, resume, threads};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{FormatArgs, Target, json_line, print};
use crate::runner::{Runner, no_state, warn_of_end};
use crate::upstream_compat::UpstreamCompat;
use anyhow::ensure;
use fpvm_checkpoints::Machine as _;
use fpvm_checkpoints::maker::dense;
use fpvm_checkpoints::manifest::Range;
use serde::Serialize;
use std::io::{self, BufWriter, Write};

/// Flags of `state-root`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Run to this step first [default: the input's]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    step: Option<u64>,
    /// The root at each step from A to B, a line each; of less where the program exits before
    #[arg(long, value_name = "A..B", value_parser = crate::args::steps, conflicts_with = "step")]
    dense: Option<Range>,
    /// Start from the nearest state that `checkpoints make --states` wrote to this place
    #[arg(long, value_name = "PLACE")]
    checkpoints: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// What `--json` prints of a step.
#[derive(Serialize)]
struct Rooted {
    step: u64,
    root: String,
}

/// Prints the roots at all steps of a range, found on all cores.
fn all(app: &App, args: &Args, range: Range) -> anyhow::Result<()> {
    let hosts = hosted::open(&args.source)?;
    let find = |out: &mut dyn Write| {
        let mut machine = hosted::machine(&hosts, app, &args.input)?;
        ensure!(
            machine.step() <= range.from,
            "the state is at step {} already, and step {} lies before",
            machine.step(),
            range.from
        );
        if let Some(place) = &args.checkpoints {
            resume(place, machine.vm.as_mut(), range.from)?;
        }
        machine.run(range.from)?;
        ensure!(
            machine.step() == range.from,
            no_state(range.from, machine.step())
        );
        let spawn = || hosted::machine(&hosts, app, &args.input);
        dense(&mut machine, range.to, threads(), spawn, |step, root| {
            if args.format.is_json() {
                let root = root.to_string();
                return json_line(out, &Rooted { step, root }).map_err(exit::stdout);
            }
            writeln!(out, "{step} {root}").map_err(exit::stdout)
        })?;
        if machine.step() < range.to {
            warn_of_end("--dense A..", range.to, machine.step());
        }
        Ok(())
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let found = find(&mut out).and_then(|()| out.flush().map_err(exit::stdout));
    hosted::finish(hosts, found)
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    if let Some(range) = args.dense {
        return all(app, args, range);
    }
    let mut vm = args.input.open(app, "")?;
    if let Some(step) = args.step {
        if let Some(place) = &args.checkpoints {
            resume(place, vm.as_mut(), step)?;
        }
        let mut runner = Runner::new(app, &args.source, args.step)?;
        let sought = runner.seek(vm.as_mut(), step);
        runner.finish(sought)?;
        ensure!(
            vm.step() == step || app.compat != UpstreamCompat::Fpvm,
            no_state(step, vm.step())
        );
    }
    let root = const_hex::encode_prefixed(vm.state_root());
    if args.format.is_json() {
        let step = vm.step();
        return Target::Stdout.write_json(&Rooted { step, root });
    }
    print(&format!("{root}\n"))
}
