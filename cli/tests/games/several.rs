//! One `fpvm challenge` on anvil, by a configuration file: games of two types, about two programs from a folder, with two
//! hosts.

use std::time::{Duration, Instant};

use crate::challengers::Challenger;
use crate::common::{json, mips, mips_state};
use crate::table::{CHEAT, CLOCK, HONEST, Table};
use fpvm_dispute::trace::lie::Extent;
use fpvm_l1::{B256, U256};
use fpvm_oracle::Key;
use fpvm_oracle::store::{Directory, Store as _};

/// Where a program's key lies in memory.
const KEY: u16 = 0x1800;

/// A program, ready to run, that reads a pre-image and exits with code 1.
fn program(key: Key) -> Vec<u8> {
    let addiu =
        |to: u32, from: u32, value: u16| 0x2400_0000 | from << 21 | to << 16 | u32::from(value);
    let (syscall, nop) = (0xc, mips::NOP);
    // Registers: v0, a0, a1, a2. `write(6, KEY, 32)` takes at most 4 bytes at a time, and `bne a2, zero` repeats it.
    let mut words = vec![
        addiu(5, 0, KEY),
        addiu(6, 0, 32),
        addiu(2, 0, 4004),
        addiu(4, 0, 6),
        syscall,
        5 << 21 | 2 << 16 | 5 << 11 | 0x21,
        6 << 21 | 2 << 16 | 6 << 11 | 0x23,
        0x1400_0000 | 6 << 21 | 0xfffa,
        nop,
        addiu(2, 0, 4003),
        addiu(4, 0, 5),
        addiu(5, 0, 0x1c00),
        addiu(6, 0, 4),
        syscall,
        addiu(2, 0, 4246),
        addiu(4, 0, 1),
        syscall,
    ];
    words.resize(usize::from(KEY - crate::common::CODE as u16) / 4, nop);
    let bytes = key.0.chunks_exact(4);
    words.extend(bytes.map(|word| u32::from_be_bytes(word.try_into().expect("4 bytes"))));
    mips_state(&words)
}

/// What is proposed, in block 16, as `--cheat` lies from block 5 on.
fn root(block: u64) -> B256 {
    B256::repeat_byte(0xac ^ block as u8)
}

#[test]
fn two_types_two_programs_and_two_hosts() {
    let Some(table) = Table::new() else { return };
    let own = env!("CARGO_BIN_EXE_fpvm");
    let lie = Extent {
        outputs_from: Some(U256::from(5)),
        steps_from: None,
        salt: 1,
    };
    let outputs = (0..=16).map(|block| format!("{block} {}\n", root(block)));
    table.shop.write("outputs.txt", outputs.collect::<String>());
    std::fs::create_dir(table.shop.path("prestates")).expect("a folder");
    let (mut games, mut hosts) = (Vec::new(), String::new());
    for (number, game_type) in ["cannon", "cannon-kona"].into_iter().enumerate() {
        let value = [number as u8 + 1; 40];
        let key = Key::keccak256(&value);
        let store = table.shop.path(game_type);
        std::fs::create_dir(&store).expect("a folder");
        let mut directory = Directory::open(&store).expect("a folder");
        directory.put(key, &value).expect("it is written");
        table.shop.write("state.bin", program(key));
        let hash = table.shop.run("state-root state.bin").ok();
        let file = format!("prestates/{}.bin", hash.trim());
        table.shop.write(&file, program(key));
        let factory = table.deploy(&format!(
            "--prestate {file} --anchor-root {} --anchor-block 0 --l2-chain-id 901 --max-depth 12 \
             --split-depth 4 --game-type {game_type}",
            root(0)
        ));
        let proposed = lie.output(U256::from(16), root(16));
        let create = format!(
            "game create --factory {factory} --root {proposed} --block 16 --game-type {game_type}"
        );
        let game = table.run(CHEAT, &create).ok().trim().to_owned();
        games.push(format!("'{game}'"));
        hosts += &format!(
            "{game_type} = '{own} preimages serve {}'\n",
            store.display()
        );
    }
    let file = format!(
        "game = [{}]\nprestates-dir = 'prestates'\noutputs = 'outputs.txt'\n\n[host-command]\n{hosts}",
        games.join(", ")
    );
    table.shop.write("both.toml", file);
    let line = "challenge --config both.toml --metrics 127.0.0.1:0".to_owned();
    let honest = Challenger::start(&table, HONEST, line.clone());
    let cheat = format!("{line} --cheat liar --lie-from-block 5 --lie-from-step 0");
    let cheat = Challenger::start(&table, CHEAT, cheat);

    let begun = Instant::now();
    let all = |is_so: &dyn Fn(&serde_json::Value) -> bool| {
        games.iter().all(|game| {
            let show = format!("game show --format json --game {}", game.trim_matches('\''));
            is_so(&json(table.run(HONEST, &show).ok()))
        })
    };
    let wait = |is_so: &dyn Fn(&serde_json::Value) -> bool| {
        while !all(is_so) {
            let late = begun.elapsed() > Duration::from_secs(240);
            assert!(
                !late,
                "{}\n{}\n{:#?}",
                honest.errors(),
                cheat.errors(),
                honest.events()
            );
            std::thread::sleep(Duration::from_millis(300));
        }
    };
    wait(&|shown| {
        let claims = shown["claims"].as_array().expect("claims");
        claims.iter().any(|claim| claim["stepped"] == true)
    });
    table.wait(2 * CLOCK);
    wait(&|shown| shown["status"] == "challenger-wins");
    let events = honest.events();
    let found = events.iter().filter(|event| event["event"] == "found");
    let mut found: Vec<_> = found
        .map(|event| event["what"].as_str().expect("words"))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "play a game of type cannon about L2 block 16",
            "play a game of type cannon-kona about L2 block 16"
        ]
    );
}
