//! `demo`: whole games over the bundled rollup, with outcome and money, on a chain in the process and on
//! real nodes.

use crate::common::{Shop, json};
use crate::outcome::the_cheat_loses;
use fpvm_e2e::node::{ANVIL_KEY, Node};
use serde_json::Value;

/// The data in a report's page.
fn report(shop: &Shop, name: &str) -> Value {
    let page = String::from_utf8(shop.read(name)).expect("text");
    let (_, data) = page
        .split_once("type=\"application/json\">")
        .expect("the data");
    json(data.split_once("</script>").expect("their end").0)
}

/// The timeline has what left no log too, in the order in which it happened.
fn the_past_is_told(report: &Value, loads: usize) {
    let events = report["events"].as_array().expect("events");
    let of = |kind: &str| {
        let these = events.iter().filter(|event| event["kind"] == kind);
        these.collect::<Vec<_>>()
    };
    let claims = report["claims"].as_array().expect("claims").len();
    let counts = ["move", "load", "step", "resolve", "end", "pay"].map(|kind| of(kind).len());
    assert_eq!(counts, [claims - 1, loads, 1, claims, 1, 1], "{events:#?}");
    let times = events
        .iter()
        .map(|event| event["at"].as_u64().expect("a time"));
    assert!(times.is_sorted());
    let honest = report["accounts"].as_array().expect("accounts").iter();
    let honest = honest.clone().find(|account| account["role"] == "honest");
    let honest = honest.expect("played");
    // The honest party resolves all of it.
    for kind in ["step", "resolve", "end"] {
        let mut by = of(kind).into_iter().map(|event| &event["by"]);
        assert!(by.all(|by| *by == honest["address"]), "{events:#?}");
    }
    assert_eq!(honest["paid"], honest["won"]);
    let at = |kind: &str| of(kind)[0]["at"].as_u64().expect("a time");
    let last = of("move").last().expect("a move")["at"]
        .as_u64()
        .expect("a time");
    assert!(last <= at("step") && at("step") + 300_000 < at("resolve"));
    assert!(at("pay") - at("end") >= 604_800);
}

#[test]
fn a_super_game_ends_at_an_instruction() {
    let shop = Shop::new();
    for flags in ["--seed 3", "--type imac-1 --seed 4"] {
        let told = shop
            .run(&format!("demo --game super {flags} --report game.html"))
            .ok();
        assert!(told.contains("the proposal is refuted"), "{told}");
        let report = report(&shop, "game.html");
        assert_eq!(report["rules"]["gameType"], 9);
        the_cheat_loses(&report, 36, "role");
    }
    shop.run("demo --game super --isa mips")
        .fails(1, "no program for");
}

#[test]
fn a_game_over_mips_ends_at_a_pre_image() {
    let shop = Shop::new();
    let told = shop.run("demo --report game.html").ok();
    assert!(told.contains("The report is in game.html"), "{told}");
    let report = report(&shop, "game.html");
    the_cheat_loses(&report, 32, "role");
    assert_eq!(report["instruction"]["assembly"], "syscall");
    assert!(report["instruction"]["preimage"].is_object());
    the_past_is_told(&report, 1);
}

/// On another VM, to an instruction of any kind and to one that reads a pre-image.
fn ends_anywhere(which: &str, vm_type: &str) {
    let shop = Shop::new();
    for seed in [2, 3] {
        let told = shop.run(&format!("demo {which} --seed {seed} --report game.html"));
        let told = told.ok();
        assert!(told.contains(vm_type), "{told}");
        let report = report(&shop, "game.html");
        the_cheat_loses(&report, 32, "role");
        let reads = report["instruction"]["preimage"].is_object();
        assert!(reads || seed == 2, "{}", report["instruction"]);
    }
}

#[test]
fn games_over_riscv_end_anywhere() {
    ends_anywhere("--isa riscv", "riscv64");
}

#[test]
fn games_over_mips64_end_anywhere() {
    ends_anywhere("--isa mips64", "multithreaded64-5");
}

#[test]
fn games_over_imac_end_anywhere() {
    ends_anywhere("--type imac-1", "imac-1");
}

#[test]
fn what_it_cannot_play_is_told() {
    let shop = Shop::new();
    shop.run("demo --isa toy").fails(1, "there is no ISA `toy`");
    shop.run("demo --rpc localhost:1")
        .fails(1, "begins with http:// or https://");
}

#[test]
fn anvil_plays_it() {
    let Some(node) = Node::anvil(&[]) else { return };
    let shop = Shop::new();
    let mut command = shop.command();
    command.args(["demo", "--report", "game.html", "--rpc", &node.url()]);
    let done = command.env("FPVM_PRIVATE_KEY", ANVIL_KEY).output();
    let told = crate::common::Done::from(done.expect("it runs")).ok();
    assert!(told.contains("chain 31337"), "{told}");
    the_cheat_loses(&report(&shop, "game.html"), 32, "role");
}

/// geth does not move its time: the clocks are short.
#[test]
fn geth_plays_it() {
    let Some(node) = Node::geth(1) else { return };
    let files = std::fs::read_dir(node.folder.path().join("keystore")).expect("a folder");
    let file = files.flatten().next().expect("a key").path();
    let shop = Shop::new();
    let mut command = shop.command();
    command.args(["demo", "--report", "game.html", "--rpc", &node.url()]);
    command.args(["--clock", "90s", "--keystore"]).arg(file);
    let done = command.env("FPVM_KEYSTORE_PASSWORD", "").output();
    crate::common::Done::from(done.expect("it runs")).ok();
    the_cheat_loses(&report(&shop, "game.html"), 32, "role");
}

/// A program of one's own, with its pre-images; the local ones name the block and the outputs.
#[test]
fn a_program_of_ones_own_is_played() {
    let shop = Shop::new();
    let guests = |name: &str| crate::common::guests(name).display().to_string();
    let (program, store) = (guests("bin/rollup.mips"), shop.path("store"));
    std::fs::create_dir(&store).expect("a folder");
    for (key, value) in fpvm_guests::rollup_preimages() {
        std::fs::write(store.join(key), value).expect("it is written");
    }
    let outputs: Vec<Vec<u8>> = fpvm_guests::ROLLUP_OUTPUTS
        .lines()
        .map(|line| {
            let (_, root) = line.split_once(' ').expect("a root");
            let root: fpvm_l1::B256 = root.parse().expect("a root");
            root.to_vec()
        })
        .collect();
    let head = vec![0x77; 32];
    let block = 102u64.to_be_bytes().to_vec();
    let chain_id = fpvm_guests::ROLLUP_CHAIN_ID.to_be_bytes().to_vec();
    let local = [
        head,
        outputs[1].clone(),
        outputs[2].clone(),
        block,
        chain_id,
    ];
    for (index, value) in (1..).zip(local) {
        let key = format!("01{index:062x}");
        std::fs::write(store.join(key), value).expect("it is written");
    }
    let own = format!("demo --program {program} --preimages store --report game.html");
    let told = shop.run(&own).ok();
    assert!(
        told.contains("rollup.mips` is a program for singlethreaded-2"),
        "{told}"
    );
    assert!(told.contains("for L2 block 102"), "{told}");
    let report = report(&shop, "game.html");
    the_cheat_loses(&report, 32, "role");
    shop.run("demo --program x").fails(1, "--preimages");

    // One that always ends well can show nobody wrong.
    let primes = guests("bin/primes.mips");
    shop.run(&format!("demo --program {primes} --preimages store"))
        .fails(1, "ends with exit code 0 on a wrong output root");
}
