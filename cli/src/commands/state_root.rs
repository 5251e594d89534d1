//! `state-root`: the state hash at a step.

use crate::App;
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::print;
use crate::runner::Runner;

/// Flags of `state-root`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Run to this step first; a program that exits before keeps its last state
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    step: Option<u64>,
    #[command(flatten)]
    source: SourceArgs,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let mut vm = args.input.open(app, "")?;
    if let Some(step) = args.step {
        let mut runner = Runner::new(app, &args.source, args.step)?;
        let sought = runner.seek(vm.as_mut(), step);
        runner.finish(sought)?;
    }
    let root = const_hex::encode_prefixed(vm.state_root());
    print(&format!("{root}\n"))
}
