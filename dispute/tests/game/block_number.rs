//! The right output for the wrong block.

use alloy_primitives::{B256, U256, keccak256};
use fpvm_dispute::call::{Effect, GameAction};
use fpvm_dispute::claim::{GameStatus, Side};
use fpvm_dispute::game::block_number::{BlockEvidence, OutputRootProof};
use fpvm_dispute::revert::{Panic, Revert};
use fpvm_dispute::rlp;
use fpvm_dispute::trace::Outputs;

use crate::board::{Board, junk};
use crate::setup::{ANN, BLOCK, BOB, CLOCK, EVE, params};

fn challenge(board: &mut Board, evidence: &BlockEvidence) -> Result<Effect, Revert> {
    board.play(
        BOB,
        GameAction::ChallengeBlockNumber(Box::new(evidence.clone())),
    )
}

/// Ann proposes the output of `real` for `BLOCK`.
fn proposed(real: u64) -> (Board, BlockEvidence) {
    let mut board = Board::empty(params());
    let real = U256::from(real);
    assert!(board.propose(board.rollup.root(real), BLOCK).is_ok());
    let evidence = board.rollup.evidence(real).expect("always there");
    (board, evidence)
}

#[test]
fn it_wins_the_root_for_good() {
    let (mut board, evidence) = proposed(BLOCK - 3);
    // Somebody has attacked before, and keeps what he can.
    assert!(board.attack(EVE, 0, junk(1)).is_ok());
    assert_eq!(challenge(&mut board, &evidence), Ok(Effect::Done));
    assert_eq!(board.game().block_challenger(), Some(BOB));
    assert_eq!(
        challenge(&mut board, &evidence),
        Err(Revert::L2BlockNumberChallenged)
    );
    // The root takes no more answers, the others do; that a root cannot be defended goes before.
    assert_eq!(
        board.attack(EVE, 0, junk(2)),
        Err(Revert::L2BlockNumberChallenged)
    );
    assert_eq!(
        board.defend(EVE, 0, junk(2)),
        Err(Revert::CannotDefendRootClaim)
    );
    assert_eq!(board.attack(ANN, 1, junk(2)), Ok(Effect::Claimed(2)));
    board.now += 2 * CLOCK;
    assert_eq!(
        board.resolve_all(),
        Ok(Effect::Resolved(GameStatus::ChallengerWins))
    );
    let claims = board.game().claims();
    assert_eq!(claims[0].countered_by, Some(BOB));
    assert_eq!(board.game().credit(BOB), claims[0].bond);
    assert_eq!(board.game().credit(ANN), claims[1].bond + claims[2].bond);
}

#[test]
fn evidence_for_the_right_number() {
    let (mut board, evidence) = proposed(BLOCK);
    assert_eq!(
        challenge(&mut board, &evidence),
        Err(Revert::BlockNumberMatches)
    );
}

#[test]
fn evidence_for_something_else() {
    let (mut board, evidence) = proposed(BLOCK - 3);
    let mut other_output = evidence.clone();
    other_output.proof.version = B256::repeat_byte(1);
    let refused = challenge(&mut board, &other_output);
    assert_eq!(refused, Err(Revert::InvalidOutputRootProof));
    let mut other_header = evidence;
    other_header.header.push(0);
    assert_eq!(
        challenge(&mut board, &other_header),
        Err(Revert::InvalidHeaderRLP)
    );
}

/// A proposer can choose any "header" for the output it proposes.
#[test]
fn headers_that_are_none() {
    let refused = |header: Vec<u8>| {
        let latest_block_hash = keccak256(&header);
        let proof = OutputRootProof {
            latest_block_hash,
            ..OutputRootProof::default()
        };
        let mut board = Board::empty(params());
        assert!(board.propose(proof.output_root(), BLOCK).is_ok());
        challenge(&mut board, &BlockEvidence { proof, header })
    };
    let with_number = |number: &[u8]| {
        let mut fields: [&[u8]; 9] = [&[]; 9];
        fields[8] = number;
        rlp::encode_list(&fields)
    };
    assert_eq!(refused(Vec::new()), Err(Revert::EmptyItem));
    assert_eq!(refused(vec![0x80]), Err(Revert::UnexpectedString));
    assert_eq!(
        refused(rlp::encode_list(&[&[] as &[u8]; 8])),
        Err(Revert::Panic(Panic::Index))
    );
    assert_eq!(
        refused(with_number(&[1; 33])),
        Err(Revert::InvalidHeaderRLP)
    );
    // Up to 32 bytes the number may be written in any way, and is read as one.
    let mut padded = [0; 32];
    padded[31] = BLOCK as u8;
    assert_eq!(
        refused(with_number(&padded)),
        Err(Revert::BlockNumberMatches)
    );
    assert_eq!(refused(with_number(&[0xff; 32])), Ok(Effect::Done));
    assert_eq!(refused(with_number(&[])), Ok(Effect::Done));
}

/// Without an answer left to make, the challenge alone decides.
#[test]
fn it_needs_no_other_answer() {
    let (mut board, evidence) = proposed(BLOCK - 3);
    assert_eq!(challenge(&mut board, &evidence), Ok(Effect::Done));
    board.now += CLOCK;
    assert_eq!(
        board.resolve_all(),
        Ok(Effect::Resolved(GameStatus::ChallengerWins))
    );
    assert_eq!(board.claim(0).countered_by, Some(BOB));
    let side = Side::Attack;
    assert_eq!(
        board.answer(EVE, 0, side, junk(1)),
        Err(Revert::GameNotInProgress)
    );
}
