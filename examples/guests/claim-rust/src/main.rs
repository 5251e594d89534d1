//! The guest `claim` in Rust: whether a claim about a toy rollup is true. It reads the same pre-images
//! as the one in Go and prints the same lines.
//!
//! It walks from the block of the claim back to the agreed one, loads the balances there, makes every
//! transfer of every block in order, and compares. Exit code 0: the claim is true; 1: it is false; 2:
//! the pre-images make no sense.
#![no_std]
#![no_main]
// Rust has assembly for MIPS in its nightly releases only, or where it is told to be one.
#![cfg_attr(target_arch = "mips64", feature(asm_experimental_arch))]

extern crate alloc;

mod ledger;
mod oracle;
mod vm;

use alloc::format;
use alloc::vec::Vec;
use ledger::{Balances, Block, keccak256};
use oracle::{Hash, fail, hex, local};

const AGREED: u64 = 1;
const CLAIMED: u64 = 2;
const HEAD: u64 = 3;

fn claim() {
    let [agreed, claimed, head] = [AGREED, CLAIMED, HEAD].map(|index| {
        Hash::try_from(local(index))
            .unwrap_or_else(|_| fail(&format!("local key {index} is not a hash")))
    });
    let output = oracle::keccak256("output", &agreed);
    let ([start, tip], []) = output.as_chunks::<32>() else {
        fail("the agreed output root does not stand for two hashes");
    };

    let blocks = between(tip, head);
    let mut balances = Balances::load(*start);
    let mut root = *start;
    for block in blocks.iter().rev() {
        block
            .transfers
            .iter()
            .for_each(|transfer| balances.apply(transfer));
        root = balances.root();
        if root != block.state_root {
            refuse(&format!("block {} has a wrong state root", block.number));
        }
    }

    let computed = keccak256(&[&root, &head]);
    vm::print(1, format!("blocks {}", blocks.len()));
    vm::print(1, format!("claimed  {}", hex(&claimed)));
    vm::print(1, format!("computed {}", hex(&computed)));
    if computed != claimed {
        refuse("another output root");
    }
    vm::print(1, "the claim is true".into());
}

/// The blocks after `tip` up to `head`, newest first.
fn between(tip: &Hash, head: Hash) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut hash = head;
    while hash != *tip {
        let block = Block::load(&hash);
        if blocks
            .last()
            .is_some_and(|after| after.number != block.number.wrapping_add(1))
        {
            refuse("the block numbers have a gap");
        }
        if block.number == 0 {
            refuse("the block does not follow the agreed one");
        }
        hash = block.parent;
        blocks.push(block);
    }
    blocks
}

fn refuse(why: &str) -> ! {
    vm::print(1, format!("the claim is false: {why}"));
    vm::exit(1)
}
