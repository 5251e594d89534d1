//! RISC-V alone: many proofs in one run, and upstream's riscv-tests.

use fpvm_core::formats::elf::{Program, load, load_segments};
use fpvm_core::keccak::keccak256;
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::verify;
use fpvm_e2e::{Tool, skip};
use fpvm_isa_riscv::Rv64;
use rayon::prelude::*;
use spec_tests::vectors::{path, read};
use std::env;
use std::io::{self, Write as _};
use std::path::Path;

fn silent() -> (NoOracle, Silent) {
    (NoOracle, Silent)
}

fn hello() -> Vm<Rv64> {
    let elf = read(&path("guests/hello.go122.riscv64")).unwrap();
    load::<Rv64>(&elf, Rv64::PATCHES).unwrap()
}

fn post(proof: &StepProof) -> [u8; 32] {
    let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
    verify::<Rv64>(&proof.state_data, &proof.proof_data, &mut part)
        .unwrap()
        .post
}

/// Upstream's roots go wrong where it has taken one before: its proofs are good only one a process.
/// Ours are the same however many there are, and so is the last state.
#[test]
fn many_proofs_in_one_run_equal_one_proof_a_run() {
    let (mut oracle, mut console) = silent();
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut console,
    };
    let mut vm = hello();
    let mut proofs = Vec::new();
    while vm
        .run(1009 * proofs.len() as u64, false, &mut host)
        .unwrap()
        == Event::Reached
    {
        proofs.push(vm.prove(&mut host).unwrap());
    }
    assert_eq!(proofs.len(), 218);
    let last = vm.state_root();

    proofs.par_iter().for_each(|proof| {
        let (mut oracle, mut console) = silent();
        let mut host = Host {
            oracle: &mut oracle,
            console: &mut console,
        };
        let mut vm = hello();
        vm.run(proof.step, false, &mut host).unwrap();
        assert!(
            vm.prove(&mut host).unwrap() == *proof,
            "step {}",
            proof.step
        );
        assert_eq!(post(proof), proof.post, "step {}", proof.step);
    });

    let mut undisturbed = hello();
    undisturbed.run(u64::MAX, false, &mut host).unwrap();
    assert_eq!(undisturbed.state_root(), last);
}

/// Consecutive proofs chain, through loads and stores in the pages that were proved just before.
#[test]
fn consecutive_proofs_chain() {
    let (mut oracle, mut console) = silent();
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut console,
    };
    let mut vm = hello();
    vm.run(100_000, false, &mut host).unwrap();
    let mut hash = vm.state_root();
    for _ in 0..3000 {
        let proof = vm.prove(&mut host).unwrap();
        assert_eq!(proof.pre, hash, "step {}", proof.step);
        assert_eq!(post(&proof), proof.post, "step {}", proof.step);
        hash = proof.post;
    }
    let mut undisturbed = hello();
    undisturbed.run(103_000, false, &mut host).unwrap();
    assert_eq!(undisturbed.state_root(), hash);
}

/// A directory with upstream's riscv-tests programs, which are not part of this repository.
const RISCV_TESTS: &str = "FPVM_RISCV_TESTS";

/// Runs one program, proving and verifying every step; gives the columns of `riscv-tests.txt`.
fn run(elf: &[u8]) -> Result<String, VmError> {
    let (mut oracle, mut console) = silent();
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut console,
    };
    let mut vm = load_segments::<Rv64>(elf).unwrap();
    let first = vm.state_root();
    let (mut hashes, mut branches) = (first.to_vec(), Vec::new());
    while !vm.state.exited() && vm.state.step < 100_000 {
        let proof = vm.prove(&mut host)?;
        assert_eq!(post(&proof), proof.post, "step {}", proof.step);
        hashes.extend(proof.post);
        branches.extend(proof.proof_data);
    }
    let (last, hex) = (vm.state_root(), |bytes: &[u8]| const_hex::encode(bytes));
    Ok(format!(
        "{} {} {} {} {} {} {} {}",
        vm.state.step,
        vm.state.exited(),
        vm.state.exit_code(),
        hex(&first),
        hex(&last),
        hex(&keccak256(&hashes)),
        hex(&keccak256(&branches)),
        branches.len() / (60 * 32),
    ))
}

/// Prints past the test harness's capture.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The programs are loaded without stack and patches, as upstream's own test does.
#[test]
fn riscv_tests_pass() {
    let Some(dir) = env::var_os(RISCV_TESTS) else {
        skip(
            Tool::RiscvTests,
            &format!("{RISCV_TESTS} is not set to a directory of riscv-tests programs"),
        );
        return;
    };
    let known = String::from_utf8(read(&path("riscv-tests.txt")).unwrap()).unwrap();
    let known: Vec<&str> = known
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(known.len(), 84);
    let row = |line: &&str| {
        let (name, rest) = line.split_once(' ').unwrap();
        let expected = rest.strip_suffix(" -").unwrap();
        let found = match read(&Path::new(&dir).join(name)) {
            Ok(elf) => run(&elf).unwrap_or_else(|error| error.to_string()),
            Err(error) => error.to_string(),
        };
        let passed = found == expected;
        let first = found.split(' ').next().unwrap_or_default();
        let table = if passed {
            format!("{name:<24}{first:>8} steps  pass")
        } else {
            format!("{name:<24} FAIL\n  expected {expected}\n  found    {found}")
        };
        (passed, table)
    };
    let rows: Vec<(bool, String)> = known.par_iter().map(row).collect();
    let passed = rows.iter().filter(|(passed, _)| *passed).count();
    let table: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
    say(&format!(
        "{}\n{passed} of {} pass",
        table.join("\n"),
        rows.len()
    ));
    assert_eq!(passed, rows.len(), "the table above names those that fail");
}
