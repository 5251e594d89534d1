//! Proofs that upstream's programs wrote pass our contracts, with upstream's post-states.

use crate::common::{proofs_of_runs, proofs_of_steps, run};
use fpvm_contracts::{MIPS_ARTIFACT, MIPS64_ARTIFACT, RISCV_ARTIFACT};
use fpvm_core::definition::isa::Isa;
use fpvm_core::step::proof::StepProof;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest;
use fpvm_isa_riscv::Rv64;

fn all_pass<I: Isa>(artifact: &str, proofs: &[StepProof]) {
    let mut chain = fpvm_contracts::verifier::OnChain::new::<I>(artifact).expect("deployment");
    for proof in proofs {
        let executed = run::<I>(&mut chain, proof);
        let post = executed.map(|executed| executed.post);
        assert_eq!(post, Ok(proof.post), "step {}", proof.step);
    }
}

#[test]
fn mips_runs_and_steps() {
    let runs = proofs_of_runs("mips32");
    assert_eq!(runs.len(), 26);
    all_pass::<Mips32>(MIPS_ARTIFACT, &runs);
    let steps = proofs_of_steps("mips32");
    assert_eq!(steps.len(), 104);
    all_pass::<Mips32>(MIPS_ARTIFACT, &steps);
}

#[test]
fn mips64_runs_and_steps() {
    let runs = proofs_of_runs("mips64");
    assert_eq!(runs.len(), 40);
    all_pass::<Newest>(MIPS64_ARTIFACT, &runs);
    let steps = proofs_of_steps("mips64");
    assert_eq!(steps.len(), 136);
    all_pass::<Newest>(MIPS64_ARTIFACT, &steps);
}

#[test]
fn riscv_runs_and_steps() {
    let runs = proofs_of_runs("riscv64");
    assert_eq!(runs.len(), 26);
    all_pass::<Rv64>(RISCV_ARTIFACT, &runs);
    all_pass::<Rv64>(RISCV_ARTIFACT, &proofs_of_steps("riscv64"));
}
