//! The page "Two terminals and anvil": its commands, run one after another.

use crate::common::Shop;
use fpvm_e2e::node::Node;
use spec_tests::book::repository;
use std::fs;
use std::path::Path;

/// The shell commands of the page, block by block.
fn blocks(page: &str) -> Vec<String> {
    let fenced = page.split("```sh\n").skip(1);
    let blocks = fenced.filter_map(|rest| rest.split("```").next());
    blocks.map(str::to_owned).collect()
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn the_page_s_commands_play_a_game() {
    let Some(node) = Node::anvil(&[]) else { return };
    let page = fs::read_to_string(repository("docs/src/two-terminals.md")).unwrap();
    let blocks = blocks(&page);
    let (chain, commands) = blocks.split_first().expect("commands");
    assert_eq!(chain.trim(), "anvil");
    // In a copy of the folder, since the commands write there.
    let shop = Shop::named("fpvm");
    let guests = shop.path("examples/guests");
    fs::create_dir_all(guests.join("bin")).unwrap();
    for file in ["bin/rollup.mips", "outputs-rollup.txt"] {
        fs::copy(repository("examples/guests").join(file), guests.join(file)).unwrap();
    }
    copy(
        &repository("examples/guests/preimages-rollup"),
        &guests.join("preimages-rollup"),
    );
    let script = commands.concat();
    let script = script.replace("http://127.0.0.1:8545", &node.url());
    let script = format!("set -euo pipefail\nPATH=\"$PWD:$PATH\"\n{script}");
    let mut bash = assert_cmd::Command::new("bash");
    let output = bash
        .arg("-c")
        .arg(script)
        .current_dir(shop.path(""))
        .output();
    let done = crate::common::Done::from(output.unwrap());
    assert!(
        done.err.contains("attack claim 0") || done.out.contains("attack claim 0"),
        "{}",
        done.out
    );
    let out = done.ok();
    assert!(out.contains("attack claim 2"), "{out}");
    assert!(out.contains("resolve the game"), "{out}");
    let report = fs::read_to_string(guests.join("game.html")).unwrap();
    assert!(report.contains("challenger-wins"), "it is won");
}
