//! A step's proof checked by the crate of one ISA. `fpvm-isa-mips` with `default-features = false` needs `alloc`
//! and nothing else, so `check` runs in a browser or a zkVM too.

use fpvm_core::Host;
use fpvm_core::formats::guest::Guest as _;
use fpvm_core::step::oracle::{NoOracle, PreimagePart, Silent};
use fpvm_core::step::verify::verify;
use fpvm_isa_mips::Mips32;

/// Whether a step of MIPS32 leads from a packed state to a state hash. `part` is the part of a pre-image that
/// the step reads, where it reads one; the caller has checked it against its key.
fn check(state: &[u8], proof: &[u8], part: Option<PreimagePart>, post: [u8; 32]) -> bool {
    let mut parts = |_key: &[u8; 32], _offset: u64| part.map(Some);
    verify::<Mips32>(state, proof, &mut parts).is_ok_and(|verified| verified.post == post)
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // Somebody with the program proves.
    let mut vm = Mips32::load(include_bytes!("guests/bin/bare.mips"), &[])?;
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    vm.run(1000, false, &mut host)?;
    let proof = vm.prove(&mut host)?;

    // Anybody checks.
    let (state, branches) = (&proof.state_data, &proof.proof_data);
    assert!(check(state, branches, None, proof.post));
    assert!(!check(state, branches, None, proof.pre), "another state");
    assert!(!check(&state[1..], branches, None, proof.post), "cut short");
    println!(
        "{} and {} bytes show step 1000",
        state.len(),
        branches.len()
    );
    Ok(())
}

#[test]
fn runs() {
    main().unwrap();
}
