//! Turns a plan into transactions: only those that can be sent now, each with its reason.

use fpvm_contracts::loader::Terms;
use fpvm_dispute::call::{Action, GameAction};
use fpvm_dispute::game::Game;
use fpvm_dispute::oracle::Preimage;
use fpvm_dispute::player::why::Why;
use fpvm_dispute::player::{Me, Plan, bond_of};
use fpvm_dispute::trace::Trace;

use super::{Kind, PlannedTx, Strategy, Turn};
use crate::calls;
use crate::loads::{self, Load};
use crate::read::{ReadError, Reader};

/// Everything that is needed to turn a plan into transactions.
pub(super) struct ActionPlanner<'a, T> {
    pub(super) reader: &'a Reader<'a>,
    pub(super) game: &'a Game,
    pub(super) terms: Terms,
    pub(super) me: &'a Me<T>,
    pub(super) strategy: Strategy,
    /// Seconds for which a claim is not answered, while there is time.
    pub(super) response_delay: u64,
}

impl<T: Trace> ActionPlanner<'_, T> {
    /// Adds the transactions of a plan that can be sent now to `turn`.
    pub(super) fn apply(&self, plan: Plan, turn: &mut Turn) -> Result<(), ReadError> {
        turn.look_again = plan.look_again;
        turn.is_waiting = plan.is_waiting;
        turn.trouble = plan.trouble.map(|trouble| trouble.to_string());
        // Whether what the next step reads is all there.
        let mut is_loaded = true;
        for action in plan.actions {
            match action {
                Action::LoadPreimage(preimage) => is_loaded &= self.load(&preimage, turn)?,
                Action::Game(_, action) => self.game_action(&action, &mut is_loaded, turn)?,
                // No player's plan creates games or does what only the owner may.
                Action::Create(_)
                | Action::SetAnchor(_)
                | Action::Guard(_)
                | Action::Recover(_)
                | Action::Hold(..)
                | Action::TransferFrom(..) => {}
            }
        }
        Ok(())
    }

    /// An action of the plan about the game, if it can be done now.
    fn game_action(
        &self,
        action: &GameAction,
        is_loaded: &mut bool,
        turn: &mut Turn,
    ) -> Result<(), ReadError> {
        let kind = match action {
            GameAction::AddLocalData {
                ident,
                leaf,
                offset,
            } => {
                // A cheat may load data for a claim that belongs to no execution.
                let context = self.game.local_context(*leaf).unwrap_or_default();
                let (oracle, at) = (self.terms.oracle, self.game.address());
                if loads::has_local(self.reader, oracle, at, *ident, context, *offset)? {
                    return Ok(());
                }
                *is_loaded = false;
                Kind::Load
            }
            GameAction::Step(_) if !std::mem::replace(is_loaded, true) => return Ok(()),
            GameAction::Step(_) => Kind::Step,
            GameAction::Move(mv) => {
                let now = self.reader.block.time;
                let used = self.game.challenger_duration(mv.parent, now);
                let all = self.game.rules().max_clock_duration();
                let Some(used) = used.ok().filter(|used| *used < all) else {
                    return Ok(());
                };
                // Waiting uses up the player's own clock, so half of it is left for later answers.
                if used < all / 2 {
                    let parent = self.game.claims().get(mv.parent);
                    let made = parent.map_or(0, |parent| parent.clock.timestamp);
                    let ready = made.saturating_add(self.response_delay);
                    if now < ready {
                        let half = now.saturating_add(all / 2 - used);
                        turn.look_at(ready.min(half));
                        return Ok(());
                    }
                }
                Kind::Move
            }
            GameAction::ChallengeBlockNumber(_) => Kind::Challenge,
            GameAction::SampleFee => Kind::Sample,
            // How a game ends is decided in `ending`.
            GameAction::ResolveClaim { .. }
            | GameAction::Resolve
            | GameAction::Close
            | GameAction::ClaimCredit(_) => {
                return Ok(());
            }
        };
        turn.planned.push(self.tx(action, kind));
        Ok(())
    }

    /// Whether a pre-image's part is in the oracle; if not, the next transaction for it goes into `turn`.
    fn load(&self, preimage: &Preimage, turn: &mut Turn) -> Result<bool, ReadError> {
        match loads::part(self.reader, &self.terms, preimage) {
            Ok(Load::Done) => return Ok(true),
            Ok(Load::Send(request)) => turn.planned.push(PlannedTx {
                game: self.game.address(),
                kind: Kind::Load,
                why: "An instruction that is to be run on chain reads it.".into(),
                request,
            }),
            Ok(Load::Wait(until)) => turn.look_at(until),
            Err(loads::LoadTrouble::Read(error)) => return Err(error),
            Err(other) => turn.trouble = Some(other.to_string()),
        }
        Ok(false)
    }

    fn tx(&self, action: &GameAction, kind: Kind) -> PlannedTx {
        let value = bond_of(self.game, action);
        let game = self.game.address();
        PlannedTx {
            game,
            kind,
            why: self.why(action),
            request: calls::game(game, action, value),
        }
    }

    /// The source that says whether a claim about an output is right.
    fn source(&self, action: &GameAction) -> Option<String> {
        let GameAction::Move(mv) = action else {
            return None;
        };
        let position = self.game.claim(mv.parent).ok()?.position;
        let trace = &self.me.trace;
        trace.source_at(self.game, mv.parent, position)
    }

    fn why(&self, action: &GameAction) -> String {
        if let Strategy::Cheat(cheat) = self.strategy {
            return format!("A cheat plays ({}).", cheat.way.name());
        }
        let answered = match action {
            GameAction::Move(mv) => Some(mv.parent),
            GameAction::Step(step) => Some(step.claim),
            _ => None,
        };
        let why = answered.and_then(|claim| Why::of(self.game, self.me.reading(), claim));
        match (why, action) {
            (Some(why), action) => match self.source(action) {
                Some(source) => format!("{why} {source}."),
                None => why.to_string(),
            },
            (None, GameAction::AddLocalData { leaf, .. }) => {
                format!("The instruction that counters claim {leaf} reads it.")
            }
            (None, GameAction::ChallengeBlockNumber(_)) => {
                "The proposal is the output of another L2 block than it says.".into()
            }
            (None, GameAction::SampleFee) => {
                "The base fee is above what the bonds cover: a sample holds the clocks.".into()
            }
            (None, _) => String::new(),
        }
    }
}
