//! Players: they decide what somebody with a [`Trace`] does next.
//!
//! [`honest`] is the rule that cannot lose; [`cheat`] has players who break it. All are
//! functions of what they see, [`View`], and of who they are, [`Me`]: the same game gives the same
//! moves. [`Me`] only remembers what it has read of the game already, so that reading goes
//! on where it stopped. [`why`] tells the honest rule's reasons.

pub mod cheat;
pub mod honest;
pub mod why;

use alloy_primitives::{Address, U256};

use crate::bond::ASSUMED_BASE_FEE;
use crate::call::{Action, GameAction};
use crate::claim::Side;
use crate::game::Game;
use crate::game::moves::Move;
use crate::game::step::Step;
use crate::trace::{StepData, Trace, TraceError};

/// What a player sees.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The game.
    pub game: &'a Game,
    /// L1 time, in seconds.
    pub now: u64,
    /// L1's base fee, in wei.
    pub base_fee: u128,
}

/// Who a player is.
#[derive(Clone, Debug)]
pub struct Me<T> {
    /// The account it plays from.
    pub account: Address,
    /// The number of the game it plays in.
    pub game: usize,
    /// The trace that it holds to be true.
    pub trace: T,
    /// What it has read of the game.
    pub(crate) reading: honest::Reading,
    /// How many claims were its own among how many it has counted.
    made: (usize, usize),
}

impl<T> Me<T> {
    /// A player who has not looked at the game yet.
    pub fn new(account: Address, game: usize, trace: T) -> Self {
        Self {
            account,
            game,
            trace,
            reading: honest::Reading::default(),
            made: (0, 0),
        }
    }
}

impl<T> Me<T> {
    /// What it has read of the game.
    pub const fn reading(&self) -> &honest::Reading {
        &self.reading
    }

    /// Forgets what it has read, because the game has changed, as after a reorg of L1.
    pub fn forget(&mut self) {
        self.reading = honest::Reading::default();
        self.made = (0, 0);
    }

    /// How many claims it has made.
    fn count_made(&mut self, game: &Game) -> usize {
        let (made, counted) = self.made;
        let new = game.claims().get(counted..).unwrap_or_default();
        let new = new
            .iter()
            .filter(|claim| claim.claimant == self.account)
            .count();
        self.made = (made + new, game.claims().len());
        self.made.0
    }
}

/// A player's plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Calls to make now, in this order.
    pub actions: Vec<Action>,
    /// L1 time at which to look again even if nothing happens until then.
    pub look_again: Option<u64>,
    /// Why the plan leaves some claims out, if it does. The rest of the plan is right nevertheless.
    pub trouble: Option<TraceError>,
    /// Whether it leaves some claims out because the trace has no answer yet.
    pub is_waiting: bool,
}

/// The answer that a player has decided on for a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A claim.
    Move(Move),
    /// An instruction.
    Step {
        /// The claim contested.
        claim: usize,
        /// How.
        side: Side,
    },
}

impl Answer {
    /// The claim that it answers.
    pub const fn to(&self) -> usize {
        match self {
            Self::Move(mv) => mv.parent,
            Self::Step { claim, .. } => *claim,
        }
    }

    /// The calls that make it, in the game of number `number`. Before a step come the calls that load
    /// what the VM will ask for.
    ///
    /// # Errors
    /// If the trace does not know the data that the step needs.
    pub fn actions<T: Trace>(
        &self,
        number: usize,
        game: &Game,
        trace: &T,
    ) -> Result<Vec<Action>, TraceError> {
        match *self {
            Self::Move(mv) => Ok(vec![Action::Game(number, GameAction::Move(mv))]),
            Self::Step { claim, side } => {
                let position = game.claim(claim)?.position;
                let of_instruction = match side {
                    Side::Attack => Some(position),
                    Side::Defend => position.right_neighbour(),
                };
                let outside = TraceError::OutsideExecution(position, claim);
                let data = trace.step_at(game, claim, of_instruction.ok_or(outside)?)?;
                Ok(step_actions(number, claim, side, data))
            }
        }
    }
}

fn step_actions(number: usize, claim: usize, side: Side, data: StepData) -> Vec<Action> {
    let local = data.local.into_iter().map(|(ident, offset)| {
        let add = GameAction::AddLocalData {
            ident,
            leaf: claim,
            offset,
        };
        Action::Game(number, add)
    });
    let preimages = data.preimages.into_iter().map(Action::LoadPreimage);
    let step = Step {
        claim,
        side,
        state: data.state,
        proof: data.proof,
    };
    let step = Action::Game(number, GameAction::Step(step));
    local.chain(preimages).chain([step]).collect()
}

/// The amount that must be sent with an action, in wei.
pub fn value_of(game: &Game, action: &Action) -> u128 {
    match action {
        Action::Game(_, action) => bond_of(game, action),
        _ => 0,
    }
}

/// The bond that must be sent with an action about a game, in wei.
pub fn bond_of(game: &Game, action: &GameAction) -> u128 {
    let GameAction::Move(mv) = action else {
        return 0;
    };
    let parent = game.claim(mv.parent);
    let bond = parent.and_then(|p| game.rules().required_bond(p.position.answered(mv.side)));
    bond.unwrap_or_default()
}

/// The plan of a player in a game with time for fee spikes while the bonds do not cover an answer:
/// it keeps the clocks held and waits. `None` if it should play.
fn wait_for_fees(view: &View<'_>, number: usize) -> Option<Plan> {
    let spikes = view.game.rules().params().fee_spikes?;
    if view.base_fee <= ASSUMED_BASE_FEE {
        return None;
    }
    let fees = view.game.fees();
    if fees.held_at(spikes, view.now) >= spikes.cap {
        return None;
    }
    // A hold is renewed a little before its end, so that the clocks do not run between two holds.
    let renew = spikes.window / 10 + 1;
    let mut sampled = *fees;
    sampled.sample(spikes, view.now, view.base_fee);
    let (held_until, could_be) = (fees.runs_again_at(spikes), sampled.runs_again_at(spikes));
    let next = view.now.saturating_add(1);
    let (actions, look_again) = if could_be <= held_until {
        (Vec::new(), held_until.max(next))
    } else if held_until > view.now.saturating_add(renew) {
        (Vec::new(), held_until.saturating_sub(renew))
    } else {
        let sample = Action::Game(number, GameAction::SampleFee);
        (vec![sample], could_be.saturating_sub(renew).max(next))
    };
    Some(Plan {
        actions,
        look_again: Some(look_again),
        ..Plan::default()
    })
}

/// All of a subgame at once.
pub const ALL: U256 = U256::ZERO;
