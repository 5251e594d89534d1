//! The toy rollups that the guest `super-rollup` knows, as their node has them: what is true of them, and the
//! pre-images below it.
//!
//! Written apart from the guest, which the tests compare with it: `examples/guests/claim-rust/src/super_rollup`.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256, keccak256};
use fpvm_dispute::super_root::{ChainOutput, OptimisticBlock, SuperRoot};
use fpvm_dispute::trace::TraceError;
use fpvm_dispute::trace::super_node::{
    OptimisticOutput, SuperNode, SuperRootAt, VerifiedSuperRoot,
};

/// L2 time of all genesis blocks, in seconds.
pub const GENESIS: u64 = 10_000;
/// Accounts of each chain.
const ACCOUNTS: usize = 256;
/// Accounts in a leaf of the tree of balances.
const PER_LEAF: usize = 16;
/// Transfers in a block.
const TRANSFERS: usize = 6;
const LARGEST_TRANSFER: u32 = 3_000;

/// A chain, as it is configured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ToyChain {
    /// Its id.
    pub id: u64,
    /// Seconds from one block to the next.
    pub block_time: u64,
    /// The last block that has its data on L1.
    pub last: u64,
}

/// The chains that the guest knows.
pub const CHAINS: [ToyChain; 3] = [
    ToyChain {
        id: 901,
        block_time: 1,
        last: u64::MAX,
    },
    ToyChain {
        id: 902,
        block_time: 2,
        last: u64::MAX,
    },
    ToyChain {
        id: 903,
        block_time: 3,
        last: 40,
    },
];

/// Some of the chains over the first seconds, with the data of all blocks on L1 from the start.
#[derive(Clone, Debug)]
pub struct ToyRollups {
    chains: Vec<ToyChain>,
    /// By second since the genesis: of each chain, while all have one, the block as it is there.
    seconds: Vec<Vec<Option<ToyBlock>>>,
    preimages: BTreeMap<B256, Vec<u8>>,
}

/// A chain's block at a second.
#[derive(Clone, Copy, Debug)]
struct ToyBlock {
    /// As first derived in the second in which it comes, as it stays in those after.
    derived: OptimisticBlock,
    /// As it stays.
    stays: OptimisticBlock,
}

/// The newest block of a chain while it is made.
#[derive(Clone)]
struct Tip {
    balances: [u64; ACCOUNTS],
    header: Header,
}

#[derive(Clone, Copy)]
struct Header {
    parent: B256,
    state: B256,
    receipts: B256,
    number: u64,
}

impl ToyRollups {
    /// The chains, whose ids ascend, from their genesis on for so many seconds.
    pub fn new(chains: &[ToyChain], seconds: u64) -> Self {
        let mut made = Self {
            chains: chains.to_vec(),
            seconds: Vec::new(),
            preimages: BTreeMap::new(),
        };
        let mut tips: Vec<Tip> = chains.iter().map(Tip::genesis).collect();
        let genesis = tips.iter().map(|tip| {
            let block = made.keep(tip);
            Some(ToyBlock {
                derived: block,
                stays: block,
            })
        });
        let genesis = genesis.collect();
        made.seconds.push(genesis);
        for second in 1..=seconds {
            let was_whole = made.seconds.last().is_some_and(|blocks| is_whole(blocks));
            let blocks = if was_whole {
                made.next(second, &mut tips)
            } else {
                // There is no super root to go on from.
                vec![None; chains.len()]
            };
            made.seconds.push(blocks);
        }
        made
    }

    /// The blocks of a second, over the chains as they stay before it.
    fn next(&mut self, second: u64, tips: &mut [Tip]) -> Vec<Option<ToyBlock>> {
        let before = tips.to_vec();
        let mut is_new = Vec::new();
        let mut is_there = Vec::new();
        for (chain, tip) in self.chains.iter().zip(tips.iter_mut()) {
            let number = second / chain.block_time;
            is_new.push(number > tip.header.number);
            is_there.push(number <= chain.last);
            if number > tip.header.number && number <= chain.last {
                *tip = tip.next(chain.id);
            }
        }
        let derived: Vec<OptimisticBlock> = tips.iter().map(|tip| self.keep(tip)).collect();
        if is_there.iter().all(|there| *there) {
            consolidate(tips, &before, &is_new);
        }
        let blocks = tips.iter().zip(derived).zip(is_there);
        let blocks = blocks.map(|((tip, derived), is_there)| {
            let stays = self.keep(tip);
            is_there.then_some(ToyBlock { derived, stays })
        });
        blocks.collect()
    }

    /// Remembers what a block and its output stand for.
    fn keep(&mut self, tip: &Tip) -> OptimisticBlock {
        let (header, output) = (tip.header.encode(), tip.header.output());
        let (block_hash, output_root) = (keccak256(&header), keccak256(&output));
        self.preimages.insert(block_hash, header);
        self.preimages.insert(output_root, output);
        state_root(&tip.balances, &mut |hash, preimage| {
            self.preimages.insert(hash, preimage);
        });
        OptimisticBlock {
            block_hash,
            output_root,
        }
    }

    /// The super root of a second as it stays, where all chains have a block.
    pub fn super_root(&self, timestamp: u64) -> Option<SuperRoot> {
        let blocks = self.at(timestamp)?;
        let output = |(chain, block): (&ToyChain, &Option<ToyBlock>)| {
            block.map(|block| ChainOutput {
                chain_id: U256::from(chain.id),
                output_root: block.stays.output_root,
            })
        };
        let chains: Option<Vec<_>> = self.chains.iter().zip(blocks).map(output).collect();
        Some(SuperRoot::new(timestamp, chains?))
    }

    /// What the hashes below the super roots stand for.
    pub fn preimages(&self) -> impl Iterator<Item = (B256, &[u8])> {
        let all = self.preimages.iter();
        all.map(|(hash, preimage)| (*hash, preimage.as_slice()))
    }

    fn at(&self, timestamp: u64) -> Option<&Vec<Option<ToyBlock>>> {
        let second = usize::try_from(timestamp.checked_sub(GENESIS)?).ok()?;
        self.seconds.get(second)
    }
}

/// All data are on L1 from the start, and the node has seen all of it.
impl SuperNode for ToyRollups {
    fn super_root_at(&self, timestamp: u64) -> Result<SuperRootAt, TraceError> {
        let blocks = self.at(timestamp).ok_or_else(|| TraceError::NoSuperRoot {
            timestamp,
            reason: "the toy rollups were not made so far".into(),
        })?;
        let ids = self.chains.iter().map(|chain| U256::from(chain.id));
        let optimistic = ids.clone().zip(blocks).filter_map(|(id, block)| {
            let output = OptimisticOutput {
                block: (*block)?.derived,
                required_l1: 0,
            };
            Some((id, output))
        });
        let super_root = self.super_root(timestamp);
        Ok(SuperRootAt {
            current_l1: u64::MAX,
            optimistic: optimistic.collect(),
            chain_ids: ids.collect(),
            verified: super_root.map(|super_root| VerifiedSuperRoot {
                super_root,
                required_l1: 0,
            }),
        })
    }
}

/// Whether all chains have a block.
fn is_whole(blocks: &[Option<ToyBlock>]) -> bool {
    blocks.iter().all(Option::is_some)
}

impl Tip {
    fn genesis(chain: &ToyChain) -> Self {
        let mut balances = [0; ACCOUNTS];
        for (balance, number) in balances.iter_mut().zip(chain.id..) {
            *balance = 1_000 + number % 97;
        }
        let header = Header {
            parent: B256::ZERO,
            state: state_root(&balances, &mut |_, _| ()),
            receipts: B256::ZERO,
            number: 0,
        };
        Self { balances, header }
    }

    /// The block after it, as it is derived: its transfers follow from the chain's id and its number.
    fn next(&self, chain_id: u64) -> Self {
        let mut balances = self.balances;
        let number = self.header.number.saturating_add(1);
        let seed = keccak256([chain_id.to_be_bytes(), number.to_be_bytes()].concat());
        let mut source = Random(u32::from_be_bytes([seed[0], seed[1], seed[2], seed[3]]) | 1);
        let mut header = Header {
            parent: keccak256(self.header.encode()),
            state: B256::ZERO,
            receipts: B256::ZERO,
            number,
        };
        for _ in 0..TRANSFERS {
            let [from, to] = [(); 2].map(|()| source.below(ACCOUNTS as u32) as usize);
            let amount = u64::from(source.below(LARGEST_TRANSFER));
            if let Some(left) = balances.get(from).and_then(|held| held.checked_sub(amount))
                && to < ACCOUNTS
            {
                if let Some(balance) = balances.get_mut(from) {
                    *balance = left;
                }
                if let Some(balance) = balances.get_mut(to) {
                    *balance = balance.saturating_add(amount);
                }
            }
            header.state = state_root(&balances, &mut |_, _| ());
            header.receipts = keccak256([header.receipts, header.state].concat());
        }
        Self { balances, header }
    }

    /// The block in its place that makes no transfers.
    fn without_transfers(&self, before: &Self) -> Self {
        Self {
            balances: before.balances,
            header: Header {
                state: before.header.state,
                receipts: B256::ZERO,
                ..self.header
            },
        }
    }
}

/// Replaces new blocks that execute a message which is not there, until none is left: a toy's rule says, by the
/// receipts of a block and of the chain before it (for the first, the last), which those are.
fn consolidate(tips: &mut [Tip], before: &[Tip], is_new: &[bool]) {
    let mut replaced = vec![false; tips.len()];
    loop {
        let kind = |tip: &Tip| tip.header.receipts[0] & 3;
        let kinds: Vec<u8> = tips.iter().map(kind).collect();
        let senders = kinds.iter().cycle().skip(kinds.len().saturating_sub(1));
        let mut pairs = kinds.iter().zip(senders).zip(is_new.iter().zip(&replaced));
        let bad = pairs.position(|((own, sender), (is_new, replaced))| {
            kinds.len() > 1 && *is_new && !*replaced && own == sender
        });
        let Some(bad) = bad else {
            return;
        };
        if let (Some(tip), Some(before), Some(replaced)) =
            (tips.get_mut(bad), before.get(bad), replaced.get_mut(bad))
        {
            *tip = tip.without_transfers(before);
            *replaced = true;
        }
    }
}

/// Commits to the balances: a binary tree of 16 leaves, each the hash of 16 of them. `visit` sees each hash with
/// what it stands for.
fn state_root(balances: &[u64; ACCOUNTS], visit: &mut impl FnMut(B256, Vec<u8>)) -> B256 {
    let mut hash = |preimage: Vec<u8>| {
        let hash = keccak256(&preimage);
        visit(hash, preimage);
        hash
    };
    let leaves = balances.chunks(PER_LEAF);
    let leaves = leaves.map(|leaf| leaf.iter().flat_map(|held| held.to_be_bytes()).collect());
    let mut level: Vec<B256> = leaves.map(&mut hash).collect();
    while level.len() > 1 {
        let nodes = level.chunks(2).map(|pair| pair.concat());
        level = nodes.map(&mut hash).collect();
    }
    level.first().copied().unwrap_or_default()
}

impl Header {
    /// RLP with Ethereum's places; those that say nothing here are empty.
    fn encode(&self) -> Vec<u8> {
        const EMPTY: u8 = 0x80;
        let hash = |hash: B256| [&[EMPTY + 32], hash.as_slice()].concat();
        let digits = U256::from(self.number).to_be_bytes_trimmed_vec();
        let number = match digits[..] {
            [digit] if digit < EMPTY => vec![digit],
            _ => [&[EMPTY + digits.len() as u8], &digits[..]].concat(),
        };
        let payload = [
            hash(self.parent),
            vec![EMPTY; 2],
            hash(self.state),
            vec![EMPTY],
            hash(self.receipts),
            vec![EMPTY; 2],
            number,
        ]
        .concat();
        // Between 56 and 255 bytes: the length takes one byte of its own.
        [&[0xf8, payload.len() as u8], &payload[..]].concat()
    }

    /// What the output root after it stands for.
    fn output(&self) -> Vec<u8> {
        let block_hash = keccak256(self.encode());
        [B256::ZERO, self.state, B256::ZERO, block_hash].concat()
    }
}

/// Numbers that look random: xorshift (Marsaglia's 13, 17, 5).
struct Random(u32);

impl Random {
    /// A number in `0..end`.
    const fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % end
    }
}
