//! Calls: everything that an account can ask of the contracts, and the effects.

use alloy_primitives::{Address, B256, U256};

use crate::claim::GameStatus;
use crate::factory::Create;
use crate::game::block_number::BlockEvidence;
use crate::game::credits::BondMode;
use crate::game::moves::Move;
use crate::game::step::Step;
use crate::oracle::Preimage;
use crate::revert::Revert;

/// The block a call is included in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Block {
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Base fee, in wei.
    pub base_fee: u128,
    /// Hash of the block before.
    pub parent_hash: B256,
}

/// What is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// The factory: a new game. Takes the bond.
    Create(Create),
    /// The oracle: a part of a pre-image that belongs to no game.
    LoadPreimage(Preimage),
    /// A game, by its number in the order of creation.
    Game(usize, GameAction),
    /// The registry: take the proposal of the game of this number as the anchor.
    SetAnchor(usize),
    /// The guardian's: strike games off, pause.
    Guard(Guard),
    /// The vault: take out this much ether, in wei, for the owner.
    Recover(u128),
    /// The vault: take this much from an account for the owner, in wei; in 2024, allow the owner to take it.
    Hold(Address, u128),
    /// The vault: transfer this much from the first account to the second, in wei.
    TransferFrom(Address, Address, u128),
}

/// The guardian's calls; other accounts are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// The judge: of games still to be made, those of this type count.
    Respect(u32),
    /// The judge: all games made up to now are struck off.
    Retire,
    /// The judge: the game of this number is struck off.
    Blacklist(usize),
    /// The configuration: a pause under this identifier.
    Pause(Address),
    /// The configuration: no pause under this identifier.
    Unpause(Address),
    /// The configuration: the pause under this identifier begins anew.
    Extend(Address),
}

impl Action {
    /// The claim that it answers, or prepares to.
    pub const fn answered(&self) -> Option<usize> {
        match self {
            Self::Game(_, GameAction::Move(mv)) => Some(mv.parent),
            Self::Game(_, GameAction::Step(step)) => Some(step.claim),
            Self::Game(_, GameAction::AddLocalData { leaf, .. }) => Some(*leaf),
            _ => None,
        }
    }
}

/// A call of a game.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GameAction {
    /// Answer a claim. Takes the bond.
    Move(Move),
    /// Counter a claim by an instruction.
    Step(Step),
    /// Load a local datum.
    AddLocalData {
        /// Which datum: see [`crate::game::context::ident`].
        ident: U256,
        /// Index of a claim of the execution.
        leaf: usize,
        /// Where the part begins, counted from the length.
        offset: U256,
    },
    /// Contest the proposal's block number.
    ChallengeBlockNumber(Box<BlockEvidence>),
    /// Resolve the subgame of a claim.
    ResolveClaim {
        /// The claim's index.
        claim: usize,
        /// How many of its answers; 0 for all.
        count: U256,
    },
    /// End the game.
    Resolve,
    /// Decide who gets the bonds.
    Close,
    /// Pay an account's credit, or take the first step towards that.
    ClaimCredit(Address),
    /// Sample the base fee.
    SampleFee,
}

/// A call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// The caller.
    pub from: Address,
    /// Wei sent.
    pub value: u128,
    /// What is called.
    pub action: Action,
}

/// The effect of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// A game of this number was created.
    Created(usize),
    /// A claim of this index was made.
    Claimed(usize),
    /// A pre-image part was loaded under this key.
    Loaded(B256),
    /// The game ended.
    Resolved(GameStatus),
    /// Who gets the bonds was decided.
    Closed(BondMode),
    /// This much was unlocked for an account, in wei, and will be paid.
    Unlocked(u128),
    /// This much was paid, in wei.
    Paid(u128),
    /// The call did what it is for, and there is no result.
    Done,
}

/// A call that was made, and its result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// L1 time, in seconds.
    pub at: u64,
    /// The call.
    pub call: Call,
    /// What it did, or why it was refused.
    pub result: Result<Effect, Revert>,
}

/// What an account does when a game pays it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Receiver {
    /// Takes the money.
    #[default]
    Accepts,
    /// Reverts.
    Refuses,
    /// Takes it and makes a call of its own first, sending nothing along.
    Calls {
        /// What it calls.
        action: Box<Action>,
        /// Reverts if that call does.
        insists: bool,
    },
}
