//! An instruction set to begin with: four registers, five instructions, one system call. Replace them by
//! your own; the book's chapter "Adding an ISA" says what each part is for.
//!
//! An instruction word is `opcode[31:24] rd[23:20] ra[19:16] imm[15:0]`.
#![cfg_attr(not(feature = "std"), no_std)]

use fpvm_core::definition::isa::{
    ElfTarget, Field, FileFormat, Isa, JsonPages, Operand, Pattern, ProofShape, Source, Visitor,
};
use fpvm_core::definition::machine::{Case, Fault, Machine};
use fpvm_core::definition::operand::{Cell, Imm, Reg};
use fpvm_core::instructions;

type Done<M> = Result<(), <M as Machine>::Stop>;

const RD: Reg = Reg::Field {
    lo: 20,
    bits: 2,
    base: 0,
};
const RA: Reg = Reg::Field {
    lo: 16,
    bits: 2,
    base: 0,
};
const IMM: Imm = Imm::signed(0, 16);
/// Branch offsets count instructions.
const OFFSET: Imm = Imm::signed(0, 16).shifted(2);

const UNALIGNED: Fault = Fault {
    code: 1,
    text: "unaligned address",
};
const UNKNOWN_CALL: Fault = Fault {
    code: 2,
    text: "unknown system call",
};
const UNKNOWN_OPCODE: Fault = Fault {
    code: 3,
    text: "unknown opcode",
};

instructions! {
    /// Instruction kinds.
    pub enum Op, TABLE, dispatch, UNKNOWN_OPCODE;
    addi = 0xffcc_0000, 0x0100_0000, "{rd}, {ra}, {imm}" => addi;
    lw   = 0xffcc_0000, 0x0200_0000, "{rd}, {imm}({ra})" => lw;
    sw   = 0xffcc_0000, 0x0300_0000, "{rd}, {imm}({ra})" => sw;
    bne  = 0xffcc_0000, 0x0400_0000, "{rd}, {ra}, {to}"  => bne;
    sys  = 0xffff_ffff, 0x0500_0000, ""                  => sys;
}

/// rd ← ra + imm.
fn addi<M: Machine>(m: &mut M) -> Done<M> {
    let (a, imm) = (m.reg(RA), m.imm(IMM));
    let sum = m.add(a, imm);
    m.set_reg(RD, sum);
    Ok(())
}

/// The address ra + imm; the step faults where it is no multiple of 4, before anything has changed.
fn address<M: Machine>(m: &mut M) -> Result<M::W, M::Stop> {
    let (a, imm) = (m.reg(RA), m.imm(IMM));
    let at = m.add(a, imm);
    aligned(m, at)?;
    Ok(at)
}

fn aligned<M: Machine>(m: &mut M, at: M::W) -> Done<M> {
    let low = m.and_k(at, 3);
    let aligned = m.eq_k(low, 0);
    let unaligned = m.not(aligned);
    m.trap_if(unaligned, UNALIGNED)
}

/// rd ← the word at ra + imm.
fn lw<M: Machine>(m: &mut M) -> Done<M> {
    let at = address(m)?;
    let value = m.load(at, 4)?;
    m.set_reg(RD, value);
    Ok(())
}

/// The word at ra + imm ← rd.
fn sw<M: Machine>(m: &mut M) -> Done<M> {
    let at = address(m)?;
    let value = m.reg(RD);
    m.store(at, 4, value)
}

/// Goes on at pc + offset where rd and ra differ.
fn bne<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = (m.reg(RD), m.reg(RA));
    let equal = m.eq(a, b);
    let taken = m.not(equal);
    let (pc, offset) = (m.pc(), m.imm(OFFSET));
    let to = m.add(pc, offset);
    m.branch(taken, to);
    Ok(())
}

/// System calls: the number is in r1, the argument in r2.
fn sys<M: Machine>(m: &mut M) -> Done<M> {
    const CALLS: &[Case] = &[Case::new(1, "exit")];
    let (call, argument) = (m.get(Cell(1)), m.get(Cell(2)));
    m.choose(call, CALLS, |m, case| match case {
        Some(0) => {
            m.exit(argument);
            Ok(())
        }
        _ => m.trap(UNKNOWN_CALL),
    })
}

/// The instruction set.
#[derive(Clone, Copy, Default, Debug)]
pub struct MyIsa;

const PC: Cell = Cell(4);
const EXIT_CODE: Cell = Cell(5);
const EXITED: Cell = Cell(6);
const PREIMAGE_OFFSET: Cell = Cell(7);

const fn field(name: &'static str, size: usize, source: Source) -> Field {
    Field { name, size, source }
}

impl Isa for MyIsa {
    type Word = u32;
    type Op = Op;

    const NAME: &'static str = "my-isa";
    const VM_TYPE: &'static str = "my-isa-1";
    const BIG_ENDIAN: bool = false;
    const DELAY_SLOT: bool = false;
    const TABLE: &'static [Pattern] = TABLE;
    const OPERANDS: &'static [(&'static str, Operand)] = &[
        ("rd", Operand::Reg(RD)),
        ("ra", Operand::Reg(RA)),
        ("imm", Operand::Imm(IMM)),
        ("to", Operand::Target(OFFSET, 0)),
    ];
    const REGISTERS: &'static [&'static str] = &["r0", "r1", "r2", "r3"];
    // All that a step can change has to be here: a proof shows nothing else.
    const STATE: &'static [Field] = &[
        field("memRoot", 32, Source::MemoryRoot),
        field("preimageKey", 32, Source::PreimageKey),
        field("preimageOffset", 4, Source::Cell(PREIMAGE_OFFSET)),
        field("pc", 4, Source::Cell(PC)),
        field("exit", 1, Source::Cell(EXIT_CODE)),
        field("exited", 1, Source::Cell(EXITED)),
        field("step", 8, Source::Step),
        field("registers", 4, Source::Cells(Cell(0), 4)),
    ];
    // The instruction's leaf, and one of data.
    const PROOF: ProofShape = ProofShape::UpTo(2);
    const FILE: FileFormat = FileFormat {
        version: Some(210),
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

    fn fetch<M: Machine>(m: &mut M) -> Done<M> {
        let pc = m.pc();
        aligned(m, pc)
    }

    #[inline(always)]
    fn dispatch<V: Visitor>(op: Op, visitor: V) -> V::Output {
        dispatch(op, visitor)
    }
}
