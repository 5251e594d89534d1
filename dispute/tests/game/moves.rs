//! What may be claimed, at what price and until when; each refusal by its name, in upstream's order.

use crate::board::{Board, junk};
use crate::setup::{ANCHOR, ANN, BLOCK, BOB, CHALLENGE, CLOCK, EVE, EXTENSION, MAX, SPLIT, START};
use alloy_primitives::B256;
use fpvm_dispute::call::{Action, Effect, GameAction};
use fpvm_dispute::claim::{Side, VmStatus};
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::revert::{Panic, Revert};

#[test]
fn a_move_adds_a_claim() {
    let mut board = Board::new();
    board.now += 77;
    let before = board.chain().balance(BOB);
    let bond = board.bond(0, Side::Attack);
    assert_eq!(board.attack(BOB, 0, junk(1)), Ok(Effect::Claimed(1)));
    let claim = board.claim(1).clone();
    assert_eq!(
        (claim.parent, claim.countered_by, claim.claimant),
        (Some(0), None, BOB)
    );
    assert_eq!(
        (claim.bond, claim.claim, claim.position.gindex()),
        (bond, junk(1), 2)
    );
    assert_eq!(
        (claim.clock.duration, claim.clock.timestamp),
        (77, START + 77)
    );
    assert_eq!(board.chain().balance(BOB), before - bond);
    let game = board.game().address();
    assert_eq!(
        board.chain().vault.balance(game),
        bond + board.claim(0).bond
    );

    board.now += 5;
    assert_eq!(board.defend(ANN, 1, junk(2)), Ok(Effect::Claimed(2)));
    assert_eq!(board.claim(2).position.gindex(), 6);
    assert_eq!(board.claim(2).clock.duration, 5);
    assert_eq!(
        board.game().subgame(0).map(|s| s.answers.clone()),
        Some(vec![1])
    );
}

#[test]
fn which_claim_is_meant() {
    let mut board = Board::new();
    for parent in [1, usize::MAX] {
        let no_such = board.attack(BOB, parent, junk(1));
        assert_eq!(no_such, Err(Revert::Panic(Panic::Index)));
    }
    // A reorganisation has put another claim there. Goes before all that follows.
    for side in Side::ALL {
        let mv = Move {
            disputed: B256::repeat_byte(0x98),
            parent: 0,
            claim: junk(1),
            side,
        };
        let refused = board.call(BOB, 0, Action::Game(0, GameAction::Move(mv)));
        assert_eq!(refused, Err(Revert::InvalidDisputedClaimIndex));
    }
}

#[test]
fn roots_cannot_be_defended() {
    let mut board = Board::new();
    let refused = Err(Revert::CannotDefendRootClaim);
    assert_eq!(board.answer_with(BOB, 0, 0, Side::Defend, junk(1)), refused);
    let execution_root = board.attack_down(0, usize::from(SPLIT) + 1);
    assert_eq!(board.claim(execution_root).position.depth(), SPLIT + 1);
    assert_eq!(
        board.answer_with(BOB, 0, execution_root, Side::Defend, junk(1)),
        refused
    );
    assert_eq!(
        board.attack(ANN, execution_root, junk(1)),
        Ok(Effect::Claimed(6))
    );
    assert_eq!(board.defend(BOB, 6, junk(2)), Ok(Effect::Claimed(7)));
}

#[test]
fn the_deepest_claims_have_no_answers() {
    let mut board = Board::new();
    let leaf = board.attack_down(0, 8);
    for side in Side::ALL {
        let below = board.answer_with(BOB, 0, leaf, side, junk(1));
        assert_eq!(below, Err(Revert::GameDepthExceeded));
    }
}

#[test]
fn the_status_of_an_execution_root() {
    let all = (0..=255u8).map(|status| {
        let mut claim = junk(1);
        claim.0[0] = status;
        claim
    });
    let allowed = |board: &mut Board, leaf, side| -> Vec<u8> {
        let accepted = all.clone().filter(|claim| {
            let answer = board.answer(EVE, leaf, side, *claim);
            // The price comes later than the status.
            let unpaid = board.answer_with(EVE, 0, leaf, side, *claim);
            match answer {
                Ok(_) => assert_eq!(unpaid, Err(Revert::IncorrectBondAmount)),
                Err(_) => assert_eq!(unpaid, Err(Revert::UnexpectedRootClaim(*claim))),
            }
            answer.is_ok()
        });
        accepted.map(|claim| claim[0]).collect()
    };
    let wrong = vec![VmStatus::Invalid as u8, VmStatus::Panic as u8];
    let right = vec![VmStatus::Valid as u8];

    // All attacks: the leaf is Ann's, the next output is Bob's, at depth 3.
    let mut board = Board::new();
    let leaf = board.attack_down(0, SPLIT.into());
    assert_eq!(allowed(&mut board, leaf, Side::Attack), wrong);
    assert_eq!(allowed(&mut board, leaf, Side::Defend), right);

    // Bob's claim at depth 3 is defended: the next output is that of Ann's claim at depth 2.
    let mut board = Board::new();
    let three = board.attack_down(0, 3);
    assert_eq!(board.defend(ANN, three, junk(9)), Ok(Effect::Claimed(4)));
    assert_eq!(allowed(&mut board, 4, Side::Attack), wrong);
    assert_eq!(allowed(&mut board, 4, Side::Defend), wrong);
}

#[test]
fn the_bond_is_exact() {
    let mut board = Board::new();
    for parent in 0..usize::from(MAX) {
        let bond = board.bond(parent, Side::Attack);
        for wrong in [0, bond - 1, bond + 1] {
            let refused = board.answer_with(BOB, wrong, parent, Side::Attack, junk(1));
            assert_eq!(refused, Err(Revert::IncorrectBondAmount), "on {parent}");
        }
        assert_eq!(board.attack_down(parent, 1), parent + 1);
    }
    let poor = alloy_primitives::Address::repeat_byte(0x70);
    assert_eq!(board.attack(poor, 0, junk(1)), Err(Revert::OutOfFunds));
}

#[test]
fn what_takes_no_money() {
    let mut board = Board::new();
    for action in [
        GameAction::Resolve,
        GameAction::ClaimCredit(BOB),
        GameAction::ResolveClaim {
            claim: 0,
            count: alloy_primitives::U256::ZERO,
        },
    ] {
        let sent = board.call(BOB, 1, Action::Game(0, action));
        assert_eq!(sent, Err(Revert::Empty));
    }
}

#[test]
fn the_clock_runs_out() {
    let mut board = Board::new();
    board.now = START + CLOCK - 1;
    assert_eq!(board.attack(BOB, 0, junk(1)), Ok(Effect::Claimed(1)));
    board.now += 1;
    assert_eq!(
        board.attack(BOB, 0, junk(2)),
        Err(Revert::ClockTimeExceeded)
    );
    // The price is asked before the time, the time before the duplicate.
    let unpaid = board.answer_with(BOB, 0, 0, Side::Attack, junk(2));
    assert_eq!(unpaid, Err(Revert::IncorrectBondAmount));
    assert_eq!(
        board.attack(BOB, 0, junk(1)),
        Err(Revert::ClockTimeExceeded)
    );
    board.now += CLOCK;
    assert_eq!(
        board.attack(ANN, 1, junk(2)),
        Err(Revert::ClockTimeExceeded)
    );
    assert_eq!(board.game().challenger_duration(1, board.now), Ok(CLOCK));
}

/// A side inherits what it has used before, and is left with the extension at least.
#[test]
fn inherited_clocks_and_extensions() {
    let depths = 1..=8u8;
    let left = |depth: u8| match depth {
        3 => 2 * EXTENSION,
        7 => EXTENSION + CHALLENGE,
        _ => EXTENSION,
    };
    for depth in depths {
        // Above the contested claim nobody uses any time.
        for used in [
            CLOCK - left(depth) - 1,
            CLOCK - left(depth),
            CLOCK - left(depth) + 1,
            CLOCK - 1,
        ] {
            let mut board = Board::new();
            let parent = board.attack_down(0, usize::from(depth) - 1);
            board.now += used;
            let claim = board.attack_down(parent, 1);
            assert_eq!(board.claim(claim).position.depth(), depth);
            let expected = used.min(CLOCK - left(depth));
            assert_eq!(
                board.claim(claim).clock.duration,
                expected,
                "depth {depth}, used {used}"
            );
        }
    }

    let mut board = Board::new();
    board.now += 1_000;
    board.attack_down(0, 1);
    board.now += 20;
    board.attack_down(1, 1);
    board.now += 300;
    board.attack_down(2, 1);
    let durations: Vec<u64> = board
        .game()
        .claims()
        .iter()
        .map(|c| c.clock.duration)
        .collect();
    assert_eq!(durations, [0, 1_000, 20, 1_300]);
    // Somebody else answers in Bob's place: their clock is Bob's.
    assert_eq!(
        board.game().challenger_duration(2, board.now + 1),
        Ok(1_301)
    );
    let past = board.game().challenger_duration(2, START);
    assert_eq!(past, Err(Revert::Panic(Panic::Arithmetic)));
}

#[test]
fn no_claim_is_made_twice() {
    let mut board = Board::new();
    assert_eq!(board.attack(BOB, 0, junk(1)), Ok(Effect::Claimed(1)));
    assert_eq!(
        board.attack(EVE, 0, junk(1)),
        Err(Revert::ClaimAlreadyExists)
    );
    assert_eq!(board.attack(EVE, 0, junk(2)), Ok(Effect::Claimed(2)));
    // The same against other parents, or at another place.
    assert_eq!(board.attack(ANN, 1, junk(1)), Ok(Effect::Claimed(3)));
    assert_eq!(board.attack(ANN, 2, junk(1)), Ok(Effect::Claimed(4)));
    assert_eq!(board.defend(ANN, 1, junk(1)), Ok(Effect::Claimed(5)));
    assert_eq!(
        board.defend(ANN, 1, junk(1)),
        Err(Revert::ClaimAlreadyExists)
    );
}

/// Blocks, as the positions of outputs stand for them.
#[test]
fn blocks_of_outputs() {
    let board = Board::new();
    let game = board.game();
    let block = |depth, index| {
        let position = fpvm_dispute::position::Position::new(depth, index).expect("a position");
        game.output_block(position).map(|block| block.to::<u64>())
    };
    assert_eq!(block(4, 0), Ok(ANCHOR + 1));
    assert_eq!(block(4, 15), Ok(BLOCK));
    assert_eq!(block(0, 0), Ok(BLOCK));
    assert_eq!(block(1, 0), Ok(ANCHOR + 8));
    // A shorter proposal: what lies beyond stands for its block.
    let mut board = Board::empty(crate::setup::params());
    board
        .propose(B256::repeat_byte(0x99), ANCHOR + 3)
        .expect("a legal proposal");
    let last = fpvm_dispute::position::Position::new(4, 9).expect("a position");
    assert_eq!(
        board.game().output_block(last),
        Ok(alloy_primitives::U256::from(ANCHOR + 3))
    );
}
