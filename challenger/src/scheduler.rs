//! Many games played from one account, one block after the other.
//!
//! At each block every game is looked at, and what is to be done about all of them goes out together,
//! the dearest to miss first. A game that cannot be played is reported, and the others go on.

mod decide;
mod find;
mod send;
mod troubles;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::payment::Stage;
use fpvm_dispute::trace::Trace;
use fpvm_l1::signer::Signer;
use fpvm_l1::{At, Block, Chain, Earlier, Error, Policy, Progress, SendError, Wallet};

use crate::event::EventSink;
use crate::factory::Factory;
use crate::player::{PlannedTx, Player, Settling, Strategy};
use crate::proposals::Proposals;
use crate::read::game_params::GameParams;
use crate::read::memory::Memory;
use crate::read::{ReadError, Reader};
use crate::reasons;
use troubles::{Refusals, Troubles};

/// The source of the true traces of games.
pub trait TraceSource {
    /// The true trace of a game. Several games are looked at at once, each on some thread.
    type Trace: Trace + Send;

    /// The true trace of a game, if it can play there.
    ///
    /// # Errors
    /// If it cannot, because it does not have the game's program, or its sources do not answer.
    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable>;

    /// Drops what is kept for games with this L1 head, because none of them is in progress any more. Only a
    /// reorg brings one back.
    fn forget(&mut self, l1_head: B256) {
        let _ = l1_head;
    }
}

/// Why a game cannot be played.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Unplayable {
    /// The reason in words.
    pub why: String,
    /// Whether that will never change.
    pub is_final: bool,
}

/// Which games are played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Games {
    /// These games.
    Listed(Vec<Address>),
    /// The games of a factory.
    Created {
        /// The factory.
        factory: Factory,
        /// Only those of these types; all if none is named.
        types: Vec<u32>,
        /// Only those that are at most this many seconds old when they are found.
        window: u64,
    },
}

/// How they are played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Honestly, or by a cheat.
    pub strategy: Strategy,
    /// Whether nothing is sent.
    pub dry_run: bool,
    /// How transactions are sent.
    pub policy: Policy,
    /// Whose bonds are looked after.
    pub settling: Settling,
}

/// A game that is followed.
struct TrackedGame<T> {
    player: Player<T>,
    /// Since which L1 time it waits for the program, if it did at the last look.
    waiting_since: Option<u64>,
    /// The block at which the game was found to be over.
    over_since: Option<u64>,
    /// The state of each account's bonds at the last look.
    bonds: BTreeMap<Address, Stage>,
    /// The registry whose pause it waited for at the last look.
    paused: Option<Address>,
    /// The last message for the guardian about it, if there is one.
    alarm: Option<String>,
}

impl<T> From<Player<T>> for TrackedGame<T> {
    fn from(player: Player<T>) -> Self {
        Self {
            player,
            waiting_since: None,
            over_since: None,
            bonds: BTreeMap::new(),
            paused: None,
            alarm: None,
        }
    }
}

/// The games of one account.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct GameScheduler<K: TraceSource> {
    chain: Arc<dyn Chain>,
    /// Waits for transactions from before.
    patient: Wallet,
    /// Replaces transactions from before by its own.
    hasty: Wallet,
    games: Games,
    options: Options,
    trace_source: K,
    tracked_games: BTreeMap<Address, TrackedGame<K::Trace>>,
    /// Other people's large pre-images, by oracle.
    proposals: BTreeMap<Address, Proposals>,
    troubles: Troubles,
    refusals: Refusals,
    /// L1 heads of the games in progress.
    heads: BTreeSet<B256>,
    /// Games that are not played, with the reason, and whether for good. Those with bonds that are looked after are
    /// also among the tracked games.
    left: BTreeMap<Address, Unplayable>,
    /// Registries of which a pause was told.
    paused: BTreeSet<Address>,
    /// How many games the factory had, and at which block.
    listed: Option<(u64, Block)>,
    head: Option<Block>,
    /// What is asked at each block.
    memory: Arc<Memory>,
    /// The account's wei at the end of a block.
    balance: Option<(B256, U256)>,
    /// How long the looks of the last round took.
    looks: Vec<Duration>,
    /// Seconds for which a claim is not answered, while there is time.
    response_delay: u64,
}

/// The result of a round.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Round {
    /// Transactions that went through.
    pub done: usize,
    /// Transactions that others have done first; there may be more to do at the next block.
    pub overtaken: usize,
    /// Transactions that were refused; what to do is decided anew at the next block.
    pub refused: usize,
    /// Games that are played.
    pub playing: usize,
    /// Games in which there may be more to do once the program has been run.
    pub waiting: usize,
    /// Whether all of them are over, and paid out.
    pub is_over: bool,
    /// The next L1 time, in seconds, at which there is something to do even if nothing happens.
    pub look_again: Option<u64>,
}

/// Why a round failed. The caller decides whether that passes.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// The chain does not tell.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A transaction is not settled, or there is no key.
    #[error("{}", reasons::sending(.0))]
    Send(#[from] SendError),
}

impl From<Error> for SchedulerError {
    fn from(error: Error) -> Self {
        Self::Read(error.into())
    }
}

impl<K: TraceSource> GameScheduler<K> {
    /// The games of an account that nobody else uses meanwhile.
    pub fn new(
        chain: Arc<dyn Chain>,
        signer: Signer,
        games: Games,
        trace_source: K,
        options: Options,
    ) -> Self {
        let wallet = |earlier| {
            let policy = Policy {
                earlier,
                ..options.policy.clone()
            };
            Wallet::new(chain.clone(), signer.clone(), policy)
        };
        Self {
            patient: wallet(Earlier::Wait),
            hasty: wallet(Earlier::Replace),
            chain,
            games,
            options,
            trace_source,
            tracked_games: BTreeMap::new(),
            proposals: BTreeMap::new(),
            troubles: Troubles::default(),
            refusals: Refusals::default(),
            heads: BTreeSet::new(),
            left: BTreeMap::new(),
            paused: BTreeSet::new(),
            listed: None,
            head: None,
            memory: Arc::default(),
            balance: None,
            looks: Vec::new(),
            response_delay: 0,
        }
    }

    /// The same, but players answer no claim before it is this many seconds old; see [`Player::responding_after`].
    #[must_use]
    pub fn responding_after(self, response_delay: u64) -> Self {
        Self {
            response_delay,
            ..self
        }
    }

    /// The account.
    pub fn account(&self) -> Address {
        self.patient.address()
    }

    /// The source of the true traces.
    pub const fn trace_source(&self) -> &K {
        &self.trace_source
    }

    /// The games that are played.
    pub fn players(&self) -> impl Iterator<Item = &Player<K::Trace>> {
        self.tracked_games.values().map(|tracked| &tracked.player)
    }

    /// The games that are not played, and why.
    pub fn left(&self) -> impl Iterator<Item = (Address, &str)> {
        self.left
            .iter()
            .map(|(game, why)| (*game, why.why.as_str()))
    }

    /// The games whose proposals are false and which only the guardian can stop, each with the message.
    pub fn alarms(&self) -> impl Iterator<Item = (Address, &str)> {
        let tracked = self.tracked_games.iter();
        tracked.filter_map(|(game, tracked)| Some((*game, tracked.alarm.as_deref()?)))
    }

    /// Looks at all games at the newest block, and does what is to be done. An error loses nothing, because
    /// the next round begins with the chain as it is.
    ///
    /// # Errors
    /// If the chain does not answer, or transactions are not settled.
    pub fn round(&mut self, sink: &mut EventSink<'_>) -> Result<Round, SchedulerError> {
        // The nonce is taken before anything is read: a transaction from before that gets into the chain
        // meanwhile makes the sending fail, and nothing is done twice.
        let nonce = self.settle(sink)?;
        let chain = self.chain.clone();
        let memory = self.memory.clone();
        let reader = Reader::remembering(&*chain, &memory)?;
        let mut round = Round::default();
        self.looks.clear();
        // Games that are known go first, because finding out about a new one may take long: its outputs are
        // asked for.
        let known: Vec<_> = self.tracked_games.keys().copied().collect();
        if !known.is_empty() {
            let planned = self.decide(&reader, &known, &mut round, sink);
            self.act(nonce, &planned, &reader, &mut round, sink)?;
        }
        self.find(&reader, sink)?;
        let mut new: Vec<_> = self.tracked_games.keys().copied().collect();
        new.retain(|game| !known.contains(game));
        if !new.is_empty() {
            let nonce = if known.is_empty() {
                nonce
            } else {
                self.settle(sink)?
            };
            let planned = self.decide(&reader, &new, &mut round, sink);
            // What was refused of the others is still known.
            if known.is_empty() || !planned.is_empty() {
                self.act(nonce, &planned, &reader, &mut round, sink)?;
            }
        }
        round.playing = self.tracked_games.len();
        self.head = Some(reader.block);
        if round.done + round.overtaken + round.refused == 0 {
            round.is_over = self.is_over();
        }
        Ok(round)
    }

    /// Does what is planned, unless nothing is to be sent.
    fn act(
        &mut self,
        nonce: u64,
        planned: &[PlannedTx],
        reader: &Reader<'_>,
        round: &mut Round,
        sink: &mut EventSink<'_>,
    ) -> Result<(), SchedulerError> {
        if self.options.dry_run || planned.is_empty() {
            self.refusals = Refusals::default();
            return Ok(());
        }
        let refused = self.send(nonce, planned, reader, round, sink)?;
        round.refused += refused.len();
        self.refusals.report(&refused, sink);
        Ok(())
    }

    fn is_over(&self) -> bool {
        let all_known = match &self.games {
            Games::Listed(games) => games.iter().all(|game| {
                let left = self.left.get(game);
                self.tracked_games.contains_key(game) || left.is_some_and(|left| left.is_final)
            }),
            Games::Created { .. } => false,
        };
        all_known
            && self
                .tracked_games
                .values()
                .all(|tracked| tracked.over_since.is_some())
    }

    /// The nonce of the next transaction. Transactions from before are waited for, and replaced if they are
    /// stuck; what they were meant to do is decided anew.
    fn settle(&self, sink: &mut EventSink<'_>) -> Result<u64, SendError> {
        if self.options.dry_run {
            return Ok(0);
        }
        let mut report = |progress: Progress<'_>| sink.progress(&progress);
        match self.patient.settle(&mut report) {
            Err(SendError::EarlierStuck { .. }) => self.hasty.settle(&mut report),
            other => other,
        }
    }

    /// The account's wei at the end of a block, which is asked for once.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub fn balance(&mut self, block: &Block) -> Result<U256, Error> {
        if let Some((at, balance)) = self.balance
            && at == block.hash
        {
            return Ok(balance);
        }
        let balance = self.chain.balance(self.account(), At::Hash(block.hash))?;
        self.balance = Some((block.hash, balance));
        Ok(balance)
    }

    /// Games in progress.
    pub fn in_progress(&self) -> usize {
        self.players()
            .filter(|player| is_in_progress(player))
            .count()
    }

    /// How long each look at a game took in the last round.
    pub fn take_looks(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.looks)
    }

    /// Other people's large pre-images that are watched.
    pub fn large_preimages(&self) -> usize {
        self.proposals.values().map(Proposals::watched).sum()
    }

    /// Games that wait for the program, and the L1 time since which the longest has waited.
    pub fn waiting(&self) -> (usize, Option<u64>) {
        let since = self.tracked_games.values();
        let since = since.filter_map(|tracked| tracked.waiting_since);
        (since.clone().count(), since.min())
    }

    /// The block of the last round.
    pub const fn head(&self) -> Option<&Block> {
        self.head.as_ref()
    }
}

/// Whether a game is in progress, as far as it has been seen.
fn is_in_progress<T: Trace>(player: &Player<T>) -> bool {
    let snapshot = player.snapshot();
    snapshot.is_some_and(|snapshot| snapshot.game.status() == GameStatus::InProgress)
}
