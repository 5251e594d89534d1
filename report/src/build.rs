//! Makes a report of a game.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use fpvm_dispute::call::{Action, Effect, GameAction, Made};
use fpvm_dispute::claim::{ClaimData, GameStatus, Side};
use fpvm_dispute::game::Game;
use fpvm_dispute::history::{HistoryEvent, What};
use fpvm_dispute::player::honest::Reading;
use fpvm_dispute::player::why::Why;
use fpvm_dispute::position::Position;
use fpvm_dispute::trace::Trace;
use serde::Serialize;

use crate::next::next;
use crate::{
    Account, Alarm, Claim, Instruction, Kind, Place, Play, Proposal, Report, Rules, Standing,
    Status, events,
};

/// What is known about a player.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The player follows the honest rule.
    Honest,
    /// The player cheats.
    Cheat,
    /// Nothing is known.
    Unknown,
}

/// A player, as the report names it.
#[derive(Clone, Debug)]
pub struct Party {
    /// The player's name.
    pub name: String,
    /// What is known about the player.
    pub role: Role,
}

/// The game that is reported on, and what is known about it.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Where the game is played.
    pub title: String,
    /// The game.
    pub game: &'a Game,
    /// L1 time, in seconds; once the game is resolved, the time of its resolution counts.
    pub now: u64,
    /// The players whose names are known.
    pub parties: BTreeMap<Address, Party>,
    /// What happened besides the claims.
    pub happened: Happened<'a>,
    /// The instruction that the game came down to, if it is known.
    pub instruction: Option<Instruction>,
    /// The state of accounts' bonds, for the accounts that were asked about.
    pub bonds: BTreeMap<Address, Standing>,
    /// What the guardian has to know.
    pub alarm: Option<Alarm>,
}

/// What is known to have happened in a game besides its claims.
#[derive(Clone, Copy, Debug)]
pub enum Happened<'a> {
    /// All calls are known.
    Calls(&'a [Made]),
    /// Only the events that a chain tells are known.
    History(&'a [HistoryEvent]),
}

/// The judgement of a game's claims by somebody who knows the true trace.
#[derive(Clone, Debug, Default)]
pub struct Opinion {
    /// By claim, the true value at its position, if it is known.
    truths: Vec<Option<B256>>,
    /// By claim, why it is answered, if the claim was read.
    whys: Vec<Option<Why>>,
    /// The true value of the proposal, which a game that is won at its creation has no claim of.
    root: Option<B256>,
}

impl Opinion {
    /// The judgement of all claims by somebody whose trace is `trace`.
    pub fn of<T: Trace>(game: &Game, trace: &T) -> Self {
        let mut reading = Reading::default();
        // The claims that were read are judged rightly even if others could not be judged.
        let _ = reading.read(game, trace);
        let claims = game.claims().iter().enumerate();
        let truths = claims.map(|(index, claim)| trace.claim_at(game, index, claim.position).ok());
        let whys = (0..game.claims().len()).map(|index| Why::of(game, &reading, index));
        Self {
            truths: truths.collect(),
            whys: whys.collect(),
            root: trace.claim_at(game, 0, Position::ROOT).ok(),
        }
    }

    /// The true value at the position of the claim at `index`.
    pub fn truth(&self, index: usize) -> Option<B256> {
        *self.truths.get(index)?
    }

    /// The true value of the proposal.
    pub const fn proposal(&self) -> Option<B256> {
        self.root
    }

    /// Whether the proposal is right, and its true value.
    fn of_proposal(&self, game: &Game) -> (Option<bool>, Option<B256>) {
        let right = if game.version().is_won_at_creation() {
            self.root.map(|root| root == game.proposal().root_claim)
        } else {
            let why = self.why(0);
            why.map(|why| why.is_honest() && game.block_challenger().is_none())
        };
        (right, self.root)
    }

    /// Why the claim at `index` is answered or left.
    pub fn why(&self, index: usize) -> Option<Why> {
        *self.whys.get(index)?
    }
}

/// Reports on a game; `opinion` says who is right in it.
pub fn report(subject: Subject<'_>, opinion: &Opinion) -> Report {
    let game = subject.game;
    let claims: Vec<Claim> = (0..game.claims().len())
        .filter_map(|index| claim(game, opinion, index, subject.now))
        .collect();
    let status = match game.status() {
        GameStatus::InProgress => Status::InProgress,
        GameStatus::ChallengerWins => Status::ChallengerWins,
        GameStatus::DefenderWins => Status::DefenderWins,
    };
    let params = game.rules().params();
    let (proposal, starting) = (game.proposal(), game.starting());
    let (right, truth) = opinion.of_proposal(game);
    let events = match subject.happened {
        Happened::Calls(made) => events::of_calls(game, made),
        Happened::History(history) => events::of_game(game, history),
    };
    let mut report = Report {
        title: subject.title,
        status,
        game: game.address(),
        now: match status {
            Status::InProgress => subject.now,
            _ => game.resolved_at(),
        },
        created_at: game.created_at(),
        rules: Rules {
            game_type: params.game_type,
            play: (!game.version().is_won_at_creation()).then(|| Play {
                max_depth: game.rules().max_depth(),
                split_depth: game.rules().split_depth(),
                max_clock_duration: params.max_clock_duration,
                clock_extension: params.clock_extension,
                absolute_prestate: params.absolute_prestate,
            }),
        },
        proposal: Proposal {
            creator: proposal.creator,
            is_super: proposal.super_root.is_some(),
            root: proposal.root_claim,
            block: proposal.l2_block.to_string(),
            starting_root: starting.root,
            starting_block: starting.block.to_string(),
            l1_head: proposal.l1_head,
            right,
            truth,
            chains: proposal.super_root.as_ref().map(|root| root.chains.len()),
        },
        accounts: accounts(game, &subject.parties, subject.happened, &subject.bonds),
        claims,
        events,
        instruction: subject.instruction,
        next: Vec::new(),
        alarm: subject.alarm,
    };
    report.next = next(&report);
    report
}

/// A way to answer, in words.
pub(super) struct Words {
    /// As a noun.
    pub(super) noun: &'static str,
    /// As a verb.
    pub(super) verb: &'static str,
}

/// How the claim at `index` answers its parent.
pub(super) fn side(game: &Game, index: usize) -> Option<Words> {
    let claim = game.claim(index).ok()?;
    let parent = game.claim(claim.parent?).ok()?;
    Some(
        if parent.position.answered(Side::Attack) == claim.position {
            Words {
                noun: "attack",
                verb: "attacks",
            }
        } else {
            Words {
                noun: "defend",
                verb: "defends",
            }
        },
    )
}

/// What a claim at `position` is about, which is the claim at `index` or an answer to it.
pub fn about(game: &Game, index: usize, position: Position) -> String {
    if game.version().is_super() {
        return about_super(game, index, position);
    }
    if position.depth() <= game.rules().split_depth() {
        let block = game.output_block(position);
        return block.map_or_else(
            |_| "an output root".into(),
            |block| format!("output root of L2 block {block}"),
        );
    }
    let disputed = game.dispute(index).map(|dispute| dispute.disputed.position);
    let block = disputed.and_then(|position| game.output_block(position));
    let instruction = game.rules().instruction(position);
    match block {
        Ok(block) => format!("state after instruction {instruction} of L2 block {block}"),
        Err(_) => format!("state after instruction {instruction}"),
    }
}

/// The same in a super game.
fn about_super(game: &Game, index: usize, position: Position) -> String {
    let place = |position| {
        let Place { timestamp, step } = place(game, position)?;
        Some(match step {
            0 => format!("super root at timestamp {timestamp}"),
            step => format!("state at step {step} after timestamp {timestamp}"),
        })
    };
    if position.depth() <= game.rules().split_depth() {
        return place(position).unwrap_or_else(|| "a super root".into());
    }
    let disputed = game.dispute(index).map(|dispute| dispute.disputed.position);
    let instruction = game.rules().instruction(position);
    match disputed.ok().and_then(place) {
        Some(place) => format!("state after instruction {instruction} towards the {place}"),
        None => format!("state after instruction {instruction}"),
    }
}

/// The place of the state that a claim at `position` of a super game is about.
fn place(game: &Game, position: Position) -> Option<Place> {
    if !game.version().is_super() {
        return None;
    }
    let place = game.super_step(position).ok()?;
    Some(Place {
        timestamp: place.timestamp,
        step: place.step,
    })
}

fn claim(game: &Game, opinion: &Opinion, index: usize, now: u64) -> Option<Claim> {
    let claim = game.claim(index).ok()?;
    let why = opinion.why(index);
    let is_output = claim.position.depth() <= game.rules().split_depth();
    let is_leaf = claim.position.depth() == game.rules().max_depth();
    let path = claim.position.path();
    Some(Claim {
        parent: claim.parent,
        side: side(game, index).map(|side| side.noun),
        depth: claim.position.depth(),
        path: path
            .iter()
            .map(|right| if *right { 'R' } else { 'L' })
            .collect(),
        gindex: claim.position.gindex(),
        kind: if is_output { Kind::Output } else { Kind::State },
        about: about(game, index, claim.position),
        place: place(game, claim.position).filter(|_| is_output),
        value: claim.claim,
        truth: opinion.truth(index),
        honest: why.map(|why| why.is_honest()),
        why: why.map(|why| why.to_string()),
        claimant: claim.claimant,
        bond: claim.bond,
        made_at: claim.clock.timestamp,
        used: claim.clock.duration,
        left: left(game, index, now),
        countered_by: claim.countered_by,
        stepped: is_leaf && claim.countered_by.is_some(),
        bond_to: winner(game, index, claim),
    })
}

/// For how much longer a claim can be answered, in seconds.
fn left(game: &Game, index: usize, now: u64) -> Option<u64> {
    let open = game.status() == GameStatus::InProgress
        && game.subgame(index).is_some_and(|subgame| !subgame.resolved);
    let used = game.challenger_duration(index, now);
    let all = game.rules().max_clock_duration();
    open.then(|| used.map_or(0, |used| all.saturating_sub(used)))
}

/// Who gets the bond of a claim, once that is decided.
fn winner(game: &Game, index: usize, claim: &ClaimData) -> Option<Address> {
    let resolved = game.subgame(index).is_some_and(|subgame| subgame.resolved);
    resolved.then(|| claim.countered_by.unwrap_or(claim.claimant))
}

/// The money of everybody who made a claim, countered one, or is named.
fn accounts(
    game: &Game,
    parties: &BTreeMap<Address, Party>,
    happened: Happened<'_>,
    bonds: &BTreeMap<Address, Standing>,
) -> Vec<Account> {
    let paid = payments(happened);
    let mut order: Vec<Address> = Vec::new();
    let claims = game.claims().iter();
    let players = claims.flat_map(|claim| [Some(claim.claimant), claim.countered_by]);
    let mut seen = BTreeSet::new();
    for account in players.flatten().chain(parties.keys().copied()) {
        if seen.insert(account) {
            order.push(account);
        }
    }
    let unnamed = |account: &Address| Party {
        name: format!("{}…", account.to_string().get(..8).unwrap_or_default()),
        role: Role::Unknown,
    };
    let of = |account: &Address| {
        let Party { name, role } = parties
            .get(account)
            .cloned()
            .unwrap_or_else(|| unnamed(account));
        let mut sums = Account {
            address: *account,
            name,
            role,
            claims: 0,
            posted: 0,
            won: 0,
            open: 0,
            paid: 0,
            bonds: bonds.get(account).cloned(),
        };
        for (index, claim) in game.claims().iter().enumerate() {
            let winner = winner(game, index, claim);
            if claim.claimant == *account {
                sums.claims += 1;
                sums.posted = sums.posted.saturating_add(claim.bond);
                if winner.is_none() {
                    sums.open = sums.open.saturating_add(claim.bond);
                }
            }
            if winner == Some(*account) {
                sums.won = sums.won.saturating_add(claim.bond);
            }
        }
        let own = paid.iter().filter(|(to, _)| to == account);
        sums.paid = own.fold(0, |sum, (_, wei)| sum.saturating_add(*wei));
        if let Some(bonds) = &sums.bonds {
            sums.paid = sums.paid.max(bonds.paid);
        }
        sums
    };
    order.iter().map(of).collect()
}

/// Who was paid, and how much in wei.
fn payments(happened: Happened<'_>) -> Vec<(Address, u128)> {
    match happened {
        Happened::Calls(made) => made
            .iter()
            .filter_map(|made| match (&made.call.action, &made.result) {
                (Action::Game(_, GameAction::ClaimCredit(to)), Ok(Effect::Paid(wei))) => {
                    Some((*to, *wei))
                }
                _ => None,
            })
            .collect(),
        Happened::History(history) => history
            .iter()
            .filter_map(|event| match event.what {
                What::Paid(to, wei) => Some((to, wei)),
                _ => None,
            })
            .collect(),
    }
}
