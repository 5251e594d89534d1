//! Games on a chain in the process, from their proposal to the last payment.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::calls;
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::event::{Event, EventSink};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::watch::game;
use fpvm_challenger::scheduler::{GameScheduler, TraceSource};
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::{GameStatus, Side};
use fpvm_dispute::game::Game;
use fpvm_dispute::game::moves::Move;
use fpvm_l1::Local;

use super::players::{CHEAT, HONEST, PROPOSED};
use super::{CLOCK, DELAY, account, deployment, wallet};

/// A world with games about lies, from block `PROPOSED` down.
pub(crate) fn proposed(setup: &Setup, roots: &[B256]) -> (Local, Deployment, Vec<Address>) {
    let (chain, deployment) = deployment(setup);
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let factory = Factory(deployment.factory);
    let mut create = |root| {
        let block = U256::from(PROPOSED);
        let created = factory.create(
            &mut proposer,
            setup.params.game_type,
            root,
            block,
            &mut |_| (),
        );
        created.expect("it is created")
    };
    let games = roots.iter().map(|root| create(*root)).collect();
    (chain, deployment, games)
}

/// Rounds of somebody until nothing is left to do now; what happened is collected.
pub(crate) fn play<K: TraceSource>(
    scheduler: &mut GameScheduler<K>,
    events: &mut Vec<Event>,
) -> usize {
    let mut all = 0;
    loop {
        let mut collect = |event: &Event| events.push(event.clone());
        let round = scheduler
            .round(&mut EventSink(&mut collect))
            .expect("the chain answers");
        all += round.done;
        if round.done == 0 {
            return all;
        }
    }
}

pub(crate) fn read(chain: &Local, address: Address) -> (GameParams, Game) {
    let reader = Reader::newest(chain).expect("a block");
    let (game_params, seen) = game(&reader, address).expect("a game");
    (game_params, seen.game)
}

/// What must be true of a game between the two that is over: it was decided by an instruction, rightly,
/// nothing was done twice, and every bond went to whom it should.
pub(crate) fn check(chain: &Local, address: Address) {
    let (_, game) = read(chain, address);
    let deepest = game.rules().max_depth();
    let leaves = game.claims().iter();
    let leaves = leaves.filter(|claim| claim.position.depth() == deepest);
    let stepped = leaves.filter(|leaf| leaf.countered_by == Some(account(HONEST)));
    assert_eq!(stepped.count(), 1, "an instruction decides");
    check_money(chain, address);
}

pub(crate) fn check_money(chain: &Local, address: Address) {
    let (game_params, game) = read(chain, address);
    assert_eq!(game.status(), GameStatus::ChallengerWins);
    for (index, claim) in game.claims().iter().enumerate() {
        let honest = claim.claimant == account(HONEST);
        assert_eq!(claim.countered_by.is_some(), !honest, "claim {index}");
        let at = claim.position;
        let twins = game.claims().iter();
        let twins = twins.filter(|other| {
            (other.parent, other.position, other.claimant) == (claim.parent, at, claim.claimant)
        });
        assert_eq!(twins.count(), 1, "claim {index} was made once");
    }
    let reader = Reader::newest(chain).expect("a block");
    assert_eq!(game_params.bonds(&reader).expect("a number"), U256::ZERO);
}

/// Two fleets play until both are done, with an hour between their turns, and then through all delays.
pub(crate) fn to_the_end<A: TraceSource, B: TraceSource>(
    chain: &Local,
    honest: &mut GameScheduler<A>,
    cheat: &mut GameScheduler<B>,
    events: &mut Vec<Event>,
) {
    with_others(chain, honest, cheat, events, &mut || ());
}

/// The same, while others do something between the turns.
pub(crate) fn with_others<A: TraceSource, B: TraceSource>(
    chain: &Local,
    honest: &mut GameScheduler<A>,
    cheat: &mut GameScheduler<B>,
    events: &mut Vec<Event>,
    others: &mut dyn FnMut(),
) {
    let (mut other, mut idle) = (Vec::new(), 0);
    // Somebody who has failed tries again after at most an hour; a large pre-image takes a day.
    while idle < 26 {
        chain.advance(1_800);
        let made = play(honest, events);
        others();
        chain.advance(1_800);
        idle = match made + play(cheat, &mut other) {
            0 => idle + 1,
            _ => 0,
        };
    }
    chain.advance(2 * CLOCK);
    play(honest, events);
    chain.advance(DELAY);
    play(honest, events);
}

/// Somebody answers the first answer with what is wrong.
pub(crate) fn contradict(chain: &Local, game: Address) {
    let (game_params, seen) = read(chain, game);
    let answered = &seen.claims()[1];
    let mv = Move {
        disputed: answered.claim,
        parent: 1,
        claim: B256::repeat_byte(0xee),
        side: Side::Attack,
    };
    let bond = game_params.rules.required_bond(answered.position.attack());
    let request = calls::game(game, &GameAction::Move(mv), bond.expect("a bond"));
    let mut cheat = wallet(Arc::new(chain.clone()), CHEAT);
    cheat.send(&[request], &mut |_| ()).expect("it is sent");
}
