//! RV64IMAC (VM type `imac-1`): what compilers emit today, which Asterisc's VM faults on or gets wrong.
//!
//! Instructions, state and system calls are those of Asterisc's VM but for this: there are compressed
//! instructions, so that instructions stand at any even address; what the specification reserves
//! faults, and floating point too, rather than doing something else or nothing; system calls fail as
//! Linux's do, and a call that is not there fails. Packed states and state files begin with a version,
//! and so are none of Asterisc's.

mod format;
pub mod table;

use crate::{Rv64, control, fault, operand};
use fpvm_core::definition::isa::{
    ElfTarget, Field, FileFormat, Isa, Operand, Pattern, ProofShape, Source, Visitor,
};
use fpvm_core::definition::machine::{Fault, Machine};
use fpvm_core::definition::operand::Cell;

/// What packed states and binary state files begin with: far from Cannon's numbers, which are small.
pub const VERSION: u8 = 0x81;

/// RV64IMAC: one hart, little-endian, 64-bit addresses.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Imac;

/// Asterisc's fields behind the version.
const STATE: [Field; Rv64::STATE.len() + 1] = {
    let mut fields = [crate::field("version", 1, Source::Version(VERSION)); Rv64::STATE.len() + 1];
    let mut i = 0;
    while i < Rv64::STATE.len() {
        fields[i + 1] = Rv64::STATE[i];
        i += 1;
    }
    fields
};

/// The operands of all formats.
const OPERANDS: [(&str, Operand); operand::OPERANDS.len() + format::OPERANDS.len()] = {
    let mut all = [operand::OPERANDS[0]; operand::OPERANDS.len() + format::OPERANDS.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = if i < operand::OPERANDS.len() {
            operand::OPERANDS[i]
        } else {
            format::OPERANDS[i - operand::OPERANDS.len()]
        };
        i += 1;
    }
    all
};

impl Isa for Imac {
    type Word = u64;
    type Op = table::Op;

    const NAME: &'static str = Rv64::NAME;
    const VM_TYPE: &'static str = "imac-1";
    const BIG_ENDIAN: bool = false;
    const DELAY_SLOT: bool = false;
    const COMPRESSED_MASK: u32 = 0b11;
    const TABLE: &'static [Pattern] = table::TABLE;
    const OPERANDS: &'static [(&'static str, Operand)] = &OPERANDS;
    const REGISTERS: &'static [&'static str] = operand::REGISTERS;
    const STATE: &'static [Field] = &STATE;
    /// The instruction and an access, each in two leaves.
    const PROOF: ProofShape = ProofShape::UpTo(4);
    const FILE: FileFormat = FileFormat {
        version: Some(VERSION),
        ..Rv64::FILE
    };
    const ELF: Option<ElfTarget> = Rv64::ELF;

    const PC: Cell = Rv64::PC;
    const NEXT_PC: Option<Cell> = None;
    const EXIT_CODE: Cell = Rv64::EXIT_CODE;
    const EXITED: Cell = Rv64::EXITED;
    const PREIMAGE_OFFSET: Cell = Rv64::PREIMAGE_OFFSET;
    const HEAP: Option<Cell> = Rv64::HEAP;

    #[inline(always)]
    fn fetch<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
        control::fetch_even(m)
    }

    #[inline(always)]
    fn dispatch<V: Visitor>(op: Self::Op, visitor: V) -> V::Output {
        table::dispatch(op, visitor)
    }

    const UNDEFINED: Fault = fault::ILLEGAL;
}
