//! The option of the game: clocks that are held while fees outgrow the bonds.

use fpvm_dispute::bond::ASSUMED_BASE_FEE;
use fpvm_dispute::call::{Effect, GameAction};
use fpvm_dispute::fees::FeeSpikes;
use fpvm_dispute::revert::Revert;

use crate::board::{Board, junk};
use crate::setup::{ANN, BOB, CLOCK, EVE, START};

const SPIKES: FeeSpikes = FeeSpikes {
    window: 1_800,
    cap: 7_200,
};

fn sample(board: &mut Board, base_fee: u64) -> Result<Effect, Revert> {
    board.base_fee = base_fee;
    board.play(EVE, GameAction::SampleFee)
}

#[test]
fn off_there_is_no_such_function() {
    let mut board = Board::new();
    assert_eq!(sample(&mut board, u64::MAX), Err(Revert::Empty));
    board.now += CLOCK;
    assert_eq!(
        board.attack(BOB, 0, junk(1)),
        Err(Revert::ClockTimeExceeded)
    );
}

#[test]
fn unused_it_changes_nothing() {
    let (mut with, mut without) = (Board::with_fee_spikes(SPIKES), Board::new());
    for board in [&mut with, &mut without] {
        board.base_fee = u64::MAX;
        board.now += 5_000;
        board.attack_down(0, 3);
        board.now += CLOCK;
        assert_eq!(
            board.attack(BOB, 2, junk(9)),
            Err(Revert::ClockTimeExceeded)
        );
    }
    assert_eq!(with.game().claims(), without.game().claims());
}

#[test]
fn a_held_clock_leaves_time_to_answer() {
    let mut board = Board::with_fee_spikes(SPIKES);
    board.now = START + CLOCK - 10;
    assert_eq!(
        sample(&mut board, ASSUMED_BASE_FEE as u64 + 1),
        Ok(Effect::Done)
    );
    board.now += 1_000;
    assert_eq!(
        board.game().challenger_duration(0, board.now),
        Ok(CLOCK - 10)
    );
    assert_eq!(board.resolve_claim(0, 0), Err(Revert::ClockNotExpired));
    // The claim carries game time.
    assert_eq!(board.attack(BOB, 0, junk(1)), Ok(Effect::Claimed(1)));
    assert_eq!(board.claim(1).clock.timestamp, START + CLOCK - 10);
    // Ann's clock is held as well.
    assert_eq!(board.game().challenger_duration(1, board.now + 800), Ok(0));
    assert_eq!(board.game().challenger_duration(1, board.now + 801), Ok(1));
    board.now += 809;
    assert_eq!(board.attack(EVE, 0, junk(2)), Ok(Effect::Claimed(2)));
    board.now += 1;
    assert_eq!(
        board.attack(EVE, 0, junk(3)),
        Err(Revert::ClockTimeExceeded)
    );
}

#[test]
fn a_clock_that_has_run_out_stays_so() {
    let mut board = Board::with_fee_spikes(SPIKES);
    board.now = START + CLOCK;
    assert_eq!(sample(&mut board, u64::MAX), Ok(Effect::Done));
    assert_eq!(
        board.attack(BOB, 0, junk(1)),
        Err(Revert::ClockTimeExceeded)
    );
    assert_eq!(board.resolve_claim(0, 0), Ok(Effect::Done));
    assert_eq!(board.play(ANN, GameAction::Resolve).map(|_| ()), Ok(()));
    assert_eq!(sample(&mut board, u64::MAX), Err(Revert::GameNotInProgress));
}

#[test]
fn never_longer_than_the_cap() {
    let mut board = Board::with_fee_spikes(SPIKES);
    for _ in 0..10 {
        assert_eq!(sample(&mut board, u64::MAX), Ok(Effect::Done));
        board.now += 1_800;
    }
    assert_eq!(board.game().game_time(board.now), board.now - 7_200);
    board.now = START + CLOCK + 7_200 - 1;
    assert_eq!(board.attack(BOB, 0, junk(1)), Ok(Effect::Claimed(1)));
    board.now += 1;
    assert_eq!(
        board.attack(BOB, 0, junk(2)),
        Err(Revert::ClockTimeExceeded)
    );
}
