//! The board of a simulated game: the chain, the players at it and the time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use alloy_primitives::{Address, B256};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::outcome::Outcome;
use super::scenario::Scenario;
use super::subject::Subject;
use crate::call::{Action, Block, Call, Effect, GameAction, Made};
use crate::chain::Chain;
use crate::game::Game;
use crate::player::{ALL, Me, Plan, View, cheat, honest};
use crate::position::Position;
use crate::revert::Revert;

/// When simulated games begin: seconds since 1970.
pub(super) const START: u64 = 1_700_000_000;
/// Delay of the vault, in seconds.
pub(super) const DELAY: u64 = 604_800;
/// The wei with which each player begins.
pub(super) const PURSE: u128 = 1_000_000_000_000_000_000_000_000;
/// The account that owns the contracts, and resolves what nobody else does.
pub(super) const KEEPER: Address = Address::repeat_byte(0xee);
/// Only one game is played on each chain.
pub(super) const GAME: usize = 0;

pub(super) struct Player<T> {
    pub(super) me: Me<T>,
    pub(super) wake: Option<u64>,
    /// When an honest player answers a claim.
    pub(super) due: BTreeMap<usize, u64>,
    /// Claims that it should have answered, but was too late for.
    pub(super) missed: BTreeSet<usize>,
}

/// A game being played.
pub(super) struct Board<'a, S: Subject> {
    pub(super) scenario: &'a Scenario<S>,
    pub(super) chain: Chain<S::Vm>,
    pub(super) players: Vec<Player<S::Opinion<'a>>>,
    pub(super) rng: Xoshiro256PlusPlus,
    pub(super) now: u64,
    /// L1 time of each claim.
    pub(super) made_at: Vec<u64>,
    /// When claims can be resolved at the earliest, for the impatient.
    pub(super) expiries: BinaryHeap<Reverse<(u64, usize)>>,
    pub(super) outcome: Outcome,
    /// All calls, if somebody wants to see them.
    pub(super) made: Option<Vec<Made>>,
}

impl<'a, S: Subject> Board<'a, S> {
    pub(super) fn new(
        scenario: &'a Scenario<S>,
        truth: &'a S::Truth,
        made: Option<Vec<Made>>,
    ) -> Result<Self, Revert> {
        let game_type = scenario.rules.params().game_type;
        let bond = scenario.rules.required_bond(Position::ROOT)?;
        let mut chain = S::chain(scenario)?;
        chain.factory.set_init_bond(KEEPER, game_type, bond)?;
        let mut players = Vec::new();
        for participant in &scenario.participants {
            chain.fund(participant.account, PURSE);
            players.push(Player {
                me: Me::new(
                    participant.account,
                    GAME,
                    S::opinion(truth, participant.lie),
                ),
                wake: None,
                due: BTreeMap::new(),
                missed: BTreeSet::new(),
            });
        }
        let mut board = Self {
            scenario,
            chain,
            players,
            rng: Xoshiro256PlusPlus::seed_from_u64(!scenario.seed),
            now: START,
            made_at: Vec::new(),
            expiries: BinaryHeap::new(),
            outcome: Outcome::default(),
            made,
        };
        let create = S::create(scenario);
        let proposer = scenario
            .participants
            .get(scenario.proposer)
            .ok_or(Revert::Empty)?
            .account;
        board.call(proposer, bond, Action::Create(create))?;
        board.watch_claims();
        board.wake_others(usize::MAX);
        Ok(board)
    }

    pub(super) fn plan(&mut self, participant: usize) -> Option<(Plan, Address, bool)> {
        let place = self.scenario.participants.get(participant)?;
        let player = self.players.get_mut(participant)?;
        let base_fee = self.scenario.base_fee(self.now - START);
        let view = View {
            game: self.chain.game(GAME)?,
            now: self.now,
            base_fee,
        };
        let plan = match &place.cheat {
            None => honest::next_moves(&mut player.me, &view),
            Some(cheat) => cheat::next_moves(cheat, &mut player.me, &view),
        };
        Some((plan, place.account, place.cheat.is_none()))
    }

    pub(super) fn game(&self) -> Option<&Game> {
        self.chain.game(GAME)
    }

    pub(super) fn call(
        &mut self,
        from: Address,
        value: u128,
        action: Action,
    ) -> Result<Effect, Revert> {
        let block = Block {
            timestamp: self.now,
            base_fee: self.scenario.base_fee(self.now - START),
            parent_hash: B256::repeat_byte(0x11),
        };
        let call = Call {
            from,
            value,
            action,
        };
        let result = self.chain.apply(&call, &block);
        if let Some(made) = &mut self.made {
            made.push(Made {
                at: self.now,
                call,
                result: result.clone(),
            });
        }
        result
    }

    /// Everybody but `participant` sees that something has happened: the honest at once, cheats when they
    /// care to look.
    pub(super) fn wake_others(&mut self, participant: usize) {
        let players = self.players.iter_mut().zip(&self.scenario.participants);
        for (number, (player, place)) in players.enumerate() {
            if number != participant {
                let delay = match place.cheat {
                    None => 0,
                    Some(_) => self.rng.random_range(1..=place.reaction),
                };
                let at = self.now + delay;
                player.wake = Some(player.wake.map_or(at, |wake| wake.min(at)));
            }
        }
    }

    /// Notes when new claims were made, and when they can be resolved.
    pub(super) fn watch_claims(&mut self) {
        let count = self.game().map_or(0, |game| game.claims().len());
        for claim in self.made_at.len()..count {
            self.made_at.push(self.now);
            self.expiries.push(Reverse((self.expiry(claim), claim)));
        }
    }

    /// When the clock of the claim's challengers runs out, if nothing holds it.
    fn expiry(&self, claim: usize) -> u64 {
        let used = self
            .game()
            .map(|game| game.challenger_duration(claim, self.now));
        let used = used.and_then(Result::ok).unwrap_or_default();
        self.now
            + self
                .scenario
                .rules
                .max_clock_duration()
                .saturating_sub(used)
    }

    /// Waits on for a clock that fees have held; otherwise resolves upwards as far as it goes, if somebody
    /// is impatient.
    pub(super) fn resolve_expired(&mut self, claim: usize) {
        let expiry = self.expiry(claim);
        if expiry > self.now {
            self.expiries.push(Reverse((expiry, claim)));
            return;
        }
        let mut next = self.scenario.impatient.then_some(claim);
        while let Some(claim) = next {
            let resolve = GameAction::ResolveClaim { claim, count: ALL };
            if self.call(KEEPER, 0, Action::Game(GAME, resolve)).is_err() {
                self.outcome.refused += 1;
                return;
            }
            let claim = self.game().and_then(|game| game.claim(claim).ok());
            next = claim.and_then(|claim| claim.parent);
        }
    }
}
