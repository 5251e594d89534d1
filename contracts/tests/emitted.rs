//! What is committed is what the definitions emit and what was compiled from it.

mod common;

use common::repository;
use sha2::{Digest as _, Sha256};
use std::fs;

#[test]
fn sources_are_those_that_the_definitions_emit() {
    for (contract, source) in contracts::sources() {
        let path = repository(&format!("contracts/sol/{}.sol", contract.name));
        let committed = fs::read_to_string(path).expect(contract.name);
        assert!(
            committed == source,
            "sol/{}.sol differs from the definitions: run `cargo run -p contracts --example emit`",
            contract.name
        );
    }
}

#[test]
fn artifacts_are_of_the_sources() {
    let files = fs::read_dir(repository("contracts/sol")).expect("sources");
    let mut count = 0;
    for file in files {
        let path = file.expect("a source").path();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        let artifact = repository(&format!("contracts/artifacts/{name}.json"));
        let artifact = fs::read_to_string(artifact).expect(name);
        let artifact: serde_json::Value = serde_json::from_str(&artifact).expect(name);
        let hash = const_hex::encode(Sha256::digest(fs::read(&path).expect(name)));
        assert_eq!(
            artifact["sourceSha256"], hash,
            "artifacts/{name}.json is of another source: run `npm ci && npm run build` in contracts/"
        );
        let code = artifact["deployedBytecode"].as_str().expect("bytecode");
        assert!(
            code.len() / 2 <= 24_576,
            "{name} is too large to be deployed"
        );
        count += 1;
    }
    assert_eq!(count, contracts::sources().len() + 1);
}
