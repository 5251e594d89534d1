//! Players who do not follow the honest rule, or follow it with a false trace.
//!
//! A liar's claims come from its trace ([`crate::trace::lie::Lie`]), which is wrong from some step
//! on, or in the root only. This module has the behaviour of cheats.

mod collude;
mod preimages;
mod spam;

use alloy_primitives::Address;
use rand::SeedableRng;
use rand::rand_core::Rng;
use rand_xoshiro::SplitMix64;

use super::{Me, Plan, View};
use crate::call::{Action, GameAction};
use crate::claim::GameStatus;
use crate::trace::Trace;

/// A way to cheat.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// Answers everything that contradicts its false trace, by the honest rule.
    Liar,
    /// A liar who answers only some claims.
    Lazy,
    /// A liar who answers each claim as late as the clock allows.
    LastSecond,
    /// Answers any claim, its own too, in several ways at once, right ones among them.
    Spammer,
    /// A liar who plays against a partner as well, so that others inherit the clocks of that play
    /// and find their places taken.
    Colluder {
        /// The other one.
        partner: Address,
    },
    /// A liar who also steps with states, proofs and data that do not belong there.
    BadPreimages,
}

impl Way {
    /// Its name, for tables and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Liar => "liar",
            Self::Lazy => "lazy",
            Self::LastSecond => "last-second",
            Self::Spammer => "spammer",
            Self::Colluder { .. } => "colluder",
            Self::BadPreimages => "bad-preimages",
        }
    }
}

/// A cheat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cheat {
    /// How it cheats.
    pub way: Way,
    /// The seed of its choices.
    pub seed: u64,
    /// The most claims that it makes, because liars who contradict each other would go on for ever.
    pub budget: usize,
}

/// A cheat's next moves.
pub fn next_moves<T: Trace>(cheat: &Cheat, me: &mut Me<T>, view: &View<'_>) -> Plan {
    let game = view.game;
    let left = cheat.budget.saturating_sub(me.count_made(game));
    if game.status() != GameStatus::InProgress || left == 0 {
        return Plan::default();
    }
    let unread = me.reading.count();
    let mut plan = Plan::of(me.reading.read(game, &me.trace));
    let seed = cheat.seed;
    for answer in me.reading.unmade(game) {
        let claim = answer.to();
        let wish = choice(seed, claim);
        let now = match cheat.way {
            Way::Liar | Way::Colluder { .. } | Way::BadPreimages => true,
            Way::Lazy => wish.is_multiple_of(2),
            Way::LastSecond => plan.is_last_chance(view, claim, 1 + wish % 60),
            Way::Spammer => false,
        };
        if now {
            let calls = answer.actions(me.game, game, &me.trace);
            plan.actions.extend(calls.unwrap_or_default());
        }
    }
    match cheat.way {
        Way::Spammer => plan
            .actions
            .extend(spam::next_moves(seed, unread, me, view)),
        Way::Colluder { partner } => collude::answer_partner(&mut plan, seed, partner, me, view),
        Way::BadPreimages => plan
            .actions
            .extend(preimages::next_moves(seed, unread, me, view)),
        Way::Liar | Way::Lazy | Way::LastSecond => (),
    }
    plan.keep_moves(left);
    plan
}

impl Plan {
    /// Drops all moves but the first `count`.
    fn keep_moves(&mut self, mut count: usize) {
        self.actions.retain(|action| {
            let is_move = matches!(action, Action::Game(_, GameAction::Move(_)));
            let keep = !is_move || count > 0;
            count = count.saturating_sub(usize::from(is_move));
            keep
        });
    }

    /// Whether the claim at `index` can be answered for no more than `slack` seconds; if it can for
    /// longer, the plan is to look again then.
    fn is_last_chance(&mut self, view: &View<'_>, index: usize, slack: u64) -> bool {
        let Ok(used) = view.game.challenger_duration(index, view.now) else {
            return false;
        };
        let left = view.game.rules().max_clock_duration().saturating_sub(used);
        if left == 0 {
            return false;
        }
        if left > slack {
            let then = view.now.saturating_add(left - slack);
            self.look_again = Some(self.look_again.map_or(then, |other| other.min(then)));
        }
        left <= slack
    }
}

/// A number that follows from `seed` and the claim at `index`, and from nothing else.
fn choice(seed: u64, index: usize) -> u64 {
    SplitMix64::seed_from_u64(seed.wrapping_add((index as u64).wrapping_mul(0x9e37))).next_u64()
}
