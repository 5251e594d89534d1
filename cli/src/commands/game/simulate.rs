//! `game simulate`: whether honesty pays, over thousands of made-up games.

use crate::exit::Refused;
use crate::output::{FormatArgs, Target, print};
use anyhow::Context as _;
use fpvm_dispute::simulate::{Table, simulate};
use fpvm_report::money::rounded;
use std::fmt::Write as _;
use std::time::Instant;

/// Flags of `game simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many games
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "10000")]
    games: u64,
    /// Which games: the same number gives the same ones
    #[arg(long, value_name = "S", value_parser = crate::args::number, default_value = "1")]
    seed: u64,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let start = Instant::now();
    let table = simulate(args.games, args.seed).context("a game could not be played")?;
    if args.format.is_json() {
        Target::Stdout.write_json(&table)?;
    } else {
        print(&text(&table))?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let speed = args.games as f64 / seconds.max(1e-9);
    tracing::info!(games = args.games, seconds, per_second = speed, "simulated");
    match table.example {
        None => Ok(()),
        Some(seed) => {
            let harm = format!("the honest side came to harm, in the game of seed {seed} at least");
            Err(Refused(harm).into())
        }
    }
}

/// The table for people.
fn text(table: &Table) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<44} {value:>16}");
    };
    row("games", table.games.to_string());
    row("  with a right proposal", table.right_proposals.to_string());
    row("  resolved wrongly", table.wrong_outcomes.to_string());
    row("claims", table.claims.to_string());
    row("  countered by an instruction", table.steps.to_string());
    row("calls refused", table.refused_calls.to_string());
    row("  of honest players", table.honest_refusals.to_string());
    row(
        "bonds of honest players lost (ETH)",
        rounded(table.honest_losses_wei),
    );
    row(
        "bonds won by honest players (ETH)",
        rounded(table.honest_gains_wei),
    );
    row(
        "bonds that went to others than who earned them",
        table.stolen_bonds.to_string(),
    );
    row(
        "clocks of honest players run out",
        table.honest_timeouts.to_string(),
    );
    let average = table
        .total_time
        .checked_div(table.games)
        .unwrap_or_default();
    row("average game (days)", days(average));
    row("longest game (days)", days(table.longest_game));
    for (way, cheats) in &table.cheats {
        row(&format!("cheats: {way}"), cheats.players.to_string());
        row("  lost (ETH)", rounded(cheats.losses_wei));
        row("  won, from each other (ETH)", rounded(cheats.gains_wei));
    }
    text
}

fn days(seconds: u64) -> String {
    format!("{:.2}", seconds as f64 / 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(days(129_600), "1.50");
    }
}
