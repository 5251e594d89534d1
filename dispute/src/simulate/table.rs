//! The sum of many games.

use std::collections::BTreeMap;

use serde::Serialize;

use super::outcome::Outcome;
use super::scenario::Scenario;
use super::subject::Subject;
use crate::claim::GameStatus;

/// Outcomes, money and time of the games played.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Table {
    /// Games played.
    pub games: u64,
    /// Games that were not resolved as the proposal deserved.
    pub wrong_outcomes: u64,
    /// What honest players lost, in wei, over all games in which one lost anything.
    pub honest_losses_wei: u128,
    /// Claims that honest players should have answered but could not in time.
    pub honest_timeouts: u64,
    /// Calls of honest players that were refused, but for somebody having been faster.
    pub honest_refusals: u64,
    /// Claims that honest players answered, but whose bond went to somebody else.
    pub stolen_bonds: u64,
    /// What honest players won, in wei.
    pub honest_gains_wei: u128,
    /// Games with a right proposal.
    pub right_proposals: u64,
    /// Claims made, the roots included.
    pub claims: u64,
    /// Claims countered by an instruction.
    pub steps: u64,
    /// Calls that were refused.
    pub refused_calls: u64,
    /// Seconds that the longest game took from proposal to resolution.
    pub longest_game: u64,
    /// Seconds that all games took together.
    pub total_time: u64,
    /// By way of cheating.
    pub cheats: BTreeMap<&'static str, CheatRow>,
    /// The seed of a game in which something went wrong for the honest side, if one did.
    pub example: Option<u64>,
}

/// The result of one way of cheating.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct CheatRow {
    /// Players who cheated so.
    pub players: u64,
    /// What they lost, in wei.
    pub losses_wei: u128,
    /// What they won, in wei: from each other.
    pub gains_wei: u128,
}

impl Table {
    /// The table of one game.
    pub fn of<S: Subject>(scenario: &Scenario<S>, outcome: &Outcome) -> Self {
        let right = S::is_right(scenario);
        let expected = if right {
            GameStatus::DefenderWins
        } else {
            GameStatus::ChallengerWins
        };
        let mut table = Self {
            games: 1,
            wrong_outcomes: u64::from(outcome.status != expected),
            honest_timeouts: outcome.honest_timeouts,
            honest_refusals: outcome.honest_refusals,
            stolen_bonds: outcome.stolen_bonds,
            right_proposals: u64::from(right),
            claims: outcome.claims,
            steps: outcome.steps,
            refused_calls: outcome.refused,
            longest_game: outcome.duration,
            total_time: outcome.duration,
            ..Self::default()
        };
        for (participant, profit) in scenario.participants.iter().zip(&outcome.profits) {
            let (gain, loss) = match *profit {
                profit @ 0.. => (profit.unsigned_abs(), 0),
                loss => (0, loss.unsigned_abs()),
            };
            match &participant.cheat {
                None => {
                    table.honest_gains_wei += gain;
                    table.honest_losses_wei += loss;
                }
                Some(cheat) => {
                    let row = CheatRow {
                        players: 1,
                        losses_wei: loss,
                        gains_wei: gain,
                    };
                    table.cheats.entry(cheat.way.name()).or_default().add(row);
                }
            }
        }
        if table.has_failure() {
            table.example = Some(scenario.seed);
        }
        table
    }

    /// Whether anything went wrong for the honest side.
    pub const fn has_failure(&self) -> bool {
        self.wrong_outcomes > 0
            || self.honest_losses_wei > 0
            || self.honest_timeouts > 0
            || self.honest_refusals > 0
            || self.stolen_bonds > 0
    }

    /// The table of the games of both.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.games += other.games;
        self.wrong_outcomes += other.wrong_outcomes;
        self.honest_losses_wei += other.honest_losses_wei;
        self.honest_timeouts += other.honest_timeouts;
        self.honest_refusals += other.honest_refusals;
        self.stolen_bonds += other.stolen_bonds;
        self.honest_gains_wei += other.honest_gains_wei;
        self.right_proposals += other.right_proposals;
        self.claims += other.claims;
        self.steps += other.steps;
        self.refused_calls += other.refused_calls;
        self.longest_game = self.longest_game.max(other.longest_game);
        self.total_time += other.total_time;
        for (name, row) in other.cheats {
            self.cheats.entry(name).or_default().add(row);
        }
        // The least, so that the order in which games are merged does not matter.
        self.example = [self.example, other.example].into_iter().flatten().min();
        self
    }
}

impl CheatRow {
    fn add(&mut self, other: Self) {
        self.players += other.players;
        self.losses_wei += other.losses_wei;
        self.gains_wei += other.gains_wei;
    }
}
