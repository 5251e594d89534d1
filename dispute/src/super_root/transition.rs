//! States between two seconds, the invalid state, and all states that a claim above the split depth can be about.

use alloy_primitives::{B256, b256, keccak256};
use thiserror::Error;

use super::rlp::{self, Items};
use super::{SuperRoot, SuperRootError, SuperStep, VERSION};

/// First byte of an encoded transition state.
const TRANSITION: u8 = 0xff;

/// Encoding of the invalid state: the word `invalid`. Upstream's `InvalidTransition`.
pub const INVALID: &[u8] = b"invalid";

/// The claim of the invalid state: keccak256 of [`INVALID`]. No game can have it as its root claim.
pub const INVALID_CLAIM: B256 =
    b256!("ffd7db0f9d5cdeb49c4c9eba649d4dc6d852d64671e65488e57f58584992ac68");

/// A chain's block of the next second, as it is derived, before its messages are checked against those of the
/// other chains. If it is replaced after that, this is still the block as it was derived.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct OptimisticBlock {
    /// The block's hash.
    pub block_hash: B256,
    /// Its output root.
    pub output_root: B256,
}

/// A state on the way from a second's super root to the next.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct TransitionState {
    /// The super root that it starts from.
    pub super_root: SuperRoot,
    /// The blocks derived so far, of the first chains of the root.
    pub progress: Vec<OptimisticBlock>,
    /// Steps made; 1 to 127 at places where a game has claims.
    pub step: u64,
}

/// Why bytes are not a transition state, or not a state at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum TransitionError {
    /// There are no bytes.
    #[error("a state has at least one byte")]
    Empty,
    /// Neither a super root, nor a transition state, nor the invalid state.
    #[error(
        "no state begins with the byte 0x{0:02x}: a super root does with 0x01, a transition state with 0xff"
    )]
    Kind(u8),
    /// The super root, or the one that the transition starts from.
    #[error("the state's super root: {0}")]
    SuperRoot(#[from] SuperRootError),
    /// Malformed RLP.
    #[error("the transition state's RLP has {0}")]
    Rlp(&'static str),
}

impl TransitionState {
    /// A byte `ff`, and the RLP of super root, progress and step.
    pub fn encode(&self) -> Vec<u8> {
        let mut progress = Vec::new();
        for block in &self.progress {
            let mut words = Vec::new();
            rlp::push_string(&mut words, block.block_hash.as_slice());
            rlp::push_string(&mut words, block.output_root.as_slice());
            rlp::push_list(&mut progress, &words);
        }
        let mut items = Vec::new();
        rlp::push_string(&mut items, &self.super_root.encode());
        rlp::push_list(&mut items, &progress);
        rlp::push_number(&mut items, self.step);
        let mut bytes = vec![TRANSITION];
        rlp::push_list(&mut bytes, &items);
        bytes
    }

    /// The state that `bytes` encode: each state has one encoding only.
    ///
    /// This is as strict as go-ethereum's decoder, and stricter than kona's, which does not look at bytes after the
    /// step. op-challenger keeps the bytes of the super root as they are; this decodes them, as kona does.
    ///
    /// # Errors
    /// [`TransitionError::Empty`], [`TransitionError::Kind`], [`TransitionError::Rlp`],
    /// [`TransitionError::SuperRoot`].
    pub fn decode(bytes: &[u8]) -> Result<Self, TransitionError> {
        let (kind, rlp) = bytes.split_first().ok_or(TransitionError::Empty)?;
        if *kind != TRANSITION {
            return Err(TransitionError::Kind(*kind));
        }
        let mut all = Items(rlp);
        let mut items = all.list()?;
        all.end()?;
        let super_root = items.string()?;
        let mut blocks = items.list()?;
        let step = items.number()?;
        items.end()?;
        let mut progress = Vec::new();
        while !blocks.is_empty() {
            let mut block = blocks.list()?;
            progress.push(OptimisticBlock {
                block_hash: block.word()?.into(),
                output_root: block.word()?.into(),
            });
            block.end()?;
        }
        Ok(Self {
            super_root: SuperRoot::decode(super_root)?,
            progress,
            step,
        })
    }

    /// The claim of the state: keccak256 of the encoding.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }
}

/// The state that a claim above the split depth is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SuperState {
    /// A second's super root.
    SuperRoot(SuperRoot),
    /// A state between two seconds.
    Transition(TransitionState),
    /// The data on L1 do not suffice.
    Invalid,
}

impl SuperState {
    /// Its bytes, of which the claim is the keccak256.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::SuperRoot(root) => root.encode(),
            Self::Transition(state) => state.encode(),
            Self::Invalid => INVALID.to_vec(),
        }
    }

    /// The state that `bytes` encode.
    ///
    /// # Errors
    /// As [`TransitionState::decode`], or [`TransitionError::SuperRoot`].
    pub fn decode(bytes: &[u8]) -> Result<Self, TransitionError> {
        if bytes == INVALID {
            return Ok(Self::Invalid);
        }
        match bytes.first() {
            Some(&VERSION) => Ok(Self::SuperRoot(SuperRoot::decode(bytes)?)),
            _ => TransitionState::decode(bytes).map(Self::Transition),
        }
    }

    /// The claim of the state.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }

    /// The place that the state itself names; none for the invalid state, which may stand anywhere.
    pub const fn place(&self) -> Option<SuperStep> {
        match self {
            Self::SuperRoot(root) => Some(SuperStep::start_of(root.timestamp)),
            Self::Transition(state) => Some(SuperStep {
                timestamp: state.super_root.timestamp,
                step: state.step,
            }),
            Self::Invalid => None,
        }
    }
}
