//! The definitions on terms are the definitions on numbers: random words of every row, run by both.

use alloy_primitives::U256;
use fpvm_core::definition::decode::decode;
use fpvm_core::definition::isa::{Isa, Op as _};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::memory::Memory;
use fpvm_core::step::concrete::{Concrete, Environment, Stop};
use fpvm_core::step::oracle::PreimagePart;
use fpvm_prove::claim::defined;
use fpvm_prove::rows::{Row, rows};
use fpvm_prove::state::{Part, before, bits, cells};
use fpvm_prove::term::Terms;
use fpvm_prove::value::Assignment;
use fpvm_prove::vms::{ForVm, Vm};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

/// Words of each row.
const SAMPLES: usize = 24;

/// Memory that holds a byte of its own at each address, but for what was written.
struct Bytes(BTreeMap<u64, u8>, u64);

impl Bytes {
    fn first(at: u64) -> u8 {
        (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
    }
}

impl Memory for Bytes {
    type Error = Infallible;

    fn read<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Infallible> {
        Ok(std::array::from_fn(|i| {
            let at = at.wrapping_add(i as u64) & self.1;
            self.0.get(&at).copied().unwrap_or(Self::first(at))
        }))
    }

    fn write<const N: usize>(&mut self, at: u64, bytes: [u8; N]) -> Result<(), Infallible> {
        for (i, byte) in bytes.into_iter().enumerate() {
            self.0.insert(at.wrapping_add(i as u64) & self.1, byte);
        }
        Ok(())
    }

    fn peek(&mut self, _at: u64, _out: &mut [u8]) -> bool {
        false
    }
}

/// A host that has no pre-image.
struct Nobody;

impl Environment for Nobody {
    type Error = Infallible;

    fn part(&mut self, _: &[u8; 32], _: u64) -> Result<Option<PreimagePart>, Infallible> {
        Ok(None)
    }

    fn output(&mut self, _: u8, _: &mut impl Memory, _: u64, _: u64) {}

    fn hint(&mut self, _: &mut impl Memory, _: u64, _: u64) -> Result<(), Infallible> {
        Ok(())
    }
}

struct Sampled(Vm);

impl ForVm for Sampled {
    type Output = usize;

    fn run<I: Isa>(self) -> usize {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(24);
        let mut compared = 0;
        for row in rows::<I>() {
            if let Row::Instruction(op) = row {
                for _ in 0..SAMPLES {
                    compared += usize::from(same::<I>(self.0, row, op, &mut random));
                }
            }
        }
        compared
    }
}

/// A number as programs have it: small, at an edge, or any.
fn operand(random: &mut Xoshiro256PlusPlus) -> u64 {
    let any = random.next_u64();
    let edge = 1u64 << (any % 64);
    match random.random_range(0..6) {
        0 => any % 40,
        1 => edge,
        2 => edge.wrapping_neg(),
        3 => edge.wrapping_sub(1),
        4 => any as i32 as i64 as u64,
        _ => any,
    }
}

/// Runs a random word of a row by both; whether it was of this row and has a state after it that is known.
fn same<I: Isa>(vm: Vm, row: Row<I>, op: I::Op, random: &mut Xoshiro256PlusPlus) -> bool {
    let pattern = I::TABLE[op.index()];
    let short = row.bytes() == 2;
    let mut word = random.next_u32() & !pattern.mask | pattern.value;
    if short {
        word &= 0xffff;
    }
    if decode::<I>(word) != op {
        return false;
    }
    let word_mask = u64::MAX >> (64 - u32::from(bits::<I>()));
    let mut state = State::<I>::default();
    let mut symbols = HashMap::from([("insn".to_owned(), U256::from(word))]);
    for (field, cell) in cells::<I>() {
        let mask = u64::MAX >> (64 - 8 * field.size as u32);
        let value = operand(random) & mask;
        state.set(cell, I::Word::truncate(value));
    }
    let pc = random.next_u64() & word_mask & !3;
    state.set(I::PC, I::Word::truncate(pc));
    if let Some(cell) = I::NEXT_PC {
        let next = if random.random_range(0..4) > 0 {
            pc.wrapping_add(4)
        } else {
            operand(random)
        };
        state.set(cell, I::Word::truncate(next));
    }
    state.set(I::EXITED, I::Word::truncate(0));
    if let Some(threads) = I::THREADS {
        state.set(threads.ended, I::Word::truncate(0));
    }
    for (_, cell) in cells::<I>() {
        symbols.insert(format!("c{}", cell.0), U256::from(state.get(cell).zext()));
    }
    let registers: Vec<u64> = (0..32).map(|_| operand(random) & word_mask).collect();
    for (i, value) in (0..).zip(&registers) {
        state.set(Cell(i), I::Word::truncate(*value));
    }
    state.step = random.random_range(0..1000);
    for counter in ["steps", "turn_steps"] {
        symbols.insert(counter.to_owned(), U256::from(state.step));
    }
    let mut memory = Bytes(BTreeMap::new(), word_mask);
    let bytes = if I::BIG_ENDIAN {
        word.to_be_bytes()
    } else {
        word.to_le_bytes()
    };
    let Ok(()) = memory.write(pc, bytes);
    let program = memory.0.clone();

    let mut terms = Terms::default();
    let start = before::<I>(&mut terms);
    let symbolic = row.word(&mut terms);
    let faults = vm.faults();
    let ours = defined::<I>(&mut terms, &start, row, symbolic, faults);
    let assignment = Assignment {
        symbols,
        array: |name: &str, index: U256| {
            let index = index.to::<u64>();
            match name {
                "regs" => U256::from(registers[index as usize]),
                _ => U256::from(program.get(&index).copied().unwrap_or(Bytes::first(index))),
            }
        },
    };
    let mut known = HashMap::new();
    let what = |part: Part| format!("{} {} {word:#010x}: {part:?}", vm.name(), row.name());
    let Some(fault) = assignment.value(&terms, ours[&Part::Fault], &mut known) else {
        return false;
    };
    match Concrete::step(&mut state, &mut memory, &mut Nobody) {
        Err(Stop::Fault(expected)) => {
            assert_eq!(
                fault,
                U256::from(faults.code(&expected)),
                "{}",
                what(Part::Fault)
            );
            return true;
        }
        Err(_) => panic!("nothing else can stop a step here"),
        Ok(_) => assert_eq!(fault, U256::ZERO, "{}", what(Part::Fault)),
    }
    for (part, term) in &ours {
        match *part {
            Part::Registers => {
                for i in 0..32 {
                    let value = assignment.at(&terms, *term, U256::from(i), &mut known);
                    assert_eq!(
                        value,
                        Some(U256::from(state.get(Cell(i)).zext())),
                        "{} {i}",
                        what(*part)
                    );
                }
            }
            Part::Memory => {
                for (at, byte) in &memory.0 {
                    if let Some(value) = assignment.at(&terms, *term, U256::from(*at), &mut known) {
                        assert_eq!(value, U256::from(*byte), "{} {at:#x}", what(*part));
                    }
                }
            }
            Part::Cell(cell) => {
                if let Some(value) = assignment.value(&terms, *term, &mut known) {
                    assert_eq!(
                        value,
                        U256::from(state.get(Cell(cell)).zext()),
                        "{}",
                        what(*part)
                    );
                }
            }
            Part::Step => {
                let value = assignment.value(&terms, *term, &mut known);
                assert_eq!(value, Some(U256::from(state.step)), "{}", what(*part));
            }
            _ => {}
        }
    }
    true
}

#[test]
fn rows_on_terms_are_rows_on_numbers() {
    for vm in Vm::ALL {
        let compared = vm.with(Sampled(vm));
        assert!(
            compared > 1000,
            "{}: {compared} words alone were of their row",
            vm.name()
        );
    }
}
