//! Every step of whole programs through interpreter, verifier and contract, and upstream's contract
//! where `FPVM_UPSTREAM_CONTRACTS` names a folder with its artifacts:
//!
//! `cargo run --release -p contracts --example agree [-- FIRST SAMPLED [WITHIN]]`
//!
//! takes the first 20,000 steps of each bundled guest, and a random 5,000 of the rest.

use contracts::guest::{Plan, agree};
use contracts::harness::Harness;
use contracts::{MIPS_ARTIFACT, RISCV_ARTIFACT};
use isa_mips::Mips32;
use isa_riscv::Rv64;
use std::path::Path;

const GUESTS: [&str; 9] = [
    "alloc",
    "bare",
    "claim",
    "copy",
    "keccak",
    "maps",
    "primes",
    "sort",
    "hello.go122",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = Vec::new();
    for argument in std::env::args().skip(1) {
        numbers.push(argument.parse::<u64>()?);
    }
    let number = |i: usize, default| numbers.get(i).copied().unwrap_or(default);
    let plan = Plan {
        first: number(0, 20_000),
        sampled: number(1, 5_000),
        within: number(2, 30_000_000),
    };
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let preimages = repository.join("examples/guests/preimages");
    for guest in GUESTS {
        let place = |target: &str| {
            let folder = if guest.contains('.') {
                "spec-tests/vectors/guests"
            } else {
                "examples/guests/bin"
            };
            repository.join(folder).join(format!("{guest}.{target}"))
        };
        let mut harness = Harness::new(MIPS_ARTIFACT, Some("MIPS.json"))?;
        let steps = agree::<Mips32>(&mut harness, &place("mips"), &preimages, plan, |_| ())?;
        println!("{guest}.mips: {steps} steps agree");
        let mut harness = Harness::new(RISCV_ARTIFACT, Some("RISCV.json"))?;
        let steps = agree::<Rv64>(&mut harness, &place("riscv64"), &preimages, plan, |_| ())?;
        println!("{guest}.riscv64: {steps} steps agree");
    }
    Ok(())
}
