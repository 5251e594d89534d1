//! Branches, jumps, and instructions that do nothing here.

use crate::fault;
use crate::format::Format;
use crate::operand::RD;
use fpvm_core::definition::machine::{Cmp, Jump, Machine};

/// An instruction may not lie across a 32-byte line, since one leaf has to prove it. A program
/// counter that is not a multiple of 4 is no fault by itself: only branches and jumps check theirs.
#[inline(always)]
pub(crate) fn fetch<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let pc = m.pc();
    let (place, last) = (m.and_k(pc, 31), m.constant(28));
    let split = m.cmp(Cmp::LessUnsigned, last, place);
    m.trap_if(split, fault::FETCH_SPLIT)
}

/// An instruction stands at an even address; only a program's first can do otherwise.
#[inline(always)]
pub(crate) fn fetch_even<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let pc = m.pc();
    let odd = m.and_k(pc, 1);
    let even = m.eq_k(odd, 0);
    let odd = m.not(even);
    m.trap_if(odd, fault::FETCH_ODD)
}

/// Faults where the low bits of an address are not those of an aligned one.
#[inline(always)]
pub(crate) fn trap_unless_zero<M: Machine>(m: &mut M, low_bits: M::W) -> Result<(), M::Stop> {
    let aligned = m.eq_k(low_bits, 0);
    let misaligned = m.not(aligned);
    m.trap_if(misaligned, fault::MISALIGNED)
}

/// Goes on at an offset where it holds. Upstream checks the alignment of whichever address comes
/// next, so that a branch that falls through at an odd program counter faults too. The low bits are
/// taken before the choice: a translator knows both and has nothing left to check.
#[inline(always)]
fn branch_if<F: Format, M: Machine>(m: &mut M, taken: M::B) -> Result<(), M::Stop> {
    let (pc, target) = (m.pc(), relative::<F, M>(m));
    if F::ALIGN > 2 {
        let next = m.add_k(pc, F::LEN);
        let low_bits = |m: &mut M, at| m.and_k(at, F::ALIGN - 1);
        let (target_low, next_low) = (low_bits(m, target), low_bits(m, next));
        let low_bits = m.select(taken, target_low, next_low);
        trap_unless_zero(m, low_bits)?;
    }
    m.branch(taken, target);
    Ok(())
}

#[inline(always)]
fn compare_and_branch<F: Format, M: Machine>(
    m: &mut M,
    cmp: Cmp,
    holds: bool,
) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.reg(F::RS2));
    let compared = m.cmp(cmp, a, b);
    let taken = if holds { compared } else { m.not(compared) };
    branch_if::<F, M>(m, taken)
}

#[inline(always)]
pub(crate) fn beq<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch::<F, M>(m, Cmp::Eq, true)
}

#[inline(always)]
pub(crate) fn bne<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch::<F, M>(m, Cmp::Eq, false)
}

#[inline(always)]
pub(crate) fn blt<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch::<F, M>(m, Cmp::LessSigned, true)
}

#[inline(always)]
pub(crate) fn bge<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch::<F, M>(m, Cmp::LessSigned, false)
}

#[inline(always)]
pub(crate) fn bltu<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch::<F, M>(m, Cmp::LessUnsigned, true)
}

#[inline(always)]
pub(crate) fn bgeu<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch::<F, M>(m, Cmp::LessUnsigned, false)
}

/// The reserved branches (funct3 of 2 and 3): upstream never takes them, but still checks that the
/// next instruction is aligned.
#[inline(always)]
pub(crate) fn branch_never<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let pc = m.pc();
    let low_bits = m.and_k(pc, 3);
    trap_unless_zero(m, low_bits)
}

/// Goes on at the target and gives rd the next address.
#[inline(always)]
fn link_and_jump<F: Format, M: Machine>(
    m: &mut M,
    target: M::W,
    kind: Jump,
) -> Result<(), M::Stop> {
    if F::ALIGN > 2 {
        let low_bits = m.and_k(target, F::ALIGN - 1);
        trap_unless_zero(m, low_bits)?;
    }
    let pc = m.pc();
    let next = m.add_k(pc, F::LEN);
    m.set_reg(F::RD, next);
    m.jump(target, kind);
    Ok(())
}

/// The target of a jump by an offset.
#[inline(always)]
fn relative<F: Format, M: Machine>(m: &mut M) -> M::W {
    let (pc, offset) = (m.pc(), m.imm(F::IMM));
    m.add(pc, offset)
}

/// The target of a jump to a register and an offset.
#[inline(always)]
fn absolute<F: Format, M: Machine>(m: &mut M) -> M::W {
    let (base, offset) = (m.reg(F::RS1), m.imm(F::IMM));
    let target = m.add(base, offset);
    m.and_k(target, !1)
}

#[inline(always)]
fn jump_relative<F: Format, M: Machine>(m: &mut M, kind: Jump) -> Result<(), M::Stop> {
    let target = relative::<F, M>(m);
    link_and_jump::<F, M>(m, target, kind)
}

#[inline(always)]
fn jump_register<F: Format, M: Machine>(m: &mut M, kind: Jump) -> Result<(), M::Stop> {
    let target = absolute::<F, M>(m);
    link_and_jump::<F, M>(m, target, kind)
}

#[inline(always)]
pub(crate) fn jal<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_relative::<F, M>(m, Jump::Jump)
}

/// jal that links ra.
#[inline(always)]
pub(crate) fn call<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_relative::<F, M>(m, Jump::Call)
}

#[inline(always)]
pub(crate) fn jalr<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_register::<F, M>(m, Jump::Jump)
}

/// jalr that links ra.
#[inline(always)]
pub(crate) fn call_register<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_register::<F, M>(m, Jump::Call)
}

/// jalr to ra that links nothing.
#[inline(always)]
pub(crate) fn ret<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_register::<F, M>(m, Jump::Return)
}

/// A jump that links nothing.
#[inline(always)]
pub(crate) fn j<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let target = relative::<F, M>(m);
    m.jump(target, Jump::Jump);
    Ok(())
}

/// The same to a register.
#[inline(always)]
pub(crate) fn jr<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let target = absolute::<F, M>(m);
    m.jump(target, Jump::Jump);
    Ok(())
}

/// The same to ra.
#[inline(always)]
pub(crate) fn jr_ra<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let target = absolute::<F, M>(m);
    m.jump(target, Jump::Return);
    Ok(())
}

/// There are no control and status registers: reads give 0 and writes vanish.
#[inline(always)]
pub(crate) fn csr<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let zero = m.constant(0);
    m.set_reg(RD, zero);
    Ok(())
}

/// Fences, breakpoints, privileged instructions, and floating point, whose results are simply
/// missing.
#[inline(always)]
pub(crate) fn nothing<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    m.nothing();
    Ok(())
}

/// A reserved encoding.
#[inline(always)]
pub(crate) fn illegal<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    m.trap(fault::ILLEGAL)
}
