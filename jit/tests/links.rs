//! Jumps from one trace to the next.

mod common;

use common::{assert_same, bare, go_to, run, stepped, translated};
use fpvm_core::definition::state::State;
use fpvm_core::machine::vm::Vm;
use fpvm_isa_mips::Mips32;
use std::path::Path;

const CODE: u32 = 0x1_0000;
/// A loop that is longer than a trace.
const LOOP: u32 = CODE;
const LONG: u32 = 140;
/// Where the trace of its beginning ends.
const REST: u32 = LOOP + 4 * 128;
/// A loop of its own.
const OTHER: u32 = LOOP + 4 * (LONG + 2);

fn words() -> Vec<u32> {
    let mut words = vec![0x2508_0001; LONG as usize]; // addiu t0, t0, 1
    words.extend([
        0x1000_0000 | (0xffff - LONG), // b loop
        0x0000_0000,
        0x256b_0001, // addiu t3, t3, 1
        0x1000_fffe, // b other
        0x0000_0000,
    ]);
    words
}

fn go(vm: &mut Vm<Mips32>, pc: u32, steps: u64) {
    go_to(&mut vm.state, u64::from(pc));
    let until = vm.state.step + steps;
    run(vm, until, Path::new("/nonexistent")).expect("a run");
}

/// A trace is left where nothing is translated yet, and just there the machine is put elsewhere, as a
/// restored snapshot or another thread's turn does. What is translated next is not where that trace
/// goes on.
#[test]
fn a_way_out_leads_to_its_own_address() {
    let (words, state) = (words(), State::default());
    let machine = || bare::<Mips32>(u64::from(CODE), &words, &state);
    let (mut plain, mut tier) = (stepped(machine()), translated(machine(), 4));
    let round = u64::from(LONG) + 2;
    // The other loop is to be hot, in too few steps for a translation; then the first one is translated
    // in its fourth round, and left by its trace in the fifth.
    for (pc, steps, then) in [
        (OTHER, 60, OTHER),
        (LOOP, 4 * round + 128, REST),
        (OTHER, 999, OTHER),
        (LOOP, 100 * round, LOOP),
    ] {
        go(&mut plain, pc, steps);
        go(&mut tier, pc, steps);
        assert_eq!(plain.state.pc(), u64::from(then));
        assert_same(&mut plain, &mut tier);
    }
}
