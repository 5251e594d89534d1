//! `state-root`: the state hash at a step.

use crate::App;
use crate::hosted::{Hosts, resume};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{print, to_stdout};
use crate::runner::Runner;
use anyhow::ensure;
use checkpoints::Machine as _;
use checkpoints::maker::dense;
use std::path::PathBuf;
use std::thread::available_parallelism;

/// Flags of `state-root`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Run to this step first; a program that exits before keeps its last state
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    step: Option<u64>,
    /// The root at each step from A to B, a line each; of less where the program exits before
    #[arg(long, value_name = "A..B", value_parser = steps, conflicts_with = "step")]
    dense: Option<(u64, u64)>,
    /// Start from the nearest state that `checkpoints make --states` wrote to this folder
    #[arg(long, value_name = "DIR")]
    checkpoints: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
}

/// `A..B`, both included.
fn steps(text: &str) -> Result<(u64, u64), String> {
    let ends = text.split_once("..");
    let (from, to) = ends.ok_or("two steps are expected: 100..200")?;
    let (from, to) = (crate::args::number(from)?, crate::args::number(to)?);
    match from <= to {
        true => Ok((from, to)),
        false => Err("the first step lies behind the second".into()),
    }
}

/// Prints the roots at all steps of a range, found on all cores.
fn all(app: &App, args: &Args, (from, to): (u64, u64)) -> anyhow::Result<()> {
    let hosts = Hosts::open(&args.source)?;
    let find = || {
        let mut machine = hosts.machine(app, &args.input)?;
        ensure!(
            machine.step() <= from,
            "the state is at step {} already, and step {from} lies before",
            machine.step()
        );
        if let Some(folder) = &args.checkpoints {
            resume(folder, machine.vm.as_mut(), from)?;
        }
        machine.run(from)?;
        let threads = available_parallelism().map_or(1, usize::from);
        dense(&mut machine, to, threads, || {
            hosts.machine(app, &args.input)
        })
    };
    let found = find();
    let roots = hosts.finish(found)?;
    to_stdout(|out| {
        let mut lines = roots.iter();
        lines.try_for_each(|(step, root)| writeln!(out, "{step} {root}"))
    })
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    if let Some(range) = args.dense {
        return all(app, args, range);
    }
    let mut vm = args.input.open(app, "")?;
    if let Some(step) = args.step {
        if let Some(folder) = &args.checkpoints {
            resume(folder, vm.as_mut(), step)?;
        }
        let mut runner = Runner::new(app, &args.source, args.step)?;
        let sought = runner.seek(vm.as_mut(), step);
        runner.finish(sought)?;
    }
    let root = const_hex::encode_prefixed(vm.state_root());
    print(&format!("{root}\n"))
}
