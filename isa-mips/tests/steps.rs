//! Single steps as upstream's Cannon executed them, through the stateless verifier: random
//! instructions on edge operands, with a post-state or a refusal, and steps of real Go programs.

mod common;

use common::{Leaves, Node, bytes, mnemonic, vectors};
use fpvm_core::definition::machine::Fault;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::step::oracle::PreimagePart;
use fpvm_core::step::verify::{Verified, VerifyError, verify};
use fpvm_isa_mips::{Mips32, fault, state};
use serde::Deserialize;

const RANDOM: &str = "../spec-tests/vectors/steps/mips32-random.jsonl.gz";
const REAL: &str = "../spec-tests/vectors/steps/mips32.jsonl.gz";

/// One random instruction: registers and memory words that were set, and what Cannon answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RandomStep {
    insn: String,
    pc: u32,
    #[serde(rename = "nextPC")]
    next_pc: u32,
    lo: u32,
    hi: u32,
    regs: [u32; 32],
    mem: Option<Vec<(u32, u32)>>,
    pre: String,
    post: Option<String>,
    state_data: Option<String>,
    proof_data: Option<String>,
    post_state_data: Option<String>,
    error: Option<String>,
}

/// A proof file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Proof {
    step: u64,
    pre: String,
    post: String,
    state_data: String,
    proof_data: String,
    oracle_key: Option<String>,
    oracle_value: Option<String>,
    #[serde(default)]
    oracle_offset: u64,
}

impl RandomStep {
    fn insn(&self) -> u32 {
        let bytes = bytes(&self.insn);
        u32::from_be_bytes(bytes.try_into().expect("four bytes"))
    }

    fn state(&self) -> State<Mips32> {
        let mut state = State::default();
        for (i, value) in (0..).zip(self.regs) {
            state.set(Cell(i), value);
        }
        state.set(state::PC, self.pc);
        state.set(state::NEXT_PC, self.next_pc);
        state.set(state::LO, self.lo);
        state.set(state::HI, self.hi);
        state.set(state::HEAP, 0x0500_0000);
        state
    }

    fn memory(&self) -> Leaves {
        let mut memory = Leaves::new(self.mem.as_deref().unwrap_or_default());
        memory.set_word(self.pc, self.insn());
        memory
    }
}

fn no_preimages(_key: &Node, _offset: u64) -> Option<Option<PreimagePart>> {
    None
}

fn verify_random(step: &RandomStep) -> Result<Verified<Mips32>, VerifyError> {
    let (state, memory) = (step.state(), step.memory());
    let root = memory.root();
    assert_eq!(
        const_hex::encode_prefixed(state.hash(&root)),
        step.pre,
        "the vector's state could not be rebuilt"
    );
    let witness = state.witness(&root);
    let mut proof = memory.branch(step.pc);
    // A refused step has no proof file; whichever word it would touch, its branch is there.
    match step.mem.as_deref() {
        Some([(at, _), ..]) => proof.extend(memory.branch(*at)),
        _ => proof.extend(vec![0; 896]),
    }
    if let Some(expected) = &step.state_data {
        assert_eq!(witness, bytes(expected));
    }
    let proof = step.proof_data.as_deref().map_or(proof, bytes);
    verify(&witness, &proof, &mut no_preimages)
}

#[test]
fn random_instructions_end_as_upstream() {
    let steps: Vec<RandomStep> = vectors(RANDOM);
    assert_eq!(steps.len(), 1200);
    let mut wrong = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let name = mnemonic(step.insn());
        let found = verify_random(step);
        let same = match (&found, &step.error) {
            (Ok(found), None) => {
                Some(const_hex::encode_prefixed(found.post)) == step.post
                    && Some(const_hex::encode_prefixed(&found.witness)) == step.post_state_data
            }
            (Err(VerifyError::Fault(fault)), Some(error)) => *fault == expected_fault(error),
            _ => false,
        };
        if !same {
            wrong.push(format!(
                "{i}: {} {name}: {:?} {found:?}",
                step.insn, step.error
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of 1200 differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn expected_fault(error: &str) -> Fault {
    if error.contains("divide by zero") {
        fault::DIVIDE_BY_ZERO
    } else {
        assert!(error.contains("invalid instruction"), "{error}");
        fault::UNDEFINED
    }
}

#[test]
fn steps_of_go_programs_end_as_upstream() {
    let proofs: Vec<Proof> = vectors(REAL);
    assert_eq!(proofs.len(), 104);
    for proof in &proofs {
        let witness = bytes(&proof.state_data);
        let (before, root) = State::<Mips32>::from_witness(&witness).expect("a valid witness");
        assert_eq!(const_hex::encode_prefixed(before.hash(&root)), proof.pre);
        let mut parts = |key: &Node, offset: u64| {
            assert_eq!(Some(const_hex::encode_prefixed(key)), proof.oracle_key);
            assert_eq!(offset, proof.oracle_offset);
            let value = bytes(proof.oracle_value.as_deref()?);
            Some(PreimagePart::of(&value[8..], offset))
        };
        let found = verify::<Mips32>(&witness, &bytes(&proof.proof_data), &mut parts)
            .unwrap_or_else(|error| panic!("step {}: {error}", proof.step));
        let name = mnemonic(found.step.insn().expect("a running program"));
        assert_eq!(
            const_hex::encode_prefixed(found.post),
            proof.post,
            "step {}, {name}: {:?}",
            proof.step,
            found.after
        );
    }
}
