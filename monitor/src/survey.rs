//! All games of a factory that are young enough, at one block of L1.
//!
//! A [`Monitor`] reads them round after round with the challenger's reader: many questions in one call, all about the
//! same block. Of a game that was seen before it reads only what can have changed. A game that cannot be read, or whose
//! type is not judged here, is counted as such and stops nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alloy_primitives::{Address, U256};
use fpvm_challenger::factory::{Factory, Listed};
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::parallel;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::memory::Memory;
use fpvm_challenger::read::together::together;
use fpvm_challenger::read::watch::{GameSnapshot, GameWatcher};
use fpvm_challenger::read::{ReadError, Reader, is_vault_paused};
use fpvm_contracts::game::abi::{FaultDisputeGame as Calls, Judge as Registry};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::vault::Withdrawal;
use fpvm_l1::{At, Block, Chain};

use crate::agreement::{Agreement, Answer};
use crate::clocks::Clocks;
use crate::forecast::{Forecast, forecast};
use crate::money::{Money, recipients};
use crate::truth::{NodeState, Round, Truth};

/// Games that are looked up in the factory at once.
const PAGE: u64 = 512;

/// Which games are watched, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The factory whose games are watched.
    pub factory: Factory,
    /// Only games that are no older than this, in seconds.
    pub window: u64,
    /// Accounts whose claims are taken for honest.
    pub honest: BTreeSet<Address>,
    /// Games that are left out.
    pub ignored: BTreeSet<Address>,
    /// The number of questions that go to nodes at once.
    pub threads: usize,
}

/// Watches the games of a factory.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Monitor {
    chain: Arc<dyn Chain>,
    truth: Truth,
    options: Options,
    memory: Memory,
    watched: BTreeMap<Address, Watched>,
}

/// A game that was seen before.
struct Watched {
    watcher: GameWatcher,
    /// The number of the game's L1 head.
    l1_head: Option<u64>,
}

/// The games at a block.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The number of the chain.
    pub chain_id: u64,
    /// The factory.
    pub factory: Address,
    /// The block.
    pub block: Block,
    /// The games, newest first.
    pub games: Vec<Game>,
    /// Wei that each vault has.
    pub vaults: BTreeMap<Address, U256>,
    /// The registries of the games.
    pub registries: BTreeMap<Address, Anchor>,
    /// The rollup's nodes.
    pub nodes: Vec<NodeState>,
    /// Accounts whose claims are taken for honest.
    pub honest: BTreeSet<Address>,
}

/// A game of the factory.
#[derive(Clone, Debug)]
pub struct Game {
    /// What the factory says about the game.
    pub listed: Listed,
    /// What was found out.
    pub state: State,
}

/// What was found out about a game.
#[derive(Clone, Debug)]
pub enum State {
    /// Nothing: the options leave the game out.
    Ignored,
    /// Nothing: games of its type are not judged here, for this reason.
    Unjudged(&'static str),
    /// Nothing: it could not be read, for this reason.
    Failed(String),
    /// Everything.
    Read(Arc<SurveyedGame>),
}

/// A game that was read.
#[derive(Clone, Debug)]
pub struct SurveyedGame {
    /// The parts that never change.
    pub params: GameParams,
    /// The game at the block.
    pub snapshot: GameSnapshot,
    /// Whether its proposal is right; none if no node could say.
    pub agreement: Option<Agreement>,
    /// What each node said, in the order of the nodes.
    pub answers: Vec<Answer>,
    /// What was unlocked in the vault, by account.
    pub withdrawals: BTreeMap<Address, Withdrawal>,
    /// What the registry says about it.
    pub ruling: Ruling,
    /// How it would end.
    pub forecast: Forecast,
    /// Its clocks.
    pub clocks: Clocks,
    /// Its money.
    pub money: Money,
}

/// What the registry says about a game; all false for a game before 1.4.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ruling {
    /// The guardian has struck off this game.
    pub is_blacklisted: bool,
    /// The guardian has struck off all games that are as old.
    pub is_retired: bool,
    /// The factory does not know it.
    pub is_unregistered: bool,
}

impl Ruling {
    /// Whether its proposal can never count.
    pub const fn is_struck_off(self) -> bool {
        self.is_blacklisted || self.is_retired || self.is_unregistered
    }
}

/// What a registry says.
#[derive(Clone, Debug)]
pub struct Anchor {
    /// The root that new games start from. In 2024 each type has its own; this is the newest.
    pub root: OutputRoot,
    /// The game whose proposal that root is, if there is one.
    pub game: Option<Address>,
    /// Whether the guardian has struck that game off since.
    pub is_struck_off: bool,
    /// Whether the guardian has paused.
    pub is_paused: bool,
    /// The type of games that count, if the registry says it.
    pub respected: Option<GameType>,
    /// The root that the nodes agree on for that block or second, if they have it.
    pub expected: Option<alloy_primitives::B256>,
    /// Whether the root is a super root and its number a timestamp.
    pub is_super: bool,
}

impl Survey {
    /// The games that were read.
    pub fn seen(&self) -> impl Iterator<Item = (&Listed, &Arc<SurveyedGame>)> {
        self.games.iter().filter_map(|game| match &game.state {
            State::Read(seen) => Some((&game.listed, seen)),
            State::Ignored | State::Unjudged(_) | State::Failed(_) => None,
        })
    }
}

impl Monitor {
    /// A monitor that has not looked yet.
    pub fn new(chain: Arc<dyn Chain>, truth: Truth, options: Options) -> Self {
        Self {
            chain,
            truth,
            options,
            memory: Memory::default(),
            watched: BTreeMap::new(),
        }
    }

    /// The chain.
    pub fn chain(&self) -> &dyn Chain {
        &*self.chain
    }

    /// Looks at all games at the newest block.
    ///
    /// # Errors
    /// If the chain does not answer, or there is no factory.
    pub fn round(&mut self) -> Result<Survey, ReadError> {
        let Self {
            chain,
            truth,
            options,
            memory,
            watched,
        } = self;
        let reader = Reader::remembering(&**chain, memory)?;
        let listed = list(&reader, options)?;
        // Games that are too old, or gone by a reorg, are forgotten.
        let there: BTreeSet<_> = listed.iter().map(|listed| listed.game).collect();
        watched.retain(|game, _| there.contains(game));

        let mut states = open(&reader, options, truth, &listed, watched)?;
        let looks = look(&reader, options, watched)?;
        find_heads(&reader, options, watched);
        let round = truth.round(reader.block.time);
        let seen = judge(&round, options, watched, looks);
        let mut vaults = BTreeMap::new();
        let mut registries = BTreeMap::new();
        for (game, mut state) in seen {
            if let State::Read(seen) = state.clone() {
                let at = At::Hash(reader.block.hash);
                let vault = seen.params.vault;
                // A game that is won at its creation has no vault.
                if !vault.is_zero()
                    && let std::collections::btree_map::Entry::Vacant(entry) = vaults.entry(vault)
                {
                    entry.insert(chain.balance(vault, at)?);
                }
                let anchor = match registries.remove(&seen.params.registry) {
                    None => anchor(&reader, &round, &seen),
                    Some(known) => Ok(newer(known, &seen)),
                };
                match anchor {
                    Ok(anchor) => drop(registries.insert(seen.params.registry, anchor)),
                    Err(ReadError::Chain(error)) => return Err(error.into()),
                    Err(error) => state = State::Failed(error.to_string()),
                }
            }
            states.insert(game, state);
        }
        let game = |listed: Listed| Game {
            state: states
                .remove(&listed.game)
                .unwrap_or_else(|| State::Failed("it was not read".into())),
            listed,
        };
        Ok(Survey {
            chain_id: chain.chain_id(),
            factory: options.factory.0,
            block: reader.block,
            games: listed.into_iter().map(game).collect(),
            vaults,
            registries,
            nodes: round.nodes(),
            honest: options.honest.clone(),
        })
    }
}

/// The games that are young enough, newest first.
fn list(reader: &Reader<'_>, options: &Options) -> Result<Vec<Listed>, ReadError> {
    let mut all = Vec::new();
    let mut to = options.factory.count(reader)?;
    while to > 0 {
        let from = to.saturating_sub(PAGE);
        let mut numbers: Vec<_> = (from..to).rev().collect();
        let page = together(reader, options.threads, &mut numbers, |reader, number| {
            options.factory.game(reader, *number)
        })?;
        for listed in page {
            let listed = listed?;
            if listed.created_at.saturating_add(options.window) < reader.block.time {
                return Ok(all);
            }
            all.push(listed);
        }
        to = from;
    }
    Ok(all)
}

/// Begins with the games that are new; gives the states of those that are not read.
fn open(
    reader: &Reader<'_>,
    options: &Options,
    truth: &Truth,
    listed: &[Listed],
    watched: &mut BTreeMap<Address, Watched>,
) -> Result<BTreeMap<Address, State>, ReadError> {
    let mut states = BTreeMap::new();
    let mut new = Vec::new();
    for listed in listed {
        let (game, of) = (listed.game, listed.game_type);
        if options.ignored.contains(&game) {
            states.insert(game, State::Ignored);
        } else if GameType(of).is_super() && !truth.knows_super_roots() {
            let why = "it is about super roots, and no node that knows them is named";
            states.insert(game, State::Unjudged(why));
        } else if GameType(of).is_proven() {
            states.insert(
                game,
                State::Unjudged("it is decided by proofs, not by bisection"),
            );
        } else if !GameType(of).is_super()
            && !truth.knows_outputs()
            && GameType(of).name().is_some()
        {
            let why = "it is about outputs, and no node that knows them is named";
            states.insert(game, State::Unjudged(why));
        } else if !watched.contains_key(&game) {
            new.push(*listed);
        }
    }
    let opened = together(reader, options.threads, &mut new, |reader, listed| {
        GameWatcher::open(reader, listed.game)
    })?;
    for (listed, opened) in new.iter().zip(opened) {
        match opened {
            Ok(watcher) => {
                let l1_head = None;
                watched.insert(listed.game, Watched { watcher, l1_head });
            }
            Err(ReadError::UnknownGame { .. }) if GameType(listed.game_type).name().is_none() => {
                states.insert(listed.game, State::Unjudged("its type is unknown"));
            }
            Err(error) => {
                states.insert(listed.game, State::Failed(error.to_string()));
            }
        }
    }
    Ok(states)
}

/// What a look at a game finds besides the game itself.
struct Look {
    withdrawals: BTreeMap<Address, Withdrawal>,
    ruling: Ruling,
}

/// What a look at each game finds.
type Looks = Vec<(Address, Result<Look, ReadError>)>;

/// Looks at all games that are watched.
fn look(
    reader: &Reader<'_>,
    options: &Options,
    watched: &mut BTreeMap<Address, Watched>,
) -> Result<Looks, ReadError> {
    let mut games: Vec<_> = watched.iter_mut().collect();
    let looks = together(
        reader,
        options.threads,
        &mut games,
        |reader, (_, watched)| {
            watched.watcher.look(reader)?;
            let watcher = &watched.watcher;
            let accounts = watcher.snapshot().map(|seen| recipients(&seen.game));
            let mut withdrawals = BTreeMap::new();
            for account in accounts.into_iter().flatten() {
                let withdrawal = watcher.game_params.withdrawal(reader, account)?;
                withdrawals.insert(account, withdrawal);
            }
            let ruling = ruling(reader, &watcher.game_params)?;
            Ok(Look {
                withdrawals,
                ruling,
            })
        },
    )?;
    Ok(watched.keys().copied().zip(looks).collect())
}

fn ruling(reader: &Reader<'_>, params: &GameParams) -> Result<Ruling, ReadError> {
    if params.rules.params().version.pays_at_resolution() {
        return Ok(Ruling::default());
    }
    let (registry, game) = (params.registry, params.game);
    let blacklisted = reader.ask(registry, &Registry::isGameBlacklistedCall { game })?;
    let retired = reader.ask(registry, &Registry::isGameRetiredCall { game })?;
    let registered = reader.ask(registry, &Registry::isGameRegisteredCall { game })?;
    Ok(Ruling {
        is_blacklisted: blacklisted,
        is_retired: retired,
        is_unregistered: !registered,
    })
}

/// Finds the numbers of the games' L1 heads that are not known yet.
fn find_heads(reader: &Reader<'_>, options: &Options, watched: &mut BTreeMap<Address, Watched>) {
    let unknown = watched.iter_mut();
    let mut unknown: Vec<_> = unknown
        .filter(|(_, watched)| watched.l1_head.is_none())
        .map(|(_, watched)| watched)
        .collect();
    let hashes: Vec<_> = unknown
        .iter()
        .map(|watched| watched.watcher.game_params.proposal.l1_head)
        .collect();
    let chain = reader.chain;
    let heads = parallel::each(options.threads, hashes, |hash| chain.block(At::Hash(hash)));
    for (watched, head) in unknown.iter_mut().zip(heads) {
        watched.l1_head = head.ok().map(|block| block.number);
    }
}

/// Asks the nodes, and puts together what is known of each game.
fn judge(
    round: &Round<'_>,
    options: &Options,
    watched: &BTreeMap<Address, Watched>,
    looks: Looks,
) -> Vec<(Address, State)> {
    let judged = parallel::each(options.threads, &looks, |(game, _)| {
        let watched = watched.get(game)?;
        Some(round.judge(&watched.watcher.game_params, watched.l1_head?))
    });
    let states = looks.into_iter().zip(judged);
    let states = states.map(|((game, look), judged)| {
        let watched = watched.get(&game);
        let watcher = watched.map(|watched| &watched.watcher);
        let snapshot = watcher.and_then(GameWatcher::snapshot);
        let state = match (look, judged, watcher, snapshot) {
            (Ok(look), Some(judged), Some(watcher), Some(snapshot)) => {
                State::Read(Arc::new(seen(watcher, snapshot, look, judged)))
            }
            (Err(error), ..) => State::Failed(error.to_string()),
            _ => State::Failed("the L1 node does not have the block that it looks up to".into()),
        };
        (game, state)
    });
    states.collect()
}

fn seen(
    watcher: &GameWatcher,
    snapshot: &GameSnapshot,
    look: Look,
    (agreement, answers): (Option<Agreement>, Vec<Answer>),
) -> SurveyedGame {
    let (params, game) = (&watcher.game_params, &snapshot.game);
    let now = snapshot.block.time;
    SurveyedGame {
        params: params.clone(),
        snapshot: snapshot.clone(),
        agreement,
        answers,
        ruling: look.ruling,
        forecast: forecast(game, now),
        clocks: Clocks::of(game, now),
        money: Money::of(game, now, params.vault_delay, &look.withdrawals),
        withdrawals: look.withdrawals,
    }
}

/// What a game's registry says about the anchor.
fn anchor(
    reader: &Reader<'_>,
    round: &Round<'_>,
    seen: &SurveyedGame,
) -> Result<Anchor, ReadError> {
    let registry = seen.params.registry;
    let root = seen.snapshot.anchor;
    let mut anchor = Anchor {
        root,
        game: None,
        is_struck_off: false,
        is_paused: false,
        respected: None,
        expected: None,
        is_super: seen.params.proposal.super_root.is_some(),
    };
    // A registry of 2024 has none of these functions.
    let paused = reader.ask_if(registry, &Registry::pausedCall {})?;
    anchor.is_paused = match paused {
        Some(paused) => paused,
        None if seen.params.vault.is_zero() => false,
        None => is_vault_paused(reader, seen.params.vault)?,
    };
    let respected = reader.ask_if(registry, &Registry::respectedGameTypeCall {})?;
    anchor.respected = respected.map(GameType);
    let game = reader.ask_if(registry, &Registry::anchorGameCall {})?;
    anchor.game = game.filter(|game| !game.is_zero());
    if let Some(game) = anchor.game {
        let blacklisted = reader.ask(registry, &Registry::isGameBlacklistedCall { game })?;
        let retired = reader.ask(registry, &Registry::isGameRetiredCall { game })?;
        anchor.is_struck_off = blacklisted || retired;
        // A chain that has changed over has games of both kinds, and anchors of one.
        let of = GameType(reader.ask(game, &Calls::gameTypeCall {})?);
        anchor.is_super = of.is_super();
        anchor.expected = if anchor.is_super {
            round.super_root(root.block)
        } else {
            round.root(root.block)
        };
    }
    Ok(anchor)
}

/// The anchor of the same registry by another of its games: in 2024 each type has an anchor, and the newest counts.
fn newer(mut known: Anchor, seen: &SurveyedGame) -> Anchor {
    if known.root.block < seen.snapshot.anchor.block {
        known.root = seen.snapshot.anchor;
    }
    known
}
