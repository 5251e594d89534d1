//! What there is to emit. The crate itself knows no ISA.

use fpvm_contracts::emit::Contract;
use fpvm_contracts::{IMAC, MIPS, MIPS64, RISCV, TOY};
use fpvm_isa_mips64::Mips64;

/// Every verifier and its source.
pub(crate) fn sources() -> Vec<(Contract, String)> {
    vec![
        (MIPS, MIPS.source::<fpvm_isa_mips::Mips32>()),
        (MIPS64, MIPS64.source_of_versions::<Mips64<8>, Mips64<7>>()),
        (RISCV, RISCV.source::<fpvm_isa_riscv::Rv64>()),
        (IMAC, IMAC.source::<fpvm_isa_riscv::imac::Imac>()),
        (TOY, TOY.source::<toy_isa::Toy>()),
    ]
}
