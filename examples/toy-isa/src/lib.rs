//! A whole ISA in one small crate: 16 registers, 32-bit little-endian words, 17 instructions, five
//! system calls. It is the living documentation of how to add an ISA to fpvm; the book's chapter
//! walks through it. Runner, state root, proof, verifier and command line come from the framework.
//!
//! An instruction word is `opcode[31:24] rd[23:20] ra[19:16] imm[15:0]`; instructions with a second
//! register operand have it in `rb[15:12]`.
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "std")]
pub mod asm;
#[cfg(feature = "std")]
mod guest;
mod semantics;
mod table;

use fpvm_core::definition::isa::{
    ElfTarget, Field, FileFormat, Isa, JsonPages, Operand, Pattern, ProofShape, Source, Visitor,
};
use fpvm_core::definition::machine::{Fault, Machine};
use fpvm_core::definition::operand::{Cell, Imm, Reg};

pub use table::{Op, TABLE};

/// The toy ISA.
#[derive(Clone, Copy, Default, Debug)]
pub struct Toy;

const PC: Cell = Cell(16);
const EXIT_CODE: Cell = Cell(17);
const EXITED: Cell = Cell(18);
const PREIMAGE_OFFSET: Cell = Cell(19);

const RD: Reg = Reg::Field {
    lo: 20,
    bits: 4,
    base: 0,
};
const RA: Reg = Reg::Field {
    lo: 16,
    bits: 4,
    base: 0,
};
const RB: Reg = Reg::Field {
    lo: 12,
    bits: 4,
    base: 0,
};
const IMM: Imm = Imm::signed(0, 16);
const HIGH: Imm = Imm::unsigned(0, 16);
/// Branch offsets count instructions.
const OFFSET: Imm = Imm::signed(0, 16).shifted(2);

/// A word is loaded or stored at an address that is no multiple of 4.
const UNALIGNED: Fault = Fault {
    code: 1,
    text: "unaligned memory access",
};
/// The program counter is no multiple of 4.
const UNALIGNED_PC: Fault = Fault {
    code: 2,
    text: "unaligned program counter",
};
/// A pre-image is read at or past its end.
const PREIMAGE_END: Fault = Fault {
    code: 3,
    text: "read past the end of the pre-image",
};
/// A system call that there is not.
const UNKNOWN_CALL: Fault = Fault {
    code: 4,
    text: "unknown system call",
};
/// An opcode that there is not.
const UNKNOWN_OPCODE: Fault = Fault {
    code: 5,
    text: "unknown opcode",
};

const fn field(name: &'static str, size: usize, source: Source) -> Field {
    Field { name, size, source }
}

impl Isa for Toy {
    type Word = u32;
    type Op = Op;

    const NAME: &'static str = "toy";
    const VM_TYPE: &'static str = "toy-1";
    const BIG_ENDIAN: bool = false;
    const DELAY_SLOT: bool = false;
    const TABLE: &'static [Pattern] = TABLE;
    const OPERANDS: &'static [(&'static str, Operand)] = &[
        ("rd", Operand::Reg(RD)),
        ("ra", Operand::Reg(RA)),
        ("rb", Operand::Reg(RB)),
        ("imm", Operand::Imm(IMM)),
        ("high", Operand::Imm(HIGH)),
        ("to", Operand::Target(OFFSET, 0)),
    ];
    const REGISTERS: &'static [&'static str] = &[
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15",
    ];
    const STATE: &'static [Field] = &[
        field("memRoot", 32, Source::MemoryRoot),
        field("preimageKey", 32, Source::PreimageKey),
        field("preimageOffset", 4, Source::Cell(PREIMAGE_OFFSET)),
        field("pc", 4, Source::Cell(PC)),
        field("exit", 1, Source::Cell(EXIT_CODE)),
        field("exited", 1, Source::Cell(EXITED)),
        field("step", 8, Source::Step),
        field("registers", 4, Source::Cells(Cell(0), 16)),
    ];
    const PROOF: ProofShape = ProofShape::UpTo(2);
    const FILE: FileFormat = FileFormat {
        version: Some(200),
        json_pages: JsonPages::Hex,
        trailer: false,
    };
    const ELF: Option<ElfTarget> = None;

    const PC: Cell = PC;
    const NEXT_PC: Option<Cell> = None;
    const EXIT_CODE: Cell = EXIT_CODE;
    const EXITED: Cell = EXITED;
    const PREIMAGE_OFFSET: Cell = PREIMAGE_OFFSET;
    const HEAP: Option<Cell> = None;
    const UNDEFINED: Fault = UNKNOWN_OPCODE;

    fn fetch<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
        let pc = m.pc();
        semantics::trap_unless_aligned(m, pc, UNALIGNED_PC)
    }

    #[inline(always)]
    fn dispatch<V: Visitor>(op: Op, visitor: V) -> V::Output {
        table::dispatch(op, visitor)
    }
}
