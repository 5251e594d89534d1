//! The guest `rollup` in Rust: whether an output root of a toy rollup is right, from the game's own local
//! keys. It reads the same pre-images as the one in Go and prints the same lines.
//!
//! It loads the state below the agreed output, executes the blocks up to the one in dispute, and compares.
//! Exit code 0: the output is right; 1: it is wrong; 2: the pre-images make no sense.
#![no_std]
#![no_main]

extern crate alloc;

#[allow(dead_code, reason = "its blocks are those of `claim`")]
mod ledger;
mod oracle;
mod vm;

use alloc::format;
use alloc::vec::Vec;
use ledger::{ACCOUNTS, Balances, Transfer, keccak256};
use oracle::{Hash, fail, hex, local};

const L1_HEAD: u64 = 1;
const AGREED: u64 = 2;
const CLAIMED: u64 = 3;
const BLOCK: u64 = 4;
const CHAIN: u64 = 5;

/// As in Go, where they make a block more than 200 million steps.
const TRANSFERS: usize = 460;
const LARGEST_TRANSFER: u32 = 3_000;

/// Answers the question.
fn claim() {
    // The toy has no data on L1: its head is read, and then of no use.
    let [l1_head, agreed, claimed] = [L1_HEAD, AGREED, CLAIMED].map(word::<32>);
    let target = u64::from_be_bytes(word(BLOCK));
    let chain_id = u64::from_be_bytes(word(CHAIN));

    let output = oracle::keccak256("output", &agreed);
    let (&[_, mut state, _, mut tip], []) = output.as_chunks::<32>() else {
        fail("an output root does not stand for four words");
    };
    let header = oracle::keccak256("header", &tip);
    let mut number =
        number(&header).unwrap_or_else(|| fail("a header is not one of this rollup's"));
    let mut computed = agreed;
    if number < target {
        let mut balances = Balances::load(state);
        while number < target {
            number += 1;
            let header = Header::of_block(&mut balances, chain_id, number, tip);
            state = header.state;
            tip = keccak256(&[&header.encode()]);
        }
        computed = keccak256(&[&[0; 32], &state, &[0; 32], &tip]);
    }

    vm::print(1, format!("L1 head  {}", hex(&l1_head)));
    vm::print(1, format!("block    {number}"));
    vm::print(1, format!("claimed  {}", hex(&claimed)));
    vm::print(1, format!("computed {}", hex(&computed)));
    if computed != claimed {
        vm::print(1, "the output root is wrong".into());
        vm::exit(1);
    }
    vm::print(1, "the output root is right".into());
}

fn word<const N: usize>(index: u64) -> [u8; N] {
    let value = local(index).try_into();
    value.unwrap_or_else(|_| fail(&format!("local key {index} has a wrong length")))
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

    /// RLP with Ethereum's places; those that say nothing here are empty.
    fn encode(&self) -> Vec<u8> {
        let digits = self.number.to_be_bytes();
        let leading = self.number.leading_zeros() as usize / 8;
        let number = match digits[leading..] {
            [digit] if digit < 0x80 => Vec::from([digit]),
            ref digits => [&[0x80 + digits.len() as u8], digits].concat(),
        };
        let hash = |hash: &Hash| [&[0x80 + 32], &hash[..]].concat();
        let empty = |count| alloc::vec![0x80; count];
        let (parent, state, receipts) =
            (hash(&self.parent), hash(&self.state), hash(&self.receipts));
        let payload = [
            parent,
            empty(2),
            state,
            empty(1),
            receipts,
            empty(2),
            number,
        ]
        .concat();
        // Between 56 and 255 bytes: the length takes one byte of its own.
        [&[0xf8, payload.len() as u8], &payload[..]].concat()
    }
}

/// The number in a header.
fn number(header: &[u8]) -> Option<u64> {
    const FIELD: usize = 8;
    let [0xf8, length, rest @ ..] = header else {
        return None;
    };
    if usize::from(*length) != rest.len() {
        return None;
    }
    let mut rest = rest;
    for field in 0.. {
        let size = match rest.split_first()? {
            (first, after) if *first >= 0x80 => {
                rest = after;
                usize::from(first - 0x80)
            }
            _ => 1,
        };
        let (value, after) = rest.split_at_checked(size).filter(|_| size <= 55)?;
        if field == FIELD {
            let digits = value.iter();
            return (size <= 8)
                .then(|| digits.fold(0, |number, digit| number << 8 | u64::from(*digit)));
        }
        rest = after;
    }
    None
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
