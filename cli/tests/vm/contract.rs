//! `contract`: what it prints is what is committed, and it compiles to what is committed.

use crate::common::Shop;
use fpvm_contracts::artifact::Artifact;
use fpvm_contracts::{MIPS_ARTIFACT, RISCV_ARTIFACT};
use fpvm_e2e::{Tool, skip};
use std::fs;
use std::path::{Path, PathBuf};

fn contracts(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../contracts")
        .join(path)
}

#[test]
fn each_vms_contract_is_printed() {
    let shop = Shop::new();
    for (vm, name) in [
        ("--isa mips", "FpvmMips"),
        ("--isa mips64", "FpvmMips64"),
        ("--type multithreaded64-4", "FpvmMips64"),
        ("--isa riscv", "FpvmRiscv"),
        ("--type imac-1", "FpvmRiscvImac"),
    ] {
        let committed = fs::read_to_string(contracts(&format!("sol/{name}.sol"))).unwrap();
        let printed = shop.run(&format!("contract emit {vm}")).ok();
        assert!(printed == committed, "{vm} is not sol/{name}.sol");
    }
    shop.run("contract emit --isa riscv -o verifier.sol").ok();
    let committed = fs::read(contracts("sol/FpvmRiscv.sol")).unwrap();
    assert_eq!(fs::read(shop.path("verifier.sol")).unwrap(), committed);
}

#[test]
fn what_has_no_contract_is_told() {
    let shop = Shop::new();
    let none = shop.run("contract emit --type multithreaded64-3");
    none.fails(
        1,
        "there is no contract for multithreaded64-3; there is one for singlethreaded-2",
    );
    shop.run("contract emit").fails(1, "--isa");
    let missing = shop.run("contract compile --isa riscv --solc no/solc");
    missing.fails(1, "npm install solc");
}

#[test]
fn it_compiles_to_the_artifact() {
    let package = contracts("node_modules/solc");
    if !package.exists() {
        return skip(
            Tool::Solc,
            "no Solidity compiler: run `npm ci` in contracts/",
        );
    }
    let shop = Shop::new();
    for (isa, committed) in [("mips", MIPS_ARTIFACT), ("riscv", RISCV_ARTIFACT)] {
        let solc = package.display();
        shop.run(&format!(
            "contract compile --isa {isa} --solc {solc} -o a.json"
        ))
        .ok();
        let compiled = fs::read_to_string(shop.path("a.json")).unwrap();
        let (compiled, committed) = (Artifact::parse(&compiled), Artifact::parse(committed));
        assert_eq!(
            compiled.unwrap().bytecode,
            committed.unwrap().bytecode,
            "{isa}"
        );
    }
}
