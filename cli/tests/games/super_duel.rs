//! Whole super games on anvil, between an honest `fpvm challenge` and one that cheats, both killed again and again: lies
//! about each kind of state, and about the executions between them.

use crate::challengers::Challenger;
use crate::common::json;
use crate::killed::{Duel, account_of};
use crate::ledger::Ledger;
use crate::random::Random;
use crate::super_table::{END, START, SuperTable};
use crate::table::{CHEAT, HONEST, Table};
use fpvm_dispute::super_root::SuperStep;
use fpvm_dispute::trace::lie::Extent;
use fpvm_l1::U256;
use serde_json::Value;

/// Room for two seconds, and for 2^25 instructions of a step, which takes a few million. The deepest claims are those of
/// the proposer's side, which an instruction refutes if it lies.
const OF_PROPOSER: (u8, u8) = (34, 8);
/// One more level: the deepest claims are the challenger's.
const OF_CHALLENGER: (u8, u8) = (35, 8);
/// As on mainnet, where the deepest claims are the challenger's too.
const MAINNET: (u8, u8) = (73, 30);
/// A lie.
struct Lie {
    /// Where it begins: a second, and a step after it.
    place: (u64, u64),
    /// How it is lied about states.
    states: &'static str,
    /// Whether the cheat's own super root is proposed, and not the true one.
    is_proposed: bool,
    /// From which instruction on it is lied about executions.
    from_step: u64,
}

impl Lie {
    fn proposed(&self, world: &SuperTable<'_>) -> fpvm_dispute::super_root::SuperRoot {
        if !self.is_proposed {
            return world.root(END);
        }
        let (timestamp, step) = self.place;
        // As `--cheat` lies.
        let extent = Extent {
            outputs_from: Some(U256::from(SuperStep { timestamp, step }.number())),
            steps_from: None,
            salt: 4,
        };
        world.lied(extent, END)
    }
}

/// Plays a game to its end; asserts who wins it, and where all money is.
fn the_honest_win((max, split): (u8, u8), lie: &Lie) {
    let Some(table) = Table::new() else { return };
    let world = SuperTable::new(&table);
    let factory = world.deploy(9, &format!("--max-depth {max} --split-depth {split}"));
    for account in 0..2 {
        let wei = format!("{:#x}", U256::from(10_u128.pow(24)));
        let params = format!(r#"["{}","{wei}"]"#, table.account(account));
        table.node.ask("anvil_setBalance", &params);
    }
    let block = table.node.ask("eth_blockNumber", "[]");
    let block: U256 = block.as_str().expect("a number").parse().expect("a number");
    let before = [0, 1].map(|account| world.balance(account));
    let game = world.propose(&factory, 9, lie.proposed(&world));

    let truth = format!(
        "--superroot-rpc {} --prestate {} --preimages {}",
        world.node.url,
        world.program(),
        world.preimages()
    );
    let common = format!("challenge --game {game} {truth} --patience 20s");
    let (timestamp, step) = lie.place;
    let lying = format!(
        "{common} --cheat liar --lie-from-timestamp {timestamp}/{step} --state-lie {} --lie-from-step {}",
        lie.states, lie.from_step
    );
    let duel = Duel {
        cheat: Challenger::start(&table, CHEAT, lying),
        honest: Challenger::start(&table, HONEST, common),
        node: &world.node,
        random: Random(0x5eed_0021),
    };
    duel.play(&table, || world.show(&game));

    let line = format!("game report --game {game} --json --output - {truth}");
    let report = json(table.run(HONEST, &line).ok());
    check_claims(&report, lie, max, &table.account(1));
    draws(
        &table,
        &format!("game report --game {game} {truth}"),
        &["The trace", "at-step", "The one instruction"],
    );
    let shown = table
        .run(HONEST, &format!("game show --game {game} {truth}"))
        .ok();
    assert!(shown.contains("decided claim"), "{shown}");
    for (account, before) in [0, 1].into_iter().zip(before) {
        let address = table.account(account);
        let ledger = Ledger::of(&table.node, &address, block.to());
        let told = account_of(&report, &address);
        let (posted, won) = (wei(told, "posted"), wei(told, "won"));
        assert_eq!(ledger.posted, posted, "{told:#}");
        assert_eq!(wei(told, "open"), U256::ZERO);
        let after = world.balance(account);
        // To the last wei: what it had, less the bonds and the gas, and what it has won.
        assert_eq!(after + ledger.gas + posted, before + won, "{told:#}");
        eprintln!("{address}: {} transactions", ledger.count);
    }
}

/// Asserts that a browser, if there is one, draws a report with these words.
fn draws(table: &Table, line: &str, words: &[&str]) {
    let Some(browser) = crate::browser::browser() else {
        return;
    };
    let path = table.shop.path("report.html");
    table
        .run(HONEST, &format!("{line} --output {}", path.display()))
        .ok();
    let page = crate::browser::draw(&browser, &path, &table.shop.path("profile"));
    for words in words {
        assert!(page.contains(words), "no `{words}` in\n{page}");
    }
}

fn wei(account: &Value, what: &str) -> U256 {
    account[what].as_str().expect(what).parse().expect(what)
}

/// Who has won, by what, and that no claim of the honest side was countered.
fn check_claims(report: &Value, lie: &Lie, max: u8, honest: &str) {
    let status = if lie.is_proposed {
        "challenger-wins"
    } else {
        "defender-wins"
    };
    assert_eq!(report["status"], status);
    assert_eq!(report["proposal"]["right"], !lie.is_proposed);
    let claims = report["claims"].as_array().expect("claims");
    let stepped: Vec<_> = claims.iter().filter(|c| c["stepped"] == true).collect();
    assert_eq!(
        claims.len(),
        usize::from(max) + 1,
        "one claim at each depth"
    );
    assert_eq!(stepped.len(), 1);
    for (index, claim) in claims.iter().enumerate().skip(1) {
        let is_honest = claim["claimant"] == *honest && lie.is_proposed;
        assert!(
            !is_honest || claim["counteredBy"].is_null(),
            "claim {index}"
        );
    }
    let told = &report["instruction"];
    assert_ne!(told["claimed"], told["after"], "{told:#}");
}

#[test]
fn a_lie_about_an_optimistic_block_loses() {
    the_honest_win(
        OF_PROPOSER,
        &Lie {
            place: (START, 2),
            states: "outputs",
            is_proposed: true,
            from_step: 1_000,
        },
    );
}

#[test]
fn a_lie_about_a_step_without_a_chain_loses() {
    the_honest_win(
        OF_PROPOSER,
        &Lie {
            place: (START, 77),
            states: "outputs",
            is_proposed: true,
            from_step: 200_000,
        },
    );
}

#[test]
fn a_lie_about_the_consolidation_loses() {
    the_honest_win(
        OF_PROPOSER,
        &Lie {
            place: (START + 1, 0),
            states: "outputs",
            is_proposed: true,
            from_step: 1_000_000,
        },
    );
}

#[test]
fn a_lie_about_the_super_root_itself_loses() {
    the_honest_win(
        OF_PROPOSER,
        &Lie {
            place: (END, 0),
            states: "outputs",
            is_proposed: true,
            from_step: 1_000,
        },
    );
}

#[test]
fn a_true_super_root_stands_against_a_lie_about_the_execution() {
    the_honest_win(
        OF_CHALLENGER,
        &Lie {
            place: (START + 1, 1),
            states: "invalid",
            is_proposed: false,
            from_step: 100_000,
        },
    );
}

#[test]
fn a_lie_loses_at_mainnets_depths() {
    the_honest_win(
        MAINNET,
        &Lie {
            place: (START + 1, 0),
            states: "outputs",
            is_proposed: false,
            from_step: 1_000,
        },
    );
}
