//! Compares stacks that are followed with calls that were seen.

use super::{End, Samples};
use crate::inspect::Inspect;
use crate::listing::call_before;
use fpvm_core::Vm;
use fpvm_core::formats::elf::{self, Program};
use fpvm_core::machine::vm::Host;
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_isa_mips::Mips32;
use fpvm_isa_riscv::Rv64;
use std::path::Path;

/// A call that has not returned: the address of its instruction, and the stack pointer there.
type Open = (u64, u64);

fn sp(vm: &dyn Inspect) -> u64 {
    let registers = vm.registers();
    let sp = registers.iter().find(|(name, _)| *name == "sp");
    sp.map_or(0, |(_, value)| *value)
}

/// Runs a guest step by step, with a list of its open calls, and follows its stack now and then. All
/// callers that are found have to be open calls in their order; gives the samples, and how many of
/// them end at a root.
fn follow<I: Program>(guest: &str, first: u64, steps: u64) -> (u64, u64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/guests/bin")
        .join(guest);
    let bytes = std::fs::read(path).expect(guest);
    let vm = &mut elf::load::<I>(&bytes, I::PATCHES).expect(guest);
    let isa = vm.info();
    let run = |vm: &mut Vm<I>, until| {
        let mut host = Host {
            oracle: &mut NoOracle,
            console: &mut Silent,
        };
        vm.run(until, false, &mut host).expect("no fault");
    };
    let mut samples = Samples::new(1);
    let mut open: Vec<Open> = Vec::new();
    let (mut taken, mut rooted) = (0, 0);
    while !vm.state.exited() && vm.state.step < first + steps {
        let (pc, insn) = (vm.pc(), vm.insn());
        if isa.frame_step(insn).calls {
            open.push((pc, sp(vm)));
        }
        let next = vm.state.step + 1;
        run(vm, next);
        let pc = vm.pc();
        let back = (call_before(vm, pc).unwrap_or_default(), sp(vm));
        let returned = open.iter().rposition(|call| *call == back);
        // Go moves a stack that has to grow, and then the pointers of its calls are old.
        let last = open.last().filter(|call| call.0 == back.0);
        if let Some(call) = returned.or(last.map(|_| open.len() - 1)) {
            open.truncate(call);
        }
        if vm.state.step < first || !vm.state.step.is_multiple_of(61) {
            continue;
        }
        let (levels, end) = samples.unwinder.walk(vm);
        taken += 1;
        rooted += u64::from(end == End::Root);
        let mut outer = open.len();
        for level in &levels[1..] {
            let found = open[..outer].iter().rposition(|call| call.0 == level.pc);
            let names: Vec<_> = levels
                .iter()
                .map(|level| vm.symbols().at(level.pc))
                .collect();
            outer =
                found.unwrap_or_else(|| panic!("step {}: {level:x?} of {names:?}", vm.state.step));
        }
    }
    (taken, rooted)
}

#[test]
fn callers_are_calls_that_have_not_returned() {
    for guest in [
        "sort.mips",
        "sort.riscv64",
        "maps.mips",
        "maps.riscv64",
        "bare.mips",
        "bare.riscv64",
    ] {
        let (taken, rooted) = if guest.ends_with("mips") {
            follow::<Mips32>(guest, 0, 400_000)
        } else {
            follow::<Rv64>(guest, 0, 400_000)
        };
        assert!(
            taken > 0 && rooted * 100 >= taken * 99,
            "{guest}: {rooted} of {taken}"
        );
    }
}
