//! The formats of two bytes. Each has the operands that the instruction of four bytes has which it is
//! short for: registers that it leaves out are fixed, and immediates are unpacked and scaled.

use crate::format::formats;
use crate::operand::{RA, RD, SP, ZERO};
use fpvm_core::definition::isa::Operand;
use fpvm_core::definition::operand::{Imm, Reg};

/// One of eight registers, s0 to a5, by three bits.
const fn popular(lo: u8) -> Reg {
    Reg::Field {
        lo,
        bits: 3,
        base: 8,
    }
}

/// Destination of loads from any address and of c.addi4spn, and second source: bits 4 to 2.
const LOW: Reg = popular(2);
/// First source, and destination where it is that too: bits 9 to 7.
const HIGH: Reg = popular(7);
/// Second source, any register: bits 6 to 2.
const ANY2: Reg = Reg::field(2);
/// The register that is always zero.
const NONE: Reg = Reg::Fixed(ZERO);
/// The stack pointer.
const STACK: Reg = Reg::Fixed(SP);

const IMM6: Imm = Imm::runs(&[(2, 5, 0), (12, 1, 5)], 6);
const SHAMT6: Imm = Imm::runs(&[(2, 5, 0), (12, 1, 5)], 0);
const UPPER6: Imm = Imm::runs(&[(2, 5, 12), (12, 1, 17)], 18);
const FRAME: Imm = Imm::runs(
    &[(6, 1, 4), (2, 1, 5), (5, 1, 6), (3, 2, 7), (12, 1, 9)],
    10,
);
const LOCAL: Imm = Imm::runs(&[(6, 1, 2), (5, 1, 3), (11, 2, 4), (7, 4, 6)], 0);
const WORDS: Imm = Imm::runs(&[(6, 1, 2), (10, 3, 3), (5, 1, 6)], 0);
const DOUBLES: Imm = Imm::runs(&[(10, 3, 3), (5, 2, 6)], 0);
const LOAD_WORDS: Imm = Imm::runs(&[(4, 3, 2), (12, 1, 5), (2, 2, 6)], 0);
const LOAD_DOUBLES: Imm = Imm::runs(&[(5, 2, 3), (12, 1, 5), (2, 3, 6)], 0);
const STORE_WORDS: Imm = Imm::runs(&[(9, 4, 2), (7, 2, 6)], 0);
const STORE_DOUBLES: Imm = Imm::runs(&[(10, 3, 3), (7, 3, 6)], 0);
const OFFSET8: Imm = Imm::runs(
    &[(3, 2, 1), (10, 2, 3), (2, 1, 5), (5, 2, 6), (12, 1, 8)],
    9,
);
const OFFSET11: Imm = Imm::runs(
    &[
        (3, 3, 1),
        (11, 1, 4),
        (2, 1, 5),
        (7, 1, 6),
        (6, 1, 7),
        (9, 2, 8),
        (8, 1, 10),
        (12, 1, 11),
    ],
    12,
);

formats! {
    2;
    /// Loads and stores of 4 bytes.
    Words { RD: Reg = LOW, RS1: Reg = HIGH, RS2: Reg = LOW, IMM: Imm = WORDS }
    /// Loads and stores of 8 bytes.
    Doubles { RD: Reg = LOW, RS1: Reg = HIGH, RS2: Reg = LOW, IMM: Imm = DOUBLES }
    /// Loads of 4 bytes from the stack.
    LoadWords { RS1: Reg = STACK, IMM: Imm = LOAD_WORDS }
    /// Loads of 8 bytes from the stack.
    LoadDoubles { RS1: Reg = STACK, IMM: Imm = LOAD_DOUBLES }
    /// Stores of 4 bytes to the stack.
    StoreWords { RS1: Reg = STACK, RS2: Reg = ANY2, IMM: Imm = STORE_WORDS }
    /// Stores of 8 bytes to the stack.
    StoreDoubles { RS1: Reg = STACK, RS2: Reg = ANY2, IMM: Imm = STORE_DOUBLES }
    /// c.addi4spn: an address on the stack.
    Local { RD: Reg = LOW, RS1: Reg = STACK, IMM: Imm = LOCAL }
    /// c.addi16sp: moves the stack pointer.
    Frame { RD: Reg = STACK, RS1: Reg = STACK, IMM: Imm = FRAME }
    /// Immediates that change a register.
    Ci { RS1: Reg = RD, IMM: Imm = IMM6 }
    /// c.li.
    Li { RS1: Reg = NONE, IMM: Imm = IMM6 }
    /// c.lui.
    Lui { IMM: Imm = UPPER6 }
    /// c.slli.
    Shift { RS1: Reg = RD, IMM: Imm = SHAMT6 }
    /// Right shifts.
    PopularShift { RD: Reg = HIGH, RS1: Reg = HIGH, IMM: Imm = SHAMT6 }
    /// c.andi.
    PopularCi { RD: Reg = HIGH, RS1: Reg = HIGH, IMM: Imm = IMM6 }
    /// Operations of popular registers.
    Ca { RD: Reg = HIGH, RS1: Reg = HIGH, RS2: Reg = LOW }
    /// c.add.
    Cr { RS1: Reg = RD, RS2: Reg = ANY2 }
    /// c.mv.
    Mv { RS1: Reg = NONE, RS2: Reg = ANY2 }
    /// c.jr and c.jalr.
    Jr { RD: Reg = Reg::Fixed(RA), RS1: Reg = RD }
    /// c.j.
    Cj { IMM: Imm = OFFSET11 }
    /// c.beqz and c.bnez.
    Cb { RS1: Reg = HIGH, RS2: Reg = NONE, IMM: Imm = OFFSET8 }
}

/// Operand names of the table's formats.
pub(super) const OPERANDS: &[(&str, Operand)] = &[
    ("rs2_", Operand::Reg(ANY2)),
    ("low", Operand::Reg(LOW)),
    ("high", Operand::Reg(HIGH)),
    ("imm6", Operand::Imm(IMM6)),
    ("shamt6", Operand::Imm(SHAMT6)),
    ("upper6", Operand::Imm(UPPER6)),
    ("frame", Operand::Imm(FRAME)),
    ("local", Operand::Imm(LOCAL)),
    ("words", Operand::Imm(WORDS)),
    ("doubles", Operand::Imm(DOUBLES)),
    ("loadWords", Operand::Imm(LOAD_WORDS)),
    ("loadDoubles", Operand::Imm(LOAD_DOUBLES)),
    ("storeWords", Operand::Imm(STORE_WORDS)),
    ("storeDoubles", Operand::Imm(STORE_DOUBLES)),
    ("branch8", Operand::Target(OFFSET8, 0)),
    ("jump11", Operand::Target(OFFSET11, 0)),
];
