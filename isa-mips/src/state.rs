//! Cannon's single-threaded 32-bit state: cells, their names, and the packed witness.

use fpvm_core::definition::isa::{Field, Source};
use fpvm_core::definition::operand::Cell;

/// `v0`: system call number, then its result.
pub const V0: Cell = Cell(2);
/// `a0`: first argument of a system call.
pub const A0: Cell = Cell(4);
/// `a1`: second argument of a system call.
pub const A1: Cell = Cell(5);
/// `a2`: third argument of a system call.
pub const A2: Cell = Cell(6);
/// `a3`: error number of a system call.
pub const A3: Cell = Cell(7);
/// `sp`: the stack pointer.
pub const SP: Cell = Cell(29);
/// `ra`: the link register.
pub const RA: Cell = Cell(31);

/// Low word of a product, or a quotient.
pub const LO: Cell = Cell(32);
/// High word of a product, or a remainder.
pub const HI: Cell = Cell(33);
/// Address of the next instruction.
pub const PC: Cell = Cell(34);
/// Address of the instruction after the next; `PC + 4` unless the next one is in a delay slot.
pub const NEXT_PC: Cell = Cell(35);
/// End of what `mmap` has given out.
pub const HEAP: Cell = Cell(36);
/// Offset of the next pre-image read, counted from the 8-byte length prefix.
pub const PREIMAGE_OFFSET: Cell = Cell(37);
/// Exit code, one byte.
pub const EXIT_CODE: Cell = Cell(38);
/// 1 once the program ended, else 0.
pub const EXITED: Cell = Cell(39);

/// Names of the general registers in the o32 calling convention.
pub const REGISTERS: &[&str] = &[
    "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "t0", "t1", "t2", "t3", "t4", "t5", "t6",
    "t7", //
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "fp", "ra",
];

/// The witness: 226 bytes, in this order. LO comes before HI.
pub const STATE: &[Field] = &[
    field("memRoot", 32, Source::MemoryRoot),
    field("preimageKey", 32, Source::PreimageKey),
    field("preimageOffset", 4, Source::Cell(PREIMAGE_OFFSET)),
    field("pc", 4, Source::Cell(PC)),
    field("nextPC", 4, Source::Cell(NEXT_PC)),
    field("lo", 4, Source::Cell(LO)),
    field("hi", 4, Source::Cell(HI)),
    field("heap", 4, Source::Cell(HEAP)),
    field("exit", 1, Source::Cell(EXIT_CODE)),
    field("exited", 1, Source::Cell(EXITED)),
    field("step", 8, Source::Step),
    field("registers", 4, Source::Cells(Cell(0), 32)),
];

const fn field(name: &'static str, size: usize, source: Source) -> Field {
    Field { name, size, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_core::definition::isa::witness_len;

    #[test]
    fn the_witness_has_upstream_offsets() {
        let offsets = [
            ("memRoot", 0),
            ("preimageKey", 32),
            ("preimageOffset", 64),
            ("pc", 68),
            ("nextPC", 72),
            ("lo", 76),
            ("hi", 80),
            ("heap", 84),
            ("exit", 88),
            ("exited", 89),
            ("step", 90),
            ("registers", 98),
        ];
        assert_eq!(STATE.len(), offsets.len());
        for (i, (name, offset)) in offsets.into_iter().enumerate() {
            assert_eq!((STATE[i].name, witness_len(&STATE[..i])), (name, offset));
        }
        assert_eq!(witness_len(STATE), 226);
    }
}
