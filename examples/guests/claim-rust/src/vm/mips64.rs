//! MIPS64: how the VM starts a program, and how a program calls it.

use core::arch::{asm, global_asm};

pub const READ: usize = 5000;
pub const WRITE: usize = 5001;
pub const EXIT_GROUP: usize = 5205;
pub const MMAP: usize = 5009;

/// How memory is asked for: for this program alone, and not of a file.
pub const PRIVATE_ANONYMOUS: usize = 0x802;

// The VM starts with a stack and nothing else. What stands behind a jump is executed before it.
global_asm!(
    ".globl __start",
    "__start:",
    ".set push",
    ".set noreorder",
    "jal {main}",
    "nop",
    ".set pop",
    main = sym super::main,
);

/// The result of a call, or a negated error number. The VM tells in $7 which it is, as Linux does. It is
/// a function of its own since Linux keeps none of the registers that a call may change.
#[inline(never)]
pub fn system_call(number: usize, arguments: [usize; 6]) -> usize {
    let [a, b, c, d, e, f] = arguments;
    let (result, failed): (usize, usize);
    // SAFETY: The callers hand over buffers that live as long as the call, with their lengths.
    unsafe {
        asm!(
            "syscall",
            inlateout("$2") number => result,
            in("$4") a,
            in("$5") b,
            in("$6") c,
            inlateout("$7") d => failed,
            inlateout("$8") e => _,
            inlateout("$9") f => _,
        );
    }
    if failed == 0 {
        result
    } else {
        result.wrapping_neg()
    }
}
