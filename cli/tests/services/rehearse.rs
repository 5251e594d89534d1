//! `fpvm rehearse` on anvil, by the toy rollups and their nodes: programs that agree, and all ways in which one may not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Done, json, mips, mips_state};
use crate::rollup::Rollup;
use crate::super_table::{END, SuperTable};
use crate::table::{HONEST, Table};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::trace::Inputs;
use fpvm_e2e::op_node::{Known, OpNode, SuperRoots};
use fpvm_e2e::super_roots::answer;
use fpvm_guests::ROLLUP_CHAIN_ID;
use fpvm_l1::{B256, U256};
use serde_json::Value;

/// A program that ends with an exit code: `exit_group(code)`.
fn exits_with(code: u32) -> Vec<u8> {
    mips_state(&[0x2402_1096, 0x2404_0000 | code, 0x0000_000c])
}

/// A rollup of which one block is determined by L1, its node, and a chain beside it.
struct World {
    table: Table,
    rollup: Rollup,
    node: OpNode,
}

impl World {
    fn new() -> Option<Self> {
        let table = Table::new()?;
        let rollup = Rollup::new();
        let node = rollup.node();
        Some(Self {
            table,
            rollup,
            node,
        })
    }

    /// The command line of a rehearsal whose pre-images come from a folder.
    fn line(&self, more: &str) -> String {
        let (node, store) = (&self.node.url, self.rollup.preimages.display());
        format!(
            "rehearse --rollup-rpc {node} --preimages {store} --l2-chain-id {ROLLUP_CHAIN_ID} --datadir data {more}"
        )
    }

    /// Rehearses the rollup's own program once.
    fn own(&self, more: &str) -> Done {
        let program = self.rollup.program.display();
        let more = format!("--run cannon/rollup/file:{program} --once --format json {more}");
        self.table.run(HONEST, &self.line(&more))
    }

    /// Rehearses a program once that is not the rollup's; what it prints.
    fn other(&self, state: &[u8], more: &str) -> (Option<i32>, Value) {
        self.table.shop.write("other.bin", state);
        let more = format!("--run cannon/other/file:other.bin --once --format json {more}");
        let done = self.table.run(HONEST, &self.line(&more));
        (done.code, json(done.out))
    }
}

/// Runs the command line again that a rehearsal has printed, without any node; its exit code.
fn repeat(rehearsal: &Value) -> Option<i32> {
    let line = rehearsal["kept"]["command"].as_str().expect("it is kept");
    let mut words = line.split_whitespace();
    let mut command = std::process::Command::new(words.next().expect("a program"));
    let output = command.args(words).env_clear().output().expect("it runs");
    output.status.code()
}

#[test]
fn a_program_that_agrees_is_no_trouble() {
    let Some(world) = World::new() else { return };
    let done = world.own("");
    assert_eq!(done.code, Some(0), "{}", done.err);
    let said = json(done.out);
    assert_eq!(said["verdict"], "success", "{said}");
    assert_eq!(
        (&said["name"], &said["gameType"]),
        (&"rollup".into(), &"cannon".into())
    );
    assert_eq!(said["l2Block"], 104);
    assert_eq!(said["outputRoot"], world.rollup.output(104).to_string());
    assert_eq!(
        said["agreedOutputRoot"],
        world.rollup.output(103).to_string()
    );
    let claims: Vec<_> = said["executions"].as_array().expect("two").iter().collect();
    let claims: Vec<_> = claims
        .iter()
        .map(|of| (of["claim"].as_str(), of["status"].as_u64()))
        .collect();
    assert_eq!(
        claims,
        [(Some("valid"), Some(0)), (Some("invalid"), Some(1))]
    );
    let [first, second] = [0, 1].map(|number| said["executions"][number]["steps"].as_u64());
    assert!(
        first > Some(1_000_000) && second > Some(1_000_000),
        "{said}"
    );
    assert_eq!(said["kept"], Value::Null);

    let done = world.own("--only-valid-claims");
    let said = json(done.out);
    assert_eq!(said["executions"].as_array().map(Vec::len), Some(1));
    // The same in words.
    let program = world.rollup.program.display();
    let line = world.line(&format!("--run cannon/rollup/file:{program} --once"));
    let said = world.table.run(HONEST, &line).ok();
    assert!(
        said.starts_with("rollup: agrees, L2 block 104 by L1"),
        "{said}"
    );
}

#[test]
fn a_host_s_answers_are_enough_for_the_false_claim() {
    let Some(world) = World::new() else { return };
    let output = |block: u64| OutputRoot {
        root: world.rollup.output(block),
        block: U256::from(block),
    };
    // The node's L1 head.
    let inputs = Inputs {
        l1_head: B256::repeat_byte(0x11),
        starting: output(103),
        disputed: output(104),
    };
    let shop = &world.table.shop;
    std::fs::create_dir(shop.path("104")).expect("a folder");
    for (key, value) in fpvm_guests::rollup_preimages() {
        shop.write(&format!("104/{key}"), value);
    }
    for (index, value) in fpvm_trace::local_data(&inputs, U256::from(ROLLUP_CHAIN_ID)) {
        shop.write(&format!("104/01{index:062x}"), value);
    }
    // It tells each time when it is started, locks a folder, and has no local pre-images but those of the true claim.
    let host = format!(
        "echo {{dispute}} >>started; mkdir data/hosts/{{dispute}} || exit 9; exec {} preimages serve {{l2.blocknumber}}",
        env!("CARGO_BIN_EXE_fpvm")
    );
    std::fs::create_dir_all(shop.path("data/hosts")).expect("a folder");
    let (node, program) = (&world.node.url, world.rollup.program.display());
    let flags = format!(
        "rehearse --rollup-rpc {node} --l2-chain-id {ROLLUP_CHAIN_ID} --run cannon/rollup/file:{program} --once \
         --format json --datadir data --rpc {}",
        world.table.node.url()
    );
    let words = flags.split_whitespace().chain(["--", "sh", "-c", &host]);
    let done = shop.run_words(&words.collect::<Vec<_>>());
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let said = json(done.out);
    assert_eq!(said["verdict"], "success", "{said}");
    assert_eq!(said["executions"][1]["status"], 1, "{said}");
    let started = String::from_utf8(shop.read("started")).expect("text");
    assert_eq!(started.lines().count(), 1, "{started}");
    assert!(
        started.starts_with(&inputs.l1_head.to_string()),
        "{started}"
    );
    let left = || {
        std::fs::read_dir(shop.path("data/hosts"))
            .expect("it")
            .count()
    };
    assert_eq!(left(), 0, "what the host has left is removed");

    // Two programs on the same block at once have hosts that do not meet.
    let more = format!("{flags} --run cannon/again/file:{program}");
    let words = more.split_whitespace().chain(["--", "sh", "-c", &host]);
    let done = shop.run_words(&words.collect::<Vec<_>>());
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert_eq!(left(), 0);
}

#[test]
fn a_node_that_lies_is_told_and_what_it_takes_to_repeat_it_is_kept() {
    let Some(world) = World::new() else { return };
    world.node.known().outputs[4].root = B256::repeat_byte(0xab).to_string();
    let done = world.own("");
    assert_eq!(done.code, Some(4), "{}", done.err);
    let said = json(done.out);
    assert_eq!(said["verdict"], "incorrect_status", "{said}");
    let why = said["why"].as_str().expect("a reason");
    assert!(
        why.starts_with("it ended with exit code 1, and should have ended with 0"),
        "{why}"
    );
    let folder = said["kept"]["folder"].as_str().expect("a folder");
    assert!(folder.contains("/data/failures/0x1111"), "{folder}");
    let known = std::fs::read(format!("{folder}/rehearsal.json")).expect("it is there");
    let known = json(known);
    assert_eq!(known["run"], said["kept"]["command"]);
    assert_eq!(known["rehearsal"]["outputRoot"], said["outputRoot"]);
    // Without the node, and without the store.
    world.node.known().fails = u32::MAX;
    std::fs::remove_dir_all(&world.rollup.preimages).expect("removed");
    assert_eq!(repeat(&said), Some(1));
}

#[test]
fn a_program_that_says_yes_to_everything_is_found() {
    let Some(world) = World::new() else { return };
    let (code, said) = world.other(&exits_with(0), "");
    assert_eq!(
        (code, &said["verdict"]),
        (Some(4), &"incorrect_status".into())
    );
    let why = said["why"].as_str().expect("a reason");
    assert!(why.contains("the claim is false"), "{why}");
    assert_eq!(repeat(&said), Some(0));
    // Nobody would know without the false claim.
    let (code, said) = world.other(&exits_with(0), "--only-valid-claims");
    assert_eq!((code, &said["verdict"]), (Some(0), &"success".into()));
}

#[test]
fn programs_that_fail_are_told_apart() {
    let Some(world) = World::new() else { return };
    // A panic of the program's own is an exit code, as op-challenger counts it.
    let (code, said) = world.other(&exits_with(2), "");
    assert_eq!(
        (code, &said["verdict"]),
        (Some(4), &"incorrect_status".into())
    );
    assert_eq!(repeat(&said), Some(2));
    // The VM's is none.
    let (code, said) = world.other(&mips_state(&[mips::NOP, mips::UNDEFINED]), "");
    assert_eq!(
        (code, &said["verdict"]),
        (Some(4), &"panic".into()),
        "{said}"
    );
    let why = said["why"].as_str().expect("a reason");
    assert!(why.contains("at step 1: "), "{why}");
    assert_eq!(repeat(&said), Some(2));

    let began = Instant::now();
    let spin = mips_state(&[mips::SPIN, mips::NOP]);
    let (code, said) = world.other(&spin, "--vm-timeout 1s");
    assert_eq!(
        (code, &said["verdict"]),
        (Some(4), &"timeout".into()),
        "{said}"
    );
    let why = said["why"].as_str().expect("a reason");
    assert!(
        why.contains("it had not ended after 1 s, at step "),
        "{why}"
    );
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!(said["kept"]["command"].is_string(), "{said}");

    // A pre-image that the store lacks is one that nobody has.
    std::fs::remove_dir_all(&world.rollup.preimages).expect("removed");
    std::fs::create_dir(&world.rollup.preimages).expect("a folder");
    let said = json(world.own("").out);
    assert_eq!(said["verdict"], "panic", "{said}");
}

#[test]
fn what_is_around_a_program_is_not_its_fault() {
    let Some(world) = World::new() else { return };
    let program = world.rollup.program.display().to_string();
    let with_host = |host: &[&str]| {
        let line = format!(
            "rehearse --rollup-rpc {} --l2-chain-id {ROLLUP_CHAIN_ID} --run cannon/rollup/file:{program} --once \
             --format json --rpc {} --",
            world.node.url,
            world.table.node.url()
        );
        let words: Vec<_> = line
            .split_whitespace()
            .chain(host.iter().copied())
            .collect();
        let done = world.table.shop.run_words(&words);
        (done.code, json(done.out))
    };
    for (host, why) in [
        (
            &["sh", "-c", "echo out of luck >&2; exit 3"][..],
            "out of luck",
        ),
        (
            &[
                "sh",
                "-c",
                "echo no http://user:SECRET@h/v3/SECRET >&2; exit 3",
            ],
            "exit status: 3",
        ),
        (&["./missing-host"], "cannot start the host"),
        (&["sh", "{l2.color}"], "there is no such value"),
    ] {
        let (code, said) = with_host(host);
        assert_eq!((code, &said["verdict"]), (Some(3), &"setup_failure".into()));
        assert!(said["why"].as_str().expect("it").contains(why), "{said}");
        assert!(!said.to_string().contains("SECRET"), "{said}");
        assert_eq!(said["kept"], Value::Null);
        assert_eq!(said["l2Block"], 104);
    }
    // The program is not found.
    let absent = B256::with_last_byte(3);
    let absent = format!("0x03{}", &absent.to_string()[4..]);
    let line = world.line(&format!(
        "--run cannon/gone/{absent} --prestate {program} --once --format json"
    ));
    let done = world.table.run(HONEST, &line);
    let said = json(&done.out);
    assert_eq!(
        (done.code, &said["verdict"]),
        (Some(3), &"setup_failure".into())
    );
    assert!(
        said["why"].as_str().expect("it").contains(&absent),
        "{said}"
    );
    // The node does not answer, or has nothing yet.
    world.node.known().safe_heads = vec![(0, 100)];
    let said = json(world.own("").out);
    assert_eq!(said["verdict"], "setup_failure", "{said}");
    world.node.known().fails = u32::MAX;
    let said = json(world.own("--patience 1s").out);
    assert_eq!(said["verdict"], "setup_failure", "{said}");
    assert_eq!(said["l2Block"], Value::Null);
}

/// One of each kind: the pre-state of new games, which the factory says, and one by its hash.
#[test]
fn each_prestate_is_rehearsed_beside_the_others() {
    let Some(world) = World::new() else { return };
    let program = world.rollup.program.display();
    let flags = format!(
        "--prestate {program} --anchor-root {} --anchor-block 100 --l2-chain-id {ROLLUP_CHAIN_ID} --max-depth 32 \
         --split-depth 2",
        world.rollup.output(100)
    );
    let factory = world.table.deploy(&flags);
    let liar = exits_with(1);
    world.table.shop.write("liar.bin", &liar);
    let liar = json(world.table.shop.run("witness liar.bin").ok());
    let liar = liar["stateHash"].as_str().expect("a hash");
    let (node, store) = (&world.node.url, world.rollup.preimages.display());
    let line = format!(
        "rehearse --rollup-rpc {node} --preimages {store} --factory {factory} --once --format json --datadir data"
    );
    // By the factory alone.
    let done = world
        .table
        .run(HONEST, &format!("{line} --prestate {program}"));
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let said = json(done.out);
    assert_eq!(
        (&said["name"], &said["verdict"]),
        (&"cannon".into(), &"success".into())
    );
    let done = world.table.run(
        HONEST,
        &format!(
            "{line} --prestate {program} --prestate liar.bin --run cannon --run cannon/next/{liar}"
        ),
    );
    assert_eq!(done.code, Some(4), "{}", done.err);
    let mut said: Vec<_> = done.out.lines().map(json).collect();
    said.sort_by_key(|said| said["name"].to_string());
    let verdicts: Vec<_> = said
        .iter()
        .map(|said| (said["name"].as_str(), said["verdict"].as_str()))
        .collect();
    assert_eq!(
        verdicts,
        [
            (Some("cannon"), Some("success")),
            (Some("next"), Some("incorrect_status"))
        ]
    );
    assert_eq!(said[1]["prestate"], liar);
    // What cannot be is said at once.
    for (more, why) in [
        (
            "--run cannon --run cannon",
            "two programs are called cannon",
        ),
        (
            "--run super-cannon-kona",
            "name a node that knows them with --superroot-rpc",
        ),
        ("--run zk", "no program is run"),
        ("--run cannon/x/0x12", "0x12 is no pre-state"),
    ] {
        let done = world
            .table
            .run(HONEST, &format!("{line} --prestate {program} {more}"));
        assert!(
            done.code != Some(0) && done.err.contains(why),
            "{}",
            done.err
        );
    }
}

#[test]
fn a_step_of_several_chains_is_rehearsed() {
    let Some(table) = Table::new() else { return };
    let world = SuperTable::new(&table);
    // What is final is the end of the games of other tests; after that the node knows nothing.
    let rollups = world.rollups.clone();
    let node = OpNode::start(Known {
        super_roots: SuperRoots::new(move |timestamp| {
            let mut said = answer(&rollups, timestamp.min(END))?;
            said["finalized_timestamp"] = END.into();
            Ok(said)
        }),
        ..Known::default()
    });
    let (program, preimages) = (world.program(), world.preimages());
    let line = format!(
        "rehearse --superroot-rpc {} --run super-cannon-kona/toy/file:{program} --preimages {preimages} --once --format json",
        node.url
    );
    for _ in 0..4 {
        let done = table.run(HONEST, &line);
        assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
        let said = json(done.out);
        assert_eq!(said["verdict"], "success", "{said}");
        assert_eq!(said["executions"][1]["status"], 1, "{said}");
        assert_eq!(said["timestamp"], END + 10);
        assert!(said["agreedState"].as_str().is_some_and(|of| of.len() > 66));
    }
    // Wrong super roots.
    let mut wrong = world.root(END);
    wrong.chains[0].output_root.0[0] ^= 1;
    let rollups = world.rollups.clone();
    node.known().super_roots = SuperRoots::new(move |timestamp| {
        let mut said = answer(&rollups, timestamp.min(END))?;
        said["finalized_timestamp"] = END.into();
        for (_, of) in said["optimistic_at_timestamp"]
            .as_object_mut()
            .expect("chains")
        {
            of["output_root"] = B256::repeat_byte(9).to_string().into();
        }
        if timestamp >= END {
            said["data"]["super"]["chains"][0]["Output"] =
                wrong.chains[0].output_root.to_string().into();
            said["data"]["super_root"] = wrong.hash().to_string().into();
        }
        Ok(said)
    });
    // A step without a chain changes nothing that could be wrong: it is one of five that are chosen from.
    let done = (0..20).map(|_| table.run(HONEST, &line));
    let mut done = done.filter(|done| done.code != Some(0));
    let done = done.next().expect("another step");
    assert_eq!(done.code, Some(4), "{}{}", done.out, done.err);
    let said = json(done.out);
    assert_eq!(said["verdict"], "incorrect_status");
    std::fs::remove_dir_all(&preimages).expect("removed");
    assert_eq!(repeat(&said), Some(1));
}

/// Ends with the test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_serves_figures_until_it_is_stopped() {
    let Some(world) = World::new() else { return };
    let spin = mips_state(&[mips::SPIN, mips::NOP]);
    world.table.shop.write("spin.bin", spin);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let program = world.rollup.program.display();
    // The one that never ends holds up nobody.
    let line = world.line(&format!(
        "--run cannon/rollup/file:{program} --run cannon/spin/file:spin.bin --interval 1s --metrics {address} \
         --format json --rpc {}",
        world.table.node.url()
    ));
    let mut command = world.table.shop.process();
    command.args(line.split_whitespace()).stdout(Stdio::piped());
    let mut daemon = Daemon(command.spawn().expect("it runs"));
    let mut lines = BufReader::new(daemon.0.stdout.take().expect("a pipe")).lines();
    for _ in 0..2 {
        let said = json(lines.next().expect("a line").expect("text"));
        assert_eq!(
            (&said["name"], &said["verdict"]),
            (&"rollup".into(), &"success".into())
        );
    }
    let mut page = String::new();
    let begun = Instant::now();
    while !page.contains("success_total{type=\"rollup\"} 2")
        && begun.elapsed() < Duration::from_secs(30)
    {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(stream, "GET /metrics HTTP/1.0\r\n\r\n").expect("sent");
        page.clear();
        stream.read_to_string(&mut page).expect("figures");
    }
    for line in [
        "op_challenger_runner_up 1",
        "op_challenger_runner_success_total{type=\"spin\"} 0",
        "op_challenger_runner_setup_failures_total{type=\"rollup\"} 0",
        "op_challenger_runner_vm_failures_total{type=\"spin\",reason=\"timeout\"} 0",
        "fpvm_rehearsal_executions_total{type=\"rollup\",claim=\"invalid\",outcome=\"right\"} 2",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
    }
    let doctor = world.table.shop.run(&format!("doctor --daemon {address}"));
    assert_eq!(doctor.code, Some(0), "{}", doctor.out);

    let begun = Instant::now();
    let id = rustix::process::Pid::from_child(&daemon.0);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it runs");
    let status = daemon.0.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(30));
}
