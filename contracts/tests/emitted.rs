//! What is committed is what the definitions emit and what was compiled from it.

mod common;
#[path = "common/sources.rs"]
mod sources;

use common::repository;
use sha2::{Digest as _, Sha256};
use sources::sources;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn sources_are_those_that_the_definitions_emit() {
    for (contract, source) in sources() {
        let path = repository(&format!("contracts/sol/{}.sol", contract.name));
        let committed = fs::read_to_string(path).expect(contract.name);
        assert!(
            committed == source,
            "sol/{}.sol differs from the definitions: run `cargo run -p fpvm-contracts --example emit`",
            contract.name
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
    let verifiers: BTreeSet<_> = sources()
        .iter()
        .map(|(contract, _)| contract.name.to_owned())
        .collect();
    let compiled = names.iter().filter(|name| name.starts_with("Fpvm"));
    assert!(compiled.eq(&verifiers), "VERIFIERS is not what is compiled");
    assert!(names.contains("PreimageOracle"));
}
