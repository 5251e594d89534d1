//! A cheat that answers everything.

use alloy_primitives::{B256, U256, keccak256};

use crate::call::{Action, GameAction};
use crate::claim::Side;
use crate::game::Game;
use crate::game::moves::Move;
use crate::player::{Answer, Me, View};
use crate::trace::Trace;

/// Answers the claims from index `first` on, each in some of the four ways there are.
pub(super) fn next_moves<T: Trace>(
    seed: u64,
    first: usize,
    me: &Me<T>,
    view: &View<'_>,
) -> Vec<Action> {
    let game = view.game;
    let mut actions = Vec::new();
    for index in first..game.claims().len() {
        let wish = super::choice(seed, index);
        for way in 0..4 {
            if wish >> way & 1 == 0 {
                continue;
            }
            let side = if way & 1 == 0 {
                Side::Attack
            } else {
                Side::Defend
            };
            let truly = way & 2 == 0;
            actions.extend(answer(seed, game, me, index, side, truly).unwrap_or_default());
        }
    }
    actions
}

/// An answer of the kind `side`, with the value that the player holds to be true or another one.
pub(super) fn answer<T: Trace>(
    seed: u64,
    game: &Game,
    me: &Me<T>,
    index: usize,
    side: Side,
    truly: bool,
) -> Option<Vec<Action>> {
    let claim = game.claim(index).ok()?;
    let depth = claim.position.depth();
    if depth == game.rules().max_depth() {
        return Answer::Step { claim: index, side }
            .actions(me.game, game, &me.trace)
            .ok();
    }
    let truth = me
        .trace
        .claim_at(game, index, claim.position.answered(side));
    let value = match truth {
        Ok(truth) if truly => truth,
        Ok(truth) => keccak256([truth, U256::from(seed).into()].concat()),
        Err(_) => B256::repeat_byte(0xff),
    };
    let value = if depth == game.rules().split_depth() {
        let statuses = game.execution_root_statuses(index, side).ok()?;
        statuses.first()?.stamp(value)
    } else {
        value
    };
    let mv = Move {
        disputed: claim.claim,
        parent: index,
        claim: value,
        side,
    };
    Some(vec![Action::Game(me.game, GameAction::Move(mv))])
}
