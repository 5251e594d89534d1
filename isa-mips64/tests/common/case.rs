//! The steps that upstream's Cannon executed, as they were recorded.
#![allow(dead_code, reason = "each test uses its part")]

use flate2::read::GzDecoder;
use fpvm_core::definition::state::State;
use fpvm_core::machine::memory::PagedMemory;
use fpvm_core::machine::vm::Vm;
use fpvm_isa_mips64::Mips64;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

/// A state, and what upstream answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Case {
    preimage_key: String,
    pub(crate) preimage: Option<String>,
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
    pub(crate) pre: String,
    /// keccak256 of the proof data.
    pub(crate) proof: Option<String>,
    pub(crate) post: Option<String>,
    pub(crate) error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Thread {
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

impl Case {
    /// The machine before the step.
    pub(crate) fn vm<const VERSION: u8>(&self) -> Vm<Mips64<VERSION>> {
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
        let (mut state, _) = State::<Mips64<VERSION>>::from_witness(&fields).unwrap();
        assert!(state.set_stacks([pack(&self.left_stack), pack(&self.right_stack)]));
        Vm::new(state, memory)
    }

    /// The value of any pre-image.
    pub(crate) fn preimage(&self) -> Option<Arc<[u8]>> {
        let hex = self.preimage.as_ref()?;
        Some(const_hex::decode(hex).unwrap().into())
    }
}

/// The recorded steps of a state version.
pub(crate) fn cases(version: u8) -> impl Iterator<Item = Case> {
    let vectors = format!("../isa-mips64/tests/steps-{version}.jsonl.gz");
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join(vectors);
    let lines = BufReader::new(GzDecoder::new(File::open(vectors).unwrap())).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}
