//! The toy ISA runs, proves and verifies, with nothing of its own but its definition.

use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::guest::Guest as _;
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::oracle::{NoOracle, Oracle, OracleError, PreimagePart, Silent};
use fpvm_core::step::verify::{VerifyError, verify};
use std::sync::Arc;
use toy_isa::{Op, Toy, asm};

struct Local(u32);

impl Oracle for Local {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        assert_eq!((key[0], key[31]), (1, 7), "the key of local pre-image 7");
        Ok(self.0.to_le_bytes().into())
    }
}

fn machine(words: &[u32]) -> Vm<Toy> {
    Toy::load(&asm::program(words), &[]).unwrap()
}

#[test]
fn sums_what_the_oracle_says() {
    let mut printed = Vec::new();
    let mut console = |stream: u8, bytes: &[u8]| printed.push((stream, bytes.to_vec()));
    let mut vm = machine(&asm::sum(7));
    let mut host = Host {
        oracle: &mut Local(1000),
        console: &mut console,
    };
    assert_eq!(vm.run(u64::MAX, false, &mut host).unwrap(), Event::Exited);
    assert_eq!(vm.state.exit_code(), 0);
    assert_eq!(printed, [(1, 500_500u32.to_le_bytes().to_vec())]);
}

#[test]
fn every_step_proves_and_verifies() {
    let mut vm = machine(&asm::sum(7));
    let mut host = Host {
        oracle: &mut Local(20),
        console: &mut Silent,
    };
    let mut hash = vm.state_root();
    while !vm.state.exited() {
        let proof = vm.prove(&mut host).unwrap();
        assert_eq!(proof.pre, hash, "step {}", proof.step);
        let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
        let verified = verify::<Toy>(&proof.state_data, &proof.proof_data, &mut part).unwrap();
        assert_eq!(verified.post, proof.post, "step {}", proof.step);
        hash = proof.post;

        // One bit of the instruction's branch changed: no longer a proof.
        let mut bad = proof.proof_data.clone();
        bad[40] ^= 1;
        let refused = verify::<Toy>(&proof.state_data, &bad, &mut part);
        assert!(matches!(refused, Err(VerifyError::BadBranch { .. })));
    }
    assert_eq!(hash[0], 0, "a program that exits with 0 ends valid");
}

#[test]
fn faults_are_results_that_leave_the_state() {
    let bad = asm::word(Op::lw, 1, 0, 2);
    let mut vm = machine(&[asm::word(Op::addi, 1, 0, 5), bad]);
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    let error = vm.run(u64::MAX, false, &mut host).unwrap_err();
    let VmError::Fault(fault) = &error else {
        panic!("{error}")
    };
    assert_eq!((fault.step, fault.pc, fault.insn), (1, 4, bad));
    assert!(error.to_string().contains("lw      r1, 2(r0)"), "{error}");
    assert_eq!((vm.state.step, vm.state.pc()), (1, 4));
}

#[test]
fn a_missing_preimage_is_not_made_up() {
    let mut vm = machine(&asm::sum(7));
    let mut host = Host {
        oracle: &mut Local(20),
        console: &mut Silent,
    };
    // The second read gets the low half of the length prefix.
    let mut proof = vm.prove(&mut host).unwrap();
    while proof.oracle_offset != 4 {
        proof = vm.prove(&mut host).unwrap();
    }
    let verdict = verify::<Toy>(&proof.state_data, &proof.proof_data, &mut |_, _| None);
    assert!(matches!(verdict, Err(VerifyError::MissingPreimage { .. })));
    let other = &mut |_: &[u8; 32], offset| Some(PreimagePart::of(b"another value", offset));
    let verdict = verify::<Toy>(&proof.state_data, &proof.proof_data, other).unwrap();
    assert_ne!(verdict.post, proof.post);
}

#[test]
fn the_table_is_whole() {
    for (row, op) in Toy::TABLE
        .iter()
        .zip(<Op as fpvm_core::definition::isa::Op>::ALL)
    {
        assert_eq!(row.value & !row.mask, 0, "{}", row.name);
        assert_eq!(
            fpvm_core::definition::decode::decode::<Toy>(row.value),
            *op,
            "{}",
            row.name
        );
    }
}

#[test]
fn the_bundled_program_is_the_assembled_one() {
    let bundled = include_bytes!("../guests/sum.toy");
    assert_eq!(bundled, asm::program(&asm::sum(7)).as_slice());
}
