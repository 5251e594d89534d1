//! Semantics as text, and the rules that they keep.

use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::{Bin, Case, Fault, Jump, Machine};
use fpvm_core::definition::operand::{Cell, Imm, Reg};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_lint::conformance;
use fpvm_lint::listing::listing;
use fpvm_lint::rules::{Rule, check, check_semantics};
use std::cell::Cell as Shared;
use toy_isa::Toy;

#[test]
fn mips_as_text() {
    insta::assert_snapshot!("mips", listing::<Mips32>());
}

#[test]
fn mips64_as_text() {
    insta::assert_snapshot!("mips64", listing::<Mips64>());
}

#[test]
fn riscv_as_text() {
    insta::assert_snapshot!("riscv", listing::<Rv64>());
}

#[test]
fn imac_as_text() {
    insta::assert_snapshot!("imac", listing::<Imac>());
}

#[test]
fn toy_as_text() {
    insta::assert_snapshot!("toy", listing::<Toy>());
}

#[test]
fn all_instructions_keep_the_rules() {
    fn kept<I: Isa>() {
        let broken = check::<I>();
        assert!(broken.is_empty(), "{}: {broken:#?}", I::NAME);
    }
    kept::<Mips32>();
    kept::<Mips64>();
    kept::<fpvm_isa_mips64::Mips64<7>>();
    kept::<fpvm_isa_mips64::Mips64<6>>();
    kept::<Rv64>();
    kept::<Imac>();
    kept::<Toy>();
}

/// All that the lint knows to ask of an ISA, which anybody's can be asked too.
#[test]
fn every_isa_conforms() {
    fn conforms<I: Isa>() {
        let report = conformance::<I>().unwrap();
        // Random programs fault and leave their code, but not at once.
        assert!(report.proofs > 2 * report.programs, "{}: {report}", I::NAME);
    }
    conforms::<Mips32>();
    conforms::<Mips64>();
    conforms::<Rv64>();
    conforms::<Imac>();
    conforms::<Toy>();
}

const A: Reg = Reg::field(21);
const B: Reg = Reg::field(16);
const D: Reg = Reg::field(11);
const HI: Reg = Reg::Fixed(Cell(32));
const OFFSET: Imm = Imm::signed(0, 16);
const FAULT: Fault = Fault {
    code: 1,
    text: "a fault",
};

const CASES: &[Case] = &[Case::new(1, "one"), Case::new(2, "two")];

type Done<M> = Result<(), <M as Machine>::Stop>;

/// The rules that semantics break on MIPS, where a step has one data branch, and on RISC-V (two).
macro_rules! broken {
    ($bad:path) => {{
        let rules = |found: Vec<fpvm_lint::rules::Violation>| {
            found
                .into_iter()
                .map(|violation| violation.rule)
                .collect::<Vec<Rule>>()
        };
        (
            rules(check_semantics::<Mips32>($bad)),
            rules(check_semantics::<Rv64>($bad)),
        )
    }};
}

fn both(rule: Rule) -> (Vec<Rule>, Vec<Rule>) {
    (vec![rule], vec![rule])
}

#[test]
fn a_fault_after_an_effect_is_caught() {
    fn after_register<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        let zero = m.eq_k(b, 0);
        m.set_reg(D, a);
        m.trap_if(zero, FAULT)
    }
    fn after_memory<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        let at = m.align(a, 4);
        m.store(at, 4, b)?;
        m.trap(FAULT)
    }
    fn after_jump<M: Machine>(m: &mut M) -> Done<M> {
        let target = m.reg(A);
        let low = m.and_k(target, 3);
        let aligned = m.eq_k(low, 0);
        let unaligned = m.not(aligned);
        m.jump(target, Jump::Jump);
        m.trap_if(unaligned, FAULT)
    }
    fn after_an_arm<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        let zero = m.eq_k(a, 0);
        m.cond(zero, |m, zero| {
            if zero {
                m.set_reg(D, b);
            }
            Ok(())
        })?;
        m.trap_if(zero, FAULT)
    }
    fn after_a_hint<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        m.hint(a, b)?;
        let n = m.preimage_read(a, b, 4, FAULT)?;
        m.set_reg(D, n);
        Ok(())
    }
    assert_eq!(broken!(after_register), both(Rule::FaultAfterEffect));
    assert_eq!(broken!(after_memory), both(Rule::FaultAfterEffect));
    assert_eq!(broken!(after_jump), both(Rule::FaultAfterEffect));
    assert_eq!(broken!(after_an_arm), both(Rule::FaultAfterEffect));
    assert_eq!(broken!(after_a_hint), both(Rule::FaultAfterEffect));
}

/// The bug that a first prototype had: `bgezal` linked before it read its operand.
#[test]
fn an_operand_read_after_a_register_write_is_caught() {
    fn bgezal<M: Machine>(m: &mut M) -> Done<M> {
        let (pc, offset) = (m.pc(), m.imm(OFFSET));
        let (target, back) = (m.add(pc, offset), m.add_k(pc, 8));
        m.set_reg(Reg::Fixed(Cell(31)), back);
        let a = m.reg(A);
        let taken = m.eq_k(a, 0);
        m.branch(taken, target);
        Ok(())
    }
    fn after_key<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        m.key_append(a, b, 4)?;
        let v = m.reg(HI);
        m.set_reg(D, v);
        Ok(())
    }
    assert_eq!(broken!(bgezal), both(Rule::ReadAfterWrite));
    assert_eq!(broken!(after_key), both(Rule::ReadAfterWrite));
}

#[test]
fn memory_or_host_after_a_register_write_is_caught() {
    fn load<M: Machine>(m: &mut M) -> Done<M> {
        let a = m.reg(A);
        let at = m.align(a, 4);
        m.set_reg(D, at);
        let v = m.load(at, 4)?;
        m.set_reg(B, v);
        Ok(())
    }
    fn hint<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        m.set_reg(D, b);
        m.hint(a, b)
    }
    assert_eq!(broken!(load), both(Rule::AccessAfterWrite));
    assert_eq!(broken!(hint), both(Rule::AccessAfterWrite));
}

#[test]
fn more_leaves_than_declared_are_caught() {
    fn unaligned<M: Machine>(m: &mut M) -> Done<M> {
        let at = m.reg(A);
        let v = m.load(at, 4)?;
        m.set_reg(D, v);
        Ok(())
    }
    fn two_addresses<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        let (a, b) = (m.align(a, 4), m.align(b, 4));
        let v = m.load(a, 4)?;
        m.store(b, 4, v)
    }
    fn crossing_twice<M: Machine>(m: &mut M) -> Done<M> {
        let at = m.reg(A);
        let v = m.load(at, 4)?;
        m.store(at, 4, v)
    }
    fn in_two_arms_deep<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        let zero = m.eq_k(a, 0);
        m.cond(zero, |m, zero| {
            if !zero {
                return Ok(());
            }
            m.choose(b, CASES, |m, case| match case {
                Some(1) => two_addresses(m).and_then(|()| two_addresses(m)),
                _ => Ok(()),
            })
        })
    }
    // 16 bytes never touch more than two lines, in ascending order.
    fn a_pair<M: Machine>(m: &mut M) -> Done<M> {
        let (at, v) = (m.reg(A), m.reg(B));
        let second = m.add_k(at, 4);
        m.store(at, 4, v)?;
        m.store(second, 4, v)
    }
    fn a_pair_backwards<M: Machine>(m: &mut M) -> Done<M> {
        let (at, v) = (m.reg(A), m.reg(B));
        let second = m.add_k(at, 4);
        m.store(second, 4, v)?;
        m.store(at, 4, v)
    }
    assert_eq!(broken!(unaligned), (vec![Rule::Leaves], vec![]));
    assert_eq!(broken!(two_addresses), (vec![Rule::Leaves], vec![]));
    assert_eq!(broken!(a_pair), (vec![Rule::Leaves], vec![]));
    // Backwards as well: each word has its line, or one of the two crosses.
    assert!(broken!(a_pair_backwards).1.contains(&Rule::Leaves));
    assert!(broken!(crossing_twice).1.contains(&Rule::Leaves));
    assert!(broken!(in_two_arms_deep).1.contains(&Rule::Leaves));
}

#[test]
fn alignment_that_a_trap_guarantees_is_known() {
    fn guarded<M: Machine>(m: &mut M) -> Done<M> {
        let at = m.reg(A);
        let low = m.and_k(at, 3);
        let aligned = m.eq_k(low, 0);
        let unaligned = m.not(aligned);
        m.trap_if(unaligned, FAULT)?;
        m.rmw(at, 4, |m, old| m.add_k(old, 1))?;
        Ok(())
    }
    fn the_wrong_way_round<M: Machine>(m: &mut M) -> Done<M> {
        let at = m.reg(A);
        let low = m.and_k(at, 3);
        let aligned = m.eq_k(low, 0);
        m.trap_if(aligned, FAULT)?;
        m.rmw(at, 4, |m, old| m.add_k(old, 1))?;
        Ok(())
    }
    assert_eq!(broken!(guarded), (vec![], vec![]));
    assert_eq!(broken!(the_wrong_way_round).1, [Rule::Alignment]);
}

#[test]
fn an_order_that_depends_on_the_path_is_caught() {
    fn after_uneven_arms<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        let (a, b) = (m.align(a, 4), m.align(b, 4));
        let zero = m.eq_k(a, 0);
        m.cond(zero, |m, zero| if zero { m.store(b, 4, a) } else { Ok(()) })?;
        m.store(a, 4, b)
    }
    assert_eq!(broken!(after_uneven_arms).1, [Rule::Order]);

    // Nothing but the instruction may decide: not how often it ran.
    let runs = Shared::new(0);
    let found = check_semantics::<Rv64>(|m| {
        runs.set(runs.get() + 1);
        let (a, b) = (m.reg(A), m.reg(B));
        let (first, second) = if runs.get() == 1 { (a, b) } else { (b, a) };
        let (first, second) = (m.align(first, 8), m.align(second, 4));
        let v = m.load(first, if runs.get() == 1 { 8 } else { 4 })?;
        m.store(second, 4, v)
    });
    assert_eq!(
        found.iter().map(|v| v.rule).collect::<Vec<_>>(),
        [Rule::Order]
    );
}

#[test]
fn a_value_that_leaves_its_arm_is_caught() {
    fn from_an_arm<M: Machine>(m: &mut M) -> Done<M> {
        let a = m.reg(A);
        let zero = m.eq_k(a, 0);
        let mut out = a;
        m.cond(zero, |m, zero| {
            if zero {
                out = m.add_k(a, 1);
            }
            Ok(())
        })?;
        m.set_reg(D, out);
        Ok(())
    }
    fn from_a_change<M: Machine>(m: &mut M) -> Done<M> {
        let a = m.reg(A);
        let at = m.align(a, 4);
        let mut inner = a;
        m.rmw(at, 4, |m, old| {
            inner = m.add_k(old, 1);
            inner
        })?;
        m.set_reg(D, inner);
        Ok(())
    }
    fn between_arms<M: Machine>(m: &mut M) -> Done<M> {
        let a = m.reg(A);
        let mut first = None;
        m.choose(a, CASES, |m, case| {
            let v = m.add_k(a, 1);
            let kept = *first.get_or_insert(v);
            if case.is_none() {
                m.set_reg(D, kept);
            }
            Ok(())
        })
    }
    assert_eq!(broken!(from_an_arm), both(Rule::Escape));
    assert_eq!(broken!(from_a_change), both(Rule::Escape));
    assert_eq!(broken!(between_arms), both(Rule::Escape));
}

#[test]
fn undefined_widths_are_caught() {
    fn three_bytes<M: Machine>(m: &mut M) -> Done<M> {
        let a = m.reg(A);
        let at = m.align(a, 4);
        let v = m.load(at, 3)?;
        m.set_reg(D, v);
        Ok(())
    }
    fn more_than_a_word<M: Machine>(m: &mut M) -> Done<M> {
        let a = m.reg(A);
        let at = m.align(a, 8);
        let v = m.load(at, 8)?;
        m.set_reg(D, v);
        Ok(())
    }
    fn from_nothing<M: Machine>(m: &mut M) -> Done<M> {
        let a = m.reg(A);
        let v = m.sext(a, 0);
        m.set_reg(D, v);
        Ok(())
    }
    fn odd_window<M: Machine>(m: &mut M) -> Done<M> {
        let (a, b) = (m.reg(A), m.reg(B));
        let n = m.key_append(a, b, 24)?;
        m.set_reg(D, n);
        Ok(())
    }
    assert_eq!(broken!(three_bytes), both(Rule::Width));
    assert_eq!(broken!(more_than_a_word).1, []);
    assert!(broken!(more_than_a_word).0.contains(&Rule::Width));
    assert_eq!(broken!(from_nothing), both(Rule::Width));
    assert_eq!(broken!(odd_window), both(Rule::Width));
}

#[test]
fn good_semantics_are_left_alone() {
    fn store_conditional<M: Machine>(m: &mut M) -> Done<M> {
        let (a, v, reserved) = (m.reg(A), m.reg(B), m.reg(HI));
        let at = m.align(a, 4);
        let held = m.eq(at, reserved);
        m.cond(
            held,
            |m, held| if held { m.store(at, 4, v) } else { Ok(()) },
        )?;
        let done = m.word(held);
        let more = m.bin(Bin::Add, done, v);
        m.set_reg(D, more);
        m.set_reg(HI, done);
        Ok(())
    }
    assert_eq!(broken!(store_conditional), (vec![], vec![]));
}
