//! Every contract is what its definitions say: each row, for all encodings, operands, states and memories.
//!
//! `UPDATE_DOCS=1 cargo test -p fpvm-prove --test contracts` writes the book's table anew.

use fpvm_core::definition::isa::Isa;
use fpvm_e2e::{Tool, skip};
use fpvm_prove::claim::{Outcome, Proof};
use fpvm_prove::dead::unreached;
use fpvm_prove::mutant::{EQUIVALENT, Fate, score};
use fpvm_prove::rows::rows;
use fpvm_prove::solver::{COMMAND, Solver, Verdict};
use fpvm_prove::term::{Sort, Terms, Two};
use fpvm_prove::vms::{ForVm, HelpersOf, Report, Rows, Vm};
use fpvm_prove::yul::Source;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

/// Of how many mutants the ordinary test run tries one.
const ONE_OF: usize = 127;

/// Whether a solver can be started; says that the test is skipped where not.
fn has_solver() -> bool {
    match Solver::start(Duration::from_secs(1)) {
        Ok(_) => true,
        Err(error) => {
            skip(
                Tool::Solver,
                &format!("{COMMAND} proves the contracts: {error}"),
            );
            false
        }
    }
}

fn prove(vm: Vm, source: &Source, wanted: impl Fn(&str) -> bool + Sync) -> Report {
    let threads = 2;
    let rows = Rows {
        vm,
        source,
        wanted,
        threads,
    };
    match vm.with(rows) {
        Ok(report) => report,
        Err(error) => panic!("{}: {error}", vm.name()),
    }
}

fn read(text: &str) -> Source {
    Source::read(text).expect("the printer prints what the prover reads")
}

/// Patterns of a VM's rows, by name.
struct Patterns;

impl ForVm for Patterns {
    type Output = Vec<(String, String)>;

    fn run<I: Isa>(self) -> Self::Output {
        let pattern = |row: fpvm_prove::rows::Row<I>| {
            let pattern = row.pattern();
            let text =
                pattern.map_or_else(String::new, |p| format!("`{:08x}/{:08x}`", p.value, p.mask));
            (row.name(), text)
        };
        rows::<I>().into_iter().map(pattern).collect()
    }
}

/// The table of the book: each row with its parts by what decided them.
fn table(vm: Vm, proofs: &[Proof], out: &mut String) {
    let count =
        |proof: &Proof, outcome| proof.goals.iter().filter(|g| g.outcome == outcome).count();
    let (same, proved) = proofs.iter().fold((0, 0), |(same, proved), proof| {
        (
            same + count(proof, Outcome::Same),
            proved + count(proof, Outcome::Proved),
        )
    });
    let _ = writeln!(
        out,
        "<details><summary>{}: {} rows, {same} claims by rewriting, {proved} by the solver</summary>\n",
        vm.name(),
        proofs.len()
    );
    out.push_str("| row | word/mask | by rewriting | by the solver |\n|---|---|---|---|\n");
    for (proof, (name, pattern)) in proofs.iter().zip(vm.with(Patterns)) {
        assert_eq!(proof.name, name);
        let (same, proved) = (count(proof, Outcome::Same), count(proof, Outcome::Proved));
        let _ = writeln!(out, "| {name} | {pattern} | {same} | {proved} |");
    }
    out.push_str("\n</details>\n\n");
}

#[test]
fn every_row_of_every_contract_is_the_definition() {
    if !has_solver() {
        return;
    }
    let mut reached: BTreeMap<&str, HashSet<usize>> = BTreeMap::new();
    let mut book = String::new();
    for vm in Vm::ALL {
        let report = prove(vm, &read(&vm.text()), |_| true);
        for proof in &report.proofs {
            reached
                .entry(vm.contract().name)
                .or_default()
                .extend(&proof.reached);
            let (goals, difference) = (&proof.goals, &proof.difference);
            assert!(
                proof.holds(),
                "{} {}: {difference:?} {goals:?}",
                vm.name(),
                proof.name
            );
        }
        table(vm, &report.proofs, &mut book);
    }
    // What no row of no state version reaches would be deployed for nothing.
    for vm in Vm::ALL {
        let name = vm.contract().name;
        let dead = unreached(&read(&vm.text()), &reached[name]);
        assert_eq!(dead, [0; 0], "lines of {name} that no word reaches");
    }
    spec_tests::book::current("tables/proved.md", &book);
}

/// What the solver is told of a quotient that it takes for a function, asked of it where it takes it for what
/// it is.
#[test]
fn a_quotient_is_at_most_its_dividend() {
    if !has_solver() {
        return;
    }
    let mut solver = Solver::start(Duration::from_secs(60)).expect("a solver");
    for op in [Two::Div, Two::Rem] {
        let mut terms = Terms::default();
        let [a, b] = ["a", "b"].map(|name| terms.symbol(name, Sort::Bits(16)));
        let result = terms.two(op, a, b);
        let above = terms.less(a, result);
        let claim = terms.not(above);
        solver.reset(false).expect("a solver");
        solver.deny(&terms, &[claim]).expect("a solver");
        let verdict = solver.check().expect("an answer");
        assert_eq!(verdict, Verdict::Impossible, "{op:?}");
    }
}

#[test]
fn what_is_committed_is_what_was_proved() {
    for vm in Vm::ALL {
        let name = vm.contract().name;
        let path = spec_tests::book::repository(&format!("contracts/sol/{name}.sol"));
        let committed = std::fs::read_to_string(path).expect("the contract's source");
        assert_eq!(committed, vm.text(), "{name}");
    }
}

#[test]
fn helpers_do_what_the_rows_take_them_for() {
    if !has_solver() {
        return;
    }
    for vm in Vm::ALL {
        let source = read(&vm.text());
        let helpers = vm.with(HelpersOf {
            vm,
            source: &source,
            only: None,
        });
        for helper in helpers.expect("the helpers can be run") {
            assert!(helper.holds(), "{}: {helper:?}", vm.name());
        }
    }
}

#[test]
fn a_planted_fault_is_refuted_with_a_case() {
    if !has_solver() {
        return;
    }
    // RV64's `slt` as `sltu`: right for small numbers, wrong for negative ones.
    let right = "slt(signed(rs1), signed(rs2))";
    let source = read(&Vm::Rv64.text().replace(right, "lt(rs1, rs2)"));
    let report = prove(Vm::Rv64, &source, |row| row == "slt" || row == "sltu");
    let [slt, sltu] = &report.proofs[..] else {
        panic!("two rows are wanted");
    };
    assert!(slt.is_refuted() && sltu.holds());
    let difference = slt.difference.as_deref().unwrap_or_default();
    assert!(
        difference.starts_with("registers differs where") && difference.contains("insn = 0x"),
        "{difference}"
    );
}

#[test]
fn a_planted_fault_in_a_helper_is_refuted() {
    if !has_solver() {
        return;
    }
    let planted = [
        (
            "fewer",
            "mul(lt(b, a), xor(a, b))",
            "mul(lt(a, b), xor(a, b))",
        ),
        ("load of 8", "if gt(end, 32)", "if gt(end, 33)"),
        ("load of 2", "sub(64, end)", "sub(63, end)"),
        (
            "store of 4",
            "let shift := shl(3, sub(32, place))",
            "let shift := shl(2, sub(32, place))",
        ),
        (
            "store of 8",
            "beyond(at, place), shl(shift, mask)",
            "at, shl(shift, mask)",
        ),
        (
            "load of 8",
            "and(add(at, sub(32, place)), WORD)",
            "and(add(at, sub(64, place)), WORD)",
        ),
        (
            "inWindow of 8",
            "sub(window, and(at, sub(window, 1)))",
            "sub(window, and(at, window))",
        ),
        (
            "setRegister",
            "if gt(field, REGISTERS)",
            "if lt(field, REGISTERS)",
        ),
        (
            "get4",
            "value := shr(224, mload(field))",
            "value := shr(225, mload(field))",
        ),
        (
            "set8",
            "or(shr(64, shl(64, mload(field)))",
            "or(shr(63, shl(64, mload(field)))",
        ),
        (
            "appendKey of 8",
            "shl(bits, mload(PREIMAGE_KEY))",
            "shl(n, mload(PREIMAGE_KEY))",
        ),
        (
            "readPreimage of 8",
            "gt(returndatasize(), 0x3f)",
            "gt(returndatasize(), 0x3e)",
        ),
        (
            "readPreimage of 8",
            "if eq(byte(0, key), 1)",
            "if eq(byte(0, key), 2)",
        ),
        (
            "readPreimage of 8",
            "mstore(add(CALL, 0x20), caller())",
            "mstore(add(CALL, 0x20), context)",
        ),
        ("release", "div(WORD_BITS, 8)", "div(WORD_BITS, 4)"),
    ];
    let vm = Vm::Mips64V8;
    for (name, right, wrong) in planted {
        let text = vm.text();
        assert!(text.contains(right), "{right} is not in the contract");
        let source = read(&text.replace(right, wrong));
        let helpers = vm.with(HelpersOf {
            vm,
            source: &source,
            only: Some(name),
        });
        let helpers = helpers.expect("the helpers can be run");
        let [helper] = &helpers[..] else {
            panic!("there is no helper {name} alone: {helpers:?}");
        };
        assert!(!helper.holds(), "{wrong} goes unnoticed by {name}");
    }
}

#[test]
fn mutants_are_refuted() {
    if !has_solver() {
        return;
    }
    // Those of MIPS64 take longer: the command tries them.
    for vm in [Vm::Mips32, Vm::Rv64, Vm::Imac] {
        let source = read(&vm.text());
        let report = prove(vm, &source, |_| true);
        let tried = score(vm, &source, &report.proofs, ONE_OF);
        assert!(
            tried.len() > 10,
            "{}: {} mutants alone",
            vm.name(),
            tried.len()
        );
        let mut alive = Vec::new();
        for (mutant, fate) in tried {
            let is_named = EQUIVALENT.iter().any(|known| known.is(&mutant, &source));
            let is_fine = matches!(fate, Fate::Refuted | Fate::Rejected) || is_named;
            if !is_fine {
                let line = source.tokens[mutant.at].1;
                alive.push(format!(
                    "{}: {mutant:?} in line {line}: {fate:?}",
                    vm.name()
                ));
            }
        }
        assert_eq!(alive, [""; 0]);
    }
}
