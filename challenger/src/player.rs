//! One game, played: what is to be done about it now.
//!
//! Everything follows from the chain as it is and from what the player holds to be true; nothing is
//! remembered but answers that would be the same again. So a player that is started anew goes on where
//! the chain is, and does nothing twice: a claim that is there is not made, a part that is loaded is not
//! loaded, a subgame that is resolved is not resolved.

use alloy_primitives::{Address, U256};
use contracts::loader::Terms;
use dispute::call::{Action, GameAction};
use dispute::claim::GameStatus;
use dispute::game::Game;
use dispute::oracle::Preimage;
use dispute::player::cheat::{self, Cheat};
use dispute::player::honest;
use dispute::player::why::Why;
use dispute::player::{Answer, Me, Plan, value_of};
use dispute::trace::{Trace, TraceError};
use l1::Request;

use crate::calls;
use crate::loads::{self, Load};
use crate::read::follow::{Follower, Seen};
use crate::read::site::Site;
use crate::read::{ReadError, Reader};

/// How a player plays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strategy {
    /// By the rule that cannot lose.
    #[default]
    Honest,
    /// In one of the model's ways to cheat, for tests and demonstrations.
    Cheat(Cheat),
}

/// What kind of thing is done, for counting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A claim.
    Move,
    /// An instruction against a claim.
    Step,
    /// Something that a step reads.
    Load,
    /// The proposal's L2 block number is contested.
    Challenge,
    /// Somebody's large pre-image is contested.
    Accuse,
    /// A claim or the game is resolved.
    Resolve,
    /// A credit is paid.
    Pay,
    /// The base fee is sampled.
    Sample,
}

/// Something to do, with its reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deed {
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
    pub deeds: Vec<Deed>,
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
    follower: Follower,
    me: Me<T>,
    strategy: Strategy,
    /// L1 time before which the trace is not asked again: it failed.
    rest_until: u64,
    /// Seconds of the last rest.
    rest: u64,
}

/// The first rest after the trace failed, in seconds; it doubles up to the last.
const REST: [u64; 2] = [60, 3_600];
/// The most answers of a claim that one transaction resolves.
const PAGE: usize = 512;

impl<T: Trace> Player<T> {
    /// A player from an account, who holds `trace` to be true of a game.
    pub fn new(follower: Follower, account: Address, trace: T, strategy: Strategy) -> Self {
        Self {
            follower,
            me: Me::new(account, 0, trace),
            strategy,
            rest_until: 0,
            rest: 0,
        }
    }

    /// The game's unchanging parts.
    pub const fn site(&self) -> &Site {
        &self.follower.site
    }

    /// What the last look found.
    pub const fn seen(&self) -> Option<&Seen> {
        self.follower.seen()
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
        let (_, anew) = self.follower.look(reader)?;
        let Some(seen) = self.follower.seen() else {
            return Ok(Turn::default());
        };
        let (game, now) = (&seen.game, seen.block.time);
        if anew {
            self.me.forget();
        }
        if game.status() != GameStatus::InProgress {
            return pay(&self.follower.site, reader, game, self.me.account);
        }
        let mut turn = Turn::default();
        if now >= self.rest_until {
            let plan = match &self.strategy {
                Strategy::Honest => honest::next_moves(&mut self.me, &seen.view()),
                Strategy::Cheat(way) => cheat::next_moves(way, &mut self.me, &seen.view()),
            };
            (self.rest, self.rest_until) = match plan.trouble {
                None | Some(TraceError::Pending { .. }) => (0, 0),
                Some(_) => {
                    let rest = (self.rest * 2).clamp(REST[0], REST[1]);
                    (rest, now.saturating_add(rest))
                }
            };
            let terms = self.follower.site.terms(self.me.account);
            let table = Table {
                reader,
                game,
                terms,
                me: &self.me,
                strategy: self.strategy,
            };
            table.deeds(plan, &mut turn)?;
        }
        resolve(game, now, &self.me, &mut turn);
        Ok(turn)
    }
}

/// What a plan is turned into deeds with.
struct Table<'a, T> {
    reader: &'a Reader<'a>,
    game: &'a Game,
    terms: Terms,
    me: &'a Me<T>,
    strategy: Strategy,
}

impl<T: Trace> Table<'_, T> {
    fn deeds(&self, plan: Plan, turn: &mut Turn) -> Result<(), ReadError> {
        turn.look_again = plan.look_again;
        match plan.trouble {
            Some(TraceError::Pending { .. }) => turn.is_waiting = true,
            other => turn.trouble = other.map(|trouble| trouble.to_string()),
        }
        // Whether what the next step reads is all there.
        let mut is_loaded = true;
        for action in plan.actions {
            match &action {
                Action::LoadPreimage(preimage) => is_loaded &= self.load(preimage, turn)?,
                Action::Game(
                    _,
                    GameAction::AddLocalData {
                        ident,
                        leaf,
                        offset,
                    },
                ) => {
                    // Of no execution: cheats try that.
                    let context = self.game.local_context(*leaf).unwrap_or_default();
                    let (oracle, at) = (self.terms.oracle, self.game.address());
                    let there =
                        loads::has_local(self.reader, oracle, at, *ident, context, *offset)?;
                    if !there {
                        turn.deeds.push(self.deed(&action, Kind::Load));
                        is_loaded = false;
                    }
                }
                Action::Game(_, GameAction::Step(_)) if is_loaded => {
                    turn.deeds.push(self.deed(&action, Kind::Step));
                }
                Action::Game(_, GameAction::Step(_)) => is_loaded = true,
                Action::Game(_, GameAction::Move(mv)) => {
                    let used = self
                        .game
                        .challenger_duration(mv.parent, self.reader.block.time);
                    let all = self.game.rules().max_clock_duration();
                    if used.is_ok_and(|used| used < all) {
                        turn.deeds.push(self.deed(&action, Kind::Move));
                    }
                }
                Action::Game(_, GameAction::ChallengeBlockNumber(_)) => {
                    turn.deeds.push(self.deed(&action, Kind::Challenge));
                }
                Action::Game(_, GameAction::SampleFee) => {
                    turn.deeds.push(self.deed(&action, Kind::Sample));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a pre-image's part is there; else what is next for it.
    fn load(&self, preimage: &Preimage, turn: &mut Turn) -> Result<bool, ReadError> {
        match loads::part(self.reader, &self.terms, preimage) {
            Ok(Load::Done) => return Ok(true),
            Ok(Load::Send(request)) => turn.deeds.push(Deed {
                game: self.game.address(),
                kind: Kind::Load,
                why: "An instruction that is to be run on chain reads it.".into(),
                request,
            }),
            Ok(Load::Wait(until)) => {
                let other = turn.look_again.unwrap_or(u64::MAX);
                turn.look_again = Some(until.min(other));
            }
            Err(loads::LoadTrouble::Read(error)) => return Err(error),
            Err(other) => turn.trouble = Some(other.to_string()),
        }
        Ok(false)
    }

    fn deed(&self, action: &Action, kind: Kind) -> Deed {
        let value = value_of(self.game, action);
        let game = self.game.address();
        let action = match action {
            Action::Game(_, action) => action,
            // The others do not come here.
            _ => &GameAction::SampleFee,
        };
        Deed {
            game,
            kind,
            why: self.why(action),
            request: calls::game(game, action, value),
        }
    }

    fn why(&self, action: &GameAction) -> String {
        if let Strategy::Cheat(cheat) = self.strategy {
            return format!("A cheat plays ({}).", cheat.way.name());
        }
        let answered = match action {
            GameAction::Move(mv) => Some(mv.parent),
            GameAction::Step(step) => Some(step.claim),
            _ => None,
        };
        let why = answered.and_then(|claim| Why::of(self.game, self.me.reading(), claim));
        match (why, action) {
            (Some(why), _) => why.to_string(),
            (None, GameAction::AddLocalData { leaf, .. }) => {
                format!("The instruction that counters claim {leaf} reads it.")
            }
            (None, GameAction::ChallengeBlockNumber(_)) => {
                "The proposal is the output of another L2 block than it says.".into()
            }
            (None, GameAction::SampleFee) => {
                "The base fee is above what the bonds cover: a sample holds the clocks.".into()
            }
            (None, _) => String::new(),
        }
    }
}

/// Resolution, of whatever the player has no step against: that looks at no clock, but comes too late
/// once its claim is resolved.
fn resolve<T>(game: &Game, now: u64, me: &Me<T>, turn: &mut Turn) {
    let unmade = me.reading().unmade(game);
    let to_step: Vec<usize> = unmade
        .filter_map(|answer| match answer {
            Answer::Step { claim, .. } => Some(*claim),
            Answer::Move(_) => None,
        })
        .collect();
    for (action, why) in resolutions(game, now) {
        if let GameAction::ResolveClaim { claim, .. } = action
            && to_step.contains(&claim)
        {
            continue;
        }
        turn.deeds.push(Deed {
            game: game.address(),
            kind: Kind::Resolve,
            why,
            request: calls::game(game.address(), &action, 0),
        });
    }
}

/// What of a game can be resolved at L1 time `now`, in seconds, and why; nothing of it depends on
/// another of it.
pub fn resolutions(game: &Game, now: u64) -> Vec<(GameAction, String)> {
    let is_resolved = |index: usize| game.subgame(index).is_some_and(|of| of.resolved);
    if game.status() != GameStatus::InProgress {
        return Vec::new();
    }
    if is_resolved(0) {
        let why = "The proposal's subgame is resolved.".into();
        return vec![(GameAction::Resolve, why)];
    }
    let all = game.rules().max_clock_duration();
    let mut ready = Vec::new();
    for claim in (0..game.claims().len()).rev() {
        let Some(subgame) = game.subgame(claim).filter(|of| !of.resolved) else {
            continue;
        };
        let used = game.challenger_duration(claim, now);
        let has_run_out = used.is_ok_and(|used| used >= all);
        if !has_run_out || !subgame.answers.iter().all(|answer| is_resolved(*answer)) {
            continue;
        }
        let count = match game.num_to_resolve(claim) {
            rest if rest > PAGE => PAGE,
            rest if subgame.checkpoint.is_some() => rest,
            _ => 0,
        };
        let count = U256::from(count);
        let why =
            format!("The time to answer claim {claim} is over, and its answers are resolved.");
        ready.push((GameAction::ResolveClaim { claim, count }, why));
    }
    ready
}

/// What is left to do once the game has ended: to be paid.
fn pay(site: &Site, reader: &Reader<'_>, game: &Game, account: Address) -> Result<Turn, ReadError> {
    let mut turn = Turn::default();
    let credit = game.credit(account);
    if credit == 0 {
        turn.is_over = true;
        return Ok(turn);
    }
    let unlocked = site.withdrawal(reader, account)?;
    let ready = unlocked.timestamp.saturating_add(site.vault_delay);
    if reader.block.time < ready {
        turn.look_again = Some(ready);
        return Ok(turn);
    }
    let action = GameAction::ClaimCredit(account);
    turn.deeds.push(Deed {
        game: site.game,
        kind: Kind::Pay,
        why: "The game has ended, and the vault's delay is over.".into(),
        request: calls::game(site.game, &action, 0),
    });
    Ok(turn)
}
