//! A claim that cannot be judged holds up its descendants, and nothing else.

use std::cell::Cell;

use alloy_primitives::B256;
use fpvm_dispute::game::Game;
use fpvm_dispute::game::block_number::BlockEvidence;
use fpvm_dispute::player::Answer;
use fpvm_dispute::player::honest::Reading;
use fpvm_dispute::position::Position;
use fpvm_dispute::simulate::opinion::{Opinion, Truth};
use fpvm_dispute::simulate::run;
use fpvm_dispute::simulate::scenario::{Presets, Scenario};
use fpvm_dispute::trace::{StepData, Trace, TraceError};

/// A trace that has no answer yet about what belongs to one claim.
struct Slow<T> {
    truth: T,
    claim: Cell<Option<usize>>,
    /// It fails instead.
    fails: bool,
}

impl<T: Trace> Slow<T> {
    fn about(&self, claim: usize) -> Result<(), TraceError> {
        match (self.claim.get() == Some(claim), self.fails) {
            (false, _) => Ok(()),
            (true, false) => Err(TraceError::Pending { index: 7 }),
            (true, true) => Err(TraceError::NoProgram),
        }
    }
}

impl<T: Trace> Trace for Slow<T> {
    fn claim_at(&self, game: &Game, of: usize, position: Position) -> Result<B256, TraceError> {
        self.about(of)?;
        self.truth.claim_at(game, of, position)
    }

    fn step_at(&self, game: &Game, of: usize, position: Position) -> Result<StepData, TraceError> {
        self.about(of)?;
        self.truth.step_at(game, of, position)
    }

    fn wrong_block(&self, game: &Game) -> Result<Option<BlockEvidence>, TraceError> {
        self.truth.wrong_block(game)
    }
}

/// Whether a claim is another or answers it, directly or not.
fn descends(game: &Game, claim: usize, from: usize) -> bool {
    let parent = |claim: &usize| game.claim(*claim).expect("a claim").parent;
    std::iter::successors(Some(claim), parent).any(|above| above == from)
}

#[test]
fn all_claims_are_judged_whose_parents_are() {
    let presets = Presets::new().expect("legal rules");
    let (mut held_up, mut not_held_up) = (0, 0);
    for seed in 0..40 {
        let scenario = Scenario::random(&presets, seed);
        let game = run::record(&scenario).expect("it is played").game;
        let truth = Truth::new(scenario.rollup);
        let opinion = Opinion::new(&truth, None);
        let mut whole = Reading::default();
        assert_eq!(whole.read(&game, &opinion).trouble, None);
        for claim in 1..game.claims().len().min(12) {
            for fails in [false, true] {
                let slow = Slow {
                    truth: &opinion,
                    claim: Cell::new(Some(claim)),
                    fails,
                };
                let mut reading = Reading::default();
                let unread = reading.read(&game, &slow);
                for index in 0..game.claims().len() {
                    if descends(&game, index, claim) {
                        held_up += usize::from(!reading.is_read(index));
                        continue;
                    }
                    assert!(reading.is_read(index), "seed {seed}: {index}, not {claim}");
                    assert_eq!(reading.answer(index), whole.answer(index));
                    assert_eq!(reading.is_honest(index), whole.is_honest(index));
                    not_held_up += usize::from(index > claim);
                }
                if !reading.is_read(claim) {
                    assert_eq!(
                        (unread.is_waiting, unread.trouble.is_some()),
                        (!fails, fails)
                    );
                }
                // Once there is an answer, the rest is read.
                slow.claim.set(None);
                reading.read(&game, &slow);
                let answers = |reading: &Reading| -> Vec<Option<Answer>> {
                    let all = 0..game.claims().len();
                    all.map(|index| reading.answer(index).copied()).collect()
                };
                assert_eq!(answers(&reading), answers(&whole), "seed {seed}, {claim}");
                let unmade =
                    |reading: &Reading| -> Vec<Answer> { reading.unmade(&game).copied().collect() };
                assert_eq!(unmade(&reading), unmade(&whole), "seed {seed}, {claim}");
            }
        }
    }
    assert!(held_up > 50 && not_held_up > 50, "{held_up}, {not_held_up}");
}

#[test]
fn what_is_made_already_is_not_planned_again() {
    let presets = Presets::new().expect("legal rules");
    let mut made = 0;
    for seed in 0..40 {
        let scenario = Scenario::random(&presets, seed);
        let game = run::record(&scenario).expect("it is played").game;
        let truth = Truth::new(scenario.rollup);
        let opinion = Opinion::new(&truth, None);
        // A player who has just begun, and knows nothing yet of the answers to the root.
        for claim in 1..game.claims().len().min(12) {
            let slow = Slow {
                truth: &opinion,
                claim: Cell::new(Some(claim)),
                fails: false,
            };
            let mut reading = Reading::default();
            reading.read(&game, &slow);
            for answer in reading.unmade(&game) {
                let Answer::Move(mv) = answer else { continue };
                let parent = game.claim(mv.parent).expect("a claim");
                let place = parent.position.answered(mv.side);
                let again = game.claims().iter().any(|claim| {
                    claim.parent == Some(mv.parent)
                        && claim.position == place
                        && claim.claim == mv.claim
                });
                assert!(!again, "seed {seed}: {mv:?}");
            }
            made += game.claims().len();
        }
    }
    assert!(made > 100);
}
