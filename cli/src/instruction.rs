//! The one instruction of a game, from the machine that is about to execute it.

use crate::hosted::Hosted;
use fpvm_report::instruction::{Code, Contest, Instruction};
use fpvm_trace::Prover as _;

/// Instructions that are shown before and after the one.
const AROUND: u64 = 3;

/// What the instruction that contests a claim does; the machine is at it, and executes it.
pub(crate) fn instruction(machine: &mut Hosted, contest: &Contest) -> anyhow::Result<Instruction> {
    let vm = machine.vm.as_mut();
    let pc = vm.pc();
    let symbol = vm.symbols().at(pc).cloned();
    // Of the function that it is in, and no other.
    let is_inside = |at: &u64| {
        symbol.as_ref().is_none_or(|symbol| {
            (symbol.start..symbol.start.saturating_add(symbol.size.max(4))).contains(at)
        })
    };
    let first = pc.saturating_sub(4 * AROUND);
    let places: Vec<u64> = (0..=2 * AROUND)
        .map(|n| first.saturating_add(4 * n))
        .filter(is_inside)
        .collect();
    let code = Code {
        symbol: symbol.map(|symbol| symbol.name),
        words: places.into_iter().map(|at| (at, vm.insn_at(at))).collect(),
    };
    let isa = vm.isa();
    let proof = machine.prove()?;
    Ok(isa.instruction(&proof, contest, code)?)
}
