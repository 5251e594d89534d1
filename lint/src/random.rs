//! Random programs of any ISA, made from its table: rows with random bits where a row leaves them open,
//! then operands that keep a program going. Branches and jumps go to instructions of the program,
//! destinations are in the lower half of the registers, and the upper half points to data and code.

use crate::rules::{self, RegisterUse};
use crate::table::operands;
use crate::tiers::{CODE, go_to};
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Op as _, Operand};
use fpvm_core::definition::operand::{Imm, Reg};
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;

/// The address that pointers point to.
pub const DATA: u64 = 0x8_0000;

/// A sequence of random numbers, the same for the same seed (xorshift).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        // Zero would stay zero, and small seeds would begin alike.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below a bound, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.number() >> 8) % bound.max(1)
    }
}

/// Values that registers of a program often have.
pub fn edge(choice: u64, value: u64) -> u64 {
    match choice % 5 {
        0 => value,
        1 => value as i8 as u64,
        2 => DATA + value % 0x2000,
        3 => 1 << 31,
        _ => 1 << 63,
    }
}

/// Replaces bits of an instruction word by those of an immediate.
pub fn with_immediate(word: u32, imm: Imm, value: u64) -> u32 {
    let parts = imm.parts.iter().filter(|part| part.bits > 0);
    parts.fold(word, |word, part| {
        let value = value.checked_shr(part.to.into()).unwrap_or(0) as u32;
        put(word, part.lo.into(), part.bits.into(), value)
    })
}

/// Replaces the bits of a field.
pub fn put(word: u32, lo: u32, bits: u32, value: u32) -> u32 {
    let mask = ((1u64 << bits) - 1) as u32;
    word & !(mask << lo) | (value & mask) << lo
}

/// A random program, and the state that it begins in.
#[derive(Clone, Debug)]
pub struct Program<I: Isa> {
    /// Its words, in the order of memory from [`CODE`] on.
    pub words: Vec<u32>,
    /// The state in which it begins: at [`CODE`], with random registers.
    pub state: State<I>,
    /// The numbers of steps that it is run at a time.
    pub legs: Vec<u64>,
}

/// Makes programs of an ISA.
#[derive(Clone, Debug)]
pub struct Generator<I: Isa> {
    /// What each row does with registers.
    rows: Vec<RegisterUse>,
    isa: std::marker::PhantomData<I>,
}

impl<I: Isa> Default for Generator<I> {
    fn default() -> Self {
        let rows = I::Op::ALL.iter().take(I::TABLE.len());
        Self {
            rows: rows.map(|op| rules::register_use::<I>(*op)).collect(),
            isa: std::marker::PhantomData,
        }
    }
}

impl<I: Isa> Generator<I> {
    /// The program of a seed. It always has row `seed` of the table (modulo the number of rows).
    pub fn program(&self, seed: u64) -> Program<I> {
        let mut random = Random::new(seed);
        let len = 4 + random.below(40);
        let bytes = len * 4;
        let sure = random.below(len);
        let mut code = Vec::new();
        let mut used = Vec::new();
        for place in 0..len {
            let row = if place == sure {
                seed as usize % I::TABLE.len().max(1)
            } else {
                random.below(I::TABLE.len() as u64) as usize
            };
            let word = self.word(row, &mut random, code.len() as u64, bytes);
            let word = if I::BIG_ENDIAN {
                word.to_be_bytes()
            } else {
                word.to_le_bytes()
            };
            let short = I::COMPRESSED_MASK != 0 && fetch::len::<I>(u32::from_le_bytes(word)) == 2;
            code.extend(&word[..if short { 2 } else { 4 }]);
            used.push(row);
        }
        code.resize(code.len().next_multiple_of(4), 0);
        let words = code.as_chunks::<4>().0.iter().map(|bytes| {
            if I::BIG_ENDIAN {
                u32::from_be_bytes(*bytes)
            } else {
                u32::from_le_bytes(*bytes)
            }
        });
        Program {
            words: words.collect(),
            state: self.state(&used, &mut random),
            legs: (0..24)
                .map(|_| {
                    1 + random.below(if random.clone().number().is_multiple_of(2) {
                        40
                    } else {
                        600
                    })
                })
                .collect(),
        }
    }

    /// An instruction of a row at a place in the code; a jump stays within the first `bytes` of the code.
    fn word(&self, row: usize, random: &mut Random, place: u64, bytes: u64) -> u32 {
        let (Some(pattern), Some(seen)) = (I::TABLE.get(row), self.rows.get(row)) else {
            return 0;
        };
        let fill = |word: u32| pattern.value | word & !pattern.mask;
        let mut word = fill(random.number() as u32);
        let half = (I::REGISTERS.len() as u32 / 2).max(2);
        for r in &seen.written {
            if let Reg::Field { lo, bits, base } = *r {
                let number = word >> lo & ((1 << bits) - 1);
                let low = if u32::from(base) < half {
                    number % half
                } else {
                    number
                };
                word = put(word, lo.into(), bits.into(), low);
            }
        }
        let to = (CODE + random.below(bytes)) & !(fetch::unit::<I>() - 1);
        for name in operands(pattern.format).into_iter().flatten() {
            let operand = I::OPERANDS.iter().find(|(known, _)| *known == name);
            word = match operand.map(|(_, operand)| *operand) {
                Some(Operand::Target(imm, base)) => {
                    let offset = to.wrapping_sub(CODE + place).wrapping_sub(base);
                    with_immediate(word, imm, offset)
                }
                Some(Operand::Region(imm)) => with_immediate(word, imm, to),
                _ => word,
            };
        }
        fill(word)
    }

    /// Random registers, and pointers. A register by whose value a row chooses has one of the values.
    fn state(&self, used: &[usize], random: &mut Random) -> State<I> {
        let mut state = State::<I>::default();
        let count = I::REGISTERS.len();
        for cell in 1..count {
            let value = match cell % 4 {
                _ if cell < count / 2 => edge(random.number(), random.number()),
                0 => CODE + 8 * random.below(16),
                1 if random.below(4) == 0 => u64::MAX - 15,
                _ => DATA + 8 * random.below(1 << 12) + random.below(2) * 0xff8,
            };
            state.cells[cell] = I::Word::truncate(value);
        }
        let choices = used.iter().filter_map(|row| self.rows.get(*row));
        for (register, values) in choices.flat_map(|seen| &seen.choices) {
            if let Reg::Fixed(cell) = register
                && usize::from(cell.0) < count
                && !values.is_empty()
            {
                let value = values[random.below(values.len() as u64) as usize].value;
                state.set(*cell, I::Word::truncate(value));
            }
        }
        go_to(&mut state, CODE);
        state
    }
}
