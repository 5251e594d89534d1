//! Whole programs against upstream's runs of them.

use fpvm_core::formats::elf::{Program, load};
use fpvm_core::machine::vm::{Event, Host, Vm};
use fpvm_core::step::oracle::{NoOracle, Oracle, OracleError};
use fpvm_isa_riscv::Rv64;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec-tests/vectors")
}

fn loaded(guest: &str) -> Vm<Rv64> {
    let elf = fs::read(vectors().join("guests").join(guest)).unwrap();
    load::<Rv64>(&elf, Rv64::PATCHES).unwrap()
}

fn expected(guest: &str) -> Value {
    let text = fs::read(vectors().join("runs").join(guest).join("expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn first_states_equal_upstream() {
    for guest in ["hello.go122", "preimage.go122", "keccak.c", "primes.c"] {
        let guest = format!("{guest}.riscv64");
        let root = const_hex::encode_prefixed(loaded(&guest).state_root());
        assert_eq!(root, expected(&guest)["pre-state-hash"], "{guest}");
    }
}

/// Runs a guest to its end, with all kept proofs made on the way: neither a proof nor the final hash
/// may depend on which hashes were taken before (upstream's do, its kept ones are of one run each).
fn assert_ends_as_upstream(guest: &str, oracle: &mut impl Oracle) -> String {
    let (mut vm, expected) = (loaded(guest), expected(guest));
    let mut printed = Vec::new();
    let mut console = |_: u8, bytes: &[u8]| printed.extend_from_slice(bytes);
    let mut host = Host {
        oracle,
        console: &mut console,
    };
    let kept = expected["proofs"].as_array().unwrap().iter();
    let mut steps: Vec<u64> = kept.map(|proof| proof["step"].as_u64().unwrap()).collect();
    steps.sort_unstable();
    for step in steps {
        assert_eq!(vm.run(step, false, &mut host).unwrap(), Event::Reached);
        let file = format!("runs/{guest}/proof-{step}.json");
        let theirs = serde_json::from_slice(&fs::read(vectors().join(file)).unwrap()).unwrap();
        assert_eq!(vm.prove(&mut host).unwrap(), theirs, "{guest}, step {step}");
    }
    assert_eq!(vm.run(u64::MAX, false, &mut host).unwrap(), Event::Exited);
    assert_eq!(vm.state.step, expected["steps"].as_u64().unwrap());
    let code = expected["exit-code"].as_u64().unwrap();
    assert_eq!(u64::from(vm.state.exit_code()), code);
    let root = const_hex::encode_prefixed(vm.state_root());
    assert_eq!(root, expected["final-state-hash"], "{guest}");
    String::from_utf8(printed).unwrap()
}

#[test]
fn hello_ends_as_upstream() {
    let printed = assert_ends_as_upstream("hello.go122.riscv64", &mut NoOracle);
    assert!(printed.contains("hello"), "{printed:?}");
}

/// The pre-images of the vectors: files named by their key, and the hints that asked for them.
struct Folder(PathBuf, usize);

impl Oracle for Folder {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        self.1 += 1;
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(fs::read(self.0.join(const_hex::encode(key)))?.into())
    }
}

#[test]
fn preimage_ends_as_upstream() {
    let mut folder = Folder(vectors().join("preimages"), 0);
    assert_ends_as_upstream("preimage.go122.riscv64", &mut folder);
    assert_eq!(folder.1, 64, "one hint a pre-image of the chain");
}
