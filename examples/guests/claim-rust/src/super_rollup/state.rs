//! The states of a super game's trace, as their pre-images encode them.

use crate::oracle::Hash;
use crate::rlp::{self, Item};
use alloc::vec::Vec;

/// The step that makes the next super root.
pub const CONSOLIDATION: u64 = 127;

const INVALID: &[u8] = b"invalid";
const SUPER_ROOT: u8 = 1;
const TRANSITION: u8 = 0xff;

/// A block's hash, and the output root after it.
pub type Block = [Hash; 2];

/// A state.
pub enum State {
    /// L1 has no data for it.
    Invalid,
    /// At some step.
    At(Transition),
}

/// A super root, and what has been derived on top.
pub struct Transition {
    /// The super root.
    pub root: SuperRoot,
    /// The next blocks of the first chains.
    pub progress: Vec<Block>,
    /// Steps made from the super root on.
    pub step: u64,
}

/// An output root of each chain at a second.
pub struct SuperRoot {
    /// The second.
    pub timestamp: u64,
    /// Id, 32 bytes, and output root.
    pub chains: Vec<(Hash, Hash)>,
}

impl State {
    /// Reads a state. A super root is a state at step 0.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes == INVALID {
            return Some(Self::Invalid);
        }
        let Some((&TRANSITION, encoded)) = bytes.split_first() else {
            return Some(Self::At(Transition {
                root: SuperRoot::decode(bytes)?,
                progress: Vec::new(),
                step: 0,
            }));
        };
        let [root, progress, step] = Item::all(encoded)?.list()?[..] else {
            return None;
        };
        let block = |block: Item<'_>| {
            let [hash, output] = block.list()?[..] else {
                return None;
            };
            Some([hash.hash()?, output.hash()?])
        };
        let progress = progress.list()?.into_iter().map(block);
        Some(Self::At(Transition {
            root: SuperRoot::decode(root.string()?)?,
            progress: progress.collect::<Option<_>>()?,
            step: step.number()?,
        }))
    }

    /// The pre-image of the claim about it.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Invalid => INVALID.into(),
            Self::At(state) if state.step == 0 => state.root.encode(),
            Self::At(state) => {
                let blocks = state.progress.iter().map(|block| {
                    let mut words = Vec::new();
                    block.iter().for_each(|word| rlp::string(word, &mut words));
                    rlp::list(&words)
                });
                let blocks: Vec<Vec<u8>> = blocks.collect();
                let mut payload = Vec::new();
                rlp::string(&state.root.encode(), &mut payload);
                payload.extend(rlp::list(&blocks.concat()));
                rlp::number(state.step, &mut payload);
                [&[TRANSITION], &rlp::list(&payload)[..]].concat()
            }
        }
    }
}

impl SuperRoot {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&SUPER_ROOT, rest) = bytes.split_first()? else {
            return None;
        };
        let (timestamp, rest) = rest.split_first_chunk()?;
        let (chains, []) = rest.as_chunks::<64>() else {
            return None;
        };
        let halves = |chain: &[u8; 64]| {
            let &[id, output] = chain.as_chunks::<32>().0 else {
                return None;
            };
            Some((id, output))
        };
        let chains: Vec<_> = chains.iter().map(halves).collect::<Option<_>>()?;
        (!chains.is_empty()).then_some(Self {
            timestamp: u64::from_be_bytes(*timestamp),
            chains,
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from([SUPER_ROOT]);
        bytes.extend(self.timestamp.to_be_bytes());
        for (id, output) in &self.chains {
            bytes.extend(id);
            bytes.extend(output);
        }
        bytes
    }
}
