//! Branches, jumps, and instructions that do nothing here.

use crate::fault;
use crate::operand::{IMM_B, IMM_I, IMM_J, RD, RS1, RS2};
use fpvm_core::machine::{Cmp, Jump, Machine};

/// An instruction may not lie across a 32-byte line, since one leaf has to prove it. A program
/// counter that is not a multiple of 4 is no fault by itself: only branches and jumps check theirs.
#[inline(always)]
pub(crate) fn fetch<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let pc = m.pc();
    let (place, last) = (m.and_k(pc, 31), m.konst(28));
    let split = m.cmp(Cmp::LessUnsigned, last, place);
    m.trap_if(split, fault::FETCH_SPLIT)
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
fn branch_if<M: Machine>(m: &mut M, taken: M::B) -> Result<(), M::Stop> {
    let (pc, offset) = (m.pc(), m.imm(IMM_B));
    let (target, next) = (m.add(pc, offset), m.add_k(pc, 4));
    let (target_low, next_low) = (m.and_k(target, 3), m.and_k(next, 3));
    let low_bits = m.select(taken, target_low, next_low);
    trap_unless_zero(m, low_bits)?;
    m.branch(taken, target);
    Ok(())
}

#[inline(always)]
fn compare_and_branch<M: Machine>(m: &mut M, cmp: Cmp, holds: bool) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.reg(RS2));
    let compared = m.cmp(cmp, a, b);
    let taken = if holds { compared } else { m.not(compared) };
    branch_if(m, taken)
}

#[inline(always)]
pub(crate) fn beq<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch(m, Cmp::Eq, true)
}

#[inline(always)]
pub(crate) fn bne<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch(m, Cmp::Eq, false)
}

#[inline(always)]
pub(crate) fn blt<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch(m, Cmp::LessSigned, true)
}

#[inline(always)]
pub(crate) fn bge<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch(m, Cmp::LessSigned, false)
}

#[inline(always)]
pub(crate) fn bltu<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch(m, Cmp::LessUnsigned, true)
}

#[inline(always)]
pub(crate) fn bgeu<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    compare_and_branch(m, Cmp::LessUnsigned, false)
}

/// The reserved branches (funct3 of 2 and 3): upstream never takes them, but still checks that the
/// next instruction is aligned.
#[inline(always)]
pub(crate) fn branch_never<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let pc = m.pc();
    let low_bits = m.and_k(pc, 3);
    trap_unless_zero(m, low_bits)
}

/// Goes on at the target, which has to be a multiple of 4, and gives rd the next address.
#[inline(always)]
fn link_and_jump<M: Machine>(m: &mut M, target: M::W, kind: Jump) -> Result<(), M::Stop> {
    let low_bits = m.and_k(target, 3);
    trap_unless_zero(m, low_bits)?;
    let pc = m.pc();
    let next = m.add_k(pc, 4);
    m.set_reg(RD, next);
    m.jump(target, kind);
    Ok(())
}

#[inline(always)]
fn jump_relative<M: Machine>(m: &mut M, kind: Jump) -> Result<(), M::Stop> {
    let (pc, offset) = (m.pc(), m.imm(IMM_J));
    let target = m.add(pc, offset);
    link_and_jump(m, target, kind)
}

#[inline(always)]
fn jump_register<M: Machine>(m: &mut M, kind: Jump) -> Result<(), M::Stop> {
    let (base, offset) = (m.reg(RS1), m.imm(IMM_I));
    let target = m.add(base, offset);
    let target = m.and_k(target, !1);
    link_and_jump(m, target, kind)
}

#[inline(always)]
pub(crate) fn jal<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_relative(m, Jump::Jump)
}

/// jal that links ra.
#[inline(always)]
pub(crate) fn call<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_relative(m, Jump::Call)
}

#[inline(always)]
pub(crate) fn jalr<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_register(m, Jump::Jump)
}

/// jalr that links ra.
#[inline(always)]
pub(crate) fn call_register<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_register(m, Jump::Call)
}

/// jalr to ra that links nothing.
#[inline(always)]
pub(crate) fn ret<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    jump_register(m, Jump::Return)
}

/// There are no control and status registers: reads give 0 and writes vanish.
#[inline(always)]
pub(crate) fn csr<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let zero = m.konst(0);
    m.set_reg(RD, zero);
    Ok(())
}

/// Fences, breakpoints, privileged instructions, and floating point, whose results are simply
/// missing.
#[inline(always)]
pub(crate) fn nothing<M: Machine>(_: &mut M) -> Result<(), M::Stop> {
    Ok(())
}

/// A reserved encoding.
#[inline(always)]
pub(crate) fn illegal<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    m.trap(fault::ILLEGAL)
}
