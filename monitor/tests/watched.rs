//! Games of all kinds on a chain in the process, watched from their proposal to the last payment.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

mod common;

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall as _;
use common::chain::between::Between;
use common::chain::players::{CHEAT, HONEST, PROPOSED};
use common::chain::{CLOCK, DELAY, FINALITY, account, alphabet, today};
use common::{Look, OWNER, Strange, World, node, root};
use fpvm_contracts::game::abi::Pauses;
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::version::Version;
use fpvm_l1::{At, Chain as _};
use fpvm_monitor::problems::Grade::{Blind, Late, Notice, Wrong};
use fpvm_monitor::problems::Kind;
use fpvm_monitor::status::Status;
use fpvm_monitor::survey::State;

const WRONG: B256 = B256::repeat_byte(0x11);

#[test]
fn nothing_is_wrong_with_right_proposals() {
    for setup in [alphabet(), today()] {
        let world = World::new(&setup);
        let games = [PROPOSED, 9].map(|block| world.propose(root(block), block));
        let node = node();
        let mut monitor = world.monitor(&[&node]);
        let look = Look::at(&mut monitor);
        assert_eq!(look.problems, [], "{}", setup.params.version);
        assert_eq!(look.agreement("agree_defender_ahead"), 2.0);
        assert_eq!(
            look.figure("op_dispute_mon_games{game_type=\"alphabet\"}"),
            2.0
        );
        let highest = look.figure("op_dispute_mon_latest_valid_proposal_l2_block");
        assert_eq!(highest, PROPOSED as f64);
        assert_eq!(Status::of(&look.survey, &look.problems).exit_code(), 0);

        // Nobody resolves them for hours.
        world.chain.advance(CLOCK + 7_200);
        let look = Look::at(&mut monitor);
        for game in games {
            assert_eq!(look.of(game), [(Late, Kind::Unresolved)]);
            world.resolve(game);
        }
        let look = Look::at(&mut monitor);
        assert_eq!(look.problems, []);
        assert_eq!(look.agreement("agree_defender_wins"), 2.0);
        let of = "op_dispute_mon_resolution_status{completion=\"complete\",max_duration=\"before_max_duration\"}";
        assert_eq!(look.figure(of), 2.0);
    }
}

#[test]
fn wrong_proposals_are_told_by_how_they_would_end() {
    for setup in [alphabet(), today()] {
        let is_old = setup.params.version == Version::V1_3;
        let world = World::new(&setup);
        let [alone, answered, lost] =
            [1, 2, 3].map(|byte| world.propose(B256::repeat_byte(byte), PROPOSED));
        world.attack(HONEST, answered, 0);
        world.attack(HONEST, lost, 0);
        world.attack(CHEAT, lost, 1);
        let node = node();
        let mut monitor = world.monitor(&[&node]);
        let look = Look::at(&mut monitor);
        assert_eq!(look.of(alone), [(Late, Kind::WrongForecast)]);
        assert_eq!(look.of(answered), []);
        assert_eq!(look.of(lost), [(Late, Kind::WrongForecast)]);
        assert_eq!(look.agreement("disagree_defender_ahead"), 2.0);
        assert_eq!(look.agreement("disagree_challenger_ahead"), 1.0);
        let stake = "op_dispute_mon_honest_actor_claims{honest_actor_address=";
        let pending = format!("{stake}\"{}\",state=\"pending\"}}", account(HONEST));
        assert_eq!(look.figure(&pending), 2.0);

        // Half of the time is up: it is high time.
        world.chain.advance(CLOCK / 2 + 60);
        let look = Look::at(&mut monitor);
        assert_eq!(look.of(alone), [(Wrong, Kind::WrongForecast)]);
        assert_eq!(look.of(lost), [(Wrong, Kind::WrongForecast)]);
        assert_eq!(Status::of(&look.survey, &look.problems).exit_code(), 4);
        let until = look.problems[0].until.expect("it can be turned");
        let now = look.survey.block.time;
        assert!((now + CLOCK / 2 - 3_600..=now + CLOCK / 2).contains(&until));

        world.chain.advance(2 * CLOCK);
        let look = Look::at(&mut monitor);
        let words = &look.problems[0].words;
        assert!(words.contains("too late"), "{words}");
        for game in [alone, answered, lost] {
            world.resolve(game);
        }
        let look = Look::at(&mut monitor);
        let counts = if is_old {
            Kind::WrongResult
        } else {
            Kind::WrongRootFinalising
        };
        assert_eq!(look.of(alone), [(Wrong, counts)]);
        assert_eq!(look.of(answered), []);
        assert_eq!(
            look.of(lost),
            [(Wrong, counts), (Wrong, Kind::HonestClaimLost)]
        );
        assert_eq!(look.agreement("disagree_defender_wins"), 2.0);
        assert_eq!(look.agreement("disagree_challenger_wins"), 1.0);
        if is_old {
            continue;
        }
        let (_, seen) = look
            .survey
            .seen()
            .find(|(listed, _)| listed.game == alone)
            .expect("read");
        let counts_from = seen.snapshot.game.resolved_at() + FINALITY + 1;
        let first = look.figure("fpvm_monitor_wrong_root_final_timestamp");
        assert_eq!(first, counts_from as f64);
        world.chain.advance(FINALITY);
        let look = Look::at(&mut monitor);
        assert_eq!(look.of(alone), [(Wrong, Kind::WrongRootFinal)]);
        // It becomes the anchor, too.
        world.act(CHEAT, alone, &GameAction::Close);
        let look = Look::at(&mut monitor);
        let anchor = look
            .problems
            .iter()
            .find(|problem| problem.kind == Kind::WrongAnchor);
        assert_eq!(
            anchor.map(|problem| problem.account),
            Some(Some(world.deployment.registry))
        );
        world.blacklist(alone);
        let look = Look::at(&mut monitor);
        let is_late = |kind| {
            look.problems
                .iter()
                .any(|other| (other.grade, other.kind) == (Late, kind))
        };
        assert!(is_late(Kind::AnchorStruckOff));
    }
}

#[test]
fn refunds_and_pauses_are_no_false_alarms() {
    let world = World::new(&today());
    let game = world.propose(WRONG, PROPOSED);
    world.attack(HONEST, game, 0);
    world.attack(CHEAT, game, 1);
    let node = node();
    let mut monitor = world.monitor(&[&node]);
    world.chain.advance(2 * CLOCK);
    world.resolve(game);
    world.blacklist(game);
    let look = Look::at(&mut monitor);
    assert_eq!(
        look.of(game),
        [(Wrong, Kind::HonestClaimLost), (Notice, Kind::StruckOff)]
    );
    assert_eq!(
        look.figure("fpvm_monitor_struck_off_games{by=\"blacklisted\"}"),
        1.0
    );

    // A pause keeps it from being closed: that is told once, and not of each game.
    let pause = Pauses::pauseCall {
        identifier: Address::ZERO,
    };
    world.guardian(world.deployment.config, pause.abi_encode());
    world.chain.advance(FINALITY);
    let look = Look::at(&mut monitor);
    assert!(
        look.problems
            .iter()
            .any(|other| (other.grade, other.kind) == (Late, Kind::Paused))
    );
    let unpause = Pauses::unpauseCall {
        identifier: Address::ZERO,
    };
    world.guardian(world.deployment.config, unpause.abi_encode());

    // Closed: everybody gets back what he posted, who lost as well. op-dispute-mon expects what was won.
    world.act(OWNER, game, &GameAction::Close);
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(game), [(Notice, Kind::StruckOff)]);
    let expected = look.metrics.lines().filter(|line| {
        line.starts_with("op_dispute_mon_credits{credit=\"expected\"") && line.ends_with(" 2")
    });
    assert_eq!(expected.count(), 1, "{}", look.metrics);
    let honest = account(HONEST);
    let of = |name: &str| format!("op_dispute_mon_honest_actor_{name}");
    let lost = of(&format!(
        "bonds{{honest_actor_address=\"{honest}\",state=\"lost\"}}"
    ));
    assert_eq!(look.figure(&lost), 0.0);
    let pending = of(&format!("pending_withdrawals{{actor=\"{honest}\"}}"));
    assert!(look.figure(&pending) > 0.0);
    let required = format!(
        "op_dispute_mon_bond_collateral_required{{delayedWETH=\"{}\",balance=\"sufficient\"}}",
        world.deployment.vault
    );
    let available = required.replace("required", "available");
    assert_eq!(look.figure(&required), look.figure(&available));

    // Money that waits for more than a day is told of; what is paid is not.
    world.act(OWNER, game, &GameAction::ClaimCredit(honest));
    world.chain.advance(DELAY + 2 * 86_400);
    let look = Look::at(&mut monitor);
    assert_eq!(
        look.of(game),
        [(Late, Kind::Unclaimed), (Notice, Kind::StruckOff)]
    );
    world.act(OWNER, game, &GameAction::ClaimCredit(honest));
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(game), [(Notice, Kind::StruckOff)]);
    assert_eq!(look.figure(&pending), 0.0);
}

#[test]
fn a_vault_that_was_emptied_is_told_of() {
    let world = World::new(&today());
    world.propose(root(PROPOSED), PROPOSED);
    let node = node();
    let mut monitor = world.monitor(&[&node]);
    assert_eq!(Look::at(&mut monitor).problems, []);
    let recover = fpvm_contracts::game::abi::DelayedWETH::recoverCall {
        wad: alloy_primitives::U256::from(1),
    };
    world.guardian(world.deployment.vault, recover.abi_encode());
    let look = Look::at(&mut monitor);
    let [problem] = &*look.problems else {
        panic!("{:?}", look.problems);
    };
    assert_eq!((problem.grade, problem.kind), (Wrong, Kind::Collateral));
    assert_eq!(problem.account, Some(world.deployment.vault));
}

#[test]
fn nodes_that_are_out_of_step_are_told_of() {
    let world = World::new(&today());
    let game = world.propose(root(PROPOSED), PROPOSED);
    let [ahead, other] = [node(), node()];
    let mut monitor = world.monitor(&[&ahead, &other]);
    assert_eq!(Look::at(&mut monitor).problems, []);

    // One that is behind is left out, and told of.
    other.known().current_l1 = 0;
    let look = Look::at(&mut monitor);
    assert_eq!(look.agreement("agree_defender_ahead"), 1.0);
    assert_eq!(
        look.figure("op_dispute_mon_node_endpoint_out_of_sync_count"),
        1.0
    );
    let kinds: Vec<_> = look.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [Kind::NodeBehind]);

    // One that does not know the block as safe in time differs, and yet the other's word counts.
    let mut known = other.known();
    known.current_l1 = u64::MAX >> 1;
    known.safe_heads = vec![(0, 3)];
    drop(known);
    let look = Look::at(&mut monitor);
    assert_eq!(look.figure("op_dispute_mon_mixed_safety_games"), 1.0);
    assert_eq!(look.of(game), [(Blind, Kind::NodesDiffer)]);
    assert_eq!(look.agreement("agree_defender_ahead"), 1.0);

    // Of neither anything is known any more: the game is not judged, but its money is.
    ahead.known().current_l1 = 0;
    other.known().current_l1 = 0;
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(game), [(Blind, Kind::NoAnswer)]);
    assert_eq!(look.figure("op_dispute_mon_failed_games"), 1.0);
    assert!(look.survey.seen().count() == 1);
    assert_eq!(Status::of(&look.survey, &look.problems).exit_code(), 3);
}

#[test]
fn nodes_that_differ_agree_with_nobody() {
    let world = World::new(&today());
    let game = world.propose(root(PROPOSED), PROPOSED);
    let [one, other] = [node(), node()];
    other.known().outputs[PROPOSED as usize].root = WRONG.to_string();
    let mut monitor = world.monitor(&[&one, &other]);
    let look = Look::at(&mut monitor);
    assert_eq!(look.figure("op_dispute_mon_different_root_games"), 1.0);
    assert!(look.of(game).contains(&(Blind, Kind::NodesDiffer)));

    let short = node();
    short.known().outputs.truncate(4);
    let mut monitor = world.monitor(&[&one, &short]);
    let look = Look::at(&mut monitor);
    assert_eq!(look.figure("op_dispute_mon_mixed_availability_games"), 1.0);
    // A block that nobody has is none that can have been proposed rightly.
    let mut monitor = world.monitor(&[&short]);
    let look = Look::at(&mut monitor);
    assert_eq!(look.agreement("disagree_defender_ahead"), 1.0);
    let (_, seen) = look.survey.seen().next().expect("it is read");
    assert_eq!(seen.forecast.status, GameStatus::DefenderWins);
}

#[test]
fn a_game_that_cannot_be_read_stops_nothing() {
    let world = World::new(&today());
    let games: Vec<_> = (0..5)
        .map(|byte| {
            world.propose(
                if byte == 0 {
                    root(PROPOSED)
                } else {
                    B256::repeat_byte(byte)
                },
                PROPOSED,
            )
        })
        .collect();
    let strange = Strange {
        versions: vec![(games[1], "9.9.9".into()), (games[2], "0.0.1".into())],
        types: vec![(2, 77, games[2]), (3, 9, games[3]), (4, 6, games[4])],
        time: world.chain.block(At::Latest).expect("a block").time,
    };
    let chain = Between {
        chain: world.chain.clone(),
        hook: strange,
    };
    let node = node();
    let mut monitor = world.monitor_by(Arc::new(chain), &[&node]);
    for _ in 0..2 {
        let look = Look::at(&mut monitor);
        let states: Vec<_> = look
            .survey
            .games
            .iter()
            .rev()
            .map(|game| &game.state)
            .collect();
        assert!(matches!(states[0], State::Read(_)), "{states:?}");
        assert!(
            matches!(states[1], State::Failed(why) if why.contains("9.9.9")),
            "{states:?}"
        );
        assert!(
            states[2..]
                .iter()
                .all(|state| matches!(state, State::Unjudged(_))),
            "{states:?}"
        );
        assert_eq!(look.of(games[1]), [(Blind, Kind::Unreadable)]);
        assert_eq!(look.figure("op_dispute_mon_failed_games"), 1.0);
        for of in ["77", "super-cannon-kona", "op-succinct"] {
            let figure = format!("fpvm_monitor_unjudged_games{{game_type=\"{of}\"}}");
            assert_eq!(look.figure(&figure), 1.0);
        }
        world.chain.mine(1);
    }
}

#[test]
fn games_are_left_out_on_demand_and_when_they_are_old() {
    let world = World::new(&today());
    let old = world.propose(WRONG, PROPOSED);
    world.chain.advance(10_000);
    let [ignored, right] =
        [B256::repeat_byte(2), root(PROPOSED)].map(|root| world.propose(root, PROPOSED));
    let node = node();
    let mut options = world.options();
    options.ignored.insert(ignored);
    options.window = 5_000;
    let mut monitor = world.monitor_with(options, &[&node]);
    let look = Look::at(&mut monitor);
    assert_eq!(look.problems, []);
    assert_eq!(look.figure("op_dispute_mon_ignored_games"), 1.0);
    let read: Vec<_> = look.survey.seen().map(|(listed, _)| listed.game).collect();
    assert_eq!(read, [right]);
    assert!(look.survey.games.iter().all(|game| game.listed.game != old));
}
