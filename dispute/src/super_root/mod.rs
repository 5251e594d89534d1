//! Super roots and transition states: the claims of a super game.
//!
//! A game about one chain claims output roots. A super game claims *states* of a whole set of chains, each the
//! keccak256 of its encoding:
//!
//! - at a whole second a **super root**: the output roots of all chains at that timestamp;
//! - between two seconds a **transition state**: the super root of the second before, the blocks that have been
//!   derived since then, one chain a step, and the number of the step;
//! - once the data on L1 do not suffice, and for ever after, the **invalid state**: the 7 bytes `invalid`.
//!
//! [`SuperStep`] says which state stands at which place. Encodings; numbers are big-endian:
//!
//! | state | bytes |
//! | --- | --- |
//! | super root, `9 + 64·n` bytes for `n ≥ 1` chains | `01` ‖ timestamp (8) ‖ n × (chain id (32) ‖ output root (32)) |
//! | transition state | `ff` ‖ RLP of `[super root, [[block hash (32), output root (32)], …], step]` |
//! | invalid | `69 6e 76 61 6c 69 64` |
//!
//! Sources, at ethereum-optimism/optimism 4c8b17472b (June 2026): `op-service/eth/super_root.go` and
//! `transition_state.go` (the challenger), `libraries/Encoding.sol` (the contracts), and kona's
//! `protocol/interop/src/root.rs` and `proof-interop/src/pre_state.rs` (the program). What they make of bytes that
//! are none of the above:
//!
//! | bytes | here | Go | Solidity | kona |
//! | --- | --- | --- | --- | --- |
//! | fewer than 9 | [`SuperRootError::Short`] | `ErrInvalidSuperRoot`, or `…Version` by the first byte | `InvalidSuperRootEncoding` | `UnexpectedLength`, or `InvalidVersionByte` |
//! | another first byte | [`SuperRootError::Version`] | `ErrInvalidSuperRootVersion` | `InvalidSuperRootVersion` | `InvalidVersionByte` |
//! | 9, no chain | [`SuperRootError::NoChains`] | `ErrInvalidSuperRoot` | `EmptySuperRoot` | taken |
//! | part of a chain at the end | [`SuperRootError::Ragged`] | `ErrInvalidSuperRoot` | `InvalidSuperRootEncoding` | `UnexpectedLength` |
//! | chains out of order | taken; [`SuperRootError::Unsorted`] when checked | taken | taken | taken |
//! | a chain twice | taken; [`SuperRootError::ChainTwice`] when checked | taken | taken | taken |
//! | a chain id of more than 64 bits | taken | taken | taken | the program panics |
//!
//! The last three are taken because a game about such a root can be made, and its claim is the hash of exactly
//! these bytes. No honest node has such a root, so the proposer loses the game: see [`SuperRoot::check_order`].

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what comes from outside must not make the program panic"
)]

mod rlp;
mod step;
mod transition;

use alloy_primitives::{B256, U256, keccak256};
use thiserror::Error;

use crate::revert::Revert;
pub use step::{CONSOLIDATION, STEPS_PER_SECOND, SuperStep};
pub use transition::{
    INVALID, INVALID_CLAIM, OptimisticBlock, SuperState, TransitionError, TransitionState,
};

/// First byte of an encoded super root.
const VERSION: u8 = 1;
/// Bytes before the chains: version and timestamp.
const HEAD: usize = 9;
/// Bytes of a chain.
const CHAIN: usize = 64;

/// The output root of one chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ChainOutput {
    /// The chain's id.
    pub chain_id: U256,
    /// Output root of its newest block at or before the timestamp.
    pub output_root: B256,
}

/// The output roots of all chains at one time.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SuperRoot {
    /// L2 time, in seconds since 1970.
    pub timestamp: u64,
    /// The chains, in the order in which they are encoded; ascending by id in every root of an honest node.
    pub chains: Vec<ChainOutput>,
}

/// Why bytes are not a super root, or not one that an honest node has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SuperRootError {
    /// The bytes are too short for version and timestamp.
    #[error(
        "a super root has at least 73 bytes (version, timestamp, one chain), and this one has {0}"
    )]
    Short(usize),
    /// An encoding of another version.
    #[error("super roots of version {0} are unknown; only version 1 is known")]
    Version(u8),
    /// There is no chain.
    #[error("the super root is empty: it has a version and a timestamp, but no chain")]
    NoChains,
    /// The last chain is not whole.
    #[error("the super root is ragged: {0} bytes are left after its last chain of 64 bytes")]
    Ragged(usize),
    /// The chains do not ascend.
    #[error(
        "the chains of the super root are not sorted: chain {after} stands before chain {before}"
    )]
    Unsorted {
        /// The greater id, which stands first.
        after: U256,
        /// The lesser id, which stands after it.
        before: U256,
    },
    /// A chain is named more than once.
    #[error("chain {0} is twice in the super root")]
    ChainTwice(U256),
}

impl SuperRoot {
    /// The super root of these chains, given in any order. They are sorted by id, as by upstream's `NewSuperV1`;
    /// two outputs of one chain keep their order.
    pub fn new(timestamp: u64, mut chains: Vec<ChainOutput>) -> Self {
        chains.sort_by_key(|chain| chain.chain_id);
        Self { timestamp, chains }
    }

    /// Version, timestamp and chains: `9 + 64·n` bytes. The `extraData` of a super game.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + CHAIN * self.chains.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.timestamp.to_be_bytes());
        for chain in &self.chains {
            bytes.extend_from_slice(&chain.chain_id.to_be_bytes::<32>());
            bytes.extend_from_slice(chain.output_root.as_slice());
        }
        bytes
    }

    /// The super root that `bytes` encode. The order of the chains is not checked.
    ///
    /// # Errors
    /// In this order, which is that of the contracts: [`SuperRootError::Short`], [`SuperRootError::Version`],
    /// [`SuperRootError::NoChains`], [`SuperRootError::Ragged`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SuperRootError> {
        let (head, chains) = bytes
            .split_first_chunk::<HEAD>()
            .ok_or(SuperRootError::Short(bytes.len()))?;
        let [version, timestamp @ ..] = *head;
        if version != VERSION {
            return Err(SuperRootError::Version(version));
        }
        if chains.is_empty() {
            return Err(SuperRootError::NoChains);
        }
        let (chains, rest) = chains.as_chunks::<CHAIN>();
        if !rest.is_empty() {
            return Err(SuperRootError::Ragged(rest.len()));
        }
        let chains = chains.iter().map(|chain| {
            let (chain_id, output_root) = chain.split_at(32);
            ChainOutput {
                chain_id: U256::from_be_slice(chain_id),
                output_root: B256::from_slice(output_root),
            }
        });
        Ok(Self {
            timestamp: u64::from_be_bytes(timestamp),
            chains: chains.collect(),
        })
    }

    /// The claim of the super root: keccak256 of the encoding.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }

    /// Whether the chains are as every honest node has them: ascending, each once. Neither contract nor challenger
    /// nor program checks that. So it is no reason to refuse a game, but a reason to refuse to make one.
    ///
    /// # Errors
    /// [`SuperRootError::NoChains`], [`SuperRootError::ChainTwice`] or [`SuperRootError::Unsorted`]: the first that
    /// is found.
    pub fn check_order(&self) -> Result<(), SuperRootError> {
        if self.chains.is_empty() {
            return Err(SuperRootError::NoChains);
        }
        let ids: Vec<U256> = self.chains.iter().map(|chain| chain.chain_id).collect();
        check_ascending(&ids)
    }

    /// The output root of a chain; the first if there are several, as in the contracts' `rootClaimByChainId`.
    pub fn output_of(&self, chain_id: U256) -> Option<B256> {
        let mut chains = self.chains.iter();
        chains
            .find(|chain| chain.chain_id == chain_id)
            .map(|chain| chain.output_root)
    }
}

/// Whether chain ids ascend, each once.
///
/// # Errors
/// [`SuperRootError::ChainTwice`], [`SuperRootError::Unsorted`]: the first that is found.
pub(crate) fn check_ascending(ids: &[U256]) -> Result<(), SuperRootError> {
    let mut seen = std::collections::BTreeSet::new();
    let mut last = None;
    for id in ids {
        if !seen.insert(*id) {
            return Err(SuperRootError::ChainTwice(*id));
        }
        if let Some(after) = last.filter(|last| last > id) {
            return Err(SuperRootError::Unsorted { after, before: *id });
        }
        last = Some(*id);
    }
    Ok(())
}

impl SuperRootError {
    /// What `Encoding.decodeSuperRootProof` reverts with. It takes chains in any order.
    pub const fn revert(self) -> Revert {
        match self {
            Self::Version(_) => Revert::InvalidSuperRootVersion,
            Self::NoChains => Revert::EmptySuperRoot,
            Self::Short(_) | Self::Ragged(_) | Self::Unsorted { .. } | Self::ChainTwice(_) => {
                Revert::InvalidSuperRootEncoding
            }
        }
    }
}
