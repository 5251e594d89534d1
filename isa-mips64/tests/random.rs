//! Single steps as upstream's Cannon (state version 8) executed them: random instructions, system
//! calls and changes of threads on edge operands. The step is run on a machine and on its proof.

use flate2::read::GzDecoder;
use fpvm_core::memory::PagedMemory;
use fpvm_core::oracle::{Oracle, OracleError, PreimagePart, Silent};
use fpvm_core::state::State;
use fpvm_core::verify::{VerifyError, verify};
use fpvm_core::vm::{Host, Vm, VmError};
use isa_mips64::Newest;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

/// A state, and what upstream answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    preimage_key: String,
    preimage: Option<String>,
    preimage_offset: u64,
    heap: u64,
    /// Status, address, owner.
    ll: [u64; 3],
    step: u64,
    since: u64,
    right: bool,
    next_id: u64,
    left_stack: Vec<Thread>,
    right_stack: Vec<Thread>,
    mem: Vec<(u64, u64)>,
    pre: String,
    /// keccak256 of the proof data.
    proof: Option<String>,
    post: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thread {
    id: u64,
    exit: u8,
    exited: bool,
    pc: u64,
    #[serde(rename = "nextPC")]
    next_pc: u64,
    lo: u64,
    hi: u64,
    regs: [u64; 32],
}

impl Thread {
    fn packed(&self) -> Vec<u8> {
        let mut out = self.id.to_be_bytes().to_vec();
        out.extend([self.exit, u8::from(self.exited)]);
        for word in [self.pc, self.next_pc, self.lo, self.hi]
            .iter()
            .chain(&self.regs)
        {
            out.extend(word.to_be_bytes());
        }
        out
    }
}

/// The one pre-image of a case, whatever the key.
struct One(Option<Arc<[u8]>>);

impl Oracle for One {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, _key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        self.0.clone().ok_or_else(|| "no pre-image".into())
    }
}

impl Case {
    fn vm(&self) -> Vm<Newest> {
        let mut memory = PagedMemory::new().unwrap();
        for (at, word) in &self.mem {
            memory.write_slice(*at, &word.to_be_bytes()).unwrap();
        }
        let key = const_hex::decode(&self.preimage_key).unwrap();
        let pack = |threads: &[Thread]| threads.iter().map(Thread::packed).collect::<Vec<_>>();
        let [status, address, owner] = self.ll;
        let mut fields = [0; 32].to_vec();
        fields.extend(key);
        fields.extend(self.preimage_offset.to_be_bytes());
        fields.extend(self.heap.to_be_bytes());
        fields.push(status as u8);
        fields.extend(address.to_be_bytes());
        fields.extend(owner.to_be_bytes());
        fields.extend([0, 0]);
        fields.extend(self.step.to_be_bytes());
        fields.extend(self.since.to_be_bytes());
        fields.push(u8::from(self.right));
        fields.extend([0; 64]);
        fields.extend(self.next_id.to_be_bytes());
        let (mut state, _) = State::<Newest>::from_witness(&fields).unwrap();
        assert!(state.set_stacks([pack(&self.left_stack), pack(&self.right_stack)]));
        Vm::new(state, memory)
    }

    fn preimage(&self) -> Option<Arc<[u8]>> {
        let hex = self.preimage.as_ref()?;
        Some(const_hex::decode(hex).unwrap().into())
    }
}

fn cases(path: &Path) -> impl Iterator<Item = Case> {
    let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    const_hex::encode_prefixed(bytes)
}

/// Which of our faults an error of upstream's is.
fn fault(error: &str) -> &'static str {
    let known = [
        ("unaligned instruction fetch", "instruction address not"),
        ("jump in delay slot", "jump in delay slot"),
        ("branch in delay slot", "branch in delay slot"),
        ("instruction divide by zero", "division by zero"),
        ("invalid instruction", "invalid instruction"),
        ("unrecognized syscall", "unimplemented system call"),
        ("Preimage offset", "pre-image read at or past its end"),
        ("post-state active thread", "no thread is left"),
    ];
    let found = known.iter().find(|(theirs, _)| error.starts_with(theirs));
    found.unwrap_or_else(|| panic!("{error}")).1
}

/// Runs and verifies the step; gives the name of the fault, if any.
fn check(number: usize, case: &Case) -> Option<String> {
    let mut vm = case.vm();
    let insn = vm.insn();
    let what = format!("case {number}, {insn:#010x}");
    assert_eq!(hex(vm.state_root()), case.pre, "{what}: pre-state");
    let mut host = Host {
        oracle: &mut One(case.preimage()),
        console: &mut Silent,
    };
    match vm.prove(&mut host) {
        Ok(proof) => {
            assert_eq!(case.error, None, "{what}");
            assert_eq!(Some(hex(proof.post)), case.post, "{what}: post-state");
            let digest = hex(fpvm_core::keccak::keccak256(&proof.proof_data));
            assert_eq!(Some(digest), case.proof, "{what}: proof");
            let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
            let verified = verify::<Newest>(&proof.state_data, &proof.proof_data, &mut part);
            assert_eq!(verified.map(|done| done.post), Ok(proof.post), "{what}");
            None
        }
        Err(VmError::Fault(found)) => {
            let error = case.error.as_deref().unwrap_or_default();
            let name = fault(error);
            assert!(found.fault.text.starts_with(name), "{what}: {found:?}");
            Some(name.to_string())
        }
        Err(other) => panic!("{what}: {other}"),
    }
}

#[test]
fn random_steps_equal_upstream() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steps.jsonl.gz");
    let mut faults: Vec<String> = Vec::new();
    let mut count = 0;
    for (number, case) in cases(&vectors).enumerate() {
        faults.extend(check(number, &case));
        count += 1;
    }
    faults.sort();
    faults.dedup();
    assert!(count >= 1000, "{count}");
    assert_eq!(faults.len(), 8, "{faults:?}");
}

/// A part of a pre-image that is asked for has to be there.
#[test]
fn a_missing_preimage_is_named() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steps.jsonl.gz");
    let reads = |case: &Case| case.preimage.is_some() && case.error.is_none();
    let mut found = 0;
    for case in cases(&vectors).filter(reads) {
        let mut vm = case.vm();
        let mut host = Host {
            oracle: &mut One(case.preimage()),
            console: &mut Silent,
        };
        let proof = vm.prove(&mut host).unwrap();
        if proof.oracle_key.is_none() {
            continue;
        }
        let mut none = |_: &[u8; 32], _| None::<Option<PreimagePart>>;
        let refused = verify::<Newest>(&proof.state_data, &proof.proof_data, &mut none);
        assert!(matches!(refused, Err(VerifyError::MissingPreimage { .. })));
        found += 1;
    }
    assert!(found > 0);
}
