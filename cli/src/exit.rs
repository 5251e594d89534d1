//! How the process ends: exit codes and the one line that tells why.

use crate::hint::hint;
use fpvm::analysis::stack::{Place, callers};
use fpvm::{AnyVm, Registry};
use fpvm_core::machine::vm::VmError;
use fpvm_trace::MachineError;
use std::fmt;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

/// What a machine's error means for the process that ran it; of a fault, through which calls the program came to it.
pub(crate) fn explain(
    vm: &mut dyn AnyVm,
    interrupted: &AtomicBool,
    error: VmError,
) -> anyhow::Error {
    let error = MachineError::of(vm.isa().vm_type(), interrupted, error);
    match error {
        MachineError::Faulted { .. } if !vm.symbols().all().is_empty() => {
            anyhow::Error::new(error).context(Callers(callers(vm)))
        }
        error => error.into(),
    }
}

/// The calls through which a program came to a fault, the innermost first. Its own text is empty: it stands behind that of
/// the fault.
#[derive(Debug)]
struct Callers(Vec<Place>);

impl fmt::Display for Callers {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// The most callers that are shown.
const CALLERS: usize = 20;

impl Callers {
    /// A line for each.
    fn told(&self) -> String {
        let line = |(i, place): (usize, &Place)| match i {
            0 => format!("  in {place}\n"),
            _ => format!("  called by {place}\n"),
        };
        let mut text: String = self.0.iter().take(CALLERS).enumerate().map(line).collect();
        if self.0.len() > CALLERS {
            text.push_str("  …\n");
        }
        text
    }
}

/// Whether a step failed: the program faulted, its host did, or there is no memory for it.
pub(crate) fn is_of_vm(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<MachineError>();
    matches!(
        error,
        Some(MachineError::Faulted { .. } | MachineError::Vm(_))
    )
}

/// Whether Ctrl-C or SIGTERM ended it.
pub(crate) fn is_interrupted(error: &anyhow::Error) -> bool {
    let of_machine = error.downcast_ref::<MachineError>();
    error.is::<Interrupted>() || matches!(of_machine, Some(MachineError::Interrupted))
}

/// Ctrl-C or SIGTERM ended the command.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

/// The guest's exit code is to be the command's.
#[derive(Debug, thiserror::Error)]
#[error("the guest exited with code {0}")]
pub(crate) struct GuestExit(pub(crate) u8);

/// What is wrong has been said already, file by file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

/// Prints an error of the argument parser, or the help or version that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to do where even this cannot be printed.
    let _ = error.print();
    ExitCode::from(u8::from(error.use_stderr()))
}

/// Turns what a command came to into an exit code, and says what went wrong.
///
/// 0: done. 1: any error. 130: interrupted. A guest fault has its VM's own code. A reader that
/// closes our stdout has seen what it wanted, and that is no error.
///
/// `problems` is what `check` says of the programs that were loaded: it stands behind every fault.
pub(crate) fn exit(vms: &Registry, problems: &[String], result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if error.downcast_ref::<StdoutClosed>().is_some() {
        return ExitCode::SUCCESS;
    }
    if let Some(GuestExit(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    eprint(&format!("error: {}\n", told(&error)));
    if is_interrupted(&error) {
        return ExitCode::from(130);
    }
    match error.downcast_ref::<MachineError>() {
        Some(MachineError::Faulted { vm_type, .. }) => {
            if let Some(callers) = error.downcast_ref::<Callers>() {
                eprint(&callers.told());
            }
            for problem in problems {
                eprint(&format!("  check: {problem}\n"));
            }
            let isa = vms.isas().iter().find(|isa| isa.vm_type() == *vm_type);
            isa.map_or(ExitCode::FAILURE, |isa| {
                ExitCode::from(isa.about().fault_exit)
            })
        }
        _ => ExitCode::FAILURE,
    }
}

/// An error with its causes, each said once, since some errors have their cause in their own text; and what
/// a flag can do about it.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        match text.is_empty() {
            true => text = cause,
            false if text.ends_with(&cause) => {}
            false => text = format!("{text}: {cause}"),
        }
    }
    match error.chain().find_map(hint) {
        Some(hint) => format!("{text}; {hint}"),
        None => text,
    }
}

/// The reader of our stdout is gone.
#[derive(Debug, thiserror::Error)]
#[error("stdout was closed")]
pub(crate) struct StdoutClosed;

/// What an error of writing to stdout means.
pub(crate) fn stdout(error: io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => StdoutClosed.into(),
        _ => anyhow::Error::new(error).context("cannot write to stdout"),
    }
}

/// Prints to stderr, also where nobody reads it.
pub(crate) fn eprint(text: &str) {
    use io::Write as _;
    let _ = io::stderr().write_all(text.as_bytes());
}
