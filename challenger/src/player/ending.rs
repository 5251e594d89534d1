//! How a game ends: claims are resolved, then the game, and who has won is paid.

use alloy_primitives::{Address, U256};
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::Game;
use fpvm_dispute::player::{Answer, Me};

use super::{Kind, PlannedTx, Turn};
use crate::calls;
use crate::read::game_params::GameParams;
use crate::read::{ReadError, Reader};

/// The most answers of a claim that one transaction resolves.
const PAGE: usize = 512;

/// Resolution, of whatever the player has no step against: that looks at no clock, but comes too late
/// once its claim is resolved.
pub(super) fn resolve<T>(game: &Game, now: u64, me: &Me<T>, turn: &mut Turn) {
    let unmade = me.reading().unmade(game);
    let to_step: Vec<usize> = unmade
        .filter_map(|answer| match answer {
            Answer::Step { claim, .. } => Some(*claim),
            Answer::Move(_) => None,
        })
        .collect();
    for (action, why) in resolutions(game, now) {
        if let GameAction::ResolveClaim { claim, .. } = action
            && to_step.contains(&claim)
        {
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

/// What of a game can be resolved at L1 time `now`, in seconds, and why; nothing of it depends on
/// another of it.
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

/// What is left to do once the game has ended: to be paid.
pub(super) fn pay(
    game_params: &GameParams,
    reader: &Reader<'_>,
    game: &Game,
    account: Address,
) -> Result<Turn, ReadError> {
    let mut turn = Turn::default();
    let credit = game.credit(account);
    if credit == 0 {
        turn.is_over = true;
        return Ok(turn);
    }
    let unlocked = game_params.withdrawal(reader, account)?;
    let ready = unlocked.timestamp.saturating_add(game_params.vault_delay);
    if reader.block.time < ready {
        turn.look_again = Some(ready);
        return Ok(turn);
    }
    let action = GameAction::ClaimCredit(account);
    turn.planned.push(PlannedTx {
        game: game_params.game,
        kind: Kind::Pay,
        why: "The game has ended, and the vault's delay is over.".into(),
        request: calls::game(game_params.game, &action, 0),
    });
    Ok(turn)
}
