//! State files that upstream wrote: read, resumed, and written again.

use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_core::formats::elf::{Program, load};
use fpvm_core::formats::state_file;
use fpvm_core::machine::memory::PAGE_SIZE;
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use spec_tests::vectors::{path, read};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A line of `hashes.txt`.
struct Known {
    hash: String,
    step: u64,
    exited: bool,
    file: PathBuf,
}

fn known(vm: &str) -> Vec<Known> {
    let text = String::from_utf8(read(&path("states/hashes.txt")).unwrap()).unwrap();
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let of_vm = lines.filter(|fields| fields[0] == vm).map(|fields| {
        let part = match fields[1] {
            "state" => "step-0".to_string(),
            "final" => "final".to_string(),
            snapshot => snapshot.replace("snap", "step"),
        };
        Known {
            hash: fields[2].into(),
            step: fields[3].parse().unwrap(),
            exited: fields[4] == "True",
            file: path(&format!("states/hello.{vm}.{part}.bin.gz")),
        }
    });
    let all: Vec<Known> = of_vm.collect();
    assert_eq!(all.len(), 3, "{vm}: first, snapshot, last");
    all
}

fn root<I: Isa>(vm: &mut Vm<I>) -> String {
    const_hex::encode_prefixed(vm.state_root())
}

fn assert_read<I: Isa>(known: &Known) -> Vm<I> {
    let mut vm: Vm<I> = state_file::load(&known.file).unwrap();
    assert_eq!(root(&mut vm), known.hash, "{}", known.file.display());
    assert_eq!(
        (vm.state.step, vm.state.exited()),
        (known.step, known.exited)
    );
    vm
}

/// Resumes each state to the end of the program.
fn assert_resumes<I: Isa>(vm: &str) {
    let all = known(vm);
    let last = all.iter().find(|known| known.exited).unwrap();
    for known in &all {
        let mut vm = assert_read::<I>(known);
        let mut host = Host {
            oracle: &mut NoOracle,
            console: &mut Silent,
        };
        assert_eq!(vm.run(u64::MAX, false, &mut host).unwrap(), Event::Exited);
        assert_eq!(vm.state.step, last.step);
        assert_eq!(root(&mut vm), last.hash, "{} resumed", known.file.display());
    }
}

#[test]
fn mips_states_resume() {
    assert_resumes::<Mips32>("mips32");
}

#[test]
fn mips64_states_resume() {
    assert_resumes::<Mips64>("mips64");
}

#[test]
fn riscv_states_resume() {
    assert_resumes::<Rv64>("riscv64");
}

/// Our own first state and snapshot of the same guest are upstream's, page list included.
fn assert_same_as_run<I: Program + PartialEq>(vm: &str, elf: &str) {
    let elf = read(&path(&format!("guests/{elf}"))).unwrap();
    let mut ours = load::<I>(&elf, I::PATCHES).unwrap();
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    for known in known(vm) {
        let mut theirs = assert_read::<I>(&known);
        ours.run(known.step, false, &mut host).unwrap();
        assert_eq!(ours.state, theirs.state, "{}", known.file.display());
        assert_eq!(
            ours.memory.pages(),
            theirs.memory.pages(),
            "{}",
            known.file.display()
        );
        for page in ours.memory.pages() {
            assert!(
                ours.memory.page(page) == theirs.memory.page(page),
                "page {page:#x}"
            );
        }
    }
}

#[test]
fn mips_runs_pass_through_the_states() {
    assert_same_as_run::<Mips32>("mips32", "hello.go122.mips");
}

#[test]
fn mips64_runs_pass_through_the_states() {
    assert_same_as_run::<Mips64>("mips64", "hello.go122.mips64");
}

#[test]
fn riscv_runs_pass_through_the_states() {
    assert_same_as_run::<Rv64>("riscv64", "hello.go122.riscv64");
}

fn written<I: Isa>(vm: &mut Vm<I>, dir: &Path, name: &str) -> Vec<u8> {
    let file = dir.join(name);
    state_file::save(vm, &file).unwrap();
    read(&file).unwrap()
}

#[test]
fn mips_states_are_written_as_upstream_writes_them() {
    assert_written_as_upstream::<Mips32>("mips32");
}

#[test]
fn mips64_states_are_written_as_upstream_writes_them() {
    assert_written_as_upstream::<Mips64>("mips64");
}

/// For Cannon, which writes pages in order.
fn assert_written_as_upstream<I: Isa>(vm: &str) {
    let dir = tempfile::tempdir().unwrap();
    for known in known(vm) {
        let mut vm = assert_read::<I>(&known);
        let theirs = read(&known.file).unwrap();
        for name in ["state.bin", "state.bin.gz"] {
            let ours = written(&mut vm, dir.path(), name);
            assert!(ours == theirs, "{} as {name}", known.file.display());
        }
    }
}

/// A state file of Asterisc in parts.
#[derive(PartialEq)]
struct Parts<'a> {
    /// By number: upstream writes them in the order of a Go map.
    pages: BTreeMap<u64, &'a [u8]>,
    /// The fields and the hint.
    fields: &'a [u8],
    /// The witness with its length, and the state hash.
    trailer: &'a [u8],
}

fn parts(file: &[u8]) -> Parts<'_> {
    let (count, mut rest) = file.split_first_chunk::<8>().unwrap();
    let mut pages = BTreeMap::new();
    for _ in 0..u64::from_be_bytes(*count) {
        let (number, tail) = rest.split_first_chunk::<8>().unwrap();
        let (page, tail) = tail.split_at(PAGE_SIZE);
        let before = pages.insert(u64::from_be_bytes(*number), page);
        assert!(before.is_none(), "a page twice");
        rest = tail;
    }
    let (fields, trailer) = rest.split_at(rest.len() - (4 + 362 + 32));
    Parts {
        pages,
        fields,
        trailer,
    }
}

#[test]
fn riscv_states_are_written_as_upstream_writes_them() {
    let dir = tempfile::tempdir().unwrap();
    let all = known("riscv64");
    let first = read(&all[0].file).unwrap();
    for known in all {
        let mut vm = assert_read::<Rv64>(&known);
        let file = read(&known.file).unwrap();
        let theirs = parts(&file);
        for name in ["state.bin", "state.bin.gz"] {
            let bytes = written(&mut vm, dir.path(), name);
            let (ours, name) = (parts(&bytes), known.file.display());
            assert!(ours.pages == theirs.pages, "{name}: pages");
            assert!(ours.fields == theirs.fields, "{name}: fields");
            let trailer = [&362u32.to_be_bytes()[..], &vm.witness(), &vm.state_root()].concat();
            assert!(ours.trailer == trailer, "{name}: trailer");
            // Upstream fills the trailer in when a program is loaded and when a run ends; in a
            // snapshot of a run it is still that of the state that the run began with.
            let stale = known.step > 0 && !known.exited;
            let expected = if stale {
                parts(&first).trailer
            } else {
                ours.trailer
            };
            assert!(theirs.trailer == expected, "{name}: upstream's trailer");
        }
    }
}

/// A file in each format, read again: the same state, and the same file once more.
fn assert_round_trips<I: Isa + PartialEq>(vm: &str) {
    let dir = tempfile::tempdir().unwrap();
    for known in known(vm) {
        let mut first = assert_read::<I>(&known);
        first.last_hint = b"\0\0\0\x09unfinish".to_vec();
        for name in ["a.bin", "a.bin.gz", "a.json", "a.json.gz"] {
            let bytes = written(&mut first, dir.path(), name);
            let mut again: Vm<I> = state_file::load(&dir.path().join(name)).unwrap();
            assert_eq!(again.state, first.state, "{name}");
            assert_eq!(again.last_hint, first.last_hint, "{name}");
            assert_eq!(again.memory.pages(), first.memory.pages(), "{name}");
            assert_eq!(root(&mut again), known.hash, "{name}");
            assert!(
                written(&mut again, dir.path(), name) == bytes,
                "{name}, once more"
            );
        }
    }
}

#[test]
fn mips_states_survive_every_format() {
    assert_round_trips::<Mips32>("mips32");
}

#[test]
fn mips64_states_survive_every_format() {
    assert_round_trips::<Mips64>("mips64");
}

#[test]
fn riscv_states_survive_every_format() {
    assert_round_trips::<Rv64>("riscv64");
}

/// A state of one VM is none of another.
#[test]
fn states_of_other_machines_are_refused() {
    let mips = path("states/hello.mips32.step-0.bin.gz");
    let riscv = path("states/hello.riscv64.step-0.bin.gz");
    let later = path("states/hello.mips64.step-0.bin.gz");
    assert!(state_file::load::<Mips32>(&riscv).is_err());
    assert!(state_file::load::<Rv64>(&mips).is_err());
    let error = state_file::load::<Mips32>(&later).unwrap_err().to_string();
    assert!(error.contains("version 8"), "{error}");
}

/// Cut short anywhere, a file is an error that says so, never a state.
#[test]
fn truncated_states_are_refused() {
    fn refuse<I: Isa>(vm: &str) {
        let dir = tempfile::tempdir().unwrap();
        let whole = read(&path(&format!("states/hello.{vm}.step-0.bin.gz"))).unwrap();
        let len = whole.len();
        let ends = [
            0,
            1,
            4,
            5,
            9,
            17,
            4096,
            5000,
            len / 2,
            len - 400,
            len - 227,
            len - 33,
            len - 1,
        ];
        for end in ends {
            let file = dir.path().join("state.bin");
            fs::write(&file, &whole[..end]).unwrap();
            let error = state_file::load::<I>(&file).unwrap_err().to_string();
            assert!(error.contains("truncated"), "{end} of {len} bytes: {error}");
        }
        let file = dir.path().join("state.bin");
        fs::write(&file, [&whole[..], &[0]].concat()).unwrap();
        let error = state_file::load::<I>(&file).unwrap_err().to_string();
        assert!(error.contains("goes on"), "{error}");
    }
    refuse::<Mips32>("mips32");
    refuse::<Mips64>("mips64");
    refuse::<Rv64>("riscv64");
}

/// What a snapshot keeps of a state with threads is all of it, which its witness is not.
#[test]
fn states_with_threads_round_trip() {
    for known in known("mips64") {
        let mut vm = assert_read::<Mips64>(&known);
        let bytes = vm.state.to_bytes();
        let again = State::<Mips64>::from_bytes(&bytes).unwrap();
        assert_eq!(again, vm.state);
        assert!(State::<Mips64>::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        let root = vm.memory_root();
        assert_eq!(bytes[32..188], vm.witness()[32..]);
        assert_eq!(again.hash(&root), vm.state_root());
    }
}

/// The witness holds the whole state but memory.
#[test]
fn witnesses_round_trip() {
    fn check<I: Isa + PartialEq>(vm: &str) {
        for known in known(vm) {
            let mut vm = assert_read::<I>(&known);
            let (witness, root) = (vm.witness(), vm.memory_root());
            assert_eq!(
                State::<I>::from_witness(&witness),
                Ok((vm.state.clone(), root))
            );
            assert!(State::<I>::from_witness(&witness[1..]).is_err());
        }
    }
    check::<Mips32>("mips32");
    check::<Rv64>("riscv64");
}

/// A state that says that register 0 is 7, as none that a program ran to does: upstream's read that
/// like any register and never write it. A run of many steps agrees with steps one by one.
fn register_0_is_read<I: Program>(guest: &str) {
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    let elf = read(&path(guest)).unwrap();
    let seven = I::Word::truncate(7);
    let machine = || {
        let mut vm: Vm<I> = load(&elf, I::PATCHES).unwrap();
        vm.state.set(Cell(0), seven);
        vm
    };
    let (mut whole, mut single) = (machine(), machine());
    let ran = whole.run(500, false, &mut host).map(drop);
    let stepped = (0..500).try_for_each(|_| single.prove(&mut host).map(drop));
    let text = |result: Result<(), VmError>| result.map_err(|error| error.to_string());
    assert_eq!(text(ran), text(stepped));
    assert!(whole.state.step > 10, "{guest}: {}", whole.state.step);
    assert_eq!(whole.state.get(Cell(0)), seven);
    assert_eq!(whole.state_root(), single.state_root());
}

#[test]
fn register_0_is_read_like_any_other() {
    register_0_is_read::<Mips32>("guests/hello.go122.mips");
    register_0_is_read::<Rv64>("guests/hello.go122.riscv64");
}
