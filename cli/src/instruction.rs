//! The one instruction of a game, from the machine that is about to execute it.

use crate::hosted::Hosted;
use fpvm::analysis::listing::surroundings;
use fpvm_report::instruction::{Contest, Instruction};
use fpvm_trace::Prover as _;

/// Instructions that are shown before and after the one.
const AROUND: u64 = 3;

/// What the instruction that contests a claim does; the machine is at it, and executes it.
pub(crate) fn instruction(machine: &mut Hosted, contest: &Contest) -> anyhow::Result<Instruction> {
    let place = surroundings(machine.vm.as_mut(), AROUND);
    let isa = machine.vm.isa();
    let proof = machine.prove()?;
    let step = isa.verify(&proof, &mut |key, offset| proof.part(key, offset))?;
    Ok(Instruction::of(contest, step, place))
}
