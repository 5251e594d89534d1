//! Steps on edge operands as upstream's Cannon ended them: memory accesses at every alignment and
//! in the leaf of the instruction itself, delay slots, unaligned program counters, system calls.
//! Each goes through the stateless verifier. States are random and by hand; answers are those of
//! ethereum-optimism/optimism d317e96c. A wider run of the same kind, 180,000 steps, agreed as well.

mod common;

use common::{Leaves, Node, bytes, mnemonic, vectors};
use fpvm_core::definition::machine::Fault;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::step::oracle::PreimagePart;
use fpvm_core::step::verify::{Verified, VerifyError, verify};
use fpvm_isa_mips::table::TABLE;
use fpvm_isa_mips::{Mips32, fault, state};
use serde::Deserialize;
use std::collections::BTreeSet;

/// A state that was set, and the state hash or the panic that Cannon's step gave.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    pc: u32,
    #[serde(rename = "nextPC")]
    next_pc: u32,
    lo: u32,
    hi: u32,
    heap: u32,
    #[serde(default)]
    preimage_offset: u32,
    preimage_key: Option<String>,
    /// Value of the pre-image, whatever its key.
    preimage: Option<String>,
    regs: [u32; 32],
    mem: Vec<(u32, u32)>,
    post: Option<String>,
    error: Option<String>,
}

impl Step {
    fn insn(&self) -> Option<u32> {
        let found = self.mem.iter().find(|(at, _)| *at == self.pc & !3);
        found.map(|(_, word)| *word)
    }

    fn state(&self) -> State<Mips32> {
        let mut state = State::default();
        for (i, value) in (0..).zip(self.regs) {
            state.set(Cell(i), value);
        }
        let cells = [
            (state::PC, self.pc),
            (state::NEXT_PC, self.next_pc),
            (state::LO, self.lo),
            (state::HI, self.hi),
            (state::HEAP, self.heap),
            (state::PREIMAGE_OFFSET, self.preimage_offset),
        ];
        for (cell, value) in cells {
            state.set(cell, value);
        }
        if let Some(key) = &self.preimage_key {
            state.preimage_key = bytes(key).try_into().expect("32 bytes");
        }
        state
    }

    fn verify(&self) -> Result<Verified<Mips32>, VerifyError> {
        let memory = Leaves::new(&self.mem);
        let witness = self.state().witness(&memory.root());
        let mut parts = |_: &Node, offset: u64| {
            let value = bytes(self.preimage.as_deref()?);
            Some(PreimagePart::of(&value, offset))
        };
        let mut proof = memory.branch(self.pc);
        proof.extend([0; 896]);
        match verify(&witness, &proof, &mut parts) {
            // The verifier says which branch it needs.
            Err(VerifyError::BadBranch { at, branch: 1 }) => {
                proof.truncate(896);
                proof.extend(memory.branch(u32::try_from(at).expect("a 32-bit address")));
                verify(&witness, &proof, &mut parts)
            }
            other => other,
        }
    }
}

fn expected_fault(error: &str) -> Fault {
    let known = [
        ("invalid instruction", fault::UNDEFINED),
        ("unaligned memory access", fault::UNALIGNED_PC),
        ("jump in delay slot", fault::JUMP_IN_SLOT),
        ("branch in delay slot", fault::BRANCH_IN_SLOT),
        ("instruction divide by zero", fault::DIVIDE_BY_ZERO),
        ("Preimage offset out-of-bounds", fault::PREIMAGE_END),
    ];
    let found = known.into_iter().find(|(text, _)| error.starts_with(text));
    found.unwrap_or_else(|| panic!("unknown error {error}")).1
}

#[test]
fn steps_on_edge_operands_end_as_upstream() {
    let steps: Vec<Step> = vectors("tests/vectors/edges.jsonl.gz");
    assert_eq!(steps.len(), 1990);
    let mut wrong = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let found = step.verify();
        let same = match (&found, &step.error) {
            (Ok(found), None) => Some(const_hex::encode_prefixed(found.post)) == step.post,
            (Err(VerifyError::Fault(fault)), Some(error)) => *fault == expected_fault(error),
            _ => false,
        };
        if !same {
            let insn = step
                .mem
                .iter()
                .find(|(at, _)| *at == step.pc & !3)
                .map(|word| word.1);
            let name = insn.map(mnemonic);
            wrong.push(format!(
                "{i}: {insn:x?} {name:?}: {:?} {found:x?}",
                step.error
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        steps.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_instruction_and_system_call_is_met() {
    let steps: Vec<Step> = vectors("tests/vectors/edges.jsonl.gz");
    let accepted = || steps.iter().filter(|step| step.error.is_none());
    let met: BTreeSet<&str> = accepted().filter_map(|s| s.insn()).map(mnemonic).collect();
    let missing: Vec<_> = TABLE.iter().filter(|row| !met.contains(row.name)).collect();
    assert!(missing.is_empty(), "{missing:?}");

    let calls = accepted().filter(|step| step.insn().map(mnemonic) == Some("syscall"));
    let calls: BTreeSet<u32> = calls.map(|step| step.regs[2]).collect();
    for number in [4003, 4004, 4045, 4055, 4090, 4120, 4246] {
        assert!(calls.contains(&number), "{number}");
    }
}
