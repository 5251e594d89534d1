//! Large pre-images by proposal. Its proposer posts the pre-image block by block, with a commitment to
//! Keccak's state after each, and a deposit. Who finds a wrong commitment shows the contract that one
//! block and takes the deposit; where nobody does for the length of the challenge period, the proposer
//! has the contract finish the hash and keep the part.

use super::{Call, LoadError, Terms};
use crate::abi;
use crate::abi::PreimageOracle::{
    addLeavesLPPCall, challengeFirstLPPCall, challengeLPPCall, initLPPCall, squeezeLPPCall,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall as _, SolValue as _};
use fpvm_core::keccak::{hash_pair, keccak256};
use fpvm_core::machine::memory::Node;
use fpvm_oracle::Key;
use std::sync::Arc;

/// Bytes of a block that Keccak256 absorbs at once.
pub const BLOCK: usize = 136;
/// Levels of the tree above its leaves, one leaf a block.
pub const TREE_DEPTH: usize = 16;
/// How many blocks a proposal can have, with padding: the tree's last leaf stays empty.
pub const MAX_BLOCKS: usize = (1 << TREE_DEPTH) - 1;
/// Blocks to post in one transaction, as many as op-challenger does: about 9 million gas.
const BLOCKS_A_CALL: usize = 300;

/// The state of Keccak-f\[1600\], lane (x, y) at index x + 5y.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Matrix(pub [u64; 25]);

impl Matrix {
    /// Absorbs a block and permutes.
    pub fn absorb(&mut self, block: &[u8; BLOCK]) {
        let (lanes, _) = block.as_chunks::<8>();
        for (lane, bytes) in self.0.iter_mut().zip(lanes) {
            *lane ^= u64::from_le_bytes(*bytes);
        }
        keccak::Keccak::new().with_f1600(|permute| permute(&mut self.0));
    }

    /// What a leaf says of the state: keccak256 of the lanes as words of 32 bytes.
    pub fn commitment(&self) -> Node {
        keccak256(&self.abi().abi_encode())
    }

    fn abi(&self) -> abi::StateMatrix {
        abi::StateMatrix { state: self.0 }
    }
}

/// A block of a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// The block.
    pub input: [u8; BLOCK],
    /// Its number, from 0.
    pub index: u32,
    /// What the proposer says that the state is committed to after it.
    pub commitment: Node,
}

impl Leaf {
    /// The tree's leaf.
    pub fn hash(&self) -> Node {
        let index = U256::from(self.index).to_be_bytes::<32>();
        keccak256(&[&self.input[..], &index, &self.commitment].concat())
    }

    fn abi(&self) -> abi::Leaf {
        abi::Leaf {
            input: self.input.to_vec().into(),
            index: U256::from(self.index),
            stateCommitment: self.commitment.into(),
        }
    }
}

/// The tree over a proposal's leaves, empty ones being zero.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The nodes that are not those of an empty tree, leaves first.
    levels: Vec<Vec<Node>>,
    /// The nodes of an empty tree by level.
    zeros: [Node; TREE_DEPTH],
}

impl Tree {
    /// The tree over leaves, of which there are at most [`MAX_BLOCKS`].
    pub fn new(leaves: Vec<Node>) -> Self {
        let mut zeros = [[0; 32]; TREE_DEPTH];
        for level in 1..TREE_DEPTH {
            zeros[level] = hash_pair(&zeros[level - 1], &zeros[level - 1]);
        }
        let mut levels = vec![leaves];
        for zero in &zeros {
            let below = levels.last().map_or(&[][..], Vec::as_slice);
            let pairs = below.chunks(2);
            let above = pairs.map(|pair| hash_pair(&pair[0], pair.get(1).unwrap_or(zero)));
            levels.push(above.collect());
        }
        Self { levels, zeros }
    }

    /// The root.
    pub fn root(&self) -> Node {
        let top = self.levels[TREE_DEPTH].first();
        top.copied().unwrap_or_else(|| {
            let below = &self.zeros[TREE_DEPTH - 1];
            hash_pair(below, below)
        })
    }

    /// The siblings of a leaf from the bottom up.
    pub fn proof(&self, index: u32) -> [Node; TREE_DEPTH] {
        std::array::from_fn(|level| {
            let sibling = index as usize >> level ^ 1;
            let node = self.levels[level].get(sibling);
            *node.unwrap_or(&self.zeros[level])
        })
    }
}

fn abi_proof(tree: &Tree, index: u32) -> Vec<alloy_primitives::B256> {
    tree.proof(index).map(Into::into).to_vec()
}

/// The blocks of a pre-image, the last one padded.
fn blocks(preimage: &[u8]) -> impl Iterator<Item = [u8; BLOCK]> + '_ {
    let (whole, rest) = preimage.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] ^= 0x01;
    last[BLOCK - 1] ^= 0x80;
    whole.iter().copied().chain([last])
}

/// What a contract notes of a proposal: its `proposalMetadata(claimant, uuid)`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Metadata {
    /// When the last block came, in seconds; 0 before.
    pub timestamp: u64,
    /// The part's offset in length prefix and pre-image.
    pub part_offset: u32,
    /// How long the pre-image is said to be; 0 where there is no proposal.
    pub claimed_size: u32,
    /// Blocks posted, padding included.
    pub blocks_processed: u32,
    /// Bytes posted, without padding.
    pub bytes_processed: u32,
    /// Whether it was shown to be wrong.
    pub countered: bool,
}

impl From<[u8; 32]> for Metadata {
    /// From the contract's word: the fields from its top on, in 8, 4, 4, 4, 4 and 8 bytes.
    fn from(word: [u8; 32]) -> Self {
        let number = |at: usize, len: usize| {
            let bytes = word[at..at + len].iter();
            bytes.fold(0u64, |number, byte| number << 8 | u64::from(*byte))
        };
        Self {
            timestamp: number(0, 8),
            part_offset: number(8, 4) as u32,
            claimed_size: number(12, 4) as u32,
            blocks_processed: number(16, 4) as u32,
            bytes_processed: number(20, 4) as u32,
            countered: number(24, 8) != 0,
        }
    }
}

/// A proposal of a large pre-image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    terms: Terms,
    uuid: U256,
    offset: u32,
    preimage: Arc<[u8]>,
    commitments: Vec<Node>,
}

impl Proposal {
    /// A proposal of a pre-image of at least one block, for the part at an offset.
    pub(super) fn new(
        terms: Terms,
        key: Key,
        offset: u64,
        preimage: Arc<[u8]>,
    ) -> Result<Self, LoadError> {
        let size = preimage.len();
        let too_large = || LoadError::TooLarge { key, size };
        let offset = u32::try_from(offset).map_err(|_| too_large())?;
        if size / BLOCK + 1 > MAX_BLOCKS {
            return Err(too_large());
        }
        let mut matrix = Matrix::default();
        let commitments = blocks(&preimage).map(|block| {
            matrix.absorb(&block);
            matrix.commitment()
        });
        let commitments = commitments.collect();
        let sender = terms.sender.as_slice();
        let identity = [&preimage, &offset.to_le_bytes()[..], sender].concat();
        Ok(Self {
            terms,
            uuid: U256::from_be_bytes(keccak256(&identity)),
            offset,
            preimage,
            commitments,
        })
    }

    /// The number that the sender's proposal has: as op-challenger's, a hash of pre-image, offset and
    /// sender, so that what was begun can be gone on with.
    pub fn uuid(&self) -> U256 {
        self.uuid
    }

    /// What is still to be sent when the contract has this to say of the proposal: all of it where it
    /// knows nothing yet. A proposal that was [countered](Metadata::countered) cannot go on.
    pub fn remaining(&self, known: &Metadata) -> Vec<Call> {
        let mut calls = Vec::new();
        if known.claimed_size == 0 {
            let claimed_size = self.preimage.len() as u32;
            let init = self.terms.call(&initLPPCall {
                uuid: self.uuid,
                partOffset: self.offset,
                claimedSize: claimed_size,
            });
            calls.push(Call {
                value: self.terms.bond,
                ..init
            });
        }
        if known.timestamp == 0 {
            self.post(known.bytes_processed as usize / BLOCK, &mut calls);
        }
        calls.push(Call {
            // Later than the period, not at its end.
            wait: self.terms.challenge_period.saturating_add(1),
            ..self.squeeze()
        });
        calls
    }

    /// The calls that post the blocks from one on.
    fn post(&self, mut block: usize, calls: &mut Vec<Call>) {
        // The contract takes the part from one call's input, and only where that goes on after it.
        let part = (self.offset as usize).checked_sub(8);
        loop {
            let rest = self.preimage.get(block * BLOCK..).unwrap_or_default();
            let finalize = rest.len() <= BLOCKS_A_CALL * BLOCK;
            let mut count = BLOCKS_A_CALL;
            let end = (block + count) * BLOCK;
            if part.is_some_and(|part| part < end && end <= part + 32) {
                count -= 1;
            }
            let input = if finalize {
                rest
            } else {
                &rest[..count * BLOCK]
            };
            let commitments = self.commitments.iter().skip(block);
            let commitments = commitments.take(if finalize { usize::MAX } else { count });
            calls.push(self.terms.call(&addLeavesLPPCall {
                uuid: self.uuid,
                inputStartBlock: U256::from(block),
                input: input.to_vec().into(),
                stateCommitments: commitments.map(Into::into).collect(),
                finalize,
            }));
            if finalize {
                return;
            }
            block += count;
        }
    }

    /// The call that finishes the hash.
    fn squeeze(&self) -> Call {
        let leaves = leaves(blocks(&self.preimage), &self.commitments);
        let tree = Tree::new(leaves.iter().map(Leaf::hash).collect());
        let mut matrix = Matrix::default();
        // There are two blocks at least.
        let (before, last) = (&leaves[leaves.len() - 2], &leaves[leaves.len() - 1]);
        for leaf in &leaves[..leaves.len() - 1] {
            matrix.absorb(&leaf.input);
        }
        self.terms.call(&squeezeLPPCall {
            claimant: self.terms.sender,
            uuid: self.uuid,
            stateMatrix: matrix.abi(),
            preState: before.abi(),
            preStateProof: abi_proof(&tree, before.index),
            postState: last.abi(),
            postStateProof: abi_proof(&tree, last.index),
        })
    }
}

fn leaves(blocks: impl Iterator<Item = [u8; BLOCK]>, commitments: &[Node]) -> Vec<Leaf> {
    let blocks = blocks.zip(commitments).zip(0..);
    let leaf = |((input, commitment), index): (([u8; BLOCK], &Node), u32)| Leaf {
        input,
        index,
        commitment: *commitment,
    };
    blocks.map(leaf).collect()
}

/// A wrong commitment in somebody's proposal, and what shows it.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The block whose commitment is wrong.
    pub block: u32,
    /// The calldata for the oracle.
    pub data: Vec<u8>,
}

impl Challenge {
    /// The first wrong commitment of a proposal that is posted whole: its input, without padding, and
    /// its commitments, from the calldata of its `addLeavesLPP` calls in their order. `None` where all
    /// are right.
    pub fn find(claimant: Address, uuid: U256, input: &[u8], commitments: &[Node]) -> Option<Self> {
        let leaves = leaves(blocks(input), commitments);
        let (mut matrix, mut before) = (Matrix::default(), Matrix::default());
        let wrong = leaves.iter().position(|leaf| {
            before = matrix;
            matrix.absorb(&leaf.input);
            matrix.commitment() != leaf.commitment
        })?;
        let tree = Tree::new(leaves.iter().map(Leaf::hash).collect());
        let post = &leaves[wrong];
        let post_proof = abi_proof(&tree, post.index);
        let data = match wrong.checked_sub(1) {
            None => challengeFirstLPPCall {
                claimant,
                uuid,
                postState: post.abi(),
                postStateProof: post_proof,
            }
            .abi_encode(),
            Some(pre) => {
                let pre = &leaves[pre];
                challengeLPPCall {
                    claimant,
                    uuid,
                    stateMatrix: before.abi(),
                    preState: pre.abi(),
                    preStateProof: abi_proof(&tree, pre.index),
                    postState: post.abi(),
                    postStateProof: post_proof,
                }
                .abi_encode()
            }
        };
        Some(Self {
            block: post.index,
            data,
        })
    }
}
