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

/// The code of a real program: where a function is entered it saves its caller's registers, gives them new values, and
/// loads beside an address that one of them had. That address once got lost: its register was taken for the cell's new value.
#[test]
fn an_address_outlives_the_cell_that_it_was_in() {
    const BEQ_NEXT: u32 = 0x1040_0001;
    let jal_next = |index: usize| 3 << 26 | (CODE / 4 + index as u32 + 2);
    let mut words = vec![
        BEQ_NEXT,
        NOP,
        0xdfb0_0030, // ld s0, 48(sp)
        0xdfa4_0038, // ld a0, 56(sp)
        0xdfa6_0040, // ld a2, 64(sp)
        0xdfaa_0048, // ld a6, 72(sp)
        0x6645_ff38, // daddiu a1, s2, -200
        0x0220_4825, // or a5, s1, zero
        0xde08_00d8, // ld a4, 216(s0)
    ];
    words.extend([jal_next(words.len()), 0x6607_0018]); // daddiu a3, s0, 24
    words.extend([
        0x67bd_fe70, // daddiu sp, sp, -400
        0xffbf_0188, // sd ra, 392(sp)
        0xffbe_0180, // sd fp, 384(sp)
        0xffb7_0178, // sd s7, 376(sp)
        0xffb6_0170, // sd s6, 368(sp)
        0xffb5_0168, // sd s5, 360(sp)
        0xffb4_0160, // sd s4, 352(sp)
        0xffb3_0158, // sd s3, 344(sp)
        0xffb2_0150, // sd s2, 336(sp)
        0xffb1_0148, // sd s1, 328(sp)
        0xffb0_0140, // sd s0, 320(sp)
        0x67b7_0008, // daddiu s7, sp, 8
        0x00c0_f025, // or fp, a2, zero
        0x0080_8025, // or s0, a0, zero
        0x90b5_00c0, // lbu s5, 192(a1)
        0x64a5_0090, // daddiu a1, a1, 144
        0x0140_3025, // or a2, a6, zero
        0x0140_9825, // or s3, a6, zero
        0x0120_9025, // or s2, a5, zero
        0x0100_b025, // or s6, a4, zero
        0x00e0_8825, // or s1, a3, zero
    ]);
    words.extend([jal_next(words.len()), 0x02e0_2025]); // or a0, s7, zero
    words.extend([
        0x67bd_ff70, // daddiu sp, sp, -144
        0xffbf_0088, // sd ra, 136(sp)
        0xffbe_0080, // sd fp, 128(sp)
        0xffb7_0078, // sd s7, 120(sp)
        0xffb6_0070, // sd s6, 112(sp)
        0xffb5_0068, // sd s5, 104(sp)
        0xffb4_0060, // sd s4, 96(sp)
        0xffb3_0058, // sd s3, 88(sp)
        0xffb2_0050, // sd s2, 80(sp)
        0xffb1_0048, // sd s1, 72(sp)
        0xffb0_0040, // sd s0, 64(sp)
        0x0080_8025, // or s0, a0, zero
        0xdca4_0020, // ld a0, 32(a1)
        0x00a0_9025, // or s2, a1, zero
        0x00c0_2825, // or a1, a2, zero
    ]);
    // The trace ends here: what is called was hot before.
    let called = CODE + 4 * (words.len() as u32 + 2);
    words.extend([(3 << 26) | (called / 4), 0x00c0_f025]); // or fp, a2, zero
    words.extend([
        addiu(15, 15, 0xffff),
        0x1de0_fffe, // bgtz t3, -2
        NOP,
        0x67bd_0220, // daddiu sp, sp, 544
        0xddd2_0000, // ld s2, 0(t2)
        jump(CODE),
        NOP,
    ]);
    if words.len() % 2 == 1 {
        words.push(NOP);
    }
    let address = CODE + 4 * words.len() as u32;
    words.extend([0, CODE + 0xc0]);
    let mut state = mips_state::<Mips64>();
    go_to(&mut state, u64::from(called));
    state.set(Cell(15), word::<Mips64>(200));
    state.set(Cell(14), word::<Mips64>(address));
    // sp.
    state.set(Cell(29), word::<Mips64>(DATA + 0x1000));
    agree::<Mips64>(&words, &state, &LEGS);
    // The program lost it by an order of registers that this line has only with some words changed.
    for (index, word) in [
        (11, 0xffb1_0148), // sd s1, 328(sp)
        (12, 0xdfb0_0030), // ld s0, 48(sp)
        (17, NOP),
        (20, 0x0120_9025), // or s2, a5, zero
        (22, NOP),
        (37, 0xffb1_0148), // sd s1, 328(sp)
        (38, 0x0120_9025), // or s2, a5, zero
        (44, 0xdca4_0020), // ld a0, 32(a1)
    ] {
        words[index] = word;
    }
    agree::<Mips64>(&words, &state, &LEGS);
}
