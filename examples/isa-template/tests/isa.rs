//! The instruction set conforms, and a program of it is run, proved, verified, and judged by its contract.

use fpvm_contracts::compile::Compiler;
use fpvm_contracts::emit::{Contract, FaultStyle};
use fpvm_contracts::harness::Harness;
use fpvm_core::definition::operand::Cell;
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_core::step::verify::verify;
use fpvm_core::{Host, PagedMemory, State, Vm};
use my_isa::MyIsa;
use std::path::{Path, PathBuf};

/// Counts r2 down from 5 and exits with it; keeps the count in memory.
const PROGRAM: [u32; 8] = [
    0x0120_0005, // addi r2, r0, 5
    0x0320_0100, // sw r2, 256(r0)
    0x0220_0100, // lw r2, 256(r0)
    0x0122_ffff, // addi r2, r2, -1
    0x0320_0100, // sw r2, 256(r0)
    0x0402_fffd, // bne r0, r2, -3
    0x0110_0001, // addi r1, r0, 1
    0x0500_0000, // sys
];

fn machine() -> Vm<MyIsa> {
    let mut memory = PagedMemory::new().unwrap();
    let code: Vec<u8> = PROGRAM.iter().flat_map(|word| word.to_le_bytes()).collect();
    memory.write_slice(0, &code).unwrap();
    Vm::new(State::default(), memory)
}

#[test]
fn it_conforms() {
    println!("{}", fpvm_lint::conformance::<MyIsa>().unwrap());
}

#[test]
fn every_step_of_a_program_is_proved_and_verified() {
    let (mut oracle, mut console) = (NoOracle, Silent);
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut console,
    };
    let mut vm = machine();
    while !vm.state.exited() {
        let proof = vm.prove(&mut host).unwrap();
        let verified =
            verify::<MyIsa>(&proof.state_data, &proof.proof_data, &mut |_, _| None).unwrap();
        assert_eq!(verified.post, proof.post);
    }
    assert_eq!((vm.state.step, vm.state.exit_code()), (24, 0));
    assert_eq!(vm.state.get(Cell(2)), 0);
}

/// The contract is printed to `target/`; where there is a Solidity compiler, it is compiled, and comes to
/// the same as the interpreter and the verifier at each step. `SOLC` names the compiler: the program, or the
/// folder of the npm package.
#[test]
fn the_contract_agrees() {
    let contract = Contract {
        name: "FpvmMyIsa",
        version: "1.0.0",
        definitions: "my-isa",
        faults: FaultStyle::Errors,
        bad_branch: 0,
    };
    let source = contract.source::<MyIsa>();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("FpvmMyIsa.sol"), &source).unwrap();

    let path = std::env::var_os("SOLC").map(PathBuf::from);
    let compiler = match Compiler::find(path.as_deref()) {
        Ok(compiler) => compiler,
        Err(error) if path.is_none() => return eprintln!("not compiled: {error}"),
        Err(error) => panic!("{error}"),
    };
    let artifact = compiler.compile(contract.name, &source).unwrap();
    std::fs::write(folder.join("FpvmMyIsa.json"), &artifact).unwrap();
    let mut harness = Harness::new::<MyIsa>(&artifact, None).unwrap();
    let (mut oracle, mut console) = (NoOracle, Silent);
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut console,
    };
    let mut vm = machine();
    while !vm.state.exited() {
        let agreed = harness.step(&mut vm, &mut host).unwrap();
        assert!(agreed.is_some(), "step {} faults", vm.state.step);
    }
    assert_eq!(vm.state.exit_code(), 0);
}
