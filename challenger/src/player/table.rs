//! A plan, turned into deeds: only what can be done now, and with its reason.

use fpvm_contracts::loader::Terms;
use fpvm_dispute::call::{Action, GameAction};
use fpvm_dispute::game::Game;
use fpvm_dispute::oracle::Preimage;
use fpvm_dispute::player::why::Why;
use fpvm_dispute::player::{Me, Plan, value_of};
use fpvm_dispute::trace::{Trace, TraceError};

use super::{Deed, Kind, Strategy, Turn};
use crate::calls;
use crate::loads::{self, Load};
use crate::read::{ReadError, Reader};

/// What a plan is turned into deeds with.
pub(super) struct Table<'a, T> {
    pub(super) reader: &'a Reader<'a>,
    pub(super) game: &'a Game,
    pub(super) terms: Terms,
    pub(super) me: &'a Me<T>,
    pub(super) strategy: Strategy,
}

impl<T: Trace> Table<'_, T> {
    /// What is to be done of a plan now, into `turn`.
    pub(super) fn deeds(&self, plan: Plan, turn: &mut Turn) -> Result<(), ReadError> {
        turn.look_again = plan.look_again;
        match plan.trouble {
            Some(TraceError::Pending { .. }) => turn.is_waiting = true,
            other => turn.trouble = other.map(|trouble| trouble.to_string()),
        }
        // Whether what the next step reads is all there.
        let mut is_loaded = true;
        for action in plan.actions {
            match &action {
                Action::LoadPreimage(preimage) => is_loaded &= self.load(preimage, turn)?,
                Action::Game(
                    _,
                    GameAction::AddLocalData {
                        ident,
                        leaf,
                        offset,
                    },
                ) => {
                    // Of no execution: cheats try that.
                    let context = self.game.local_context(*leaf).unwrap_or_default();
                    let (oracle, at) = (self.terms.oracle, self.game.address());
                    let there =
                        loads::has_local(self.reader, oracle, at, *ident, context, *offset)?;
                    if !there {
                        turn.deeds.push(self.deed(&action, Kind::Load));
                        is_loaded = false;
                    }
                }
                Action::Game(_, GameAction::Step(_)) if is_loaded => {
                    turn.deeds.push(self.deed(&action, Kind::Step));
                }
                Action::Game(_, GameAction::Step(_)) => is_loaded = true,
                Action::Game(_, GameAction::Move(mv)) => {
                    let used = self
                        .game
                        .challenger_duration(mv.parent, self.reader.block.time);
                    let all = self.game.rules().max_clock_duration();
                    if used.is_ok_and(|used| used < all) {
                        turn.deeds.push(self.deed(&action, Kind::Move));
                    }
                }
                Action::Game(_, GameAction::ChallengeBlockNumber(_)) => {
                    turn.deeds.push(self.deed(&action, Kind::Challenge));
                }
                Action::Game(_, GameAction::SampleFee) => {
                    turn.deeds.push(self.deed(&action, Kind::Sample));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a pre-image's part is there; else what is next for it.
    fn load(&self, preimage: &Preimage, turn: &mut Turn) -> Result<bool, ReadError> {
        match loads::part(self.reader, &self.terms, preimage) {
            Ok(Load::Done) => return Ok(true),
            Ok(Load::Send(request)) => turn.deeds.push(Deed {
                game: self.game.address(),
                kind: Kind::Load,
                why: "An instruction that is to be run on chain reads it.".into(),
                request,
            }),
            Ok(Load::Wait(until)) => {
                let other = turn.look_again.unwrap_or(u64::MAX);
                turn.look_again = Some(until.min(other));
            }
            Err(loads::LoadTrouble::Read(error)) => return Err(error),
            Err(other) => turn.trouble = Some(other.to_string()),
        }
        Ok(false)
    }

    fn deed(&self, action: &Action, kind: Kind) -> Deed {
        let value = value_of(self.game, action);
        let game = self.game.address();
        let action = match action {
            Action::Game(_, action) => action,
            // The others do not come here.
            _ => &GameAction::SampleFee,
        };
        Deed {
            game,
            kind,
            why: self.why(action),
            request: calls::game(game, action, value),
        }
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
            (Some(why), _) => why.to_string(),
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
