//! The command on processors that lack what it can use, as qemu's user mode makes them up, where that
//! is installed: the same roots by narrower vectors or none, and no translator.
//!
//! Haswell has all that the translator needs, but qemu 7.2 ends with a fault in translated code, which is
//! written at one address and runs at another. So there the interpreter is asked for.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use crate::common::{Done, vectors};
use fpvm_e2e::{Tool, skip};

use std::process::Command;

const FPVM: &str = env!("CARGO_BIN_EXE_fpvm");

/// Steps of the guest, which ends with the last.
const STEPS: &str = "302090";

fn done(command: &mut Command, args: &[&str]) -> Done {
    let guest = vectors("guests/hello.go122.mips");
    let output = command.args(args).arg(guest).output();
    Done::from(output.expect("a command that was there before"))
}

#[test]
fn older_processors_give_the_same_root() {
    let found = Command::new("qemu-x86_64").arg("--version").output();
    if found.is_err() {
        skip(Tool::Qemu, "qemu-x86_64 is not installed");
        return;
    }
    let on = |processor, args: &[&str]| {
        let mut qemu = Command::new("qemu-x86_64");
        done(qemu.args(["-cpu", processor, FPVM]), args)
    };
    let root = ["state-root", "--step", STEPS];
    let by_interpreter = ["state-root", "--step", STEPS, "--tier", "interpreter"];
    let here = done(&mut Command::new(FPVM), &root).ok();

    // SSE alone.
    assert_eq!(on("Nehalem", &root).ok(), here);
    let by_translator = ["state-root", "--step", STEPS, "--tier", "jit"];
    on("Nehalem", &by_translator).fails(1, "use --tier interpreter");
    // AVX2.
    assert_eq!(on("Haswell", &by_interpreter).ok(), here);
}
