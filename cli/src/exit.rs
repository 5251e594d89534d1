//! How the process ends: exit codes and the one line that tells why.

use crate::hint::hint;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use fpvm::analysis::Lines;
use fpvm::analysis::check::by_the_manual;
use fpvm::analysis::stack::{Place, callers};
use fpvm::{AnyVm, Registry};
use fpvm_core::machine::vm::VmError;
use fpvm_l1::without_secrets;
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
    fn describe(&self, lines: Option<&Lines>) -> String {
        let line = |(i, place): (usize, &Place)| {
            let mut place = place.clone();
            if let Some(lines) = lines {
                lines.locate(&mut place);
            }
            match i {
                0 => format!("  in {place}\n"),
                _ => format!("  called by {place}\n"),
            }
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

/// A game is won whose proposal is false: only the guardian can do something about it, and whoever watches should be told
/// by the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{0} is won, and its proposal is false: {1}")]
pub(crate) struct FalseProposal(pub(crate) fpvm_l1::Address, pub(crate) String);

/// The guest's exit code is to be the command's.
#[derive(Debug, thiserror::Error)]
#[error("the guest exited with code {0}")]
pub(crate) struct GuestExit(pub(crate) u8);

/// What was found is bad, and has been printed: the code says how bad.
#[derive(Debug, thiserror::Error)]
#[error("what was found is of grade {0}")]
pub(crate) struct Found(pub(crate) u8);

/// What is wrong has been said already, file by file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

/// Prints an error of the argument parser, or the help or version that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let masked = without_secrets(&text);
    // The help has addresses, and no secrets.
    if error.use_stderr() && masked != text {
        eprint(&masked);
    } else {
        // Nothing is left to do where even this cannot be printed.
        let _ = error.print();
    }
    if let Some(word) = host_without_dashes(error) {
        eprint(&format!(
            "\n  tip: the host and its arguments stand behind `--`: -- {word} …\n"
        ));
    }
    ExitCode::from(u8::from(error.use_stderr()))
}

/// The word that may be a host's name, where it stands as one argument too many of a command that takes a host.
fn host_without_dashes(error: &clap::Error) -> Option<&str> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let takes_host = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string().contains("<HOST>"),
        _ => false,
    };
    (takes_host && !word.starts_with('-')).then_some(word)
}

/// Turns what a command came to into an exit code, and says what went wrong.
///
/// 0: done. 1: any error. 4: a false proposal that nobody can dispute. 130: interrupted. A guest fault has its VM's own
/// code, and what a monitor finds one of 2 to 4. A reader that
/// closes our stdout has seen what it wanted, and that is no error.
///
/// `problems` is what `check` says of the programs that were loaded: it stands behind every fault. `lines` finds the
/// lines of source of the program, which a fault's callers are shown with.
pub(crate) fn exit(
    vms: &Registry,
    problems: &[String],
    lines: impl FnOnce() -> Option<Lines>,
    result: anyhow::Result<()>,
) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if error.downcast_ref::<StdoutClosed>().is_some() {
        return ExitCode::SUCCESS;
    }
    if let Some(GuestExit(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    if let Some(Found(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    eprint(&format!("error: {}\n", describe(&error)));
    if is_interrupted(&error) {
        return ExitCode::from(130);
    }
    if error.is::<FalseProposal>() {
        return ExitCode::from(4);
    }
    match error.downcast_ref::<MachineError>() {
        Some(MachineError::Faulted {
            vm_type,
            error: fault,
        }) => {
            let isa = vms.isas().iter().find(|isa| isa.vm_type() == *vm_type);
            if let (Some(isa), VmError::Fault(fault)) = (isa, fault)
                && let Some((meant, remedy)) = by_the_manual(*isa, fault.insn)
            {
                eprint(&format!(
                    "  by the manual the instruction is {meant}: {remedy}\n"
                ));
            }
            if let Some(callers) = error.downcast_ref::<Callers>() {
                eprint(&callers.describe(lines().as_ref()));
            }
            for problem in problems {
                eprint(&format!("  check: {problem}\n"));
            }
            isa.map_or(ExitCode::FAILURE, |isa| {
                ExitCode::from(isa.about().fault_exit)
            })
        }
        _ => ExitCode::FAILURE,
    }
}

/// An error with its causes, each said once, since some errors have their cause in their own text; and what
/// a flag can do about it.
pub(crate) fn describe(error: &anyhow::Error) -> String {
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
