//! What there is to emit. The crate itself knows no ISA.

use fpvm_contracts::VERIFIERS;
use fpvm_contracts::emit::Contract;
use fpvm_isa_mips64::Mips64;

/// Every verifier and its source.
pub(crate) fn sources() -> Vec<(Contract, String)> {
    let source = |contract: Contract| match contract.name {
        "FpvmMips" => contract.source::<fpvm_isa_mips::Mips32>(),
        "FpvmMips64" => contract.source_of_versions::<Mips64<8>, Mips64<7>>(),
        "FpvmRiscv" => contract.source::<fpvm_isa_riscv::Rv64>(),
        "FpvmRiscvImac" => contract.source::<fpvm_isa_riscv::imac::Imac>(),
        "FpvmToy" => contract.source::<toy_isa::Toy>(),
        other => panic!("{other} is of no ISA that is known here"),
    };
    let all = VERIFIERS.map(|verifier| (verifier.contract, source(verifier.contract)));
    all.into()
}
