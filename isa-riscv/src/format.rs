//! Formats: where the operands of an instruction are.
//!
//! An instruction's semantics name its operands as those of a format, so that one text serves all the
//! encodings that an instruction has. The formats of four bytes are here, with the specification's
//! names; those of two are in [`crate::imac::format`].

use crate::operand::{IMM_B, IMM_I, IMM_J, IMM_S, IMM_U, RD, RS1, RS2, SHAMT, SHAMT_W};
use fpvm_core::definition::operand::{Imm, Reg};

/// Where operands are. What an instruction does not have is not looked at.
pub(crate) trait Format {
    /// Destination register.
    const RD: Reg = RD;
    /// First source register.
    const RS1: Reg = RS1;
    /// Second source register.
    const RS2: Reg = RS2;
    /// Immediate, shift amount or offset.
    const IMM: Imm = Imm::unsigned(0, 0);
    /// Bytes of the instruction.
    const LEN: u64 = 4;
    /// A jump faults unless its target is a multiple of this. All targets are even, so that 2 asks for
    /// nothing.
    const ALIGN: u64 = 2;
}

/// Declares formats by what is not as in [`Format`]; `$len` is their length in bytes.
macro_rules! formats {
    ($len:literal; $($(#[$doc:meta])* $name:ident { $($what:ident: $type:ty = $value:expr),* })*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl $crate::format::Format for $name {
            const LEN: u64 = $len;
            $(const $what: $type = $value;)*
        }
    )*};
}
pub(crate) use formats;

formats! {
    4;
    /// Registers alone.
    R {}
    /// Immediates, loads and jalr.
    I { IMM: Imm = IMM_I }
    /// 64-bit shifts by a constant.
    IShamt { IMM: Imm = SHAMT }
    /// 32-bit shifts by a constant.
    IShamtW { IMM: Imm = SHAMT_W }
    /// Stores.
    S { IMM: Imm = IMM_S }
    /// lui and auipc.
    U { IMM: Imm = IMM_U }
    /// Branches.
    B { IMM: Imm = IMM_B }
    /// jal.
    J { IMM: Imm = IMM_J }
    /// Branches to multiples of 4.
    AlignedB { IMM: Imm = IMM_B, ALIGN: u64 = 4 }
    /// jal to multiples of 4.
    AlignedJ { IMM: Imm = IMM_J, ALIGN: u64 = 4 }
    /// jalr to multiples of 4.
    AlignedI { IMM: Imm = IMM_I, ALIGN: u64 = 4 }
}
