//! Single steps on edge operands through interpreter, verifier and contract, with the answers that
//! upstream gave when they were recorded: the vectors of the instruction sets' own tests, where each
//! instruction and system call is met. Upstream's contract is one more party where
//! `FPVM_UPSTREAM_CONTRACTS` names a folder with its artifact.

#[path = "../../../isa-mips64/tests/common/case.rs"]
mod case;

use crate::common::lines;
use fpvm_contracts::harness::Harness;
use fpvm_contracts::{MIPS_ARTIFACT, MIPS64_ARTIFACT, RISCV_ARTIFACT};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::machine::memory::{Memory as _, PagedMemory};
use fpvm_core::machine::vm::{Host, Vm};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
use fpvm_isa_mips::{Mips32, state as mips};
use fpvm_isa_mips64::{Mips64, Newest};
use fpvm_isa_riscv::{Rv64, operand as riscv};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A state of a MIPS32 machine, memory by words, and the state hash or error that came of its step.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MipsCase {
    pc: u32,
    #[serde(rename = "nextPC")]
    next_pc: u32,
    lo: u32,
    hi: u32,
    heap: u32,
    #[serde(default)]
    preimage_offset: u32,
    preimage_key: Option<String>,
    preimage: Option<String>,
    regs: Vec<u32>,
    mem: Vec<(u32, u32)>,
    post: Option<String>,
}

/// The same of an RV64 machine, memory by bytes; what is left out is zero.
#[derive(Deserialize)]
struct RiscvCase {
    pc: u64,
    regs: BTreeMap<u8, u64>,
    #[serde(default)]
    heap: u64,
    #[serde(default)]
    reservation: u64,
    #[serde(default)]
    offset: u64,
    key: Option<String>,
    blob: Option<String>,
    mem: Vec<(u64, String)>,
    post: Option<String>,
}

/// A machine before a step, the value of any pre-image, and the state hash after it.
struct Case<I: Isa> {
    vm: Vm<I>,
    value: Arc<[u8]>,
    post: Option<Vec<u8>>,
}

fn bytes(hex: &str) -> Vec<u8> {
    const_hex::decode(hex).expect("hex")
}

fn case<I: Isa>(
    mut state: State<I>,
    memory: PagedMemory<I::Word>,
    key: Option<&String>,
    value: Option<&String>,
    post: Option<&String>,
) -> Case<I> {
    if let Some(key) = key {
        state.preimage_key = bytes(key).try_into().expect("32 bytes");
    }
    Case {
        vm: Vm::new(state, memory),
        value: value.map(|hex| bytes(hex)).unwrap_or_default().into(),
        post: post.map(|hex| bytes(hex)),
    }
}

impl From<&MipsCase> for Case<Mips32> {
    fn from(step: &MipsCase) -> Self {
        let (mut state, mut memory) = (State::default(), PagedMemory::new().expect("memory"));
        for (cell, value) in (0..).zip(&step.regs) {
            state.set(Cell(cell), *value);
        }
        for (cell, value) in [
            (mips::PC, step.pc),
            (mips::NEXT_PC, step.next_pc),
            (mips::LO, step.lo),
            (mips::HI, step.hi),
            (mips::HEAP, step.heap),
            (mips::PREIMAGE_OFFSET, step.preimage_offset),
        ] {
            state.set(cell, value);
        }
        for (at, word) in &step.mem {
            let written = memory.write(u64::from(*at), word.to_be_bytes());
            written.expect("memory");
        }
        let (key, value) = (step.preimage_key.as_ref(), step.preimage.as_ref());
        case(state, memory, key, value, step.post.as_ref())
    }
}

impl<const VERSION: u8> From<case::Case> for Case<Mips64<VERSION>> {
    fn from(step: case::Case) -> Self {
        Self {
            vm: step.vm(),
            value: step.preimage().unwrap_or_else(|| [].into()),
            post: step.post.map(|hex| bytes(&hex)),
        }
    }
}

impl From<&RiscvCase> for Case<Rv64> {
    fn from(step: &RiscvCase) -> Self {
        let (mut state, mut memory) = (State::default(), PagedMemory::new().expect("memory"));
        for (cell, value) in &step.regs {
            state.set(Cell(*cell), *value);
        }
        for (cell, value) in [
            (riscv::PC, step.pc),
            (riscv::HEAP, step.heap),
            (riscv::LOAD_RESERVATION, step.reservation),
            (riscv::PREIMAGE_OFFSET, step.offset),
        ] {
            state.set(cell, value);
        }
        for (at, hex) in &step.mem {
            memory.write_slice(*at, &bytes(hex)).expect("memory");
        }
        let (key, value) = (step.key.as_ref(), step.blob.as_ref());
        case(state, memory, key, value, step.post.as_ref())
    }
}

/// The same value for every key.
struct Value(Arc<[u8]>);

impl Oracle for Value {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, _key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(self.0.clone())
    }
}

/// How many steps have a state after them, and how many none.
fn agree<I: Isa>(mut harness: Harness, cases: impl Iterator<Item = Case<I>>) -> (u32, u32) {
    let mut counts = (0, 0);
    for (i, mut case) in cases.enumerate() {
        let mut host = Host {
            oracle: &mut Value(case.value),
            console: &mut Silent,
        };
        let agreed = harness.step(&mut case.vm, &mut host);
        let agreed = agreed.unwrap_or_else(|error| panic!("case {i}: {error}"));
        let post = agreed.map(|agreed| agreed.verified.post.to_vec());
        assert_eq!(post, case.post, "case {i}");
        match post {
            Some(_) => counts.0 += 1,
            None => counts.1 += 1,
        }
    }
    counts
}

#[test]
fn mips_edges() {
    let cases: Vec<MipsCase> = lines("isa-mips/tests/vectors/edges.jsonl.gz");
    let harness = Harness::new::<Mips32>(MIPS_ARTIFACT, Some("MIPS.json")).expect("contracts");
    let counts = agree(harness, cases.iter().map(Case::from));
    assert_eq!(counts, (1891, 99));
}

#[test]
fn mips64_edges() {
    let harness = Harness::new::<Newest>(MIPS64_ARTIFACT, Some("MIPS64.json")).expect("contracts");
    let counts = agree(harness, case::cases(8).map(Case::<Newest>::from));
    assert_eq!(counts, (1406, 94));
}

/// The contract of the newest VM is that of the version before too.
#[test]
fn mips64_edges_of_version_7() {
    let harness = Harness::new::<Mips64<7>>(MIPS64_ARTIFACT, None).expect("contracts");
    let counts = agree(harness, case::cases(7).map(Case::<Mips64<7>>::from));
    assert_eq!(counts, (1041, 159));
}

#[test]
fn riscv_edges() {
    let cases: Vec<RiscvCase> = lines("isa-riscv/tests/random.jsonl.gz");
    let harness = Harness::new::<Rv64>(RISCV_ARTIFACT, Some("RISCV.json")).expect("contracts");
    let counts = agree(harness, cases.iter().map(Case::from));
    assert_eq!(counts, (1221, 279));
}
