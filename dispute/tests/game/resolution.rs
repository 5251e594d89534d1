//! Who wins a subgame, and in which order and pages it is resolved.

use alloy_primitives::U256;
use fpvm_dispute::call::{Action, Effect, GameAction};
use fpvm_dispute::claim::{GameStatus, Side};
use fpvm_dispute::revert::{Panic, Revert};

use crate::board::{Board, junk};
use crate::setup::{ANN, BLOCK, BOB, CLOCK, EVE};

#[test]
fn not_before_the_clock_is_over() {
    let mut board = Board::new();
    board.now += CLOCK - 1;
    assert_eq!(board.resolve_claim(0, 0), Err(Revert::ClockNotExpired));
    assert_eq!(board.resolve_claim(1, 0), Err(Revert::Panic(Panic::Index)));
    board.now += 1;
    assert_eq!(board.resolve_claim(0, 0), Ok(Effect::Done));
    assert_eq!(board.resolve_claim(0, 0), Err(Revert::ClaimAlreadyResolved));
    assert_eq!(board.game().credit(ANN), board.claim(0).bond);
}

#[test]
fn from_the_leaves_up() {
    let mut board = Board::new();
    board.attack_down(0, 2);
    board.now += 2 * CLOCK;
    assert_eq!(
        board.play(EVE, GameAction::Resolve),
        Err(Revert::OutOfOrderResolution)
    );
    assert_eq!(board.resolve_claim(0, 0), Err(Revert::OutOfOrderResolution));
    assert_eq!(board.resolve_claim(1, 0), Err(Revert::OutOfOrderResolution));
    for claim in [2, 1, 0] {
        assert_eq!(board.resolve_claim(claim, 0), Ok(Effect::Done));
    }
    let resolved = board.play(EVE, GameAction::Resolve);
    assert_eq!(resolved, Ok(Effect::Resolved(GameStatus::DefenderWins)));
    // Ann countered Bob's claim and so kept the root.
    let bonds: u128 = board.game().claims().iter().map(|claim| claim.bond).sum();
    assert_eq!(board.game().credit(ANN), bonds);
    assert_eq!(board.claim(1).countered_by, Some(ANN));
    assert_eq!(board.game().resolved_at(), board.now);
}

/// A defence lies to the right of an attack; two answers at one place go by age.
#[test]
fn the_leftmost_uncountered_answer_wins() {
    let answers = [
        (EVE, Side::Defend, 1),
        (BOB, Side::Attack, 2),
        (EVE, Side::Attack, 3),
    ];
    let winner = |countered: &[usize]| {
        let mut board = Board::new();
        board.attack_down(0, 2);
        for (from, side, claim) in answers {
            assert!(board.answer(from, 2, side, junk(claim)).is_ok());
        }
        for claim in countered {
            assert!(board.attack(ANN, *claim, junk(4)).is_ok());
        }
        board.now += 2 * CLOCK;
        for claim in (2..board.game().claims().len()).rev() {
            assert_eq!(board.resolve_claim(claim, 0), Ok(Effect::Done));
        }
        let winner = board.claim(2).countered_by;
        let credit = board.game().credit(winner.unwrap_or(ANN));
        assert!(credit >= board.claim(2).bond);
        winner
    };
    assert_eq!(winner(&[]), Some(BOB));
    assert_eq!(winner(&[4]), Some(EVE));
    assert_eq!(winner(&[4, 5]), Some(EVE));
    assert_eq!(winner(&[3, 4, 5]), None);
}

#[test]
fn in_pages() {
    let mut board = Board::new();
    for claim in 1..=5 {
        assert!(
            board
                .attack(if claim == 3 { BOB } else { EVE }, 0, junk(claim))
                .is_ok()
        );
    }
    // Of five answers at one place, all but the third and fifth are countered.
    for claim in [1, 2, 4] {
        assert!(board.attack(ANN, claim, junk(9)).is_ok());
    }
    board.now += 2 * CLOCK;
    assert_eq!(board.game().num_to_resolve(0), 5);
    for claim in [8, 7, 6, 1, 2, 4] {
        assert_eq!(board.resolve_claim(claim, 0), Ok(Effect::Done));
    }
    // The third is not resolved yet; what was looked at before is not remembered then.
    assert_eq!(board.resolve_claim(0, 3), Err(Revert::OutOfOrderResolution));
    assert_eq!(board.game().num_to_resolve(0), 5);
    assert_eq!(board.resolve_claim(0, 2), Ok(Effect::Done));
    assert_eq!(board.game().num_to_resolve(0), 3);
    // Nothing, once it was begun.
    assert_eq!(board.resolve_claim(0, 0), Ok(Effect::Done));
    assert_eq!(board.game().num_to_resolve(0), 3);
    let all = GameAction::ResolveClaim {
        claim: 0,
        count: U256::MAX,
    };
    assert_eq!(
        board.play(EVE, all.clone()),
        Err(Revert::Panic(Panic::Arithmetic))
    );
    for claim in [3, 5] {
        assert_eq!(board.resolve_claim(claim, 0), Ok(Effect::Done));
    }
    assert_eq!(board.resolve_claim(0, 2), Ok(Effect::Done));
    let page = board
        .game()
        .subgame(0)
        .and_then(|subgame| subgame.checkpoint.clone());
    let leftmost = page
        .and_then(|page| page.leftmost)
        .map(|(_, claimant)| claimant);
    assert_eq!(leftmost, Some(BOB));
    assert_eq!(
        board.play(EVE, GameAction::Resolve),
        Err(Revert::OutOfOrderResolution)
    );
    assert_eq!(board.resolve_claim(0, 7), Ok(Effect::Done));
    assert_eq!(board.claim(0).countered_by, Some(BOB));
    assert_eq!(board.play(EVE, all), Err(Revert::ClaimAlreadyResolved));

    // At once, with a number that no game reaches.
    let mut board = Board::new();
    board.now += CLOCK;
    let all = GameAction::ResolveClaim {
        claim: 0,
        count: U256::MAX,
    };
    assert_eq!(board.play(EVE, all), Ok(Effect::Done));
}

/// Nothing but payment after the end.
#[test]
fn after_the_end() {
    let mut board = Board::new();
    board.attack_down(0, 1);
    board.now += 2 * CLOCK;
    assert_eq!(
        board.resolve_all(),
        Ok(Effect::Resolved(GameStatus::ChallengerWins))
    );
    let evidence = Box::default();
    let (ident, offset) = (U256::from(1), U256::ZERO);
    let step = fpvm_dispute::game::step::Step {
        claim: 0,
        side: Side::Attack,
        state: Vec::new(),
        proof: Vec::new(),
    };
    for action in [
        GameAction::Step(step),
        GameAction::AddLocalData {
            ident,
            leaf: 0,
            offset,
        },
        GameAction::ChallengeBlockNumber(evidence),
        GameAction::ResolveClaim {
            claim: 9,
            count: U256::ZERO,
        },
        GameAction::Resolve,
    ] {
        assert_eq!(board.play(EVE, action), Err(Revert::GameNotInProgress));
    }
    assert_eq!(
        board.attack(EVE, 7, junk(1)),
        Err(Revert::GameNotInProgress)
    );
    assert_eq!(
        board.game().challenger_duration(0, 0),
        Err(Revert::GameNotInProgress)
    );
}

/// The proposal of a game that was won by the defender becomes the anchor, if it is newer.
#[test]
fn the_anchor_moves_on() {
    let mut board = Board::new();
    let anchor = |board: &Board| board.chain().registry.anchor(0).block.to::<u64>();
    let second = board.rollup.root(U256::from(BLOCK - 1));
    assert_eq!(board.propose(second, BLOCK - 1), Ok(Effect::Created(1)));
    board.now += CLOCK;
    assert_eq!(
        board.resolve_all(),
        Ok(Effect::Resolved(GameStatus::DefenderWins))
    );
    assert_eq!(anchor(&board), BLOCK);
    assert_eq!(
        board.chain().registry.anchor(0).root,
        board.game().proposal().root_claim
    );

    let resolve = GameAction::ResolveClaim {
        claim: 0,
        count: U256::ZERO,
    };
    for action in [resolve, GameAction::Resolve] {
        assert!(board.call(EVE, 0, Action::Game(1, action)).is_ok());
    }
    assert_eq!(anchor(&board), BLOCK);
    // Games go on from the anchor that they began with.
    assert_eq!(
        board.game().starting().block,
        U256::from(crate::setup::ANCHOR)
    );
}
