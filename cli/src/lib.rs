//! The command line of fpvm, over any list of ISAs.
//!
//! [`main`] is all that a binary needs: `fpvm` passes [`isa::ISAS`], and a program with an ISA of
//! its own passes a list that has that as well. Everything behind `AnyVm` is monomorphised;
//! the choice of ISA is the one place with `dyn`.

mod any;
mod app;
mod args;
mod chain;
mod cli;
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

use crate::app::App;
use crate::cli::Cli;
use crate::isa::AnyIsa;
use crate::personality::Personality;
use crate::screen::Screen;
use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::process::ExitCode;

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
    failure::exit(app.isas, cli::dispatch(&app, cli.command))
}

fn parse(personality: Personality, arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let name = personality.name();
    let command = Cli::command().name(name).bin_name(name);
    let whole = std::iter::once(name.into()).chain(arguments);
    Cli::from_arg_matches(&command.try_get_matches_from(whole)?)
}
