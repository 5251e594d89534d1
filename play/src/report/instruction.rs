//! The one instruction that a game comes down to.

use alloy_primitives::B256;
use serde::Serialize;

/// An instruction that was run on chain, and what it did.
#[derive(Clone, Debug, Serialize)]
pub struct Instruction {
    /// The claim that it contests.
    pub claim: usize,
    /// Its index in the execution, from 0, in decimal digits.
    pub index: String,
    /// The VM.
    pub vm: String,
    /// Where it is.
    pub pc: String,
    /// The function it is in.
    pub symbol: Option<String>,
    /// What it is.
    pub assembly: String,
    /// The registers before and after it.
    pub registers: Vec<Register>,
    /// The memory that it touches.
    pub memory: Vec<Change>,
    /// The pre-image that it reads.
    pub preimage: Option<String>,
    /// Hash of the state before.
    pub before: B256,
    /// Hash of the state after.
    pub after: B256,
    /// Hash of the state after, as it was claimed.
    pub claimed: B256,
}

/// A register.
#[derive(Clone, Debug, Serialize)]
pub struct Register {
    /// Its name.
    pub name: String,
    /// What it holds before.
    pub before: String,
    /// What it holds after.
    pub after: String,
}

/// A piece of memory.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Its address.
    pub at: String,
    /// Its bytes before.
    pub before: String,
    /// Its bytes after.
    pub after: String,
}
