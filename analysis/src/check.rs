//! Checks a program's ELF file for reasons not to run it.

mod calls;
mod code;
mod header;
mod instructions;
mod layout;
mod manual;
mod report;
mod rows;

pub use code::{Code, counted};
pub use layout::no_program;
pub use report::{Fact, Finding, Grade, Report};

use crate::go;
use crate::info::IsaInfo;

/// What the base manual has an instruction word for that a VM lacks, and what can be done about it; `None` where the word
/// is in no extension.
pub fn by_the_manual(isa: &dyn IsaInfo, insn: u32) -> Option<(String, &'static str)> {
    instructions::by_the_manual(isa, insn)
}

/// Finds code for which the VM does not do what the program expects; `bytes` are its ELF file.
pub fn check(code: &Code<'_>, bytes: &[u8], report: &mut Report) {
    layout::check_layout(code.isa, bytes, report);
    let release = go::release(bytes);
    if go::mips_float(bytes) == Some("hardfloat") {
        report.problem(
            "the Go program was built for floating-point registers (hardfloat), and the VM has none",
            "that is what Go builds for MIPS where nobody says otherwise",
            "build it with GOMIPS64=softfloat (for MIPS32: GOMIPS=softfloat)",
        );
    }
    if code.is_compressed() {
        compressed(release.as_deref(), report);
        return;
    }
    header::check_header(code.isa, bytes, report);
    instructions::check_instructions(code, bytes, report);
    calls::check_calls(code, release.is_some(), report);
    calls::check_memory_names(bytes, release.as_deref(), code, report);
}

fn compressed(release: Option<&str>, report: &mut Report) {
    let remedy = match release.and_then(go::minor) {
        Some(26..) => {
            "build it with -gcflags=all=-d=compressinstructions=0 and \
             -asmflags=all=-d=compressinstructions=0, or with Go 1.25 or older. (The VM that has them, \
             type imac-1, has no floating-point registers, and Go needs those)"
        }
        _ => {
            "run it on the VM type imac-1, which has them; or build it without the C extension \
             (-march=rv64ima, target feature -c)"
        }
    };
    report.problem(
        "it has compressed (16-bit) instructions, and the VM faults on them",
        "the RISC-V C extension is on in the compiler; Go turned it on in Go 1.26",
        remedy,
    );
}
