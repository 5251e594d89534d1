//! `explain`: what one step reads and writes, in whole words. `trace`: the same of a range of steps.

use crate::app::App;
use crate::hosted::{self, Hosted, resume};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{FormatArgs, json_line, print, to_stdout};
use crate::runner::{no_state, warn_of_end};
use anyhow::ensure;
use fpvm::analysis::stack::place;
use fpvm::analysis::{Lines, StepDetail};
use fpvm_checkpoints::Machine as _;
use fpvm_trace::Prover as _;

/// Flags of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The step, by the step counter before it [default: the input's]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    step: Option<u64>,
    /// Start from the nearest state that `checkpoints make --states` wrote to this place
    #[arg(long, value_name = "PLACE", requires = "step")]
    checkpoints: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// Flags of `trace`.
#[derive(Debug, clap::Args)]
pub(crate) struct TraceArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The first step, by the step counter before it [default: the input's]
    #[arg(long, value_name = "A", value_parser = crate::args::number)]
    from: Option<u64>,
    /// The last step; it ends where the program exits
    #[arg(long, value_name = "B", value_parser = crate::args::number)]
    to: u64,
    /// Start from the nearest state that `checkpoints make --states` wrote to this place
    #[arg(long, value_name = "PLACE", requires = "from")]
    checkpoints: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// Executes a step, and says what it read and wrote; where there are lines of source, of which it is.
pub(crate) fn detail(machine: &mut Hosted, lines: Option<&Lines>) -> anyhow::Result<StepDetail> {
    let isa = machine.vm.isa();
    let mut place = place(machine.vm.as_ref(), machine.vm.pc());
    if let Some(lines) = lines {
        lines.locate(&mut place);
    }
    let proof = machine.prove()?;
    let verified = isa.verify(&proof, &mut |key, offset| proof.part(key, offset))?;
    let big_endian = isa.elf().is_some_and(|target| target.big_endian);
    Ok(StepDetail::of(isa, &verified, place, big_endian))
}

/// Takes a machine to a step, from a state at a place where there is one.
pub(crate) fn go_to(
    machine: &mut Hosted,
    step: u64,
    checkpoints: Option<&String>,
) -> anyhow::Result<()> {
    let at = machine.step();
    ensure!(
        at <= step,
        "the state is at step {at} already, and step {step} lies before"
    );
    if let Some(place) = checkpoints {
        resume(place, machine.vm.as_mut(), step)?;
    }
    machine.run(step)?;
    let at = machine.step();
    ensure!(at == step, no_state(step, at));
    Ok(())
}

/// Checks that there is a step to execute.
fn check_runs(machine: &Hosted) -> anyhow::Result<()> {
    let at = machine.step();
    ensure!(
        !machine.exited(),
        "there is no step {at}: the program exits after step {at}; its last step is {}",
        at.saturating_sub(1)
    );
    Ok(())
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let hosts = hosted::open(&args.source)?;
    let explain = || {
        let mut machine = hosted::machine(&hosts, app, &args.input)?;
        if let Some(step) = args.step {
            go_to(&mut machine, step, args.checkpoints.as_ref())?;
        }
        check_runs(&machine)?;
        let detail = detail(&mut machine, app.lines().as_ref())?;
        if args.format.is_json() {
            print(&format!("{}\n", serde_json::to_string_pretty(&detail)?))
        } else {
            print(&detail.to_string())
        }
    };
    let explained = explain();
    hosted::finish(hosts, explained)
}

pub(crate) fn trace(app: &App, args: &TraceArgs) -> anyhow::Result<()> {
    let hosts = hosted::open(&args.source)?;
    let trace = || {
        let mut machine = hosted::machine(&hosts, app, &args.input)?;
        if let Some(from) = args.from {
            go_to(&mut machine, from, args.checkpoints.as_ref())?;
        }
        check_runs(&machine)?;
        let from = machine.step();
        ensure!(
            from <= args.to,
            "--to {} lies before the first step, {from}",
            args.to
        );
        let lines = app.lines();
        while machine.step() <= args.to && !machine.exited() {
            let detail = detail(&mut machine, lines.as_ref())?;
            if args.format.is_json() {
                to_stdout(|out| json_line(out, &detail))?;
            } else {
                to_stdout(|out| writeln!(out, "{}", detail.line()))?;
            }
        }
        if machine.step() <= args.to {
            warn_of_end("--to", args.to, machine.step());
        }
        Ok(())
    };
    let traced = trace();
    hosted::finish(hosts, traced)
}
