//! Operands by name: which bits of the instruction word, or which cell of the state, a value is in.
//!
//! Instruction semantics name operands and never see numbers, so the same text serves a machine
//! that knows the instruction word (interpreter, translator) and one that does not (contract).

/// A word-sized part of the architectural state: a register, the program counter, the heap pointer …
///
/// Cells are numbered by the ISA; its general registers are cells 0 and up, and cell 0 is the
/// register that is always zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cell(pub u8);

/// How many cells a state has room for; a power of two, so that a masked index needs no check.
pub const CELLS: usize = 64;

/// A register operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reg {
    /// The register whose number is in `bits` bits of the instruction word from bit `lo`, plus `base`.
    Field {
        /// Lowest bit of the register number.
        lo: u8,
        /// Width of the register number.
        bits: u8,
        /// Added to the number (compressed encodings count from register 8).
        base: u8,
    },
    /// A register that the instruction itself names (the link register, HI, LO, the program counter).
    Fixed(Cell),
}

impl Reg {
    /// A five-bit register number from bit `lo`.
    pub const fn field(lo: u8) -> Self {
        Self::Field {
            lo,
            bits: 5,
            base: 0,
        }
    }
}

/// One run of instruction bits inside an immediate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Part {
    /// Lowest bit in the instruction word.
    pub lo: u8,
    /// Number of bits; zero for an unused part.
    pub bits: u8,
    /// Where the lowest bit goes in the immediate.
    pub to: u8,
}

/// An immediate operand: up to eight runs of instruction bits, then sign- or zero-extended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Imm {
    /// The runs; unused ones have no bits.
    pub parts: [Part; 8],
    /// Sign-extend from this many bits; 0 means zero-extend.
    pub signed: u8,
}

impl Imm {
    const NONE: Part = Part {
        lo: 0,
        bits: 0,
        to: 0,
    };

    /// Zero-extended `bits` bits from bit `lo`.
    pub const fn unsigned(lo: u8, bits: u8) -> Self {
        Self::runs(&[(lo, bits, 0)], 0)
    }

    /// Sign-extended `bits` bits from bit `lo`.
    pub const fn signed(lo: u8, bits: u8) -> Self {
        Self::runs(&[(lo, bits, 0)], bits)
    }

    /// An immediate gathered from runs `(lo, bits, to)`, sign-extended from `signed` bits (0: not).
    pub const fn runs(runs: &[(u8, u8, u8)], signed: u8) -> Self {
        let mut parts = [Self::NONE; 8];
        let mut i = 0;
        while i < runs.len() {
            let (lo, bits, to) = runs[i];
            parts[i] = Part { lo, bits, to };
            i += 1;
        }
        Self { parts, signed }
    }

    /// The same immediate moved up by `shift` bits (MIPS branch offsets count instructions).
    pub const fn shifted(mut self, shift: u8) -> Self {
        let mut i = 0;
        while i < self.parts.len() {
            if self.parts[i].bits != 0 {
                self.parts[i].to += shift;
            }
            i += 1;
        }
        if self.signed != 0 {
            self.signed += shift;
        }
        self
    }

    /// The value of this immediate in an instruction, extended to 64 bits.
    #[inline(always)]
    pub const fn of(self, insn: u32) -> u64 {
        let mut value = 0u64;
        let mut i = 0;
        while i < self.parts.len() {
            let part = self.parts[i];
            let run = (insn >> part.lo) as u64 & ((1 << part.bits) - 1);
            value |= run << part.to;
            i += 1;
        }
        if self.signed == 0 {
            value
        } else {
            let unused = 64 - self.signed as u32;
            (((value << unused) as i64) >> unused) as u64
        }
    }
}

impl Reg {
    /// The cell that this operand names in an instruction.
    #[inline(always)]
    pub const fn of(self, insn: u32) -> Cell {
        match self {
            Self::Field { lo, bits, base } => Cell(((insn >> lo) & ((1 << bits) - 1)) as u8 + base),
            Self::Fixed(cell) => cell,
        }
    }
}
