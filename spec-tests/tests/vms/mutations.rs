//! Proofs with a bit changed. One proof for each instruction and system call that upstream's proofs
//! have, and for each number of branches that it uses.
//!
//! Whoever checks a proof knows the hashes before and after. So a proof is accepted where its packed
//! state hashes to the one, and the step, re-executed over its branches and its part of a pre-image,
//! leads to the other.

use fpvm_core::definition::decode::decode;
use fpvm_core::definition::isa::{Isa, Op, ProofShape};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::{State, state_hash};
use fpvm_core::definition::word::Word;
use fpvm_core::machine::memory::{LEAF_SIZE, branch_len};
use fpvm_core::step::oracle::PreimagePart;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{Verified, VerifyError, verify};
use fpvm_isa_mips::Mips32;
use fpvm_isa_riscv::Rv64;
use rayon::prelude::*;
use spec_tests::vectors::{json, path, steps};
use std::collections::BTreeMap;
use std::fs;

/// A proof and what it shows.
struct Sample<I: Isa> {
    name: String,
    proof: StepProof,
    verified: Verified<I>,
    /// The part of a pre-image that the step reads, and how many bytes of it.
    part: Option<(PreimagePart, usize)>,
}

fn check<I: Isa>(proof: &StepProof) -> Result<Verified<I>, VerifyError> {
    let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
    verify(&proof.state_data, &proof.proof_data, &mut part)
}

fn accepted<I: Isa>(proof: &StepProof) -> bool {
    let Ok((state, _)) = State::<I>::from_witness(&proof.state_data) else {
        return false;
    };
    let pre = state_hash(state.status(), &proof.state_data);
    pre == proof.pre && check::<I>(proof).is_ok_and(|verified| verified.post == proof.post)
}

/// The proofs kept of whole runs that read pre-images: steps of Go programs alone have few.
fn reads(vm: &str) -> Vec<StepProof> {
    let dir = path(&format!("runs/preimage.go122.{vm}"));
    let files = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let proofs = files.filter(|file| file.to_str().unwrap().contains("proof-"));
    let mut proofs: Vec<StepProof> = proofs.map(|file| json(&file).unwrap()).collect();
    proofs.retain(|proof| proof.oracle_key.is_some());
    assert_eq!(proofs.len(), 2, "a local and a keccak256 read");
    proofs
}

fn samples<I: Isa>(vm: &str, call: Cell) -> Vec<Sample<I>> {
    let mut found = BTreeMap::new();
    for proof in [reads(vm), steps(vm).unwrap()].concat() {
        let verified = check::<I>(&proof).unwrap();
        assert!(accepted::<I>(&proof), "{vm}, step {}", proof.step);
        let row = I::TABLE
            .get(decode::<I>(verified.step.insn().unwrap()).index())
            .unwrap();
        let mut name = format!("{} with {} branches", row.name, 1 + verified.data.len());
        if matches!(row.name, "syscall" | "ecall") {
            name = format!("{name}, call {}", verified.before.get(call).zext());
        }
        let offset = |state: &State<I>| state.get(I::PREIMAGE_OFFSET).zext();
        let part = proof.oracle_key.map(|key| {
            name += ", with pre-image";
            let part = proof.part(&key, offset(&verified.before)).unwrap().unwrap();
            (
                part,
                (offset(&verified.after) - offset(&verified.before)) as usize,
            )
        });
        let sample = Sample {
            name: name.clone(),
            proof,
            verified,
            part,
        };
        found.entry(name).or_insert(sample);
    }
    found.into_values().collect()
}

fn mips() -> Vec<Sample<Mips32>> {
    let samples = samples("mips32", Cell(2));
    assert!(samples.len() >= 39, "{}", samples.len());
    samples
}

fn riscv() -> Vec<Sample<Rv64>> {
    let samples = samples("riscv64", Cell(17));
    assert!(samples.len() >= 39, "{}", samples.len());
    samples
}

/// Calls with each bit of a range flipped in turn.
fn each_bit(
    bytes: &mut StepProof,
    of: fn(&mut StepProof) -> &mut [u8],
    mut then: impl FnMut(&StepProof, usize),
) {
    for bit in 0..8 * of(bytes).len() {
        of(bytes)[bit / 8] ^= 1 << (bit % 8);
        then(bytes, bit);
        of(bytes)[bit / 8] ^= 1 << (bit % 8);
    }
}

fn for_all<I: Isa>(samples: Vec<Sample<I>>, check: impl Fn(&Sample<I>) + Sync + Send) {
    samples.par_iter().for_each(check);
}

fn no_bit_of_the_state_is_free<I: Isa>(samples: Vec<Sample<I>>) {
    for_all(samples, |sample| {
        let mut same_post = 0;
        each_bit(
            &mut sample.proof.clone(),
            |proof| &mut proof.state_data,
            |proof, bit| {
                assert!(
                    !accepted::<I>(proof),
                    "{}: bit {bit} of the state",
                    sample.name
                );
                same_post += usize::from(check::<I>(proof).is_ok_and(|v| v.post == proof.post));
            },
        );
        // Without a look at the state before, only what the step overwrites can hide a change: at
        // most the program counter's, three cells, and a pre-image key that is replaced.
        let most = 4 * I::Word::BITS as usize + 256;
        assert!(
            same_post <= most,
            "{}: {same_post} bits do not show",
            sample.name
        );
    });
}

fn no_bit_of_used_branches_is_free<I: Isa>(samples: Vec<Sample<I>>) {
    let branch = branch_len(I::Word::BITS);
    for_all(samples, |sample| {
        let used = (1 + sample.verified.data.len()) * branch;
        let mut proof = sample.proof.clone();
        for bit in 0..8 * used {
            proof.proof_data[bit / 8] ^= 1 << (bit % 8);
            let refused = matches!(check::<I>(&proof), Err(VerifyError::BadBranch { branch: b, .. }) if b == bit / 8 / branch);
            assert!(refused, "{}: bit {bit} of the branches", sample.name);
            proof.proof_data[bit / 8] ^= 1 << (bit % 8);
        }
    });
}

fn unused_branches_do_not_matter<I: Isa>(samples: Vec<Sample<I>>) {
    let branch = branch_len(I::Word::BITS);
    for_all(samples, |sample| {
        let used = (1 + sample.verified.data.len()) * branch;
        let mut proof = sample.proof.clone();
        for at in used..proof.proof_data.len() {
            proof.proof_data[at] ^= 1 << (at % 8);
            assert!(accepted::<I>(&proof), "{}: byte {at}", sample.name);
        }
        proof.proof_data[used..].fill(0xff);
        assert!(accepted::<I>(&proof), "{}", sample.name);
    });
}

fn no_bit_of_the_part_that_is_read_is_free<I: Isa>(samples: Vec<Sample<I>>) {
    let with_parts = |samples: Vec<Sample<I>>| -> Vec<Sample<I>> {
        samples
            .into_iter()
            .filter(|sample| sample.part.is_some())
            .collect()
    };
    let samples = with_parts(samples);
    assert!(!samples.is_empty());
    for_all(samples, |sample| {
        let Some((part, read)) = sample.part else {
            return;
        };
        let proof = &sample.proof;
        let post = |part: Option<Option<PreimagePart>>| {
            verify::<I>(&proof.state_data, &proof.proof_data, &mut |_, _| part).map(|v| v.post)
        };
        assert_eq!(post(Some(Some(part))), Ok(proof.post), "{}", sample.name);
        for bit in 0..8 * LEAF_SIZE {
            let mut other = part;
            other.bytes[bit / 8] ^= 1 << (bit % 8);
            let same = post(Some(Some(other))) == Ok(proof.post);
            assert_eq!(
                same,
                bit / 8 >= read,
                "{}: bit {bit} of the part",
                sample.name
            );
        }
        for len in 1..=part.len {
            let same = post(Some(Some(PreimagePart { len, ..part }))) == Ok(proof.post);
            assert_eq!(same, len >= read, "{}: {len} bytes", sample.name);
        }
        let missing = post(None).unwrap_err();
        assert!(
            matches!(missing, VerifyError::MissingPreimage { .. }),
            "{missing}"
        );
        assert!(
            matches!(post(Some(None)), Err(VerifyError::Fault(_))),
            "past the end"
        );
    });
}

/// What the proof file says of its pre-image: another key, or a length that is not the value's.
fn no_other_preimage_is_taken<I: Isa>(samples: Vec<Sample<I>>) {
    for_all(samples, |sample| {
        if sample.part.is_none() {
            return;
        }
        each_bit(
            &mut sample.proof.clone(),
            |proof| proof.oracle_key.as_mut().unwrap(),
            |proof, bit| {
                assert!(
                    !accepted::<I>(proof),
                    "{}: bit {bit} of the key",
                    sample.name
                );
            },
        );
        let mut proof = sample.proof.clone();
        for bit in 0..64 {
            let flip = |proof: &mut StepProof| {
                proof.oracle_value.as_mut().unwrap()[bit / 8] ^= 1 << (bit % 8);
            };
            flip(&mut proof);
            assert!(
                !accepted::<I>(&proof),
                "{}: bit {bit} of the length",
                sample.name
            );
            flip(&mut proof);
        }
        proof.oracle_value = None;
        assert!(!accepted::<I>(&proof), "{}", sample.name);
    });
}

fn no_bit_of_the_hashes_is_free<I: Isa>(samples: Vec<Sample<I>>) {
    for_all(samples, |sample| {
        let mut proof = sample.proof.clone();
        each_bit(
            &mut proof,
            |proof| &mut proof.pre,
            |proof, bit| {
                assert!(!accepted::<I>(proof), "{}: bit {bit} of pre", sample.name);
            },
        );
        each_bit(
            &mut proof,
            |proof| &mut proof.post,
            |proof, bit| {
                assert!(!accepted::<I>(proof), "{}: bit {bit} of post", sample.name);
            },
        );
    });
}

fn lengths_are_checked<I: Isa>(samples: Vec<Sample<I>>) {
    let branch = branch_len(I::Word::BITS);
    for_all(samples, |sample| {
        let Sample { name, proof, .. } = sample;
        let used = (1 + sample.verified.data.len()) * branch;
        let with_len = |len: usize| {
            let mut proof = proof.clone();
            proof.proof_data.resize(len, 0);
            proof
        };
        for len in (0..used).step_by(LEAF_SIZE).chain([1, used - 1]) {
            assert!(!accepted::<I>(&with_len(len)), "{name}: cut to {len} bytes");
        }
        let len = proof.proof_data.len();
        for longer in [
            len + 1,
            len + 31,
            len + 32,
            len + branch - 1,
            len + branch + 1,
        ] {
            assert!(!accepted::<I>(&with_len(longer)), "{name}: {longer} bytes");
        }
        // A whole branch too many is never looked at, where the number is not fixed.
        let fixed = matches!(I::PROOF, ProofShape::Fixed(_));
        assert_eq!(accepted::<I>(&with_len(len + branch)), !fixed, "{name}");

        let mut state = proof.clone();
        for len in [0, 1, proof.state_data.len() - 1, proof.state_data.len() + 1] {
            state.state_data.resize(len, 0);
            let refused = check::<I>(&state);
            assert!(
                matches!(refused, Err(VerifyError::Witness(_))),
                "{name}: {len}"
            );
        }
    });
}

macro_rules! mutations {
    ($($name:ident)*) => {
        mod mips32 {
            $(#[test] fn $name() { super::$name(super::mips()); })*
        }

        mod riscv64 {
            $(#[test] fn $name() { super::$name(super::riscv()); })*
        }
    };
}

mutations! {
    no_bit_of_the_state_is_free
    no_bit_of_used_branches_is_free
    unused_branches_do_not_matter
    no_bit_of_the_part_that_is_read_is_free
    no_other_preimage_is_taken
    no_bit_of_the_hashes_is_free
    lengths_are_checked
}
