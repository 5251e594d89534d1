//! A whole game on a real node, with clocks of less than a minute.

mod common;
#[path = "../../e2e/node.rs"]
mod node;

use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::U256;
use challenger::event::{Event, Name, Tell};
use challenger::factory::Factory;
use challenger::fleet::{Fleet, Knowledge};
use challenger::read::Reader;
use challenger::read::follow::game;
use challenger::world::World;
use common::players::{CHEAT, HONEST, LIE, PROPOSED, lie, sides};
use common::{account, alphabet, wallet};
use dispute::claim::GameStatus;
use l1::{At, Chain as _, Rpc};
use node::Node;

/// Of both clocks, in seconds.
const CLOCK: u64 = 40;

fn round<K: Knowledge>(fleet: &mut Fleet<K>, events: &mut Vec<Event>) -> bool {
    let mut collect = |event: &Event| events.push(event.clone());
    let round = fleet.round(&mut Tell(&mut collect)).expect("it answers");
    round.is_over
}

fn play(node: &Node) {
    let chain = Arc::new(Rpc::connect(&node.url(), None).expect("a node"));
    // The node signs for its own account, which is rich.
    let bank = node.ask("eth_accounts", "[]")[0].to_string();
    for key in [1, CHEAT, HONEST] {
        let to = account(key);
        let gift = format!(r#"[{{"from":{bank},"to":"{to}","value":"0x3635c9adc5dea00000"}}]"#);
        node.ask("eth_sendTransaction", &gift);
    }
    while chain
        .balance(account(HONEST), At::Latest)
        .expect("a number")
        .is_zero()
    {
        chain.pause();
    }
    let mut setup = alphabet();
    setup.params.clock_extension = 5;
    setup.params.max_clock_duration = CLOCK;
    setup.params.challenge_period = 5;
    setup.delay = 10;
    let world = World::deploy(&mut wallet(chain.clone(), 1), &setup, &mut |_| ());
    let factory = Factory(world.expect("it deploys").factory);
    let (mut proposer, block) = (wallet(chain.clone(), CHEAT), U256::from(PROPOSED));
    let at = factory.create(&mut proposer, 255, lie(), block, &mut |_| ());
    let at = at.expect("it is created");
    let (mut honest, mut liar) = sides(chain.clone(), &[at], LIE);
    let (mut events, mut other) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    while !round(&mut honest, &mut events) {
        round(&mut liar, &mut other);
        chain.pause();
        assert!(begun.elapsed() < Duration::from_secs(400), "{events:#?}");
    }
    let reader = Reader::newest(&*chain).expect("a block");
    let (site, seen) = game(&reader, at).expect("a game");
    assert_eq!(seen.game.status(), GameStatus::ChallengerWins);
    let won = seen.game.claims().iter();
    assert!(
        won.clone()
            .any(|claim| claim.countered_by == Some(account(HONEST)))
    );
    assert_eq!(site.bonds(&reader).expect("a number"), U256::ZERO);
    let refused = events.iter().filter(|event| event.event == Name::Refused);
    assert_eq!(refused.count(), 0, "{events:#?}");
}

#[test]
fn on_anvil() {
    if let Some(node) = Node::anvil(&["--block-time", "1"]) {
        play(&node);
    }
}

#[test]
fn on_geth() {
    if let Some(node) = Node::geth(1) {
        play(&node);
    }
}
