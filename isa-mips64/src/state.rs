//! Cannon's multi-threaded 64-bit state: cells, the packed witness, and the packed thread.
//!
//! Cells up to the exited flag are those of the 32-bit VM.

use fpvm_core::definition::isa::{Field, Source};
use fpvm_core::definition::operand::Cell;

pub use fpvm_isa_mips::state::{
    A0, A1, A2, A3, EXIT_CODE, EXITED, HEAP, HI, LO, NEXT_PC, PC, PREIMAGE_OFFSET, SP, V0,
};

/// The running thread's number.
pub const THREAD_ID: Cell = Cell(40);
/// The running thread's exit code, one byte.
pub const THREAD_EXIT_CODE: Cell = Cell(41);
/// 1 once the running thread ended, else 0.
pub const THREAD_EXITED: Cell = Cell(42);
/// Which reservation there is: 0 none, 1 of 32 bits, 2 of 64.
pub const LL_STATUS: Cell = Cell(43);
/// The reserved address, as the load-linked had it.
pub const LL_ADDRESS: Cell = Cell(44);
/// The thread that reserved it.
pub const LL_OWNER: Cell = Cell(45);
/// The stack whose top runs: 0 left, 1 right.
pub const TRAVERSE_RIGHT: Cell = Cell(46);
/// The number of the next new thread.
pub const NEXT_THREAD_ID: Cell = Cell(47);

/// Names of the general registers in the n64 calling convention.
pub const REGISTERS: &[&str] = &[
    "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2",
    "t3", //
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "fp", "ra",
];

/// The witness: 188 bytes, in this order.
pub const STATE: &[Field] = &[
    field("memRoot", 32, Source::MemoryRoot),
    field("preimageKey", 32, Source::PreimageKey),
    field("preimageOffset", 8, Source::Cell(PREIMAGE_OFFSET)),
    field("heap", 8, Source::Cell(HEAP)),
    field("llReservationStatus", 1, Source::Cell(LL_STATUS)),
    field("llAddress", 8, Source::Cell(LL_ADDRESS)),
    field("llOwnerThread", 8, Source::Cell(LL_OWNER)),
    field("exit", 1, Source::Cell(EXIT_CODE)),
    field("exited", 1, Source::Cell(EXITED)),
    field("step", 8, Source::Step),
    field("stepsSinceLastContextSwitch", 8, Source::StepsSinceSwitch),
    field("traverseRight", 1, Source::Cell(TRAVERSE_RIGHT)),
    field("leftThreadStack", 32, Source::Threads(0)),
    field("rightThreadStack", 32, Source::Threads(1)),
    field("nextThreadId", 8, Source::Cell(NEXT_THREAD_ID)),
];

/// A thread: 298 bytes, in this order.
pub const THREAD: &[Field] = &[
    field("threadId", 8, Source::Cell(THREAD_ID)),
    field("threadExit", 1, Source::Cell(THREAD_EXIT_CODE)),
    field("threadExited", 1, Source::Cell(THREAD_EXITED)),
    field("pc", 8, Source::Cell(PC)),
    field("nextPC", 8, Source::Cell(NEXT_PC)),
    field("lo", 8, Source::Cell(LO)),
    field("hi", 8, Source::Cell(HI)),
    field("registers", 8, Source::Cells(Cell(0), 32)),
];

const fn field(name: &'static str, size: usize, source: Source) -> Field {
    Field { name, size, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_core::definition::isa::witness_len;

    fn offsets(fields: &[Field]) -> Vec<usize> {
        (0..=fields.len())
            .map(|i| witness_len(&fields[..i]))
            .collect()
    }

    #[test]
    fn the_witness_has_upstream_offsets() {
        let expected = [
            0, 32, 64, 72, 80, 81, 89, 97, 98, 99, 107, 115, 116, 148, 180, 188,
        ];
        assert_eq!(offsets(STATE), expected);
    }

    #[test]
    fn a_thread_has_upstream_offsets() {
        assert_eq!(offsets(THREAD), [0, 8, 9, 10, 18, 26, 34, 42, 298]);
    }
}
