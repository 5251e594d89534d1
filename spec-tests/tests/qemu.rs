//! Guests under qemu's user mode, an implementation that shares nothing with ours: the same output
//! and exit code. Guests that read pre-images cannot run there.
//!
//! For the guests of `examples/guests` the expected output is that of `expected.json`, which the
//! conformance tests hold fpvm to; the others are run here.

use fpvm_core::elf::{Program, load};
use fpvm_core::oracle::NoOracle;
use fpvm_core::vm::{Event, Host};
use isa_mips::Mips32;
use isa_riscv::Rv64;
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
type Outcome = (String, i32);

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
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("guest");
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(&copy)
        .unwrap();
    file.write_all(&read(elf).unwrap()).unwrap();
    drop(file);
    let output = Command::new(qemu).arg(&copy).output().unwrap();
    let code = output
        .status
        .code()
        .unwrap_or_else(|| panic!("{}: {output:?}", elf.display()));
    (String::from_utf8(output.stdout).unwrap(), code)
}

fn under_fpvm<I: Program>(elf: &Path) -> Outcome {
    let mut vm = load::<I>(&read(elf).unwrap(), I::PATCHES).unwrap();
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
    (
        String::from_utf8(printed).unwrap(),
        vm.state.exit_code().into(),
    )
}

fn assert_equal<I: Program>(qemu: &str, vm: &str, suffix: &str) {
    if !installed(qemu) {
        return;
    }
    for guest in ["hello.go122", "keccak.c", "primes.c"] {
        let elf = path("guests").join(format!("{guest}.{suffix}"));
        let ours = under_fpvm::<I>(&elf);
        assert!(!ours.0.is_empty(), "{guest} prints something");
        assert_eq!(under_qemu(qemu, &elf), ours, "{guest}");
    }
    let runs: Vec<Run> = json(&path("guests/expected.json")).unwrap();
    let alone = runs
        .into_iter()
        .filter(|run| run.vm == vm && run.preimages.is_none());
    let compared = alone.map(|run| {
        let found = under_qemu(qemu, &example("bin").join(&run.elf));
        assert_eq!(found, (run.stdout, run.exit_code.into()), "{}", run.elf);
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
