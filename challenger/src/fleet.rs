//! Many games played from one account, one block after the other.
//!
//! At each block every game is looked at, and what is to be done about all of them goes out together,
//! the dearest to miss first. A game that cannot be played is reported, and the others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alloy_primitives::{Address, U256};
use dispute::claim::GameStatus;
use dispute::trace::Trace;
use l1::signer::Signer;
use l1::{At, Block, Call, Chain, Earlier, Error, Policy, Progress, Request, SendError, Wallet};

use crate::event::{Event, Tell};
use crate::factory::Factory;
use crate::player::{Deed, Kind, Player, Strategy, Turn};
use crate::proposals::Proposals;
use crate::read::follow::Follower;
use crate::read::site::Site;
use crate::read::{ReadError, Reader};
use crate::reasons;

/// What somebody holds to be true of games.
pub trait Knowledge {
    /// What it holds to be true of one.
    type Trace: Trace;

    /// What it holds to be true of a game, if it can play there.
    ///
    /// # Errors
    /// If it cannot: its program is another than the game's, or its sources do not answer.
    fn of(&mut self, site: &Site) -> Result<Self::Trace, Unplayable>;
}

/// Why a game cannot be played.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Unplayable {
    /// In words.
    pub why: String,
    /// Whether that will never change.
    pub is_final: bool,
}

/// Which games are played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Games {
    /// These.
    Listed(Vec<Address>),
    /// Those of a factory.
    Created {
        /// The factory.
        factory: Factory,
        /// Only those of these types; all where there are none.
        types: Vec<u32>,
        /// Only those that are at most so many seconds old when they are found.
        window: u64,
    },
}

/// How they are played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Honestly, or not.
    pub strategy: Strategy,
    /// Nothing is sent.
    pub dry_run: bool,
    /// How transactions are sent.
    pub policy: Policy,
}

/// The most transactions that are on their way at once: nodes keep few of an account for sure.
const BATCH: usize = 16;
/// After how many blocks a game that is over is forgotten: no reorg comes that far.
const SETTLED: u64 = 64;
/// The most games of a factory that are looked through for new ones at a reorg.
const SCAN: u64 = 100_000;

/// A game at hand.
struct Seat<T> {
    player: Player<T>,
    /// What went wrong at the last look, so that it is told once.
    trouble: Option<String>,
    /// Whether it waited for the program at the last look.
    is_waiting: bool,
    /// The block at which the game was found to be over.
    over_since: Option<u64>,
}

/// The games of one account.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Fleet<K: Knowledge> {
    chain: Arc<dyn Chain>,
    /// Waits for transactions from before.
    patient: Wallet,
    /// Puts its own in their place.
    hasty: Wallet,
    games: Games,
    options: Options,
    knowledge: K,
    seats: BTreeMap<Address, Seat<K::Trace>>,
    /// Other people's large pre-images, by oracle.
    proposals: BTreeMap<Address, Proposals>,
    /// Games that are not played, with the reason, and whether for good.
    left: BTreeMap<Address, Unplayable>,
    /// How many games the factory had, and at which block.
    listed: Option<(u64, Block)>,
    head: Option<Block>,
}

/// What a block came to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Round {
    /// Transactions that went through.
    pub done: usize,
    /// Games that are played.
    pub playing: usize,
    /// Games in which there may be more to do once the program has been run.
    pub waiting: usize,
    /// Whether all of them are over, and paid out.
    pub is_over: bool,
    /// The next L1 time, in seconds, at which there is something to do even if nothing happens.
    pub look_again: Option<u64>,
}

/// Why a block came to nothing. It passes, or not: whoever runs the fleet decides.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The chain does not tell.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A transaction is not settled, or there is no key.
    #[error("{}", reasons::sending(.0))]
    Send(#[from] SendError),
}

impl From<Error> for FleetError {
    fn from(error: Error) -> Self {
        Self::Read(error.into())
    }
}

impl<K: Knowledge> Fleet<K> {
    /// The games of an account that nobody else uses meanwhile.
    pub fn new(
        chain: Arc<dyn Chain>,
        signer: Signer,
        games: Games,
        knowledge: K,
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
            knowledge,
            seats: BTreeMap::new(),
            proposals: BTreeMap::new(),
            left: BTreeMap::new(),
            listed: None,
            head: None,
        }
    }

    /// The account.
    pub fn account(&self) -> Address {
        self.patient.address()
    }

    /// Where what is held to be true comes from.
    pub const fn knowledge(&self) -> &K {
        &self.knowledge
    }

    /// The games that are played.
    pub fn players(&self) -> impl Iterator<Item = &Player<K::Trace>> {
        self.seats.values().map(|seat| &seat.player)
    }

    /// The games that are not played, and why.
    pub fn left(&self) -> impl Iterator<Item = (Address, &str)> {
        self.left
            .iter()
            .map(|(game, why)| (*game, why.why.as_str()))
    }

    /// Looks at all games at the newest block, and does what is to be done. After an error nothing is
    /// known to be lost: the next round begins with the chain as it is.
    ///
    /// # Errors
    /// If the chain does not answer, or transactions are not settled.
    pub fn round(&mut self, tell: &mut Tell<'_>) -> Result<Round, FleetError> {
        // The nonce is taken before anything is read: a transaction from before that gets into the chain
        // meanwhile makes the sending fail, and nothing is done twice.
        let nonce = self.settle(tell)?;
        let chain = self.chain.clone();
        let reader = Reader::newest(&*chain)?;
        self.find(&reader, tell)?;
        let mut round = Round::default();
        let deeds = self.decide(&reader, &mut round, tell);
        round.playing = self.seats.len();
        self.head = Some(reader.block);
        if self.options.dry_run || deeds.is_empty() {
            round.is_over = self.is_over();
            return Ok(round);
        }
        round.done = self.send(nonce, &deeds, &reader, tell)?;
        Ok(round)
    }

    fn is_over(&self) -> bool {
        let all_known = match &self.games {
            Games::Listed(games) => games.iter().all(|game| {
                let left = self.left.get(game);
                self.seats.contains_key(game) || left.is_some_and(|left| left.is_final)
            }),
            Games::Created { .. } => false,
        };
        all_known && self.seats.values().all(|seat| seat.over_since.is_some())
    }

    /// The nonce of what is sent next. What waits from before is waited for, and replaced if it is
    /// stuck: what it was meant to do is decided anew.
    fn settle(&self, tell: &mut Tell<'_>) -> Result<u64, SendError> {
        if self.options.dry_run {
            return Ok(0);
        }
        let mut told = |progress: Progress<'_>| tell.progress(&progress);
        match self.patient.settle(&mut told) {
            Err(SendError::EarlierStuck { .. }) => self.hasty.settle(&mut told),
            other => other,
        }
    }

    /// Finds new games.
    fn find(&mut self, reader: &Reader<'_>, tell: &mut Tell<'_>) -> Result<(), ReadError> {
        let found = match &self.games {
            Games::Listed(games) => games.clone(),
            Games::Created {
                factory,
                types,
                window,
            } => {
                let count = factory.count(reader)?;
                let from = match &self.listed {
                    Some((listed, block)) if is_below(reader, block)? => *listed,
                    _ => count.saturating_sub(SCAN),
                };
                let mut found = Vec::new();
                for number in (from.min(count)..count).rev() {
                    let listed = factory.game(reader, number)?;
                    if listed.created_at.saturating_add(*window) < reader.block.time {
                        break;
                    }
                    if types.is_empty() || types.contains(&listed.game_type) {
                        found.push(listed.game);
                    }
                }
                self.listed = Some((count, reader.block));
                found
            }
        };
        let known = |game: &Address| {
            let refused = self.left.get(game);
            self.seats.contains_key(game) || refused.is_some_and(|refused| refused.is_final)
        };
        // Those that could not be begun with are tried again.
        let again = self.left.keys().copied();
        let new: BTreeSet<_> = found.into_iter().chain(again).collect();
        let new: Vec<_> = new.into_iter().filter(|game| !known(game)).collect();
        for game in new {
            match self.sit(reader, game) {
                Ok(player) => {
                    tell.event(Event::found(player.site()));
                    self.left.remove(&game);
                    let seat = Seat {
                        player,
                        trouble: None,
                        is_waiting: false,
                        over_since: None,
                    };
                    self.seats.insert(game, seat);
                }
                Err(refused) => {
                    if self.left.get(&game) != Some(&refused) {
                        tell.event(Event::left(game, &refused.why));
                    }
                    self.left.insert(game, refused);
                }
            }
        }
        Ok(())
    }

    fn sit(&mut self, reader: &Reader<'_>, game: Address) -> Result<Player<K::Trace>, Unplayable> {
        let is_listed = matches!(self.games, Games::Listed(_));
        let follower = Follower::open(reader, game).map_err(|error| Unplayable {
            // A game that a reorg has taken from the factory may come again.
            is_final: match error {
                ReadError::UnknownGame { .. } => true,
                ReadError::NoContract { .. } => is_listed,
                _ => false,
            },
            why: error.to_string(),
        })?;
        let trace = self.knowledge.of(&follower.site)?;
        let account = self.account();
        Ok(Player::new(follower, account, trace, self.options.strategy))
    }

    /// What is to be done, the most urgent first.
    fn decide(&mut self, reader: &Reader<'_>, round: &mut Round, tell: &mut Tell<'_>) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for (game, seat) in &mut self.seats {
            let turn = seat.player.turn(reader);
            let turn = turn.unwrap_or_else(|error| Turn {
                trouble: Some(error.to_string()),
                ..Turn::default()
            });
            if turn.trouble != seat.trouble {
                if let Some(why) = &turn.trouble {
                    tell.event(Event::trouble(*game, why));
                }
                seat.trouble = turn.trouble;
            }
            round.waiting += usize::from(turn.is_waiting);
            if turn.is_waiting && !seat.is_waiting {
                tell.event(Event::waiting(*game));
            }
            seat.is_waiting = turn.is_waiting;
            round.look_again = match (round.look_again, turn.look_again) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            match (turn.is_over, seat.over_since) {
                (true, None) => {
                    seat.over_since = Some(reader.block.number);
                    if let Some(seen) = seat.player.seen() {
                        tell.event(Event::over(&seen.game));
                    }
                }
                (false, Some(_)) => seat.over_since = None,
                _ => {}
            }
            deeds.extend(turn.deeds);
        }
        if self.options.strategy == Strategy::Honest {
            self.accuse(reader, &mut deeds, tell);
        }
        let number = reader.block.number;
        let is_settled = |seat: &Seat<K::Trace>| {
            let since = seat.over_since;
            since.is_some_and(|since| number > since.saturating_add(SETTLED))
        };
        if let Games::Created { .. } = self.games {
            self.seats.retain(|_, seat| !is_settled(seat));
        }
        deeds.sort_by_key(|deed| urgency(deed.kind));
        for deed in &deeds {
            tell.event(Event::planned(deed));
        }
        deeds
    }

    /// Contests what others load wrongly into the oracles of these games.
    fn accuse(&mut self, reader: &Reader<'_>, deeds: &mut Vec<Deed>, tell: &mut Tell<'_>) {
        for seat in self.seats.values().filter(|seat| seat.over_since.is_none()) {
            let site = seat.player.site();
            let oracle = self.proposals.entry(site.oracle.oracle);
            oracle.or_insert_with(|| Proposals::of(site));
        }
        for (oracle, proposals) in &mut self.proposals {
            let (wrong, troubles) = proposals.challenges(reader);
            deeds.extend(wrong);
            for error in troubles {
                tell.event(Event::trouble(*oracle, &error.to_string()));
            }
        }
    }

    /// Sends what can be sent; how many went through.
    fn send(
        &mut self,
        nonce: u64,
        deeds: &[Deed],
        reader: &Reader<'_>,
        tell: &mut Tell<'_>,
    ) -> Result<usize, FleetError> {
        let account = self.account();
        let mut left = self.chain.balance(account, At::Latest)?;
        let price = reader.block.base_fee.saturating_mul(2);
        let price = price.saturating_add(self.chain.tip()?);
        let price = U256::from(price.min(self.options.policy.max_fee));
        let mut going: Vec<(&Deed, Request)> = Vec::new();
        for deed in deeds {
            if going.len() == BATCH {
                break;
            }
            let request = match self.estimated(&deed.request) {
                Ok(request) => request,
                Err(Error::Reverted(revert)) => {
                    tell.event(Event::refused(deed, &reasons::told(&revert)));
                    continue;
                }
                // geth says so of calls that cost more than there is.
                Err(Error::Refused { message, .. }) => {
                    tell.event(Event::refused(deed, &message));
                    continue;
                }
                Err(other) => return Err(other.into()),
            };
            let gas = U256::from(request.gas.unwrap_or_default());
            let cost = gas.saturating_mul(price).saturating_add(request.value);
            match left.checked_sub(cost) {
                Some(rest) => left = rest,
                None => {
                    let (have, cost) = (l1::ether(left), l1::ether(cost));
                    let why = format!("{account} has {have} left, and it takes up to {cost}");
                    tell.event(Event::refused(deed, &why));
                    continue;
                }
            }
            going.push((deed, request));
        }
        let requests: Vec<_> = going.iter().map(|(_, request)| request.clone()).collect();
        if requests.is_empty() {
            return Ok(0);
        }
        let mut told = |progress: Progress<'_>| tell.progress(&progress);
        let receipts = self.hasty.send_from(nonce, &requests, &mut told)?;
        for ((deed, _), receipt) in going.iter().zip(&receipts) {
            tell.event(Event::done(deed, receipt));
        }
        Ok(receipts.len())
    }

    /// A request with a gas limit, so that several can be sent at once.
    fn estimated(&self, request: &Request) -> Result<Request, Error> {
        let gas = match request.gas {
            Some(gas) => gas,
            None => {
                let gas = self.chain.estimate(&Call {
                    from: self.account(),
                    to: request.to,
                    data: request.data.clone(),
                    value: request.value,
                })?;
                // Others of the same block may change what it costs.
                gas.saturating_add(gas / 3)
            }
        };
        Ok(Request {
            gas: Some(gas),
            ..request.clone()
        })
    }

    /// Games in progress.
    pub fn in_progress(&self) -> usize {
        let seen = self.players().filter_map(Player::seen);
        seen.filter(|seen| seen.game.status() == GameStatus::InProgress)
            .count()
    }

    /// The block of the last round.
    pub const fn head(&self) -> Option<&Block> {
        self.head.as_ref()
    }
}

/// What is done first.
const fn urgency(kind: Kind) -> u8 {
    match kind {
        Kind::Step | Kind::Challenge | Kind::Accuse | Kind::Sample => 0,
        Kind::Load => 1,
        Kind::Move => 2,
        Kind::Resolve => 3,
        Kind::Pay => 4,
    }
}

/// Whether a block is still in the chain below the reader's.
fn is_below(reader: &Reader<'_>, block: &Block) -> Result<bool, ReadError> {
    match reader.chain.block(At::Number(block.number)) {
        Ok(there) => Ok(there.hash == block.hash),
        Err(Error::NoBlock { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}
