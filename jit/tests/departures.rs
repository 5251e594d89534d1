//! Why control leaves translated code: each reason is counted as what it is, at the address where it is.

mod common;

use common::{assert_same, bare, go_to, run, stepped};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_jit::{Counters, Departure, Jit};
use std::path::Path;
use std::sync::Arc;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x8_0000;
const STEPS: u64 = 4000;

/// Register 16 of MIPS and RISC-V.
const BASE: Cell = Cell(16);

/// Those of an instruction in a trace.
const IN_TRACES: [Departure; 5] = [
    Departure::Unaligned,
    Departure::TwoPages,
    Departure::Page,
    Departure::Reserved,
    Departure::Rare,
];

/// Runs a program whose register 16 has an address, to the same state as plain steps do; gives the counts.
fn counted<I: Isa>(words: &[u32], base: u64) -> Arc<Counters> {
    let mut state = State::<I>::default();
    go_to(&mut state, CODE);
    state.set(BASE, I::Word::truncate(base));
    let jit = Jit::<I>::new()
        .expect("a translator")
        .hot_after(4)
        .explain();
    let counters = jit.counters();
    let mut vm = bare::<I>(CODE, words, &state);
    vm.set_tier(Some(Box::new(jit)));
    let mut plain = stepped(bare::<I>(CODE, words, &state));
    for machine in [&mut vm, &mut plain] {
        run(machine, STEPS, Path::new("/nonexistent")).expect("no fault");
    }
    assert_same(&mut plain, &mut vm);
    counters
}

/// The instruction at an index is left for this reason many times, and none is for another of these.
fn is_left_for<I: Isa>(why: Departure, index: u64, words: &[u32], base: u64) {
    let counters = counted::<I>(words, base);
    for other in IN_TRACES {
        let times = counters.departed(other).times;
        assert_eq!(times > 0, other == why, "{}: {counters:?}", other.name());
    }
    let places = counters.places();
    let here = CODE + 4 * index;
    let found = places.iter().find(|(reason, ..)| *reason == why);
    let (_, pc, departed) = found.expect("a place of each reason");
    assert_eq!(*pc, here, "{places:x?}");
    assert_eq!(*departed, counters.departed(why));
    assert!(departed.times > 30, "{departed:?}");
}

const NOP: u32 = 0;
/// addiu t0, t0, 1
const ADDIU: u32 = 0x2508_0001;
/// Back to the begin, from the fourth instruction.
const BACK: u32 = 0x1000_fffc;

#[test]
fn an_access_in_a_trace_is_left_for_its_reason() {
    // lw t1, 1(s0)
    let unaligned = [ADDIU, 0x8e09_0001, NOP, BACK, NOP];
    is_left_for::<Mips32>(Departure::Unaligned, 1, &unaligned, DATA);
    is_left_for::<Mips64>(Departure::Unaligned, 1, &unaligned, DATA);
    // sd a1, 0(a6), over the end of a page; and a jump back.
    let two_pages = [0x0015_0513, 0x00b8_3023, 0xff9f_f06f];
    is_left_for::<Rv64>(Departure::TwoPages, 1, &two_pages, DATA + 0xffc);
    // ll t1, 0(s0); sw t0, 4(s0): the same double word.
    let reserved = [0xc209_0000, 0xae08_0004, ADDIU, BACK, NOP];
    is_left_for::<Mips64>(Departure::Reserved, 1, &reserved, DATA);
    // A store near address 0, where no word can be reserved. sw t0, 0(s0)
    let page = [ADDIU, 0xae08_0000, NOP, BACK, NOP];
    is_left_for::<Mips64>(Departure::Page, 1, &page, 0x100);
}

/// sc t1, 0(s0), first where the word is reserved, so that the trace expects that, then where it is not:
/// s0 moves away from the reserved word.
#[test]
fn a_conditional_store_that_fails_is_a_rare_case() {
    // ll t2, 0(s0); sc t1, 0(s0); and the same without ll once in eight rounds.
    let words = [
        ADDIU,       // addiu t0, t0, 1
        0x310b_0007, // andi t3, t0, 7
        0x1160_0002, // beqz t3, +2: over ll
        NOP,
        0xc20a_0000, // ll t2, 0(s0)
        0xe209_0000, // sc t1, 0(s0)
        0x1000_fff9, // b -7
        NOP,
    ];
    let counters = counted::<Mips64>(&words, DATA);
    assert!(
        counters.departed(Departure::Rare).times > 10,
        "{counters:?}"
    );
    let places = counters.places();
    let rare = places.iter().find(|(why, ..)| *why == Departure::Rare);
    assert_eq!(rare.map(|(_, pc, _)| *pc), Some(CODE + 20), "{places:x?}");
}

/// A program that writes to its own page once in sixteen rounds loses its traces by that, until none are made.
#[test]
fn code_that_is_written_too_often_is_named() {
    let words = [
        ADDIU,
        0x3109_000f, // andi t1, t0, 15
        0x1520_0002, // bnez t1, +2: over the write
        NOP,
        0xae08_0800, // sw t0, 0x800(s0)
        0x1000_fffa, // b -6
        NOP,
    ];
    let counters = counted::<Mips32>(&words, CODE);
    let rewritten = counters.departed(Departure::Rewritten);
    assert!(rewritten.times > 3, "{counters:?}");
    let traces = counters.traces.load(std::sync::atomic::Ordering::Relaxed);
    assert!((16..64).contains(&traces), "{counters:?}");
}

/// What is not in traces adds up to all that the interpreter did.
#[test]
fn departures_add_up() {
    // syscall, with a number that no call has; and jr $ra to where jal came from.
    let words = [
        0x2402_0001, // addiu v0, zero, 1
        0x0000_000c, // syscall
        0x0c00_4006, // jal +6
        NOP,
        0x1000_fffb, // b -5
        NOP,
        0x03e0_0008, // jr ra
        ADDIU,
    ];
    let counters = counted::<Mips32>(&words, DATA);
    let steps = |why: Departure| counters.departed(why).steps;
    let all: u64 = Departure::ALL.into_iter().map(steps).sum();
    let interpreted = counters
        .interpreted
        .load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(all, interpreted);
    for why in [Departure::Cold, Departure::Recorded, Departure::SystemCall] {
        assert!(steps(why) > 0, "{}: {counters:?}", why.name());
    }
    let calls = counters.departed(Departure::SystemCall);
    assert!(
        calls.times == calls.steps && calls.times > STEPS / 9 / 2,
        "{counters:?}"
    );
    let places: u64 = counters.places().iter().map(|(.., at)| at.steps).sum();
    assert_eq!(places, all);
}
