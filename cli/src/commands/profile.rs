//! `profile`: in which functions, called by which, and by which instructions a guest spends its steps.

use crate::app::App;
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{FormatArgs, Target, print};
use crate::runner::Runner;
use fpvm::analysis::sample::{EVERY, Samples};

/// Flags of `profile`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// At most so many steps
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    steps: Option<u64>,
    /// Steps from one sample to the next; a prime keeps out of step with loops
    #[arg(long, value_name = "STEPS", value_parser = crate::args::number, default_value_t = EVERY)]
    every: u64,
    /// Where call stacks are written to, a line each: what flame graphs are drawn from
    #[arg(long, short = 'o', aliases = ["output", "out"], value_name = "FILE", value_parser = Target::parser())]
    folded: Option<Target>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.every > 0,
        "--every 0: samples lie at least one step apart"
    );
    args.folded.iter().try_for_each(Target::try_place)?;
    let mut vm = args.input.open(app, "")?;
    let vm = vm.as_mut();
    let end = args.steps.map(|steps| vm.step().saturating_add(steps));
    let until = end.unwrap_or(u64::MAX);
    let mut runner = Runner::new(app, &args.source, end)?.silent();
    let mut samples = Samples::new(args.every);
    let mut ran = Ok(());
    while !vm.exited() && vm.step() < until && ran.is_ok() {
        let next = samples.next(vm.step()).min(until);
        ran = runner.seek(vm, next);
        if ran.is_ok() && !vm.exited() && vm.step() < until {
            samples.take(vm);
        }
    }
    // What was seen before a fault is worth seeing.
    let profile = samples.profile(vm, vm.step());
    let printed = if args.format.is_json() {
        Target::Stdout.write_json(&profile)
    } else {
        print(&profile.table(true))
    };
    let written = args.folded.as_ref().map_or(Ok(()), |target| {
        target.write(|out| out.write_all(profile.folded().as_bytes()))
    });
    runner.finish(ran)?;
    printed.and(written)
}
