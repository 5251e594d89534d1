//! Proofs that upstream's Asterisc made of steps of real programs, through the stateless verifier.

use flate2::read::GzDecoder;
use fpvm_core::definition::decode::decode;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::state::{State, state_hash};
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{Step, Verified, VerifyError, verify};
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::table::Op;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Bytes of a branch: a leaf and its 59 siblings.
const BRANCH: usize = 60 * 32;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec-tests/vectors")
}

/// Up to three proofs for each instruction and system call that occurred in Go programs.
fn steps() -> Vec<StepProof> {
    let file = File::open(vectors().join("steps/riscv64.jsonl.gz")).unwrap();
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

/// The proofs kept of whole runs.
fn runs() -> Vec<StepProof> {
    let entries = |path: PathBuf| {
        fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let is = |path: &Path, part: &str| path.file_name().unwrap().to_str().unwrap().contains(part);
    let guests = entries(vectors().join("runs")).filter(|path| is(path, ".riscv64"));
    let proofs = guests.flat_map(entries).filter(|path| is(path, "proof-"));
    proofs
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect()
}

fn check(proof: &StepProof) -> Result<Verified<Rv64>, VerifyError> {
    let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
    verify(&proof.state_data, &proof.proof_data, &mut part)
}

fn assert_equals_upstream(proof: &StepProof) -> Op {
    let verified = check(proof).unwrap_or_else(|error| panic!("step {}: {error}", proof.step));
    let op = decode::<Rv64>(verified.step.insn().expect("a step before the end"));
    let pre = state_hash(verified.before.status(), &proof.state_data);
    assert_eq!(
        pre, proof.pre,
        "step {} ({op:?}): pre-state hash",
        proof.step
    );
    assert_eq!(verified.before.step, proof.step);
    assert_eq!(
        verified.post, proof.post,
        "step {} ({op:?}): post-state hash",
        proof.step
    );
    let branches = 1 + verified.data.len();
    assert_eq!(
        branches * BRANCH,
        proof.proof_data.len(),
        "step {} ({op:?})",
        proof.step
    );
    op
}

#[test]
fn steps_of_go_programs_equal_upstream() {
    let mut seen = BTreeMap::<String, usize>::new();
    for proof in steps() {
        let op = assert_equals_upstream(&proof);
        *seen.entry(format!("{op:?}")).or_default() += 1;
    }
    assert_eq!(seen.values().sum::<usize>(), 151);
    for op in [
        "ecall", "lr_w", "sc_d", "amoadd_w", "sd", "lwu", "ret", "fence",
    ] {
        assert!(seen.contains_key(op), "no {op} among {seen:?}");
    }
}

#[test]
fn proofs_of_runs_equal_upstream() {
    let proofs = runs();
    assert_eq!(proofs.len(), 26);
    let reads = proofs.iter().filter(|proof| {
        assert_equals_upstream(proof);
        proof.oracle_key.is_some()
    });
    assert_eq!(reads.count(), 2, "a local and a keccak read");
}

/// Every byte of a branch counts: one bit changed anywhere, and it leads to another root.
#[test]
fn mutated_proofs_are_refused() {
    for proof in steps() {
        let mut mutated = proof.clone();
        for at in (proof.step as usize % 7..proof.proof_data.len()).step_by(61) {
            mutated.proof_data[at] ^= 1 << (at % 8);
            let refused = check(&mutated);
            assert!(
                matches!(refused, Err(VerifyError::BadBranch { .. })),
                "step {}, byte {at}: {refused:?}",
                proof.step
            );
            mutated.proof_data[at] = proof.proof_data[at];
        }
        mutated.proof_data.truncate(proof.proof_data.len() - BRANCH);
        let refused = check(&mutated);
        assert!(
            matches!(refused, Err(VerifyError::MissingBranch { .. })),
            "{refused:?}"
        );
    }
}

/// An exited state stays as it is, step counter included, and needs no branch.
#[test]
fn nothing_follows_the_end() {
    let mut state = State::<Rv64>::default();
    state.set(Rv64::EXITED, 1);
    state.set(Rv64::EXIT_CODE, 3);
    let witness = state.witness(&[7; 32]);
    let verified = verify::<Rv64>(&witness, &[], &mut |_, _| None).unwrap();
    assert_eq!(verified.post, state_hash(2, &witness));
    assert_eq!(verified.post[0], 2, "any exit code but 0 and 1 is a panic");
    assert_eq!((verified.step, verified.after.step), (Step::Exited, 0));
}
