//! What the tests share: vectors, and a step in all ways.
#![allow(dead_code, reason = "each test uses its part")]

use flate2::read::GzDecoder;
use fpvm_contracts::guest::{Preimages, Recorded};
use fpvm_contracts::loader::Carried;
use fpvm_contracts::verifier::{Executed, OnChain, Refused};
use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::elf::load;
use fpvm_core::machine::vm::Host;
use fpvm_core::step::oracle::Silent;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::verify;
use fpvm_isa_riscv::imac::Imac;
use fpvm_oracle::Key;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A path relative to the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The JSON values, one a line, of a compressed file.
pub(crate) fn lines<T: DeserializeOwned>(path: &str) -> Vec<T> {
    let file = File::open(repository(path)).expect(path);
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    let parse = |line: String| serde_json::from_str(&line).expect(&line);
    lines.map(|line| parse(line.expect(path))).collect()
}

pub(crate) fn proofs_of_steps(vm: &str) -> Vec<StepProof> {
    lines(&format!("spec-tests/vectors/steps/{vm}.jsonl.gz"))
}

/// The proofs of whole runs on a VM, all guests.
pub(crate) fn proofs_of_runs(vm: &str) -> Vec<StepProof> {
    let runs = repository("spec-tests/vectors/runs");
    let mut files = Vec::new();
    for run in fs::read_dir(runs).expect("runs") {
        let run = run.expect("a run").path();
        if run.extension().is_some_and(|extension| extension == vm) {
            files.extend(
                fs::read_dir(run)
                    .expect("a run")
                    .map(|file| file.expect("a file").path()),
            );
        }
    }
    files.sort();
    let proofs = files.iter().filter(|file| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("proof-"))
    });
    let read = |file: &PathBuf| fs::read_to_string(file).expect("a proof");
    let parse = |text: String| serde_json::from_str(&text).expect("a proof");
    proofs.map(read).map(parse).collect()
}

/// Proofs of RV64IMAC, which nobody has recorded: every so many-th of the first steps of a guest that
/// reads pre-images.
pub(crate) fn proofs_of_imac(end: u64, every: usize) -> Vec<StepProof> {
    let elf = fs::read(repository("examples/guests/bin/claim.imac")).expect("a guest");
    let mut vm = load::<Imac>(&elf, &[]).expect("a program");
    let folder = repository("examples/guests/preimages");
    let mut host = Host {
        oracle: &mut Preimages {
            folder: &folder,
            inputs: &[],
        },
        console: &mut Silent,
    };
    let steps = (0..end).step_by(every);
    let proofs = steps.map(|step| {
        // There is no step to run up to the first.
        if step > vm.state.step {
            vm.run(step, false, &mut host).expect("steps");
        }
        vm.prove(&mut host).expect("a proof")
    });
    proofs.collect()
}

/// What upstream came to in the proofs that are kept of a guest's run.
pub(crate) fn recorded(guest: &str, vm: &str) -> Recorded {
    let run = repository(&format!("spec-tests/vectors/runs/{guest}.{vm}"));
    let proofs = fs::read_dir(run).into_iter().flatten();
    let proofs = proofs.map(|file| file.expect("a file").path());
    let proofs = proofs.filter(|file| file.to_string_lossy().contains("proof-"));
    let parse = |file: PathBuf| -> StepProof {
        let text = fs::read_to_string(&file).expect("a proof");
        serde_json::from_str(&text).expect("a proof")
    };
    let recorded = proofs.map(parse).map(|proof| (proof.step, proof.post));
    recorded.collect()
}

/// A proof through the Rust verifier and a contract; both have to come to the same.
pub(crate) fn run<I: Isa>(chain: &mut OnChain, proof: &StepProof) -> Result<Executed, Refused> {
    if let Some(key) = proof.oracle_key {
        let loaded = chain.load(Key(key), proof.oracle_offset, &mut Carried(proof));
        loaded.unwrap_or_else(|error| panic!("step {}: {error}", proof.step));
    }
    let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
    let verified = verify::<I>(&proof.state_data, &proof.proof_data, &mut part);
    let executed = chain
        .step(&proof.state_data, &proof.proof_data)
        .expect("the EVM");
    match (&verified, &executed) {
        (Ok(verified), Ok(executed)) => {
            assert_eq!(verified.post, executed.post, "step {}", proof.step);
        }
        (Err(_), Err(_)) => {}
        _ => panic!("step {}: {verified:?}, but {executed:?}", proof.step),
    }
    executed
}
