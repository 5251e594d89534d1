//! The timeline.

use alloy_primitives::Address;
use fpvm_dispute::call::{Action, Effect, GameAction, Made};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::Game;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::history::{HistoryEvent, What};
use serde::Serialize;

use crate::money::ether;

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Event {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Who did it, or was paid.
    pub by: Option<Address>,
    /// Its kind: `create`, `move`, `step`, `load`, `resolve`, `end`, `close`, `unlock`, `pay`, `refused`.
    pub kind: &'static str,
    /// The event in words.
    pub text: String,
    /// The claim that it is about.
    pub claim: Option<usize>,
}

/// The events of a game that follow from its state, its claims and its end, and from its history.
pub(super) fn of_game(game: &Game, history: &[HistoryEvent]) -> Vec<Event> {
    let claims = game.claims().iter().enumerate().map(|(index, claim)| {
        let (kind, text) = match claim.parent {
            None => ("create", "proposes".to_string()),
            Some(parent) => ("move", answers(game, index, parent)),
        };
        Event {
            at: claim.clock.timestamp,
            by: Some(claim.claimant),
            kind,
            text,
            claim: Some(index),
        }
    });
    let ended = history.iter().find(|event| event.what == What::Ended);
    let end = (game.status() != GameStatus::InProgress).then(|| Event {
        at: game.resolved_at(),
        by: ended.and_then(|event| event.by),
        kind: "end",
        text: end_of(game.status()).into(),
        claim: None,
    });
    let history = history.iter().filter_map(|event| of_event(game, event));
    let mut events: Vec<_> = claims.chain(history).chain(end).collect();
    // Among events of the same time a game's end is the last except for payments.
    events.sort_by_key(|event| (event.at, event.kind == "end"));
    events
}

/// The event of a game's history; none for the game's end, which the game itself tells.
fn of_event(game: &Game, event: &HistoryEvent) -> Option<Event> {
    let (kind, text, claim) = match event.what {
        What::Stepped(claim) => ("step", stepped(claim), Some(claim)),
        What::Loaded(key, claim) => (
            "load",
            format!("what counters claim {claim} is loaded: a part of {key:#}"),
            Some(claim),
        ),
        What::Resolved(claim) => {
            let countered = game.claim(claim).ok().and_then(|claim| claim.countered_by);
            let fate = countered.map_or("it stands", |_| "it is countered");
            let text = match event.by {
                Some(_) => format!("resolves claim {claim}: {fate}"),
                None => format!("claim {claim} is resolved: {fate}"),
            };
            ("resolve", text, Some(claim))
        }
        What::Ended => return None,
        What::Closed(mode) => {
            let to = match mode {
                BondMode::Refund => "its bonds go back to who posted them",
                BondMode::Undecided | BondMode::Normal => "its bonds go to who won them",
            };
            let text = match event.by {
                Some(_) => format!("closes the game: {to}"),
                None => format!("the game is closed: {to}"),
            };
            ("close", text, None)
        }
        What::Unlocked(_, wei) => (
            "unlock",
            format!("is to be paid {} ETH after the vault's delay", ether(wei)),
            None,
        ),
        What::Paid(_, wei) => ("pay", format!("is paid {} ETH", ether(wei)), None),
    };
    let by = match event.what {
        What::Unlocked(to, _) | What::Paid(to, _) => Some(to),
        _ => event.by,
    };
    Some(Event {
        at: event.at,
        by,
        kind,
        text,
        claim,
    })
}

fn stepped(claim: usize) -> String {
    format!("counters claim {claim} by running one instruction on chain")
}

/// The events of a game all of whose calls are known.
pub(super) fn of_calls(game: &Game, made: &[Made]) -> Vec<Event> {
    made.iter().map(|made| of_call(game, made)).collect()
}

fn of_call(game: &Game, made: &Made) -> Event {
    let (kind, text, claim) = match (&made.result, &made.call.action) {
        (Err(reason), action) => {
            let (what, claim) = attempted(action);
            (
                "refused",
                format!("tries to {what}, and is refused: {reason}"),
                claim,
            )
        }
        (Ok(Effect::Claimed(index)), _) => {
            let parent = game.claim(*index).ok().and_then(|claim| claim.parent);
            let text = parent.map_or_else(String::new, |parent| answers(game, *index, parent));
            ("move", text, Some(*index))
        }
        (Ok(Effect::Resolved(status)), _) => ("end", end_of(*status).into(), None),
        (Ok(Effect::Paid(wei)), _) => ("pay", paid(&made.call.action, *wei), None),
        (Ok(_), action) => done(game, action),
    };
    Event {
        at: made.at,
        by: Some(made.call.from),
        kind,
        text,
        claim,
    }
}

fn done(game: &Game, action: &Action) -> (&'static str, String, Option<usize>) {
    match action {
        Action::Game(_, GameAction::Move(mv)) => {
            let parent = game.claim(mv.parent).ok();
            let position = parent.map(|parent| parent.position.answered(mv.side));
            let index = position.and_then(|at| game.answer(mv.parent, at, &mv.claim));
            let text = index.map_or_else(String::new, |index| answers(game, index, mv.parent));
            ("move", text, index)
        }
        Action::Game(_, GameAction::Resolve) => ("end", end_of(game.status()).into(), None),
        Action::Create(_) => ("create", "proposes".into(), Some(0)),
        Action::LoadPreimage(preimage) => (
            "load",
            format!("loads a pre-image of {} bytes", preimage.value().len()),
            None,
        ),
        Action::Game(_, GameAction::AddLocalData { ident, leaf, .. }) => {
            ("load", format!("loads local datum {ident}"), Some(*leaf))
        }
        Action::Game(_, GameAction::Step(step)) => ("step", stepped(step.claim), Some(step.claim)),
        Action::Game(_, GameAction::ChallengeBlockNumber(_)) => (
            "step",
            "shows that the proposal is of another L2 block".into(),
            Some(0),
        ),
        Action::Game(_, GameAction::ResolveClaim { claim, .. }) => {
            let countered = game.claim(*claim).ok().and_then(|claim| claim.countered_by);
            let how = countered.map_or("it stands", |_| "it is countered");
            (
                "resolve",
                format!("resolves claim {claim}: {how}"),
                Some(*claim),
            )
        }
        Action::Game(_, GameAction::SampleFee) => ("load", "samples L1's base fee".into(), None),
        action => ("load", attempted(action).0, None),
    }
}

/// What a call tries to do, and the claim that it is about.
fn attempted(action: &Action) -> (String, Option<usize>) {
    match action {
        Action::Game(_, action) => match action {
            GameAction::Move(mv) => (format!("answer claim {}", mv.parent), Some(mv.parent)),
            GameAction::Step(step) => (
                format!("counter claim {} by an instruction", step.claim),
                Some(step.claim),
            ),
            GameAction::AddLocalData { ident, leaf, .. } => {
                (format!("load local datum {ident}"), Some(*leaf))
            }
            GameAction::ChallengeBlockNumber(_) => {
                ("contest the proposal's block number".into(), Some(0))
            }
            GameAction::ResolveClaim { claim, .. } => {
                (format!("resolve claim {claim}"), Some(*claim))
            }
            GameAction::Resolve => ("end the game".into(), None),
            GameAction::Close => ("close the game".into(), None),
            GameAction::ClaimCredit(_) => ("claim credit".into(), None),
            GameAction::SampleFee => ("sample L1's base fee".into(), None),
        },
        Action::Create(_) => ("create a game".into(), None),
        Action::LoadPreimage(_) => ("load a pre-image".into(), None),
        Action::SetAnchor(_) => ("set the anchor".into(), None),
        Action::Guard(_) => ("act as the guardian".into(), None),
        Action::Recover(_) | Action::Hold(..) | Action::TransferFrom(..) => {
            ("move the vault's ether".into(), None)
        }
    }
}

fn answers(game: &Game, index: usize, parent: usize) -> String {
    let side = crate::build::side(game, index).map_or("answers", |side| side.verb);
    format!("{side} claim {parent}")
}

fn paid(action: &Action, wei: u128) -> String {
    match action {
        Action::Game(_, GameAction::ClaimCredit(to)) => {
            format!("has {} ETH paid out to {to}", ether(wei))
        }
        _ => format!("takes {} ETH", ether(wei)),
    }
}

const fn end_of(status: GameStatus) -> &'static str {
    match status {
        GameStatus::InProgress => "The game goes on.",
        GameStatus::ChallengerWins => "The game ends: the proposal is refuted.",
        GameStatus::DefenderWins => "The game ends: the proposal stands.",
    }
}
