//! Steps with data that do not belong there.

use alloy_primitives::{U256, keccak256};

use crate::call::{Action, GameAction};
use crate::claim::Side;
use crate::game::step::Step;
use crate::oracle::Preimage;
use crate::player::{Answer, Me, View};
use crate::trace::Trace;

/// Makes calls, against each of others' deepest claims from index `first` on, which the oracle and the
/// VM must refuse, or which must change nothing.
pub(super) fn next_moves<T: Trace>(
    seed: u64,
    first: usize,
    me: &Me<T>,
    view: &View<'_>,
) -> Vec<Action> {
    let game = view.game;
    let mut actions = Vec::new();
    for (leaf, claim) in game.claims().iter().enumerate().skip(first) {
        if claim.position.depth() != game.rules().max_depth() || claim.claimant == me.account {
            continue;
        }
        let garbage = keccak256(super::choice(seed, leaf).to_be_bytes()).to_vec();
        let mut game_action = |action| actions.push(Action::Game(me.game, action));
        // No such datum, data of no execution, an offset at the end, and data for the next claim.
        for (ident, leaf, offset) in [(6, leaf, 0), (2, 0, 8), (3, leaf, 40), (4, leaf + 1, 0)] {
            let (ident, offset) = (U256::from(ident), U256::from(offset));
            game_action(GameAction::AddLocalData {
                ident,
                leaf,
                offset,
            });
        }
        for side in Side::ALL {
            let (state, proof) = (garbage.clone(), garbage.clone());
            game_action(GameAction::Step(Step {
                claim: leaf,
                side,
                state,
                proof,
            }));
        }
        for offset in [0, 39, 40, u64::MAX] {
            let preimage = Preimage::keccak256(garbage.clone(), U256::from(offset));
            actions.push(Action::LoadPreimage(preimage));
        }
        for side in Side::ALL {
            let step = Answer::Step { claim: leaf, side };
            let mut calls = step.actions(me.game, game, &me.trace).unwrap_or_default();
            // First without the data that the step reads, then with wrong bytes.
            let bare = calls.last().cloned();
            actions.extend(bare);
            for call in &mut calls {
                match call {
                    Action::LoadPreimage(preimage) => {
                        preimage
                            .values
                            .values_mut()
                            .for_each(|value| value.reverse());
                    }
                    Action::Game(_, GameAction::Step(step)) => step.proof.push(0),
                    _ => (),
                }
            }
            actions.extend(calls);
        }
    }
    actions
}
