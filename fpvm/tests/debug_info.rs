//! What `run --debug-info` counts, by each tier.
#![cfg(all(feature = "mips64", feature = "jit"))]

use fpvm::core::machine::memory::PagedMemory;
use fpvm::core::step::oracle::{NoOracle, Silent};
use fpvm::core::{Isa as _, State};
use fpvm::{AnyVm, GuestVm as _, Host, Tier, Vm};
use fpvm_isa_mips64::Mips64;
use std::collections::BTreeMap;

type Isa = Mips64<8>;

const COUNTER: u32 = 8;
const AT: u32 = 9;
const VALUE: u32 = 10;

fn i_type(opcode: u32, base: u32, register: u32, k: u16) -> u32 {
    opcode << 26 | base << 21 | register << 16 | u32::from(k)
}

fn machine(words: &[u32]) -> Vm<Isa> {
    let mut memory = PagedMemory::new().unwrap();
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    memory.write_slice(0x1000, &bytes).unwrap();
    let mut vm = Vm::<Isa>::new(State::default(), memory);
    vm.state.set(Isa::PC, 0x1000);
    vm.state.set(Isa::NEXT_PC.unwrap(), 0x1004);
    vm
}

/// Upstream compares the address of each write with the reserved one, which is 0 where nothing is
/// reserved: writes to address 0 count too.
#[test]
fn writes_to_the_reserved_word_are_counted_as_upstream_counts_them() {
    let (daddiu, bne, sd, sb, lld, scd) = (0x19, 0x05, 0x3f, 0x28, 0x34, 0x3c);
    let words = [
        i_type(daddiu, 0, COUNTER, 3000),
        i_type(daddiu, 0, AT, 0x4000),
        // 3000 times: to 0, to the byte 7, and elsewhere.
        i_type(sd, 0, 0, 0),
        i_type(sb, 0, 0, 7),
        i_type(sd, AT, 0, 0),
        i_type(sd, 0, 0, 8),
        i_type(daddiu, COUNTER, COUNTER, 0xffff),
        i_type(bne, COUNTER, 0, 0xfffa),
        0,
        // Reserved and stored; reserved, written, and so not stored.
        i_type(lld, AT, VALUE, 0),
        i_type(scd, AT, VALUE, 0),
        i_type(lld, AT, VALUE, 0),
        i_type(sd, AT, 0, 0),
        i_type(scd, AT, VALUE, 0),
    ];
    for tier in [Tier::Interpreter, Tier::Auto, Tier::Crosscheck(1000)] {
        let mut vm: Box<dyn AnyVm> = Box::new(machine(&words));
        match vm.set_tier(tier) {
            Ok(()) => {}
            Err(fpvm::Error::NoTranslator(_)) => continue,
            Err(error) => panic!("{error}"),
        }
        vm.count();
        let mut host = Host {
            oracle: &mut NoOracle,
            console: &mut Silent,
        };
        let end = 2 + 3000 * 7 + 5;
        vm.run(end, false, &mut host).unwrap();
        assert_eq!(vm.step(), end);
        let counts: BTreeMap<_, _> = vm.counts().into_iter().collect();
        assert_eq!(counts["reservation_invalidation_count"], 6001, "{tier:?}");
        assert_eq!(
            (counts["rmw_success_count"], counts["rmw_fail_count"]),
            (1, 1)
        );
    }
}

#[test]
fn one_write_to_address_0_is_one() {
    let mut vm: Box<dyn AnyVm> = Box::new(machine(&[i_type(0x3f, 0, 0, 0)]));
    vm.count();
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    vm.run(1, false, &mut host).unwrap();
    let counts: BTreeMap<_, _> = vm.counts().into_iter().collect();
    assert_eq!(counts["reservation_invalidation_count"], 1);
}
