//! A machine on its way: run in slices, so that signals are heard and progress is seen.

use crate::app::App;
use crate::exit::{self, Interrupted};
use crate::interrupt;
use crate::oracles::{GuestLog, SourceArgs};
use crate::upstream_compat::UpstreamCompat;
use anyhow::Context as _;
use fpvm::AnyVm;
use fpvm_core::formats::symbols::Symbol;
use fpvm_core::machine::vm::{Event, Host};
use fpvm_core::step::oracle::{Console, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_oracle::Stats;
use fpvm_trace::Source;
use indicatif::ProgressBar;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The most steps that are run before signals are looked at: about a quarter of a second.
const SLICE: u64 = 50_000_000;

/// Runs machines for one command, with its pre-images.
pub(crate) struct Runner {
    source: Source,
    console: Box<dyn Console>,
    interrupted: Arc<AtomicBool>,
    bar: ProgressBar,
}

impl Runner {
    /// Opens the store of pre-images or starts the host. `end` is the step to get to, where known.
    pub(crate) fn new(app: &App, source: &SourceArgs, end: Option<u64>) -> anyhow::Result<Self> {
        let interrupted = interrupt::watch().context("cannot watch for signals")?;
        Ok(Self {
            source: source.open(&interrupted)?,
            console: Box::new(GuestLog {
                streams: app.compat != UpstreamCompat::Asterisc,
            }),
            interrupted,
            bar: app.screen.progress(end),
        })
    }

    /// The same, and what the guest prints is forgotten.
    pub(crate) fn silent(self) -> Self {
        Self {
            console: Box::new(Silent),
            ..self
        }
    }

    /// The same, and what the guest prints goes there.
    pub(crate) fn with_console(self, console: Box<dyn Console>) -> Self {
        Self { console, ..self }
    }

    /// What the guest has asked of the oracle.
    pub(crate) fn stats(&self) -> Stats {
        self.source.stats()
    }

    /// Runs to a step or to the program's end, and, where asked, no further than a step that reads
    /// a pre-image; at most one slice.
    pub(crate) fn slice(
        &mut self,
        vm: &mut dyn AnyVm,
        until: u64,
        reads: bool,
    ) -> anyhow::Result<Event> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Interrupted.into());
        }
        let until = until.min(vm.step().saturating_add(SLICE));
        let mut host = Host {
            oracle: &mut self.source,
            console: self.console.as_mut(),
        };
        let done = vm.run(until, reads, &mut host);
        self.show(vm);
        done.map_err(|error| exit::explain(vm, &self.interrupted, error))
    }

    /// Runs to a step or to the program's end.
    pub(crate) fn seek(&mut self, vm: &mut dyn AnyVm, step: u64) -> anyhow::Result<()> {
        anyhow::ensure!(
            vm.step() <= step,
            "the state is at step {} already, and step {step} lies before",
            vm.step()
        );
        while vm.step() < step && !vm.exited() {
            self.slice(vm, step, false)?;
        }
        if vm.step() < step {
            let (exited, code) = (vm.step(), vm.exit_code());
            tracing::info!(target: "vm", step = exited, code, "The program exits before the step");
        }
        Ok(())
    }

    /// Executes and proves one step.
    pub(crate) fn prove(&mut self, vm: &mut dyn AnyVm) -> anyhow::Result<StepProof> {
        let mut host = Host {
            oracle: &mut self.source,
            console: self.console.as_mut(),
        };
        let proof = vm.prove(&mut host);
        proof.map_err(|error| exit::explain(vm, &self.interrupted, error))
    }

    /// Takes the root after each of the next steps, at most so many; gives how many there were.
    pub(crate) fn roots(&mut self, vm: &mut dyn AnyVm, steps: u64) -> anyhow::Result<usize> {
        let mut host = Host {
            oracle: &mut self.source,
            console: self.console.as_mut(),
        };
        let mut roots = Vec::new();
        let done = vm.roots(vm.step().saturating_add(steps), &mut host, &mut roots);
        done.map_err(|error| exit::explain(vm, &self.interrupted, error))?;
        Ok(roots.len())
    }

    /// Ends the host. Of two errors the first is the command's.
    pub(crate) fn finish<T>(self, result: anyhow::Result<T>) -> anyhow::Result<T> {
        self.bar.finish_and_clear();
        let finished = self.source.finish();
        let value = result?;
        finished.context("cannot write the pre-image cache")?;
        Ok(value)
    }

    fn show(&self, vm: &dyn AnyVm) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(vm.step());
        let symbol = vm
            .symbols()
            .at(vm.pc())
            .map_or(String::new(), Symbol::readable);
        self.bar
            .set_message(format!("{} {symbol}", mebibytes(vm.memory_used())));
    }
}

/// Why a step has no state: the program exits before.
pub(crate) fn no_state(step: u64, end: u64) -> String {
    format!(
        "there is no step {step}: the program exits after step {end}; its last state is that of --step {end}"
    )
}

/// Says that the program exits before a step that a flag names, up to which there is less then.
pub(crate) fn warn_of_end(flag: &str, step: u64, end: u64) {
    tracing::warn!(target: "vm", step = end, "The program exits before {flag} {step}");
}

/// An amount of memory as upstream shows it: `1.3 MiB`.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let mut amount = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = larger;
    }
    match unit {
        "B" => format!("{bytes} B"),
        _ => format!("{amount:.1} {unit}"),
    }
}
