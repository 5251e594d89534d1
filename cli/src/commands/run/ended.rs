//! What a run of `fpvm` hands on of its guest: what it prints, and how it ended.

use crate::screen::Screen;
use fpvm::AnyVm;
use fpvm_core::step::oracle::Console;
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

/// Where a run ended: the last line of its log, and what `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ended {
    vm: &'static str,
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
    pub(super) fn of(vm: &mut dyn AnyVm, first: u64, took: Duration) -> Self {
        Self {
            vm: vm.isa().vm_type(),
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
