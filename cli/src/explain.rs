//! What a proved step did, in words.

use crate::isa::Guest;
use fpvm_core::definition::disasm::disassemble;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Threads};
use fpvm_core::definition::state::{State, state_hash};
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::memory::LEAF_SIZE;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{LeafAccess, Parts, Step, Verified, VerifyError, verify};
use fpvm_report::instruction::{Compared, cells};
use std::fmt::Write as _;

/// A verified step, told for people.
#[derive(Debug)]
pub struct Explained {
    /// Hash of the packed pre-state.
    pub pre: [u8; 32],
    /// The post-state hash that the step leads to.
    pub post: [u8; 32],
    /// Step counter before.
    pub step: u64,
    /// Program counter before.
    pub pc: u64,
    /// What happened, line by line.
    pub lines: Vec<String>,
}

impl Explained {
    /// Verifies a step and tells what it did.
    pub(crate) fn verify<I: Guest>(
        proof: &StepProof,
        parts: Parts<'_>,
    ) -> Result<Self, VerifyError> {
        let done = verify::<I>(&proof.state_data, &proof.proof_data, parts)?;
        let pc = done.before.pc();
        Ok(Explained {
            pre: state_hash(done.before.status(), &proof.state_data),
            post: done.post,
            step: done.before.step,
            pc,
            lines: told(&done),
        })
    }
}

fn told<I: Isa>(done: &Verified<I>) -> Vec<String> {
    let (mut lines, len) = match done.step {
        Step::Instruction(insn) => {
            let text = disassemble::<I>(insn, done.before.pc());
            (vec![text], fetch::len::<I>(insn))
        }
        Step::ThreadSwitch => (vec![thread_switch(&done.before)], 0),
        Step::Exited => {
            let code = done.before.exit_code();
            return vec![format!("nothing: the program had exited with code {code}")];
        }
    };
    lines.extend(changed_cells(&done.before, &done.after, len));
    if done.before.preimage_key != done.after.preimage_key {
        let key = const_hex::encode_prefixed(done.after.preimage_key);
        lines.push(format!("preimageKey: now {key}"));
    }
    for LeafAccess { at, before, after } in &done.data {
        lines.push(leaf(*at, before, after));
    }
    lines
}

/// A step without an instruction, in which the VM takes up another thread.
fn thread_switch<I: Isa>(before: &State<I>) -> String {
    let has_ended = |threads: Threads| before.get(threads.ended) != I::Word::default();
    match I::THREADS {
        Some(threads) if !has_ended(threads) => format!(
            "no instruction: the running thread has had its {} steps, and gives way to the next",
            before.turn_steps()
        ),
        _ => {
            "no instruction: the running thread has ended, and the next one takes its place".into()
        }
    }
}

/// Registers and other cells that the step changed; the program counter where it did not go on to
/// the next instruction, after one of so many bytes.
fn changed_cells<I: Isa>(before: &State<I>, after: &State<I>, len: u64) -> Vec<String> {
    let mut lines = Vec::new();
    for Compared {
        name,
        cell,
        before,
        after,
    } in cells(before, after)
    {
        let goes_on = (cell == I::PC || Some(cell) == I::NEXT_PC)
            && after.zext() == before.zext().wrapping_add(len);
        if before != after && !goes_on {
            lines.push(format!("{name}: {before:#x} → {after:#x}"));
        }
    }
    lines
}

/// A leaf of memory that the step accessed.
fn leaf(at: u64, before: &[u8; LEAF_SIZE], after: &[u8; LEAF_SIZE]) -> String {
    let differ = |i: &usize| before.get(*i) != after.get(*i);
    let first = (0..LEAF_SIZE).find(differ);
    let last = (0..LEAF_SIZE).rev().find(differ);
    let (Some(first), Some(last)) = (first, last) else {
        return format!("memory: reads of the leaf at {at:#x}");
    };
    let hex = |bytes: &[u8]| {
        let range = bytes.get(first..=last).unwrap_or(bytes);
        range.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    let (from, old, new) = (at.wrapping_add(first as u64), hex(before), hex(after));
    format!("memory: {old} → {new} at {from:#x}")
}
