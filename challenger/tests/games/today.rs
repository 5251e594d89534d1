//! Whole games of today (2.4.2), between an honest challenger and a cheat, until every bond is where it belongs: won,
//! given back, in a pause, with others' bonds, and beside games of 2024.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::between::{Between, Hook, Method};
use crate::common::players::{CHEAT, HONEST, LIE, PROPOSED, Truth, lie, outputs, scheduler, sides};
use crate::common::table::{play, proposed, read};
use crate::common::{CLOCK, DELAY, FINALITY, PURSE, account, alphabet, signer, today, wallet};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use fpvm_challenger::calls;
use fpvm_challenger::deployment::{Deployment, implementation, registration};
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::factory::{CreateError, Factory};
use fpvm_challenger::player::{Kind, Settling, Strategy};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::history::history;
use fpvm_challenger::read::watch::game as read_game;
use fpvm_challenger::scheduler::{GameScheduler, Games, Options, TraceSource, Unplayable};
use fpvm_contracts::game::abi::{
    DelayedWETH, DisputeGameFactory as Calls, Judge, OutputRoot as Anchor, Pauses,
    StartingAnchorRoot,
};
use fpvm_contracts::{game, game_v7};
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::history::What;
use fpvm_dispute::rules::Params;
use fpvm_dispute::trace::Outputs as _;
use fpvm_dispute::version::Version;
use fpvm_l1::{At, Chain as _, Error, Local, Policy, Request};

/// The owner and guardian.
const OWNER: u8 = 1;
/// Has no part in any game.
const OTHER: u8 = 4;

fn honest(chain: &Local, games: &[Address], settling: Settling) -> GameScheduler<Truth> {
    let options = Options {
        strategy: Strategy::Honest,
        dry_run: false,
        policy: Policy::default(),
        settling,
    };
    let games = Games::Listed(games.to_vec());
    GameScheduler::new(
        Arc::new(chain.clone()),
        signer(HONEST),
        games,
        Truth,
        options,
    )
}

fn send(chain: &Local, key: u8, to: Address, data: Vec<u8>) {
    let request = Request {
        what: "do it".into(),
        to: Some(to),
        data: data.into(),
        value: U256::ZERO,
        gas: None,
    };
    let mut sender = wallet(Arc::new(chain.clone()), key);
    sender.send(&[request], &mut |_| ()).expect("it is done");
}

/// The claims are made and resolved, and the game too; nothing is closed yet.
fn resolved(
    chain: &Local,
    games: &[Address],
    settling: Settling,
) -> (GameScheduler<Truth>, Vec<Event>) {
    let (mut other, mut events) = (Vec::new(), Vec::new());
    let (_, mut liar) = sides(Arc::new(chain.clone()), games, LIE);
    let mut honest = honest(chain, games, settling);
    let mut idle = 0;
    while idle < 3 {
        chain.advance(1_800);
        let made = play(&mut honest, &mut events);
        chain.advance(1_800);
        idle = match made + play(&mut liar, &mut other) {
            0 => idle + 1,
            _ => 0,
        };
    }
    chain.advance(2 * CLOCK);
    play(&mut honest, &mut events);
    for game in games {
        assert_ne!(read(chain, *game).1.status(), GameStatus::InProgress);
    }
    (honest, events)
}

fn done(events: &[Event], kind: Kind) -> usize {
    let of_kind = |event: &&Event| event.event == Name::Done && event.kind == Some(kind);
    events.iter().filter(of_kind).count()
}

fn named(events: &[Event], name: Name) -> Vec<&Event> {
    events.iter().filter(|event| event.event == name).collect()
}

/// What happened to an account's bonds, in words.
fn states(events: &[Event], account: Address) -> Vec<&str> {
    let account = account.to_string();
    let bonds = events.iter().filter(|event| event.event == Name::Bonds);
    bonds
        .filter_map(|event| event.what.strip_prefix(&account))
        .map(str::trim_start)
        .collect()
}

fn balance(chain: &Local, account: Address) -> U256 {
    chain.balance(account, At::Latest).expect("a number")
}

fn over(scheduler: &mut GameScheduler<Truth>) -> bool {
    let round = scheduler.round(&mut EventSink(&mut |_: &Event| ()));
    round.expect("the chain answers").is_over
}

/// What the account has spent on gas and bonds, and got, since it began: what it should have now.
fn expected(chain: &Local, key: u8, events: &[Event], games: &[Address]) -> U256 {
    let mut left = U256::from(PURSE);
    for event in events.iter().filter(|event| event.event == Name::Done) {
        let receipt = chain.receipt(event.transaction.expect("sent"));
        let receipt = receipt.expect("an answer").expect("it is there");
        left -= U256::from(receipt.gas_used) * U256::from(receipt.gas_price);
    }
    for address in games {
        let (_, game) = read(chain, *address);
        left -= U256::from(game.posted(account(key)));
        left += match game.credits().mode {
            BondMode::Refund => U256::from(game.posted(account(key))),
            _ => U256::from(game.won(account(key))),
        };
    }
    left
}

/// When the game was closed, and the honest party's bonds were unlocked and paid, is found out afterwards.
fn history_is_told(chain: &Local, address: Address) {
    let reader = Reader::newest(chain).expect("a block");
    let (params, seen) = read_game(&reader, address).expect("a game");
    let told = history(&reader, &params, &seen, &[]).expect("it is all kept");
    let won = seen.game.won(account(HONEST));
    let closed_at = told
        .iter()
        .find(|event| event.what == What::Closed(BondMode::Normal));
    let closed_at = closed_at.expect("it was closed");
    assert_eq!(closed_at.by, Some(account(HONEST)));
    assert_eq!(closed_at.at, seen.game.resolved_at() + FINALITY + 24);
    let at = |what| {
        told.iter()
            .find(|event| event.what == what)
            .expect("told")
            .at
    };
    assert_eq!(at(What::Unlocked(account(HONEST), won)), closed_at.at);
    assert_eq!(
        at(What::Paid(account(HONEST), won)),
        closed_at.at + DELAY + 12
    );
    let payments = told
        .iter()
        .filter(|event| matches!(event.what, What::Paid(..)));
    assert_eq!(payments.count(), 1);
}

#[test]
fn bonds_that_were_won_are_paid_to_the_wei() {
    let (chain, world, games) = proposed(&today(), &[lie()]);
    let (mut honest, mut events) = resolved(&chain, &games, Settling::default());
    assert_eq!(done(&events, Kind::Step), 1, "an instruction decides");
    // Nothing is sent at the last second of the registry's delay, and everything at the next.
    let (_, game) = read(&chain, games[0]);
    let reader_time = || chain.block(At::Latest).expect("a block").time;
    let last = game.resolved_at() + FINALITY;
    chain.advance(last - reader_time() - 12);
    assert_eq!(reader_time(), last);
    assert_eq!(play(&mut honest, &mut events), 0);
    chain.mine(1);
    assert_eq!(play(&mut honest, &mut events), 1);
    assert_eq!(
        (done(&events, Kind::Unlock), done(&events, Kind::Close)),
        (1, 0)
    );
    assert_eq!(read(&chain, games[0]).1.credits().mode, BondMode::Normal);
    // The vault pays at the very end of its delay.
    let unlocked = reader_time();
    chain.advance(DELAY - 12 - 12);
    assert_eq!(reader_time(), unlocked + DELAY - 12);
    assert_eq!(play(&mut honest, &mut events), 0);
    chain.mine(1);
    assert_eq!(reader_time(), unlocked + DELAY);
    assert_eq!(play(&mut honest, &mut events), 1);
    assert_eq!(done(&events, Kind::Pay), 1);
    assert!(over(&mut honest));
    history_is_told(&chain, games[0]);

    assert_eq!(
        balance(&chain, account(HONEST)),
        expected(&chain, HONEST, &events, &games)
    );
    assert_eq!(balance(&chain, world.vault), U256::ZERO);
    let states = states(&events, account(HONEST));
    let begins = ["has posted", "has won", "is due", "was paid"];
    assert_eq!(states.len(), begins.len(), "{states:?}");
    for (state, begin) in states.iter().zip(begins) {
        assert!(state.starts_with(begin), "{states:?}");
    }
    assert!(states[2].contains("unlocked: paid from "), "{states:?}");
    for name in [Name::Refused, Name::Trouble, Name::Left] {
        assert!(
            named(&events, name).is_empty(),
            "{:?}",
            named(&events, name)
        );
    }
}

/// Why a judge does not count a game.
#[derive(Clone, Copy)]
enum Strike {
    Blacklisted,
    Retired,
    /// Another factory has made it.
    Unregistered,
}

/// A game that the registry's factory has not made.
fn of_another_factory(chain: &Local, world: &Deployment) -> Address {
    let mut owner = wallet(Arc::new(chain.clone()), OWNER);
    let create = Request {
        what: "deploy".into(),
        to: None,
        data: game_v7::factory(account(OWNER)).expect("code").into(),
        value: U256::ZERO,
        gas: None,
    };
    let receipts = owner.send(&[create], &mut |_| ()).expect("it deploys");
    let factory = receipts[0].created.expect("a contract");
    let (args, bond) = (world.args(&today().params), 80_000_000_000_000_000);
    let sets = registration(factory, 255, world.implementation, &args, bond);
    owner.send(&sets, &mut |_| ()).expect("it is done");
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let block = U256::from(PROPOSED);
    let created = Factory(factory).create(&mut proposer, 255, lie(), block, &mut |_| ());
    created.expect("it is created")
}

#[test]
fn a_game_that_does_not_count_gives_everybody_back_what_they_posted() {
    for (strike, why) in [
        (Strike::Blacklisted, "the guardian has blacklisted the game"),
        (
            Strike::Retired,
            "the guardian has retired all games of its age",
        ),
        (Strike::Unregistered, "the factory does not know the game"),
    ] {
        let (chain, world, mut games) = proposed(&today(), &[lie()]);
        if let Strike::Unregistered = strike {
            games = vec![of_another_factory(&chain, &world)];
        }
        let settling = Settling {
            claimants: vec![account(CHEAT)],
            ..Settling::default()
        };
        let (mut honest, mut events) = resolved(&chain, &games, settling);
        let held = |chain: &Local| balance(chain, world.vault);
        let before = held(&chain);
        let call = match strike {
            Strike::Blacklisted => {
                Some(Judge::blacklistDisputeGameCall { game: games[0] }.abi_encode())
            }
            Strike::Retired => Some(Judge::updateRetirementTimestampCall {}.abi_encode()),
            Strike::Unregistered => None,
        };
        if let Some(call) = call {
            send(&chain, OWNER, world.registry, call);
        }
        play(&mut honest, &mut events);
        chain.advance(FINALITY);
        assert_eq!(play(&mut honest, &mut events), 2);
        assert_eq!(read(&chain, games[0]).1.credits().mode, BondMode::Refund);
        let purse = balance(&chain, account(CHEAT));
        chain.advance(DELAY);
        assert_eq!(play(&mut honest, &mut events), 2);
        let (_, game) = read(&chain, games[0]);
        let posted = [HONEST, CHEAT].map(|key| U256::from(game.posted(account(key))));
        assert_eq!(balance(&chain, account(CHEAT)) - purse, posted[1]);
        assert_eq!(
            balance(&chain, account(HONEST)),
            expected(&chain, HONEST, &events, &games)
        );
        assert_eq!(before - held(&chain), posted[0] + posted[1]);
        assert!(over(&mut honest));
        for key in [HONEST, CHEAT] {
            let states = states(&events, account(key));
            let told = states.iter().find(|state| state.starts_with("gets back"));
            let told = told.expect("it is said");
            assert!(told.contains(&format!("because {why}")), "{told}");
            let last = states.last().expect("told");
            assert!(last.starts_with("was refunded "), "{states:?}");
        }
        assert!(named(&events, Name::Refused).is_empty());
    }
}

/// The guardian pauses when the challenger has decided, and before it sends.
struct Guardian {
    config: Address,
    is_armed: AtomicBool,
}

impl Hook for Guardian {
    fn before(&self, chain: &Local, method: Method) -> Result<(), Error> {
        if method == Method::Tip && self.is_armed.swap(false, Ordering::Relaxed) {
            let identifier = Address::ZERO;
            let pause = Pauses::pauseCall { identifier };
            send(chain, OWNER, self.config, pause.abi_encode());
        }
        Ok(())
    }

    fn pause(&self, chain: &Local) {
        chain.mine(1);
    }
}

#[test]
fn a_pause_in_the_middle_of_a_claim_stops_that_game_alone() {
    let (chain, world, mut games) = proposed(&today(), &[lie()]);
    let other = Deployment::deploy(
        &mut wallet(Arc::new(chain.clone()), OWNER),
        &today(),
        &mut |_| (),
    );
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let block = U256::from(PROPOSED);
    let factory = Factory(other.expect("it deploys").factory);
    let created = factory.create(&mut proposer, 255, lie(), block, &mut |_| ());
    games.push(created.expect("it is created"));
    resolved(&chain, &games, Settling::default());
    let between = Arc::new(Between {
        chain: chain.clone(),
        hook: Guardian {
            config: world.config,
            is_armed: AtomicBool::new(true),
        },
    });
    let listed = Games::Listed(games.clone());
    let mut honest = scheduler(between, HONEST, listed, Truth, Strategy::Honest);
    let mut events = Vec::new();
    chain.advance(FINALITY);
    for _ in 0..10 {
        play(&mut honest, &mut events);
        chain.mine(1);
    }
    // The other is unlocked; this one is refused once, and then slept over.
    assert_eq!(done(&events, Kind::Unlock), 1);
    let refused = named(&events, Name::Refused);
    let [refused] = refused[..] else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.game, Some(games[0]));
    assert!(refused.why.contains("GamePaused()"), "{refused:?}");
    assert_eq!(named(&events, Name::Trouble).len(), 1);
    let identifier = Address::ZERO;
    let unpause = Pauses::unpauseCall { identifier };
    send(&chain, OWNER, world.config, unpause.abi_encode());
    assert_eq!(play(&mut honest, &mut events), 1);
    chain.advance(DELAY);
    assert_eq!(play(&mut honest, &mut events), 2);
}

/// Somebody else takes the same step first.
struct Hasty {
    game: Address,
}

impl Hook for Hasty {
    fn before(&self, chain: &Local, method: Method) -> Result<(), Error> {
        if method == Method::Tip {
            let claim = GameAction::ClaimCredit(account(HONEST));
            let mut other = wallet(Arc::new(chain.clone()), OTHER);
            // Mostly it is too early.
            let _ = other.send(&[calls::game(self.game, &claim, 0)], &mut |_| ());
        }
        Ok(())
    }

    fn pause(&self, chain: &Local) {
        chain.mine(1);
    }
}

#[test]
fn what_others_unlock_and_have_paid_first_is_no_trouble() {
    let (chain, _, games) = proposed(&today(), &[lie()]);
    resolved(&chain, &games, Settling::default());
    let between = Arc::new(Between {
        chain: chain.clone(),
        hook: Hasty { game: games[0] },
    });
    let listed = Games::Listed(games.clone());
    let mut honest = scheduler(between, HONEST, listed, Truth, Strategy::Honest);
    let mut events = Vec::new();
    for delay in [FINALITY, DELAY] {
        chain.advance(delay);
        play(&mut honest, &mut events);
        chain.mine(1);
        play(&mut honest, &mut events);
    }
    let kinds: Vec<_> = named(&events, Name::Overtaken)
        .iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, [Some(Kind::Unlock), Some(Kind::Pay)]);
    for name in [Name::Refused, Name::Trouble, Name::Done] {
        assert!(named(&events, name).is_empty(), "{events:?}");
    }
    assert!(over(&mut honest));
}

#[test]
fn only_what_brings_a_bond_is_resolved_where_that_is_wanted() {
    let root = outputs().output(U256::from(PROPOSED)).expect("listed");
    let (chain, _, games) = proposed(&today(), &[root, lie()]);
    let settling = Settling {
        selective: true,
        ..Settling::default()
    };
    let mut honest = honest(&chain, &games, settling);
    let mut events = Vec::new();
    play(&mut honest, &mut events);
    chain.advance(2 * CLOCK);
    play(&mut honest, &mut events);
    // Its own claim, the wrong proposal that it has won by it, and that game; nothing of the right proposal's.
    assert_eq!(done(&events, Kind::Resolve), 3);
    let statuses = games.iter().map(|game| read(&chain, *game).1.status());
    let statuses: Vec<_> = statuses.collect();
    assert_eq!(
        statuses,
        [GameStatus::InProgress, GameStatus::ChallengerWins]
    );
    chain.advance(FINALITY + 3_600);
    assert_eq!(play(&mut honest, &mut events), 1);
    assert_eq!(done(&events, Kind::Close), 0);
}

#[test]
fn a_pause_is_said_once_and_slept_through() {
    let (chain, world, games) = proposed(&today(), &[lie(), B256::repeat_byte(9)]);
    let (mut honest, mut events) = resolved(&chain, &games, Settling::default());
    let identifier = Address::ZERO;
    let pause = || {
        send(
            &chain,
            OWNER,
            world.config,
            Pauses::pauseCall { identifier }.abi_encode(),
        );
    };
    let unpause = || {
        send(
            &chain,
            OWNER,
            world.config,
            Pauses::unpauseCall { identifier }.abi_encode(),
        );
    };
    let mut asleep = |honest: &mut GameScheduler<Truth>, wait: u64, times: usize| {
        pause();
        chain.advance(wait);
        for _ in 0..20 {
            assert_eq!(play(honest, &mut events), 0);
            chain.mine(1);
        }
        let told = named(&events, Name::Trouble);
        assert_eq!(told.len(), times, "{told:?}");
        assert!(
            told[times - 1].why.starts_with("the guardian has paused"),
            "{told:?}"
        );
        unpause();
        assert_eq!(play(honest, &mut events), 2);
    };
    // Before they are closed, and in the middle between unlocking and payment.
    asleep(&mut honest, FINALITY, 1);
    asleep(&mut honest, DELAY, 2);
    assert_eq!(
        (done(&events, Kind::Unlock), done(&events, Kind::Pay)),
        (2, 2)
    );
    assert_eq!(balance(&chain, world.vault), U256::ZERO);
    assert!(named(&events, Name::Refused).is_empty());
    assert!(over(&mut honest));
}

/// Somebody proposes what is true, and does nothing more.
fn right(setup: &fpvm_challenger::deployment::Setup) -> (Local, Deployment, Vec<Address>) {
    let root = outputs().output(U256::from(PROPOSED)).expect("listed");
    proposed(setup, &[root])
}

#[test]
fn a_game_that_owes_nothing_is_closed_after_a_wait_and_moves_the_anchor() {
    for close_after in [Some(7_200), None] {
        let (chain, world, games) = right(&today());
        let settling = Settling {
            close_after,
            ..Settling::default()
        };
        let mut honest = honest(&chain, &games, settling);
        let mut events = Vec::new();
        play(&mut honest, &mut events);
        chain.advance(CLOCK);
        assert_eq!(
            play(&mut honest, &mut events),
            2,
            "claim and game are resolved"
        );
        let anchor = || {
            let reader = Reader::newest(&chain).expect("a block");
            let call = Judge::anchorGameCall {};
            reader.ask(world.registry, &call).expect("an address")
        };
        chain.advance(FINALITY);
        assert_eq!(play(&mut honest, &mut events), 0);
        chain.advance(7_200);
        let expected = usize::from(close_after.is_some());
        assert_eq!(play(&mut honest, &mut events), expected);
        assert_eq!(done(&events, Kind::Close), expected);
        let moved = close_after.map_or(Address::ZERO, |_| games[0]);
        assert_eq!(anchor(), moved);
        assert!(over(&mut honest));
    }
    // Where somebody else was first there is nothing to do.
    let (chain, _, games) = right(&today());
    let mut honest = honest(&chain, &games, Settling::default());
    let mut events = Vec::new();
    chain.advance(CLOCK);
    play(&mut honest, &mut events);
    chain.advance(FINALITY);
    send(&chain, OTHER, games[0], calls::data(&GameAction::Close));
    chain.advance(7_200);
    assert_eq!(play(&mut honest, &mut events), 0);
    assert!(over(&mut honest));
}

#[test]
fn a_permissioned_game_is_resolved_and_closed_whatever_its_prestate_is() {
    let mut setup = today();
    setup.params.game_type = 1;
    let mut dead = [0; 32];
    dead[..2].copy_from_slice(&[0xde, 0xad]);
    setup.params.absolute_prestate = B256::from(dead);
    setup.params.roles = Some(Roles {
        proposer: account(CHEAT),
        challenger: account(OTHER),
    });
    let (chain, world, games) = proposed(&setup, &[lie()]);
    let mut honest = honest(&chain, &games, Settling::default());
    let mut events = Vec::new();
    play(&mut honest, &mut events);
    let found = named(&events, Name::Found);
    assert!(
        found[0]
            .what
            .starts_with("watch a game of type permissioned "),
        "{found:?}"
    );
    chain.advance(CLOCK);
    assert_eq!(play(&mut honest, &mut events), 2);
    chain.advance(FINALITY + 3_600);
    assert_eq!(play(&mut honest, &mut events), 1);
    assert_eq!(done(&events, Kind::Close), 1);
    let (_, game) = read(&chain, games[0]);
    assert_eq!(
        (game.claims().len(), game.credits().mode),
        (1, BondMode::Normal)
    );
    assert!(over(&mut honest));
    for name in [Name::Left, Name::Refused, Name::Trouble] {
        assert!(named(&events, name).is_empty(), "{events:?}");
    }
    // Who may not propose is told so before it pays.
    let factory = Factory(world.factory);
    let mut other = wallet(Arc::new(chain.clone()), OTHER);
    let created = factory.create(&mut other, 1, lie(), U256::from(PROPOSED + 1), &mut |_| ());
    assert!(
        matches!(created, Err(CreateError::NotProposer { .. })),
        "{created:?}"
    );
}

#[test]
fn a_permissioned_game_is_played_by_its_challenger() {
    let mut setup = today();
    setup.params.game_type = 1;
    setup.params.roles = Some(Roles {
        proposer: account(CHEAT),
        challenger: account(HONEST),
    });
    let (chain, world, games) = proposed(&setup, &[lie()]);
    let (mut honest, mut events) = resolved(&chain, &games, Settling::default());
    assert_eq!(done(&events, Kind::Step), 1);
    for delay in [FINALITY, DELAY] {
        chain.advance(delay);
        play(&mut honest, &mut events);
    }
    assert_eq!(balance(&chain, world.vault), U256::ZERO);
    assert_eq!(
        balance(&chain, account(HONEST)),
        expected(&chain, HONEST, &events, &games)
    );
}

/// Lets the factory create games of 2024 too, which have a registry and a vault of their own time.
fn add_2024(chain: &Local, world: &Deployment, params: &Params) -> Address {
    let mut owner = wallet(Arc::new(chain.clone()), OWNER);
    let mut create = |code: Vec<u8>| {
        let request = Request {
            what: "deploy".into(),
            to: None,
            data: code.into(),
            value: U256::ZERO,
            gas: None,
        };
        let receipts = owner.send(&[request], &mut |_| ()).expect("it deploys");
        receipts[0].created.expect("a contract")
    };
    let config = create(game::config(account(OWNER)).expect("code"));
    let vault = create(game::vault(DELAY, account(OWNER), config).expect("code"));
    let anchors = vec![StartingAnchorRoot {
        gameType: params.game_type,
        outputRoot: Anchor {
            root: alphabet().anchor.root,
            l2BlockNumber: U256::ZERO,
        },
    }];
    let registry = game::registry(world.factory, anchors, config);
    let registry = create(registry.expect("code"));
    let code = implementation(params, world.vm, vault, registry).expect("code");
    let implementation = create(code);
    let bond = 80_000_000_000_000_000;
    for request in registration(world.factory, params.game_type, implementation, &[], bond) {
        send(chain, OWNER, world.factory, request.data.to_vec());
    }
    vault
}

#[test]
fn games_of_2024_and_of_today_are_played_beside_each_other() {
    let (chain, world, mut games) = proposed(&today(), &[lie()]);
    let old = Params {
        version: Version::V1_3,
        game_type: 0,
        ..today().params
    };
    let vault = add_2024(&chain, &world, &old);
    let factory = Factory(world.factory);
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let created = factory.create(&mut proposer, 0, lie(), U256::from(PROPOSED), &mut |_| ());
    games.push(created.expect("it is created"));
    let versions: Vec<_> = games
        .iter()
        .map(|game| read(&chain, *game).0.version)
        .collect();
    assert_eq!(versions, ["2.4.2", "1.3.1"]);

    // They are found through the factory.
    let (_, mut liar) = sides(Arc::new(chain.clone()), &games, LIE);
    let created = Games::Created {
        factory,
        types: Vec::new(),
        window: u64::MAX,
    };
    let shared = Arc::new(chain.clone());
    let mut honest = scheduler(shared, HONEST, created, Truth, Strategy::Honest);
    let mut events = Vec::new();
    for _ in 0..20 {
        chain.advance(1_800);
        play(&mut honest, &mut events);
        chain.advance(1_800);
        play(&mut liar, &mut Vec::new());
    }
    for wait in [2 * CLOCK, FINALITY, DELAY, DELAY] {
        chain.advance(wait);
        play(&mut honest, &mut events);
    }
    assert_eq!(done(&events, Kind::Step), 2);
    // That of 2024 is paid at once after the vault's delay.
    assert_eq!(
        (done(&events, Kind::Unlock), done(&events, Kind::Pay)),
        (1, 2)
    );
    for vault in [vault, world.vault] {
        assert_eq!(balance(&chain, vault), U256::ZERO);
    }
    assert_eq!(
        balance(&chain, account(HONEST)),
        expected(&chain, HONEST, &events, &games)
    );
    assert!(named(&events, Name::Refused).is_empty());
}

#[test]
fn who_is_started_anew_at_every_round_does_nothing_twice() {
    let (chain, world, games) = proposed(&today(), &[lie()]);
    let (_, mut liar) = sides(Arc::new(chain.clone()), &games, LIE);
    let mut events = Vec::new();
    let mut round = || {
        let mut made = 0;
        loop {
            let mut fresh = honest(&chain, &games, Settling::default());
            let mut collect = |event: &Event| events.push(event.clone());
            let round = fresh.round(&mut EventSink(&mut collect));
            match round.expect("the chain answers").done {
                0 => return made,
                more => made += more,
            }
        }
    };
    for _ in 0..12 {
        chain.advance(1_800);
        round();
        chain.advance(1_800);
        play(&mut liar, &mut Vec::new());
    }
    for wait in [2 * CLOCK, FINALITY, DELAY, DELAY] {
        chain.advance(wait);
        round();
        assert_eq!(round(), 0);
    }
    let (_, game) = read(&chain, games[0]);
    let moves = game.claims().iter();
    let moves = moves
        .filter(|claim| claim.claimant == account(HONEST))
        .count();
    assert_eq!(done(&events, Kind::Move), moves);
    for kind in [Kind::Step, Kind::Unlock, Kind::Pay] {
        assert_eq!(done(&events, kind), 1, "{kind:?}");
    }
    assert_eq!(balance(&chain, world.vault), U256::ZERO);
    assert_eq!(
        balance(&chain, account(HONEST)),
        expected(&chain, HONEST, &events, &games)
    );
}

#[test]
fn a_vault_without_the_money_is_said_once_and_the_other_game_goes_on() {
    let (chain, world, mut games) = proposed(&today(), &[lie()]);
    // Another world, whose vault keeps its money.
    let other = Deployment::deploy(
        &mut wallet(Arc::new(chain.clone()), OWNER),
        &today(),
        &mut |_| (),
    );
    let other = other.expect("it deploys");
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let block = U256::from(PROPOSED);
    let created = Factory(other.factory).create(&mut proposer, 255, lie(), block, &mut |_| ());
    games.push(created.expect("it is created"));
    let (mut honest, mut events) = resolved(&chain, &games, Settling::default());
    chain.advance(FINALITY);
    play(&mut honest, &mut events);
    let take = DelayedWETH::recoverCall { wad: U256::ONE };
    send(&chain, OWNER, world.vault, take.abi_encode());
    chain.advance(DELAY);
    for _ in 0..5 {
        play(&mut honest, &mut events);
        chain.mine(1);
    }
    assert_eq!(done(&events, Kind::Pay), 1);
    assert_eq!(balance(&chain, other.vault), U256::ZERO);
    let told = named(&events, Name::Trouble);
    let [told] = told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(told.game, Some(games[0]));
    assert!(
        told.why
            .starts_with(&format!("the vault {} does not have the ", world.vault)),
        "{told:?}"
    );
    // Once the money is there again it is paid.
    chain.fund(world.vault, U256::ONE);
    chain.mine(1);
    assert_eq!(play(&mut honest, &mut events), 1);
    assert!(over(&mut honest));
}

/// Creates a contract that passes on what it gets (20 bytes of an address, then the data) with the ether, and
/// takes none without data.
const STUBBORN: [u8; 46] = [
    0x60, 35, 0x80, 0x60, 11, 0x60, 0, 0x39, 0x60, 0, 0xf3, // returns the rest
    0x36, 0x60, 8, 0x57, 0x60, 0, 0x80, 0xfd, // reverts without data
    0x5b, 0x36, 0x60, 0, 0x60, 0, 0x37, // data to memory
    0x60, 0, 0x60, 0, 0x60, 20, 0x36, 0x03, 0x60,
    20, // nothing is returned; behind the address
    0x34, 0x60, 0, 0x51, 0x60, 96, 0x1c, 0x5a, 0xf1, 0, // with the value, to the address
];

#[test]
fn a_claimant_that_refuses_money_is_said_once_and_the_other_game_goes_on() {
    let (chain, world, mut games) = proposed(&today(), &[lie()]);
    let mut owner = wallet(Arc::new(chain.clone()), OWNER);
    let mut send = |to: Option<Address>, data: Vec<u8>, value: U256| {
        let request = Request {
            what: "do it".into(),
            to,
            data: data.into(),
            value,
            gas: None,
        };
        let receipts = owner.send(&[request], &mut |_| ()).expect("it is done");
        receipts[0].created
    };
    let stubborn = send(None, STUBBORN.to_vec(), U256::ZERO).expect("a contract");
    let root = outputs().output(U256::from(PROPOSED)).expect("listed");
    let create = Calls::createCall {
        gameType: 255,
        rootClaim: root,
        extraData: U256::from(PROPOSED).to_be_bytes_vec().into(),
    };
    let data = [world.factory.to_vec(), create.abi_encode()].concat();
    let bond = 80_000_000_000_000_000_u64;
    send(Some(stubborn), data, U256::from(bond));
    let reader = Reader::newest(&chain).expect("a block");
    games.push(
        Factory(world.factory)
            .game(&reader, 1)
            .expect("listed")
            .game,
    );
    assert_eq!(read(&chain, games[1]).0.proposal.creator, stubborn);

    let settling = Settling {
        claimants: vec![stubborn],
        ..Settling::default()
    };
    let (mut honest, mut events) = resolved(&chain, &games, settling);
    chain.advance(FINALITY);
    assert_eq!(play(&mut honest, &mut events), 3);
    chain.advance(DELAY);
    for _ in 0..5 {
        play(&mut honest, &mut events);
        chain.mine(1);
    }
    assert_eq!(done(&events, Kind::Pay), 2);
    assert_eq!(balance(&chain, world.vault), U256::from(bond));
    let refused = named(&events, Name::Refused);
    let [refused] = refused[..] else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.game, Some(games[1]));
    assert!(refused.why.contains("BondTransferFailed()"), "{refused:?}");
}

#[test]
fn a_game_of_an_unknown_version_is_left_and_the_others_go_on() {
    /// A contract that has one answer to everything: the version of a game that nobody knows yet.
    const UNKNOWN: [u8; 38] = [
        0x60, 27, 0x80, 0x60, 11, 0x60, 0, 0x39, 0x60, 0, 0xf3, // returns the rest
        0x60, 32, 0x60, 0, 0x52, 0x60, 5, 0x60, 32, 0x52, // a text of 5 bytes
        0x64, b'9', b'.', b'0', b'.', b'0', 0x60, 216, 0x1b, 0x60, 64, 0x52, // itself
        0x60, 96, 0x60, 0, 0xf3,
    ];
    let (chain, _, games) = proposed(&today(), &[lie()]);
    let request = Request {
        what: "deploy".into(),
        to: None,
        data: UNKNOWN.to_vec().into(),
        value: U256::ZERO,
        gas: None,
    };
    let mut owner = wallet(Arc::new(chain.clone()), OWNER);
    let receipts = owner.send(&[request], &mut |_| ()).expect("it deploys");
    let unknown = receipts[0].created.expect("a contract");
    let mut honest = honest(&chain, &[unknown, games[0]], Settling::default());
    let mut events = Vec::new();
    for _ in 0..3 {
        play(&mut honest, &mut events);
        chain.mine(1);
    }
    let left = named(&events, Name::Left);
    let [left] = left[..] else {
        panic!("{left:?}");
    };
    assert!(left.why.contains("its version is 9.0.0"), "{left:?}");
    assert_eq!(read(&chain, games[0]).1.claims().len(), 2);
}

#[test]
fn arguments_of_a_wrong_length_are_said_before_anything_is_paid() {
    let (chain, world, _) = proposed(&today(), &[lie()]);
    let params = today().params;
    let mut args = world.args(&params);
    args.pop();
    let sets = registration(world.factory, 8, world.implementation, &args, 1);
    for request in sets {
        send(&chain, OWNER, world.factory, request.data.to_vec());
    }
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let factory = Factory(world.factory);
    let created = factory.create(&mut proposer, 8, lie(), U256::from(PROPOSED), &mut |_| ());
    let error = created.expect_err("no game takes them").to_string();
    assert!(error.contains("123 bytes of arguments"), "{error}");
}

#[test]
fn who_knows_no_truth_still_looks_after_its_bonds() {
    let (chain, world, games) = proposed(&today(), &[lie()]);
    let (_, mut events) = resolved(&chain, &games, Settling::default());
    // Its program is another by now.
    struct Blind;
    impl TraceSource for Blind {
        type Trace = crate::common::players::All;

        fn of(&mut self, _: &GameParams) -> Result<Self::Trace, Unplayable> {
            Err(Unplayable {
                why: "nobody has its program".into(),
                is_final: true,
            })
        }
    }
    let listed = Games::Listed(games.clone());
    let shared = Arc::new(chain.clone());
    let mut blind = scheduler(
        shared.clone(),
        HONEST,
        listed.clone(),
        Blind,
        Strategy::Honest,
    );
    for wait in [FINALITY, DELAY] {
        chain.advance(wait);
        assert_eq!(play(&mut blind, &mut events), 1);
    }
    let left = named(&events, Name::Left);
    assert_eq!(left.len(), 1);
    assert!(
        left[0].why.ends_with("; its bonds are looked after"),
        "{left:?}"
    );
    assert_eq!(balance(&chain, world.vault), U256::ZERO);
    // Who has no bonds there has nothing to do with it.
    let mut other = scheduler(shared, OTHER, listed, Blind, Strategy::Honest);
    let mut events = Vec::new();
    play(&mut other, &mut events);
    assert_eq!(named(&events, Name::Left)[0].why, "nobody has its program");
    assert_eq!(other.players().count(), 0);
}
