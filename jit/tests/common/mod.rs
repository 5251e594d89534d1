//! Running a guest on two tiers side by side.
#![allow(dead_code, reason = "each test file uses some")]

use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::elf::{Program, load};
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
#[allow(unused_imports, reason = "each test file uses some")]
pub(crate) use spec_tests::fuzz::tiers::{
    assert_same, assert_same_state, bare, go_to, stepped, translated,
};
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

pub(crate) fn run<I: Isa>(vm: &mut Vm<I>, until: u64, preimages: &Path) -> Result<Event, VmError> {
    let mut oracle = Preimages(preimages.into());
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut Silent,
    };
    vm.run(until, false, &mut host)
}
