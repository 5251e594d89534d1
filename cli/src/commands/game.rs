//! `game`: dispute games.

mod simulate;

use clap::Subcommand;

/// Flags of `game`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Play many random games between honest players and cheats, without a chain or a program
    Simulate(simulate::Args),
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.action {
        Action::Simulate(args) => simulate::run(args),
    }
}
