//! `fpvm` with one ISA more: all that it takes is a longer list.

use fpvm_cli::isa::{AnyIsa, Entry, ISAS};
use std::process::ExitCode;

static WITH_TOY: [&dyn AnyIsa; ISAS.len() + 1] = {
    let toy: &dyn AnyIsa = &Entry::<toy_isa::Toy>::NEW;
    let mut isas = [toy; ISAS.len() + 1];
    let mut i = 0;
    while i < ISAS.len() {
        isas[i] = ISAS[i];
        i += 1;
    }
    isas
};

fn main() -> ExitCode {
    fpvm_cli::main(&WITH_TOY)
}
