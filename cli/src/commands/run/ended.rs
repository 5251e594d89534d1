//! What a run of `fpvm` hands on of its guest: what it prints, and how it ended.

use crate::exit::{describe, is_interrupted};
use crate::screen::Screen;
use fpvm::AnyVm;
use fpvm_core::step::oracle::Console;
use fpvm_trace::MachineError;
use serde::Serialize;
use std::io::{self, Write as _};
use std::time::Duration;

/// The guest's output is ours, byte for byte; `all_to_stderr` where stdout has results.
pub(super) struct Passed {
    screen: Screen,
    all_to_stderr: bool,
}

impl Passed {
    pub(super) fn new(screen: Screen, all_to_stderr: bool) -> Self {
        Self {
            screen,
            all_to_stderr,
        }
    }
}

impl Console for Passed {
    fn print(&mut self, stream: u8, bytes: &[u8]) {
        let to_stderr = stream == 2 || self.all_to_stderr;
        // A guest does not notice that nobody reads what it prints.
        self.screen.suspend(|| {
            let _ = if to_stderr {
                io::stderr().write_all(bytes)
            } else {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            };
        });
    }
}

/// Why a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Cause {
    /// The guest has exited.
    Exited,
    /// `--stop-at`.
    AtStep,
    /// `--stop-at-symbol`.
    AtSymbol,
    /// `--stop-at-pc`.
    AtAddress,
    /// `--stop-at-preimage` and its like.
    AtPreimage,
    /// The guest faulted.
    Fault,
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// What it needs failed: its host, memory, a file.
    Failure,
}

impl Cause {
    /// What an error means for the run that it ended.
    pub(super) fn of(error: &anyhow::Error) -> Self {
        match error.downcast_ref() {
            _ if is_interrupted(error) => Self::Interrupted,
            Some(MachineError::Faulted { .. }) => Self::Fault,
            _ => Self::Failure,
        }
    }

    /// Whether an error tells of it.
    pub(super) const fn is_of_an_error(self) -> bool {
        matches!(self, Self::Fault | Self::Interrupted | Self::Failure)
    }
}

/// Where a run ended: the last line of its log, and what `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ended {
    vm: &'static str,
    /// Why.
    ended: Cause,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The step counter.
    step: u64,
    /// Steps of this run.
    steps: u64,
    seconds: f64,
    exited: bool,
    exit_code: u8,
    pc: String,
    /// The state root.
    root: String,
}

impl Ended {
    pub(super) fn of(
        vm: &mut dyn AnyVm,
        first: u64,
        took: Duration,
        ended: Cause,
        error: Option<&anyhow::Error>,
    ) -> Self {
        Self {
            vm: vm.isa().vm_type(),
            ended,
            error: error.map(describe),
            step: vm.step(),
            steps: vm.step().saturating_sub(first),
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
            exited: vm.exited(),
            exit_code: vm.exit_code(),
            pc: format!("{:#x}", vm.pc()),
            root: const_hex::encode_prefixed(vm.state_root()),
        }
    }

    pub(super) fn log(&self) {
        let (steps, seconds, exited, code) =
            (self.steps, self.seconds, self.exited, self.exit_code);
        let (step, root) = (self.step, self.root.as_str());
        tracing::info!(target: "vm", exited, code, step, steps, seconds, root, "Execution stopped");
    }
}
