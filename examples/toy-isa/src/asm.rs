//! Programs for the toy ISA, assembled from its own instruction table.

use crate::guest::MAGIC;
use crate::{Op, TABLE};
use fpvm_core::definition::isa::Op as _;

/// An instruction word: `rd`, `ra`, and either `rb` or an immediate of 16 bits, as the row has it.
pub fn word(op: Op, rd: u32, ra: u32, rb_or_imm: i32) -> u32 {
    let row = TABLE[op.index()];
    let has_rb = row.format.contains("{rb}");
    let low = if has_rb {
        (rb_or_imm as u32) << 12
    } else {
        rb_or_imm as u32 & 0xffff
    };
    row.value | rd << 20 | ra << 16 | low
}

/// A program file: the magic, then the words from address 0 on.
pub fn program(words: &[u32]) -> Vec<u8> {
    let words = words.iter().flat_map(|word| word.to_le_bytes());
    MAGIC.iter().copied().chain(words).collect()
}

/// Reads the pre-image of local key `ident` (eight bytes of length and a word of value), adds up
/// 1 to that word, prints the four bytes of the sum and exits with 0, or with 1 where the sum is 0.
pub fn sum(ident: u8) -> Vec<u32> {
    use Op::{add, addi, beq, lw, sb, sw, sys};
    const KEY: i32 = 0x400;
    const DATA: i32 = 0x500;
    let mut words = Vec::new();
    let mut emit = |op, rd, ra, x| words.push(word(op, rd, ra, x));
    // The key is 01 00 … 00 ident, appended word by word.
    emit(addi, 4, 0, 1);
    emit(sb, 4, 0, KEY);
    emit(addi, 4, 0, i32::from(ident));
    emit(sb, 4, 0, KEY + 31);
    for at in (0..32).step_by(4) {
        emit(addi, 1, 0, 4);
        emit(addi, 2, 0, KEY + at);
        emit(addi, 3, 0, 4);
        emit(sys, 0, 0, 0);
    }
    for at in (0..12).step_by(4) {
        emit(addi, 1, 0, 5);
        emit(addi, 2, 0, DATA + at);
        emit(addi, 3, 0, 4);
        emit(sys, 0, 0, 0);
    }
    emit(lw, 5, 0, DATA + 8);
    emit(beq, 5, 0, 4);
    emit(add, 6, 6, 5);
    emit(addi, 5, 5, -1);
    emit(beq, 0, 0, -3);
    emit(sw, 6, 0, DATA);
    emit(addi, 1, 0, 2);
    emit(addi, 2, 0, DATA);
    emit(addi, 3, 0, 4);
    emit(sys, 0, 0, 0);
    emit(addi, 2, 0, 0);
    emit(addi, 1, 0, 1);
    emit(beq, 6, 0, 2);
    emit(sys, 0, 0, 0);
    emit(addi, 2, 0, 1);
    emit(sys, 0, 0, 0);
    words
}
