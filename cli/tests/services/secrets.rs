//! No secret gets into what is printed: keys in the addresses of nodes, signers and servers, tokens, passwords and private
//! keys, on every way on which such an address comes to an error.

use crate::common::{Done, Shop};
use fpvm_challenger::rollup::SuperNodes;
use fpvm_challenger::rollup::node::Node;
use fpvm_e2e::l1_node::{L1Node, Mood, State};
use fpvm_l1::Rpc;
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "0x5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2";
const ADDRESS: &str = "0x0000000000000000000000000000000000000001";

/// The ways in which providers have keys in addresses.
fn with_secrets(url: &str) -> [String; 3] {
    let host = url.strip_prefix("http://").expect("an address");
    [
        format!("http://user:SECRET@{host}"),
        format!("{url}/v3/SECRET"),
        format!("{url}/?apikey=SECRET"),
    ]
}

/// A node that fails in a way.
fn node(mood: Mood) -> L1Node {
    L1Node::start(State {
        mood,
        chain_id: 900,
        head: 100,
        ..State::default()
    })
}

fn refusal(address: &str) -> Mood {
    Mood::Refuses(-32_000, format!("bad request to {address}"))
}

/// Runs a command that has to fail, and looks for secrets in all that it prints.
fn failed(shop: &Shop, arguments: &[&str]) -> String {
    let mut command = shop.command();
    command.args(arguments);
    command.env("FPVM_PRIVATE_KEY", KEY);
    command.env("FPVM_KEYSTORE_PASSWORD", "SECRET");
    let done: Done = command.output().expect("it runs").into();
    let said = format!("{}{}", done.out, done.err);
    assert_ne!(done.code, Some(0), "{arguments:?}: {said}");
    assert!(!said.is_empty(), "{arguments:?}");
    for secret in ["SECRET", "5ec2e7"] {
        assert!(!said.contains(secret), "{arguments:?}: {said}");
    }
    said
}

#[test]
fn l1_nodes() {
    let shop = Shop::new();
    let closed = "http://127.0.0.1:1";
    let moods = [
        Mood::Well,
        Mood::Page,
        Mood::Down,
        Mood::TooMany(u32::MAX, 1),
        Mood::Refuses(-32_000, "bad request to http://h/v3/SECRET".into()),
    ];
    let nodes = moods.map(node);
    let urls = nodes.iter().map(|node| &*node.url).chain([closed]);
    for url in urls {
        for secret in with_secrets(url) {
            let said = failed(
                &shop,
                &[
                    "deploy",
                    "--rpc",
                    &secret,
                    "--patience",
                    "1s",
                    "--isa",
                    "mips",
                ],
            );
            assert!(said.contains(url) || said.contains("has 0 ether"), "{said}");
            let two = format!("{secret},{closed}/v3/SECRET");
            failed(
                &shop,
                &["deploy", "--rpc", &two, "--patience", "1s", "--isa", "mips"],
            );
        }
    }
    let secret = &with_secrets(&nodes[0].url)[1];
    failed(
        &shop,
        &[
            "deploy",
            "--rpc",
            secret,
            "--chain-id",
            "7",
            "--isa",
            "mips",
        ],
    );
    for bad in [
        "http://user:SECRET@",
        "http://user:SECRET@h:port",
        "ws://user:SECRET@h/v3/SECRET",
        "user:SECRET@h",
        "http://h:99999/v3/SECRET",
    ] {
        failed(&shop, &["deploy", "--rpc", bad, "--isa", "mips"]);
        failed(&shop, &["game", "list", "--rpc", bad, "--factory", ADDRESS]);
    }
}

#[test]
fn daemons_and_their_flags() {
    let shop = Shop::new();
    let l1 = node(Mood::Well);
    for secret in with_secrets("http://127.0.0.1:1") {
        for line in [
            format!(
                "monitor --rpc {} --factory {ADDRESS} --rollup-rpc {secret} --once",
                l1.url
            ),
            format!("monitor --rpc {secret} --factory {ADDRESS} --superroot-rpc {secret} --once"),
            format!(
                "propose --rpc {} --factory {ADDRESS} --rollup-rpc {secret} --once",
                l1.url
            ),
            format!(
                "propose --rpc {} --factory {ADDRESS} --superroot-rpc {secret} --once",
                l1.url
            ),
            format!("propose --rpc {secret} --factory {ADDRESS} --rollup-rpc {secret} --once"),
            format!(
                "rehearse --rpc {} --l2-chain-id 1 --run cannon/x/file:none --preimages . --rollup-rpc {secret} --once",
                l1.url
            ),
            format!(
                "rehearse --rpc {secret} --factory {ADDRESS} --prestates-url {secret} --rollup-rpc {secret} --l2-rpc {secret} --l1-beacon {secret} --network x --host-preset kona-single --once"
            ),
            format!(
                "challenge --rpc {} --factory {ADDRESS} --rollup-rpc {secret} --l2-rpc {secret} --prestates-url {secret} --preimages . --once",
                l1.url
            ),
            format!(
                "challenge --rpc {secret} --game {ADDRESS} --rollup-rpc {secret} --l1-beacon {secret} --l2-rpc {secret} --network x --datadir d --host-preset kona-single --once"
            ),
            format!(
                "deploy --rpc {} --isa mips --signer-endpoint {secret} --signer-address {ADDRESS} --signer-header A=SECRET",
                l1.url
            ),
            format!(
                "deploy --rpc {} --isa mips --signer-endpoint {secret} --signer-address {ADDRESS} --signer-header SECRET",
                l1.url
            ),
        ] {
            let mut words: Vec<_> = line.split(' ').collect();
            words.extend(["--patience", "1s"]);
            failed(&shop, &words);
        }
    }
    let bad = "challenge --rpc http://h --factory 0x0000000000000000000000000000000000000001 --outputs o --prestates-url";
    for url in [
        "http://user:SECRET@",
        "ftp://user:SECRET@h/SECRET",
        "user:SECRET@h",
    ] {
        let mut words: Vec<_> = bad.split(' ').collect();
        words.push(url);
        failed(&shop, &words);
    }
}

#[test]
fn the_command_line_and_the_file() {
    let shop = Shop::new();
    for secret in with_secrets("http://h:1") {
        for line in [
            format!("monitor {secret}"),
            format!("monitor --rpc http://h --patience {secret}"),
            format!("monitor --rcp={secret}"),
            format!("monitor --rpc http://h --factory {secret}"),
            format!("game list {secret}"),
            format!("challenge --game-type {secret}"),
            format!("challenge --prestate canon={secret}"),
        ] {
            failed(&shop, &line.split(' ').collect::<Vec<_>>());
        }
        for text in [
            format!("rpc = '{secret}"),
            format!("rpc = {secret}"),
            format!("rcp = '{secret}'"),
            format!("patience = '{secret}'"),
            format!("factory = '{secret}'"),
            format!("rpc = [['{secret}']]"),
            format!("rpc = {{ a = '{secret}' }}"),
            format!("once = '{secret}'"),
            format!("private-key = '{KEY}'"),
            format!("[challenge]\nrpc = '{secret}'\nonce = '{secret}'"),
            format!("rpc = '{secret}'\nrpc = '{secret}'"),
        ] {
            shop.write("c.toml", &text);
            failed(&shop, &["challenge", "--config", "c.toml"]);
            failed(&shop, &["config", "check", "c.toml"]);
            failed(&shop, &["config", "check", "c.toml", "--format", "json"]);
        }
    }
    shop.write("password", "SECRET");
    shop.write("keystore", "{\"SECRET\": 1}");
    for more in [
        &[][..],
        &["--password-file", "password"],
        &["--password-file", "none"],
    ] {
        let mut words = vec![
            "deploy",
            "--rpc",
            "http://127.0.0.1:1",
            "--patience",
            "1s",
            "--isa",
            "mips",
        ];
        words.extend(["--keystore", "keystore"]);
        words.extend(more);
        failed(&shop, &words);
    }
}

#[test]
fn nodes_of_the_rollup() {
    let moods = [
        Mood::Well,
        Mood::Page,
        Mood::Down,
        refusal("https://user:SECRET@h/v3/SECRET"),
    ];
    for mood in moods {
        let node = node(mood);
        for secret in with_secrets(&node.url) {
            let rpc = Arc::new(Rpc::node(&secret, Duration::ZERO).expect("an address"));
            let rollup = Node::new(rpc.clone());
            let errors = [
                rollup.current_l1().expect_err("it is none").to_string(),
                rollup.safe_head_at(1).expect_err("it is none").to_string(),
                rollup
                    .current_l1()
                    .expect_err("it rests, or is none")
                    .to_string(),
            ];
            let nodes = SuperNodes::new(vec![rpc]);
            let one = nodes.each().next().expect("there is one");
            let error = one.current_l1(1).expect_err("it is none");
            let said = format!("{errors:?} {} {error} {}", rollup.name(), one.name());
            assert!(said.contains(&node.url), "{said}");
            assert!(!said.contains("SECRET"), "{said}");
        }
    }
}
