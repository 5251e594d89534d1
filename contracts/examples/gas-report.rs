//! What a step costs on chain, by class of instruction, over upstream's recorded steps of real
//! programs (for RV64IMAC over steps of a bundled guest, and for the toy ISA of a small program): `cargo run --release -p fpvm-contracts --example
//! gas-report`, and with `-- --json` as an array of rows. Where the environment variable
//! `FPVM_UPSTREAM_CONTRACTS` names a folder with upstream's artifacts, its rows stand beside ours.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{proofs_of_imac, proofs_of_runs, proofs_of_steps};
use fpvm_contracts::harness::Harness;
use fpvm_contracts::{IMAC_ARTIFACT, MIPS_ARTIFACT, MIPS64_ARTIFACT, RISCV_ARTIFACT, TOY_ARTIFACT};
use fpvm_core::definition::decode::decode;
use fpvm_core::definition::effects::Effects;
use fpvm_core::definition::isa::{Isa, Op as _};
use fpvm_core::definition::state::State;
use fpvm_core::machine::memory::{Memory as _, PagedMemory};
use fpvm_core::machine::vm::{Host, Vm};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_evm::Gas;
use fpvm_isa_riscv::imac::Imac;
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use toy_isa::{Op, TABLE, Toy};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Steps of one class; gas of the contract alone, bytes, and gas of whole transactions.
#[derive(Serialize)]
struct Row {
    isa: &'static str,
    class: &'static str,
    format: &'static str,
    execution_min: u64,
    execution_median: u64,
    execution_max: u64,
    calldata_bytes: usize,
    tx_cancun_median: u64,
    tx_prague_median: u64,
    /// Whose contract, where it is not ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<&'static str>,
}

/// Costs by class, proof format, and whether with upstream's contract.
type Costs = BTreeMap<(&'static str, &'static str, bool), Vec<Gas>>;

fn main() -> Result<()> {
    let json = std::env::args().any(|argument| argument == "--json");
    let mut rows = Vec::new();
    let mips = Harness::new::<fpvm_isa_mips::Mips32>(MIPS_ARTIFACT, Some("MIPS.json"))?;
    rows.extend(table::<fpvm_isa_mips::Mips32>(mips, &recorded("mips32"))?);
    let mips64 = Harness::new::<fpvm_isa_mips64::Newest>(MIPS64_ARTIFACT, Some("MIPS64.json"))?;
    rows.extend(table::<fpvm_isa_mips64::Newest>(
        mips64,
        &recorded("mips64"),
    )?);
    let riscv = Harness::new::<fpvm_isa_riscv::Rv64>(RISCV_ARTIFACT, Some("RISCV.json"))?;
    rows.extend(table::<fpvm_isa_riscv::Rv64>(riscv, &recorded("riscv64"))?);
    let imac = Harness::new::<Imac>(IMAC_ARTIFACT, None)?;
    rows.extend(table::<Imac>(imac, &proofs_of_imac(60_000, 17))?);
    let toy = Harness::new::<Toy>(TOY_ARTIFACT, None)?;
    rows.extend(table::<Toy>(toy, &toy_steps()?)?);
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    println!(
        "| VM | class | proof | contract | execution min/median/max | calldata bytes | tx Cancun | tx Prague |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for row in rows {
        println!(
            "| {} | {} | {} | {} | {}/{}/{} | {} | {} | {} |",
            row.isa,
            row.class,
            row.format,
            row.contract.unwrap_or("fpvm"),
            row.execution_min,
            row.execution_median,
            row.execution_max,
            row.calldata_bytes,
            row.tx_cancun_median,
            row.tx_prague_median
        );
    }
    Ok(())
}

/// Upstream's recorded steps and the kept proofs of whole runs.
fn recorded(vm: &str) -> Vec<StepProof> {
    [proofs_of_steps(vm), proofs_of_runs(vm)].concat()
}

fn class<I: Isa>(op: I::Op, proof: &StepProof) -> &'static str {
    let name = I::TABLE.get(op.index()).map_or("", |row| row.name);
    let effects = Effects::of::<I>(op);
    let reserved = ["ll", "sc", "lld", "scd", "lr_w", "lr_d", "sc_w", "sc_d"];
    match effects {
        _ if proof.oracle_key.is_some() => "preimage",
        _ if effects.host => "syscall",
        _ if name.starts_with("amo") => "amo",
        _ if reserved.contains(&name) => "llsc",
        _ if effects.stores => "store",
        _ if effects.loads => "load",
        _ if effects.control => "branch",
        _ => "alu",
    }
}

/// The rows of an ISA.
fn table<I: Isa>(mut harness: Harness, proofs: &[StepProof]) -> Result<Vec<Row>> {
    let mut costs = Costs::new();
    for proof in proofs {
        let Some(agreed) = harness.judge::<I>(proof)? else {
            return Err(format!("step {} is refused", proof.step).into());
        };
        let Some(insn) = agreed.verified.step.insn() else {
            continue;
        };
        let class = class::<I>(decode::<I>(insn), proof);
        costs
            .entry((class, "upstream", false))
            .or_default()
            .push(agreed.ours);
        costs
            .entry((class, "compact", false))
            .or_default()
            .push(agreed.compact);
        if let Some(theirs) = agreed.theirs {
            costs
                .entry((class, "upstream", true))
                .or_default()
                .push(theirs);
        }
    }
    Ok(costs
        .into_iter()
        .map(|(key, costs)| row::<I>(key, &costs))
        .collect())
}

fn row<I: Isa>((class, format, theirs): (&'static str, &'static str, bool), costs: &[Gas]) -> Row {
    let sorted = |what: fn(&Gas) -> u64| {
        let mut values: Vec<u64> = costs.iter().map(what).collect();
        values.sort_unstable();
        values
    };
    let median = |what: fn(&Gas) -> u64| sorted(what)[costs.len() / 2];
    let execution = sorted(|gas| gas.execution);
    Row {
        // Two VMs are of one ISA.
        isa: match I::VM_TYPE {
            Imac::VM_TYPE => "riscv-imac",
            _ => I::NAME,
        },
        class,
        format,
        execution_min: execution[0],
        execution_median: median(|gas| gas.execution),
        execution_max: execution[costs.len() - 1],
        calldata_bytes: median(|gas| gas.calldata as u64) as usize,
        tx_cancun_median: median(|gas| gas.cancun),
        tx_prague_median: median(|gas| gas.prague),
        contract: theirs.then_some("upstream"),
    }
}

struct Zeros;

impl Oracle for Zeros {
    fn hint(&mut self, _hint: &[u8]) -> std::result::Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, _key: [u8; 32]) -> std::result::Result<Arc<[u8]>, OracleError> {
        Ok([0; 64].into())
    }
}

/// A program of the toy ISA that has all classes: sums, stores and loads words, appends to a key,
/// reads a pre-image and branches.
fn toy_steps() -> Result<Vec<StepProof>> {
    let word =
        |op: Op, rd: u32, ra: u32, low: u32| TABLE[op.index()].value | rd << 20 | ra << 16 | low;
    let words = [
        word(Op::addi, 4, 0, 0x200),
        word(Op::lui, 5, 0, 0x0200),
        word(Op::sw, 5, 4, 0),
        word(Op::sb, 5, 4, 9),
        word(Op::lw, 6, 4, 0),
        word(Op::add, 7, 6, 5 << 12),
        word(Op::addi, 1, 0, 4),
        word(Op::addi, 2, 4, 0),
        word(Op::addi, 3, 0, 4),
        word(Op::sys, 0, 0, 0),
        word(Op::addi, 1, 0, 5),
        word(Op::sys, 0, 0, 0),
        word(Op::beq, 0, 0, 2),
        word(Op::jal, 0, 0, 1),
        word(Op::jal, 9, 0, 1),
        word(Op::addi, 1, 0, 1),
        word(Op::sys, 0, 0, 0),
    ];
    let mut memory = PagedMemory::new()?;
    for (at, word) in (0..).step_by(4).zip(words) {
        memory.write(at, word.to_le_bytes())?;
    }
    let mut vm = Vm::<Toy>::new(State::default(), memory);
    let mut host = Host {
        oracle: &mut Zeros,
        console: &mut Silent,
    };
    let mut proofs = Vec::new();
    while !vm.state.exited() {
        proofs.push(vm.prove(&mut host)?);
    }
    Ok(proofs)
}
