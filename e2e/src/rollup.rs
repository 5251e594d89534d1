//! The executions of the guest `rollup`.

use alloy_primitives::{B256, U256};
use fpvm_checkpoints::Machine as _;
use fpvm_core::formats::elf;
use fpvm_core::machine::vm::{Tier, Vm};
use fpvm_isa_mips::Mips32;
use fpvm_oracle::Key;
use fpvm_oracle::store::{Memory, Shared, Store as _};
use fpvm_trace::{GuestProgram, Hosted, Preimages};

/// Chain id of the toy rollup.
pub const CHAIN_ID: u64 = fpvm_guests::ROLLUP_CHAIN_ID;

/// The program on MIPS32, with its bundled pre-images, by the translator where this machine has one.
///
/// # Panics
/// If the bundled guest is not there.
pub fn rollup() -> GuestProgram<'static, Vm<Mips32>> {
    rollup_for("mips", || {
        Some(Box::new(fpvm_jit::Jit::<Mips32>::new().ok()?))
    })
}

/// The program for a VM, by the name that [`fpvm_guests::ROLLUP`] has for it, on a tier.
///
/// # Panics
/// If there is none.
pub fn rollup_for<I: elf::Program>(
    vm: &str,
    tier: fn() -> Option<Box<dyn Tier<I>>>,
) -> GuestProgram<'static, Vm<I>> {
    let preimages = fpvm_guests::rollup_preimages();
    let preimages = preimages.map(|(key, value)| (key.parse().expect("a key"), value));
    guest_for(
        fpvm_guests::ROLLUP,
        vm,
        tier,
        preimages,
        U256::from(CHAIN_ID),
    )
}

/// That of some programs which is for a VM, on a tier, with its pre-images.
///
/// # Panics
/// If there is none.
pub fn guest_for<'p, I: elf::Program>(
    programs: &[(&str, &'static [u8])],
    vm: &str,
    tier: fn() -> Option<Box<dyn Tier<I>>>,
    preimages: impl IntoIterator<Item = (Key, &'p [u8])>,
    chain_id: U256,
) -> GuestProgram<'static, Vm<I>> {
    let mut programs = programs.iter();
    let (_, elf) = *programs.find(|(name, _)| *name == vm).expect("a guest");
    let load = move || {
        let mut vm = elf::load::<I>(elf, I::PATCHES)?;
        vm.set_tier(tier());
        Ok(vm)
    };
    let mut store = Memory::default();
    for (key, value) in preimages {
        store.put(key, value).expect("memory takes it");
    }
    let preimages = Preimages::Store(Shared::new(Box::new(store)));
    GuestProgram::new(load, preimages, chain_id)
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
