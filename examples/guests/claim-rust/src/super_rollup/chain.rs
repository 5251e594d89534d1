//! The chains: which there are, how their blocks are made, and which are replaced.

use crate::ledger::{ACCOUNTS, Balances, Transfer, keccak256};
use crate::oracle::{self, Hash, fail};
use crate::rlp::{self, Item};
use crate::state::{Block, SuperRoot};
use alloc::vec::Vec;

/// A chain, as it is configured.
pub struct Chain {
    /// Its id.
    id: u64,
    /// Seconds from one block to the next.
    block_time: u64,
    /// The last block that has its data on L1.
    last: u64,
}

/// L2 time of all genesis blocks, in seconds.
const GENESIS: u64 = 10_000;

/// The chains that the program knows: built in, since no local key of a game tells of them.
const CHAINS: [Chain; 3] = [
    Chain {
        id: 901,
        block_time: 1,
        last: u64::MAX,
    },
    Chain {
        id: 902,
        block_time: 2,
        last: u64::MAX,
    },
    Chain {
        id: 903,
        block_time: 3,
        last: 40,
    },
];

const TRANSFERS: usize = 6;
const LARGEST_TRANSFER: u32 = 3_000;

/// The chains of a super root; none if one is not known.
pub fn of(root: &SuperRoot) -> Option<Vec<&'static Chain>> {
    let known = |(id, _): &(Hash, Hash)| {
        let (zeros, id) = id.split_at(24);
        let id = u64::from_be_bytes(id.try_into().ok()?);
        let small = zeros.iter().all(|byte| *byte == 0);
        CHAINS.iter().find(|chain| small && chain.id == id)
    };
    root.chains.iter().map(known).collect()
}

impl Chain {
    /// The block at a second, after the one of an output root: that itself where the next is not due. None
    /// where L1 has no data for it.
    pub fn derive(&self, output: &Hash, timestamp: u64) -> Option<Block> {
        let bytes = oracle::keccak256("output", output);
        let (&[_, state, _, tip], []) = bytes.as_chunks::<32>() else {
            fail("an output root does not stand for four words");
        };
        let number = Header::load(&tip).number.saturating_add(1);
        if self.time(number) > timestamp {
            return Some([tip, *output]);
        }
        if number > self.last {
            return None;
        }
        let mut balances = Balances::load(state);
        Some(Header::of_block(&mut balances, self.id, number, tip).block())
    }

    /// L2 time of a block.
    fn time(&self, number: u64) -> u64 {
        number
            .saturating_mul(self.block_time)
            .saturating_add(GENESIS)
    }
}

/// The output roots of a second, whose blocks are as they were derived: until none is left that executes a
/// message which is not there, such blocks are replaced by blocks without transfers.
pub fn consolidate(chains: &[&Chain], blocks: &[Block], timestamp: u64) -> Vec<Hash> {
    let mut headers: Vec<Header> = blocks.iter().map(|[hash, _]| Header::load(hash)).collect();
    let mut outputs: Vec<Hash> = blocks.iter().map(|[_, output]| *output).collect();
    // Earlier blocks were looked at in their own second.
    let mut open: Vec<bool> = chains
        .iter()
        .zip(&headers)
        .map(|(chain, header)| chain.time(header.number) == timestamp)
        .collect();
    while let Some(bad) = (0..headers.len()).find(|i| open[*i] && executes_nothing(&headers, *i)) {
        open[bad] = false;
        headers[bad] = headers[bad].without_transfers();
        outputs[bad] = headers[bad].block()[1];
    }
    outputs
}

/// Whether a chain's block executes a message that the chain before it, or for the first the last, does not have:
/// a toy's rule, by the receipts of both.
fn executes_nothing(headers: &[Header], i: usize) -> bool {
    let sender = i.checked_sub(1).unwrap_or(headers.len() - 1);
    sender != i && headers[i].receipts[0] & 3 == headers[sender].receipts[0] & 3
}

/// A block's, as Ethereum's.
struct Header {
    parent: Hash,
    state: Hash,
    /// Hash chain of the state roots after each transfer.
    receipts: Hash,
    number: u64,
}

impl Header {
    /// Asks for a header.
    fn load(hash: &Hash) -> Self {
        let bytes = oracle::keccak256("header", hash);
        Self::decode(&bytes).unwrap_or_else(|| fail("a header is not one of these rollups'"))
    }

    /// Makes the transfers of a block, which follow from the chain's id and the block's number.
    fn of_block(balances: &mut Balances, chain_id: u64, number: u64, parent: Hash) -> Self {
        let seed = keccak256(&[&chain_id.to_be_bytes(), &number.to_be_bytes()]);
        let mut source = Random(u32::from_be_bytes([seed[0], seed[1], seed[2], seed[3]]) | 1);
        let mut header = Self {
            parent,
            state: [0; 32],
            receipts: [0; 32],
            number,
        };
        for _ in 0..TRANSFERS {
            balances.apply(&Transfer {
                from: source.below(ACCOUNTS as u32) as u16,
                to: source.below(ACCOUNTS as u32) as u16,
                amount: source.below(LARGEST_TRANSFER).into(),
            });
            header.state = balances.root();
            header.receipts = keccak256(&[&header.receipts, &header.state]);
        }
        header
    }

    /// The block in its place that makes no transfers.
    fn without_transfers(&self) -> Self {
        Self {
            state: Self::load(&self.parent).state,
            receipts: [0; 32],
            ..*self
        }
    }

    /// The block's hash, and the output root after it.
    fn block(&self) -> Block {
        let hash = keccak256(&[&self.encode()]);
        [hash, keccak256(&[&[0; 32], &self.state, &[0; 32], &hash])]
    }

    /// RLP with Ethereum's places; those that say nothing here are empty.
    fn encode(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        let nothing: &[u8] = &[];
        let before_number: [&[u8]; 8] = [
            &self.parent,
            nothing,
            nothing,
            &self.state,
            nothing,
            &self.receipts,
            nothing,
            nothing,
        ];
        for field in before_number {
            rlp::string(field, &mut payload);
        }
        rlp::number(self.number, &mut payload);
        rlp::list(&payload)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let fields = Item::all(bytes)?.list()?;
        let [parent, _, _, state, _, receipts, _, _, number] = fields[..] else {
            return None;
        };
        Some(Self {
            parent: parent.hash()?,
            state: state.hash()?,
            receipts: receipts.hash()?,
            number: number.number()?,
        })
    }
}

/// Numbers that look random: xorshift (Marsaglia's 13, 17, 5).
struct Random(u32);

impl Random {
    /// A number in `0..end`.
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % end
    }
}
