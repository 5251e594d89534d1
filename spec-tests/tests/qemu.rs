//! Guests under qemu's user mode, an implementation that shares nothing with ours: the same output
//! and exit code. Guests that read pre-images cannot run there.
//!
//! For the guests of `examples/guests` the expected output is that of `expected.json`, which the
//! conformance tests hold fpvm to; the others are run here. For RV64IMAC, which has no upstream, there
//! are random programs besides.

#[path = "qemu/random.rs"]
mod random;

use fpvm_core::elf::{Patch, Program, load};
use fpvm_core::oracle::NoOracle;
use fpvm_core::vm::{Event, Host};
use isa_mips::Mips32;
use isa_riscv::Rv64;
use isa_riscv::imac::Imac;
use serde::Deserialize;
use spec_tests::vectors::{example, json, path, read};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Run {
    vm: String,
    elf: String,
    preimages: Option<String>,
    exit_code: u8,
    stdout: String,
}

/// What a program prints and its exit code.
type Outcome = (Vec<u8>, i32);

/// Whether qemu is there; says so where not, past the test harness's capture.
fn installed(qemu: &str) -> bool {
    let found = Command::new(qemu)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if found.is_err() {
        let _ = writeln!(io::stderr(), "skipped: {qemu} is not installed");
    }
    found.is_ok()
}

/// Runs a guest under qemu, from a copy: qemu runs nothing that is not executable.
fn under_qemu(qemu: &str, elf: &Path) -> Outcome {
    bytes_under_qemu(qemu, &read(elf).unwrap())
}

fn bytes_under_qemu(qemu: &str, elf: &[u8]) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("guest");
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(&copy)
        .unwrap();
    file.write_all(elf).unwrap();
    drop(file);
    let output = Command::new(qemu).arg(&copy).output().unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{output:?}"));
    (output.stdout, code)
}

fn under_fpvm<I: Program>(elf: &[u8], patches: &[Patch]) -> Outcome {
    let mut vm = load::<I>(elf, patches).unwrap();
    let mut printed = Vec::new();
    let mut console = |stream: u8, bytes: &[u8]| {
        if stream == 1 {
            printed.extend_from_slice(bytes);
        }
    };
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut console,
    };
    assert_eq!(vm.run(u64::MAX, false, &mut host).unwrap(), Event::Exited);
    (printed, vm.state.exit_code().into())
}

fn assert_equal<I: Program>(qemu: &str, vm: &str, suffix: &str) {
    if !installed(qemu) {
        return;
    }
    for guest in ["hello.go122", "keccak.c", "primes.c"] {
        let elf = path("guests").join(format!("{guest}.{suffix}"));
        let ours = under_fpvm::<I>(&read(&elf).unwrap(), I::PATCHES);
        assert!(!ours.0.is_empty(), "{guest} prints something");
        assert_eq!(under_qemu(qemu, &elf), ours, "{guest}");
    }
    let runs: Vec<Run> = json(&path("guests/expected.json")).unwrap();
    let alone = runs
        .into_iter()
        .filter(|run| run.vm == vm && run.preimages.is_none());
    let compared = alone.map(|run| {
        let found = under_qemu(qemu, &example("bin").join(&run.elf));
        let expected = (run.stdout.into_bytes(), run.exit_code.into());
        assert_eq!(found, expected, "{}", run.elf);
    });
    assert_eq!(compared.count(), 7);
}

#[test]
fn mips_guests_do_as_under_qemu() {
    assert_equal::<Mips32>("qemu-mips", "mips32", "mips");
}

#[test]
fn riscv_guests_do_as_under_qemu() {
    assert_equal::<Rv64>("qemu-riscv64", "riscv64", "riscv64");
}

#[test]
fn random_imac_programs_do_as_under_qemu() {
    if !installed("qemu-riscv64") {
        return;
    }
    for seed in 1..=40 {
        let elf = random::program(seed);
        let ours = under_fpvm::<Imac>(&elf, &[]);
        assert_eq!(ours.0.len(), random::OUTPUT, "program {seed}");
        let theirs = bytes_under_qemu("qemu-riscv64", &elf);
        assert!(
            ours == theirs,
            "program {seed}: {}",
            random::difference(&ours.0, &theirs.0)
        );
    }
}

#[test]
fn imac_guests_do_as_under_qemu() {
    if !installed("qemu-riscv64") {
        return;
    }
    let elf = example("bin").join("bare.imac");
    let ours = under_fpvm::<Imac>(&read(&elf).unwrap(), &[]);
    assert!(!ours.0.is_empty(), "it prints something");
    assert_eq!(under_qemu("qemu-riscv64", &elf), ours);
}
