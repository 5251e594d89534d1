//! The honest rule: whoever follows it with a true trace wins every game that it should, and gets
//! every bond back.
//!
//! It goes through the claims in the order in which they were made, and judges each whose parent is
//! judged. A claim is *honest* if it is the root and right, or the very answer that this rule gives to
//! its parent, whoever made it. Of the others it answers the root, those that answer an honest claim,
//! and those that answer a claim which it answers itself, unless they lie to the right of its own
//! answer: those do no harm, because the left-most answer wins. The answer to a claim whose value is
//! right is a defence, otherwise an attack, with the true value; at the deepest level it is a step.
//!
//! Source: op-challenger's solver.

use std::collections::{BTreeMap, BTreeSet};

use bitvec::vec::BitVec;

use super::{Answer, Me, Plan, View, wait_for_fees};
use crate::call::{Action, GameAction};
use crate::claim::{GameStatus, Side};
use crate::game::Game;
use crate::game::moves::Move;
use crate::revert::Revert;
use crate::trace::{Trace, TraceError};

/// What has been read of a game: which claims are honest, and the answers. A claim can be read once its parent
/// has been, so a claim that cannot be judged yet holds up only its descendants.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// By claim.
    honest: BitVec,
    /// By claim.
    answers: Vec<Option<Answer>>,
    /// Claims that have been looked at and not been read, ascending.
    unread: BTreeSet<usize>,
    /// Moves that the game does not have yet, and all steps, by the claim that they answer.
    unmade: BTreeMap<usize, Answer>,
}

/// Why some claims have not been read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unread {
    /// Why the first claim on which the trace fails cannot be judged.
    pub trouble: Option<TraceError>,
    /// Whether there are claims about which the trace has no answer yet.
    pub is_waiting: bool,
}

impl Unread {
    /// Notes why one claim has not been read.
    fn note(&mut self, why: TraceError) {
        match why {
            TraceError::Pending { .. } | TraceError::NotInSync { .. } => self.is_waiting = true,
            why => {
                self.trouble.get_or_insert(why);
            }
        }
    }
}

impl Reading {
    /// Whether the claim at `index` has been read.
    pub fn is_read(&self, index: usize) -> bool {
        index < self.answers.len() && !self.unread.contains(&index)
    }

    /// Whether the claim at `index` has been read and found honest.
    pub fn is_honest(&self, index: usize) -> bool {
        self.honest.get(index).is_some_and(|honest| *honest)
    }

    /// The answer to the claim at `index`, made or not.
    pub fn answer(&self, index: usize) -> Option<&Answer> {
        self.answers.get(index)?.as_ref()
    }

    /// How many claims have been looked at, whether they could be read or not.
    pub fn count(&self) -> usize {
        self.answers.len()
    }

    /// The answers that the game does not have yet, in the order of the claims that they answer.
    pub fn unmade(&self, game: &Game) -> impl Iterator<Item = &Answer> {
        let is_made = |answer: &Answer| match answer {
            Answer::Move(_) => false,
            Answer::Step { claim, .. } => game
                .claim(*claim)
                .is_ok_and(|claim| claim.countered_by.is_some()),
        };
        self.unmade.values().filter(move |answer| !is_made(answer))
    }

    /// Reads the claims that have not been read: those that are new, and those that could not be judged the
    /// last time.
    ///
    /// Gives why some could not be read. The others are read rightly nevertheless.
    pub fn read<T: Trace>(&mut self, game: &Game, trace: &T) -> Unread {
        let new = self.answers.len()..game.claims().len();
        self.honest.resize(game.claims().len(), false);
        self.answers.resize(game.claims().len(), None);
        self.unread.extend(new);
        let mut why = Unread::default();
        // Parents come before their answers, so one pass reads all claims that can be read.
        for index in self.unread.clone() {
            let parent = game.claim(index).ok().and_then(|claim| claim.parent);
            if parent.is_some_and(|parent| !self.is_read(parent)) {
                continue;
            }
            if let Err(unknown) = self.read_claim(game, trace, index) {
                why.note(unknown);
            }
        }
        why
    }

    /// Reads a claim whose parent has been read.
    fn read_claim<T: Trace>(
        &mut self,
        game: &Game,
        trace: &T,
        index: usize,
    ) -> Result<(), TraceError> {
        let honest = self.judge(game, trace, index)?;
        let answer = if !honest && self.should_answer(game, index)? {
            answer(game, trace, index)?
        } else {
            None
        };
        self.unread.remove(&index);
        self.honest.set(index, honest);
        if let Some(place) = self.answers.get_mut(index) {
            *place = answer;
        }
        if let Some(answer) = answer
            && !is_made(game, &answer)
        {
            self.unmade.insert(index, answer);
        }
        if let (true, Some(parent)) = (honest, game.claim(index)?.parent) {
            self.unmade.remove(&parent);
        }
        Ok(())
    }

    /// Whether the claim is what an honest player would have claimed there.
    fn judge<T: Trace>(&self, game: &Game, trace: &T, index: usize) -> Result<bool, TraceError> {
        let claim = game.claim(index)?;
        let Some(parent) = claim.parent else {
            return Ok(trace.claim_at(game, index, claim.position)? == claim.claim);
        };
        Ok(self.planned_move(parent).is_some_and(|planned| {
            let parent = game.claim(parent);
            planned.claim == claim.claim
                && parent.is_ok_and(|p| p.position.answered(planned.side) == claim.position)
        }))
    }

    /// Whether a claim that is not honest is to be answered.
    fn should_answer(&self, game: &Game, index: usize) -> Result<bool, TraceError> {
        let claim = game.claim(index)?;
        let Some(parent) = claim.parent else {
            return Ok(true);
        };
        if self.is_honest(parent) {
            return Ok(true);
        }
        Ok(self.harms(game, index)?)
    }

    /// Whether the claim at `index` competes with the honest answer to its parent, because it lies at that
    /// answer's position or to the left of it.
    ///
    /// # Errors
    /// A panic 0x32 if the game has no such claim.
    pub(super) fn harms(&self, game: &Game, index: usize) -> Result<bool, Revert> {
        let claim = game.claim(index)?;
        let planned = claim.parent.and_then(|parent| self.planned_move(parent));
        let Some(planned) = planned else {
            return Ok(false);
        };
        let max = game.rules().max_depth();
        let own = game.claim(planned.parent)?.position.answered(planned.side);
        Ok(claim.position.trace_index(max) <= own.trace_index(max))
    }

    fn planned_move(&self, index: usize) -> Option<&Move> {
        match self.answer(index)? {
            Answer::Move(planned) => Some(planned),
            Answer::Step { .. } => None,
        }
    }
}

/// Whether the game has the claim that an answer would make, read or not.
fn is_made(game: &Game, answer: &Answer) -> bool {
    let Answer::Move(planned) = answer else {
        return false;
    };
    let place = game.claim(planned.parent).ok();
    let place = place.map(|parent| parent.position.answered(planned.side));
    let subgame = game.subgame(planned.parent);
    let mut answers = subgame.into_iter().flat_map(|of| &of.answers);
    answers.any(|index| {
        let made = game.claim(*index);
        made.is_ok_and(|made| made.claim == planned.claim && Some(made.position) == place)
    })
}

/// The true answer to the claim at `index`, if the rules allow one: no root can be defended.
fn answer<T: Trace>(game: &Game, trace: &T, index: usize) -> Result<Option<Answer>, TraceError> {
    let claim = game.claim(index)?;
    let depth = claim.position.depth();
    let (split, max) = (game.rules().split_depth(), game.rules().max_depth());
    let side = if trace.claim_at(game, index, claim.position)? == claim.claim {
        Side::Defend
    } else {
        Side::Attack
    };
    if depth == max {
        return Ok(Some(Answer::Step { claim: index, side }));
    }
    if side == Side::Defend && (index == 0 || depth == split + 1) {
        return Ok(None);
    }
    let value = trace.claim_at(game, index, claim.position.answered(side))?;
    let mv = Move {
        disputed: claim.claim,
        parent: index,
        claim: value,
        side,
    };
    Ok(Some(Answer::Move(mv)))
}

/// The honest player's next moves.
///
/// In a game whose proposal is right except for its block number, the only move is to show that. A game
/// in which that was shown is won and left alone.
pub fn next_moves<T: Trace>(me: &mut Me<T>, view: &View<'_>) -> Plan {
    let game = view.game;
    if game.status() != GameStatus::InProgress || game.block_challenger().is_some() {
        return Plan::default();
    }
    // The claims that were read do not depend on those that could not be.
    let mut unread = me.reading.read(game, &me.trace);
    let number = me.game;
    let mut actions = Vec::new();
    if me.reading.is_honest(0) {
        match me.trace.wrong_block(game) {
            Ok(None) => (),
            Ok(Some(evidence)) => {
                let challenge = GameAction::ChallengeBlockNumber(Box::new(evidence));
                actions.push(Action::Game(number, challenge));
                return Plan {
                    actions,
                    ..Plan::default()
                };
            }
            Err(unknown) => {
                let mut why = Unread::default();
                why.note(unknown);
                return Plan::of(why);
            }
        }
    }
    if me.reading.unmade(game).next().is_none() {
        return Plan::of(unread);
    }
    if let Some(waiting) = wait_for_fees(view, number) {
        return Plan {
            actions: waiting.actions,
            look_again: waiting.look_again,
            ..Plan::of(unread)
        };
    }
    for answer in me.reading.unmade(game) {
        match answer.actions(number, game, &me.trace) {
            Ok(calls) => actions.extend(calls),
            Err(unknown) => unread.note(unknown),
        }
    }
    Plan {
        actions,
        ..Plan::of(unread)
    }
}

impl Plan {
    /// A plan without actions, because of what could not be read.
    pub(super) fn of(unread: Unread) -> Self {
        Self {
            trouble: unread.trouble,
            is_waiting: unread.is_waiting,
            ..Self::default()
        }
    }
}
