//! What there is to emit. The crate itself knows no ISA.

use contracts::emit::Contract;
use contracts::{MIPS, RISCV, TOY};

/// Every verifier and its source.
pub(crate) fn sources() -> Vec<(Contract, String)> {
    vec![
        (MIPS, MIPS.source::<isa_mips::Mips32>()),
        (RISCV, RISCV.source::<isa_riscv::Rv64>()),
        (TOY, TOY.source::<toy_isa::Toy>()),
    ]
}
