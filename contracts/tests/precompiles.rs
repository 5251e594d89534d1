//! The questions that tell whether a chain has a precompile, asked by each fork's rules.

use fpvm_contracts::precompiles::PRECOMPILES;
use fpvm_evm::{Evm, SpecId};

/// Which precompiles answer by the rules of a fork.
fn answering(rules: SpecId) -> Vec<&'static str> {
    let mut evm = Evm::new(rules);
    let answering = PRECOMPILES.iter().filter(|precompile| {
        let outcome = evm.call(precompile.address, &precompile.question());
        outcome.is_ok_and(|outcome| precompile.is_answer(&outcome.output))
    });
    answering.map(|precompile| precompile.fork).collect()
}

/// Each answers since its fork and not before, so a chain that lacks one is noticed.
#[test]
fn each_answers_since_its_fork() {
    let of_prague = PRECOMPILES.map(|precompile| precompile.fork).to_vec();
    assert_eq!(
        of_prague.iter().filter(|fork| **fork == "Prague").count(),
        7
    );
    assert_eq!(answering(SpecId::SHANGHAI), ["Istanbul"]);
    assert_eq!(answering(SpecId::CANCUN), ["Istanbul", "Cancun"]);
    assert_eq!(answering(SpecId::PRAGUE), of_prague);
}
