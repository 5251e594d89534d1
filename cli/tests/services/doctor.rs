//! `doctor`: each thing that a service may lack is found, with what to do about it.

use crate::common::{Done, Shop};
use crate::rollup::Rollup;
use fpvm_e2e::node::{ANVIL_KEY, Node};
use fpvm_e2e::op_node::OpNode;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::TcpListener;

/// A chain with a factory, and a node of the rollup.
struct Stage {
    shop: Shop,
    l1: Node,
    rollup: Rollup,
    node: OpNode,
    factory: String,
}

/// An address of which everybody knows that nothing answers there.
const NOBODY: &str = "http://127.0.0.1:9";

impl Stage {
    fn new() -> Option<Self> {
        let l1 = Node::anvil(&[])?;
        let (shop, rollup) = (Shop::new(), Rollup::new());
        let deploy = format!(
            "game deploy --rpc {} --prestate {} --l2-chain-id 901 --max-depth 32 --split-depth 2 --anchor-block 100 \
             --anchor-root {}",
            l1.url(),
            rollup.program.display(),
            rollup.output(100)
        );
        let deployed = shop
            .command()
            .env("FPVM_PRIVATE_KEY", ANVIL_KEY)
            .args(deploy.split_whitespace())
            .output();
        let deployed = Done::from(deployed.unwrap()).ok();
        let factory = deployed
            .lines()
            .find_map(|line| line.strip_prefix("factory"));
        let factory = factory.expect("a factory").trim().to_owned();
        let node = rollup.node();
        Some(Self {
            shop,
            l1,
            rollup,
            node,
            factory,
        })
    }

    /// The flags of a challenger that lacks nothing.
    fn challenge(&self) -> String {
        format!(
            "challenge --rpc {} --factory {} --rollup-rpc {} --prestate {} --preimages {} --datadir data",
            self.l1.url(),
            self.factory,
            self.node.url,
            self.rollup.program.display(),
            self.rollup.preimages.display()
        )
    }

    fn propose(&self) -> String {
        let (l1, factory, node) = (self.l1.url(), &self.factory, &self.node.url);
        format!("propose --rpc {l1} --factory {factory} --rollup-rpc {node}")
    }

    fn doctor(&self, line: &str, key: &str) -> Done {
        let output = self
            .shop
            .command()
            .env("FPVM_PRIVATE_KEY", key)
            .arg("doctor")
            .args(line.split_whitespace())
            .output();
        output.unwrap().into()
    }

    /// Panics unless a check has failed, or warns, in these words and with this advice.
    #[track_caller]
    fn says(&self, line: &str, key: &str, grade: &str, check: &str, words: &str, advice: &str) {
        let done = self.doctor(&format!("{line} --format json"), key);
        let found: Value = serde_json::from_str(&done.out)
            .unwrap_or_else(|error| panic!("{line}: {error}: {}{}", done.out, done.err));
        let found = found.as_array().expect("a list");
        let is = |one: &&Value| {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            one["check"] == check
                && one["grade"] == grade
                && text("says").contains(words)
                && text("advice").contains(advice)
        };
        let mut all = String::new();
        for one in found {
            writeln!(all, "{one}").unwrap();
        }
        assert!(
            found.iter().any(|one| is(&one)),
            "{grade}, {check}: {words}: {advice} in\n{all}"
        );
        let has_failed = found.iter().any(|one| one["grade"] == "failure");
        assert_eq!(done.code, Some(i32::from(has_failed)), "{all}");
    }
}

#[test]
fn what_a_service_lacks_is_found() {
    let Some(stage) = Stage::new() else { return };
    let (whole, propose) = (stage.challenge(), stage.propose());

    let done = stage.doctor(&whole, ANVIL_KEY);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    for check in ["l1", "factory", "rollup", "prestates", "key"] {
        let line = |line: &str| line.starts_with("ok") && line.contains(&format!(" {check} "));
        assert!(done.out.lines().any(line), "{check} in\n{}", done.out);
    }
    // How much room there is depends on who runs the test.
    assert!(done.out.contains("data (--datadir) has "), "{}", done.out);
    let list = format!("--outputs {}", stage.rollup.outputs.display());
    let line = whole.replace(&format!("--rollup-rpc {}", stage.node.url), &list);
    let done = stage.doctor(&line, ANVIL_KEY);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let done = stage.doctor(&propose, ANVIL_KEY);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);

    let with = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        whole.replace(from, to)
    };
    let l1 = stage.l1.url();
    // A test for each line: what is changed, and what is said of it.
    let chain = format!("{whole} --chain-id 5");
    stage.says(
        &chain,
        ANVIL_KEY,
        "failure",
        "l1",
        "chain 31337",
        "--chain-id",
    );
    let line = with(&l1, NOBODY);
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "l1",
        "does not answer",
        "--rpc",
    );
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "factory",
        "does not answer",
        "--factory",
    );
    let line = with(&stage.factory, "0x00000000000000000000000000000000000000aa");
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "factory",
        "0x00000000000000000000000000000000000000",
        "--factory",
    );
    let line = format!("{whole} --game-type cannon-kona");
    stage.says(
        &line,
        ANVIL_KEY,
        "warning",
        "factory",
        "no games of type cannon-kona",
        "--game-type",
    );
    let line = format!("{propose} --game-type cannon-kona");
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "factory",
        "no games of type cannon-kona",
        "--game-type",
    );

    let line = with(&stage.node.url, NOBODY);
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "rollup",
        "does not answer",
        "--rollup-rpc",
    );
    let both = format!("{whole} --rollup-rpc {NOBODY}");
    stage.says(
        &both,
        ANVIL_KEY,
        "warning",
        "rollup",
        "does not answer",
        "--rollup-rpc",
    );
    stage.node.known().keeps_safe_heads = false;
    stage.says(
        &whole,
        ANVIL_KEY,
        "failure",
        "rollup",
        "safe head",
        "--safedb.path",
    );
    stage.node.known().keeps_safe_heads = true;
    stage.l1.ask("anvil_mine", "[200]");
    stage.node.known().current_l1 = 20;
    stage.says(
        &whole,
        ANVIL_KEY,
        "warning",
        "rollup",
        "blocks of L1 behind",
        "waited for",
    );
    stage.node.known().current_l1 = 1_000_000;
    let other = stage.rollup.node();
    for node in [&stage.node, &other] {
        node.known().finalized = 101;
    }
    other.known().outputs[1].root = format!("0x{}", "ab".repeat(32));
    let line = format!("{whole} --rollup-rpc {}", other.url);
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "rollup",
        "agree",
        "leave it out",
    );
    let line = format!("{whole} --superroot-rpc {}", stage.node.url);
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "superroot",
        "superroot_atTimestamp",
        "op-supernode",
    );
    let line = format!("{whole} --l2-rpc {}", stage.node.url);
    stage.says(&line, ANVIL_KEY, "warning", "l2", "headers", "--http.api");

    let program = stage.rollup.program.display().to_string();
    let line = with(&format!("--prestate {program}"), "--prestates-dir .");
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "prestates",
        "cannot be played",
        "--prestates-dir",
    );
    let line = format!("{whole} --host-command /nowhere/host");
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "host",
        "/nowhere/host does not run",
        "--host-program",
    );
    let line = format!("{whole} --host-command true");
    stage.says(&line, ANVIL_KEY, "ok", "host", "true runs", "");
    stage.shop.write("file", "");
    let line = with("--datadir data", "--datadir file");
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "disk",
        "nothing can be written in file",
        "another",
    );
    let line = with("--datadir data", "");
    stage.says(
        &line,
        ANVIL_KEY,
        "warning",
        "disk",
        "no --datadir",
        "restart",
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = format!("{whole} --metrics {}", taken.local_addr().unwrap());
    stage.says(
        &line,
        ANVIL_KEY,
        "warning",
        "address",
        "is in use",
        "run already",
    );
    let line = format!("{whole} --metrics 203.0.113.1:7300");
    stage.says(
        &line,
        ANVIL_KEY,
        "failure",
        "address",
        "nobody can listen",
        "this machine",
    );

    stage.says(&whole, "", "failure", "key", "", "FPVM_PRIVATE_KEY");
    let poor = format!("0x{}", "11".repeat(32));
    stage.says(
        &whole,
        &poor,
        "failure",
        "key",
        "has 0 ether",
        "Send ether to 0x",
    );
    stage.says(
        &propose,
        &poor,
        "failure",
        "key",
        "a proposal takes",
        "Send ether to 0x",
    );
    // Enough for the first claim, and not for a whole line of play.
    let account = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A";
    stage.l1.ask(
        "anvil_setBalance",
        &json!([account, "0xde0b6b3a7640000"]).to_string(),
    );
    stage.says(
        &whole,
        &poor,
        "warning",
        "key",
        "a whole line of play takes",
        "Send ether to 0x",
    );
}

#[test]
fn what_is_no_service_is_refused() {
    let shop = Shop::new();
    shop.run("doctor list")
        .fails(1, "challenge, monitor, propose and rehearse");
    shop.run("doctor challenge --rcp x").fails(1, "--rcp");
    shop.run("doctor").fails(1, "COMMAND");
    let done = shop.run("doctor --daemon 127.0.0.1:9");
    assert_eq!(done.code, Some(1));
    assert!(done.out.contains("nobody serves figures"), "{}", done.out);
}
