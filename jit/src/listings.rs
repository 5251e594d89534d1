//! Golden listings: the assembly of rows of each ISA's table, reviewed like any other snapshot.
//!
//! A listing shows the code of a trace of the instructions between the way in, which takes its steps from the
//! budget, and the way out for too few steps. The registers that the header names are pinned; guest registers in
//! brackets are in the context, as is everything else in brackets that has a name. Code for a way out comes after
//! the trace: it gives back the steps that were not done, says by which exit it leaves, and leaves.
//!
//! A change of the emitter shows here. `cargo insta review` accepts it.

mod mips;
mod riscv;

use crate::asm::Asm;
use crate::context::common;
use crate::emit::{Common, Origin, emit};
use crate::layout::{BIAS, Layout, name_of_field};
use crate::live::Liveness;
use crate::lower::lower;
use crate::trace::Trace;
use fpvm_core::definition::decode::Decoder as Instructions;
use fpvm_core::definition::disasm::disassemble;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::CELLS;
use fpvm_core::definition::word::Word as _;
use iced_x86::{Decoder, DecoderOptions, FastFormatter, Instruction, OpKind, Register};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Where the code is.
const CODE: u64 = 0x1_0000;
/// Instructions of the way in, and of the way out at the end, which all traces have.
const WAY_IN: usize = 2;
const WAY_OUT: usize = 3;

/// Instructions of one listing: the row of each, and the bits that the row leaves open.
type Rows<'a> = &'a [(&'a str, u32)];

/// A row's word.
fn word<I: Isa>(name: &str, open: u32) -> u32 {
    let row = I::TABLE.iter().find(|row| row.name == name);
    let row = row.unwrap_or_else(|| panic!("{} has no row {name}", I::NAME));
    assert_eq!(open & row.mask, 0, "{name}: {open:#x} is not left open");
    row.value | open
}

/// Listings of an ISA, with these cells in host registers.
fn listings<I: Isa>(pinned: &[u8], all: &[Rows<'_>]) -> String {
    let mut uses = [0; CELLS];
    for (rank, cell) in (0u32..).zip(pinned) {
        uses[usize::from(*cell)] = 100 - rank;
    }
    let layout = Layout::new::<I>(&uses);
    let mut asm = Asm::default();
    let common = common(&mut asm, &layout);
    let mut text = String::new();
    for (cell, reg) in layout.pinned() {
        let name = I::REGISTERS[usize::from(cell)];
        let _ = writeln!(text, "{name} is {}", format!("{reg:?}").to_lowercase());
    }
    for rows in all {
        listing::<I>(&mut text, &layout, common, asm.len(), rows);
    }
    text
}

/// Appends the listing of a trace of some rows, which begins at an offset of the buffer.
fn listing<I: Isa>(
    text: &mut String,
    layout: &Layout,
    common: Common,
    begin: usize,
    rows: Rows<'_>,
) {
    let (mut path, mut words, mut next) = (Vec::new(), Vec::new(), CODE);
    text.push('\n');
    for (name, open) in rows {
        let word = word::<I>(name, *open);
        let _ = writeln!(text, "{}", disassemble::<I>(word, next));
        path.push(next);
        words.push(word);
        next = I::Word::truncate(next + fetch::len::<I>(word)).zext();
    }
    let decoder = Instructions::<I>::default();
    let fetch = |pc| {
        let at = path.iter().position(|of| *of == pc)?;
        Some((words[at], decoder.decode(words[at])))
    };
    let (mut trace, mut live, mut asm) = (Trace::default(), Liveness::default(), Asm::default());
    lower::<I>(&mut trace, &path, next, fetch, |_| false);
    if trace.steps == 0 {
        text.push_str("    left to the interpreter\n");
        return;
    }
    live.find(&mut trace);
    let origin = Origin {
        begin,
        first_exit: 1,
        head: CODE,
    };
    let emitted = emit(&mut asm, layout, &trace, &live, common, origin);
    assert!(emitted.is_some(), "{rows:?} needs too many slots");

    let mut decoder = Decoder::with_ip(64, &asm.bytes, begin as u64, DecoderOptions::NONE);
    let all: Vec<Instruction> = decoder.iter().collect();
    assert!(all.len() > WAY_IN + WAY_OUT);
    let shown = &all[WAY_IN..all.len() - WAY_OUT];
    let targets: BTreeSet<u64> = shown.iter().filter_map(branch).collect();
    let own: Vec<u64> = targets
        .iter()
        .copied()
        .filter(|at| *at > begin as u64)
        .collect();
    let name = |at: u64| {
        let mut shared = common.names().into_iter();
        match own.iter().position(|label| *label == at) {
            Some(number) => format!("L{}", number + 1),
            None if at == begin as u64 => "begin".into(),
            None => match shared.find(|(place, _)| *place as u64 == at) {
                Some((_, name)) => name.into(),
                None => format!("{at:#x}"),
            },
        }
    };
    for instruction in shown {
        if targets.contains(&instruction.ip()) {
            let _ = writeln!(text, "  {}:", name(instruction.ip()));
        }
        let _ = writeln!(text, "    {}", line::<I>(instruction, name));
    }
}

/// The target of a jump or call, if the instruction names it.
fn branch(instruction: &Instruction) -> Option<u64> {
    let is_near = instruction.op_count() > 0 && instruction.op0_kind() == OpKind::NearBranch64;
    is_near.then(|| instruction.near_branch64())
}

/// An instruction as assembly, with names for places in code and in the context.
fn line<I: Isa>(instruction: &Instruction, name: impl Fn(u64) -> String) -> String {
    let mut text = String::new();
    FastFormatter::new().format(instruction, &mut text);
    if let Some(target) = branch(instruction) {
        let mnemonic = text.split(' ').next().unwrap_or_default();
        return format!("{mnemonic} {}", name(target));
    }
    let in_context =
        (instruction.memory_base(), instruction.memory_index()) == (Register::RBP, Register::None);
    if let (true, Some((before, rest))) = (in_context, text.split_once('['))
        && let Some((_, after)) = rest.split_once(']')
    {
        let offset = (instruction.memory_displacement64() as i64 + i64::from(BIAS)) as usize;
        let field = name_of_field::<I>(offset);
        return format!("{before}[{field}]{after}");
    }
    text
}
