//! What there is to emit. The crate itself knows no ISA.

use fpvm_contracts::{IMAC, MIPS, MIPS64, RISCV, StepVerifier, TOY};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Mips64;
use fpvm_isa_riscv::{Rv64, imac::Imac};
use toy_isa::Toy;

/// Every verifier.
pub(crate) const SOURCES: [StepVerifier; 5] = [
    StepVerifier::of::<Mips32>(MIPS),
    StepVerifier::of_versions::<Mips64<8>, Mips64<7>>(MIPS64),
    StepVerifier::of::<Rv64>(RISCV),
    StepVerifier::of::<Imac>(IMAC),
    StepVerifier::of::<Toy>(TOY),
];
