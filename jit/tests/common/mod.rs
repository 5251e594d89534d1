//! Running a guest on two tiers side by side.
#![allow(dead_code, reason = "each test file uses some")]

use fpvm_core::elf::{Program, load};
use fpvm_core::isa::Isa;
use fpvm_core::memory::PagedMemory;
use fpvm_core::oracle::{Oracle, OracleError, Silent};
use fpvm_core::state::State;
use fpvm_core::vm::{Event, Host, Vm, VmError};
use jit::Jit;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of the repository.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Pre-images in files named by their key.
pub(crate) struct Preimages(pub(crate) PathBuf);

impl Oracle for Preimages {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(fs::read(self.0.join(const_hex::encode(key)))?.into())
    }
}

pub(crate) fn guest<I: Program>(path: &str) -> Vm<I> {
    let bytes = fs::read(file(path)).expect(path);
    load(&bytes, I::PATCHES).expect(path)
}

/// Gives a machine the translator.
pub(crate) fn translated<I: Isa>(mut vm: Vm<I>, hot_after: u8) -> Vm<I> {
    let jit = Jit::new().expect("a host that is supported");
    vm.set_tier(Some(Box::new(jit.hot_after(hot_after))));
    vm
}

pub(crate) fn run<I: Isa>(vm: &mut Vm<I>, until: u64, preimages: &Path) -> Result<Event, VmError> {
    let mut oracle = Preimages(preimages.into());
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut Silent,
    };
    vm.run(until, false, &mut host)
}

/// A machine with code at an address, and nothing else.
pub(crate) fn bare<I: Isa>(at: u64, words: &[u32], state: &State<I>) -> Vm<I> {
    let mut memory = PagedMemory::new().expect("address space");
    for (address, word) in (at..).step_by(4).zip(words) {
        let bytes = match I::BIG_ENDIAN {
            true => word.to_be_bytes(),
            false => word.to_le_bytes(),
        };
        memory.write_slice(address, &bytes).expect("memory");
    }
    Vm::new(state.clone(), memory)
}

/// Panics where two states differ.
pub(crate) fn assert_same_state<I: Isa>(a: &State<I>, b: &State<I>) {
    assert_eq!(a.step, b.step);
    assert_eq!(a.cells, b.cells, "at step {}", a.step);
    assert_eq!(a.preimage_key, b.preimage_key);
}

/// Panics where two machines are not in the same state.
pub(crate) fn assert_same<I: Isa>(a: &mut Vm<I>, b: &mut Vm<I>) {
    assert_same_state(&a.state, &b.state);
    let pages = a.memory.pages();
    assert_eq!(pages, b.memory.pages());
    for page in pages {
        if a.memory.page(page) != b.memory.page(page) {
            panic!("page {page:#x} differs at step {}", a.state.step);
        }
    }
}
