//! Single steps as upstream's Cannon executed them, in each state version: random instructions, system
//! calls and changes of threads on edge operands. The step is run on a machine and on its proof.

#[path = "common/case.rs"]
mod case;

use case::{Case, cases};
use fpvm_core::machine::vm::{Host, VmError};
use fpvm_core::step::oracle::{Oracle, OracleError, PreimagePart, Silent};
use fpvm_core::step::verify::{VerifyError, verify};
use fpvm_isa_mips64::Mips64;
use std::sync::Arc;

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

fn hex(bytes: impl AsRef<[u8]>) -> String {
    const_hex::encode_prefixed(bytes)
}

/// Which of our faults an error of upstream's is.
fn fault(error: &str) -> &'static str {
    let known = [
        ("unaligned instruction fetch", "instruction address not"),
        ("invalid pc", "instruction address not"),
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
fn check<const VERSION: u8>(number: usize, case: &Case) -> Option<String> {
    let mut vm = case.vm::<VERSION>();
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
            let verified =
                verify::<Mips64<VERSION>>(&proof.state_data, &proof.proof_data, &mut part);
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

fn equal_upstream<const VERSION: u8>() {
    let mut faults: Vec<String> = Vec::new();
    let mut count = 0;
    for (number, case) in cases(VERSION).enumerate() {
        faults.extend(check::<VERSION>(number, &case));
        count += 1;
    }
    faults.sort();
    faults.dedup();
    assert!(count >= 1000, "{count}");
    assert_eq!(faults.len(), 8, "{faults:?}");
}

#[test]
fn random_steps_of_version_8_equal_upstream() {
    equal_upstream::<8>();
}

#[test]
fn random_steps_of_version_7_equal_upstream() {
    equal_upstream::<7>();
}

#[test]
fn random_steps_of_version_6_equal_upstream() {
    equal_upstream::<6>();
}

/// A part of a pre-image that is asked for has to be there.
#[test]
fn a_missing_preimage_is_named() {
    let reads = |case: &Case| case.preimage.is_some() && case.error.is_none();
    let mut found = 0;
    for case in cases(8).filter(reads) {
        let mut vm = case.vm::<8>();
        let mut host = Host {
            oracle: &mut One(case.preimage()),
            console: &mut Silent,
        };
        let proof = vm.prove(&mut host).unwrap();
        if proof.oracle_key.is_none() {
            continue;
        }
        let mut none = |_: &[u8; 32], _| None::<Option<PreimagePart>>;
        let refused = verify::<Mips64<8>>(&proof.state_data, &proof.proof_data, &mut none);
        assert!(matches!(refused, Err(VerifyError::MissingPreimage { .. })));
        found += 1;
    }
    assert!(found > 0);
}
