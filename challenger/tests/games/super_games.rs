//! Whole super games, by what nodes say: an honest challenger against cheats who lie in every way, and the games of one
//! proposer, whose false proposals are shouted about and whose true ones become the anchor.

use std::sync::Arc;

use crate::common::players::{CHEAT, HONEST, cheat, scheduler};
use crate::common::super_players::{END, START, TRUTH, Told, lies, node, own_lie, root_at, setup};
use crate::common::table::{check, check_money, play, read, to_the_end};
use crate::common::{DELAY, FINALITY, account, deployment, super_game, wallet};
use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::event::{Event, Name};
use fpvm_challenger::factory::{Claimed, CreateError, Factory};
use fpvm_challenger::player::{Kind, Settling, Strategy};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::watch::game as read_game;
use fpvm_challenger::scheduler::{GameScheduler, Games, Options};
use fpvm_contracts::game::abi::Judge;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::super_root::{STEPS_PER_SECOND, SuperRoot, SuperRootError, SuperStep};
use fpvm_dispute::trace::lie::Extent;
use fpvm_dispute::version::Version;
use fpvm_e2e::op_node::OpNode;
use fpvm_l1::{Chain, Local, Policy, Request};

/// The same of the game that one account proposes.
fn of_a_proposer() -> Setup {
    super_game(&root_at(START), Some(account(CHEAT)))
}

/// A super root that no chain has.
fn false_root(timestamp: u64) -> SuperRoot {
    let mut root = root_at(timestamp);
    for chain in &mut root.chains {
        chain.output_root.0[0] ^= 0x80;
    }
    root
}

fn propose(chain: &Local, deployment: &Deployment, game_type: u32, root: SuperRoot) -> Address {
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let factory = Factory(deployment.factory);
    let created = factory.create_about(
        &mut proposer,
        game_type,
        &Claimed::SuperRoot(root),
        &mut |_| (),
    );
    created.expect("it is created")
}

/// A player of some games, by what a node says, or by lies of this extent.
fn player(
    chain: &Local,
    node: &OpNode,
    key: u8,
    games: &[Address],
    extent: Extent,
    strategy: Strategy,
) -> GameScheduler<Told> {
    let chain: Arc<dyn Chain> = Arc::new(chain.clone());
    let told = Told::by(node, chain.clone(), extent);
    scheduler(chain, key, Games::Listed(games.to_vec()), told, strategy)
}

/// Through the registry's delay and the vault's.
fn pay(chain: &Local, honest: &mut GameScheduler<Told>, events: &mut Vec<Event>) {
    for delay in [FINALITY, DELAY] {
        chain.advance(delay + 1);
        play(honest, events);
    }
}

fn done(events: &[Event], kind: Kind) -> usize {
    let of_kind = |event: &&Event| event.event == Name::Done && event.kind == Some(kind);
    events.iter().filter(of_kind).count()
}

fn named(events: &[Event], name: Name) -> Vec<&str> {
    let of_name = events.iter().filter(|event| event.event == name);
    of_name.map(|event| event.why.as_str()).collect()
}

#[test]
fn a_super_game_is_read() {
    let (chain, deployment) = deployment(&setup());
    let address = propose(&chain, &deployment, 9, root_at(END));
    let reader = Reader::newest(&chain).expect("a block");
    let (params, seen) = read_game(&reader, address).expect("a game");
    assert_eq!(params.rules.params().version, Version::Super0_8);
    assert_eq!(params.rules.params().l2_chain_id, U256::ZERO);
    assert_eq!(params.proposal.super_root, Some(root_at(END)));
    assert_eq!(params.proposal.l2_block, U256::from(END));
    assert_eq!(params.starting, setup().anchor);
    assert_eq!(params.about(), format!("the super root at timestamp {END}"));
    assert_eq!(seen.game.claims()[0].claim, root_at(END).hash());
    assert_eq!(seen.anchor, setup().anchor);
}

/// At a chain's step, beyond the chains, and where the messages are checked. The alphabet never says that a claim is
/// right: so the last claim above is to be the liar's own first lie, and not a true one before it.
#[test]
fn honest_wins_wherever_a_lie_begins() {
    let node = node();
    let step = |timestamp, step| SuperStep { timestamp, step };
    let places = [
        step(START, 1),
        step(START, 3),
        step(START, 77),
        step(START, STEPS_PER_SECOND - 1),
        step(START + 1, 1),
        step(START + 1, STEPS_PER_SECOND - 1),
    ];
    for place in places {
        let extent = lies(place, 4);
        let (chain, deployment) = deployment(&setup());
        let game = propose(&chain, &deployment, 9, own_lie(extent));
        let mut honest = player(&chain, &node, HONEST, &[game], TRUTH, Strategy::Honest);
        let mut liar = player(&chain, &node, CHEAT, &[game], extent, cheat(100));
        let mut events = Vec::new();
        to_the_end(&chain, &mut honest, &mut liar, &mut events);
        pay(&chain, &mut honest, &mut events);
        assert_eq!(
            named(&events, Name::Trouble),
            Vec::<&str>::new(),
            "{place:?}"
        );
        check_money(&chain, game);
        check(&chain, game);
    }
}

/// The liar holds its own proposal for true in all, so that it comes down to an instruction, whose local data are the
/// game's own timestamp.
#[test]
fn an_instruction_decides() {
    let node = node();
    let (chain, deployment) = deployment(&setup());
    let first = SuperStep {
        timestamp: START + 1,
        step: 3,
    };
    let extent = lies(first, 8);
    let game = propose(&chain, &deployment, 9, own_lie(extent));
    let mut honest = player(&chain, &node, HONEST, &[game], TRUTH, Strategy::Honest);
    let mut liar = player(&chain, &node, CHEAT, &[game], extent, cheat(100));
    let mut events = Vec::new();
    to_the_end(&chain, &mut honest, &mut liar, &mut events);
    pay(&chain, &mut honest, &mut events);
    assert_eq!(named(&events, Name::Trouble), Vec::<&str>::new());
    check(&chain, game);
    assert_eq!(done(&events, Kind::Step), 1);
    // The reason names the node that says so.
    let moves = events.iter().filter(|event| event.kind == Some(Kind::Move));
    assert!(
        moves.clone().any(|event| event.why.contains("127.0.0.1")),
        "{events:#?}"
    );
}

#[test]
fn a_true_proposal_is_left_alone_and_becomes_the_anchor() {
    let node = node();
    let (chain, deployment) = deployment(&setup());
    let game = propose(&chain, &deployment, 9, root_at(END));
    let mut honest = player(&chain, &node, HONEST, &[game], TRUTH, Strategy::Honest);
    let mut events = Vec::new();
    play(&mut honest, &mut events);
    assert_eq!(done(&events, Kind::Move), 0);
    chain.advance(crate::common::CLOCK);
    play(&mut honest, &mut events);
    assert_eq!(read(&chain, game).1.status(), GameStatus::DefenderWins);
    chain.advance(FINALITY + 3_700);
    play(&mut honest, &mut events);
    let reader = Reader::newest(&chain).expect("a block");
    let anchor = reader.ask(deployment.registry, &Judge::getAnchorRootCall {});
    let anchor = anchor.expect("an anchor");
    assert_eq!(
        (anchor.root, anchor.l2SequenceNumber),
        (root_at(END).hash(), U256::from(END))
    );
}

#[test]
fn a_game_that_starts_elsewhere_is_not_played() {
    let node = node();
    let mut elsewhere = setup();
    elsewhere.anchor.root = B256::repeat_byte(0x77);
    let (chain, deployment) = deployment(&elsewhere);
    let game = propose(&chain, &deployment, 9, false_root(END));
    let mut honest = player(&chain, &node, HONEST, &[game], TRUTH, Strategy::Honest);
    let mut events = Vec::new();
    play(&mut honest, &mut events);
    play(&mut honest, &mut events);
    let left = named(&events, Name::Left);
    assert_eq!(left.len(), 1, "{events:#?}");
    let wrong = elsewhere.anchor.root.to_string();
    assert!(
        left[0].contains(&wrong) && left[0].contains("not played"),
        "{left:?}"
    );
    assert_eq!(done(&events, Kind::Move), 0);
}

#[test]
fn what_cannot_be_proposed_is_said_before() {
    let (chain, deployment) = deployment(&setup());
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let factory = Factory(deployment.factory);
    let mut create = |game_type, claimed: &Claimed| {
        let created = factory.create_about(&mut proposer, game_type, claimed, &mut |_| ());
        created.expect_err("refused")
    };
    let output = Claimed::Output {
        root: B256::ZERO,
        block: U256::from(END),
    };
    let error = create(9, &output);
    assert!(
        matches!(error, CreateError::OtherKind { game_type: 9, .. }),
        "{error}"
    );
    let mut unsorted = root_at(END);
    unsorted.chains.reverse();
    let error = create(9, &Claimed::SuperRoot(unsorted));
    let is_unsorted = matches!(
        error,
        CreateError::SuperRoot(SuperRootError::Unsorted { .. })
    );
    assert!(is_unsorted, "{error}");
    // The anchor's own second is not newer, and that is told by the anchor.
    let error = create(9, &Claimed::SuperRoot(root_at(START))).to_string();
    let anchor = format!("anchor is at timestamp {START}");
    assert!(
        error.contains(&anchor) && error.contains("propose a later one"),
        "{error}"
    );
    // Of a proposer's games nobody else's are taken.
    let (chain, deployment) = crate::common::deployment(&of_a_proposer());
    let mut other = wallet(Arc::new(chain.clone()), HONEST);
    let claimed = Claimed::SuperRoot(root_at(END));
    let created = Factory(deployment.factory).create_about(&mut other, 5, &claimed, &mut |_| ());
    let error = created.expect_err("refused");
    assert!(
        matches!(error, CreateError::NotProposer { game_type: 5, .. }),
        "{error}"
    );
}

#[test]
fn a_false_proposal_that_is_won_is_shouted_about_within_a_block() {
    let node = node();
    let (chain, deployment) = deployment(&of_a_proposer());
    // Somebody who watches a factory, and has no part in its games.
    let games = Games::Created {
        factory: Factory(deployment.factory),
        types: vec![9, 5],
        window: u64::MAX,
    };
    let shared: Arc<dyn Chain> = Arc::new(chain.clone());
    let told = Told::by(&node, shared.clone(), TRUTH);
    let mut watcher = scheduler(shared, HONEST, games, told, Strategy::Honest);
    let mut events = Vec::new();
    play(&mut watcher, &mut events);
    assert!(events.is_empty());
    let game = propose(&chain, &deployment, 5, false_root(END));
    // One look at the block in which it was made.
    play(&mut watcher, &mut events);
    let alarms = named(&events, Name::Alarm);
    assert_eq!(alarms.len(), 1, "{events:#?}");
    for part in [
        false_root(END).hash().to_string(),
        root_at(END).hash().to_string(),
        format!("timestamp {END}"),
        deployment.registry.to_string(),
        "blacklist".to_owned(),
    ] {
        assert!(alarms[0].contains(&part), "{part}: {alarms:?}");
    }
    assert_eq!(
        watcher.alarms().map(|(game, _)| game).collect::<Vec<_>>(),
        [game]
    );
    // It is said once as long as nothing changes, and once more when it is too late. Nothing is sent.
    chain.advance(FINALITY / 2);
    play(&mut watcher, &mut events);
    assert_eq!(named(&events, Name::Alarm).len(), 1);
    chain.advance(FINALITY / 2 + 10_000);
    play(&mut watcher, &mut events);
    let alarms = named(&events, Name::Alarm);
    assert_eq!(alarms.len(), 2);
    assert!(alarms[1].contains("has been relied on since"), "{alarms:?}");
    assert!(named(&events, Name::Planned).is_empty());
}

#[test]
fn one_that_the_guardian_has_struck_off_is_over() {
    let node = node();
    let (chain, deployment) = deployment(&of_a_proposer());
    let game = propose(&chain, &deployment, 5, false_root(END));
    let mut watcher = player(&chain, &node, HONEST, &[game], TRUTH, Strategy::Honest);
    let mut events = Vec::new();
    play(&mut watcher, &mut events);
    assert_eq!(watcher.alarms().count(), 1);
    let call = Judge::blacklistDisputeGameCall { game };
    let request = Request {
        what: "strike it off".into(),
        to: Some(deployment.registry),
        data: alloy_sol_types::SolCall::abi_encode(&call).into(),
        value: U256::ZERO,
        gas: None,
    };
    let mut guardian = wallet(Arc::new(chain.clone()), 1);
    guardian
        .send(&[request], &mut |_| ())
        .expect("it is struck off");
    play(&mut watcher, &mut events);
    assert_eq!(watcher.alarms().count(), 0);
    assert_eq!(named(&events, Name::Over).len(), 1, "{events:#?}");
}

#[test]
fn a_true_proposal_that_is_won_becomes_the_anchor_when_it_is_due() {
    let node = node();
    let (chain, deployment) = deployment(&of_a_proposer());
    let games = [
        propose(&chain, &deployment, 5, root_at(START + 1)),
        propose(&chain, &deployment, 5, root_at(END)),
    ];
    let watcher = |settling| {
        let options = Options {
            strategy: Strategy::Honest,
            dry_run: false,
            policy: Policy::default(),
            settling,
        };
        let shared: Arc<dyn Chain> = Arc::new(chain.clone());
        let told = Told::by(&node, shared.clone(), TRUTH);
        let listed = Games::Listed(games.to_vec());
        GameScheduler::new(shared, crate::common::signer(HONEST), listed, told, options)
    };
    let mut events = Vec::new();
    let mut patient = watcher(Settling::default());
    play(&mut patient, &mut events);
    chain.advance(FINALITY + 100);
    // Somebody else has an hour for it.
    play(&mut patient, &mut events);
    assert_eq!(done(&events, Kind::Anchor), 0);
    let mut selective = watcher(Settling {
        selective: true,
        ..Settling::default()
    });
    chain.advance(3_600);
    play(&mut selective, &mut events);
    assert_eq!(done(&events, Kind::Anchor), 0);
    play(&mut patient, &mut events);
    // The newer one; the older then changes nothing any more, or was the anchor before it.
    let anchors = done(&events, Kind::Anchor);
    assert!((1..=2).contains(&anchors), "{events:#?}");
    let reader = Reader::newest(&chain).expect("a block");
    let anchor = reader.ask(deployment.registry, &Judge::getAnchorRootCall {});
    assert_eq!(anchor.expect("an anchor").root, root_at(END).hash());
    // Nothing is left to do.
    play(&mut patient, &mut events);
    assert_eq!(done(&events, Kind::Anchor), anchors);
    assert!(named(&events, Name::Alarm).is_empty());
}
