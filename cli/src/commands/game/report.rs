//! `game report`: a page about a game on a chain.

use super::watched::{Extent, WatchedArgs, WatchedGame};
use crate::app::App;
use crate::output::{FormatArgs, Target};
use fpvm_report::html;

/// Flags of `game report`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    /// Where the page goes (- for stdout)
    #[arg(long, short, alias = "out", value_name = "FILE", value_parser = Target::parser(), default_value = "report.html")]
    output: Target,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    watched: WatchedArgs,
}

pub(super) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    args.output.try_place()?;
    let report = WatchedGame::open(app, &args.watched)?.report(Extent::History)?;
    if args.format.is_json() {
        return args.output.write_json(&report);
    }
    let page = html::page(&report)?;
    args.output.write(|out| out.write_all(page.as_bytes()))
}
