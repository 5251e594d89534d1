//! Proves the contracts: `fpvm-prove [VM] [ROW …]`.

use fpvm_prove::claim::Outcome;
use fpvm_prove::vms::{Rows, Vm};
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
    let wanted: Vec<String> = arguments.collect();
    let mut all_hold = true;
    for vm in Vm::ALL
        .into_iter()
        .filter(|vm| only.is_none_or(|only| only == *vm))
    {
        match prove(vm, &wanted) {
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

fn prove(vm: Vm, wanted: &[String]) -> Result<bool, Box<dyn std::error::Error>> {
    let begin = Instant::now();
    let source = Source::read(&vm.text())?;
    let rows = Rows {
        vm,
        source: &source,
        wanted: |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name),
        threads: 2,
    };
    let report = vm.with(rows)?;
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
    let mut slow: Vec<_> = report.proofs.iter().collect();
    slow.sort_by_key(|proof| std::cmp::Reverse(proof.time));
    for proof in slow.iter().take(3) {
        println!("    {} took {:.1?}", proof.name, proof.time);
    }
    Ok(held == report.proofs.len())
}
