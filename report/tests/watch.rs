//! The view for a terminal, drawn on a screen in memory.

mod common;

use common::simulated;
use fpvm_dispute::game::Game;
use fpvm_report::watch::{Key, Watch, draw};
use fpvm_report::{self as report, Happened, Opinion, Report, Status, Subject};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The screen after a drawing.
fn screen(report: &Report, watch: &mut Watch, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen");
    let drawn = terminal.draw(|frame| draw(frame, report, watch));
    drawn.expect("drawn");
    terminal.backend().to_string()
}

/// A game as its contract showed it `seconds` after its creation: the claims made until then.
fn running(game: &Game, seconds: u64) -> Report {
    let now = game.created_at() + seconds;
    let mut parts = game.parts();
    parts.claims.retain(|claim| claim.clock.timestamp <= now);
    let count = parts.claims.len();
    parts.status = fpvm_dispute::claim::GameStatus::InProgress;
    parts.resolved = vec![false; count];
    for claim in &mut parts.claims {
        claim.countered_by = None;
    }
    let game = Game::from_parts(parts).expect("a game");
    let subject = Subject {
        title: "A test".into(),
        game: &game,
        now,
        parties: Default::default(),
        happened: Happened::History(&[]),
        instruction: None,
        bonds: Default::default(),
        alarm: None,
    };
    report::report(subject, &Opinion::default())
}

#[test]
fn a_finished_game_says_how_it_ended() {
    for seed in 0..10 {
        let (report, _) = simulated(seed);
        let text = screen(&report, &mut Watch::new(), 120, 40);
        let ends = match report.status {
            Status::ChallengerWins => "the proposal is refuted",
            Status::DefenderWins => "the proposal stands",
            Status::InProgress => panic!("seed {seed}: it was played to its end"),
        };
        assert!(text.contains(ends), "seed {seed}: {text}");
        assert!(
            text.contains("nothing: the game is over"),
            "seed {seed}: {text}"
        );
        for account in report.accounts.iter().take(6) {
            assert!(
                text.contains(&account.name[..10.min(account.name.len())]),
                "{text}"
            );
        }
    }
}

#[test]
fn a_running_game_shows_clocks_and_what_comes() {
    let (_, record) = simulated(3);
    let report = running(&record.game, 1);
    assert_eq!(report.claims.len(), 1);
    let all = report
        .rules
        .play
        .as_ref()
        .expect("it is played")
        .max_clock_duration;
    assert_eq!(report.claims[0].left, Some(all - 1));
    let text = screen(&report, &mut Watch::new(), 120, 40);
    assert!(text.contains("claim 0 of "), "{text}");
    assert!(
        text.contains("stands unless it is answered within"),
        "{text}"
    );
    // Nobody answers: the clock runs out.
    let mut parts = record.game.parts();
    parts.claims.truncate(1);
    parts.claims[0].countered_by = None;
    parts.resolved = vec![false];
    parts.status = fpvm_dispute::claim::GameStatus::InProgress;
    let game = Game::from_parts(parts).expect("a game");
    let subject = Subject {
        title: "A test".into(),
        game: &game,
        now: game.created_at() + all,
        parties: Default::default(),
        happened: Happened::History(&[]),
        instruction: None,
        bonds: Default::default(),
        alarm: None,
    };
    let report = report::report(subject, &Opinion::default());
    assert_eq!(report.claims[0].left, Some(0));
    let text = screen(&report, &mut Watch::new(), 120, 40);
    assert!(text.contains("the clock of claim 0 has run out"), "{text}");
    assert!(fpvm_report::view::text(&report, 200).contains("next: the clock of claim 0"));
}

#[test]
fn every_claim_can_be_looked_at() {
    let seeds = 0..40;
    let (report, _) = seeds
        .map(simulated)
        .max_by_key(|(r, _)| r.claims.len())
        .expect("games");
    let count = report.claims.len();
    assert!(count > 40, "{count} claims fit the screen");
    let mut watch = Watch::new();
    let newest = screen(&report, &mut watch, 120, 40);
    assert!(
        newest.contains(&format!(" Claim {} ", count - 1)),
        "{newest}"
    );
    watch.press(Key::First, &report);
    assert!(screen(&report, &mut watch, 120, 40).contains(" Claim 0 "));
    for index in 1..count {
        watch.press(Key::By(1), &report);
        let text = screen(&report, &mut watch, 120, 40);
        assert!(
            text.contains(&format!(" Claim {index} ")),
            "{index}: {text}"
        );
        assert!(
            text.contains(&format!("#{index:<3} ")),
            "{index}: its row is not shown"
        );
    }
    watch.press(Key::By(1), &report);
    assert!(screen(&report, &mut watch, 120, 40).contains(&format!(" Claim {} ", count - 1)));
}

#[test]
fn a_silent_chain_is_told() {
    let (report, _) = simulated(1);
    let mut watch = Watch::new();
    watch.trouble = Some("the node does not answer".into());
    let text = screen(&report, &mut watch, 100, 30);
    assert!(
        text.contains("not the newest: the node does not answer"),
        "{text}"
    );
}

#[test]
fn no_screen_is_too_small() {
    let (report, _) = simulated(1);
    for (width, height) in [(1, 1), (10, 3), (30, 12), (80, 24), (99, 20), (300, 90)] {
        let _ = screen(&report, &mut Watch::new(), width, height);
    }
}
