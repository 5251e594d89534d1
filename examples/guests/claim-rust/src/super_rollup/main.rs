//! The guest `super-rollup`: whether a claim about the next state of several toy rollups is true, from a super
//! game's own local keys.
//!
//! It takes one of the 128 steps from a second to the next: derives a chain's block, or checks the messages between
//! the chains, or only counts. Exit code 0: the claim is true; 1: it is false, or the agreed state is none; 2: the
//! agreed state is of a later second than the game's, or other pre-images make no sense.
#![no_std]
#![no_main]
// Rust has assembly for MIPS in its nightly releases only, or where it is told to be one.
#![cfg_attr(target_arch = "mips64", feature(asm_experimental_arch))]

extern crate alloc;

mod chain;
#[path = "../ledger.rs"]
#[allow(dead_code, reason = "its blocks are those of `claim`")]
mod ledger;
#[path = "../oracle.rs"]
mod oracle;
mod rlp;
mod state;
#[path = "../vm.rs"]
mod vm;

use alloc::format;
use alloc::vec::Vec;
use ledger::keccak256;
use oracle::{fail, hex, local};
use state::{CONSOLIDATION, State, SuperRoot, Transition};

const L1_HEAD: u64 = 1;
const AGREED: u64 = 2;
const CLAIMED: u64 = 3;
const TIMESTAMP: u64 = 4;

/// Answers the question.
fn claim() {
    // The toys have no data on L1: its head is read, and then of no use.
    let [l1_head, agreed, claimed] = [L1_HEAD, AGREED, CLAIMED].map(word::<32>);
    let timestamp = u64::from_be_bytes(word(TIMESTAMP));
    let bytes = oracle::keccak256("agreed-pre-state", &agreed);
    let Some(state) = State::decode(&bytes) else {
        refuse("the agreed state is none");
    };
    let computed = match state {
        State::Invalid => agreed,
        // A proposer could register a state of the future, and have it agreed and disputed at once.
        State::At(state) if state.root.timestamp > timestamp => {
            fail("the agreed state is of a later second than the game's")
        }
        State::At(state) if state.root.timestamp == timestamp => agreed,
        State::At(state) => {
            vm::print(1, format!("second   {}", state.root.timestamp));
            vm::print(1, format!("step     {}", state.step));
            keccak256(&[&after(state).encode()])
        }
    };
    vm::print(1, format!("L1 head  {}", hex(&l1_head)));
    vm::print(1, format!("agreed   {}", hex(&agreed)));
    vm::print(1, format!("claimed  {}", hex(&claimed)));
    vm::print(1, format!("computed {}", hex(&computed)));
    if computed != claimed {
        refuse("it is another state");
    }
    vm::print(1, "the claim is true".into());
}

/// The state one step on.
fn after(mut state: Transition) -> State {
    let chains = chain::of(&state.root);
    let chains = chains.unwrap_or_else(|| refuse("the super root has a chain that is not known"));
    let derived = chains.len().min(state.step as usize);
    if state.progress.len() != derived || state.step > CONSOLIDATION {
        refuse("the agreed state has blocks of other chains than its step says");
    }
    let Some(next) = state.root.timestamp.checked_add(1) else {
        refuse("there is no later second");
    };
    if state.step == CONSOLIDATION {
        let outputs = chain::consolidate(&chains, &state.progress, next);
        let ids = state.root.chains.iter().map(|(id, _)| *id);
        return State::At(Transition {
            root: SuperRoot {
                timestamp: next,
                chains: ids.zip(outputs).collect(),
            },
            progress: Vec::new(),
            step: 0,
        });
    }
    if let (Some(chain), Some((_, output))) = (chains.get(derived), state.root.chains.get(derived))
    {
        match chain.derive(output, next) {
            Some(block) => state.progress.push(block),
            None => return State::Invalid,
        }
    }
    state.step += 1;
    State::At(state)
}

fn word<const N: usize>(index: u64) -> [u8; N] {
    let value = local(index).try_into();
    value.unwrap_or_else(|_| fail(&format!("local key {index} has a wrong length")))
}

fn refuse(why: &str) -> ! {
    vm::print(1, format!("the claim is false: {why}"));
    vm::exit(1)
}
