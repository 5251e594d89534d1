//! Cannon's MIPS32 for fpvm: the VM type `singlethreaded-2` of the OP Stack, byte for byte.
//!
//! Every instruction and system call is written once, against [`fpvm_core::definition::machine::Machine`]: see
//! [`table`] for the instructions and [`state`] for the packed state. Where upstream departs from
//! the MIPS manual, so does this crate, and says so at the place.
//!
//! Semantics are written for registers of either width, where Cannon's 64-bit VM has the instruction
//! too: `isa-mips64` is made of them and what it adds.
//!
//! Without the default feature `std` the crate needs `alloc` only.
#![cfg_attr(not(feature = "std"), no_std)]

pub mod alu;
pub mod control;
pub mod fault;
pub mod memory;
pub mod muldiv;
pub mod operand;
#[cfg(feature = "std")]
pub mod program;
pub mod shift;
pub mod state;
pub mod syscall;
pub mod table;
pub mod width;

use fpvm_core::definition::isa::{
    ElfTarget, Field, FileFormat, Isa, JsonPages, Operand, Pattern, ProofShape, Visitor,
};
use fpvm_core::definition::machine::{Fault, Machine};
use fpvm_core::definition::operand::Cell;

/// How an instruction ends.
pub type Done<M> = Result<(), <M as Machine>::Stop>;

/// The ISA.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Mips32;

impl Isa for Mips32 {
    type Word = u32;
    type Op = table::Op;

    const NAME: &'static str = "mips";
    const VM_TYPE: &'static str = "singlethreaded-2";
    const BIG_ENDIAN: bool = true;
    const DELAY_SLOT: bool = true;
    const TABLE: &'static [Pattern] = table::TABLE;
    const OPERANDS: &'static [(&'static str, Operand)] = operand::OPERANDS;
    const REGISTERS: &'static [&'static str] = state::REGISTERS;
    const STATE: &'static [Field] = state::STATE;
    /// The instruction and one data word.
    const PROOF: ProofShape = ProofShape::Fixed(2);
    const FILE: FileFormat = FileFormat {
        version: Some(2),
        json_pages: JsonPages::Base64Zlib,
        trailer: false,
    };
    /// Upstream loads any class and byte order of EM_MIPS, and the guest then fails; a wrong one is
    /// an error here.
    const ELF: Option<ElfTarget> = Some(ElfTarget {
        name: "32-bit big-endian MIPS",
        machine: 8,
        is_64: false,
        big_endian: true,
    });

    const PC: Cell = state::PC;
    const NEXT_PC: Option<Cell> = Some(state::NEXT_PC);
    const EXIT_CODE: Cell = state::EXIT_CODE;
    const EXITED: Cell = state::EXITED;
    const PREIMAGE_OFFSET: Cell = state::PREIMAGE_OFFSET;
    const HEAP: Option<Cell> = Some(state::HEAP);
    const UNDEFINED: Fault = fault::UNDEFINED;

    #[inline(always)]
    fn fetch<M: Machine>(m: &mut M) -> Done<M> {
        control::fetch(m)
    }

    #[inline(always)]
    fn dispatch<V: Visitor>(op: Self::Op, visitor: V) -> V::Output {
        table::dispatch(op, visitor)
    }
}
