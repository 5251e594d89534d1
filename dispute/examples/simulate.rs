//! Plays random games and prints the table: `cargo run --release -p dispute --example simulate --
//! [games] [seed]`. The goal of the project is 10,000 games without one failure.

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Ok(games), Ok(seed)) = (
        arguments.next().unwrap_or(Ok(10_000)),
        arguments.next().unwrap_or(Ok(1)),
    ) else {
        eprintln!("usage: simulate [games] [seed]");
        return ExitCode::from(2);
    };
    let start = Instant::now();
    let table = match dispute::simulate::simulate(games, seed) {
        Ok(table) => table,
        Err(reason) => {
            eprintln!("a game could not be played: {reason}");
            return ExitCode::FAILURE;
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::to_string_pretty(&table).unwrap_or_default()
    );
    eprintln!(
        "{games} games in {seconds:.2} s: {:.0} games/s",
        games as f64 / seconds
    );
    if table.has_failure() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
