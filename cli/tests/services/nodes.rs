//! Commands over several L1 nodes, and what they say of them.

use crate::common::Shop;
use fpvm_e2e::l1_node::{L1Node, Mood, State};

fn node(chain_id: u64) -> L1Node {
    L1Node::start(State {
        chain_id,
        head: 100,
        ..State::default()
    })
}

/// The key of an account that has nothing.
const KEY: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

/// What a command says that fails.
fn failed(arguments: &[&str]) -> String {
    let shop = Shop::new();
    let mut command = shop.command();
    let done = command
        .args(arguments)
        .env("FPVM_PRIVATE_KEY", KEY)
        .output();
    let done: crate::common::Done = done.expect("it runs").into();
    assert_eq!(done.code, Some(1), "{}", done.err);
    done.err
}

#[test]
fn nodes_of_different_chains_are_not_one() {
    let (one, other) = (node(900), node(5));
    let both = format!("{},{}", one.url, other.url);
    let said = failed(&["deploy", "--rpc", &both, "--isa", "mips"]);
    let expected = format!(
        "the nodes are on different chains: {} is on 900, {} is on 5. Which one is meant has to be said; --chain-id does",
        one.url, other.url
    );
    assert!(said.contains(&expected), "{said}");
    // The one that is meant is asked alone: it says that the account has nothing.
    let chosen = [
        "deploy",
        "--l1-eth-rpc",
        &both,
        "--isa",
        "mips",
        "--chain-id",
        "900",
    ];
    let said = failed(&chosen);
    assert!(
        said.contains(&format!("node={}", other.url)) && said.contains("it is on chain 5"),
        "{said}"
    );
    let asked = other.state().asked.clone();
    let is_asked = asked.iter().any(|method| method != "eth_chainId");
    assert!(one.state().asked.len() > 2 && !is_asked, "{asked:?}");
}

#[test]
fn all_nodes_are_named_where_none_works() {
    let (one, other) = (node(900), node(900));
    one.state().mood = Mood::Page;
    other.state().mood = Mood::Down;
    let said = failed(&[
        "deploy",
        "--rpc",
        &one.url,
        "--rpc",
        &other.url,
        "--patience",
        "1s",
        "--isa",
        "mips",
    ]);
    assert!(
        said.contains(&one.url) && said.contains(&other.url),
        "{said}"
    );
    assert!(said.contains("no JSON-RPC"), "{said}");
}
