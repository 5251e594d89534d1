//! The end of a simulated game: resolution, payment, and the result of the honest players.

use super::board::{Board, DELAY, GAME, KEEPER, PURSE, START};
use super::subject::{FINALITY, Subject};
use crate::call::{Action, GameAction};
use crate::game::Game;
use crate::player::ALL;
use crate::revert::Revert;

impl<S: Subject> Board<'_, S> {
    pub(super) fn finish(&mut self) -> Result<(), Revert> {
        self.count_timeouts();
        let count = self.game().map_or(0, |game| game.claims().len());
        for claim in (0..count).rev() {
            let subgame = self.game().and_then(|game| game.subgame(claim));
            if subgame.is_some_and(|subgame| !subgame.resolved) {
                self.keeper(GameAction::ResolveClaim { claim, count: ALL })?;
            }
        }
        self.keeper(GameAction::Resolve)?;
        self.outcome.duration = self.now - START;
        let stolen_bonds = self.count_stolen_bonds();
        if let Some(game) = self.chain.game(GAME) {
            self.outcome.status = game.status();
            self.outcome.claims = game.claims().len() as u64;
            let leaves = game.claims().iter().filter(|claim| {
                claim.position.depth() == game.rules().max_depth() && claim.countered_by.is_some()
            });
            self.outcome.steps = leaves.count() as u64;
        }
        self.outcome.stolen_bonds = stolen_bonds;

        let credits = self.game().map(|game| game.credits().normal.clone());
        let credits = credits.unwrap_or_default();
        if self
            .game()
            .is_some_and(|game| !game.version().pays_at_resolution())
        {
            // The game is closed first, and credits are unlocked in a call of their own.
            self.now += FINALITY + 1;
            for account in credits.keys() {
                self.keeper(GameAction::ClaimCredit(*account))?;
            }
        }
        self.now += DELAY;
        for account in credits.into_keys() {
            self.keeper(GameAction::ClaimCredit(account))?;
        }
        let participants = self.scenario.participants.iter();
        let balances = participants.map(|participant| self.chain.balance(participant.account));
        self.outcome.profits = balances.map(|wei| wei as i128 - PURSE as i128).collect();
        Ok(())
    }

    fn keeper(&mut self, action: GameAction) -> Result<(), Revert> {
        self.call(KEEPER, 0, Action::Game(GAME, action)).map(|_| ())
    }

    /// What the honest players would still answer, now that all clocks have run out.
    fn count_timeouts(&mut self) {
        for participant in 0..self.players.len() {
            let Some((plan, _, true)) = self.plan(participant) else {
                continue;
            };
            let Some(player) = self.players.get_mut(participant) else {
                continue;
            };
            player
                .missed
                .extend(plan.actions.iter().filter_map(Action::answered));
            self.outcome.honest_timeouts += player.missed.len() as u64;
        }
    }

    /// Claims that an honest player answered, but whose bond went to somebody else: the honest rule
    /// counters every answer that could get there before its own.
    fn count_stolen_bonds(&self) -> u64 {
        let honest = |claimant| {
            let participants = self.scenario.participants.iter();
            participants
                .clone()
                .any(|participant| participant.cheat.is_none() && participant.account == claimant)
        };
        let winner = |game: &Game, parent: usize| game.claim(parent).ok()?.countered_by;
        let Some(game) = self.game() else {
            return 0;
        };
        let stolen = game.claims().iter().filter(|claim| {
            claim.parent.is_some_and(|parent| {
                honest(claim.claimant) && winner(game, parent) != Some(claim.claimant)
            })
        });
        stolen.count() as u64
    }
}
