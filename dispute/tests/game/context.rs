//! Local data: which two outputs an execution is about, and what the VM is told of them.

use alloy_primitives::{B256, U256, keccak256};
use fpvm_dispute::call::{Effect, GameAction};
use fpvm_dispute::claim::Side::{self, Attack, Defend};
use fpvm_dispute::claim::VmStatus;
use fpvm_dispute::oracle::local_key;
use fpvm_dispute::revert::{Panic, Revert};

use crate::board::{Board, junk};
use crate::setup::{ANCHOR, ANN, BLOCK, BOB, EVE, SPLIT};

/// Plays `sides` from the root on, all junk; returns the index of the last claim.
fn line(board: &mut Board, sides: &[Side]) -> usize {
    let mut last = 0;
    for (turn, side) in sides.iter().enumerate() {
        let from = if turn % 2 == 0 { BOB } else { ANN };
        let mut claim = junk(turn as u8);
        let statuses = board.game().execution_root_statuses(last, *side);
        if let (true, Ok([VmStatus::Valid])) = (turn == usize::from(SPLIT), statuses) {
            claim = VmStatus::Valid.stamp(claim);
        }
        let Ok(Effect::Claimed(index)) = board.answer(from, last, *side, claim) else {
            panic!("no {side:?} on {last}");
        };
        last = index;
    }
    last
}

fn load(board: &mut Board, ident: u64, leaf: usize, offset: u64) -> Result<Effect, Revert> {
    let (ident, offset) = (U256::from(ident), U256::from(offset));
    board.play(
        EVE,
        GameAction::AddLocalData {
            ident,
            leaf,
            offset,
        },
    )
}

/// The five data at offset 8: behind their length.
fn all_data(board: &mut Board, leaf: usize) -> [B256; 5] {
    let context = board.game().local_context(leaf).expect("an execution");
    [1, 2, 3, 4, 5].map(|ident| {
        let key = local_key(board.game().address(), U256::from(ident), context);
        assert_eq!(load(board, ident, leaf, 8), Ok(Effect::Loaded(key)));
        board.chain().oracle.read(key, 8).expect("loaded").0
    })
}

fn number(n: u64) -> B256 {
    let mut word = B256::ZERO;
    word.0[..8].copy_from_slice(&n.to_be_bytes());
    word
}

#[test]
fn the_first_block() {
    let mut board = Board::new();
    let leaf = line(&mut board, &[Attack; 6]);
    let data = all_data(&mut board, leaf);
    let anchor = board.game().starting().root;
    let disputed = board.claim(4);
    let expected = [
        B256::repeat_byte(0x11),
        anchor,
        disputed.claim,
        number(ANCHOR + 1),
        number(901),
    ];
    assert_eq!(data, expected);
    // The anchor has no position, and is left out of the context.
    let words = [disputed.claim, U256::from(16).into()];
    assert_eq!(
        board.game().local_context(leaf),
        Ok(keccak256(words.concat()))
    );
    // All claims of an execution share it.
    assert_eq!(board.game().local_context(5), board.game().local_context(6));
}

#[test]
fn between_two_claims() {
    // Ann's output at depth 4 is attacked; the one before it is the anchor's neighbour, Bob's.
    let mut board = Board::new();
    let leaf = line(&mut board, &[Attack, Attack, Attack, Defend, Attack]);
    let data = all_data(&mut board, leaf);
    let (starting, disputed) = (board.claim(3), board.claim(4));
    assert_eq!(disputed.position.gindex(), 18);
    assert_eq!(
        data[1..4],
        [starting.claim, disputed.claim, number(ANCHOR + 3)]
    );
    let positions = [8u64, 18].map(|gindex| B256::from(U256::from(gindex)));
    let words = [starting.claim, positions[0], disputed.claim, positions[1]];
    assert_eq!(
        board.game().local_context(leaf),
        Ok(keccak256(words.concat()))
    );

    // The same output is defended: it is the start, and what comes after is Ann's at depth 2.
    let mut board = Board::new();
    let leaf = line(&mut board, &[Attack, Attack, Attack, Defend, Defend]);
    let data = all_data(&mut board, leaf);
    let (starting, disputed) = (board.claim(4), board.claim(2));
    assert_eq!(
        data[1..4],
        [starting.claim, disputed.claim, number(ANCHOR + 4)]
    );
}

#[test]
fn the_last_block() {
    let mut board = Board::new();
    let leaf = line(&mut board, &[Attack, Defend, Defend, Defend, Defend]);
    let data = all_data(&mut board, leaf);
    let (starting, disputed) = (board.claim(4), board.claim(0));
    assert_eq!(starting.position.gindex(), 30);
    assert_eq!(data[1..4], [starting.claim, disputed.claim, number(BLOCK)]);
}

#[test]
fn refusals_in_order() {
    let mut board = Board::new();
    let leaf = line(&mut board, &[Attack; 5]);
    assert_eq!(load(&mut board, 9, 6, 99), Err(Revert::Panic(Panic::Index)));
    for above in 0..leaf {
        assert_eq!(load(&mut board, 9, above, 99), Err(Revert::ClaimAboveSplit));
    }
    for ident in [0, 6, u64::MAX] {
        assert_eq!(
            load(&mut board, ident, leaf, 99),
            Err(Revert::InvalidLocalIdent)
        );
    }
    for (ident, size) in [(1, 32), (2, 32), (3, 32), (4, 8), (5, 8)] {
        assert_eq!(
            load(&mut board, ident, leaf, size + 8),
            Err(Revert::PartOffsetOOB)
        );
        assert!(load(&mut board, ident, leaf, size + 7).is_ok());
    }
    let huge = GameAction::AddLocalData {
        ident: U256::MAX,
        leaf,
        offset: U256::ZERO,
    };
    assert_eq!(board.play(EVE, huge), Err(Revert::InvalidLocalIdent));
}
