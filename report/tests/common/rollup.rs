//! The executions of the guest `rollup`.
#![allow(dead_code, reason = "each test uses its part")]

use std::path::{Path, PathBuf};

use alloy_primitives::{B256, U256};
use fpvm_checkpoints::Machine as _;
use fpvm_core::machine::vm::Vm;
use fpvm_isa_mips::Mips32;
use fpvm_trace::{GuestProgram, Hosted};

/// Chain id of the toy rollup.
pub(crate) const CHAIN_ID: u64 = 901;

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/guests")
}

/// The program, on MIPS32.
pub(crate) fn rollup() -> GuestProgram<'static, Vm<Mips32>> {
    let elf = guests().join("bin/rollup.mips");
    GuestProgram::recorded(
        std::fs::read(elf).expect("a bundled guest"),
        &guests().join("preimages-rollup"),
        U256::from(CHAIN_ID),
        || Some(Box::new(fpvm_jit::Jit::<Mips32>::new().ok()?)),
    )
    .expect("bundled pre-images")
}

/// Runs to the first step, from here on, that reads a keccak256 pre-image at this offset.
pub(crate) fn find_read(machine: &mut Hosted<Vm<Mips32>>, offset: u64) -> u64 {
    loop {
        let read = machine.next_read().expect("it runs");
        let read = read.expect("there is such a read");
        if read.key[0] == 2 && read.offset == offset {
            return machine.step() - 1;
        }
    }
}

/// The true output of a block, from 100 to 104.
pub(crate) fn output(block: u64) -> B256 {
    let text = std::fs::read_to_string(guests().join("outputs-rollup.txt")).expect("the outputs");
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let line = lines.find(|(number, _)| *number == block.to_string());
    line.expect("a block").1.parse().expect("a root")
}
