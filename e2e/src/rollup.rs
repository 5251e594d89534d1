//! The executions of the guest `rollup`, on MIPS32.

use std::path::Path;

use alloy_primitives::{B256, U256};
use fpvm_checkpoints::Machine as _;
use fpvm_core::machine::vm::Vm;
use fpvm_isa_mips::Mips32;
use fpvm_trace::{GuestProgram, Hosted};

/// Chain id of the toy rollup.
pub const CHAIN_ID: u64 = fpvm_guests::ROLLUP_CHAIN_ID;

/// The program, with its bundled pre-images, by the translator where this machine has one.
///
/// # Panics
/// If the bundled guest is not there.
pub fn rollup() -> GuestProgram<'static, Vm<Mips32>> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/guests");
    GuestProgram::recorded(
        std::fs::read(guests.join("bin/rollup.mips")).expect("a bundled guest"),
        &guests.join("preimages-rollup"),
        U256::from(CHAIN_ID),
        || Some(Box::new(fpvm_jit::Jit::<Mips32>::new().ok()?)),
    )
    .expect("bundled pre-images")
}

/// Runs to the first step, from here on, that reads a keccak256 pre-image at this offset; gives that step.
///
/// # Panics
/// If there is no such step.
pub fn find_read(machine: &mut Hosted<Vm<Mips32>>, offset: u64) -> u64 {
    loop {
        let read = machine.next_read().expect("it runs");
        let read = read.expect("there is such a read");
        if read.key[0] == 2 && read.offset == offset {
            return machine.step() - 1;
        }
    }
}

/// The true output of a block, from 100 to 104.
///
/// # Panics
/// If it is another block.
pub fn output(block: u64) -> B256 {
    let mut lines = fpvm_guests::ROLLUP_OUTPUTS
        .lines()
        .filter_map(|line| line.split_once(' '));
    let line = lines.find(|(number, _)| *number == block.to_string());
    line.expect("a block").1.parse().expect("a root")
}
