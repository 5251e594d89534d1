//! Whole games on anvil, played by the command: by hand, and between two challengers that are killed
//! again and again.

mod common;
#[path = "../../e2e/node.rs"]
mod node;
#[path = "../../e2e/op_node.rs"]
mod op_node;
#[path = "common/outcome.rs"]
mod outcome;

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::{Done, Shop, guests, json, mips, mips_state};
use dispute::trace::Outputs as _;
use dispute::trace::lie::Extent;
use dispute::trace::outputs::OutputList;
use l1::U256;
use node::{ANVIL_KEY, Node};
use op_node::{Known, OpNode, Output};
use outcome::the_cheat_loses;
use serde_json::Value;

/// Of the first two accounts that anvil funds: who proposes what is wrong, and who shows that.
const CHEAT: &str = ANVIL_KEY;
const HONEST: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// In seconds: a side's clock, and the vault's delay.
const CLOCK: u64 = 302_400;
const DELAY: u64 = 604_800;

/// A chain, and a folder to play from.
struct Table {
    shop: Shop,
    node: Node,
}

impl Table {
    fn new() -> Option<Self> {
        let node = Node::anvil(&[])?;
        let shop = Shop::new();
        Some(Self { shop, node })
    }

    /// Runs a command as somebody; words are split at blanks.
    fn run(&self, key: &str, line: &str) -> Done {
        let mut command = self.shop.command();
        command.args(line.split_whitespace());
        command.args(["--rpc", &self.node.url()]);
        command
            .env("FPVM_PRIVATE_KEY", key)
            .output()
            .unwrap()
            .into()
    }

    /// Deploys what games take, and proposes; the factory and the game.
    fn propose(&self, deploy: &str, root: &str, block: u64) -> (String, String) {
        let told = json(
            self.run(CHEAT, &format!("game deploy --format json {deploy}"))
                .ok(),
        );
        let factory = told["factory"].as_str().expect("an address").to_owned();
        let create = format!("game create --factory {factory} --root {root} --block {block}");
        let game = self.run(CHEAT, &create).ok();
        self.run(CHEAT, &create)
            .fails(1, "there is a game about this output root");
        (factory, game.trim().to_owned())
    }

    /// Lets time pass.
    fn wait(&self, seconds: u64) {
        self.node.ask("evm_increaseTime", &format!("[{seconds}]"));
        self.node.ask("evm_mine", "[]");
    }

    fn account(&self, number: usize) -> String {
        let accounts = self.node.ask("eth_accounts", "[]");
        accounts[number].as_str().expect("an address").to_owned()
    }
}

/// A value with a status.
fn value(status: u8, fill: u8) -> String {
    format!("0x{status:02x}{}", format!("{fill:02x}").repeat(31))
}

#[test]
fn a_game_is_played_by_hand() {
    let Some(table) = Table::new() else { return };
    // Executions of two instructions, which do nothing.
    table.shop.write("pre.bin", mips_state(&[mips::NOP; 8]));
    let deploy = format!(
        "--prestate pre.bin --anchor-root {} --anchor-block 0 --l2-chain-id 901 --max-depth 4 --split-depth 2",
        value(0, 1)
    );
    let (factory, game) = table.propose(&deploy, &value(9, 9), 4);
    let act = |key, line: &str| table.run(key, &format!("game {line} --game {game}"));
    let attack = |key, claim: u8, value: &str| {
        act(
            key,
            &format!("move --claim {claim} --attack --value {value}"),
        )
    };
    attack(HONEST, 0, &value(0, 2)).ok();
    attack(HONEST, 0, &value(0, 2)).fails(1, "ClaimAlreadyExists");
    attack(HONEST, 7, &value(0, 2)).fails(1, "the game has no claim 7");
    attack(CHEAT, 1, &value(9, 3)).ok();
    // Whoever says that an output is wrong has to claim that the program says so.
    attack(HONEST, 2, &value(0, 4)).fails(1, "UnexpectedRootClaim");
    attack(HONEST, 2, &value(1, 4)).ok();
    act(CHEAT, "step --claim 3 --attack --proof nothing").fails(1, "cannot read nothing");
    let told = attack(CHEAT, 3, &value(3, 5)).ok();
    assert!(told.starts_with("attack claim 3: 0x"), "{told}");
    attack(HONEST, 4, &value(0, 2)).fails(
        1,
        "claim 4 is at the deepest level: `game step` counters it",
    );

    for step in 0..2 {
        let prove = format!("prove pre.bin --step {step} --output proof-{step}.json");
        table.shop.run(&prove).ok();
    }
    act(HONEST, "step --claim 4 --attack --proof proof-1.json").fails(1, "InvalidPrestate");
    act(HONEST, "resolve").fails(1, "nothing of the game can be resolved now");
    act(HONEST, "step --claim 4 --attack --proof proof-0.json").ok();
    act(HONEST, "step --claim 4 --attack --proof proof-0.json").fails(1, "DuplicateStep");

    table.wait(CLOCK);
    act(HONEST, "resolve --claim 0").fails(1, "OutOfOrderResolution");
    act(HONEST, "resolve").ok();
    let shown = json(act(HONEST, "show --format json").ok());
    assert_eq!(shown["status"], "challenger-wins");
    act(HONEST, "claim").fails(1, "the vault pays");
    table.wait(DELAY);
    act(CHEAT, "claim").fails(1, "the game has nothing for");
    act(HONEST, "claim").ok();
    act(HONEST, "claim").fails(1, "the game has nothing for");

    let text = act(HONEST, "watch --once").ok();
    assert!(text.contains("L2 block 4: "), "{text}");
    let list = format!("game list --factory {factory} --format json");
    let list = json(table.run(HONEST, &list).ok());
    let row = &list.as_array().expect("rows")[0];
    assert_eq!(
        (&row["status"], &row["claims"]),
        (&"challenger-wins".into(), &5.into())
    );
}

/// A challenger that is killed and started anew.
struct Challenger<'a> {
    table: &'a Table,
    key: &'static str,
    line: String,
    child: Child,
    lives: u32,
}

impl<'a> Challenger<'a> {
    fn start(table: &'a Table, key: &'static str, line: String) -> Self {
        let child = Self::spawn(table, key, &line, 1);
        Self {
            table,
            key,
            line,
            child,
            lives: 1,
        }
    }

    fn spawn(table: &Table, key: &str, line: &str, life: u32) -> Child {
        let name = |what| table.shop.path(&format!("{}-{life}.{what}", &key[2..6]));
        let mut command = table.shop.process();
        command.args(line.split_whitespace());
        command.args(["--format", "json", "--rpc", &table.node.url()]);
        command.env("FPVM_PRIVATE_KEY", key);
        command.stdin(Stdio::null());
        command.stdout(File::create(name("out")).unwrap());
        command.stderr(File::create(name("err")).unwrap());
        command.spawn().unwrap()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lives += 1;
        self.child = Self::spawn(self.table, self.key, &self.line, self.lives);
    }

    /// What all its lives have printed.
    fn events(&self) -> Vec<Value> {
        let lives = 1..=self.lives;
        let texts = lives.map(|life| {
            self.table
                .shop
                .read(&format!("{}-{life}.out", &self.key[2..6]))
        });
        let texts: Vec<String> = texts.map(|text| String::from_utf8(text).unwrap()).collect();
        // The last line of a life may be cut off.
        let lines = texts.iter().flat_map(|text| text.lines());
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    fn errors(&self) -> String {
        let last = format!("{}-{}.err", &self.key[2..6], self.lives);
        String::from_utf8(self.table.shop.read(&last)).unwrap()
    }

    /// Waits for its end; its exit code.
    fn end(&mut self, within: Duration) -> i32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("it ends by itself");
            }
            assert!(
                begun.elapsed() < within,
                "it does not end: {}",
                self.errors()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Challenger<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Random numbers, by xorshift: which moments are hit follows from the machine's mood anyway.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        for shift in [13, -7, 17] {
            self.0 ^= if shift > 0 {
                self.0 << shift
            } else {
                self.0 >> -shift
            };
        }
        self.0 % end
    }
}

#[test]
fn killed_challengers_play_to_the_end() {
    let Some(table) = Table::new() else { return };
    let (program, outputs, preimages) = (
        guests("bin/rollup.mips"),
        guests("outputs-rollup.txt"),
        guests("preimages-rollup"),
    );
    let text = std::fs::read_to_string(&outputs).unwrap();
    let list: OutputList = text.parse().unwrap();
    let (anchor, last) = (U256::from(100), list.safe_head());
    // As `--cheat` lies.
    let lie = Extent {
        outputs_from: Some(U256::from(102)),
        steps_from: None,
        salt: 1,
    };
    let proposed = lie.output(last, list.output(last).unwrap());
    let deploy = format!(
        "--prestate {} --anchor-root {} --anchor-block {anchor} --l2-chain-id 901 --max-depth 32 --split-depth 2",
        program.display(),
        list.output(anchor).unwrap()
    );
    let (_, game) = table.propose(&deploy, &proposed.to_string(), 104);

    let zero = format!("0x{}", "00".repeat(32));
    let output = |line: &str| Output {
        root: line.split_once(' ').expect("a root").1.to_owned(),
        state_root: zero.clone(),
        withdrawals: zero.clone(),
        hash: zero.clone(),
        header: String::new(),
    };
    let rollup = OpNode::start(Known {
        first: 100,
        outputs: text.lines().map(output).collect(),
        current_l1: 1_000_000,
        safe_heads: vec![(0, 104)],
        keeps_safe_heads: true,
        ..Known::default()
    });
    let common = format!(
        "challenge --game {game} --prestate {} --preimages {}",
        program.display(),
        preimages.display()
    );
    let mut cheat = Challenger::start(
        &table,
        CHEAT,
        format!(
            "{common} --outputs {} --cheat liar --lie-from-block 102 --lie-from-step 1311118",
            outputs.display()
        ),
    );
    let line = format!("{common} --rollup-rpc {} --patience 20s", rollup.url);
    let mut honest = Challenger::start(&table, HONEST, line);

    let (mut random, begun) = (Random(0x5eed_0009), Instant::now());
    let show = || {
        json(
            table
                .run(HONEST, &format!("game show --format json --game {game}"))
                .ok(),
        )
    };
    let mut kills = 0;
    // Until an instruction has decided, and then through the resolution.
    for (kills_to_come, wait) in [(16, 0), (4, CLOCK + 1)] {
        table.wait(wait);
        let last_kill = kills + kills_to_come;
        loop {
            std::thread::sleep(Duration::from_millis(50 + random.below(1_200)));
            if kills < last_kill {
                kills += 1;
                match random.below(4) {
                    0 => cheat.kill(),
                    _ => honest.kill(),
                }
                rollup.known().fails = random.below(3) as u32;
            }
            let shown = show();
            let claims = shown["claims"].as_array().expect("claims");
            let is_decided = claims.iter().any(|claim| claim["stepped"] == true);
            let is_over = shown["status"] != "in-progress";
            if is_over || (wait == 0 && is_decided) {
                break;
            }
            let late = begun.elapsed() > Duration::from_secs(420);
            assert!(!late, "{shown:#}\n{}\n{}", honest.errors(), cheat.errors());
        }
    }
    table.wait(DELAY);
    let patience = Duration::from_secs(60);
    assert_eq!(honest.end(patience), 0, "{}", honest.errors());
    assert_eq!(cheat.end(patience), 0, "{}", cheat.errors());

    let names = format!(
        "--name {}=cheat --name {}=honest",
        table.account(0),
        table.account(1)
    );
    let report = format!(
        "game report --game {game} {names} --json --output - --outputs {} --prestate {} --preimages {}",
        outputs.display(),
        program.display(),
        preimages.display()
    );
    let report = json(table.run(HONEST, &report).ok());
    the_cheat_loses(&report, 32, "name");
    assert!(
        report["instruction"]["preimage"].is_object(),
        "{}",
        report["instruction"]
    );
    // Nothing that it did was in vain, whenever it was killed; but both resolve.
    let events = honest.events();
    let refused = events.iter().filter(|event| event["event"] == "refused");
    let mut what = refused.map(|event| event["what"].as_str().unwrap());
    assert!(what.all(|what| what.starts_with("resolve")), "{events:#?}");
    assert!(kills > 3, "killed {kills} times only");
    let vault = table
        .node
        .ask("eth_getBalance", &format!(r#"["{game}","latest"]"#));
    assert_eq!(vault, "0x0");
    eprintln!("killed {kills} times, in {:?}", begun.elapsed());
}
