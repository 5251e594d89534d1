//! `game show`: a game on a chain, as text.

use super::watched::{Extent, WatchedArgs, WatchedGame};
use crate::app::App;
use crate::output::{Format, FormatArgs, json, print, to_stdout};
use fpvm_report::Report;

/// Flags of `game show`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    watched: WatchedArgs,
}

pub(super) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let report = WatchedGame::open(app, &args.watched)?.report(Extent::Instruction)?;
    match args.format.get() {
        Format::Text => text(&report),
        Format::Json => to_stdout(|out| json(out, &report)),
    }
}

/// Prints a game.
pub(super) fn text(report: &Report) -> anyhow::Result<()> {
    print(&fpvm_report::view::text(report, usize::MAX))
}
