//! The VM's system calls, as in the other guests in Rust, but for the memory: [`crate::heap`] takes it back.

#[cfg(target_arch = "mips64")]
#[path = "../../claim-rust/src/vm/mips64.rs"]
mod machine;
#[cfg(target_arch = "riscv64")]
#[path = "../../claim-rust/src/vm/riscv64.rs"]
mod machine;

use machine::{MMAP, PRIVATE_ANONYMOUS, system_call};

include!("../../claim-rust/src/vm/calls.rs");

/// Asks for memory; a negated error number where there is none.
pub fn memory(bytes: usize) -> usize {
    const READ_WRITE: usize = 3;
    system_call(
        MMAP,
        [0, bytes, READ_WRITE, PRIVATE_ANONYMOUS, usize::MAX, 0],
    )
}
