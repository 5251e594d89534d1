//! `challenge --second-opinion`: with another VM that agrees, with one that does not, and with one that is no good.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::challengers::Challenger;
use crate::common::{Shop, guests, json, mips_state};
use crate::table::{CHEAT, HONEST, THIRD, Table};
use fpvm_dispute::trace::lie::Extent;
use fpvm_l1::{B256, U256};

/// Another account that anvil funds.
const FOURTH: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

/// A program, ready to run, that counts to three and exits with a code.
fn program(code: u16) -> Vec<u8> {
    let addiu =
        |to: u32, from: u32, value: u16| 0x2400_0000 | from << 21 | to << 16 | u32::from(value);
    mips_state(&[
        addiu(8, 0, 1),
        addiu(8, 8, 1),
        addiu(8, 8, 1),
        addiu(2, 0, 4246),
        addiu(4, 0, code),
        0xc,
    ])
}

fn root(block: u64) -> B256 {
    B256::repeat_byte(0xac ^ block as u8)
}

/// A program for this machine, by its shell script.
fn script(shop: &Shop, name: &str, text: &str) {
    shop.write(name, format!("#!/bin/sh\n{text}\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(shop.path(name), mode).expect("its mode");
}

/// The events of a kind.
fn of(events: &[serde_json::Value], kind: &str) -> Vec<String> {
    let of_kind = events.iter().filter(|event| event["event"] == kind);
    let text = |event: &serde_json::Value| {
        let part = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        part("what") + &part("why")
    };
    of_kind.map(text).collect()
}

#[test]
fn other_vms_are_asked_before_anything_is_claimed() {
    let Some(table) = Table::new() else { return };
    let own = env!("CARGO_BIN_EXE_fpvm");
    let shop = &table.shop;
    let lie = Extent {
        outputs_from: Some(U256::from(5)),
        steps_from: None,
        salt: 1,
    };
    let outputs = (0..=16).map(|block| format!("{block} {}\n", root(block)));
    shop.write("outputs.txt", outputs.collect::<String>());
    shop.write("state.bin", program(1));
    std::fs::create_dir(shop.path("preimages")).expect("a folder");
    std::os::unix::fs::symlink(own, shop.path("cannon")).expect("a link");
    // It runs another program.
    shop.write("other.bin", program(2));
    let other = shop.path("other.bin");
    let swapped = format!("shift 3\nexec {own} run --input {} \"$@\"", other.display());
    script(shop, "swapped", &swapped);
    script(shop, "broken", "echo it is broken >&2\nexit 7");
    let factory = table.deploy(&format!(
        "--prestate state.bin --anchor-root {} --anchor-block 0 --l2-chain-id 901 --max-depth 12 --split-depth 4",
        root(0)
    ));
    let line = "challenge --prestate state.bin --outputs outputs.txt --preimages preimages";
    let mut games = Vec::new();
    let mut players = Vec::new();
    for (block, key, vm) in [
        (16, HONEST, "cannon"),
        (15, THIRD, "swapped"),
        (14, FOURTH, "broken"),
    ] {
        let proposed = lie.output(U256::from(block), root(block)).to_string();
        let game = table.propose(&factory, &proposed, block);
        let flags = format!("--game {game} --datadir data-{vm} --second-opinion ./{vm}");
        players.push(Challenger::start(&table, key, format!("{line} {flags}")));
        games.push(game);
    }
    let [agreeing, differing, broken] = players.as_slice() else {
        panic!("three play");
    };
    let all = games.join(",");
    let cheat = format!("{line} --game {all} --cheat liar --lie-from-block 5 --lie-from-step 0");
    let cheat = Challenger::start(&table, CHEAT, cheat);
    let is_stepped = |game: &String| {
        let shown = table.run(HONEST, &format!("game show --format json --game {game}"));
        let shown = json(shown.ok());
        let claims = shown["claims"].as_array().expect("claims");
        claims.iter().any(|claim| claim["stepped"] == true)
    };
    let begun = Instant::now();
    while !games.iter().all(is_stepped) {
        let late = begun.elapsed() > Duration::from_secs(240);
        let said = players
            .iter()
            .map(|player| (player.errors(), player.events()));
        assert!(!late, "{:#?}\n{}", said.collect::<Vec<_>>(), cheat.errors());
        std::thread::sleep(Duration::from_millis(300));
    }

    let events = agreeing.events();
    assert_eq!(of(&events, "difference"), [""; 0]);
    assert_eq!(of(&events, "trouble"), [""; 0]);

    let troubles = of(&broken.events(), "trouble");
    let said = |text: &str| troubles.iter().any(|trouble| trouble.contains(text));
    assert!(said("no second opinion of the "), "{troubles:#?}");
    assert!(said("(exit status: 7): it is broken"), "{troubles:#?}");

    let events = differing.events();
    let told = of(&events, "difference");
    let [difference, kept] = told.as_slice() else {
        panic!("{told:#?}");
    };
    assert!(difference.contains("DIFFERENT STATES"), "{difference}");
    assert!(difference.contains("at step 6 the"), "{difference}");
    // It is told before the first claim about a state, which answers claim 4: those before are about outputs.
    let place = |kind: &str, what: &str| {
        let is_it = |event: &serde_json::Value| {
            event["event"] == kind
                && event["what"]
                    .as_str()
                    .is_some_and(|text| text.contains(what))
        };
        let place = events.iter().position(is_it);
        place.unwrap_or_else(|| panic!("no {kind} {what}: {events:#?}"))
    };
    let told = place("difference", "DIFFERENT");
    assert!(told > place("done", "defend claim 2"), "{events:#?}");
    assert!(told < place("planned", "attack claim 4"), "{events:#?}");
    // What is kept is what `bisect` takes.
    let (_, command) = kept.split_once("with `").expect("a command");
    let (command, _) = command.split_once('`').expect("its end");
    let (program, words) = command.split_once(' ').expect("words");
    assert_eq!(program, own);
    let done = shop.run(words);
    let out = done.out.clone();
    done.fails(1, "error: the two part at step 1\n");
    assert!(out.contains("last common state, step 0"), "{out}");
}

#[test]
fn a_second_opinion_is_another_ones() {
    let shop = Shop::new();
    shop.write("state.bin", program(1));
    shop.write("outputs.txt", "0 0x00\n");
    let line = "challenge --rpc http://127.0.0.1:1 --game 0x0000000000000000000000000000000000000001 --prestate \
                state.bin --outputs outputs.txt --preimages . --second-opinion";
    for (tail, error) in [
        (
            "interpreter --tier interpreter",
            "--second-opinion interpreter: guests are run by that anyhow; name another",
        ),
        (
            "./nowhere",
            "--second-opinion: cannot find the VM ./nowhere",
        ),
    ] {
        shop.run(&format!("{line} {tail}")).fails(1, error);
    }
}

#[test]
fn plain_steps_lead_where_others_do() {
    let shop = Shop::new();
    for guest in ["sort.mips", "sort.riscv64"] {
        shop.bring(&guests(&format!("bin/{guest}")));
        let root = |tier: &str| {
            let run = format!("run {guest} --tier {tier} --stop-at =300000 --output {tier}.bin");
            shop.run(&run).ok();
            shop.run(&format!("state-root {tier}.bin")).ok()
        };
        assert_eq!(root("plain"), root("interpreter"), "{guest}");
    }
}
