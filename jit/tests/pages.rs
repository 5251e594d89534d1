//! Pages that are touched for the first time by translated code.

mod common;

use common::{assert_same, bare, go_to, run, stepped, translated};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::machine::vm::{Event, Vm};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_jit::Jit;
use std::path::Path;
use std::sync::atomic::Ordering;

const CODE: u32 = 0x1_0000;

fn go<I: Isa>(vm: &mut Vm<I>, until: u64) -> Result<Event, String> {
    run(vm, until, Path::new("/nonexistent")).map_err(|error| error.to_string())
}

/// The plain step, the interpreter and the translator go the same way, until they have all done the
/// legs or stopped for the same reason.
fn agree<I: Isa>(words: &[u32], state: &State<I>, limit: u64, legs: &[u64]) -> Option<String> {
    let machine = || {
        let mut vm = bare::<I>(u64::from(CODE), words, state);
        vm.memory.set_limit(limit);
        vm
    };
    let mut plain = stepped(machine());
    let mut tiers = [machine(), translated(machine(), 2)];
    for leg in legs {
        let until = plain.state.step + leg;
        let gone = go(&mut plain, until);
        for tier in &mut tiers {
            assert_eq!(go(tier, until), gone);
            assert_same(&mut plain, tier);
        }
        if let Err(error) = gone {
            return Some(error);
        }
    }
    None
}

/// Stores beside each other, some of them behind a branch, over ever new pages.
const STORES: [u32; 13] = [
    0xae08_0000, // sw t0, 0(s0)
    0xae08_0004, // sw t0, 4(s0)
    0xae08_000c, // sw t0, 12(s0)
    0x3109_0007, // andi t1, t0, 7
    0x1120_0005, // beqz t1, +5
    0x2508_0001, // addiu t0, t0, 1
    0xae08_0040, // sw t0, 64(s0)
    0xae08_0044, // sw t0, 68(s0)
    0xae08_07d0, // sw t0, 2000(s0)
    0xae08_fff8, // sw t0, -8(s0)
    0x2610_05dc, // addiu s0, s0, 1500
    0x1000_fff4, // b -12
    0x0000_0000,
];

fn stores_at(base: u32) -> State<Mips32> {
    let mut state = State::<Mips32>::default();
    go_to(&mut state, u64::from(CODE));
    state.set(Cell(16), base);
    state
}

#[test]
fn stores_touch_the_pages_that_they_reach_and_no_others() {
    let legs = [1, 7, 100, 1000, 9999, 60_000];
    // Aligned, not aligned, and over the end of the address space.
    for base in [0x2_0000, 0x2_0fe2, 0xffff_a000] {
        assert_eq!(agree(&STORES, &stores_at(base), u64::MAX, &legs), None);
    }
}

#[test]
fn a_limit_of_memory_is_hit_at_the_same_step() {
    let said = agree(&STORES, &stores_at(0x2_0000), 64 << 12, &[1000, 60_000]);
    assert!(said.is_some_and(|said| said.contains("it may use")));
}

/// Pages are read before they are written, if they are, and after.
#[test]
fn pages_that_are_not_there_read_as_zero_until_they_are_written() {
    let (ra, sp, gp, t0, t1, t2) = (1, 2, 3, 5, 6, 7);
    let load = |to: u32, at: u32, base: u32| at << 20 | base << 15 | 0x3003 | to << 7;
    let add_k = |to: u32, from: u32, k: u32| k << 20 | from << 15 | to << 7 | 0x13;
    let add = |to: u32, a: u32, b: u32| b << 20 | a << 15 | to << 7 | 0x33;
    let words = [
        load(t0, 16, ra),
        add(gp, gp, t0),
        add_k(sp, sp, 1),
        sp << 15 | 3 << 20 | 0x7013 | t2 << 7, // andi t2, sp, 3
        0x0000_1463 | t2 << 15,                // bnez t2, +8
        0x0000_3823 | sp << 20 | ra << 15,     // sd sp, 16(ra)
        load(t1, 16, ra),
        add(gp, gp, t1),
        add_k(ra, ra, 2040),
        0xfddf_f06f, // j -36
    ];
    // The second and the third cross the end of the pages that are placed by their number.
    for first in [
        0x7f_0000_0008,
        0xdf_ffff_f008,
        0xdf_ffff_fff0,
        0xe0_0000_0008,
    ] {
        let mut state = State::<Rv64>::default();
        go_to(&mut state, u64::from(CODE));
        state.set(Cell(1), first);
        let legs = [1, 9, 100, 1000, 9999, 100_000];
        assert_eq!(agree(&words, &state, u64::MAX, &legs), None);
    }
}

/// Words that are not aligned, in two parts each, also with stores between the parts, and at both ends
/// of the address space.
#[test]
fn unaligned_words_are_put_together() {
    let words = [
        0x8a02_0000, // lwl v0, 0(s0)
        0x8a03_0004, // lwl v1, 4(s0)
        0x9a02_0003, // lwr v0, 3(s0)
        0x9a03_0007, // lwr v1, 7(s0)
        0x0282_a021, // addu s4, s4, v0
        0x0283_a026, // xor s4, s4, v1
        0x8a04_0008, // lwl a0, 8(s0)
        0xae34_0000, // sw s4, 0(s1)
        0x9a04_000b, // lwr a0, 11(s0)
        0x0284_a021, // addu s4, s4, a0
        0x8a05_0002, // lwl a1, 2(s0)
        0x9a05_0006, // lwr a1, 6(s0): no pair
        0x0285_a026, // xor s4, s4, a1
        0x2610_0003, // addiu s0, s0, 3
        0x2631_0004, // addiu s1, s1, 4
        0x1000_fff0, // b -16
        0x0000_0000,
    ];
    let legs = [5, 77, 1000, 9999, 100_000];
    // The words written are those read, a little later.
    for (from, to) in [
        (0x2_0001, 0x2_0000),
        (0xffff_f000, 0xffff_f010),
        (0xffff_8001, 0x3_0000),
    ] {
        let mut state = stores_at(from);
        state.set(Cell(17), to);
        state.set(Cell(20), 0x1234_5678);
        assert_eq!(agree(&words, &state, u64::MAX, &legs), None);
    }
}

/// Stores that come nearer and nearer to a reserved word, at it, and past it: whatever their size, and
/// also where the word is at the address that the cell has where nothing is reserved.
#[test]
fn a_store_to_the_reserved_word_ends_the_reservation() {
    let words = [
        0xae08_0000, // sw t0, 0(s0)
        0xa208_0007, // sb t0, 7(s0)
        0x2508_0001, // addiu t0, t0, 1
        0x6610_000c, // daddiu s0, s0, 12
        0x1000_fffb, // b -5
        0x0000_0000,
    ];
    let reservation = Mips64::RESERVATION.expect("reservations");
    for (reserved, first) in [
        (0x3_0000, 0x2_f400),
        (0x3_0004, 0x2_f403),
        (0, 1020u64.wrapping_neg()),
    ] {
        for is_reserved in [0, 1] {
            let mut state = State::<Mips64>::default();
            go_to(&mut state, u64::from(CODE));
            state.set(Cell(16), first);
            state.set(reservation.cells[0], is_reserved);
            state.set(reservation.address, reserved);
            let ends = agree(&words, &state, u64::MAX, &[1000, 7, 499, 1000, 5000]);
            // An address that is not aligned, as soon as the VM says so.
            assert!(ends.is_none() || first % 4 != 0, "{ends:?}");
        }
    }
}

/// Words reserved and stored to: where the reservation still holds, where a store has ended it, where it
/// is of another width or address or has been used up, and where two registers have the same address.
#[test]
fn a_conditional_store_uses_its_reservation_up() {
    let words = [
        0xc204_0000, // ll a0, 0(s0)
        0x0088_2021, // addu a0, a0, t0
        0xe204_0000, // sc a0, 0(s0)
        0x0284_a021, // addu s4, s4, a0
        0xe208_0000, // sc t0, 0(s0): used up
        0x0288_a026, // xor s4, s4, t0
        0xd205_0008, // lld a1, 8(s0)
        0x0211_3025, // or a2, s0, s1
        0x64a5_0003, // daddiu a1, a1, 3
        0xf0c5_0008, // scd a1, 8(a2): the same word
        0x0285_a021, // addu s4, s4, a1
        0xc207_0010, // ll a3, 16(s0)
        0x0249_4821, // addu t1, s2, t1
        0xa129_0000, // sb t1, 0(t1): now and then near that word
        0xe207_0010, // sc a3, 16(s0)
        0x0287_a026, // xor s4, s4, a3
        0xc20a_0018, // ll t2, 24(s0)
        0xf20a_0018, // scd t2, 24(s0): another width
        0x028a_a021, // addu s4, s4, t2
        0x2508_0001, // addiu t0, t0, 1
        0x1000_ffeb, // b -21
        0x0000_0000,
    ];
    let mut state = State::<Mips64>::default();
    go_to(&mut state, u64::from(CODE));
    state.set(Cell(16), 0x3_0000);
    state.set(Cell(9), 0x2_ff00);
    state.set(Cell(18), 1);
    let legs = [22, 5, 1000, 2200, 7, 20_000, 50_000];
    assert_eq!(agree(&words, &state, u64::MAX, &legs), None);
}

/// A program that counts with load-linked and store-conditional stays in translated code, whether the address
/// comes from outside or is a constant, as that of a lock is.
#[test]
fn conditional_stores_are_translated() {
    for constant in [false, true] {
        let words: [u32; 6] = [
            // lui s0, 3; or nop
            if constant { 0x3c10_0003 } else { 0x0000_0000 },
            0xc204_0000, // ll a0, 0(s0)
            0x2484_0001, // addiu a0, a0, 1
            0xe204_0000, // sc a0, 0(s0)
            0x1000_fffb, // b -5
            0x0000_0000,
        ];
        let mut state = State::<Mips64>::default();
        go_to(&mut state, u64::from(CODE));
        state.set(Cell(16), 0x3_0000);
        let tier = Jit::new().expect("a translator").hot_after(2);
        let counters = tier.counters();
        let mut vm = bare::<Mips64>(u64::from(CODE), &words, &state);
        vm.set_tier(Some(Box::new(tier)));
        go(&mut vm, 120_000).expect("a run");
        let mut count = [0; 4];
        vm.memory.read_slice(0x3_0000, &mut count);
        assert_eq!(u32::from_be_bytes(count), 20_000);
        assert!(counters.interpreted.load(Ordering::Relaxed) < 1000);
        assert_eq!(agree(&words, &state, u64::MAX, &[7, 100, 5000]), None);
    }
}
