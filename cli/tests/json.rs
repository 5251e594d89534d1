//! The JSON that commands print: one naming style, and the keys that the book's page has.
//!
//! `UPDATE_DOCS=1 cargo test -p fpvm-cli --test json` writes the page's tables anew.

mod common;
#[path = "common/table.rs"]
mod table;

use common::{Shop, guests, json, mips, mips_state, vectors};
use fpvm_demo::super_rollup::{CHAINS, GENESIS, ToyRollups};
use fpvm_e2e::op_node::{Known, OpNode, Output, SuperRoots};
use fpvm_e2e::super_roots::answer;
use serde_json::Value;
use spec_tests::book::current;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use table::{CHEAT, HONEST, Table};

/// What commands print, by what it is called: the keys, as paths, and what stands there.
#[derive(Default)]
struct Schema(BTreeMap<&'static str, BTreeMap<String, &'static str>>);

impl Schema {
    fn add(&mut self, command: &'static str, value: &Value) {
        walk(value, String::new(), self.0.entry(command).or_default());
    }

    /// Lines of JSON, an object each.
    fn add_lines(&mut self, command: &'static str, lines: &str) {
        assert!(!lines.trim().is_empty(), "{command} prints nothing");
        for line in lines.lines() {
            self.add(command, &json(line));
        }
    }

    /// A table for each, in Markdown.
    fn text(&self) -> String {
        let mut text = String::new();
        for (command, keys) in &self.0 {
            let _ = writeln!(text, "### `{command}`\n\n| key | value |\n| --- | --- |");
            for (key, value) in keys {
                let _ = writeln!(text, "| `{key}` | {value} |");
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text + "\n"
    }

    /// Asserts that words are put together as `camelCase`.
    fn assert_style(&self) {
        for (command, keys) in &self.0 {
            for name in keys.keys().flat_map(|key| key.split(['.', '[', ']'])) {
                let plain = name.chars().all(|c| c.is_ascii_alphanumeric());
                let first = name.chars().next().is_none_or(|c| c.is_ascii_lowercase());
                assert!(plain && first, "{command} has the key {name}");
            }
        }
    }
}

/// Adds the paths of all that is no object and no list.
fn walk(value: &Value, path: String, keys: &mut BTreeMap<String, &'static str>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let dot = if path.is_empty() { "" } else { "." };
                walk(value, format!("{path}{dot}{name}"), keys);
            }
        }
        Value::Array(list) => {
            for value in list {
                walk(value, format!("{path}[]"), keys);
            }
        }
        _ => {
            let kind = kind(value);
            let known = keys.entry(path).or_insert(kind);
            // Something says more than nothing, and any text is more than hexadecimal ones.
            if *known == NOTHING || (kind == TEXT && *known == HEX) {
                *known = kind;
            }
        }
    }
}

const NOTHING: &str = "nothing (`null`)";
const HEX: &str = "`0x…`";
const TEXT: &str = "text";

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => NOTHING,
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "number",
        Value::String(text) if text.starts_with("0x") => HEX,
        _ => TEXT,
    }
}

/// What two builds do outside of themselves, compared.
fn of_both(shop: &Shop, one: &str, other: &str, store: &str) -> String {
    let words = ["bisect", one, other, "--json", "--preimages", store];
    shop.run_words(&words).out
}

fn list_of(factory: &str) -> String {
    format!("game list --json --factory {factory}")
}

#[test]
fn what_commands_print_is_in_the_book() {
    let shop = Shop::new();
    let claim = guests("bin/claim.mips");
    let claim = claim.to_str().unwrap();
    let store = guests("preimages");
    let store = store.to_str().unwrap();
    let run = |words: &[&str]| shop.run_words(words).ok();
    let of_claim = |words: &[&str]| {
        let all = [words, &[claim, "--preimages", store]].concat();
        run(&all)
    };
    let mut schema = Schema::default();
    let mut add = |command, text: String| schema.add(command, &json(text));
    add("run --json", of_claim(&["run", "--json"]));
    // Without its pre-images it fails, and says why.
    let failed = shop.run_words(&["run", claim, "--json"]);
    assert_eq!(json(&failed.out)["ended"], "fault", "{}", failed.out);
    add("run --json", failed.out);
    add("witness", run(&["witness", claim]));
    add("list --json", run(&["list", "--json"]));
    let load = [
        "load-elf",
        claim,
        "--json",
        "--out",
        "loaded.bin.gz",
        "--meta",
        "",
    ];
    add("load-elf --json", run(&load));
    add("state-root --json", run(&["state-root", claim, "--json"]));
    add(
        "preimages list --json",
        run(&["preimages", "list", store, "--json"]),
    );
    add(
        "preimages check --json",
        run(&["preimages", "check", store, "--json"]),
    );
    std::fs::create_dir(shop.path("wrong")).unwrap();
    shop.write(&format!("wrong/0x02{}", "11".repeat(31)), "ab");
    let wrong = shop.run("preimages check wrong --json");
    assert_eq!(
        json(&wrong.out)["wrong"].as_array().unwrap().len(),
        1,
        "{}",
        wrong.out
    );
    add("preimages check --json", wrong.out);
    // Two states that part in a register and in memory.
    let code = |value: u32| {
        mips_state(&[
            mips::NOP,
            0x2408_0000 | value,
            0xac08_0000 | 0x100,
            mips::SPIN,
            mips::NOP,
        ])
    };
    shop.write("one.bin", code(1));
    shop.write("two.bin", code(2));
    let parted = shop.run("bisect one.bin two.bin --until 3 --json");
    assert_eq!(json(&parted.out)["parts"], true, "{}", parted.err);
    add("bisect --json", parted.out);
    // Two programs that part in what they ask for.
    let other = guests("bin/copy.mips");
    let parted = of_both(&shop, other.to_str().unwrap(), claim, store);
    assert_eq!(json(&parted)["compared"], "effects", "{parted}");
    add("bisect --json", parted);
    add("check --json", run(&["check", claim, "--json"]));
    for step in ["374437", "374436"] {
        let words = ["explain", "--json", "--step", step];
        add("explain --json", of_claim(&words));
    }
    let memory = ["memory", claim, "--json", "--at", "main.main"];
    add("memory --json", run(&memory));
    let profile = ["profile", claim, "--json", "--steps", "100000"];
    add("profile --json", run(&profile));
    let bench = ["bench", "--json", "--explain", "--steps", "100000"];
    add("bench --json", of_claim(&bench));
    let prove = |step: &str| of_claim(&["prove", "--step", step]);
    shop.write("proof.json", prove("374437"));
    let oracle = format!("0x{}", "11".repeat(20));
    let load = [
        "preimages",
        "load",
        "--proof",
        "proof.json",
        "--json",
        "--oracle",
        &oracle,
        "--from",
        &oracle,
    ];
    add("preimages load --json", run(&load));
    schema.add_lines(
        "state-root --dense --json",
        &run(&["state-root", claim, "--json", "--dense", "5..7"]),
    );
    schema.add_lines(
        "disasm --json",
        &run(&["disasm", claim, "--json", "-n", "2"]),
    );
    schema.add_lines(
        "verify --json",
        &run(&["verify", "proof.json", "--json", "--on-chain"]),
    );
    shop.write("empty.json", "");
    let refused = shop.run("verify empty.json --json");
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    schema.add_lines("verify --json", &refused.out);
    let trace = ["trace", "--json", "--from", "374436", "--to", "374438"];
    schema.add_lines("trace --json", &of_claim(&trace));
    let questions = r#"{"id": 1, "method": "info"}
{"id": 2, "method": "root", "step": 5}
{"id": 3, "method": "witness", "step": 5}
{"id": 4, "method": "memory", "step": 5, "at": "main.main"}
{"id": 5, "method": "root"}
"#;
    let mut serve = shop.command();
    let answers = serve
        .args(["serve", claim])
        .write_stdin(questions)
        .output()
        .unwrap();
    schema.add_lines("serve", &String::from_utf8(answers.stdout).unwrap());
    schema.assert_style();
    current("tables/json.md", &schema.text());

    // What is written to files has the names of its format.
    let mut files = Schema::default();
    files.add("a proof", &json(prove("374437")));
    let meta = run(&["load-elf", claim, "--out", "", "--meta", "-"]);
    files.add("symbols (`--meta`)", &json(meta));
    run(&[
        "checkpoints",
        "make",
        claim,
        "--every",
        "100000",
        "--until",
        "200000",
        "--out",
        "made",
    ]);
    files.add(
        "a manifest of checkpoints",
        &json(shop.read("made/manifest.json")),
    );
    files.add(
        "a proof of an entry (`checkpoints prove`)",
        &json(run(&["checkpoints", "prove", "made", "1"])),
    );
    let program = vectors("guests/threads.c.mips64");
    run(&[
        "run",
        program.to_str().unwrap(),
        "--stop-at",
        "=1000",
        "--debug-info",
        "debug.json",
    ]);
    files.add(
        "debug information (`run --debug-info`)",
        &json(shop.read("debug.json")),
    );
    current("tables/json-files.md", &files.text());
}

/// A rollup's node whose newest final block is 5.
fn rollup_node() -> OpNode {
    let output = |block: u8| Output {
        root: format!("0x{}", format!("{:02x}", block + 1).repeat(32)),
        state_root: format!("0x{}", "00".repeat(32)),
        withdrawals: format!("0x{}", "00".repeat(32)),
        hash: format!("0x{}", "00".repeat(32)),
        header: "0x".into(),
    };
    OpNode::start(Known {
        outputs: (0..=5).map(output).collect(),
        finalized: 5,
        ..Known::default()
    })
}

/// Rehearsals of a program that calls every claim true.
fn rehearsals(table: &Table, schema: &mut Schema) {
    // exit_group(0)
    let program = mips_state(&[0x2402_1096, 0x2404_0000, 0xc]);
    table.shop.write("yes.bin", program);
    let node = rollup_node();
    {
        let mut known = node.known();
        (known.current_l1, known.safe_heads) = (1_000, vec![(0, 5)]);
        known.keeps_safe_heads = true;
        let (rollups, last) = (ToyRollups::new(&CHAINS, 4), GENESIS + 4);
        known.super_roots = SuperRoots::new(move |timestamp| {
            let mut said = answer(&rollups, timestamp.min(last))?;
            said["finalized_timestamp"] = last.into();
            Ok(said)
        });
    }
    let url = &node.url;
    let line = format!(
        "rehearse --rollup-rpc {url} --superroot-rpc {url} --l2-chain-id 901 --preimages preimages --once --format json"
    );
    for (plan, code) in [
        ("cannon/yes/file:yes.bin", 4),
        ("super-cannon-kona/yes/file:yes.bin", 4),
        ("cannon/none/file:none.bin", 3),
    ] {
        let said = table.run(HONEST, &format!("{line} --run {plan}"));
        assert_eq!(said.code, Some(code), "{}", said.err);
        schema.add_lines("rehearse --format json", &said.out);
    }
}

#[test]
fn what_commands_print_of_a_chain_is_in_the_book() {
    let Some(table) = Table::new() else { return };
    let root = |fill: &str| format!("0x{}", fill.repeat(32));
    table.shop.write("pre.bin", mips_state(&[mips::NOP; 8]));
    let outputs: String = (0..=4)
        .map(|n| format!("{n} {}\n", root(&format!("{:02x}", n + 1))))
        .collect();
    table.shop.write("outputs.txt", outputs);
    std::fs::create_dir(table.shop.path("preimages")).unwrap();
    let mut schema = Schema::default();
    let run = |key, line: &str| table.run(key, line).ok();
    let deployed = run(HONEST, "deploy --isa mips --json");
    schema.add("deploy --json", &json(deployed));
    let deploy = format!(
        "game deploy --json --prestate pre.bin --anchor-root {} --anchor-block 0 --l2-chain-id 901 --max-depth 4 --split-depth 2",
        root("01")
    );
    let deployed = json(run(CHEAT, &deploy));
    schema.add("game deploy --json", &deployed);
    // Games of the registry's own second are retired, and anvil makes many blocks in one.
    table.wait(1);
    let factory = deployed["factory"].as_str().expect("an address");
    let create = format!(
        "game create --json --factory {factory} --root {} --block 4",
        root("99")
    );
    let created = json(run(CHEAT, &create));
    schema.add("game create --json", &created);
    let game = created["game"].as_str().expect("an address");
    let advise = format!("game advise --json --game {game} --outputs outputs.txt");
    schema.add("game advise --json", &json(run(HONEST, &advise)));
    let node = OpNode::start(Known {
        current_l1: u64::MAX >> 1,
        ..Known::default()
    });
    let honest = json(run(HONEST, &list_of(factory)))[0]["bonds"][0]["account"].clone();
    let monitor = format!(
        "monitor --once --json --factory {factory} --rollup-rpc {} --honest-actors {}",
        node.url,
        honest.as_str().expect("an address")
    );
    // A wrong proposal that nobody has answered.
    let seen = table.run(HONEST, &monitor);
    assert_eq!(seen.code, Some(2), "{}", seen.err);
    schema.add("monitor --once --json", &json(seen.out));
    let play = format!(
        "challenge --game {game} --prestate pre.bin --preimages preimages --outputs outputs.txt --once --format json"
    );
    schema.add_lines("challenge --format json", &run(HONEST, &play));
    let attack = format!(
        "game move --json --game {game} --claim 1 --attack --value {}",
        root("98")
    );
    schema.add("game move --json", &json(run(CHEAT, &attack)));
    let list = list_of(factory);
    schema.add("game list --json", &json(run(CHEAT, &list)));
    let show = format!("game show --json --game {game} --outputs outputs.txt");
    schema.add("game show --json", &json(run(HONEST, &show)));
    let propose = format!(
        "propose --factory {factory} --rollup-rpc {} --format json",
        rollup_node().url
    );
    let doctor = format!("doctor {propose}");
    schema.add("doctor --format json", &json(run(HONEST, &doctor)));
    let lacking = table.run(HONEST, &format!("{doctor} --chain-id 5"));
    schema.add("doctor --format json", &json(lacking.out));
    let planned = run(HONEST, &format!("{propose} --dry-run"));
    schema.add_lines("propose --format json", &planned);
    let proposed = run(HONEST, &format!("{propose} --once"));
    schema.add_lines("propose --format json", &proposed);
    let waiting = run(HONEST, &format!("{propose} --once"));
    schema.add_lines("propose --format json", &waiting);
    rehearsals(&table, &mut schema);
    let verify = format!("game verify {factory} --json");
    schema.add("game verify --json", &json(run(HONEST, &verify)));
    schema.assert_style();
    current("tables/json-chain.md", &schema.text());
}
