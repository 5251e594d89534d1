//! Straight-line code that is longer than a trace: hot as a whole, left and entered in its middle, and written
//! to by itself.

mod common;

use common::{assert_same, bare, go_to, run, stepped, translated};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::machine::vm::{Event, Vm};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_jit::{Counters, Departure, Jit};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const CODE: u32 = 0x1_0000;
const DATA: u32 = 0x8_0000;
/// Instructions of the straight line: some traces.
const LONG: u32 = 1000;

const NOP: u32 = 0;
const T0: u32 = 8;
const T1: u32 = 9;
const S0: u32 = 16;
const S1: u32 = 17;

const fn addiu(to: u32, from: u32, k: u16) -> u32 {
    9 << 26 | from << 21 | to << 16 | k as u32
}

const fn lw(to: u32, offset: u16, base: u32) -> u32 {
    0x23 << 26 | base << 21 | to << 16 | offset as u32
}

const fn sw(from: u32, offset: u16, base: u32) -> u32 {
    0x2b << 26 | base << 21 | from << 16 | offset as u32
}

const JR_S1: u32 = S1 << 21 | 8;

fn jump(to: u32) -> u32 {
    (2 << 26) | (to / 4)
}

/// A line of sums, each of which can be told from its neighbours, and a jump back.
fn mips_line() -> Vec<u32> {
    let mut words: Vec<u32> = (0..LONG)
        .map(|i| addiu(2 + i % 6, 2 + i % 5, i as u16))
        .collect();
    words.extend([jump(CODE), NOP]);
    words
}

fn mips_state<I: Isa>() -> State<I> {
    let mut state = State::<I>::default();
    go_to(&mut state, u64::from(CODE));
    state.set(Cell(S0 as u8), word::<I>(DATA));
    state
}

fn word<I: Isa>(value: u32) -> I::Word {
    use fpvm_core::definition::word::Word as _;
    I::Word::truncate(value.into())
}

fn go<I: Isa>(vm: &mut Vm<I>, until: u64) {
    let event = run(vm, until, Path::new("/nonexistent")).expect("no fault");
    assert_eq!(event, Event::Reached);
}

/// The plain step, the interpreter and the translator go the same way.
fn agree<I: Isa>(words: &[u32], state: &State<I>, legs: &[u64]) {
    let machine = || bare::<I>(u64::from(CODE), words, state);
    let mut plain = stepped(machine());
    let mut tiers = [
        machine(),
        translated(machine(), 2),
        translated(machine(), 7),
    ];
    for leg in legs {
        let until = plain.state.step + leg;
        go(&mut plain, until);
        for tier in &mut tiers {
            go(tier, until);
            assert_same(&mut plain, tier);
        }
    }
}

/// Runs by the translator; gives its counts.
fn counted<I: Isa>(words: &[u32], state: &State<I>, hot: u8, steps: u64) -> Arc<Counters> {
    let jit = Jit::<I>::new()
        .expect("a translator")
        .hot_after(hot)
        .explain();
    let counters = jit.counters();
    let mut vm = bare::<I>(u64::from(CODE), words, state);
    vm.set_tier(Some(Box::new(jit)));
    go(&mut vm, steps);
    counters
}

fn interpreted(counters: &Counters) -> u64 {
    counters.interpreted.load(Ordering::Relaxed)
}

const LEGS: [u64; 8] = [3, 500, 128, 1000, 7777, 20_000, 1, 50_000];

/// Each segment used to wait for visits of its own, each of which interpreted the rest of the line: of
/// 1,000 instructions 8 segments, 20 visits each, are more than 80,000 steps.
#[test]
fn a_line_longer_than_a_trace_is_hot_as_a_whole() {
    const HOT: u8 = 20;
    let most = (u64::from(HOT) + 4) * u64::from(LONG);

    let words = mips_line();
    agree::<Mips32>(&words, &mips_state(), &LEGS);
    agree::<Mips64>(&words, &mips_state(), &LEGS);
    let steps = 200_000;
    for counters in [
        counted::<Mips32>(&words, &mips_state(), HOT, steps),
        counted::<Mips64>(&words, &mips_state(), HOT, steps),
    ] {
        assert!(interpreted(&counters) < most, "{counters:?}");
        let traces = counters.traces.load(Ordering::Relaxed);
        assert!((8..12).contains(&traces), "{traces} traces");
    }

    // addi t0 + i % 3, t0 + i % 2, i; and a jump back over them, which takes two instructions.
    let mut words: Vec<u32> = (0..LONG)
        .map(|i| (i % 500) << 20 | (5 + i % 2) << 15 | (5 + i % 3) << 7 | 0x13)
        .collect();
    words.extend([0x0001_0537, 0x0005_0067]); // lui a0, 0x10; jr a0
    let mut state = State::<Rv64>::default();
    go_to(&mut state, u64::from(CODE));
    agree::<Rv64>(&words, &state, &LEGS);
    let counters = counted::<Rv64>(&words, &state, HOT, steps);
    assert!(interpreted(&counters) < most, "{counters:?}");

    // Every word two instructions: c.addi a0, 1; c.addi a1, 2.
    let mut words = vec![0x0589_0505; LONG as usize / 2];
    words.extend([0x0001_0637, 0x0006_0067]); // lui a2, 0x10; jr a2
    let mut state = State::<Imac>::default();
    go_to(&mut state, u64::from(CODE));
    agree::<Imac>(&words, &state, &LEGS);
    let counters = counted::<Imac>(&words, &state, HOT, steps);
    assert!(interpreted(&counters) < most, "{counters:?}");
}

/// In the middle of the line is a load from an address that is often not aligned: the interpreter does it,
/// and the translator goes on where the next trace begins, not behind the line.
#[test]
fn a_line_that_is_left_in_its_middle() {
    let mut words = mips_line();
    words[300] = lw(T0, 0, S0);
    words[301] = addiu(S0, S0, 1);
    words[700] = lw(T1, 2, S0);
    agree::<Mips32>(&words, &mips_state(), &LEGS);
    agree::<Mips64>(&words, &mips_state(), &LEGS);
    for counters in [
        counted::<Mips32>(&words, &mips_state(), 4, 400_000),
        counted::<Mips64>(&words, &mips_state(), 4, 400_000),
    ] {
        let rest = counters.departed(Departure::Unaligned);
        assert!(rest.times > 20, "{counters:?}");
        assert!(rest.steps <= 128 * rest.times, "{counters:?}");
        assert!(interpreted(&counters) < 40_000, "{counters:?}");
        // It says where.
        let places = counters.places();
        let at = |index: u64| u64::from(CODE) + 4 * index;
        let is_rest = |(why, pc, _): &&(Departure, u64, _)| {
            *why == Departure::Unaligned && [at(300), at(700)].contains(pc)
        };
        let steps: u64 = places.iter().filter(is_rest).map(|(.., at)| at.steps).sum();
        assert_eq!(steps, rest.steps, "{places:?}");
    }
}

/// The line is entered at its begin and at places in its middle, by turns; paths from there end where they
/// meet the traces that there are.
#[test]
fn a_line_that_is_entered_in_its_middle() {
    let end = CODE + 4 * LONG;
    let mut words = mips_line();
    // The next place is that of the round's number times 0x440, modulo 4096: one of 64.
    words.truncate(LONG as usize);
    words.extend([
        addiu(T1, T1, 0x440),
        0x3128_0ffc,              // andi t0, t1, 0xffc
        0x2d01_0f00,              // sltiu at, t0, 0xf00
        0x0001_0822,              // neg at, at
        0x0101_4024,              // and t0, t0, at: the begin for what is beyond the line
        0x3c11_0000 | CODE >> 16, // lui s1, code
        0x0228_8821,              // addu s1, s1, t0
        JR_S1,
        NOP,
    ]);
    assert_eq!(end % 4, 0);
    agree::<Mips32>(&words, &mips_state(), &LEGS);
    agree::<Mips64>(&words, &mips_state(), &LEGS);
    let counters = counted::<Mips32>(&words, &mips_state(), 4, 2_000_000);
    // Each place has a path of its own to the next boundary and no further.
    let instructions = counters.instructions.load(Ordering::Relaxed);
    assert!(instructions < 12_000, "{counters:?}");
    assert!(interpreted(&counters) < 300_000, "{counters:?}");
}

/// The line writes to itself: far ahead, far behind, and in the trace that runs, as an instruction's immediate
/// that counts.
#[test]
fn a_line_that_writes_to_itself() {
    for (at, to) in [(100, 900), (900, 100), (400, 420), (420, 400), (127, 128)] {
        for rare in [false, true] {
            let mut words = mips_line();
            let offset = (4 * to) as u16;
            words[at as usize..at as usize + 3].copy_from_slice(&[
                lw(T0, offset, S1),
                addiu(T0, T0, 1),
                sw(T0, offset, S1),
            ]);
            // Once in 64 rounds, when all is hot; or every round.
            if rare {
                let skip = at as usize - 4;
                words[skip..skip + 3].copy_from_slice(&[
                    addiu(S0, S0, 1),
                    0x3208_003f, // andi t0, s0, 63
                    0x1500_0004, // bnez t0, +4: over the write
                ]);
                words[skip + 3] = NOP;
            }
            words[to as usize] = addiu(T1, T1, 1);
            let mut state = mips_state::<Mips32>();
            state.set(Cell(S1 as u8), CODE);
            let legs = [10, 1500, 5000, 30_000, 100_000];
            agree::<Mips32>(&words, &state, &legs);
            let mut state = mips_state::<Mips64>();
            state.set(Cell(S1 as u8), CODE.into());
            agree::<Mips64>(&words, &state, &legs);
        }
    }
}

/// A system call in the middle of the line ends a trace; behind it the next one begins.
#[test]
fn a_line_with_system_calls_goes_on_behind_them() {
    let mut words = mips_line();
    for at in [250, 251, 600] {
        words[at] = 0x0000_000c;
    }
    // A number that no call has.
    words[249] = addiu(2, 0, 1);
    words[599] = addiu(2, 0, 1);
    agree::<Mips32>(&words, &mips_state(), &LEGS);
    let counters = counted::<Mips32>(&words, &mips_state(), 4, 200_000);
    assert!(interpreted(&counters) < 20_000, "{counters:?}");
    assert!(
        counters.departed(Departure::SystemCall).times > 400,
        "{counters:?}"
    );
}
