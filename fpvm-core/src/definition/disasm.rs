//! Assembly text from the same table that the decoder reads.

use crate::definition::decode::decode;
use crate::definition::isa::{Isa, Op, Operand};
use crate::definition::word::Word;
use alloc::format;
use alloc::string::{String, ToString};

/// An instruction as assembly text. `pc` is its address, for branch targets.
pub fn disassemble<I: Isa>(insn: u32, pc: u64) -> String {
    let op = decode::<I>(insn);
    let Some(row) = I::TABLE.get(op.index()) else {
        return format!(".word {insn:#010x}");
    };
    let mut text = row.name.replace('_', ".");
    let mut operands = String::new();
    let mut rest = row.format;
    while let Some((before, after)) = rest.split_once('{') {
        operands.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let operand = I::OPERANDS.iter().find(|(known, _)| *known == name);
        operands.push_str(&operand.map_or(name.to_string(), |(_, o)| show::<I>(*o, insn, pc)));
        rest = after;
    }
    operands.push_str(rest);
    if !operands.is_empty() {
        text = format!("{text:<7} {operands}");
    }
    text
}

fn show<I: Isa>(operand: Operand, insn: u32, pc: u64) -> String {
    let address = |value: u64| format!("{:#x}", I::Word::truncate(value));
    match operand {
        Operand::Reg(reg) => register::<I>(reg.of(insn).0),
        Operand::Imm(imm) if imm.signed != 0 => format!("{}", imm.of(insn) as i64),
        Operand::Imm(imm) => format!("{:#x}", imm.of(insn)),
        Operand::Target(imm, base) => address(pc.wrapping_add(base).wrapping_add(imm.of(insn))),
        Operand::Region(imm) => {
            let region = pc.wrapping_add(4) & !((1 << 28) - 1);
            address(region | imm.of(insn))
        }
    }
}

/// A register's name, or its cell number where it is no general register.
pub fn register<I: Isa>(cell: u8) -> String {
    I::REGISTERS
        .get(cell as usize)
        .map_or_else(|| format!("cell{cell}"), |name| (*name).to_string())
}
