//! RISC-V for fpvm: instructions, system calls, state, programs. There are two VM types: Asterisc's
//! RV64IMA (`riscv64`), and RV64IMAC as compilers emit it today ([`imac`], `imac-1`).
//!
//! Everything of the first is byte for byte as in Asterisc v1.3.0, which is laxer than the RISC-V specification
//! in places; the comments name them. Where upstream's Go VM and its contract could differ, the
//! contract is followed. An instruction is written once, against [`fpvm_core::definition::machine::Machine`].
#![cfg_attr(not(feature = "std"), no_std)]

mod alu;
mod atomic;
mod control;
pub mod fault;
mod format;
pub mod imac;
mod memory;
mod muldiv;
pub mod operand;
#[cfg(feature = "std")]
mod program;
mod shift;
mod syscall;
pub mod table;

use fpvm_core::definition::isa::{
    ElfTarget, Field, FileFormat, Isa, JsonPages, Operand, Pattern, ProofShape, Source, Visitor,
};
use fpvm_core::definition::machine::{Fault, Machine};
use fpvm_core::definition::operand::Cell;

/// Asterisc's RV64IMA: one hart, little-endian, 64-bit addresses, no compressed instructions.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Rv64;

const fn field(name: &'static str, size: usize, source: Source) -> Field {
    Field { name, size, source }
}

impl Isa for Rv64 {
    type Word = u64;
    type Op = table::Op;

    const NAME: &'static str = "riscv";
    const VM_TYPE: &'static str = "riscv64";
    const BIG_ENDIAN: bool = false;
    const DELAY_SLOT: bool = false;
    const TABLE: &'static [Pattern] = table::TABLE;
    const OPERANDS: &'static [(&'static str, Operand)] = operand::OPERANDS;
    const REGISTERS: &'static [&'static str] = operand::REGISTERS;
    const STATE: &'static [Field] = &[
        field("memRoot", 32, Source::MemoryRoot),
        field("preimageKey", 32, Source::PreimageKey),
        field("preimageOffset", 8, Source::Cell(operand::PREIMAGE_OFFSET)),
        field("pc", 8, Source::Cell(operand::PC)),
        field("exit", 1, Source::Cell(operand::EXIT_CODE)),
        field("exited", 1, Source::Cell(operand::EXITED)),
        field("step", 8, Source::Step),
        field("heap", 8, Source::Cell(operand::HEAP)),
        field(
            "loadReservation",
            8,
            Source::Cell(operand::LOAD_RESERVATION),
        ),
        field("registers", 8, Source::Cells(Cell(0), 32)),
    ];
    const PROOF: ProofShape = ProofShape::UpTo(3);
    const FILE: FileFormat = FileFormat {
        version: None,
        json_pages: JsonPages::Hex,
        trailer: true,
    };
    const ELF: Option<ElfTarget> = Some(ElfTarget {
        name: "64-bit little-endian RISC-V",
        machine: 243,
        is_64: true,
        big_endian: false,
    });

    const PC: Cell = operand::PC;
    const NEXT_PC: Option<Cell> = None;
    const EXIT_CODE: Cell = operand::EXIT_CODE;
    const EXITED: Cell = operand::EXITED;
    const PREIMAGE_OFFSET: Cell = operand::PREIMAGE_OFFSET;
    const HEAP: Option<Cell> = Some(operand::HEAP);

    #[inline(always)]
    fn fetch<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
        control::fetch(m)
    }

    #[inline(always)]
    fn dispatch<V: Visitor>(op: Self::Op, visitor: V) -> V::Output {
        table::dispatch(op, visitor)
    }

    const UNDEFINED: Fault = fault::OPCODE;
}
