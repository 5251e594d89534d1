//! Steps of whole programs agree: the first thousand of each guest and a sample of the rest. The
//! whole of it: `cargo run --release -p contracts --example agree`.

mod common;

use common::{recorded, repository};
use contracts::guest::{self, Preimages};
use contracts::harness::Harness;
use contracts::{MIPS_ARTIFACT, RISCV_ARTIFACT};
use isa_mips::Mips32;
use isa_riscv::Rv64;

/// Guests, and how far into them the sample reaches.
const VECTORS: [(&str, u64); 4] = [
    ("hello.go122", 200_000),
    ("preimage.go122", 400_000),
    ("keccak.c", 2_000_000),
    ("primes.c", 2_000_000),
];

#[test]
fn mips_guests() {
    for (name, within) in VECTORS {
        let elf = repository(&format!("spec-tests/vectors/guests/{name}.mips"));
        let mut harness = Harness::new(MIPS_ARTIFACT, Some("MIPS.json")).expect("contracts");
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
        let recorded = recorded(name, "mips32");
        let ran = guest::agree::<Mips32>(&mut harness, &elf, preimages, plan, &recorded);
        let steps = ran.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(steps > 900, "{name}: {steps} steps");
    }
}

#[test]
fn riscv_guests() {
    for (name, within) in VECTORS {
        let elf = repository(&format!("spec-tests/vectors/guests/{name}.riscv64"));
        let mut harness = Harness::new(RISCV_ARTIFACT, Some("RISCV.json")).expect("contracts");
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
        let recorded = recorded(name, "riscv64");
        let ran = guest::agree::<Rv64>(&mut harness, &elf, preimages, plan, &recorded);
        let steps = ran.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(steps > 900, "{name}: {steps} steps");
    }
}
