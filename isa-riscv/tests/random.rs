//! Random single instructions with edge operands, and what upstream's slow VM, which follows its
//! contract statement by statement, made of them (Asterisc at 52519dc): a post-state hash, or the
//! code it reverts with. Instructions are drawn from the table's rows with random free bits, operands
//! and addresses from edges: signs, lines, pages, the end of the address space.

use flate2::read::GzDecoder;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::{State, state_hash};
use fpvm_core::machine::memory::{PagedMemory, Prover};
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::oracle::{Oracle, OracleError, PreimagePart, Silent};
use fpvm_core::step::verify::{VerifyError, verify};
use fpvm_isa_riscv::{Rv64, operand};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

/// Numbers are plain, bytes are hex without prefix. What is left out is zero.
#[derive(Deserialize)]
struct Case {
    pc: u64,
    regs: BTreeMap<u8, u64>,
    #[serde(default)]
    heap: u64,
    #[serde(default)]
    reservation: u64,
    #[serde(default)]
    offset: u64,
    key: Option<String>,
    /// The pre-image of the key, without length prefix.
    blob: Option<String>,
    /// Addresses and bytes, in the order of writing; the instruction is the last.
    mem: Vec<(u64, String)>,
    post: Option<String>,
    fault: Option<String>,
}

fn cases() -> Vec<Case> {
    let packed = &include_bytes!("random.jsonl.gz")[..];
    let lines = BufReader::new(GzDecoder::new(packed)).lines();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    const_hex::decode(hex).unwrap()
}

struct Blob(Arc<[u8]>);

impl Oracle for Blob {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, _key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(self.0.clone())
    }
}

impl Case {
    fn vm(&self) -> Vm<Rv64> {
        let (mut state, mut memory) = (State::<Rv64>::default(), PagedMemory::new().unwrap());
        for (at, hex) in &self.mem {
            memory.write_slice(*at, &bytes(hex)).unwrap();
        }
        for (register, value) in &self.regs {
            state.set(Cell(*register), *value);
        }
        state.set(operand::PC, self.pc);
        state.set(operand::HEAP, self.heap);
        state.set(operand::LOAD_RESERVATION, self.reservation);
        state.set(operand::PREIMAGE_OFFSET, self.offset);
        if let Some(key) = &self.key {
            state.preimage_key = bytes(key).try_into().unwrap();
        }
        Vm::new(state, memory)
    }

    fn blob(&self) -> Arc<[u8]> {
        self.blob.as_deref().map(bytes).unwrap_or_default().into()
    }

    /// Proves the step, verifies the proof, and runs the same step without a proof.
    fn check(&self, name: &str) {
        let blob = self.blob();
        let (mut oracle, mut console) = (Blob(blob.clone()), Silent);
        let mut host = Host {
            oracle: &mut oracle,
            console: &mut console,
        };
        let (mut prover, mut runner) = (self.vm(), self.vm());
        let witness = prover.witness();
        let proof = prover.prove(&mut host);
        let ran = runner.run(1, false, &mut host);
        if let Some(code) = &self.fault {
            let code = u32::from_str_radix(code, 16).unwrap();
            let branches = [prover.memory.branch(self.pc), prover.memory.branch(0)]
                .concat()
                .concat();
            let mut part = |_: &[u8; 32], offset| Some(PreimagePart::of(&blob, offset));
            let verified = verify::<Rv64>(&witness, &branches, &mut part);
            for (who, found) in [("prover", proof.map(|_| ())), ("runner", ran.map(|_| ()))] {
                match found {
                    Err(VmError::Fault(found)) => {
                        assert_eq!(found.fault.code, code, "{name}, {who}");
                    }
                    other => {
                        panic!("{name}, {who}: {other:?} where upstream reverts with {code:x}")
                    }
                }
            }
            match verified {
                Err(VerifyError::Fault(found)) => assert_eq!(found.code, code, "{name}"),
                other => panic!("{name}: {other:?} where upstream reverts with {code:x}"),
            }
            assert_eq!(
                (prover.witness(), runner.witness()),
                (witness.clone(), witness),
                "{name}"
            );
            return;
        }
        let post = self.post.as_deref().unwrap();
        let proof = proof.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(const_hex::encode(proof.post), post, "{name}");
        assert_eq!(proof.pre, state_hash(3, &witness), "{name}");
        let event = ran.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(matches!(event, Event::Reached | Event::Exited), "{name}");
        assert_eq!(
            const_hex::encode(runner.state_root()),
            post,
            "{name}, run without proof"
        );
        let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
        let verified = verify::<Rv64>(&witness, &proof.proof_data, &mut part);
        let verified = verified.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(const_hex::encode(verified.post), post, "{name}, verified");
    }
}

#[test]
fn random_instructions_equal_upstream() {
    let cases = cases();
    let faults = cases.iter().filter(|case| case.fault.is_some()).count();
    assert_eq!((cases.len(), faults), (1500, 279));
    for (i, case) in cases.iter().enumerate() {
        case.check(&format!(
            "case {i} (instruction {})",
            case.mem.last().unwrap().1
        ));
    }
}
