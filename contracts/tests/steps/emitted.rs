//! What is committed is what the definitions emit and what was compiled from it.

#[path = "../common/sources.rs"]
mod sources;

use crate::common::repository;
use fpvm_contracts::VERIFIERS;
use fpvm_contracts::artifact::{Artifact, identify};
use sha2::{Digest as _, Sha256};
use sources::sources;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

#[test]
fn sources_are_those_that_the_definitions_emit() {
    for verifier in sources() {
        let name = verifier.name();
        let path = repository(&format!("contracts/sol/{name}.sol"));
        let committed = fs::read_to_string(path).expect(name);
        assert!(
            committed == verifier.source(),
            "sol/{name}.sol differs from the definitions: run `cargo run -p fpvm-contracts --example emit`"
        );
    }
}

/// The committed artifacts: name, and contents. Those of `v7` have names that others have too.
fn artifacts() -> Vec<(String, String)> {
    let folders = ["contracts/artifacts", "contracts/artifacts/v7"];
    let files = folders.map(|folder| fs::read_dir(repository(folder)).expect(folder));
    let paths = files
        .into_iter()
        .flatten()
        .map(|file| file.expect("an artifact").path());
    let read = |path: PathBuf| {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        (name.to_owned(), fs::read_to_string(&path).expect(name))
    };
    paths.filter(|path| path.is_file()).map(read).collect()
}

/// An artifact knows the hash of its own file. Whether what that imports is the same, CI sees when it
/// compiles all anew.
#[test]
fn artifacts_are_of_the_sources() {
    let mut names = BTreeSet::new();
    for (name, artifact) in artifacts() {
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
    let printed: BTreeSet<_> = sources()
        .map(|verifier| verifier.name().to_owned())
        .collect();
    assert_eq!(listed, printed, "VERIFIERS is not what is printed");
    let compiled = names.iter().filter(|name| name.starts_with("Fpvm"));
    assert!(compiled.eq(&listed), "VERIFIERS is not what is compiled");
    assert!(names.contains("PreimageOracle"));
}

/// Code on a chain can be named whichever of the artifacts it is of.
#[test]
fn every_artifact_is_identified() {
    for (name, artifact) in artifacts() {
        let artifact = Artifact::parse(&artifact).expect(&name);
        let of_tests = ["AlphabetVm", "Receiver", "ScriptedVm"].contains(&&*name);
        let found = identify(&artifact.deployed_bytecode);
        assert_eq!(found, (!of_tests).then_some(&*name));
    }
}

/// What an explorer verifies code by has the sources that are here, and the settings of the artifacts.
#[test]
fn inputs_of_the_compiler_are_of_the_sources() {
    let mut count = 0;
    for entry in fs::read_dir(repository("contracts/standard-json")).expect("the inputs") {
        let path = entry.expect("an input").path();
        let unit = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        let input = fs::read_to_string(&path).expect("an input");
        let input: serde_json::Value = serde_json::from_str(&input).expect(unit);
        for (name, source) in input["sources"].as_object().expect("sources") {
            let folder = if unit == "game" { "game/" } else { "" };
            let file = repository(&format!("contracts/sol/{folder}{name}"));
            let file = fs::read_to_string(file).expect(name);
            assert!(
                source["content"] == file,
                "standard-json/{unit}.json has another {name}: run `node build.mjs --inputs` in contracts/"
            );
            count += 1;
        }
        let artifact = match unit {
            "game" => "FaultDisputeGame",
            "v7" => "v7/FaultDisputeGame",
            alone => alone,
        };
        let artifact = repository(&format!("contracts/artifacts/{artifact}.json"));
        let artifact = fs::read_to_string(artifact).expect(unit);
        let artifact: serde_json::Value = serde_json::from_str(&artifact).expect(unit);
        let settings = artifact["settings"].as_object().expect("settings");
        for (name, value) in settings {
            assert_eq!(&input["settings"][name], value, "{unit}: {name}");
        }
    }
    assert!(count > 30, "{count} sources");
}
