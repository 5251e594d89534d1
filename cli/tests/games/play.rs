//! A game on anvil that people play by hand, through the command.

use crate::common::{json, mips, mips_state};
use crate::table::{CHEAT, CLOCK, DELAY, FINALITY, HONEST, Table};

/// A value with a status.
fn value(status: u8, fill: u8) -> String {
    format!("0x{status:02x}{}", format!("{fill:02x}").repeat(31))
}

#[test]
fn a_game_is_played_by_hand() {
    let Some(table) = Table::new() else { return };
    // Executions of two instructions, which do nothing.
    table.shop.write("pre.bin", mips_state(&[mips::NOP; 8]));
    let factory = table.deploy(&format!(
        "--prestate pre.bin --anchor-root {} --anchor-block 0 --l2-chain-id 901 --max-depth 4 --split-depth 2",
        value(0, 1)
    ));
    let verify = table.run(HONEST, &format!("game verify {factory}")).ok();
    for part in [
        "DisputeGameFactory of this release",
        "guardian",
        "absolutePrestate",
    ] {
        assert!(verify.contains(part), "no `{part}` in\n{verify}");
    }
    let game = table.propose(&factory, &value(9, 9), 4);
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
    attack(HONEST, 2, &value(0, 4)).fails(
        1,
        "first byte says how the program ends: that has to be 0x01 or 0x02 here, and is 0x00",
    );
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
    act(HONEST, "close").fails(1, "the game is not resolved");
    act(HONEST, "resolve").ok();
    let shown = json(act(HONEST, "show --format json").ok());
    assert_eq!(shown["status"], "challenger-wins");
    let states = |state: &str| {
        let shown = json(act(HONEST, "show --format json").ok());
        let accounts = shown["accounts"].as_array().expect("accounts").clone();
        let found = accounts.iter().map(|account| &account["bonds"]["state"]);
        assert!(found.clone().any(|found| found == state), "{shown:#}");
        assert!(found.clone().any(|found| found == "lost"), "{shown:#}");
    };
    states("won");
    act(HONEST, "close").fails(1, "the game can be closed in");
    act(HONEST, "claim").fails(1, "the game can be closed in");
    table.wait(FINALITY + 1);
    act(CHEAT, "close").ok();
    act(CHEAT, "close").fails(1, "the game is closed");
    states("closed");
    act(HONEST, "claim").ok();
    states("unlocked");
    act(HONEST, "claim").fails(1, "the vault pays");
    table.wait(DELAY);
    act(CHEAT, "claim").fails(1, "the game has nothing for");
    act(HONEST, "claim").ok();
    act(HONEST, "claim").fails(1, "which was paid 74.1548574 ether");
    states("paid");

    let text = act(HONEST, "watch --once").ok();
    assert!(text.contains("L2 block 4: "), "{text}");
    let list = format!("game list --factory {factory} --format json");
    let list = json(table.run(HONEST, &list).ok());
    let row = &list.as_array().expect("rows")[0];
    assert_eq!(
        (&row["status"], &row["claims"]),
        (&"challenger-wins".into(), &5.into())
    );
    assert_eq!(
        (&row["version"], &row["closing"]),
        (&"2.4.2".into(), &"closed, normal".into())
    );
    let states = row["bonds"].as_array().expect("bonds").iter();
    let mut states: Vec<_> = states.map(|bonds| bonds["state"].as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, [Some("lost"), Some("paid")]);
}

/// `game advise` says what an honest player does, and `--honest` does it: nobody computes a value.
#[test]
fn a_game_is_played_by_advice() {
    let Some(table) = Table::new() else { return };
    // exit_group(1): a system call, with its number in v0 and the code in a0. Registers stand before the hint's length.
    let mut exit = mips_state(&[0x0000_000c, mips::NOP]);
    let registers = exit.len() - 4 - 4 * 32;
    for (register, value) in [(2, 4246u32), (4, 1)] {
        let at = registers + 4 * register;
        exit[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    table.shop.write("pre.bin", exit);
    std::fs::create_dir(table.shop.path("preimages")).unwrap();
    let outputs: String = (0..=4)
        .map(|n| format!("{n} {}\n", value(0, n + 1)))
        .collect();
    table.shop.write("outputs.txt", outputs);
    let factory = table.deploy(&format!(
        "--prestate pre.bin --anchor-root {} --anchor-block 0 --l2-chain-id 901 --max-depth 4 --split-depth 2",
        value(0, 1)
    ));
    let game = table.propose(&factory, &value(9, 9), 4);
    let act = |key, line: &str| table.run(key, &format!("game {line} --game {game}"));
    let outputs = "--outputs outputs.txt";
    let truth = "--outputs outputs.txt --prestate pre.bin --preimages preimages";
    let honest = |line: &str| act(HONEST, &format!("{line} --honest {truth}"));
    let advise = || json(act(HONEST, &format!("advise --json {truth}")).ok());

    let text = act(HONEST, &format!("advise {outputs}")).ok();
    let middle = value(0, 3);
    assert!(
        text.starts_with(&format!(
            "attack claim 0 with {middle}\n    The proposal is wrong."
        )),
        "{text}"
    );
    assert!(
        text.contains("fpvm game move --game 0x") && text.contains("--claim 0 --honest"),
        "{text}"
    );
    act(HONEST, "advise").fails(1, "--outputs");
    act(HONEST, "move --claim 0 --honest").fails(1, "--outputs");
    honest("move --claim 3").fails(1, "the game has no claim 3");

    act(HONEST, &format!("move --claim 0 --honest {outputs}")).ok();
    honest("move --claim 0").fails(1, "the honest answer to claim 0 has been made already");
    honest("move --claim 1").fails(
        1,
        "an honest player does not answer claim 1. This is the honest answer",
    );
    let text = act(HONEST, &format!("advise {truth}")).ok();
    assert_eq!(text, "an honest player has nothing to answer now\n");

    act(
        CHEAT,
        &format!("move --claim 1 --attack --value {}", value(9, 3)),
    )
    .ok();
    // Without the program nobody knows what its execution comes to.
    let text = act(HONEST, &format!("advise {outputs}")).ok();
    assert!(
        text.contains("some claims cannot be judged: the program is not known"),
        "{text}"
    );
    act(HONEST, &format!("move --claim 2 --honest {outputs}")).fails(1, "claim 2 cannot be judged");
    let advice = advise();
    assert_eq!(
        (&advice[0]["claim"], &advice[0]["action"]),
        (&2.into(), &"move".into())
    );
    assert!(
        advice[0]["value"].as_str().unwrap().starts_with("0x01"),
        "{advice}"
    );
    honest("move --claim 2").ok();

    act(
        CHEAT,
        &format!("move --claim 3 --attack --value {}", value(3, 5)),
    )
    .ok();
    assert_eq!(
        (&advise()[0]["action"], &advise()[0]["side"]),
        (&"step".into(), &"attack".into())
    );
    honest("move --claim 4").fails(1, "`game step` counters it");
    honest("step --claim 4").ok();
    assert_eq!(advise(), serde_json::json!([]));

    table.wait(CLOCK);
    act(HONEST, "resolve").ok();
    assert_eq!(
        json(act(HONEST, "show --json").ok())["status"],
        "challenger-wins"
    );
    assert_eq!(
        act(HONEST, &format!("advise {truth}")).ok(),
        "the game is over\n"
    );
}
