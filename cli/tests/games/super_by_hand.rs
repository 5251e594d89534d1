//! Super games on anvil by hand and by watching: what the commands say of a game that one account proposes, and what they
//! ask for.

use crate::common::json;
use crate::super_table::{END, START, SuperTable};
use crate::table::{CHEAT, FINALITY, HONEST, Table};

#[test]
fn a_game_of_one_proposer_is_closed_by_making_it_the_anchor() {
    let Some(table) = Table::new() else { return };
    let world = SuperTable::new(&table);
    let factory = world.deploy(5, "");
    let game = world.propose(&factory, 5, world.root(END));
    let act = |line: &str| table.run(HONEST, &format!("game {line} --game {game}"));
    for line in [
        "move --claim 0 --attack --value 0x0101010101010101010101010101010101010101010101010101010101010101",
        "resolve",
    ] {
        act(line).fails(1, "won at its creation");
    }
    act("close").fails(1, "its proposal can become the anchor in");
    table.wait(FINALITY + 1);
    act("close").ok();
    act("close").fails(1, &format!("the anchor is at timestamp {END}"));
    // What it starts from now is told where something older is proposed.
    let again = format!(
        "game create --factory {factory} --game-type 5 --timestamp {} --superroot-rpc {}",
        START + 1,
        world.node.url
    );
    table
        .run(CHEAT, &again)
        .fails(1, &format!("the registry's anchor is at timestamp {END}"));
    let listed = json(
        table
            .run(
                HONEST,
                &format!("game list --factory {factory} --format json"),
            )
            .ok(),
    );
    assert_eq!(listed[0]["timestamp"], END.to_string());
    assert_eq!(listed[0]["status"], "defender-wins");
}

#[test]
fn who_watches_games_of_one_proposer_needs_no_program() {
    let Some(table) = Table::new() else { return };
    let world = SuperTable::new(&table);
    let factory = world.deploy(5, "");
    let game = world.propose(&factory, 5, world.false_root(END));
    let line = format!("challenge --once --factory {factory}");
    let watched = format!(
        "{line} --game-type super-permissioned --superroot-rpc {}",
        world.node.url
    );
    let told = table
        .run(HONEST, &watched)
        .fails(4, "its proposal is false");
    assert!(told.to_lowercase().contains(&game.to_lowercase()), "{told}");
    // Of all types some are played.
    let all = format!("{line} --superroot-rpc {}", world.node.url);
    table.run(HONEST, &all).fails(1, "--prestate");
    // A node of another kind does not know super roots.
    let outputs = format!(
        "challenge --once --game {game} --game-type 5 --rollup-rpc {} --prestate {} --preimages {}",
        world.node.url,
        world.program(),
        world.preimages(),
    );
    let outputs = outputs.replace("--game-type 5 ", "");
    table.run(HONEST, &outputs).fails(1, "--superroot-rpc");
}

#[test]
fn nobody_runs_on_no_thread() {
    let shop = crate::common::Shop::new();
    let nobody = "0x0000000000000000000000000000000000000bad";
    for line in [
        format!(
            "challenge --rpc http://127.0.0.1:1 --game {nobody} --prestate x --rollup-rpc http://127.0.0.1:1"
        ),
        format!(
            "monitor --rpc http://127.0.0.1:1 --factory {nobody} --rollup-rpc http://127.0.0.1:1"
        ),
    ] {
        shop.run(&format!("{line} --max-concurrency 0"))
            .fails(1, "a number above zero is expected");
    }
}

#[test]
fn what_lasts_is_not_said_at_each_look() {
    let Some(table) = Table::new() else { return };
    let world = SuperTable::new(&table);
    let factory = world.deploy(9, "");
    world.node.known().fails = u32::MAX;
    let mut command = table.shop.process();
    let line = format!(
        "propose --factory {factory} --superroot-rpc {} --poll-interval 100ms --patience 1s --rpc {}",
        world.node.url,
        table.node.url()
    );
    command.args(line.split(' ')).env("FPVM_PRIVATE_KEY", CHEAT);
    command.stdout(std::process::Stdio::null());
    command.stderr(std::fs::File::create(table.shop.path("err")).expect("a file"));
    let mut child = command.spawn().expect("it runs");
    std::thread::sleep(std::time::Duration::from_secs(8));
    child.kill().expect("it ran");
    child.wait().expect("it ends");
    let said = String::from_utf8(table.shop.read("err")).expect("text");
    for words in ["No heads", "This round came to nothing"] {
        let times = said.matches(words).count();
        assert!(
            (1..=2).contains(&times),
            "{words}: {times} times in\n{said}"
        );
    }
}

/// What is false in such a game is said wherever it is looked at, with what is true and what is to be done.
#[test]
fn a_false_game_of_one_proposer_is_told_as_that() {
    let Some(table) = Table::new() else { return };
    let world = SuperTable::new(&table);
    let factory = world.deploy(5, "");
    let game = world.propose(&factory, 5, world.false_root(END));
    let run = |line: &str| table.run(HONEST, &format!("game {line} --game {game}"));
    let truth = format!("--superroot-rpc {}", world.node.url);
    let own = world.root(END).hash().to_string();

    let unknown = run("show").ok();
    assert!(unknown.contains("is not known here"), "{unknown}");
    for text in [
        run(&format!("show {truth}")).ok(),
        run(&format!("advise {truth}")).ok(),
    ] {
        for part in ["FALSE", &own, "the guardian has to blacklist it", "UTC"] {
            assert!(text.contains(part), "no `{part}` in\n{text}");
        }
    }
    let shown = json(run(&format!("show --format json {truth}")).ok());
    assert_eq!(shown["proposal"]["right"], false);
    assert_eq!(shown["proposal"]["truth"], own);
    // It has neither depths nor clocks, and none are made up.
    let rules = shown["rules"].as_object().expect("rules");
    assert_eq!(rules.keys().collect::<Vec<_>>(), ["gameType"], "{rules:?}");
    let advice = json(run(&format!("advise --format json {truth}")).ok());
    assert_eq!(advice[0]["action"], "blacklist");
    assert_eq!(advice[0]["until"], shown["alarm"]["until"]);
    let page = run(&format!("report {truth} --output -")).ok();
    assert!(page.contains(&own), "the truth is on the page");
    if let Some(browser) = crate::browser::browser() {
        let path = table.shop.path("report.html");
        std::fs::write(&path, page).expect("written");
        let drawn = crate::browser::draw(&browser, &path, &table.shop.path("profile"));
        for words in [
            "The proposal is FALSE",
            "the guardian has to blacklist it",
            "Facts",
        ] {
            assert!(drawn.contains(words), "no `{words}` in\n{drawn}");
        }
    }

    // A true one needs nobody.
    let right = world.propose(&factory, 5, world.root(END));
    let advise = format!("game advise --game {right} {truth}");
    let told = table.run(HONEST, &advise).ok();
    assert!(told.starts_with("the proposal is true"), "{told}");
}
