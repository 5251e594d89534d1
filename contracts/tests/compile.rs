//! A printed contract is compiled as those that come with this crate were, where there is a compiler.

mod common;

use common::repository;
use fpvm_contracts::artifact::Artifact;
use fpvm_contracts::compile::{CompileError, Compiler};
use fpvm_contracts::{TOY, TOY_ARTIFACT};
use fpvm_e2e::{Tool, skip};
use std::path::Path;

#[test]
fn the_toys_contract_is_compiled_to_its_artifact() {
    let package = repository("contracts/node_modules/solc");
    let compiler = Compiler::find(package.exists().then_some(&*package));
    let Ok(compiler) = compiler else {
        return skip(
            Tool::Solc,
            "no Solidity compiler: run `npm ci` in contracts/",
        );
    };
    let source = TOY.source::<toy_isa::Toy>();
    let artifact = compiler.compile(TOY.name, &source).unwrap();
    let (compiled, committed) = (Artifact::parse(&artifact), Artifact::parse(TOY_ARTIFACT));
    let (compiled, committed) = (compiled.unwrap(), committed.unwrap());
    assert_eq!(compiled.bytecode, committed.bytecode);
    assert_eq!(compiled.deployed_bytecode, committed.deployed_bytecode);

    let wrong = compiler
        .compile("Wrong", "contract Wrong { uint }")
        .unwrap_err();
    assert!(matches!(wrong, CompileError::Refused(_)), "{wrong}");
    let other = compiler.compile("Other", "contract Wrong { }").unwrap_err();
    assert!(other.to_string().contains("no contract Other"), "{other}");
}

#[test]
fn a_compiler_that_is_not_there_is_named() {
    let missing = Compiler::find(Some(Path::new("no/such/solc"))).unwrap_err();
    let text = missing.to_string();
    assert!(
        text.contains("no/such/solc") && text.contains("npm install solc"),
        "{text}"
    );
    let silent = Compiler::Native("/bin/true".into())
        .compile("A", "")
        .unwrap_err();
    // It may be gone before it is asked.
    assert!(
        matches!(
            silent,
            CompileError::Answer { .. } | CompileError::Run { .. }
        ),
        "{silent}"
    );
}
