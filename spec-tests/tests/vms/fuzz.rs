//! The fuzz targets' bodies, on random bytes and on changed ones of what is real.
//!
//! `cargo +nightly fuzz run NAME` (in `fuzz/`) goes on from here; see docs/src/testing.md.

use proptest::collection::vec;
use proptest::prelude::*;
use spec_tests::fuzz::{self, TARGETS};
use spec_tests::vectors;
use std::fs;
use std::path::{Path, PathBuf};

/// Changes bytes of an input, and cuts it.
fn changed(mut bytes: Vec<u8>, changes: &[(usize, u8)], len: Option<usize>) -> Vec<u8> {
    for (at, value) in changes {
        let len = bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at % len) {
            *byte = *value;
        }
    }
    if let Some(len) = len {
        bytes.truncate(len % (bytes.len() + 1));
    }
    bytes
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A program; changes stay near its begin, where the headers are.
fn program() -> impl Strategy<Value = Vec<u8>> {
    let files = ["bare.mips", "bare.riscv64"].map(|name| {
        let path = repository("examples/guests/bin").join(name);
        fs::read(&path).expect("a guest")
    });
    let places = vec((0usize..600, any::<u8>()), 0..8);
    (
        prop::sample::select(files.to_vec()),
        places,
        any::<Option<usize>>(),
    )
        .prop_map(|(file, changes, len)| changed(file, &changes, len.filter(|len| len % 4 == 0)))
}

fn proof() -> impl Strategy<Value = Vec<u8>> {
    let runs = fs::read_dir(vectors::path("runs")).expect("runs");
    let files = runs.flat_map(|run| fs::read_dir(run.expect("a run").path()).expect("files"));
    let paths = files.map(|file| file.expect("a file").path());
    let proofs: Vec<_> = paths
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("proof-"))
        })
        .take(40)
        .collect();
    assert!(!proofs.is_empty());
    let changes = vec(any::<(usize, u8)>(), 0..4);
    (prop::sample::select(proofs), changes)
        .prop_map(|(path, changes)| changed(fs::read(path).expect("a proof"), &changes, None))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(bytes in bytes()) {
        for (_, target) in TARGETS {
            target(&bytes);
        }
    }

    #[test]
    fn changed_programs(bytes in program()) {
        fuzz::elf(&bytes);
    }

    #[test]
    fn changed_proofs(bytes in proof()) {
        fuzz::proof_json(&bytes);
    }

    #[test]
    fn messages(hints in vec(vec(any::<u8>(), 0..40), 0..5), rest in bytes()) {
        let mut sent = Vec::new();
        for hint in hints {
            sent.extend((hint.len() as u32).to_be_bytes());
            sent.extend(hint);
        }
        sent.extend(rest);
        fuzz::wire(&sent);
    }
}

/// Each target has its file, and each file its target.
#[test]
fn all_targets_can_be_fuzzed() {
    let entries = fs::read_dir(repository("fuzz/fuzz_targets")).expect("the folder");
    let mut files: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let mut names = TARGETS.map(|(name, _)| format!("{name}.rs"));
    files.sort();
    names.sort();
    assert_eq!(files, names);
}
