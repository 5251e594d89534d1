//! One execution of a program, which has to end in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use alloy_primitives::{B256, U256};
use fpvm_challenger::service::Guest;
use fpvm_checkpoints::{GuestVm as _, Machine as _};
use fpvm_core::machine::vm::VmError;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::trace::{Inputs, SuperInputs};
use fpvm_trace::{DisputeInputs, GuestProgram, MachineError, Program as _};

use crate::outcome::{Claim, Execution, Subject, Verdict};

/// How often it is looked whether an execution has to end.
const LOOK: Duration = Duration::from_millis(50);

/// Inputs whose claim can be replaced by a false one.
pub(crate) trait Claimed: DisputeInputs {
    /// The same, with a claim that is false where this one is true.
    fn denied(&self) -> Self;

    /// As it is told.
    fn subject(&self) -> Subject;
}

/// Another hash, which nobody has made up to be the hash of something.
fn other(hash: B256) -> B256 {
    let mut other = hash;
    if let Some(last) = other.last_mut() {
        *last ^= 1;
    }
    other
}

impl Claimed for Inputs {
    fn denied(&self) -> Self {
        let OutputRoot { root, block } = self.disputed;
        let root = other(root);
        Self {
            disputed: OutputRoot { root, block },
            ..*self
        }
    }

    fn subject(&self) -> Subject {
        self.into()
    }
}

impl Claimed for SuperInputs {
    fn denied(&self) -> Self {
        Self {
            claim: other(self.claim),
            ..self.clone()
        }
    }

    fn subject(&self) -> Subject {
        self.into()
    }
}

/// Why an execution did not come to its end.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// All are to end.
    Interrupted,
    /// This one took too long.
    Late { step: u64 },
    /// The VM faulted.
    Faulted { step: u64, error: MachineError },
    /// What is around it failed.
    Failed(MachineError),
}

impl Unfinished {
    /// What it means for the rehearsal, and why in words; nothing where all are to end.
    pub(crate) fn verdict(&self, patience: Option<Duration>) -> Option<(Verdict, String)> {
        Some(match self {
            Self::Interrupted => return None,
            Self::Late { step } => {
                let seconds = patience.unwrap_or_default().as_secs_f64();
                let why = format!("it had not ended after {seconds} s, at step {step}");
                (Verdict::Timeout, why)
            }
            Self::Faulted { step, error } => {
                let why = format!("at step {step}: {}", describe(error));
                (Verdict::Panic, why)
            }
            Self::Failed(error) => (Verdict::SetupFailure, describe(error)),
        })
    }

    /// Whether a pre-image was read that its source does not have.
    pub(crate) fn is_missing(&self) -> bool {
        let Self::Faulted {
            error:
                MachineError::Faulted {
                    error: VmError::Oracle { source, .. },
                    ..
                },
            ..
        } = self
        else {
            return false;
        };
        let error = source.downcast_ref::<fpvm_oracle::Error>();
        matches!(error, Some(fpvm_oracle::Error::Missing { .. }))
    }
}

/// An error with its causes, each said once.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// Runs a program to its end, for at most so long, unless `interrupted` is set.
pub(crate) fn execute<I: Claimed>(
    program: impl FnOnce(Arc<AtomicBool>) -> GuestProgram<'static, Guest> + Send,
    claim: Claim,
    inputs: &I,
    patience: Option<Duration>,
    interrupted: &AtomicBool,
) -> Result<Execution, Unfinished> {
    let (begun, stop) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let (running, ended) = channel::<()>();
    std::thread::scope(|scope| {
        let stopped = stop.clone();
        scope.spawn(move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let is_late = patience.is_some_and(|patience| begun.elapsed() > patience);
                if is_late || interrupted.load(Ordering::Relaxed) {
                    stopped.store(true, Ordering::Relaxed);
                }
            }
        });
        let ran = run(&program(stop), claim, inputs, begun);
        drop(running);
        ran.map_err(|(step, error)| match error {
            MachineError::Interrupted if interrupted.load(Ordering::Relaxed) => {
                Unfinished::Interrupted
            }
            MachineError::Interrupted => Unfinished::Late { step },
            error @ MachineError::Faulted { .. } => Unfinished::Faulted { step, error },
            error => Unfinished::Failed(error),
        })
    })
}

fn run<I: Claimed>(
    program: &GuestProgram<'static, Guest>,
    claim: Claim,
    inputs: &I,
    begun: Instant,
) -> Result<Execution, (u64, MachineError)> {
    let mut machine = program.start(inputs).map_err(|error| (0, error))?;
    let ran = machine.run(u64::MAX);
    ran.map_err(|error| (machine.vm.step(), error))?;
    let root = machine.root().map_err(|error| (machine.vm.step(), error))?;
    Ok(Execution {
        claim,
        status: root.0.first().copied().unwrap_or_default(),
        steps: machine.vm.step(),
        seconds: begun.elapsed().as_secs_f64(),
        memory_bytes: machine.vm.memory_bytes(),
    })
}

/// The chain id among what was read.
pub(crate) fn chain_id(value: &[u8]) -> U256 {
    U256::try_from_be_slice(value).unwrap_or_default()
}
