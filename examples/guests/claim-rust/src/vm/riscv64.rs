//! RV64: how the VM starts a program, and how a program calls it.

use core::arch::{asm, global_asm};

pub const READ: usize = 63;
pub const WRITE: usize = 64;
pub const EXIT_GROUP: usize = 94;
pub const MMAP: usize = 222;

/// How memory is asked for: for this program alone, and not of a file.
pub const PRIVATE_ANONYMOUS: usize = 0x22;

// The VM starts with a stack and nothing else. Addresses of data are taken relative to gp.
global_asm!(
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "call {main}",
    main = sym super::main,
);

/// The result of a call, or a negated error number.
pub fn system_call(number: usize, arguments: [usize; 6]) -> usize {
    let [a, b, c, d, e, f] = arguments;
    let result;
    // SAFETY: The callers hand over buffers that live as long as the call, with their lengths.
    unsafe {
        asm!(
            "ecall",
            in("a7") number,
            inlateout("a0") a => result,
            in("a1") b,
            in("a2") c,
            in("a3") d,
            in("a4") e,
            in("a5") f,
        );
    }
    result
}
