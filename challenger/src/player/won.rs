//! A game that was won at its creation: nothing can be played there. Its proposal becomes the anchor once the
//! registry's delay is over. If it is false, only the guardian can strike the game off before that, and has to be told.

use alloy_primitives::B256;
use fpvm_dispute::position::Position;
use fpvm_dispute::registry::Judge;
use fpvm_dispute::super_root::INVALID_CLAIM;
use fpvm_dispute::trace::{Trace, TraceError};

use super::{Kind, PlannedTx, Settling, Turn};
use crate::bonds::utc;
use crate::calls;
use crate::read::game_params::GameParams;
use crate::read::watch::GameSnapshot;

/// What is to be done about the game, by the player's trace; nothing without a trace.
pub(super) fn watch<T: Trace>(
    game_params: &GameParams,
    seen: &GameSnapshot,
    trace: Option<&T>,
    settling: &Settling,
) -> Turn {
    let mut turn = Turn::default();
    let around = &seen.around;
    let candidate = seen.game.candidate(around.registered);
    let (Some(judge), Some(trace)) = (&around.judge, trace) else {
        turn.is_over = true;
        return turn;
    };
    if is_struck_off(seen) {
        turn.is_over = true;
        return turn;
    }
    let own = match trace.claim_at(&seen.game, 0, Position::ROOT) {
        Ok(own) => own,
        Err(error) => {
            turn.is_waiting = matches!(error, TraceError::NotInSync { .. });
            turn.trouble = (!turn.is_waiting).then(|| error.to_string());
            return turn;
        }
    };
    let from = judge.final_from(&candidate);
    if let Some(found) = false_proposal(game_params, seen, own) {
        turn.alarm = Some(found.words);
        return turn;
    }
    // A game of a type that did not count never becomes the anchor, and about an older one nothing has to be done.
    let is_newer = candidate.proposal.block > seen.anchor.block;
    let Some(wait) = settling.close_after.filter(|_| !settling.selective) else {
        turn.is_over = true;
        return turn;
    };
    if !is_newer || !candidate.respected {
        turn.is_over = true;
        return turn;
    }
    let time = from.saturating_add(wait);
    if seen.block.time < time {
        turn.look_at(time);
    } else if around.at.paused {
        turn.paused = Some(game_params.registry);
    } else {
        turn.planned.push(PlannedTx {
            game: game_params.game,
            kind: Kind::Anchor,
            why: "Its proposal is true and newer than the anchor, the registry's delay is over, and nobody else has \
                  made it the anchor."
                .into(),
            request: calls::set_anchor(game_params.registry, game_params.game),
        });
    }
    turn
}

/// A false proposal of a game that was won at its creation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FalseProposal {
    /// What the guardian should know: the same words as long as nothing changes.
    pub words: String,
    /// From when on it is relied on, in seconds since 1970.
    pub until: u64,
}

/// Whether the proposal of a game that was won at its creation is false, because its true value is `own`, and may still
/// count.
pub fn false_proposal(
    game_params: &GameParams,
    seen: &GameSnapshot,
    own: B256,
) -> Option<FalseProposal> {
    let judge = seen.around.judge.as_ref()?;
    let candidate = seen.game.candidate(seen.around.registered);
    let until = judge.final_from(&candidate);
    let is_false =
        game_params.is_won_at_creation() && own != candidate.proposal.root && !is_struck_off(seen);
    is_false.then(|| FalseProposal {
        words: alarm(game_params, seen, own, until),
        until,
    })
}

/// Whether nothing can follow from the game any more.
fn is_struck_off(seen: &GameSnapshot) -> bool {
    let candidate = seen.game.candidate(seen.around.registered);
    let judge = seen.around.judge.as_ref();
    let struck_off =
        |judge: &Judge| judge.is_blacklisted(candidate.game) || judge.is_retired(&candidate);
    !seen.around.registered || judge.is_some_and(struck_off)
}

/// What the guardian should know: the same words as long as nothing changes.
fn alarm(game_params: &GameParams, seen: &GameSnapshot, own: B256, from: u64) -> String {
    let (about, proposed) = (game_params.about(), game_params.proposal.root_claim);
    let truth = match own {
        INVALID_CLAIM => "L1 determines none there".to_owned(),
        own => format!("the true one is {own}"),
    };
    let registry = game_params.registry;
    let respected = if game_params.was_respected {
        ""
    } else {
        ". Its type did not count when it was made, so that nothing follows from it by itself"
    };
    if seen.block.time < from {
        format!(
            "it proposes {proposed} for {about}, and {truth}. Nobody can dispute it: the guardian has to blacklist it \
             at the registry {registry} before {}, when it is relied on{respected}",
            utc(from)
        )
    } else {
        format!(
            "it proposes {proposed} for {about}, and {truth}. It has been relied on since {}: the guardian has to \
             pause, and to blacklist it at the registry {registry}{respected}",
            utc(from)
        )
    }
}
