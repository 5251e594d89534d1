//! The system calls that a program makes, as far as their numbers stand beside them.

use super::code::{At, Code, Places};
use super::report::Report;
use crate::isa::AnyIsa;
use std::collections::BTreeMap;

/// How many instructions before a system call its number is looked for.
const BACK: usize = 24;

/// What becomes of a system call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Faults(&'static str),
    Ignored,
}

/// Looks for system calls that fault, or that the VM does not know and answers with 0.
pub(super) fn check_calls(isa: &dyn AnyIsa, code: &Code<'_>, report: &mut Report) {
    let mut found: BTreeMap<(Outcome, u64), Places> = BTreeMap::new();
    for function in code.functions() {
        for (i, at) in function.iter().enumerate() {
            let Some(calls) = isa.observe(at.insn).calls else {
                continue;
            };
            let before = function.get(i.saturating_sub(BACK)..i).unwrap_or_default();
            let Some(number) = number(isa, before, calls.register) else {
                continue;
            };
            let known = calls.known.iter().find(|(known, _)| *known == number);
            let outcome = match known.map_or(calls.others, |(_, fault)| *fault) {
                Some(fault) => Outcome::Faults(fault),
                None if known.is_none() => Outcome::Ignored,
                None => continue,
            };
            found.entry((outcome, number)).or_default().add(*at);
        }
    }
    let mut ignored = Vec::new();
    for ((outcome, number), places) in &found {
        let name = isa
            .call_name(*number)
            .map_or("no name".into(), |name| name.to_string());
        match outcome {
            Outcome::Faults(fault) => report.warning(
                format!(
                    "system call {number} ({name}) faults ({fault}): {}",
                    places.told()
                ),
                "",
                "see that the program does not come to it",
            ),
            Outcome::Ignored => ignored.push(format!("{number} ({name})")),
        }
    }
    if !ignored.is_empty() {
        let list = ignored.join(", ");
        report.fact("calls", &format!("answered with 0 and no effect: {list}"));
    }
}

/// The constant that was last loaded into a register, from the instructions' texts: the second
/// operand of such a load is the register that is always zero, the third the number.
fn number(isa: &dyn AnyIsa, before: &[At<'_>], register: &str) -> Option<u64> {
    before.iter().rev().find_map(|at| {
        let text = isa.disassemble(at.insn, at.address);
        let (_, operands) = text.split_once(' ')?;
        let mut operands = operands.split(',').map(str::trim);
        if operands.next() != Some(register) {
            return None;
        }
        // Written, but not with a constant: there is nothing to find further up.
        let constant = match (operands.next(), operands.next()) {
            (Some("zero"), Some(number)) => crate::args::number(number).ok(),
            _ => None,
        };
        Some(constant)
    })?
}
