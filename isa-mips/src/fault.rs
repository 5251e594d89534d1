//! Why a step has no post-state. Upstream's VM panics at these and its contract reverts; the codes
//! are this project's.

use fpvm_core::definition::machine::Fault;

/// No instruction has this word.
pub const UNDEFINED: Fault = fault(1, "invalid instruction");
/// The program counter is no multiple of 4.
pub const UNALIGNED_PC: Fault = fault(2, "instruction address not a multiple of 4");
/// A jump stands in the delay slot of another jump or branch.
pub const JUMP_IN_SLOT: Fault = fault(3, "jump in delay slot");
/// A branch, taken or not, stands in the delay slot of another jump or branch.
pub const BRANCH_IN_SLOT: Fault = fault(4, "branch in delay slot");
/// The divisor is 0. Real MIPS leaves the result open; Cannon refuses.
pub const DIVIDE_BY_ZERO: Fault = fault(5, "division by zero");
/// A read at or after the end of a pre-image: Cannon has no end-of-file result.
pub const PREIMAGE_END: Fault = fault(6, "pre-image read at or past its end");

const fn fault(code: u32, text: &'static str) -> Fault {
    Fault { code, text }
}
