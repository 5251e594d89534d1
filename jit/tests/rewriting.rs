//! Guests that write to their own code.

mod common;

use common::{assert_same, bare, go_to, run, stepped, translated};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::machine::vm::Event;
use fpvm_isa_mips::Mips32;
use fpvm_isa_riscv::Rv64;
use std::path::Path;

const CODE: u32 = 0x1_0000;

fn agree<I: Isa>(words: &[u32], state: &State<I>, legs: &[u64]) {
    let machine = || bare::<I>(u64::from(CODE), words, state);
    let mut plain = stepped(machine());
    let mut tiers = [machine(), translated(machine(), 2)];
    for leg in legs {
        let until = plain.state.step + leg;
        let go = |vm: &mut _| run(vm, until, Path::new("/nonexistent")).expect("no fault");
        assert_eq!(go(&mut plain), Event::Reached);
        for tier in &mut tiers {
            assert_eq!(go(tier), Event::Reached);
            assert_same(&mut plain, tier);
        }
    }
}

fn mips_state() -> State<Mips32> {
    let mut state = State::<Mips32>::default();
    go_to(&mut state, u64::from(CODE));
    state.set(Cell(16), CODE);
    state
}

/// Each round changes the immediate of an instruction later in the same round, in the same trace.
#[test]
fn a_mips_loop_that_rewrites_itself() {
    let words = [
        0x8e09_0010, // lw t1, 16(s0)
        0x2529_0001, // addiu t1, t1, 1
        0xae09_0010, // sw t1, 16(s0)
        0x2508_0001, // addiu t0, t0, 1
        0x2442_0001, // addiu v0, v0, 1: rewritten
        0x0800_0000 | (CODE / 4),
        0x0000_0000,
    ];
    agree(&words, &mips_state(), &[1, 5, 100, 1000, 9999, 100_000]);
}

/// Code and data in one page: the store hits the page of the running trace, not its instructions.
#[test]
fn a_mips_loop_with_data_beside_it() {
    let words = [
        0xae08_0100, // sw t0, 256(s0)
        0x2508_0001, // addiu t0, t0, 1
        0x1000_fffd, // b -3
        0x8e09_0100, // lw t1, 256(s0)
    ];
    agree(&words, &mips_state(), &[3, 50, 1000, 33_333]);
}

/// A rare store: the trace is hot before its code is written for the first time.
#[test]
fn a_mips_loop_that_rewrites_itself_late() {
    let words = [
        0x2508_0001, // addiu t0, t0, 1
        0x3109_03ff, // andi t1, t0, 1023
        0x1520_0004, // bnez t1, +4
        0x0000_0000,
        0x8e09_001c, // lw t1, 28(s0)
        0x2529_0001, // addiu t1, t1, 1
        0xae09_001c, // sw t1, 28(s0)
        0x2442_0001, // addiu v0, v0, 1: rewritten
        0x0800_0000 | (CODE / 4),
        0x0000_0000,
    ];
    agree(&words, &mips_state(), &[10, 1000, 20_000, 200_000]);
}

/// The immediate of an instruction later in the same round grows, until it is negative and on.
#[test]
fn a_riscv_loop_that_rewrites_itself() {
    let words = [
        0x0140_a283, // lw t0, 20(ra)
        0x0010_0337, // lui t1, 0x100
        0x0062_82b3, // add t0, t0, t1
        0x0050_aa23, // sw t0, 20(ra)
        0x0011_8193, // addi gp, gp, 1
        0x0011_0113, // addi sp, sp, 1: rewritten
        0xfe9f_f06f, // j -24
    ];
    let mut state = State::<Rv64>::default();
    go_to(&mut state, u64::from(CODE));
    state.set(Cell(1), u64::from(CODE));
    agree(&words, &state, &[4, 100, 1000, 50_000]);
}
