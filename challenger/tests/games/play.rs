//! Whole games on a chain in the process, between an honest challenger and a cheat, who each know only
//! the chain.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::common::between::{Between, Hook, Method};
use crate::common::players::{
    CHEAT, False, HONEST, LIE, PROPOSED, Truth, cheat, lie, outputs, scheduler, sides,
};
use crate::common::table::{check, check_money, play, proposed, read, to_the_end};
use crate::common::{CLOCK, DELAY, alphabet, signer};
use alloy_primitives::{B256, U256};
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::{Kind, Settling, Strategy};
use fpvm_challenger::scheduler::{GameScheduler, Games, Options};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::trace::Outputs as _;
use fpvm_dispute::trace::lie::Extent;
use fpvm_l1::{Error, Local, Policy};

#[test]
fn the_honest_win_by_an_instruction() {
    let (chain, _, games) = proposed(&alphabet(), &[lie()]);
    let (mut honest, mut liar) = sides(Arc::new(chain.clone()), &games, LIE);
    let mut events = Vec::new();
    to_the_end(&chain, &mut honest, &mut liar, &mut events);
    check(&chain, games[0]);
    let done = |kind| {
        let of_kind = |event: &&Event| event.event == Name::Done && event.kind == Some(kind);
        events.iter().filter(of_kind).count()
    };
    assert_eq!((done(Kind::Step), done(Kind::Pay)), (1, 1));
    assert!(done(Kind::Move) >= 4 && done(Kind::Resolve) >= 9);
    let refused: Vec<_> = events
        .iter()
        .filter(|event| event.event == Name::Refused)
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    // Every claim and step has its reason.
    let planned = events.iter().filter(|event| event.event == Name::Planned);
    for event in planned {
        assert!(event.why.len() > 10, "{event:?}");
    }
    assert!(events.iter().any(|event| event.event == Name::Over));
    let mut silent = |_: &Event| ();
    let round = honest
        .round(&mut EventSink(&mut silent))
        .expect("the chain answers");
    assert!(round.is_over);
}

#[test]
fn a_whole_game_at_depth_73() {
    let mut setup = alphabet();
    (setup.params.max_depth, setup.params.split_depth) = (73, 30);
    let (chain, _, games) = proposed(&setup, &[lie()]);
    let extent = Extent {
        steps_from: Some((1 << 41) + 12_345),
        ..LIE
    };
    let (mut honest, mut liar) = sides(Arc::new(chain.clone()), &games, extent);
    let mut events = Vec::new();
    to_the_end(&chain, &mut honest, &mut liar, &mut events);
    check_money(&chain, games[0]);
    // The last claim is the challenger's, and no instruction contradicts it.
    assert_eq!(read(&chain, games[0]).1.claims().len(), 74);
}

/// A connection that ends after so many calls; nothing that is asked after that reaches the chain. The
/// last transaction gets there or not.
struct Mortal {
    left: AtomicI64,
    /// Blocks come only when somebody waits for them.
    mines: bool,
}

impl Hook for Mortal {
    fn before(&self, _chain: &Local, _method: Method) -> Result<(), Error> {
        if self.left.fetch_sub(1, Ordering::Relaxed) > 0 {
            Ok(())
        } else {
            Err(Error::Unreachable {
                node: "the test".into(),
                why: "killed".into(),
                tried: Duration::ZERO,
            })
        }
    }

    fn pause(&self, chain: &Local) {
        if self.mines && self.left.load(Ordering::Relaxed) > 0 {
            chain.mine(1);
        }
    }
}

/// A game in which the honest challenger is killed again and again, each time after some calls.
fn killed(seed: u64, automatic: bool) -> usize {
    let (chain, _, games) = proposed(&alphabet(), &[lie()]);
    let listed = Games::Listed(games.clone());
    let mut liar = scheduler(
        Arc::new(chain.clone()),
        CHEAT,
        listed.clone(),
        False(LIE),
        cheat(100),
    );
    let mut state = seed;
    let mut random = move |most: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % most
    };
    let mut kills = 0;
    let mut honest = |chain: &Local| {
        chain.set_automatic(automatic);
        loop {
            let mortal = Between {
                chain: chain.clone(),
                hook: Mortal {
                    left: AtomicI64::new(1 + random(200) as i64),
                    mines: !automatic,
                },
            };
            let mortal = Arc::new(mortal);
            let options = Options {
                strategy: Strategy::Honest,
                dry_run: false,
                settling: Settling::default(),
                policy: Policy {
                    // Nobody waits for the dead.
                    patience: Duration::from_millis(40),
                    ..Policy::default()
                },
            };
            let (signer, games) = (signer(HONEST), listed.clone());
            let mut scheduler = GameScheduler::new(mortal.clone(), signer, games, Truth, options);
            let mut silent = |_: &Event| ();
            // What the chain does not tell about one game does not end a round.
            let is_dead = || mortal.hook.left.load(Ordering::Relaxed) <= 0;
            let last = loop {
                match scheduler.round(&mut EventSink(&mut silent)) {
                    Ok(round) if round.done > 0 && !is_dead() => {}
                    other => break other,
                }
            };
            kills += usize::from(is_dead());
            if last.is_ok() && !is_dead() && scheduler.players().count() == 1 {
                break;
            }
        }
        chain.set_automatic(true);
    };
    let mut other = Vec::new();
    loop {
        chain.advance(3_600);
        let before = read(&chain, games[0]).1.claims().len();
        honest(&chain);
        chain.advance(3_600);
        play(&mut liar, &mut other);
        if read(&chain, games[0]).1.claims().len() == before {
            break;
        }
    }
    chain.advance(2 * CLOCK);
    honest(&chain);
    chain.advance(DELAY);
    honest(&chain);
    check(&chain, games[0]);
    kills
}

#[test]
fn killed_anywhere_it_goes_on() {
    let (mut kills, mut games) = (0, 0);
    while kills < 200 {
        kills += killed(games, games % 2 == 0);
        games += 1;
        assert!(games < 100, "only {kills} deaths in {games} games");
    }
}

#[test]
fn a_hundred_games_at_once() {
    let mut roots: Vec<_> = (0..100u8).map(|n| B256::repeat_byte(n ^ 0x55)).collect();
    roots[99] = outputs().output(U256::from(PROPOSED)).expect("listed");
    let (chain, deployment, games) = proposed(&alphabet(), &roots);
    let created = Games::Created {
        factory: Factory(deployment.factory),
        types: vec![255],
        window: 10 * DELAY,
    };
    let mut honest = scheduler(
        Arc::new(chain.clone()),
        HONEST,
        created,
        Truth,
        Strategy::Honest,
    );
    let mut events = Vec::new();
    play(&mut honest, &mut events);
    for (address, root) in games.iter().zip(&roots) {
        let (_, game) = read(&chain, *address);
        let is_right = *root == roots[99];
        assert_eq!(game.claims().len(), if is_right { 1 } else { 2 });
    }
    chain.advance(2 * CLOCK);
    play(&mut honest, &mut events);
    for (address, root) in games.iter().zip(&roots) {
        let expected = if *root == roots[99] {
            GameStatus::DefenderWins
        } else {
            GameStatus::ChallengerWins
        };
        assert_eq!(read(&chain, *address).1.status(), expected);
    }
}

#[test]
fn what_a_reorg_drops_is_done_again() {
    let (chain, _, games) = proposed(&alphabet(), &[lie()]);
    let (mut honest, mut liar) = sides(Arc::new(chain.clone()), &games, LIE);
    let (mut events, mut other) = (Vec::new(), Vec::new());
    for turn in 0..4 {
        play(&mut honest, &mut events);
        let before = read(&chain, games[0]).1.claims().len();
        // The newest claim is gone for good, or waits again.
        chain.reorg(1, turn % 2 == 0);
        chain.mine(1);
        play(&mut honest, &mut events);
        assert_eq!(read(&chain, games[0]).1.claims().len(), before);
        play(&mut liar, &mut other);
    }
    to_the_end(&chain, &mut honest, &mut liar, &mut events);
    check(&chain, games[0]);
}
