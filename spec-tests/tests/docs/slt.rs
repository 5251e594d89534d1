//! The chapter that follows `slt` from its row to its case in the contract: each of its listings, out
//! of the sources and of the interpretations themselves.

use fpvm_core::definition::decode::decode;
use fpvm_core::definition::disasm::disassemble;
use fpvm_core::definition::effects::Effects;
use fpvm_core::definition::isa::Isa as _;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::machine::memory::{Memory as _, PagedMemory};
use fpvm_core::machine::vm::{Host, Vm};
use fpvm_core::step::compact::encode;
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_core::step::verify::verify;
use fpvm_isa_mips::{Mips32, state};
use fpvm_lint::listing::semantics;
use spec_tests::book::{current, repository};
use std::fmt::Write as _;
use std::fs;

/// `slt $t0, $t1, $t2`.
const INSN: u32 = 0x012a_402a;
const AT: u32 = 0x1000;

/// The lines of a file from the first that has a text in it on, as long as they are no less indented
/// than it; up to one that is only a brace.
fn excerpt(file: &str, from: &str) -> String {
    let text = fs::read_to_string(repository(file)).expect(file);
    let mut lines = text.lines().skip_while(|line| !line.contains(from));
    let first = lines
        .next()
        .unwrap_or_else(|| panic!("{file} has no {from}"));
    let indent = first.len() - first.trim_start().len();
    let mut out = format!("{}\n", first.trim_start());
    for line in lines {
        let (before, line) = line.split_at(indent.min(line.len()));
        if !before.trim().is_empty() {
            break;
        }
        let _ = writeln!(out, "{line}");
        if line == "}" {
            break;
        }
    }
    out
}

/// The one line of a file that has a text in it.
fn line(file: &str, with: &str) -> String {
    let text = excerpt(file, with);
    text.lines()
        .take(1)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn listing(name: &str, language: &str, text: &str) {
    let text = format!("```{language}\n{text}```\n");
    current(&format!("tables/slt-{name}.md"), &text);
}

fn machine() -> Vm<Mips32> {
    let (mut state, mut memory) = (State::default(), PagedMemory::new().expect("memory"));
    for (cell, value) in [
        (state::PC, AT),
        (state::NEXT_PC, AT + 4),
        (Cell(9), 0xffff_fffe),
        (Cell(10), 3),
    ] {
        state.set(cell, value);
    }
    memory.write(AT.into(), INSN.to_be_bytes()).expect("memory");
    Vm::new(state, memory)
}

/// The step of one `slt`: run, proved and verified.
fn step() -> String {
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    let (mut runner, mut prover) = (machine(), machine());
    runner.run(1, false, &mut host).expect("a step");
    let proof = prover.prove(&mut host).expect("a proof");
    let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
    let verified = verify::<Mips32>(&proof.state_data, &proof.proof_data, &mut part);
    let verified = verified.expect("a right proof");
    assert_eq!([runner.state_root(), proof.post], [verified.post; 2]);
    let compact = encode::<Mips32>(&proof.state_data, &proof.proof_data, &mut part);
    let rows = [
        (
            "instruction",
            format!("`{INSN:08x}`: `{}`", disassemble::<Mips32>(INSN, AT.into())),
        ),
        ("`t1`, `t2` before", {
            let before = |cell| verified.before.get(Cell(cell)) as i32;
            format!("{}, {}", before(9), before(10))
        }),
        ("`t0` after", verified.after.get(Cell(8)).to_string()),
        ("bytes of the proof, one of its two branches unused", {
            proof.proof_data.len().to_string()
        }),
        (
            "bytes of the compact proof",
            compact.expect("a proof").len().to_string(),
        ),
        (
            "state root before",
            format!("`{}`", const_hex::encode(proof.pre)),
        ),
        ("state root after, from interpreter, prover and verifier", {
            format!("`{}`", const_hex::encode(proof.post))
        }),
    ];
    let mut text = String::from("| | |\n| --- | --- |\n");
    for (what, value) in rows {
        let _ = writeln!(text, "| {what} | {value} |");
    }
    text
}

#[test]
fn the_chapter_of_slt_is_what_the_program_has() {
    let row = Mips32::TABLE
        .iter()
        .find(|row| row.name == "slt")
        .expect("slt");
    assert_eq!(INSN & row.mask, row.value);
    // What the chapter says of them: registers only.
    let effects = Effects::of::<Mips32>(decode::<Mips32>(INSN));
    assert_eq!(effects, Effects::default());
    listing(
        "row",
        "rust,ignore",
        &line("isa-mips/src/table.rs", "    slt = "),
    );
    let alu = "isa-mips/src/alu.rs";
    let slt = excerpt(alu, "fn slt<M: Machine>");
    let set_less = excerpt(alu, "fn set_less<M: Machine>");
    listing("definition", "rust,ignore", &format!("{slt}\n{set_less}"));
    let text = semantics::<Mips32>(decode::<Mips32>(INSN));
    let text = text.lines().map(|line| format!("{}\n", line.trim_start()));
    listing("text", "text", &text.collect::<String>());
    let contract = "contracts/sol/FpvmMips.sol";
    listing(
        "contract",
        "solidity",
        &excerpt(contract, "// slt rd, rs, rt"),
    );
    let helpers = ["signed(a)", "get4(field)", "setRegister(field, value)"];
    let helpers = helpers.map(|name| line(contract, &format!("function {name}")));
    listing("helpers", "solidity", &helpers.concat());
    current("tables/slt-step.md", &step());
    let gas = fs::read_to_string(repository("docs/src/gas.md")).expect("gas.md");
    let rows = gas.lines().filter(|line| {
        line.starts_with("| VM") || line.starts_with("|---") || line.starts_with("| mips | alu")
    });
    let rows: String = rows.map(|line| format!("{line}\n")).collect();
    current("tables/slt-gas.md", &rows);
}
