//! Games taken over from their parts.

use fpvm_dispute::game::Game;
use fpvm_dispute::game::parts::PartsError;
use fpvm_dispute::simulate::run;
use fpvm_dispute::simulate::scenario::{Presets, Scenario};

fn played(seed: u64) -> Game {
    let presets = Presets::new().expect("legal rules");
    run::record(&Scenario::random(&presets, seed))
        .expect("it can be played")
        .game
}

#[test]
fn the_parts_make_the_game() {
    for seed in 0..30 {
        let game = played(seed);
        let again = Game::from_parts(game.parts()).expect("its own parts");
        assert_eq!(again, game, "seed {seed}");
    }
}

#[test]
fn parts_that_fit_no_game() {
    let game = (0..)
        .map(played)
        .find(|game| game.claims().len() > 3)
        .expect("one of them");
    let mut empty = game.parts();
    empty.claims.clear();
    assert_eq!(Game::from_parts(empty).err(), Some(PartsError::NoRoot));
    let mut orphan = game.parts();
    orphan.claims[2].parent = Some(2);
    assert_eq!(Game::from_parts(orphan).err(), Some(PartsError::Orphan(2)));
    let mut rootless = game.parts();
    rootless.claims[0].parent = Some(0);
    assert_eq!(
        Game::from_parts(rootless).err(),
        Some(PartsError::Orphan(0))
    );
    let mut misplaced = game.parts();
    misplaced.claims[1].position = fpvm_dispute::position::Position::ROOT;
    assert_eq!(
        Game::from_parts(misplaced).err(),
        Some(PartsError::Misplaced(1))
    );
}
