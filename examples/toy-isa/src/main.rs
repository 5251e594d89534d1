//! `fpvm` with one ISA more: all that it takes is a longer list.

use fpvm_core::Isa as _;
use std::process::ExitCode;
use toy_isa::Toy;

fn main() -> ExitCode {
    let mut isas = fpvm::ISAS.to_vec();
    isas.push(fpvm::entry::<Toy>());
    fpvm_cli::main(&isas, &[(Toy::VM_TYPE, fpvm_contracts::TOY_ARTIFACT)])
}
