//! Faults: a step that hits one has no post-state. The codes are the words that upstream's contract
//! reverts with.

use fpvm_core::definition::machine::Fault;

const fn fault(code: u32, text: &'static str) -> Fault {
    Fault { code, text }
}

/// getrlimit was asked for a resource other than the number of open files.
pub const RESOURCE: Fault = fault(0x000f_0012, "getrlimit of a resource other than NOFILE (7)");
/// An atomic instruction whose operation (bits 31 to 27) is unknown.
pub const ATOMIC_OPERATION: Fault = fault(0x0f00_1a70, "unknown atomic operation");
/// An instruction whose opcode (bits 6 to 0) is unknown.
pub const OPCODE: Fault = fault(0xf001_c0de, "unknown opcode");
/// A system call that upstream refuses.
pub const SYSCALL: Fault = fault(0xf001_ca11, "unsupported system call");
/// A jump target or an atomic access that is not aligned.
pub const MISALIGNED: Fault = fault(0xbad1_0ad0, "misaligned jump target or atomic access");
/// A store of more than 8 bytes (funct3 of 4 and up).
pub const STORE_SIZE: Fault = fault(0xbad5_12e8, "store of more than 8 bytes");
/// An instruction that lies across two leaves of the memory tree.
pub const FETCH_SPLIT: Fault = fault(0xbad2_2220, "instruction across a 32-byte line");
/// A reserved encoding.
pub const ILLEGAL: Fault = fault(0x0bad_c0de, "illegal instruction");
/// An atomic instruction on other than 4 or 8 bytes.
pub const ATOMIC_SIZE: Fault = fault(0x00ba_da70, "atomic access of other than 4 or 8 bytes");
/// A floating-point instruction, on a VM that has none.
pub const FLOAT: Fault = fault(0x0bad_f107, "floating-point instruction");
/// A breakpoint.
pub const BREAKPOINT: Fault = fault(0x0bad_b4ea, "breakpoint");
/// An instruction at an odd address.
pub const FETCH_ODD: Fault = fault(0xbad2_2221, "instruction at an odd address");
/// A read at or past the end of a pre-image.
pub const PREIMAGE_END: Fault = fault(0xbadf_00d0, "pre-image read at or past its end");
