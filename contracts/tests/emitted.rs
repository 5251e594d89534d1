//! What is committed is what the definitions emit and what was compiled from it.

mod common;
#[path = "common/sources.rs"]
mod sources;

use common::repository;
use fpvm_contracts::VERIFIERS;
use sha2::{Digest as _, Sha256};
use sources::SOURCES;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn sources_are_those_that_the_definitions_emit() {
    for verifier in SOURCES {
        let name = verifier.name();
        let path = repository(&format!("contracts/sol/{name}.sol"));
        let committed = fs::read_to_string(path).expect(name);
        assert!(
            committed == verifier.source(),
            "sol/{name}.sol differs from the definitions: run `cargo run -p fpvm-contracts --example emit`"
        );
    }
}

/// An artifact knows the hash of its own file. Whether what that imports is the same, CI sees when it
/// compiles all anew.
#[test]
fn artifacts_are_of_the_sources() {
    let mut names = BTreeSet::new();
    for file in fs::read_dir(repository("contracts/artifacts")).expect("artifacts") {
        let path = file.expect("an artifact").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name").to_owned();
        let artifact = fs::read_to_string(&path).expect(&name);
        let artifact: serde_json::Value = serde_json::from_str(&artifact).expect(&name);
        let source = artifact["source"].as_str().expect("the source's path");
        let source = fs::read(repository(&format!("contracts/{source}"))).expect(source);
        assert_eq!(
            artifact["sourceSha256"],
            const_hex::encode(Sha256::digest(source)),
            "artifacts/{name}.json is of another source: run `npm ci && npm run build` in contracts/"
        );
        let code = artifact["deployedBytecode"].as_str().expect("bytecode");
        assert!(
            code.len() / 2 <= 24_576,
            "{name} is too large to be deployed"
        );
        names.insert(name);
    }
    let listed: BTreeSet<_> = VERIFIERS
        .map(|verifier| verifier.contract.name.to_owned())
        .into();
    let printed: BTreeSet<_> = SOURCES.map(|verifier| verifier.name().to_owned()).into();
    assert_eq!(listed, printed, "VERIFIERS is not what is printed");
    let compiled = names.iter().filter(|name| name.starts_with("Fpvm"));
    assert!(compiled.eq(&listed), "VERIFIERS is not what is compiled");
    assert!(names.contains("PreimageOracle"));
}
