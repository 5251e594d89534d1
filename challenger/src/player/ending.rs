//! How a game ends: claims are resolved, then the game. How its bonds are paid is in [`super::settling`].

use alloy_primitives::U256;
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::Game;
use fpvm_dispute::player::{Answer, Me};

use super::{Kind, PlannedTx, Turn};
use crate::calls;

/// The most answers of a claim that one transaction resolves.
const PAGE: usize = 512;

/// Resolves what can be resolved, except claims against which the player has a step: a step needs no clock, but
/// comes too late once its claim is resolved. Resolutions that are not `wanted` are left to others.
pub(super) fn resolve<T>(
    game: &Game,
    now: u64,
    me: Option<&Me<T>>,
    wanted: impl Fn(&GameAction) -> bool,
    turn: &mut Turn,
) {
    let unmade = me.into_iter().flat_map(|me| me.reading().unmade(game));
    let to_step: Vec<usize> = unmade
        .filter_map(|answer| match answer {
            Answer::Step { claim, .. } => Some(*claim),
            Answer::Move(_) => None,
        })
        .collect();
    for (action, why) in resolutions(game, now) {
        let is_too_early = match action {
            GameAction::ResolveClaim { claim, .. } => to_step.contains(&claim),
            _ => false,
        };
        if is_too_early || !wanted(&action) {
            continue;
        }
        turn.planned.push(PlannedTx {
            game: game.address(),
            kind: Kind::Resolve,
            why,
            request: calls::game(game.address(), &action, 0),
        });
    }
}

/// The resolutions that are possible in a game at L1 time `now`, in seconds, and why; none depends on
/// another.
pub fn resolutions(game: &Game, now: u64) -> Vec<(GameAction, String)> {
    let is_resolved = |index: usize| game.subgame(index).is_some_and(|of| of.resolved);
    if game.status() != GameStatus::InProgress {
        return Vec::new();
    }
    if is_resolved(0) {
        let why = "The proposal's subgame is resolved.".into();
        return vec![(GameAction::Resolve, why)];
    }
    let all = game.rules().max_clock_duration();
    let mut ready = Vec::new();
    for claim in (0..game.claims().len()).rev() {
        let Some(subgame) = game.subgame(claim).filter(|of| !of.resolved) else {
            continue;
        };
        let used = game.challenger_duration(claim, now);
        let has_run_out = used.is_ok_and(|used| used >= all);
        if !has_run_out || !subgame.answers.iter().all(|answer| is_resolved(*answer)) {
            continue;
        }
        let count = match game.num_to_resolve(claim) {
            rest if rest > PAGE => PAGE,
            rest if subgame.checkpoint.is_some() => rest,
            _ => 0,
        };
        let count = U256::from(count);
        let why =
            format!("The time to answer claim {claim} is over, and its answers are resolved.");
        ready.push((GameAction::ResolveClaim { claim, count }, why));
    }
    ready
}
