//! Claims, and the statuses of games and executions.

use alloy_primitives::{Address, B256};

use crate::clock::Clock;
use crate::position::Position;
pub use crate::side::Side;

/// The status of a game, numbered as upstream's `GameStatus`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u8)]
pub enum GameStatus {
    /// Not resolved.
    #[default]
    InProgress = 0,
    /// Resolved: the root claim was countered.
    ChallengerWins = 1,
    /// Resolved: the root claim stands.
    DefenderWins = 2,
}

/// How an execution ended; the first byte of a claim about a VM state. Other values of that byte
/// have no meaning, but may be claimed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum VmStatus {
    /// Exited, and found the disputed output right.
    Valid = 0,
    /// Exited, and found the disputed output wrong.
    Invalid = 1,
    /// Exited because it could not go on.
    Panic = 2,
    /// Still running.
    Unfinished = 3,
}

impl VmStatus {
    /// The claim about a VM state: its hash with the first byte replaced by the status.
    pub fn stamp(self, mut hash: B256) -> B256 {
        hash.0[0] = self as u8;
        hash
    }

    /// The status that the first byte of a claim tells.
    pub const fn of(claim: &B256) -> Option<Self> {
        match claim.0[0] {
            0 => Some(Self::Valid),
            1 => Some(Self::Invalid),
            2 => Some(Self::Panic),
            3 => Some(Self::Unfinished),
            _ => None,
        }
    }
}

/// One claim of a game. Claims are only ever added; of their fields only `countered_by` changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimData {
    /// Index of the claim that this one answers; none for the root (upstream: 2³² − 1).
    pub parent: Option<usize>,
    /// Who countered it: set by a step, or when its subgame resolves.
    pub countered_by: Option<Address>,
    /// Who made it.
    pub claimant: Address,
    /// The bond that was posted with it, in wei.
    pub bond: u128,
    /// The output root or state hash claimed.
    pub claim: B256,
    /// Its position in the tree.
    pub position: Position,
    /// The chess clock of the claimant's side.
    pub clock: Clock,
}

/// An L2 output root and its block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct OutputRoot {
    /// The output root.
    pub root: B256,
    /// L2 block number.
    pub block: alloy_primitives::U256,
}
