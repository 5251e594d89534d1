//! Why a step has no post-state, where the 32-bit VM has no such reason. Upstream's VM panics at these
//! and its contract reverts; the codes are this project's.

use fpvm_core::definition::machine::Fault;

pub use fpvm_isa_mips::fault::{DIVIDE_BY_ZERO, PREIMAGE_END, UNALIGNED_PC, UNDEFINED};

/// The system call is none that the VM knows.
pub const UNKNOWN_CALL: Fault = Fault {
    code: 7,
    text: "unimplemented system call",
};
/// The last thread ended, and the program went on nevertheless. Only a state that no program leads to
/// is so.
pub const NO_THREAD: Fault = Fault {
    code: 8,
    text: "no thread is left to run",
};
