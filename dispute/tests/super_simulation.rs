//! Whole super games between honest players and cheats of all kinds, in the model.

use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::simulate::subject::Subject;
use fpvm_dispute::simulate::super_scenario::SuperPresets;
use fpvm_dispute::simulate::{game_seed, run, simulate_super};
use fpvm_dispute::trace::super_lie::StateLie;

#[test]
fn the_honest_win_every_super_game() {
    let games = 1_500;
    let table = simulate_super(games, 1).expect("all can be played");
    assert!(!table.has_failure(), "{table:#?}");
    assert_eq!(table.games, games);
    // Both kinds of proposals are played about, down to the instructions, by every way of cheating.
    assert!(table.right_proposals > games / 5, "{table:#?}");
    assert!(table.right_proposals < games * 4 / 5, "{table:#?}");
    assert!(table.steps > games, "{table:#?}");
    assert_eq!(table.cheats.len(), 6, "{table:#?}");
    assert!(table.cheats.values().all(|row| row.losses_wei > 0));
}

/// Each kind of lie about states meets a right proposal and a wrong one, and loses.
#[test]
fn every_kind_of_lie_loses() {
    let presets = SuperPresets::new().expect("legal rules");
    let mut met = std::collections::BTreeMap::<_, u32>::new();
    for number in 0..150 {
        let scenario = presets.scenario(game_seed(7, number)).expect("a scenario");
        let outcome = run::play(&scenario).expect("it can be played");
        let right = Subject::is_right(&scenario);
        let expected = if right {
            GameStatus::DefenderWins
        } else {
            GameStatus::ChallengerWins
        };
        assert_eq!(outcome.status, expected, "{number}");
        for lie in scenario
            .participants
            .iter()
            .filter_map(|participant| participant.lie)
        {
            let kind = StateLie::ALL
                .iter()
                .position(|kind| *kind == lie.state_lie());
            *met.entry((kind, right)).or_default() += 1;
        }
    }
    assert_eq!(met.len(), 2 * StateLie::ALL.len(), "{met:?}");
    assert!(met.values().all(|count| *count > 5), "{met:?}");
}
