//! Events in a game besides its claims, as far as a chain tells them.

use alloy_primitives::{Address, B256};

use crate::game::credits::BondMode;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// The claim was countered by an instruction.
    Stepped(usize),
    /// The part of a pre-image with this key, which belongs to the step against a claim, was loaded.
    Loaded(B256, usize),
    /// The claim's subgame was resolved.
    Resolved(usize),
    /// The game was resolved.
    Ended,
    /// The game was closed: who gets the bonds was decided.
    Closed(BondMode),
    /// This much was unlocked for an account, in wei; there is no such event in a game that pays at resolution.
    Unlocked(Address, u128),
    /// An account was paid this much, in wei.
    Paid(Address, u128),
}

/// When it happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HistoryEvent {
    /// Time of the block, in seconds since 1970.
    pub at: u64,
    /// Who did it, if the chain tells.
    pub by: Option<Address>,
    /// What it was.
    pub what: What,
}
