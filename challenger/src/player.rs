//! One game, played: what is to be done about it now.
//!
//! Everything follows from the chain as it is and from what the player holds to be true; nothing is
//! remembered but answers that would be the same again. So a player that is started anew goes on where
//! the chain is, and does nothing twice: a claim that is there is not made, a part that is loaded is not
//! loaded, a subgame that is resolved is not resolved.

mod ending;
mod planner;

use alloy_primitives::Address;
use fpvm_dispute::claim::GameStatus;
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
use ending::{pay, resolve};
use planner::ActionPlanner;

/// How a player plays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strategy {
    /// By the rule that cannot lose.
    #[default]
    Honest,
    /// In one of the model's ways to cheat, for tests and demonstrations.
    Cheat(Cheat),
}

/// Something to do, with its reason.
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

/// What a look at a game came to.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// What is to be done now. None depends on another.
    pub planned: Vec<PlannedTx>,
    /// Why there is not more, if there should be.
    pub trouble: Option<String>,
    /// Whether there may be more once the program has been run so far.
    pub is_waiting: bool,
    /// L1 time at which there is something to do even if nothing happens before.
    pub look_again: Option<u64>,
    /// Nothing is ever to be done again.
    pub is_over: bool,
}

/// A player of one game.
#[derive(Debug)]
pub struct Player<T> {
    watcher: GameWatcher,
    me: Me<T>,
    strategy: Strategy,
}

impl<T: Trace> Player<T> {
    /// A player from an account, who holds `trace` to be true of a game.
    pub fn new(watcher: GameWatcher, account: Address, trace: T, strategy: Strategy) -> Self {
        Self {
            watcher,
            me: Me::new(account, 0, trace),
            strategy,
        }
    }

    /// The game's unchanging parts.
    pub const fn game_params(&self) -> &GameParams {
        &self.watcher.game_params
    }

    /// What the last look found.
    pub const fn snapshot(&self) -> Option<&GameSnapshot> {
        self.watcher.snapshot()
    }

    /// What the player holds to be true.
    pub const fn trace(&self) -> &T {
        &self.me.trace
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
        if anew {
            self.me.forget();
        }
        if game.status() != GameStatus::InProgress {
            return pay(&self.watcher.game_params, reader, game, self.me.account);
        }
        let mut turn = Turn::default();
        let plan = match &self.strategy {
            Strategy::Honest => honest::next_moves(&mut self.me, &snapshot.view()),
            Strategy::Cheat(way) => cheat::next_moves(way, &mut self.me, &snapshot.view()),
        };
        let terms = self.watcher.game_params.terms(self.me.account);
        let planner = ActionPlanner {
            reader,
            game,
            terms,
            me: &self.me,
            strategy: self.strategy,
        };
        planner.apply(plan, &mut turn)?;
        resolve(game, now, &self.me, &mut turn);
        Ok(turn)
    }
}
