//! Immediate operands, cut out of the instruction word.

use crate::emit::text::number;
use fpvm_core::definition::operand::{Imm, Part};

fn shifted(expression: &str, right_by: i32) -> String {
    match right_by {
        0 => expression.to_owned(),
        1.. => format!("shr({right_by}, {expression})"),
        _ => format!("shl({}, {expression})", -right_by),
    }
}

/// The bits of an immediate in an instruction, not yet cut to the word.
pub(super) fn immediate(imm: Imm) -> String {
    let parts: Vec<Part> = imm.parts.into_iter().filter(|part| part.bits > 0).collect();
    // A signed run up to its own top bit: the sign extension cuts it out.
    if let [part] = parts[..]
        && imm.signed == part.bits + part.to
        && imm.signed != 0
    {
        let (bits, lo) = (u32::from(part.bits), i32::from(part.lo));
        let run = if bits % 8 == 0 {
            format!("signextend({}, {})", bits / 8 - 1, shifted("insn", lo))
        } else {
            let left = 256 - lo - i32::from(part.bits);
            format!("sar({}, shl({left}, insn))", 256 - bits)
        };
        return shifted(&run, -i32::from(part.to));
    }
    let runs = parts.iter().map(|part| {
        let mask = ((1u64 << part.bits) - 1) << part.to;
        let moved = shifted("insn", i32::from(part.lo) - i32::from(part.to));
        format!("and({moved}, {})", number(mask))
    });
    let gathered = runs.reduce(|all, run| format!("or({all}, {run})"));
    let gathered = gathered.unwrap_or_else(|| "0".to_owned());
    match u32::from(imm.signed) {
        0 => gathered,
        bits if bits % 8 == 0 => format!("signextend({}, {gathered})", bits / 8 - 1),
        bits => format!("sar({0}, shl({0}, {gathered}))", 256 - bits),
    }
}
