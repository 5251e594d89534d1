//! Programs from ELF file to the end, against what upstream's Cannon made of them.

use flate2::read::GzDecoder;
use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::elf::{Program, load};
use fpvm_core::machine::memory::PAGE_SIZE;
use fpvm_core::machine::vm::{Event, Host, Vm};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
use fpvm_isa_mips::{Mips32, state};
use serde::Deserialize;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Expected {
    elf: String,
    pre_state_hash: String,
    final_state_hash: String,
    steps: u64,
    exit_code: u8,
}

fn vector(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../spec-tests/vectors")
        .join(path)
}

fn expected(guest: &str) -> Expected {
    let path = vector(&format!("runs/{guest}.mips32/expected.json"));
    serde_json::from_slice(&fs::read(path).expect(guest)).expect(guest)
}

fn load_guest(elf: &str) -> Vm<Mips32> {
    let bytes = fs::read(vector(&format!("guests/{elf}"))).expect(elf);
    load(&bytes, Mips32::PATCHES).expect(elf)
}

fn root(vm: &mut Vm<Mips32>) -> String {
    const_hex::encode_prefixed(vm.state_root())
}

/// The vectors' pre-images, in files named by their key.
struct Preimages;

impl Oracle for Preimages {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let path = vector("preimages").join(const_hex::encode(key));
        Ok(fs::read(path)?.into())
    }
}

#[test]
fn first_states_are_upstreams() {
    for guest in ["hello.go122", "preimage.go122", "keccak.c", "primes.c"] {
        let expected = expected(guest);
        assert_eq!(
            root(&mut load_guest(&expected.elf)),
            expected.pre_state_hash,
            "{guest}"
        );
    }
}

#[test]
fn the_page_list_is_upstreams() {
    let file = fs::File::open(vector("states/hello.mips32.step-0.bin.gz")).expect("state file");
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("a word"));
    assert_eq!(Some(bytes[0]), Mips32::FILE.version);
    let pages = (0..word(1) as usize).map(|i| u64::from(word(5 + i * (4 + PAGE_SIZE))));

    let vm = load_guest("hello.go122.mips");
    assert_eq!(vm.memory.pages(), pages.collect::<Vec<u64>>());
    assert_eq!(vm.state.get(state::SP), 0x7fff_d000);
    assert_eq!(vm.state.get(state::HEAP), 0x0500_0000);
}

#[test]
fn runs_end_as_upstreams() {
    for guest in ["hello.go122", "preimage.go122", "keccak.c", "primes.c"] {
        let expected = expected(guest);
        let mut vm = load_guest(&expected.elf);
        let (mut oracle, mut console) = (Preimages, Silent);
        let mut host = Host {
            oracle: &mut oracle,
            console: &mut console,
        };
        let event = vm.run(u64::MAX, false, &mut host).expect(guest);
        assert_eq!(event, Event::Exited, "{guest}");
        assert_eq!(
            (vm.state.step, vm.state.exit_code()),
            (expected.steps, expected.exit_code)
        );
        assert_eq!(root(&mut vm), expected.final_state_hash, "{guest}");
    }
}
