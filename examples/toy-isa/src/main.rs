//! `fpvm` with one ISA more: all that it takes is a longer list.

use fpvm_contracts::{StepVerifier, TOY, TOY_ARTIFACT};
use std::process::ExitCode;
use toy_isa::Toy;

fn main() -> ExitCode {
    let mut isas = fpvm::ISAS.to_vec();
    isas.push(fpvm::entry::<Toy>());
    const VERIFIER: StepVerifier = StepVerifier::of::<Toy>(TOY).with_artifact(TOY_ARTIFACT);
    fpvm_cli::main(&isas, &[VERIFIER])
}
