//! How the process ends: exit codes and the one line that tells why.

use crate::hint::hint;
use fpvm::AnyVm;
use fpvm::Registry;
use fpvm_core::machine::vm::VmError;
use fpvm_trace::MachineError;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

/// What a machine's error means for the process that ran it.
pub(crate) fn explain(vm: &dyn AnyVm, interrupted: &AtomicBool, error: VmError) -> anyhow::Error {
    MachineError::of(vm.isa().vm_type(), interrupted, error).into()
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
pub(crate) fn exit(vms: &Registry, result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if error.downcast_ref::<StdoutClosed>().is_some() {
        return ExitCode::SUCCESS;
    }
    eprint(&format!("error: {}\n", told(&error)));
    if is_interrupted(&error) {
        return ExitCode::from(130);
    }
    match error.downcast_ref::<MachineError>() {
        Some(MachineError::Faulted { vm_type, .. }) => {
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
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
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
