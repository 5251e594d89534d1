//! `fpvm monitor` on anvil: what it ends with, what it prints, and what it serves.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::common::{json, mips_state};
use crate::table::{CLOCK, HONEST, Table};
use fpvm_e2e::op_node::{Known, OpNode, Output};

fn root(byte: u8) -> String {
    format!("0x{}", format!("{byte:02x}").repeat(32))
}

/// A node of the rollup, whose blocks have these roots.
fn node() -> OpNode {
    let output = |byte| Output {
        root: root(byte),
        state_root: root(0),
        withdrawals: root(0),
        hash: root(byte),
        header: "0x".into(),
    };
    OpNode::start(Known {
        outputs: (0..=8).map(output).collect(),
        current_l1: u64::MAX >> 1,
        safe_heads: vec![(0, 8)],
        keeps_safe_heads: true,
        ..Known::default()
    })
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
fn what_it_ends_with_says_how_bad_it_is() {
    let Some(table) = Table::new() else { return };
    table.shop.write("pre.bin", mips_state(&[0]));
    let flags = "--prestate pre.bin --anchor-root 0x0101010101010101010101010101010101010101010101010101010101010101 \
         --anchor-block 0 --l2-chain-id 901 --max-depth 4 --split-depth 2";
    let factory = table.deploy(flags);
    let node = node();
    let look = |more: &str| {
        let line = format!(
            "monitor --once --factory {factory} --rollup-rpc {} {more}",
            node.url
        );
        table.run(HONEST, &line)
    };
    let fine = look("");
    assert_eq!((fine.code, &*fine.out), (Some(0), ""), "{}", fine.err);
    table.propose(&factory, &root(4), 4);
    assert_eq!(look("").code, Some(0));

    // Who proposes what is wrong makes it late, and then wrong.
    let wrong = table.propose(&factory, &root(99), 5);
    let late = look("");
    assert_eq!(late.code, Some(2), "{}", late.err);
    let line = late.out.lines().next().expect("a line");
    assert!(
        line.starts_with("late ") && line.to_lowercase().contains(&wrong.to_lowercase()),
        "{line}"
    );
    assert_eq!(look(&format!("--ignored-games {wrong}")).code, Some(0));
    table.wait(CLOCK / 2 + 60);
    let bad = look("--format json");
    assert_eq!(bad.code, Some(4), "{}", bad.err);
    let bad = json(bad.out);
    assert_eq!(
        (&bad["grade"], &bad["problems"][0]["kind"]),
        (&"wrong".into(), &"wrong-forecast".into())
    );

    // A node that is gone makes it blind; without L1 there is no look at all.
    let gone = OpNode::start(Known::default());
    gone.known().fails = u32::MAX;
    let line = format!(
        "monitor --once --factory {factory} --rollup-rpc {}",
        gone.url
    );
    let blind = table.run(HONEST, &format!("{line} --patience 1s"));
    assert_eq!(blind.code, Some(3), "{}", blind.err);
    let nowhere = table.shop.run(&format!(
        "{line} --l1-eth-rpc http://127.0.0.1:1 --patience 1s"
    ));
    nowhere.fails(1, "does not answer");
    let none = format!(
        "monitor --once --factory {} --rollup-rpc {}",
        &root(7)[..42],
        node.url
    );
    table.run(HONEST, &none).fails(1, "there is no contract");
}

#[test]
fn it_serves_pages_and_figures_until_it_is_stopped() {
    let Some(table) = Table::new() else { return };
    table.shop.write("pre.bin", mips_state(&[0]));
    let flags = "--prestate pre.bin --anchor-root 0x0101010101010101010101010101010101010101010101010101010101010101 \
         --anchor-block 0 --l2-chain-id 901 --max-depth 4 --split-depth 2";
    let factory = table.deploy(flags);
    let wrong = table.propose(&factory, &root(99), 5);
    let node = node();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fpvm"));
    child
        .args([
            "monitor",
            "--http",
            "127.0.0.1:0",
            "--monitor-interval",
            "200ms",
            "--json",
        ])
        .args([
            "--game-factory-address",
            &factory,
            "--rollup-rpc",
            &node.url,
        ])
        .env("FPVM_RPC", table.node.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut daemon = Daemon(child.spawn().expect("it starts"));
    let mut log = BufReader::new(daemon.0.stderr.take().expect("piped")).lines();
    let serving = log.find_map(|line| line.ok().filter(|line| line.contains("Serving pages")));
    let serving = serving.expect("it says where");
    let address = serving.split("address=").nth(1).expect("an address");
    let address = address
        .split_whitespace()
        .next()
        .expect("a word")
        .trim_matches('"')
        .to_owned();
    let mut seen = BufReader::new(daemon.0.stdout.take().expect("piped")).lines();
    let status = json(seen.next().expect("a line").expect("text"));
    assert_eq!(status["problems"][0]["kind"], "wrong-forecast");
    // The line is printed before the pages know it: the next one comes after.
    seen.next().expect("a line").expect("text");
    let get = |path: &str| {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        answer
    };
    assert!(get("/").contains("would be confirmed"));
    assert!(get("/metrics").contains("\nfpvm_monitor_problems{grade=\"late\"} 1\n"));
    let page = get("/");
    let link = page.split("href=\"/game/").nth(1).expect("a link");
    let game = &link[..42];
    assert_eq!(game.to_lowercase(), wrong.to_lowercase());
    assert!(get(&format!("/game/{game}")).contains("\"right\":false"));
    // It goes on, and is stopped by a signal.
    let stop = Command::new("kill").arg(daemon.0.id().to_string()).status();
    assert!(stop.expect("it is there").success());
    let ended = daemon.0.wait().expect("it ends");
    assert_eq!(ended.code(), Some(130));
}
