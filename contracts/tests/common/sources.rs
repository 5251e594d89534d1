//! What there is to emit.

use fpvm_contracts::{STEP_VERIFIERS, StepVerifier, TOY};
use toy_isa::Toy;

/// Every verifier, that of the toy ISA among them.
pub(crate) fn sources() -> impl Iterator<Item = StepVerifier> {
    STEP_VERIFIERS
        .into_iter()
        .chain([StepVerifier::of::<Toy>(TOY)])
}
