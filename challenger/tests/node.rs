//! Whole games on real nodes, with clocks of less than a minute, between two who know the truth and one who
//! lies, who all play at once. A program of its own: time passes here, so nothing else should run beside it.

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::U256;
use common::players::{CHEAT, False, HONEST, LIE, PROPOSED, Truth, cheat, lie, scheduler};
use common::super_players::{
    START, TRUTH, Told, lies, node as super_node, own_lie, setup as super_setup,
};
use common::{account, alphabet, wallet};
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::factory::{Claimed, Factory};
use fpvm_challenger::player::Strategy;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::watch::game;
use fpvm_challenger::scheduler::{GameScheduler, Games, TraceSource};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::super_root::SuperStep;
use fpvm_dispute::trace::lie::Extent;
use fpvm_e2e::node::Node;
use fpvm_l1::{At, Chain as _, Rpc};

/// Of both clocks, in seconds.
const CLOCK: u64 = 40;

/// Another one who knows the truth, beside the first.
const SECOND: u8 = 4;

/// Plays until nothing is ever to be done again; what happened.
fn to_the_end<K: TraceSource>(chain: &Rpc, mut scheduler: GameScheduler<K>) -> Vec<Event> {
    let (begun, mut events) = (Instant::now(), Vec::new());
    loop {
        let mut collect = |event: &Event| events.push(event.clone());
        let round = scheduler.round(&mut EventSink(&mut collect));
        if round.expect("it answers").is_over {
            return events;
        }
        chain.pause();
        assert!(begun.elapsed() < Duration::from_secs(400), "{events:#?}");
    }
}

/// Who plays: two who know the truth, and one who lies, each over a connection of its own.
struct Sides<T, L> {
    truth: fn(Arc<Rpc>) -> T,
    lie: fn(Arc<Rpc>) -> L,
}

/// A whole game over `setup`, with clocks that pass while it is played, which the proposer loses.
fn play<T: TraceSource, L: TraceSource>(
    node: &Node,
    mut setup: Setup,
    claimed: &Claimed,
    sides: &Sides<T, L>,
) {
    let chain = Arc::new(Rpc::connect(&node.url(), None).expect("a node"));
    // The node signs for its own account, which is rich.
    let bank = node.ask("eth_accounts", "[]")[0].to_string();
    for key in [1, CHEAT, HONEST, SECOND] {
        let to = account(key);
        let gift = format!(r#"[{{"from":{bank},"to":"{to}","value":"0x3635c9adc5dea00000"}}]"#);
        node.ask("eth_sendTransaction", &gift);
    }
    while chain
        .balance(account(SECOND), At::Latest)
        .expect("a number")
        .is_zero()
    {
        chain.pause();
    }
    setup.params.clock_extension = 5;
    setup.params.max_clock_duration = CLOCK;
    setup.params.challenge_period = 5;
    (setup.delay, setup.finality_delay) = (10, 10);
    let deployment = Deployment::deploy(&mut wallet(chain.clone(), 1), &setup, &mut |_| ());
    let factory = Factory(deployment.expect("it deploys").factory);
    let mut proposer = wallet(chain.clone(), CHEAT);
    let at = factory.create_about(&mut proposer, setup.params.game_type, claimed, &mut |_| ());
    let at = at.expect("it is created");
    // All at once, each over a connection of its own.
    let listed = || Games::Listed(vec![at]);
    let connect = || Arc::new(Rpc::connect(&node.url(), None).expect("a node"));
    let honest = |key| {
        let (chain, truth) = (connect(), (sides.truth)(connect()));
        to_the_end(
            &chain.clone(),
            scheduler(chain, key, listed(), truth, Strategy::Honest),
        )
    };
    let events = std::thread::scope(|scope| {
        let threads = [HONEST, SECOND].map(|key| scope.spawn(move || honest(key)));
        let (chain, lie) = (connect(), (sides.lie)(connect()));
        to_the_end(
            &chain.clone(),
            scheduler(chain, CHEAT, listed(), lie, cheat(100)),
        );
        threads
            .map(|thread| thread.join().expect("it plays to the end"))
            .concat()
    });
    let reader = Reader::newest(&*chain).expect("a block");
    let (game_params, seen) = game(&reader, at).expect("a game");
    assert_eq!(seen.game.status(), GameStatus::ChallengerWins);
    let honest = [HONEST, SECOND].map(account);
    let mut won = seen.game.claims().iter();
    assert!(won.any(|claim| claim.countered_by.is_some_and(|by| honest.contains(&by))));
    assert_eq!(game_params.bonds(&reader).expect("a number"), U256::ZERO);
    let is_wrong = |event: &Event| matches!(event.event, Name::Refused | Name::Trouble);
    assert!(!events.iter().any(is_wrong), "{events:#?}");
    let overtaken = events.iter().filter(|event| event.event == Name::Overtaken);
    eprintln!("somebody else was first {} times", overtaken.count());
}

/// A game of 2024 about an output.
fn about_an_output(node: &Node) {
    let claimed = Claimed::Output {
        root: lie(),
        block: U256::from(PROPOSED),
    };
    let sides = Sides {
        truth: |_| Truth,
        lie: |_| False(LIE),
    };
    play(node, alphabet(), &claimed, &sides);
}

/// A super game, by what a node of two chains says.
fn about_a_super_root(node: &Node) {
    fn lie() -> Extent {
        lies(
            SuperStep {
                timestamp: START + 1,
                step: 3,
            },
            8,
        )
    }
    let sides = Sides {
        truth: |chain| Told::by(&super_node(), chain, TRUTH),
        lie: |chain| Told::by(&super_node(), chain, lie()),
    };
    let claimed = Claimed::SuperRoot(own_lie(lie()));
    play(node, super_setup(), &claimed, &sides);
}

#[test]
fn on_anvil() {
    if let Some(node) = Node::anvil(&["--block-time", "1"]) {
        about_an_output(&node);
    }
}

#[test]
fn on_geth() {
    // Both at once, because most of the time is waiting.
    if let (Some(one), Some(other)) = (Node::geth(1), Node::geth(1)) {
        std::thread::scope(|scope| {
            scope.spawn(|| about_an_output(&one));
            about_a_super_root(&other);
        });
    }
}
