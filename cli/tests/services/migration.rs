//! The chapter for operators who come from op-challenger says what there is.

use std::collections::BTreeSet;
use std::fs;

use crate::common::Shop;
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::host_preset::HostPreset;
use fpvm_challenger::metrics::Metrics;
use spec_tests::book::{current, repository};

/// The lines of the tables under a heading, cell by cell.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let chapter = fs::read_to_string(repository("docs/src/migration.md")).expect("the chapter");
    let part = chapter
        .split("\n## ")
        .find(|part| part.starts_with(heading));
    let lines = part
        .expect(heading)
        .lines()
        .filter(|line| line.starts_with("| `"));
    let cells = |line: &str| {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    lines.map(cells).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn flags_that_take_the_place_of_others_are_there() {
    let shop = Shop::new();
    let mut count = 0;
    for row in rows("Flags") {
        for flag in quoted(&row[1]).iter().filter(|text| text.starts_with("--")) {
            let flag = flag.split(' ').next().expect("a word");
            let done = shop.run(&format!("challenge {flag}"));
            let is_known = !done.err.contains("unexpected argument");
            assert!(is_known, "{row:?}: {}", done.err);
            count += 1;
        }
        // What is taken by op-challenger's name says so.
        let own = quoted(&row[0]);
        for alias in row[1].split('(').skip(1).flat_map(quoted) {
            let is_one =
                own.contains(&alias) || ["--l1-genesis", "--server"].contains(&alias.as_str());
            assert!(is_one, "{row:?}");
        }
    }
    assert!(count > 30, "{count} flags");
}

#[test]
fn commands_are_there() {
    let shop = Shop::new();
    for row in rows("Commands") {
        for command in quoted(&row[1]) {
            let line = command.strip_prefix("fpvm ").expect("a command");
            shop.run(&format!("{line} --help")).ok();
        }
    }
}

#[test]
fn all_metrics_are_listed_and_no_others() {
    let text = Metrics::default().text();
    let types = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE op_challenger_"));
    let served: BTreeSet<_> = types.filter_map(|line| line.split(' ').next()).collect();
    let mut listed = BTreeSet::new();
    for row in rows("Metrics") {
        let is_here = row.len() < 3 || row[1] == "the same";
        let names = quoted(&row[0]).into_iter().filter(|_| is_here);
        listed.extend(names);
    }
    let listed: BTreeSet<_> = listed.iter().map(String::as_str).collect();
    assert_eq!(served, listed);
}

#[test]
fn the_configuration_file_is_in_the_book() {
    let file = fs::read_to_string(repository("docs/challenger.toml")).expect("the file");
    current("samples/challenger.toml", &file);
    let file = fs::read_to_string(repository("docs/fpvm.toml")).expect("the file");
    current("samples/fpvm.toml", &file);
}

#[test]
fn the_types_of_games_are_in_the_book() {
    let mut table = "| type | name | known host |\n| ---: | --- | --- |\n".to_owned();
    for game_type in GameType::named() {
        let host = HostPreset::of(game_type).map_or(String::new(), |host| format!("`{host}`"));
        table += &format!("| {} | `{game_type}` | {host} |\n", game_type.0);
    }
    current("tables/game-types.md", &table);
}
