//! Random programs: the tiers agree with the plain step on every register, every page and every
//! fault, wherever they stop.
//!
//! Programs are loops of rows of the ISA's table with random operands. Where one faults, all go on
//! after the faulting instruction.

use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Operand, Pattern};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest;
use fpvm_isa_mips64::state::{A0, NEXT_THREAD_ID, THREAD_ID, V0};
use fpvm_isa_mips64::thread::QUANTUM;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_lint::random::{DATA, put, with_immediate};
use fpvm_lint::tiers::CODE;
use toy_isa::Toy;

pub use fpvm_lint::random::edge;
pub use fpvm_lint::tiers::{
    agree, assert_same, assert_same_state, bare, go_to, run, stepped, translated,
};

/// An ISA that random programs can be made for.
pub trait Fuzzed: Isa {
    /// The words of a program, and the state that it begins in.
    fn program(random: &Program) -> (Vec<u32>, State<Self>);
}

/// A word of a row of the table: what the row leaves open is random.
fn word(table: &[Pattern], row: usize, bits: u32) -> (&'static str, u32) {
    let row = table[row % table.len()];
    (row.name, row.value | bits & !row.mask)
}

/// A row of either of Cannon's VMs. Destinations are registers 0 to 7 and the link register; 16 to 18
/// point to code, 20 to 23 to data.
fn mips<I: Isa>(row: usize, bits: u32, place: usize, len: usize) -> u32 {
    let (name, mut word) = word(I::TABLE, row, bits);
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
    let (name, word) = word(Rv64::TABLE, row, bits);
    let to = 4 * ((bits >> 7) as usize % len) as u32;
    riscv_operands(name, word, bits, to, to.wrapping_sub(4 * place as u32))
}

/// Gives a word of four bytes operands: jumps go to `to`, which is so far away.
fn riscv_operands(name: &str, mut word: u32, bits: u32, to: u32, offset: u32) -> u32 {
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

/// An instruction of two bytes or four at a place in code, and jumps to any even address there.
fn imac(row: usize, bits: u32, place: u32, len: u32) -> u32 {
    let (name, word) = word(Imac::TABLE, row, bits);
    let to = ((bits >> 5) % len) & !1;
    let offset = to.wrapping_sub(place);
    if fetch::len::<Imac>(word) == 4 {
        return riscv_operands(name, word, bits, to, offset);
    }
    let word = word & 0xffff;
    let format = Imac::TABLE[row % Imac::TABLE.len()].format;
    let target = Imac::OPERANDS.iter().find_map(|(name, operand)| {
        let names = format.contains(&format!("{{{name}}}"));
        match operand {
            Operand::Target(imm, _) if names => Some(*imm),
            _ => None,
        }
    });
    match name {
        "c_jr" | "c_jalr" if format == "{rd}" && word != 0x8082 => put(word, 7, 5, 16 + bits % 3),
        _ if format.contains("{rd}") => put(word, 7, 5, (word >> 7 & 31) % 8),
        _ => target.map_or(word, |imm| {
            // Sign-extended: an offset back has ones above.
            with_immediate(word, imm, offset as i32 as u64)
        }),
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
        state.set(Cell(cell), I::Word::truncate(*value));
    }
    for (cell, value) in pointers {
        state.cells[*cell] = I::Word::truncate(*value);
    }
    go_to(&mut state, CODE);
    state
}

/// A random program: rows of the table with bits for what they leave open; registers; and how far it
/// is run at a time, in steps.
#[derive(Clone, Debug)]
pub struct Program {
    /// Row number, taken modulo the table's length, and the open bits.
    pub rows: Vec<(usize, u32)>,
    /// The registers from the first on.
    pub registers: Vec<u64>,
    /// Steps of each run.
    pub legs: Vec<u64>,
}

impl Program {
    /// A program made of a fuzzer's bytes: eight for each instruction, all else follows from the first
    /// eight.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut words = bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|word| u64::from_le_bytes(*word));
        let mut random = words.next()? | 1;
        let mut next = move || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        let rows: Vec<_> = words
            .take(50)
            .map(|word| ((word >> 32) as usize, word as u32))
            .collect();
        let registers = (0..31).map(|_| edge(next(), next())).collect();
        let legs = (0..40)
            .map(|_| 1 + next() % if next() % 2 == 0 { 40 } else { 900 })
            .collect();
        (!rows.is_empty()).then_some(Self {
            rows,
            registers,
            legs,
        })
    }

    fn words(&self, word: impl Fn(usize, u32, usize, usize) -> u32) -> Vec<u32> {
        let len = self.rows.len();
        let places = self.rows.iter().enumerate();
        places
            .map(|(place, (row, bits))| word(*row, *bits, place, len))
            .collect()
    }

    fn registers(&self, count: usize) -> &[u64] {
        &self.registers[..self.registers.len().min(count)]
    }

    /// Runs it as a program of an ISA, on all tiers.
    ///
    /// # Panics
    /// Where they differ.
    pub fn on<I: Fuzzed>(&self) {
        let (words, state) = I::program(self);
        agree::<I>(&words, &state, &self.legs);
    }

    fn mips_words<I: Isa>(&self) -> Vec<u32> {
        let mut words = self.words(mips::<I>);
        words.extend([0x0800_0000 | (CODE / 4) as u32, 0]);
        words
    }

    /// Pointers to code, to data, near both ends of the address space, and near the code.
    fn mips_state<I: Isa>(&self, end: u64) -> State<I> {
        let mut pointers: Vec<(usize, u64)> =
            (16..19).map(|i| (i, CODE + 8 * (i as u64 - 16))).collect();
        pointers.extend((20..32).map(|i| (i, DATA + 0xff8 * (i as u64 - 19))));
        pointers.extend([(24, end), (25, 0x10), (26, CODE + 0x800)]);
        initial(self.registers(19), &pointers)
    }
}

impl Fuzzed for Mips32 {
    fn program(random: &Program) -> (Vec<u32>, State<Self>) {
        let state = random.mips_state(0xffff_fff0);
        (random.mips_words::<Self>(), state)
    }
}

/// Two threads that begin alike, from shortly before the end of a turn, and with the number of a system
/// call that begins a thread, ends one or gives way, which a call that comes early finds.
impl Fuzzed for Newest {
    fn program(random: &Program) -> (Vec<u32>, State<Self>) {
        const CALLS: [u64; 4] = [5055, 5058, 5023, 5194];
        const CLONE_FLAGS: u64 = 0x5_0f00;
        const LEFT: u64 = 200;

        let mut state = random.mips_state::<Self>(u64::MAX - 15);
        let choice = random.legs.first().map_or(0, |leg| *leg as usize);
        state.set(V0, CALLS[choice % CALLS.len()]);
        state.set(A0, CLONE_FLAGS);
        state.set(NEXT_THREAD_ID, 2);
        let first = state.stack(0);
        state.set(THREAD_ID, 1);
        let threads = [first, state.stack(0)].concat();
        assert!(state.set_stacks([threads, Vec::new()]));
        state.step = QUANTUM - LEFT;
        (random.mips_words::<Self>(), state)
    }
}

impl Fuzzed for Rv64 {
    fn program(random: &Program) -> (Vec<u32>, State<Self>) {
        let mut words = random.words(riscv);
        let back = (4 * random.rows.len() as u32).wrapping_neg();
        let jump = put(put(0x6f, 21, 10, back >> 1), 20, 1, back >> 11);
        words.push(put(put(jump, 12, 8, back >> 12), 31, 1, 1));
        let mut pointers: Vec<(usize, u64)> =
            (16..19).map(|i| (i, CODE + 8 * (i as u64 - 16))).collect();
        pointers.extend((20..32).map(|i| (i, DATA + 0xff8 * (i as u64 - 19))));
        pointers.extend([
            (24, u64::MAX - 15),
            (25, 0x10),
            (26, CODE + 0x800),
            (27, 1 << 62),
        ]);
        (words, initial(random.registers(19), &pointers))
    }
}

/// Instructions of two lengths.
impl Fuzzed for Imac {
    fn program(random: &Program) -> (Vec<u32>, State<Self>) {
        // About as long as it gets: what jumps past its end comes to zeros, and faults.
        let len = 3 * random.rows.len() as u32;
        let mut halves: Vec<u16> = Vec::new();
        for (row, bits) in &random.rows {
            let insn = imac(*row, *bits, 2 * halves.len() as u32, len);
            halves.push(insn as u16);
            if fetch::len::<Self>(insn) == 4 {
                halves.push((insn >> 16) as u16);
            }
        }
        // A jump back over all of it.
        let back = (2 * halves.len() as u32).wrapping_neg();
        let jump = put(put(0x6f, 21, 10, back >> 1), 20, 1, back >> 11);
        let jump = put(put(jump, 12, 8, back >> 12), 31, 1, 1);
        halves.extend([jump as u16, (jump >> 16) as u16, 0]);
        let words = halves.as_chunks::<2>().0.iter();
        let words: Vec<u32> = words
            .map(|[low, high]| u32::from(*low) | u32::from(*high) << 16)
            .collect();
        let mut pointers: Vec<(usize, u64)> =
            (16..19).map(|i| (i, CODE + 6 * (i as u64 - 16))).collect();
        pointers.extend((20..32).map(|i| (i, DATA + 0xff8 * (i as u64 - 19))));
        pointers.extend([(2, DATA + 0xffc), (8, DATA + 0x2000), (9, CODE + 0x40)]);
        (words, initial(random.registers(19), &pointers))
    }
}

impl Fuzzed for Toy {
    fn program(random: &Program) -> (Vec<u32>, State<Self>) {
        let mut words = random.words(toy);
        // A jump back over all of it.
        words.extend(
            Self::TABLE
                .iter()
                .filter(|row| row.name == "jal")
                .map(|row| put(row.value, 0, 16, (random.rows.len() as u32).wrapping_neg())),
        );
        let pointers = [
            (8, DATA),
            (9, DATA + 0xffc),
            (10, CODE + 0x800),
            (12, CODE),
            (13, 0xffff_fffc),
        ];
        (words, initial(random.registers(15), &pointers))
    }
}
