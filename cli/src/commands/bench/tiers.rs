//! The same run by the interpreter, where the translator did it.

use super::{Args, timed};
use crate::app::App;
use crate::runner::Runner;
use anyhow::ensure;
use fpvm::Tier;
use serde::Serialize;

/// The interpreter's run beside the translator's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Interpreter {
    cpu_seconds: f64,
    pub(super) steps_per_cpu_second: f64,
    /// How many times as much processor time it takes.
    slower: f64,
}

/// Runs as far as the translator did, in so many seconds, to the same state root.
pub(super) fn compare(
    app: &App,
    args: &Args,
    end: u64,
    steps: u64,
    seconds: f64,
    root: [u8; 32],
) -> anyhow::Result<Interpreter> {
    let mut vm = args.input.open(app, "")?;
    vm.set_tier(Tier::Interpreter)?;
    let mut runner = Runner::new(app, &args.source, Some(end))?.silent();
    let (_, cpu, ran) = timed(|| runner.seek(vm.as_mut(), end));
    runner.finish(ran)?;
    ensure!(
        vm.state_root() == root,
        "translator and interpreter differ at step {end}: find where with --tier crosscheck, and please report it"
    );
    let cpu_seconds = cpu.as_secs_f64();
    Ok(Interpreter {
        cpu_seconds,
        steps_per_cpu_second: steps as f64 / cpu_seconds,
        slower: cpu_seconds / seconds,
    })
}

impl Interpreter {
    pub(super) fn text(&self) -> String {
        let million = self.steps_per_cpu_second / 1e6;
        format!(
            "{million:.1} million, in {:.1} times the translator's time, to the same state",
            self.slower
        )
    }
}
