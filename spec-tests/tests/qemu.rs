//! Guests under qemu's user mode, an implementation that shares nothing with ours: the same output
//! and exit code.
//!
//! For the guests of `examples/guests` the expected output is that of `expected.json`, which the
//! conformance tests hold fpvm to; the others are run here. For RV64IMAC, which has no upstream, there
//! are random programs besides.

#[path = "qemu/random.rs"]
mod random;

use fpvm_core::formats::elf::{Patch, Program, load};
use fpvm_core::machine::vm::{Event, Host};
use fpvm_core::step::oracle::{NoOracle, Oracle};
use fpvm_e2e::{Tool, skip};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_oracle::wire::Limits;
use fpvm_oracle::{HostEnds, serve};
use serde::Deserialize;
use spec_tests::vectors::{Folder, example, json, path, read};
use std::fs::File;
use std::io::Write as _;

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

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
        skip(Tool::Qemu, &format!("{qemu} is not installed"));
    }
    found.is_ok()
}

/// Runs a guest under qemu, from a copy: qemu runs nothing that is not executable.
fn under_qemu(qemu: &str, elf: &Path) -> Outcome {
    bytes_under_qemu(qemu, &read(elf).unwrap())
}

fn bytes_under_qemu(qemu: &str, elf: &[u8]) -> Outcome {
    let dir = executable(elf);
    let ran = Command::new(qemu).arg(dir.path().join(GUEST)).output();
    outcome(ran.unwrap())
}

/// The same with files 3 to 6, at whose other ends is a folder of pre-images.
fn served_under_qemu(qemu: &str, elf: &[u8], preimages: &mut Folder) -> Outcome {
    let dir = executable(elf);
    let pipes = ["acks", "hints", "preimages", "keys"];
    let made = Command::new("mkfifo")
        .args(pipes)
        .current_dir(&dir)
        .status();
    assert!(made.unwrap().success());
    let guest = Command::new("sh")
        .args(["-c", r#"exec "$0" "$1" 3<acks 4>hints 5<preimages 6>keys"#])
        .args([qemu, GUEST])
        .current_dir(&dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // A pipe opens when both ends are asked for: in the shell's order.
    let [acks, hints, preimages_end, keys] = pipes.map(|name| {
        let writes = ["acks", "preimages"].contains(&name);
        let mut options = File::options();
        let pipe = options.read(!writes).write(writes);
        pipe.open(dir.path().join(name)).unwrap()
    });
    let ends = HostEnds {
        hints,
        acks,
        keys,
        preimages: preimages_end,
    };
    serve(preimages, ends, &Limits::default()).unwrap();
    outcome(guest.wait_with_output().unwrap())
}

/// The name of a guest in its folder.
const GUEST: &str = "guest";

/// A folder with a guest that may be run.
fn executable(elf: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(dir.path().join(GUEST))
        .unwrap();
    file.write_all(elf).unwrap();
    dir
}

fn outcome(output: Output) -> Outcome {
    let code = output.status.code().unwrap_or_else(|| panic!("{output:?}"));
    (output.stdout, code)
}

fn under_fpvm<I: Program>(elf: &[u8], patches: &[Patch], oracle: &mut dyn Oracle) -> Outcome {
    let mut vm = load::<I>(elf, patches).unwrap();
    let mut printed = Vec::new();
    let mut console = |stream: u8, bytes: &[u8]| {
        if stream == 1 {
            printed.extend_from_slice(bytes);
        }
    };
    let mut host = Host {
        oracle,
        console: &mut console,
    };
    assert_eq!(vm.run(u64::MAX, false, &mut host).unwrap(), Event::Exited);
    (printed, vm.state.exit_code().into())
}

fn assert_equal<I: Program>(qemu: &str, vm: &str, suffix: &str, examples: usize) {
    if !installed(qemu) {
        return;
    }
    for guest in ["hello.go122", "keccak.c", "primes.c"] {
        let elf = path("guests").join(format!("{guest}.{suffix}"));
        let ours = under_fpvm::<I>(&read(&elf).unwrap(), I::PATCHES, &mut NoOracle);
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
    assert_eq!(compared.count(), examples);
}

#[test]
fn mips_guests_do_as_under_qemu() {
    assert_equal::<Mips32>("qemu-mips", "mips32", "mips", 7);
}

#[test]
fn riscv_guests_do_as_under_qemu() {
    assert_equal::<Rv64>("qemu-riscv64", "riscv64", "riscv64", 7);
}

#[test]
fn mips64_guests_do_as_under_qemu() {
    assert_equal::<Mips64>("qemu-mips64", "mips64", "mips64", 1);
}

#[test]
fn random_imac_programs_do_as_under_qemu() {
    if !installed("qemu-riscv64") {
        return;
    }
    for seed in 1..=40 {
        let elf = random::program(seed);
        let ours = under_fpvm::<Imac>(&elf, &[], &mut NoOracle);
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
    for guest in ["bare.imac", "atomics.imac"] {
        let elf = example("bin").join(guest);
        let ours = under_fpvm::<Imac>(&read(&elf).unwrap(), &[], &mut NoOracle);
        assert!(!ours.0.is_empty(), "{guest} prints something");
        assert_eq!(under_qemu("qemu-riscv64", &elf), ours, "{guest}");
    }
}

/// The guest in Rust, which asks for pre-images, against the one in Go.
#[test]
fn the_claim_in_rust_ends_as_that_in_go_and_as_under_qemu() {
    claims_end_as_in_go::<Imac>("claim.imac", "qemu-riscv64");
    claims_end_as_in_go::<Mips64>("claim.mips64", "qemu-mips64");
}

fn claims_end_as_in_go<I: Program>(guest: &str, qemu: &str) {
    let elf = read(&example("bin").join(guest)).unwrap();
    let runs: Vec<Run> = json(&path("guests/expected.json")).unwrap();
    let claims = runs.into_iter().filter(|run| run.elf == "claim.riscv64");
    let compared = claims.map(|run| {
        let folder = || Folder::new(example(run.preimages.as_deref().unwrap()));
        let expected: Outcome = (run.stdout.clone().into_bytes(), run.exit_code.into());
        let mut preimages = folder();
        assert_eq!(under_fpvm::<I>(&elf, &[], &mut preimages), expected);
        // An output, blocks, and the nodes and leaves of a tree.
        assert_eq!(preimages.hints, 1 + 32 + 15 + 16);
        if installed(qemu) {
            let mut served = folder();
            let theirs = served_under_qemu(qemu, &elf, &mut served);
            assert_eq!(theirs, expected);
            assert_eq!(served.hints, preimages.hints);
        }
    });
    assert_eq!(compared.count(), 2);
}
