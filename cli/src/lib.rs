//! The command line of fpvm, over any list of VMs: arguments, calls of the libraries, and printing.
//!
//! [`main`] is all that a binary needs: `fpvm` passes [`fpvm::ISAS`], and a program with an ISA of its own
//! passes a list that has that as well.

mod app;
mod args;
mod chain;
mod cli;
mod commands;
mod config;
mod encoding;
mod environment;
mod exit;
mod hint;
mod hosted;
mod hosts;
mod input;
mod interrupt;
mod log;
mod oracles;
mod output;
mod precompiles;
mod programs;
mod runner;
mod screen;
mod typed_flags;
mod upstream_compat;

use crate::app::App;
use crate::cli::Cli;
use crate::screen::Screen;
use crate::upstream_compat::UpstreamCompat;
use clap::{Command, FromArgMatches as _};
use fpvm::{AnyIsa, Registry};
use fpvm_contracts::StepVerifier;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

/// Runs the command that the process's arguments ask for, over these VMs. `verifiers` are the step
/// verifiers of those that `fpvm` does not know.
///
/// Invoked under the name `cannon` or `asterisc`, it has that program's defaults and output forms.
pub fn main(isas: &[&'static dyn AnyIsa], verifiers: &'static [StepVerifier]) -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let compat = UpstreamCompat::of(&name);
    let arguments = compat.rewrite(arguments.collect());
    let vms = match Registry::new(isas) {
        Ok(vms) => vms,
        Err(error) => return exit::exit(&Registry::builtin(), &[], || None, Err(error.into())),
    };
    let cli = match read(compat, arguments) {
        Ok(cli) => cli,
        Err(error) => match error.downcast::<clap::Error>() {
            Ok(error) => return exit::usage(&error),
            Err(error) => return exit::exit(&vms, &[], || None, Err(error)),
        },
    };
    let app = App {
        vms,
        verifiers,
        compat,
        screen: Screen::default(),
        problems: Mutex::default(),
        inputs: Arc::default(),
        program: Mutex::default(),
    };
    log::start(app.compat, cli.quiet, app.screen.clone());
    let result = cli::dispatch(&app, cli.command);
    let problems = app.problems.lock().unwrap_or_else(PoisonError::into_inner);
    exit::exit(&app.vms, &problems, || app.lines(), result)
}

/// The program's arguments, with what the environment says of them.
fn command(compat: UpstreamCompat) -> Command {
    let command = args::with_words(cli::whole(compat.name()));
    match compat {
        UpstreamCompat::Fpvm => environment::read(command),
        _ => command,
    }
}

/// What a command line asks for, with what the environment and the file that it names say.
///
/// # Errors
/// If the file cannot be read, or of [`clap::Error`] if something is wrong with the arguments.
pub(crate) fn read(compat: UpstreamCompat, arguments: Vec<OsString>) -> anyhow::Result<Cli> {
    let command = command(compat);
    let arguments = typed_flags::rewrite(&command, arguments);
    let arguments = config::with_file(&command, compat.name(), arguments)?;
    let whole = std::iter::once(compat.name().into()).chain(arguments);
    Ok(Cli::from_arg_matches(
        &command.try_get_matches_from(whole)?,
    )?)
}
