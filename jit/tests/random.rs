//! Random programs: tiers agree on every register, every page and every fault.

use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use proptest::collection::vec;
use proptest::prelude::*;
use spec_tests::fuzz::tiers::{Program, edge};
use toy_isa::Toy;

fn program() -> impl Strategy<Value = Program> {
    let register = any::<(u64, u64)>().prop_map(|(choice, value)| edge(choice, value));
    let rows = vec((any::<usize>(), any::<u32>()), 6..50);
    let legs = vec(prop_oneof![1..40u64, 300..900u64], 60);
    (rows, vec(register, 31), legs).prop_map(|(rows, registers, legs)| Program {
        rows,
        registers,
        legs,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mips_programs(program in program()) {
        program.on::<Mips32>();
    }

    #[test]
    fn mips64_programs(program in program()) {
        program.on::<Newest>();
    }

    #[test]
    fn riscv_programs(program in program()) {
        program.on::<Rv64>();
    }

    #[test]
    fn imac_programs(program in program()) {
        program.on::<Imac>();
    }

    #[test]
    fn toy_programs(program in program()) {
        program.on::<Toy>();
    }
}
