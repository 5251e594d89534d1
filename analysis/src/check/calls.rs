//! The system calls that a program makes, if their numbers stand near them in the code.

use super::code::{At, Code, Places};
use super::instructions::IN_GO;
use super::report::{Grade, Report};
use super::rows::Rows;
use crate::go;
use crate::info::IsaInfo;
use crate::observe::Answer;
use std::collections::BTreeMap;

/// How many instructions before a system call its number is looked for.
const BACK: usize = 24;
/// A bound on the numbers of Linux's system calls.
const CALLS: u64 = 8192;

/// Finds system calls that fault, and those that the VM does not know and answers all alike.
pub(super) fn check_calls(code: &Code<'_>, is_go: bool, report: &mut Report) {
    let isa = code.isa;
    let mut rows = Rows::new(isa);
    let mut found: BTreeMap<(Answer, u64), Places> = BTreeMap::new();
    for function in code.functions() {
        for (i, at) in function.iter().enumerate() {
            let Some(calls) = &rows.of(at.insn).observed.calls else {
                continue;
            };
            let before = function.get(i.saturating_sub(BACK)..i).unwrap_or_default();
            let Some(number) = number(isa, before, calls.register) else {
                continue;
            };
            found
                .entry((calls.answer(number), number))
                .or_default()
                .add(*at);
        }
    }
    let mut ignored: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for ((answer, number), places) in &found {
        let name = isa
            .call_name(*number)
            .map_or("no name".into(), |name| name.to_string());
        match answer {
            Answer::Faults(fault) => {
                let harmless = is_go && places.are_go_s(code.has_names());
                let (grade, cause, remedy) = if harmless {
                    (Grade::Harmless, IN_GO, "")
                } else {
                    (
                        Grade::Warning,
                        "",
                        "see that the program does not come to it",
                    )
                };
                let places = places.describe();
                report.find(
                    grade,
                    format!("system call {number} ({name}) faults ({fault}): {places}"),
                    cause,
                    remedy,
                );
            }
            Answer::Nothing(given) => {
                let names = ignored.entry(*given).or_default();
                names.push(format!("{number} ({name})"));
            }
            Answer::Done => {}
        }
    }
    for (given, names) in ignored {
        let list = names.join(", ");
        report.fact(
            "calls",
            &format!("answered with {given} and no effect: {list}"),
        );
    }
}

/// Finds out whether the runtime of a newer Go release names its memory mappings, by a system call whose
/// number does not stand near it, and whether that faults. `release` is Go's, as [`go::release`] reads it.
pub(super) fn check_memory_names(
    bytes: &[u8],
    release: Option<&str>,
    code: &Code<'_>,
    report: &mut Report,
) {
    /// The first release that does this, 1.N.
    const SINCE: u32 = 25;
    const OFF: &str = "decoratemappings=0";

    let isa = code.isa;
    let minor = release.and_then(go::minor);
    if minor.is_none_or(|minor| minor < SINCE) || go::is_set_at_build(bytes, OFF) {
        return;
    }
    let mut instructions = code.functions().flatten();
    let mut rows = Rows::new(isa);
    let Some(calls) = instructions.find_map(|at| rows.of(at.insn).observed.calls.clone()) else {
        return;
    };
    let prctl = (0..CALLS).find(|number| isa.call_name(*number) == Some("prctl"));
    if let Some(Answer::Faults(fault)) = prctl.map(|number| calls.answer(number)) {
        report.problem(
            format!("the system call prctl, by which Go names its memory, faults ({fault})"),
            "Go does so at its start since Go 1.25, unless it is told not to",
            &format!("put //go:debug {OFF} before the package clause of the main package"),
        );
    }
}

/// A number as the listing writes it.
fn parse(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The constant that was last loaded into a register, from the instructions' texts: the second
/// operand of such a load is the register that is always zero, the third the number.
fn number(isa: &dyn IsaInfo, before: &[At<'_>], register: &str) -> Option<u64> {
    before.iter().rev().find_map(|at| {
        let text = isa.disassemble(at.insn, at.address);
        let (mnemonic, operands) = text.split_once(' ')?;
        let mut operands = operands.split(',').map(str::trim);
        if operands.next() != Some(register) {
            return None;
        }
        // The register is written, but not with a constant, so nothing can be found further up.
        let constant = match (operands.next(), operands.next()) {
            (Some("zero"), Some(number)) => parse(number),
            (Some(number), None) if mnemonic.ends_with(".li") => parse(number),
            _ => None,
        };
        Some(constant)
    })?
}
