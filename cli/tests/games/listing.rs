//! Games on a real chain, looked at through the command.

use std::sync::Arc;

use crate::common::Shop;
use fpvm_e2e::node::{ANVIL_KEY, Node};
use fpvm_e2e::proposal;
use fpvm_l1::signer::Signer;
use fpvm_l1::{B256, Chain, Rpc};

/// The key of the second account that anvil funds.
const SECOND: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

#[test]
fn a_game_is_watched_and_reported() {
    let Some(node) = Node::anvil(&[]) else { return };
    let chain: Arc<dyn Chain> = Arc::new(Rpc::connect(&node.url(), None).expect("it answers"));
    let keys: [B256; 2] = [ANVIL_KEY, SECOND].map(|key| key.parse().expect("a key"));
    let signers = keys.map(|key| Signer::from_key(&key).expect("a key"));
    let bob = signers[1].address().to_string();
    let game = proposal::played(&chain, signers, || ()).to_string();
    let (shop, url) = (Shop::new(), node.url());
    let run = |line: &str| shop.run(&format!("game {line} --rpc {url}"));

    let text = run(&format!("watch --once --game {game} --name {bob}=Bob")).ok();
    for part in [
        "L2 block 2: in progress",
        "#1   attack 0",
        "by Bob",
        "next: claim 1 of Bob stands unless",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }

    let outputs = (0..=2).map(|block| format!("{block} {}\n", proposal::output(block)));
    shop.write("outputs.txt", outputs.collect::<String>());
    let report = format!("report --game {game} --outputs outputs.txt --output");
    run(&format!("{report} game.html")).ok();
    let page = String::from_utf8(shop.read("game.html")).expect("text");
    assert!(page.starts_with("<!doctype html>"));
    assert!(
        page.contains(&game.to_lowercase()),
        "the page is about {game}"
    );
    let json = run(&format!("{report} - --json")).ok();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["proposal"]["right"], false);
    assert_eq!(json["claims"][1]["honest"], true);

    let nobody = "0x0000000000000000000000000000000000000bad";
    run(&format!("watch --once --game {nobody}")).fails(1, "there is no contract at");
}
