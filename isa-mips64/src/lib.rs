//! Cannon's multi-threaded MIPS64 for fpvm: the VM types `multithreaded64-3`, `multithreaded64-4` and
//! `multithreaded64-5` of the OP Stack (state versions 6 to 8), byte for byte.
//!
//! Most instructions are those of [`fpvm_isa_mips`], whose semantics fit registers of either width; here
//! are the 64-bit ones ([`doubleword`]), reservations ([`atomic`]), threads ([`thread`]) and system
//! calls ([`syscall`]).
//!
//! Without the default feature `std` the crate needs `alloc` only.
#![cfg_attr(not(feature = "std"), no_std)]

pub mod atomic;
pub mod doubleword;
pub mod fault;
#[cfg(feature = "std")]
mod program;
pub mod state;
#[cfg(feature = "std")]
pub mod statistics;
pub mod syscall;
pub mod table;
pub mod thread;

use fpvm_core::definition::isa::{
    ElfTarget, Field, FileFormat, Isa, JsonPages, Operand, Pattern, ProofShape, Reservation,
    Semantics, Threads, Visitor,
};
use fpvm_core::definition::machine::{Fault, Machine};
use fpvm_core::definition::operand::Cell;
use fpvm_isa_mips::Done;

/// The ISA, by its state version: 6, 7 or 8.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Mips64<const VERSION: u8>;

/// The newest: state version 8.
pub type Newest = Mips64<8>;

impl<const VERSION: u8> Isa for Mips64<VERSION> {
    type Word = u64;
    type Op = table::Op;

    const NAME: &'static str = "mips64";
    const VM_TYPE: &'static str = match VERSION {
        6 => "multithreaded64-3",
        7 => "multithreaded64-4",
        8 => "multithreaded64-5",
        _ => panic!("state versions of the 64-bit VM are 6 to 8"),
    };
    const BIG_ENDIAN: bool = true;
    const DELAY_SLOT: bool = true;
    const TABLE: &'static [Pattern] = table::TABLE;
    const OPERANDS: &'static [(&'static str, Operand)] = fpvm_isa_mips::operand::OPERANDS;
    const REGISTERS: &'static [&'static str] = state::REGISTERS;
    const STATE: &'static [Field] = state::STATE;
    /// The instruction and two data words.
    const PROOF: ProofShape = ProofShape::Fixed(3);
    /// Upstream has no JSON states of this VM; ours hold threads in hex.
    const FILE: FileFormat = FileFormat {
        version: Some(VERSION),
        json_pages: JsonPages::Base64Zlib,
        trailer: false,
    };
    const ELF: Option<ElfTarget> = Some(ElfTarget {
        name: "64-bit big-endian MIPS",
        machine: 8,
        is_64: true,
        big_endian: true,
    });

    const PC: Cell = state::PC;
    const NEXT_PC: Option<Cell> = Some(state::NEXT_PC);
    const EXIT_CODE: Cell = state::EXIT_CODE;
    const EXITED: Cell = state::EXITED;
    const PREIMAGE_OFFSET: Cell = state::PREIMAGE_OFFSET;
    const HEAP: Option<Cell> = Some(state::HEAP);
    const THREADS: Option<Threads> = Some(Threads {
        fields: state::THREAD,
        side: state::TRAVERSE_RIGHT,
        ended: state::THREAD_EXITED,
        quantum: thread::QUANTUM,
    });
    const RESERVATION: Option<Reservation> = Some(Reservation {
        address: state::LL_ADDRESS,
        cells: atomic::RESERVATION,
    });
    const UNDEFINED: Fault = fault::UNDEFINED;

    #[inline(always)]
    fn context_switch<M: Machine>(m: &mut M) -> Done<M> {
        thread::context_switch(m)
    }

    #[inline(always)]
    fn fetch<M: Machine>(m: &mut M) -> Done<M> {
        fpvm_isa_mips::control::fetch(m)
    }

    #[inline(always)]
    fn dispatch<V: Visitor>(op: Self::Op, visitor: V) -> V::Output {
        match op {
            table::Op::syscall if VERSION < 8 => visitor.visit::<Syscall<VERSION>>(),
            table::Op::dclz | table::Op::dclo if VERSION < 7 => visitor.visit::<Undefined>(),
            _ => table::dispatch(op, visitor),
        }
    }
}

/// The system call of an older state version.
struct Syscall<const VERSION: u8>;

impl<const VERSION: u8> Semantics for Syscall<VERSION> {
    #[inline(always)]
    fn run<M: Machine>(m: &mut M) -> Done<M> {
        syscall::call::<VERSION, M>(m)
    }
}

/// An instruction that is newer than the state version.
struct Undefined;

impl Semantics for Undefined {
    #[inline(always)]
    fn run<M: Machine>(m: &mut M) -> Done<M> {
        m.trap(fault::UNDEFINED)
    }
}
