//! The command line of fpvm, over any list of ISAs.
//!
//! [`main`] is all that a binary needs: `fpvm` passes [`isa::ISAS`], and a program with an ISA of
//! its own passes a list that has that as well. Everything behind `AnyVm` is monomorphised;
//! the choice of ISA is the one place with `dyn`.

mod any;
mod args;
mod chain;
mod commands;
mod encoding;
mod explain;
mod failure;
mod frames;
mod go;
mod hosted;
mod input;
mod instruction;
mod interrupt;
pub mod isa;
mod loading;
mod log;
mod observe;
mod oracles;
mod output;
mod personality;
mod runner;
mod sample;
mod screen;
mod tier;

use crate::args::{Cli, Command};
use crate::isa::AnyIsa;
use crate::personality::Personality;
use crate::screen::Screen;
use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::process::ExitCode;

/// What every command has at hand.
pub(crate) struct App {
    /// The ISAs there are.
    isas: &'static [&'static dyn AnyIsa],
    /// Whose defaults and output forms apply.
    personality: Personality,
    /// The terminal, shared by log and progress bar.
    screen: Screen,
}

/// Runs the command that the process's arguments ask for, over these ISAs.
///
/// Invoked under the name `cannon` or `asterisc`, it has that program's defaults and output forms.
pub fn main(isas: &'static [&'static dyn AnyIsa]) -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let personality = Personality::of(&name);
    let arguments = personality.rewrite(arguments.collect());
    let cli = match parse(personality, arguments) {
        Ok(cli) => cli,
        Err(error) => return failure::usage(&error),
    };
    let app = App {
        isas,
        personality,
        screen: Screen::default(),
    };
    log::start(app.personality, cli.quiet, app.screen.clone());
    failure::exit(run(&app, cli.command))
}

fn parse(personality: Personality, arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let name = personality.name();
    let command = Cli::command().name(name).bin_name(name);
    let whole = std::iter::once(name.into()).chain(arguments);
    Cli::from_arg_matches(&command.try_get_matches_from(whole)?)
}

fn run(app: &App, command: Command) -> anyhow::Result<()> {
    match command {
        Command::LoadElf(args) => commands::load_elf::run(app, &args),
        Command::Run(args) => commands::run::run(app, &args),
        Command::Witness(args) => commands::witness::run(app, &args),
        Command::StateRoot(args) => commands::state_root::run(app, &args),
        Command::Prove(args) => commands::prove::run(app, &args),
        Command::Verify(args) => commands::verify::run(app, &args),
        Command::Bench(args) => commands::bench::run(app, &args),
        Command::Deploy(args) => commands::deploy::run(app, &args),
        Command::Check(args) => commands::check::run(app, &args),
        Command::Disasm(args) => commands::disasm::run(app, &args),
        Command::Profile(args) => commands::profile::run(app, &args),
        Command::Preimages(args) => commands::preimages::run(app, &args),
        Command::Checkpoints(args) => commands::checkpoints::run(app, &args),
        Command::Serve(args) => commands::serve::run(app, &args),
        Command::Bisect(args) => commands::bisect::run(app, &args),
        Command::Challenge(args) => commands::challenge::run(app, &args),
        Command::Game(args) => commands::game::run(app, &args),
        Command::List => commands::list::run(app),
        Command::Tour => commands::tour::run(app),
        Command::Demo(args) => commands::demo::run(app, &args),
        Command::Completions(args) => commands::completions::run(app, &args),
    }
}
