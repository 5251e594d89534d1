//! Whole guests: the translator ends where upstream's VMs do, and stops where the interpreter does.

mod common;

use common::{assert_same, assert_same_state, file, guest, run, translated};
use fpvm_core::formats::elf::Program;
use fpvm_core::machine::vm::Event;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use serde::Deserialize;
use std::fs;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Expected {
    elf: String,
    #[serde(default)]
    preimages: Option<String>,
    final_state_hash: String,
    steps: u64,
}

fn ends_as_upstream<I: Program>(path: &str, preimages: &str, expected: &Expected) {
    let mut vm = translated(guest::<I>(path), 24);
    let event = run(&mut vm, u64::MAX, &file(preimages)).expect(path);
    assert_eq!(event, Event::Exited, "{path}");
    assert_eq!(vm.state.step, expected.steps, "{path}");
    let root = const_hex::encode_prefixed(vm.state_root());
    assert_eq!(root, expected.final_state_hash, "{path}");
}

#[test]
fn vectors_end_as_upstream() {
    for name in ["hello.go122", "preimage.go122", "keccak.c", "primes.c"] {
        vector_ends_as_upstream::<Mips32>(name, "mips32");
        vector_ends_as_upstream::<Mips64>(name, "mips64");
        vector_ends_as_upstream::<Rv64>(name, "riscv64");
    }
    vector_ends_as_upstream::<Mips64>("threads.c", "mips64");
}

fn vector_ends_as_upstream<I: Program>(name: &str, vm: &str) {
    let path = format!("spec-tests/vectors/runs/{name}.{vm}/expected.json");
    let json = fs::read(file(&path)).expect(&path);
    let expected: Expected = serde_json::from_slice(&json).expect(&path);
    let elf = format!("spec-tests/vectors/guests/{}", expected.elf);
    ends_as_upstream::<I>(&elf, "spec-tests/vectors/preimages", &expected);
}

#[test]
fn our_guests_end_as_upstream() {
    let path = "spec-tests/vectors/guests/expected.json";
    let json = fs::read(file(path)).expect(path);
    let all: Vec<Expected> = serde_json::from_slice(&json).expect(path);
    assert!(all.len() > 10);
    for expected in all {
        let elf = format!("examples/guests/bin/{}", expected.elf);
        let preimages = expected.preimages.as_deref().unwrap_or("preimages");
        let preimages = format!("examples/guests/{preimages}");
        match elf.rsplit('.').next() {
            Some("mips") => ends_as_upstream::<Mips32>(&elf, &preimages, &expected),
            Some("mips64") => ends_as_upstream::<Mips64>(&elf, &preimages, &expected),
            _ => ends_as_upstream::<Rv64>(&elf, &preimages, &expected),
        }
    }
}

/// As under Cannon (okx's `7573e762`, type `multithreaded64-5`).
#[test]
fn signatures_end_as_upstream() {
    let expected = Expected {
        elf: "signatures.mips64".into(),
        preimages: None,
        final_state_hash: "0x005589aca011a6ceb6038ac907b0de5b54ad796d13197d9631a7e06584999810"
            .into(),
        steps: 331_254_815,
    };
    let elf = "examples/guests/bin/signatures.mips64";
    ends_as_upstream::<Mips64>(elf, "examples/guests/preimages", &expected);
}

/// Stops at steps that lie apart by amounts from 1 to some ten thousand.
fn stops_as_the_interpreter<I: Program>(path: &str, preimages: &str) {
    let preimages = file(preimages);
    let mut plain = guest::<I>(path);
    let mut fast = translated(guest::<I>(path), 4);
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..300 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let until = plain.state.step + 1 + (random >> 20) % (1 << (random % 17));
        run(&mut plain, until, &preimages).expect(path);
        run(&mut fast, until, &preimages).expect(path);
        assert_same_state(&plain.state, &fast.state);
        if random.is_multiple_of(16) {
            assert_eq!(plain.state_root(), fast.state_root(), "{path}");
        }
    }
    assert_same(&mut plain, &mut fast);
}

#[test]
fn stops_are_exact() {
    let vectors = "spec-tests/vectors/preimages";
    stops_as_the_interpreter::<Mips32>("spec-tests/vectors/guests/preimage.go122.mips", vectors);
    stops_as_the_interpreter::<Rv64>("spec-tests/vectors/guests/preimage.go122.riscv64", vectors);
    for name in ["preimage.go122", "threads.c"] {
        let guest = format!("spec-tests/vectors/guests/{name}.mips64");
        stops_as_the_interpreter::<Mips64>(&guest, vectors);
    }
    let own = "examples/guests/preimages";
    for name in ["bare", "signatures"] {
        stops_as_the_interpreter::<Mips64>(&format!("examples/guests/bin/{name}.mips64"), own);
        stops_as_the_interpreter::<Imac>(&format!("examples/guests/bin/{name}.imac"), own);
    }
    for name in ["claim", "sort", "bare"] {
        stops_as_the_interpreter::<Mips32>(&format!("examples/guests/bin/{name}.mips"), own);
        stops_as_the_interpreter::<Rv64>(&format!("examples/guests/bin/{name}.riscv64"), own);
    }
}
