//! Plays one game: decides what is to be done about it now.
//!
//! Everything follows from the chain as it is and from the player's own trace; only answers that would be the
//! same again are remembered. So a player that is started anew goes on where the chain is, and does nothing
//! twice: it does not make a claim, load a part or resolve a subgame that the chain has already.

mod ending;
mod planner;
mod settling;
mod won;

use alloy_primitives::Address;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::payment::Bonds;
use fpvm_dispute::player::Me;
use fpvm_dispute::player::cheat::{self, Cheat};
use fpvm_dispute::player::honest;
use fpvm_dispute::trace::Trace;
use fpvm_l1::Request;

pub use crate::kind::Kind;
use crate::read::game_params::GameParams;
use crate::read::watch::{GameSnapshot, GameWatcher};
use crate::read::{ReadError, Reader};
pub use ending::resolutions;
use ending::resolve;
use planner::ActionPlanner;
pub use settling::Settling;
pub(crate) use settling::pause;
use settling::settle;
pub use won::{FalseProposal, false_proposal};

/// How a player plays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strategy {
    /// It plays by the rule that cannot lose.
    #[default]
    Honest,
    /// It plays by one of the model's ways to cheat, for tests and demonstrations.
    Cheat(Cheat),
}

/// A planned transaction, with its reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedTx {
    /// The game that it is about, or the oracle.
    pub game: Address,
    /// What kind it is of.
    pub kind: Kind,
    /// Why, in words.
    pub why: String,
    /// The transaction.
    pub request: Request,
}

/// The result of a look at a game.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// The transactions to send now. None depends on another.
    pub planned: Vec<PlannedTx>,
    /// Why there are not more transactions, if there should be.
    pub trouble: Option<String>,
    /// Whether there may be more once the program has been run far enough.
    pub is_waiting: bool,
    /// L1 time at which there is something to do even if nothing happens until then.
    pub look_again: Option<u64>,
    /// Whether there will never be anything to do again.
    pub is_over: bool,
    /// The bonds of all accounts whose bonds are looked after.
    pub bonds: Vec<(Address, Bonds)>,
    /// The registry whose pause is waited for, if something would be done now but for that.
    pub paused: Option<Address>,
    /// Why the guardian should know of the game: its proposal is false, and nobody else can do something about it.
    pub alarm: Option<String>,
}

impl Turn {
    /// There is something to do at this L1 time at the latest.
    fn look_at(&mut self, time: u64) {
        let other = self.look_again.unwrap_or(u64::MAX);
        self.look_again = Some(time.min(other));
    }
}

/// A player of one game.
#[derive(Debug)]
pub struct Player<T> {
    watcher: GameWatcher,
    account: Address,
    /// None if the player makes no claims and only looks after bonds.
    me: Option<Me<T>>,
    /// Whether it resolves what can be resolved.
    resolves: bool,
    strategy: Strategy,
    settling: Settling,
    /// Seconds for which a claim is not answered, while there is time.
    response_delay: u64,
}

impl<T: Trace> Player<T> {
    /// A player of an account whose trace of a game is `trace`.
    pub fn new(watcher: GameWatcher, account: Address, trace: T, strategy: Strategy) -> Self {
        Self {
            watcher,
            account,
            me: Some(Me::new(account, 0, trace)),
            resolves: true,
            strategy,
            settling: Settling::default(),
            response_delay: 0,
        }
    }

    /// A bystander, which makes no claims because it may not or does not know what is true. It resolves the game if
    /// it `resolves`, and looks after bonds.
    pub fn bystander(watcher: GameWatcher, account: Address, resolves: bool) -> Self {
        Self {
            watcher,
            account,
            me: None,
            resolves,
            strategy: Strategy::Honest,
            settling: Settling::default(),
            response_delay: 0,
        }
    }

    /// The same, which looks after these bonds.
    #[must_use]
    pub fn settling(self, settling: Settling) -> Self {
        Self { settling, ..self }
    }

    /// The same, which does not answer a claim before the claim is this many seconds old, as long as less than half of
    /// its own clock is used up.
    #[must_use]
    pub fn responding_after(self, response_delay: u64) -> Self {
        Self {
            response_delay,
            ..self
        }
    }

    /// Whether it makes claims.
    pub const fn plays(&self) -> bool {
        self.me.is_some()
    }

    /// Whether the game has to do with bonds that are looked after.
    ///
    /// # Errors
    /// If the game cannot be read.
    pub fn is_concerned(&mut self, reader: &Reader<'_>) -> Result<bool, ReadError> {
        let (seen, _) = self.watcher.look(reader)?;
        Ok(self.settling.concerns(self.account, seen))
    }

    /// The game's unchanging parts.
    pub const fn game_params(&self) -> &GameParams {
        &self.watcher.game_params
    }

    /// What the last look found.
    pub const fn snapshot(&self) -> Option<&GameSnapshot> {
        self.watcher.snapshot()
    }

    /// The player's trace, if it plays.
    pub fn trace(&self) -> Option<&T> {
        self.me.as_ref().map(|me| &me.trace)
    }

    /// Looks at the game, and decides.
    ///
    /// # Errors
    /// If the game cannot be read.
    pub fn turn(&mut self, reader: &Reader<'_>) -> Result<Turn, ReadError> {
        let (_, anew) = self.watcher.look(reader)?;
        let Some(snapshot) = self.watcher.snapshot() else {
            return Ok(Turn::default());
        };
        let (game, now) = (&snapshot.game, snapshot.block.time);
        if anew && let Some(me) = &mut self.me {
            me.forget();
        }
        let game_params = &self.watcher.game_params;
        if game_params.is_won_at_creation() {
            let trace = self.me.as_ref().map(|me| &me.trace);
            return Ok(won::watch(game_params, snapshot, trace, &self.settling));
        }
        if game.status() != GameStatus::InProgress {
            return Ok(settle(game_params, snapshot, self.account, &self.settling));
        }
        let accounts = self.settling.accounts(self.account).into_iter();
        let mut turn = Turn {
            bonds: accounts
                .map(|account| (account, snapshot.bonds(account)))
                .collect(),
            ..Turn::default()
        };
        if let Some(me) = &mut self.me {
            let plan = match &self.strategy {
                Strategy::Honest => honest::next_moves(me, &snapshot.view()),
                Strategy::Cheat(way) => cheat::next_moves(way, me, &snapshot.view()),
            };
            let planner = ActionPlanner {
                reader,
                game,
                terms: game_params.terms(self.account),
                me,
                strategy: self.strategy,
                response_delay: self.response_delay,
            };
            planner.apply(plan, &mut turn)?;
        }
        if self.resolves {
            let (account, settling) = (self.account, &self.settling);
            let wanted = |action: &_| settling.resolves(account, game, action, now);
            resolve(game, now, self.me.as_ref(), wanted, &mut turn);
        }
        Ok(turn)
    }
}
