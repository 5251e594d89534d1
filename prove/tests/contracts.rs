//! Every contract is what its definitions say: each row, for all encodings, operands, states and memories.

use fpvm_e2e::{Tool, skip};
use fpvm_prove::solver::{COMMAND, Solver};
use fpvm_prove::vms::{Report, Rows, Vm};
use fpvm_prove::yul::Source;
use std::time::Duration;

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

fn read(vm: Vm) -> Source {
    Source::read(&vm.text()).expect("the printer prints what the prover reads")
}

#[test]
fn every_row_of_every_contract_is_the_definition() {
    if !has_solver() {
        return;
    }
    for vm in Vm::ALL {
        let report = prove(vm, &read(vm), |_| true);
        for proof in report.proofs {
            assert!(
                proof.holds(),
                "{} {}: {:?} {:?}",
                vm.name(),
                proof.name,
                proof.difference,
                proof.goals
            );
        }
    }
}

#[test]
fn a_planted_fault_is_refuted_with_a_case() {
    if !has_solver() {
        return;
    }
    // RV64's `slt` as `sltu`: right for small numbers, wrong for negative ones.
    let text = Vm::Rv64.text();
    let right = "slt(signed(rs1), signed(rs2))";
    let source = Source::read(&text.replace(right, "lt(rs1, rs2)")).expect("it is still Yul");
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
