//! Random programs: tiers agree on every register, every page and every fault.
//!
//! Programs are loops of rows of the ISA's table with random operands. Where both tiers fault, both
//! go on after the faulting instruction.

mod common;

use common::{assert_same, assert_same_state, bare, run, translated};
use fpvm_core::isa::{Isa, Pattern};
use fpvm_core::state::State;
use fpvm_core::vm::{Event, VmError};
use fpvm_core::word::Word;
use isa_mips::Mips32;
use isa_riscv::Rv64;
use proptest::collection::vec;
use proptest::prelude::*;
use std::path::Path;
use toy_isa::Toy;

/// Where the code is.
const CODE: u64 = 0x1_0000;
/// Where pointers point to.
const DATA: u64 = 0x8_0000;

/// A word of a row of the table: what the row leaves open is random.
fn word(table: &[Pattern], row: usize, bits: u32) -> (&'static str, u32) {
    let row = table[row % table.len()];
    (row.name, row.value | bits & !row.mask)
}

/// Replaces the bits of a field.
fn put(word: u32, lo: u32, bits: u32, value: u32) -> u32 {
    let mask = ((1u64 << bits) - 1) as u32;
    word & !(mask << lo) | (value & mask) << lo
}

/// Destinations are registers 0 to 7 and the link register; 16 to 18 point to code, 20 to 23 to data.
fn mips(row: usize, bits: u32, place: usize, len: usize) -> u32 {
    let (name, mut word) = word(Mips32::TABLE, row, bits);
    let to = (bits >> 7) as usize % len;
    let opcode = word >> 26;
    let small = |field: u32| if field % 9 == 8 { 31 } else { field % 8 };
    let source = |field: u32| if field < 20 { field % 8 } else { field };
    match opcode {
        0 | 0x1c => {
            word = put(word, 16, 5, small(word >> 16 & 31));
            word = put(word, 11, 5, small(word >> 11 & 31));
            if name.starts_with('j') {
                word = put(word, 21, 5, 16 + bits % 3);
            } else if name != "jr_" {
                word = put(word, 21, 5, source(word >> 21 & 31));
            }
        }
        1 | 4..=7 => {
            word = put(word, 21, 5, source(word >> 21 & 31));
            if opcode != 1 {
                word = put(word, 16, 5, source(word >> 16 & 31));
            }
            word = put(word, 0, 16, (to as u32).wrapping_sub(place as u32 + 1));
        }
        2 | 3 => word = put(word, 0, 26, (CODE / 4) as u32 + to as u32),
        _ => {
            word = put(word, 21, 5, source(word >> 21 & 31));
            word = put(word, 16, 5, small(word >> 16 & 31));
        }
    }
    word
}

fn riscv(row: usize, bits: u32, place: usize, len: usize) -> u32 {
    let (name, mut word) = word(Rv64::TABLE, row, bits);
    let to = 4 * ((bits >> 7) as usize % len) as u32;
    let offset = to.wrapping_sub(4 * place as u32);
    let destination = |word: u32| put(word, 7, 5, (word >> 7 & 31) % 8);
    let source = |word: u32| {
        let rs1 = word >> 15 & 31;
        put(word, 15, 5, if rs1 < 20 { rs1 % 8 } else { rs1 })
    };
    match word & 0x7f {
        0x63 => {
            word = put(source(word), 20, 5, (word >> 20 & 31) % 8);
            word = put(word, 8, 4, offset >> 1);
            word = put(word, 25, 6, offset >> 5);
            word = put(word, 7, 1, offset >> 11);
            put(word, 31, 1, offset >> 12)
        }
        0x6f => {
            word = destination(word);
            word = put(word, 21, 10, offset >> 1);
            word = put(word, 20, 1, offset >> 11);
            word = put(word, 12, 8, offset >> 12);
            put(word, 31, 1, offset >> 20)
        }
        0x67 if name != "ret" => {
            word = put(destination(word), 15, 5, 16 + bits % 3);
            put(word, 20, 12, to % 64)
        }
        0x67 => word,
        0x23 => put(source(word), 20, 5, (word >> 20 & 31) % 8),
        0x2f => {
            // Mostly aligned addresses, which pointers are.
            word = put(destination(word), 20, 5, (word >> 20 & 31) % 8);
            put(
                word,
                15,
                5,
                if bits.is_multiple_of(5) {
                    1
                } else {
                    20 + bits % 4
                },
            )
        }
        _ => source(destination(word)),
    }
}

fn toy(row: usize, bits: u32, place: usize, len: usize) -> u32 {
    let (name, word) = word(Toy::TABLE, row, bits);
    let to = (bits >> 3) as usize % len;
    match name {
        "beq" | "jal" => put(word, 0, 16, (to as u32).wrapping_sub(place as u32)),
        "jalr" => put(put(word, 16, 4, 12), 0, 16, 4 * to as u32),
        _ => put(word, 20, 4, (word >> 20 & 15) % 8),
    }
}

fn initial<I: Isa>(registers: &[u64], pointers: &[(usize, u64)]) -> State<I> {
    let mut state = State::<I>::default();
    for (cell, value) in (1u8..).zip(registers) {
        state.set(fpvm_core::operand::Cell(cell), I::Word::truncate(*value));
    }
    for (cell, value) in pointers {
        state.cells[*cell] = I::Word::truncate(*value);
    }
    go_to(&mut state, CODE);
    state
}

fn go_to<I: Isa>(state: &mut State<I>, pc: u64) {
    state.set(I::PC, I::Word::truncate(pc));
    if let Some(next) = I::NEXT_PC {
        state.set(next, I::Word::truncate(pc + 4));
    }
}

fn text(done: &Result<Event, VmError>) -> String {
    match done {
        Ok(event) => format!("{event:?}"),
        Err(error) => error.to_string(),
    }
}

/// Runs a program on both tiers in legs of these lengths.
fn agree<I: Isa>(words: &[u32], state: &State<I>, legs: &[u64]) {
    let mut plain = bare::<I>(CODE, words, state);
    let mut fast = translated(bare::<I>(CODE, words, state), 2);
    let nothing = Path::new("/nonexistent");
    for leg in legs {
        let until = plain.state.step + leg;
        let a = text(&run(&mut plain, until, nothing));
        let b = text(&run(&mut fast, until, nothing));
        assert_eq!(a, b);
        assert_same_state(&plain.state, &fast.state);
        if plain.state.exited() {
            break;
        }
        if plain.state.step < until {
            // On after the fault, or from the start where that left the code.
            let next = plain.state.pc().wrapping_add(4);
            let end = CODE + 4 * words.len() as u64;
            let next = if (CODE..end).contains(&next) {
                next & !3
            } else {
                CODE
            };
            go_to(&mut plain.state, next);
            go_to(&mut fast.state, next);
        }
    }
    assert_same(&mut plain, &mut fast);
}

fn program() -> impl Strategy<Value = Vec<(usize, u32)>> {
    vec((any::<usize>(), any::<u32>()), 6..50)
}

fn legs() -> impl Strategy<Value = Vec<u64>> {
    vec(prop_oneof![1..40u64, 300..900u64], 60)
}

fn registers() -> impl Strategy<Value = Vec<u64>> {
    let number = prop_oneof![
        any::<u64>(),
        any::<i8>().prop_map(|small| small as u64),
        (0u64..0x2000).prop_map(|offset| DATA + offset),
        Just(1 << 31),
        Just(1 << 63),
    ];
    vec(number, 31)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mips_programs(program in program(), legs in legs(), mut registers in registers()) {
        let len = program.len();
        let mut words: Vec<u32> = program
            .iter()
            .enumerate()
            .map(|(place, (row, bits))| mips(*row, *bits, place, len))
            .collect();
        words.extend([0x0800_0000 | (CODE / 4) as u32, 0]);
        registers.truncate(19);
        let mut pointers: Vec<(usize, u64)> = (16..19).map(|i| (i, CODE + 8 * (i as u64 - 16))).collect();
        pointers.extend((20..32).map(|i| (i, DATA + 0xff8 * (i as u64 - 19))));
        // Near both ends of the address space, and near the code.
        pointers.extend([(24, 0xffff_fff0), (25, 0x10), (26, CODE + 0x800)]);
        agree::<Mips32>(&words, &initial(&registers, &pointers), &legs);
    }

    #[test]
    fn riscv_programs(program in program(), legs in legs(), mut registers in registers()) {
        let len = program.len();
        let mut words: Vec<u32> = program
            .iter()
            .enumerate()
            .map(|(place, (row, bits))| riscv(*row, *bits, place, len))
            .collect();
        let back = (4 * len as u32).wrapping_neg();
        words.push(put(put(put(put(0x6f, 21, 10, back >> 1), 20, 1, back >> 11), 12, 8, back >> 12), 31, 1, 1));
        registers.truncate(19);
        let mut pointers: Vec<(usize, u64)> = (16..19).map(|i| (i, CODE + 8 * (i as u64 - 16))).collect();
        pointers.extend((20..32).map(|i| (i, DATA + 0xff8 * (i as u64 - 19))));
        pointers.extend([(24, u64::MAX - 15), (25, 0x10), (26, CODE + 0x800), (27, 1 << 62)]);
        agree::<Rv64>(&words, &initial(&registers, &pointers), &legs);
    }

    #[test]
    fn toy_programs(program in program(), legs in legs(), mut registers in registers()) {
        let len = program.len();
        let mut words: Vec<u32> = program
            .iter()
            .enumerate()
            .map(|(place, (row, bits))| toy(*row, *bits, place, len))
            .collect();
        words.push(toy_jump(len));
        registers.truncate(15);
        let pointers = [(8, DATA), (9, DATA + 0xffc), (10, CODE + 0x800), (12, CODE), (13, 0xffff_fffc)];
        agree::<Toy>(&words, &initial(&registers, &pointers), &legs);
    }
}

/// A jump back over so many instructions.
fn toy_jump(back: usize) -> u32 {
    let row = Toy::TABLE
        .iter()
        .find(|row| row.name == "jal")
        .expect("jal");
    put(row.value, 0, 16, (back as u32).wrapping_neg())
}
