//! One step proved, and the proof verified from nothing but itself, by whichever VM's rules it names.

use fpvm::core::step::oracle::{NoOracle, Silent};
use fpvm::core::step::verify::verify;
use fpvm::{Host, Options, Registry};
use fpvm_isa_mips::Mips32;
use std::path::Path;

/// The step that is proved.
const STEP: u64 = 1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/bin/bare.mips");
    let mut vm = Registry::builtin().open(&program, &Options::default())?;
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    vm.run(STEP, false, &mut host)?;
    let proof = vm.prove(&mut host)?;
    println!("{}", serde_json::to_string_pretty(&proof)?);

    // The verifier knows neither the program nor the memory.
    let verified = verify::<Mips32>(&proof.state_data, &proof.proof_data, &mut |_, _| None)?;
    assert_eq!(
        verified.post, proof.post,
        "the step leads where the proof says"
    );

    let mut forged = proof.proof_data.clone();
    forged[0] ^= 1;
    let refused = verify::<Mips32>(&proof.state_data, &forged, &mut |_, _| None);
    println!("a bit changed: {}", refused.expect_err("a forged proof"));
    Ok(())
}

#[test]
fn runs() {
    main().unwrap();
}
