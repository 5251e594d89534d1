//! Instructions that the VM takes for others, that fault, or that do nothing.

use super::code::{At, Code, Places, counted};
use super::manual::{self, Meant};
use super::report::{Grade, Report};
use super::rows::{Row, Rows};
use crate::go;
use crate::info::{IsaInfo, MIPS, RISCV};
use std::collections::{BTreeMap, HashMap};

/// Instructions that rightly do nothing, because there is one processor and no cache.
const RIGHTLY_NOTHING: [&str; 4] = ["fence", "sync", "pref", "synci"];

/// What speaks against an instruction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Against {
    /// The VM takes it for this instruction, and by the manual it is another.
    Other(&'static str, Meant),
    /// It faults, with these words; then its meaning by the manual, and whether the VM's table calls it floating point.
    Faults(&'static str, Option<Meant>, bool),
    /// It does nothing; then its name, and whether it is floating point.
    Nothing(&'static str, bool),
    /// It only ever gives a constant.
    Constant(&'static str),
}

/// Why instructions that only Go's own packages have are harmless.
pub(super) const IN_GO: &str =
    "Go's own packages have them, and come to them only where the machine has them";

/// Judges instruction words, each once.
struct Judge {
    isa: &'static dyn IsaInfo,
    rows: Rows,
    words: HashMap<u32, Option<Against>>,
}

impl Judge {
    fn of(&mut self, insn: u32) -> Option<Against> {
        if let Some(known) = self.words.get(&insn) {
            return *known;
        }
        let against = against(self.isa, insn, self.rows.of(insn));
        self.words.insert(insn, against);
        against
    }
}

fn against(isa: &dyn IsaInfo, insn: u32, row: &Row) -> Option<Against> {
    let seen = &row.observed;
    if let Some(fault) = seen.faults {
        let meant = manual::extension(isa, insn).filter(|_| !seen.is_float());
        return Some(Against::Faults(fault, meant, seen.is_float()));
    }
    let meant = manual::other(isa, insn, seen.mnemonic, row.unused);
    let name = meant.and_then(|meant| meant.name);
    if seen.does_nothing {
        let name = name.unwrap_or(seen.mnemonic);
        let is_float = seen.is_float();
        return (!RIGHTLY_NOTHING.contains(&name)).then_some(Against::Nothing(name, is_float));
    }
    if let Some(meant) = meant {
        return Some(Against::Other(seen.mnemonic, meant));
    }
    seen.gives_constant
        .then_some(Against::Constant(seen.mnemonic))
}

/// Checks every instruction. Instructions that only Go's own packages have are harmless in a Go program, because the
/// packages ask the machine before they use them. But if floating point faults, no Go program runs.
pub(super) fn check_instructions(code: &Code<'_>, bytes: &[u8], report: &mut Report) {
    let mut judge = Judge {
        isa: code.isa,
        rows: Rows::new(code.isa),
        words: HashMap::new(),
    };
    let (mut count, mut functions) = (0usize, 0usize);
    let mut found: BTreeMap<Against, Places> = BTreeMap::new();
    for function in code.functions() {
        functions += 1;
        count += function.len();
        for (i, at) in function.iter().enumerate() {
            if let Some(against) = judge.of(at.insn)
                && !is_filling(&function, i)
            {
                found.entry(against).or_default().add(*at);
            }
        }
    }
    let (count, functions) = (
        counted(count, "instruction"),
        counted(functions, "function"),
    );
    report.fact("code", &format!("{count} in {functions}"));
    // With another profile the compiler uses extensions without asking the machine.
    let asks = matches!(go::riscv_profile(bytes), None | Some("rva20u64"));
    let is_go = go::release(bytes).is_some();
    let harmless = |places: &Places| is_go && asks && places.are_go_s(code.has_names());
    for (against, places) in found {
        let harmless = harmless(&places);
        let judged = Judged {
            isa: code.isa,
            is_go,
            harmless,
            has_names: code.has_names(),
        };
        tell(judged, against, &places, report);
    }
}

/// Whether a word is one of the zeros that linkers fill gaps with, if zeros are not an instruction.
fn is_filling(function: &[At<'_>], at: usize) -> bool {
    let zero = |at: &At<'_>| at.insn == 0;
    let rest = function.get(at..).unwrap_or_default();
    rest.iter().all(zero)
}

/// What the manual has an instruction word for that a VM lacks or takes for another, and what can be done about it.
pub(super) fn by_the_manual(isa: &dyn IsaInfo, insn: u32) -> Option<(String, &'static str)> {
    let meant = manual::extension(isa, insn)?;
    Some((meant.describe(), remedy(isa, Some(meant), false)))
}

/// What can be done about an instruction that the VM lacks.
fn remedy(isa: &dyn IsaInfo, meant: Option<Meant>, is_float: bool) -> &'static str {
    match meant.and_then(|meant| meant.name) {
        Some("teq") => "compilers put it behind divisions: build C with -mno-check-zero-division",
        Some("break") => "it is where the program gives up; see that it does not come to it",
        _ if is_float || meant.is_some_and(Meant::is_float) => {
            "build the program without floating point (C: -msoft-float, Go: GOMIPS=softfloat)"
        }
        _ => match isa.machine() {
            Some((MIPS, false)) => {
                "build the program for MIPS32 release 1 alone (C: -march=mips32)"
            }
            Some((MIPS, true)) => "build the program for MIPS64 release 1 alone (C: -march=mips64)",
            Some((RISCV, _)) => {
                "build the program for the VM's base alone (C: -march=rv64ima, for VM type imac-1 -march=rv64imac; \
                 Go: GORISCV64=rva20u64)"
            }
            _ => "build the program for the instruction set that the VM has",
        },
    }
}

/// The program that an instruction is judged in.
struct Judged<'a> {
    isa: &'a dyn IsaInfo,
    is_go: bool,
    /// Only Go's own packages have the instruction.
    harmless: bool,
    /// Whether its functions have names.
    has_names: bool,
}

fn tell(judged: Judged<'_>, against: Against, places: &Places, report: &mut Report) {
    let Judged {
        isa,
        is_go,
        harmless,
        has_names,
    } = judged;
    let places = places.describe();
    let shown = |mnemonic: &str| mnemonic.trim_end_matches('_').replace('_', ".");
    let grade = |otherwise| if harmless { Grade::Harmless } else { otherwise };
    let (grade, what, cause, remedy) = match against {
        Against::Other(taken_for, meant) => (
            grade(Grade::Problem),
            format!(
                "{} that the VM takes for {}: {places}",
                meant.describe(),
                shown(taken_for)
            ),
            "results are wrong, and nothing tells",
            remedy(isa, None, false),
        ),
        Against::Faults(_, _, true) if is_go => (
            Grade::Problem,
            format!(
                "Go's run time needs the floating-point registers (the extensions F and D), and \
                 the VM has none: {places}"
            ),
            "Go has no soft float for RISC-V; its run time comes to such instructions at its start",
            "run it on Asterisc's VM (type riscv64), where they do nothing, or write it in Rust \
             or C",
        ),
        Against::Faults(fault, meant, is_float) => {
            let name = meant.map_or(String::new(), |meant| {
                format!("; by the manual {}", meant.describe())
            });
            (
                grade(Grade::Warning),
                format!(
                    "instructions that fault where the program comes to them ({fault}): {places}{name}"
                ),
                "",
                remedy(isa, meant, is_float),
            )
        }
        Against::Nothing(name, is_float) => (
            // Without names it may be Go's own packages that have them.
            grade(if is_go && !has_names {
                Grade::Warning
            } else {
                Grade::Problem
            }),
            format!(
                "instructions that silently do nothing ({}): {places}",
                shown(name)
            ),
            if is_float {
                "there are no floating point registers: results are wrong, and nothing tells"
            } else {
                "results are wrong, and nothing tells"
            },
            if is_float {
                "use no floating point, or the compiler's soft float"
            } else {
                remedy(isa, None, false)
            },
        ),
        Against::Constant(name) => (
            grade(Grade::Warning),
            format!(
                "instructions that only ever give a constant ({}): {places}",
                shown(name)
            ),
            "",
            "",
        ),
    };
    match grade {
        Grade::Harmless => report.harmless(what, IN_GO),
        grade => report.find(grade, what, cause, remedy),
    }
}
