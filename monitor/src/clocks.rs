//! Clocks of claims, and what should have been resolved: op-dispute-mon's metrics, by the time of L1's block.

use std::collections::BTreeMap;

use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::Game;

/// How a claim stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ClaimState {
    /// Its subgame is resolved.
    pub is_resolved: bool,
    /// Nobody can answer it any more.
    pub has_expired: bool,
    /// The game is not older than one side's clock.
    pub is_first_half: bool,
    /// Nobody can answer a claim below it any more either.
    pub is_resolvable: bool,
}

impl ClaimState {
    /// All combinations that there can be.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..16).map(|bits: u8| Self {
            is_resolved: bits & 1 != 0,
            has_expired: bits & 2 != 0,
            is_first_half: bits & 4 != 0,
            is_resolvable: bits & 8 != 0,
        })
    }
}

/// How far a game's resolution is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Completion {
    /// The game is resolved.
    Complete,
    /// All of its claims are resolved, but the game is not.
    Resolvable,
    /// Some claims are not resolved.
    InProgress,
}

/// The clocks of a game.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clocks {
    /// The number of claims in each state.
    pub claims: BTreeMap<ClaimState, u64>,
    /// How far the game's resolution is.
    pub completion: Completion,
    /// Whether the game is as old as both sides' clocks together.
    pub is_max_duration: bool,
    /// For how many seconds something has waited to be resolved; none if nothing waits.
    pub overdue: Option<u64>,
}

impl Clocks {
    /// The clocks of a game at L1 time `now`, in seconds.
    pub fn of(game: &Game, now: u64) -> Self {
        let clock = game.rules().max_clock_duration();
        let age = now.saturating_sub(game.created_at());
        let count = game.claims().len();
        let is_resolved = |index| game.subgame(index).is_some_and(|subgame| subgame.resolved);
        let mut claims = BTreeMap::new();
        // By claim, the least time that the side which may answer has used, for the claim or for one below it.
        let mut least = vec![u64::MAX; count];
        let mut overdue = None::<u64>;
        for (index, claim) in game.claims().iter().enumerate().rev() {
            let above = claim.parent.and_then(|parent| game.claim(parent).ok());
            let before = above.map_or(0, |above| above.clock.duration);
            let since = game.game_time(now).saturating_sub(claim.clock.timestamp);
            let used = before.saturating_add(since);
            let lowest = least.get(index).map_or(used, |below| used.min(*below));
            if let Some(above) = claim.parent.and_then(|parent| least.get_mut(parent)) {
                *above = lowest.min(*above);
            }
            let state = ClaimState {
                is_resolved: is_resolved(index),
                has_expired: used >= clock,
                is_first_half: age <= clock,
                is_resolvable: lowest >= clock,
            };
            *claims.entry(state).or_default() += 1;
            if state.is_resolvable && !state.is_resolved {
                overdue = overdue.max(Some(lowest - clock));
            }
        }
        let is_over = game.status() != GameStatus::InProgress;
        let completion = match (is_over, (0..count).all(is_resolved)) {
            (true, _) => Completion::Complete,
            (false, true) => Completion::Resolvable,
            (false, false) => Completion::InProgress,
        };
        let limit = clock.saturating_mul(2);
        if completion == Completion::Resolvable {
            overdue = Some(age.saturating_sub(limit));
        }
        Self {
            claims,
            completion,
            is_max_duration: age >= limit,
            overdue: overdue.filter(|_| !is_over),
        }
    }
}
