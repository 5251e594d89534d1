//! `prove`: the proof of one step.

use crate::app::App;
use crate::encoding::ProofEncoding;
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::Target;
use crate::runner::{Runner, no_state};
use crate::upstream_compat::UpstreamCompat;
use anyhow::ensure;

/// Flags of `prove`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The step that is proved, by the step counter before it [default: the input's]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    step: Option<u64>,
    /// Start from the nearest state that `checkpoints make --states` wrote to this place
    #[arg(long, value_name = "PLACE", requires = "step")]
    checkpoints: Option<String>,
    /// Where the proof is written to (- for stdout)
    #[arg(long, short, alias = "out", value_name = "FILE", value_parser = Target::parser(), default_value = "-")]
    output: Target,
    /// The form of the memory branches in proofs
    #[arg(long, value_name = "FORM", default_value = "upstream")]
    proof_encoding: ProofEncoding,
    #[command(flatten)]
    source: SourceArgs,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    args.output.try_place()?;
    let mut vm = args.input.open(app, "")?;
    let mut runner = Runner::new(app, &args.source, args.step)?;
    let mut prove = || {
        if let Some(step) = args.step {
            if let Some(place) = &args.checkpoints {
                crate::hosted::resume(place, vm.as_mut(), step)?;
            }
            runner.seek(vm.as_mut(), step)?;
            // Under upstream's names the last state is proved, as its traces go on with that.
            ensure!(
                vm.step() == step || app.compat != UpstreamCompat::Fpvm,
                no_state(step, vm.step())
            );
        }
        runner.prove(vm.as_mut())
    };
    let proof = prove();
    let proof = runner.finish(proof)?;
    let proof = args.proof_encoding.of(vm.isa(), proof)?;
    args.output.write_json(&proof)
}
