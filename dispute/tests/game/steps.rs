//! Steps: which claims, which states, and who is right.

use fpvm_dispute::call::{Action, Effect, GameAction};
use fpvm_dispute::claim::{Side, VmStatus};
use fpvm_dispute::game::step::Step;
use fpvm_dispute::player::Answer;
use fpvm_dispute::revert::{Panic, Revert};
use fpvm_dispute::synthetic::Rollup;
use fpvm_dispute::trace::Trace;
use fpvm_dispute::trace::split::SplitTrace;

use crate::board::{Board, junk};
use crate::setup::{ANN, BOB, CLOCK, EVE, SPLIT};

fn truth(board: &Board) -> SplitTrace<Rollup, Rollup> {
    SplitTrace {
        outputs: board.rollup,
        executions: board.rollup,
    }
}

/// The claim that is true at the answer of `side` to `parent`.
fn true_answer(board: &Board, parent: usize, side: Side) -> alloy_primitives::B256 {
    let position = board.claim(parent).position.answered(side);
    truth(board)
        .claim_at(board.game(), parent, position)
        .expect("known")
}

/// Makes all the calls of a true step; returns what came of the last.
fn step(board: &mut Board, claim: usize, side: Side) -> Result<Effect, Revert> {
    let answer = Answer::Step { claim, side };
    let calls = answer
        .actions(0, board.game(), &truth(board))
        .expect("known");
    calls
        .into_iter()
        .map(|call| board.call(EVE, 0, call))
        .last()
        .expect("at least one")
}

/// Down to the execution, then a claim at the deepest level on the path that `sides` tell, each of
/// the claims true or junk.
fn leaf(board: &mut Board, sides: [(Side, bool); 3]) -> usize {
    let mut last = board.attack_down(0, usize::from(SPLIT) + 1);
    for (turn, (side, truly)) in sides.into_iter().enumerate() {
        let claim = if truly {
            true_answer(board, last, side)
        } else {
            junk(0x40 + turn as u8)
        };
        let from = if board.claim(last).claimant == ANN {
            BOB
        } else {
            ANN
        };
        let Ok(Effect::Claimed(index)) = board.answer(from, last, side, claim) else {
            panic!("no claim on {last}");
        };
        last = index;
    }
    last
}

use Side::{Attack, Defend};

#[test]
fn only_against_the_deepest() {
    let mut board = Board::new();
    board.attack_down(0, 8);
    let try_step = |board: &mut Board, claim| {
        let step = Step {
            claim,
            side: Attack,
            state: Vec::new(),
            proof: Vec::new(),
        };
        board.play(EVE, GameAction::Step(step))
    };
    for claim in 0..8 {
        assert_eq!(
            try_step(&mut board, claim),
            Err(Revert::InvalidParent),
            "claim {claim}"
        );
    }
    assert_eq!(try_step(&mut board, 8), Err(Revert::InvalidPrestate));
    assert_eq!(try_step(&mut board, 9), Err(Revert::Panic(Panic::Index)));
}

#[test]
fn the_first_instruction_starts_from_the_absolute_prestate() {
    let mut board = Board::new();
    let leaf = leaf(
        &mut board,
        [(Attack, false), (Attack, false), (Attack, false)],
    );
    assert_eq!(step(&mut board, leaf, Attack), Ok(Effect::Done));
    assert_eq!(board.claim(leaf).countered_by, Some(EVE));
    assert_eq!(step(&mut board, leaf, Attack), Err(Revert::DuplicateStep));
}

#[test]
fn the_status_byte_of_the_prestate_is_ignored() {
    let mut board = Board::new();
    // Defended: the pre-state is the contested claim, here true but for its status.
    let root = board.attack_down(0, usize::from(SPLIT) + 1);
    assert_eq!(board.attack(ANN, root, junk(1)), Ok(Effect::Claimed(6)));
    let after = true_answer(&board, 6, Attack);
    assert_eq!(board.attack(BOB, 6, after), Ok(Effect::Claimed(7)));
    let claim = true_answer(&board, 7, Attack);
    assert_eq!(
        board.attack(ANN, 7, VmStatus::Panic.stamp(claim)),
        Ok(Effect::Claimed(8))
    );
    assert_eq!(step(&mut board, 8, Defend), Ok(Effect::Done));
}

/// By attack: the claim against what the VM makes of the state before. By defence: the claim is the
/// state before, and the claim about the state after is Bob's or Ann's.
#[test]
fn who_is_right() {
    let stepped = |sides, side| {
        let mut board = Board::new();
        let leaf = leaf(&mut board, sides);
        step(&mut board, leaf, side)
    };
    // Positions in the execution of 8 instructions: 3 for LRL etc.
    assert_eq!(
        stepped([(Attack, false), (Attack, false), (Attack, true)], Attack),
        Err(Revert::ValidStep)
    );
    // The state before is claimed two levels up, by the same side, truly.
    let before = [(Attack, true), (Defend, false), (Attack, false)];
    assert_eq!(stepped(before, Attack), Ok(Effect::Done));
    let before = [(Attack, true), (Defend, false), (Attack, true)];
    assert_eq!(stepped(before, Attack), Err(Revert::ValidStep));
    // The state before is claimed wrongly: nobody has its pre-image.
    let before = [(Attack, false), (Defend, false), (Attack, false)];
    assert_eq!(stepped(before, Attack), Err(Revert::InvalidPrestate));
    // The state after is the other side's, one level up: wrong, so the claim stands.
    let after = [(Attack, false), (Attack, false), (Attack, true)];
    assert_eq!(stepped(after, Defend), Err(Revert::ValidStep));
    // It is the other side's and right: the claim is countered.
    let after = [(Attack, false), (Attack, true), (Attack, true)];
    assert_eq!(stepped(after, Defend), Ok(Effect::Done));
    // It is the same side's, two levels up, and wrong: countered; and right: the claim stands.
    let after = [(Attack, false), (Attack, false), (Defend, true)];
    assert_eq!(stepped(after, Defend), Ok(Effect::Done));
    let after = [(Attack, true), (Attack, false), (Defend, true)];
    assert_eq!(stepped(after, Defend), Err(Revert::ValidStep));
}

#[test]
fn what_the_vm_refuses() {
    let mut board = Board::new();
    let leaf = leaf(
        &mut board,
        [(Attack, false), (Attack, false), (Attack, false)],
    );
    let answer = Answer::Step {
        claim: leaf,
        side: Attack,
    };
    let mut calls = answer
        .actions(0, board.game(), &truth(&board))
        .expect("known");
    let bare = calls.pop().expect("the step");
    assert!(!calls.is_empty(), "the step reads local data");
    let refused = board.call(EVE, 0, bare);
    assert_eq!(refused, Err(Revert::Message("pre-image must exist")));
    // Local data of another execution are of no use.
    let output = board.attack(BOB, usize::from(SPLIT) - 1, junk(0x70));
    assert_eq!(output, Ok(Effect::Claimed(leaf + 1)));
    assert!(board.attack(ANN, leaf + 1, junk(0x71)).is_ok());
    for call in calls {
        let Action::Game(_, GameAction::AddLocalData { ident, offset, .. }) = call else {
            panic!("{call:?} before a step");
        };
        let leaf = leaf + 2;
        let of_other = GameAction::AddLocalData {
            ident,
            leaf,
            offset,
        };
        assert!(board.play(EVE, of_other).is_ok());
    }
    let Some(Action::Game(_, GameAction::Step(step))) = answer
        .actions(0, board.game(), &truth(&board))
        .ok()
        .and_then(|mut calls| calls.pop())
    else {
        panic!("no step");
    };
    let refused = board.play(EVE, GameAction::Step(step));
    assert_eq!(refused, Err(Revert::Message("pre-image must exist")));
}

/// A step looks at no clock: the leaf's bond may have been paid already, but its parent's subgame
/// still sees who countered it.
#[test]
fn a_late_step() {
    let mut board = Board::new();
    let leaf = leaf(
        &mut board,
        [(Attack, false), (Attack, false), (Attack, false)],
    );
    board.now += 2 * CLOCK;
    assert_eq!(board.resolve_claim(leaf, 0), Ok(Effect::Done));
    let claimant = board.claim(leaf).claimant;
    let bond = board.claim(leaf).bond;
    assert_eq!(board.game().credit(claimant), bond);
    assert_eq!(step(&mut board, leaf, Attack), Ok(Effect::Done));
    assert_eq!(
        board.resolve_claim(leaf, 0),
        Err(Revert::ClaimAlreadyResolved)
    );
    assert_eq!(board.resolve_claim(leaf - 1, 0), Ok(Effect::Done));
    assert_eq!(board.claim(leaf - 1).countered_by, None);
    assert_eq!(board.game().credit(EVE), 0);
}
