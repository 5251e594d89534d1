//! Proves the contracts: `fpvm-prove [VM] [ROW …]`.

use fpvm_prove::claim::Outcome;
use fpvm_prove::dead::{statements, unreached};
use fpvm_prove::mutant::{Fate, score};
use fpvm_prove::vms::{HelpersOf, Rows, Vm};
use fpvm_prove::yul::Source;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let only = arguments
        .peek()
        .and_then(|name| Vm::ALL.into_iter().find(|vm| vm.name() == name));
    if only.is_some() {
        arguments.next();
    }
    let mut wanted: Vec<String> = arguments.collect();
    let step = wanted
        .iter()
        .position(|word| word == "--mutants")
        .map(|at| {
            let rest = wanted.split_off(at);
            rest.get(1).and_then(|step| step.parse().ok()).unwrap_or(1)
        });
    let mut all_hold = true;
    for vm in Vm::ALL
        .into_iter()
        .filter(|vm| only.is_none_or(|only| only == *vm))
    {
        match prove(vm, &wanted, step) {
            Ok(hold) => all_hold &= hold,
            Err(error) => {
                eprintln!("{}: {error}", vm.name());
                all_hold = false;
            }
        }
    }
    if all_hold {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn prove(
    vm: Vm,
    wanted: &[String],
    step: Option<usize>,
) -> Result<bool, Box<dyn std::error::Error>> {
    let begin = Instant::now();
    let source = Source::read(&vm.text())?;
    let rows = Rows {
        vm,
        source: &source,
        wanted: |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name),
        threads: 2,
    };
    let report = vm.with(rows)?;
    if wanted.is_empty() {
        for helper in vm.with(HelpersOf {
            vm,
            source: &source,
            only: None,
        })? {
            let [same, proved, open] = helper.cases;
            println!(
                "{} {}: {same} cases the same term, {proved} by the solver, {open} open, {:.1?}",
                vm.name(),
                helper.name,
                helper.time
            );
        }
    }
    let mut counts = [0; 4];
    for proof in &report.proofs {
        for goal in &proof.goals {
            counts[match goal.outcome {
                Outcome::Same => 0,
                Outcome::Proved => 1,
                Outcome::Refuted => 2,
                Outcome::Unknown => 3,
            }] += 1;
            if !matches!(goal.outcome, Outcome::Same | Outcome::Proved) {
                println!(
                    "{} {}: {}: {:?} after {:.1?}",
                    vm.name(),
                    proof.name,
                    goal.name,
                    goal.outcome,
                    goal.time
                );
            }
        }
        if let Some(difference) = &proof.difference {
            println!("    {difference}");
        }
    }
    let reached = report
        .proofs
        .iter()
        .flat_map(|proof| &proof.reached)
        .copied()
        .collect();
    let dead = unreached(&source, &reached);
    println!(
        "{}: {} statements, lines of those that no word reaches: {dead:?}",
        vm.name(),
        statements(&source)
    );
    let held = report.proofs.iter().filter(|proof| proof.holds()).count();
    let [same, proved, refuted, unknown] = counts;
    println!(
        "{}: {held} of {} rows proved in {:.1?} ({:.1?} in the solver, {} questions); parts: {same} the same term, {proved} by the solver, {refuted} refuted, {unknown} unknown",
        vm.name(),
        report.proofs.len(),
        begin.elapsed(),
        report.solving,
        report.questions
    );
    if let Some(step) = step {
        let begin = Instant::now();
        let tried = score(vm, &source, &report.proofs, step);
        let count = |fate| tried.iter().filter(|(_, f)| *f == fate).count();
        for (mutant, fate) in tried
            .iter()
            .filter(|(_, f)| !matches!(f, Fate::Refuted | Fate::Rejected))
        {
            let line = source.tokens[mutant.at].1;
            println!(
                "{} {:?}: {fate:?}: line {line}, {} as {}",
                vm.name(),
                mutant.rows,
                mutant.was,
                mutant.now
            );
        }
        println!(
            "{}: {} mutants in {:.1?}: {} refuted, {} rejected, {} unknown, {} survived",
            vm.name(),
            tried.len(),
            begin.elapsed(),
            count(Fate::Refuted),
            count(Fate::Rejected),
            count(Fate::Unknown),
            count(Fate::Survived)
        );
    }
    let mut slow: Vec<_> = report.proofs.iter().collect();
    slow.sort_by_key(|proof| std::cmp::Reverse(proof.time));
    for proof in slow.iter().take(3) {
        println!("    {} took {:.1?}", proof.name, proof.time);
    }
    Ok(held == report.proofs.len())
}
