//! One dispute game: its state, and what can be read from it.
//!
//! The state changes only through the functions of the other files of this folder, each of which
//! either does everything or refuses with a [`Revert`] and changes nothing: [`opening`] makes it,
//! in super games [`super_opening`]; [`moves`] adds claims, [`step`] counters the deepest claims by an
//! instruction, [`context`] gives the VM its local data, [`block_number`] contests the block of the
//! proposal, [`resolution`] ends it, and [`credits`] closes it and says who is paid. [`payment`] tells
//! how far the payment is. A game that a contract keeps is made from its [`parts`].

pub mod block_number;
pub mod context;
pub mod credits;
pub mod moves;
pub mod opening;
pub mod parts;
pub mod payment;
pub mod resolution;
pub mod step;
pub mod super_opening;

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};

use crate::claim::{ClaimData, GameStatus, OutputRoot};
use crate::clock::Clock;
use crate::fees::FeeMeter;
use crate::position::Position;
use crate::registry::Candidate;
use crate::revert::{Panic, Revert};
use crate::rules::Rules;
use crate::super_root::SuperRoot;
use crate::version::Version;
use credits::Credits;

/// The proposal that a game is about, fixed at its creation (the clone's immutable arguments).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// Who proposed, and posted the root's bond.
    pub creator: Address,
    /// The output root or super root proposed.
    pub root_claim: B256,
    /// Hash of the L1 block before the game's creation.
    pub l1_head: B256,
    /// L2 block that the output root is proposed for; in a super game the timestamp of the super root, in seconds.
    pub l2_block: U256,
    /// In a super game the super root whose hash is the root claim; none in other games.
    pub super_root: Option<SuperRoot>,
}

impl Proposal {
    /// The extra data that the factory got beside type and root claim: an L2 block number of 32 bytes, big-endian, or
    /// the encoding of the super root.
    pub fn extra_data(&self) -> Vec<u8> {
        match &self.super_root {
            Some(root) => root.encode(),
            None => self.l2_block.to_be_bytes_vec(),
        }
    }
}

/// The answers to one claim, and how far they have been resolved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Subgame {
    /// Indices of the claims that answer, oldest first.
    pub answers: Vec<usize>,
    /// Resolved: the bond of the claim has been given to its winner.
    pub resolved: bool,
    /// The state of a resolution in pages, once one was begun.
    pub checkpoint: Option<Checkpoint>,
}

/// A resolution in pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// Answers looked at so far.
    pub cursor: usize,
    /// Of those, the left-most that stands uncountered: its position and claimant.
    pub leftmost: Option<(Position, Address)>,
}

/// The state of a game.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Game {
    pub(crate) rules: Arc<Rules>,
    pub(crate) address: Address,
    pub(crate) proposal: Proposal,
    pub(crate) starting: OutputRoot,
    pub(crate) created_at: u64,
    pub(crate) resolved_at: u64,
    pub(crate) status: GameStatus,
    pub(crate) block_challenger: Option<Address>,
    pub(crate) claims: Vec<ClaimData>,
    pub(crate) subgames: Vec<Subgame>,
    pub(crate) credits: Credits,
    pub(crate) was_respected: bool,
    pub(crate) fees: FeeMeter,
}

impl Game {
    /// A game with nothing but its root claim, as `initialize` leaves it. The checks before it are
    /// the factory's and the registry's (see [`crate::factory`]).
    ///
    /// `bond` is in wei, `now` in seconds since 1970.
    pub fn new(
        rules: Arc<Rules>,
        address: Address,
        proposal: Proposal,
        starting: OutputRoot,
        bond: u128,
        now: u64,
    ) -> Self {
        let root = ClaimData {
            parent: None,
            countered_by: None,
            claimant: proposal.creator,
            bond,
            claim: proposal.root_claim,
            position: Position::ROOT,
            clock: Clock {
                duration: 0,
                timestamp: now,
            },
        };
        let mut credits = Credits::default();
        if !rules.params().version.pays_at_resolution() {
            credits.post(root.claimant, bond);
        }
        Self {
            rules,
            address,
            proposal,
            starting,
            created_at: now,
            resolved_at: 0,
            status: GameStatus::InProgress,
            block_challenger: None,
            claims: vec![root],
            subgames: vec![Subgame::default()],
            credits,
            was_respected: false,
            fees: FeeMeter::default(),
        }
    }

    /// The rules of the game.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Address of the game's contract.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The proposal that it is about.
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// The anchor that both sides agree on: the output below the first one in dispute.
    pub const fn starting(&self) -> &OutputRoot {
        &self.starting
    }

    /// The game's status.
    pub const fn status(&self) -> GameStatus {
        self.status
    }

    /// L1 time of its creation, in seconds.
    pub const fn created_at(&self) -> u64 {
        self.created_at
    }

    /// L1 time of its resolution, in seconds; 0 before.
    pub const fn resolved_at(&self) -> u64 {
        self.resolved_at
    }

    /// Who showed that the root's L2 block number is wrong.
    pub const fn block_challenger(&self) -> Option<Address> {
        self.block_challenger
    }

    /// All claims, oldest first.
    pub fn claims(&self) -> &[ClaimData] {
        &self.claims
    }

    /// The claim at `index`.
    ///
    /// # Errors
    /// A panic 0x32 if there is none.
    pub fn claim(&self, index: usize) -> Result<&ClaimData, Revert> {
        self.claims.get(index).ok_or(Revert::Panic(Panic::Index))
    }

    /// The answers to the claim at `index`.
    pub fn subgame(&self, index: usize) -> Option<&Subgame> {
        self.subgames.get(index)
    }

    /// Answers of the claim at `index` that a resolution still has to look at.
    pub fn num_to_resolve(&self, index: usize) -> usize {
        self.subgames.get(index).map_or(0, |subgame| {
            let done = subgame.checkpoint.as_ref().map_or(0, |page| page.cursor);
            subgame.answers.len().saturating_sub(done)
        })
    }

    /// Wei that `account` may claim.
    pub fn credit(&self, account: Address) -> u128 {
        self.credits.of(account)
    }

    /// The credits of all accounts in it.
    pub const fn credits(&self) -> &Credits {
        &self.credits
    }

    /// Whether its type was the respected one when it was made; false for games from before there was a judge.
    pub const fn was_respected(&self) -> bool {
        self.was_respected
    }

    /// The version of the game.
    pub fn version(&self) -> Version {
        self.rules.params().version
    }

    /// The data about it that a registry needs; `registered` is whether the factory made it.
    pub fn candidate(&self, registered: bool) -> Candidate {
        Candidate {
            game: self.address,
            game_type: self.rules.params().game_type,
            registered,
            respected: self.was_respected,
            created_at: self.created_at,
            resolved_at: self.resolved_at,
            status: self.status,
            proposal: OutputRoot {
                root: self.proposal.root_claim,
                block: self.proposal.l2_block,
            },
        }
    }

    /// The output root proposed for a chain: in a super game the first for that id.
    ///
    /// # Errors
    /// `UnknownChainId` if it is not about that chain.
    pub fn root_claim_by_chain(&self, chain_id: U256) -> Result<B256, Revert> {
        if let Some(root) = &self.proposal.super_root {
            return root.output_of(chain_id).ok_or(Revert::UnknownChainId);
        }
        if chain_id != self.rules.params().l2_chain_id {
            return Err(Revert::UnknownChainId);
        }
        Ok(self.proposal.root_claim)
    }

    /// The state of the fee samples.
    pub const fn fees(&self) -> &FeeMeter {
        &self.fees
    }

    /// The time that the chess clocks show at L1 time `now`: L1 time less the seconds that fee spikes have held them.
    pub fn game_time(&self, now: u64) -> u64 {
        let spikes = self.rules.params().fee_spikes;
        spikes.map_or(now, |spikes| {
            now.saturating_sub(self.fees.held_at(spikes, now))
        })
    }

    /// Samples the base fee (in wei) of L1 at `now`: see [`crate::fees`].
    ///
    /// # Errors
    /// Without a reason if the option is off, as for any function that the contract does not have;
    /// `GameNotInProgress`.
    pub fn sample_fee(&mut self, now: u64, base_fee: u128) -> Result<(), Revert> {
        let spikes = self.rules.params().fee_spikes.ok_or(Revert::Empty)?;
        self.require_in_progress()?;
        self.fees.sample(spikes, now, base_fee);
        Ok(())
    }

    /// Time used, in seconds, by the side that could answer the claim at `index`; at most the whole
    /// clock. It runs from the claim, on top of what the side had used for the claim's parent.
    ///
    /// # Errors
    /// `GameNotInProgress`, a panic 0x32 where there is no such claim, a panic 0x11 if `now` is
    /// before it.
    pub fn challenger_duration(&self, index: usize, now: u64) -> Result<u64, Revert> {
        self.require_in_progress()?;
        let claim = self.claim(index)?;
        let before = match claim.parent {
            Some(parent) => self.claim(parent)?.clock.duration,
            None => 0,
        };
        let since = self
            .game_time(now)
            .checked_sub(claim.clock.timestamp)
            .ok_or(Revert::Panic(Panic::Arithmetic))?;
        // The contract truncates the sum to 64 bits.
        Ok(before
            .wrapping_add(since)
            .min(self.rules.max_clock_duration()))
    }

    /// The nearest claim at `position` on the way up from the claim at `start`.
    ///
    /// # Errors
    /// A panic 0x32 if there is none up to the root.
    fn ancestor_at(&self, position: Position, start: usize) -> Result<usize, Revert> {
        let mut index = start;
        loop {
            let claim = self.claim(index)?;
            if claim.position == position {
                return Ok(index);
            }
            index = claim.parent.ok_or(Revert::Panic(Panic::Index))?;
        }
    }

    /// In a permissioned game, whether `from` may make moves and steps.
    fn require_role(&self, from: Address) -> Result<(), Revert> {
        match self.rules.params().roles {
            Some(roles) if from != roles.proposer && from != roles.challenger => {
                Err(Revert::BadAuth)
            }
            _ => Ok(()),
        }
    }

    fn require_in_progress(&self) -> Result<(), Revert> {
        match self.status {
            GameStatus::InProgress => Ok(()),
            GameStatus::ChallengerWins | GameStatus::DefenderWins => Err(Revert::GameNotInProgress),
        }
    }
}
