//! Steps of whole programs agree: the first thousand of each guest and a sample of the rest. The
//! whole of it: `cargo run --release -p fpvm-contracts --example agree`.

use crate::common::{recorded, repository};
use fpvm_contracts::guest::{self, Preimages};
use fpvm_contracts::harness::Harness;
use fpvm_contracts::{IMAC_ARTIFACT, MIPS_ARTIFACT, MIPS64_ARTIFACT, RISCV_ARTIFACT};
use fpvm_core::formats::elf::Program;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;

/// Guests, and how far into them the sample reaches.
const VECTORS: [(&str, u64); 4] = [
    ("hello.go122", 200_000),
    ("preimage.go122", 400_000),
    ("keccak.c", 2_000_000),
    ("primes.c", 2_000_000),
];

/// The guest's file, for a target of this name, through all.
fn agree<I: Program>(name: &str, within: u64, target: &str, vm: &str, mut harness: Harness) {
    let elf = repository(&format!("spec-tests/vectors/guests/{name}.{target}"));
    let folder = repository("spec-tests/vectors/preimages");
    let preimages = Preimages {
        folder: &folder,
        inputs: &[],
    };
    let plan = guest::Plan {
        first: 700,
        sampled: 300,
        within,
    };
    let ran = guest::agree::<I>(&mut harness, &elf, preimages, plan, &recorded(name, vm));
    let steps = ran.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(steps > 900, "{name}: {steps} steps");
}

#[test]
fn mips_guests() {
    for (name, within) in VECTORS {
        let harness = Harness::new::<Mips32>(MIPS_ARTIFACT, Some("MIPS.json"));
        agree::<Mips32>(name, within, "mips", "mips32", harness.expect("contracts"));
    }
}

/// One of them has threads that contend for reserved words.
#[test]
fn mips64_guests() {
    for (name, within) in VECTORS.into_iter().chain([("threads.c", 400_000)]) {
        let harness = Harness::new::<Newest>(MIPS64_ARTIFACT, Some("MIPS64.json"));
        agree::<Newest>(
            name,
            within,
            "mips64",
            "mips64",
            harness.expect("contracts"),
        );
    }
}

#[test]
fn riscv_guests() {
    for (name, within) in VECTORS {
        let harness = Harness::new::<Rv64>(RISCV_ARTIFACT, Some("RISCV.json"));
        agree::<Rv64>(
            name,
            within,
            "riscv64",
            "riscv64",
            harness.expect("contracts"),
        );
    }
}

/// In C and in Rust; one of them reads pre-images.
#[test]
fn imac_guests() {
    let folder = repository("examples/guests/preimages");
    let preimages = Preimages {
        folder: &folder,
        inputs: &[],
    };
    let plan = guest::Plan {
        first: 1500,
        sampled: 500,
        within: 2_000_000,
    };
    for name in ["bare", "atomics", "claim"] {
        let elf = repository(&format!("examples/guests/bin/{name}.imac"));
        let mut harness = Harness::new::<Imac>(IMAC_ARTIFACT, None).expect("contracts");
        let ran =
            guest::agree::<Imac>(&mut harness, &elf, preimages, plan, &guest::Recorded::new());
        let steps = ran.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(steps > 1900, "{name}: {steps} steps");
    }
}
