//! One simulated game, from the proposal until nobody can answer any more.

use std::cmp::Reverse;

use rand::RngExt;

use super::board::Board;
pub use super::outcome::Outcome;
use super::scenario::Scenario;
use super::subject::Subject;
use crate::call::{Action, Effect, Made};
use crate::game::Game;
use crate::player::value_of;
use crate::revert::Revert;

/// Plays a scenario to its end.
///
/// # Errors
/// If the proposal itself, the last resolutions or the payments are refused: no scenario asks for
/// that.
pub fn play<S: Subject>(scenario: &Scenario<S>) -> Result<Outcome, Revert> {
    let truth = scenario.rollup.truth();
    let mut board = Board::new(scenario, &truth, None)?;
    board.play();
    board.finish()?;
    Ok(board.outcome)
}

/// A game with all calls that were made in it.
#[derive(Clone, Debug)]
pub struct Record {
    /// The game at its end.
    pub game: Game,
    /// All calls, those that were refused too.
    pub made: Vec<Made>,
    /// The outcome.
    pub outcome: Outcome,
}

/// Plays a scenario to its end, and writes down what is done.
///
/// # Errors
/// As [`play`].
pub fn record<S: Subject>(scenario: &Scenario<S>) -> Result<Record, Revert> {
    let truth = scenario.rollup.truth();
    let mut board = Board::new(scenario, &truth, Some(Vec::new()))?;
    board.play();
    board.finish()?;
    Ok(Record {
        game: board.game().ok_or(Revert::Empty)?.clone(),
        made: board.made.take().unwrap_or_default(),
        outcome: board.outcome,
    })
}

impl<S: Subject> Board<'_, S> {
    /// Plays until no player has anything to do and no clock is running.
    fn play(&mut self) {
        loop {
            let wakes = self.players.iter().enumerate();
            let next_player = wakes
                .filter_map(|(participant, player)| Some((player.wake?, participant)))
                .min();
            let next_expiry = self.expiries.peek().map(|Reverse(next)| *next);
            match (next_player, next_expiry) {
                (Some((at, participant)), expiry) if expiry.is_none_or(|(then, _)| at <= then) => {
                    self.now = self.now.max(at);
                    self.take_turn(participant);
                }
                (_, Some((at, claim))) => {
                    self.expiries.pop();
                    self.now = self.now.max(at);
                    self.resolve_expired(claim);
                }
                (_, None) => break,
            }
        }
    }

    fn take_turn(&mut self, participant: usize) {
        let Some((plan, from, honest)) = self.plan(participant) else {
            return;
        };
        // A plan that cannot be carried out must not be repeated in the same second.
        let mut wake = plan.look_again.map(|at| at.max(self.now + 1));
        let mut changed = false;
        for action in plan.actions {
            if honest
                && let Some(due) = self.due(participant, &action).filter(|due| *due > self.now)
            {
                wake = Some(wake.map_or(due, |wake| wake.min(due)));
                continue;
            }
            let value = self.game().map_or(0, |game| value_of(game, &action));
            let claim = action.answered();
            match self.call(from, value, action) {
                // Loading what is loaded already is no news.
                Ok(Effect::Loaded(_)) => (),
                Ok(_) => changed = true,
                Err(reason) => self.refused(participant, honest, claim, &reason),
            }
        }
        if let Some(player) = self.players.get_mut(participant) {
            player.wake = wake;
        }
        if changed {
            self.watch_claims();
            self.wake_others(participant);
        }
    }

    /// When the honest player in `participant` makes `action`: within the time that its side has left for
    /// it at least, however late the others play. It has more where the answer needs a first run of
    /// the VM or a large pre-image.
    fn due(&mut self, participant: usize, action: &Action) -> Option<u64> {
        let claim = action.answered()?;
        let depth = self.game()?.claim(claim).ok()?.position.depth();
        // The clock that the answer inherits is that of the claim's parent.
        let left = self.scenario.rules.extension(depth.saturating_sub(1));
        let made_at = *self.made_at.get(claim)?;
        let slowest = (left * self.scenario.participants.get(participant)?.reaction / 1_000).max(1);
        let delay = self.rng.random_range(0..slowest);
        Some(
            *self
                .players
                .get_mut(participant)?
                .due
                .entry(claim)
                .or_insert(made_at + delay),
        )
    }

    fn refused(&mut self, participant: usize, honest: bool, claim: Option<usize>, reason: &Revert) {
        self.outcome.refused += 1;
        if !honest {
            return;
        }
        match (reason, claim, self.players.get_mut(participant)) {
            (Revert::ClockTimeExceeded, Some(claim), Some(player)) => {
                player.missed.insert(claim);
            }
            // Another honest player was faster.
            (Revert::ClaimAlreadyExists | Revert::DuplicateStep, _, _) => (),
            _ => self.outcome.honest_refusals += 1,
        }
    }
}
