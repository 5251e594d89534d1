//! The play of a cheat against a partner.

use alloy_primitives::Address;

use super::spam;
use crate::claim::Side;
use crate::player::{Me, Plan, View};
use crate::trace::Trace;

/// Adds answers to the partner's claims, one each: to the left or to the right, true or not, at once
/// or in the last second.
pub(super) fn answer_partner<T: Trace>(
    plan: &mut Plan,
    seed: u64,
    partner: Address,
    me: &Me<T>,
    view: &View<'_>,
) {
    let game = view.game;
    let mine = |index: &usize| {
        game.claim(*index)
            .is_ok_and(|claim| claim.claimant == me.account)
    };
    for (index, claim) in game.claims().iter().enumerate() {
        if claim.claimant != partner {
            continue;
        }
        let answers = game
            .subgame(index)
            .map(|subgame| subgame.answers.as_slice());
        if answers.unwrap_or_default().iter().any(&mine) {
            continue;
        }
        let wish = super::choice(seed, index);
        let slack = 1 + wish % 120;
        if wish >> 16 & 1 == 0 && !plan.is_last_chance(view, index, slack) {
            continue;
        }
        let side = if wish >> 17 & 3 == 0 {
            Side::Defend
        } else {
            Side::Attack
        };
        let truly = wish >> 19 & 3 == 0;
        let calls = spam::answer(seed, game, me, index, side, truly);
        plan.actions.extend(calls.unwrap_or_default());
    }
}
