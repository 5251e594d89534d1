//! Jumps and branches. None may stand in a delay slot, not even a branch that is not taken.

use crate::Done;
use crate::fault::{BRANCH_IN_SLOT, JUMP_IN_SLOT, UNALIGNED_PC};
use crate::operand::{OFFSET, RD, REGION, RS, RT};
use crate::state::RA;
use fpvm_core::definition::machine::{Bin, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::Reg;

/// Faults where the program counter is no multiple of 4.
#[inline(always)]
pub fn fetch<M: Machine>(m: &mut M) -> Done<M> {
    let pc = m.pc();
    let low = m.and_k(pc, 3);
    let aligned = m.eq_k(low, 0);
    let unaligned = m.not(aligned);
    m.trap_if(unaligned, UNALIGNED_PC)
}

/// Goes on at `offset` bytes from the delay slot where `taken` holds.
#[inline(always)]
fn branch_where<M: Machine>(m: &mut M, taken: M::B) {
    let (pc, offset) = (m.pc(), m.imm(OFFSET));
    let slot = m.add_k(pc, 4);
    let target = m.add(slot, offset);
    m.branch(taken, target);
}

#[inline(always)]
fn trap_in_slot<M: Machine>(m: &mut M, fault: Fault) -> Done<M> {
    let in_slot = m.in_slot();
    m.trap_if(in_slot, fault)
}

/// Writes the address after the delay slot.
#[inline(always)]
fn link<M: Machine>(m: &mut M, to: Reg) {
    let pc = m.pc();
    let back = m.add_k(pc, 8);
    m.set_reg(to, back);
}

#[inline(always)]
fn negative<M: Machine>(m: &mut M, a: M::W) -> M::B {
    let zero = m.constant(0);
    m.cmp(Cmp::LessSigned, a, zero)
}

#[inline(always)]
fn positive<M: Machine>(m: &mut M, a: M::W) -> M::B {
    let zero = m.constant(0);
    m.cmp(Cmp::LessSigned, zero, a)
}

/// Where rs = rt.
#[inline(always)]
pub fn beq<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)?;
    let (a, b) = (m.reg(RS), m.reg(RT));
    let taken = m.eq(a, b);
    branch_where(m, taken);
    Ok(())
}

/// Where rs ≠ rt.
#[inline(always)]
pub fn bne<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)?;
    let (a, b) = (m.reg(RS), m.reg(RT));
    let equal = m.eq(a, b);
    let taken = m.not(equal);
    branch_where(m, taken);
    Ok(())
}

/// Where rs ≤ 0. The rt field is not looked at.
#[inline(always)]
pub fn blez<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)?;
    let a = m.reg(RS);
    let positive = positive(m, a);
    let taken = m.not(positive);
    branch_where(m, taken);
    Ok(())
}

/// Where rs > 0. The rt field is not looked at.
#[inline(always)]
pub fn bgtz<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)?;
    let a = m.reg(RS);
    let taken = positive(m, a);
    branch_where(m, taken);
    Ok(())
}

/// Where rs < 0.
#[inline(always)]
pub fn bltz<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)?;
    let a = m.reg(RS);
    let taken = negative(m, a);
    branch_where(m, taken);
    Ok(())
}

/// Where rs ≥ 0.
#[inline(always)]
pub fn bgez<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)?;
    let a = m.reg(RS);
    let negative = negative(m, a);
    let taken = m.not(negative);
    branch_where(m, taken);
    Ok(())
}

/// Where rs ≥ 0; links whether or not it is taken. rs is read first, so `bgezal ra` sees its old
/// value.
#[inline(always)]
pub fn bgezal<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)?;
    let a = m.reg(RS);
    let negative = negative(m, a);
    let taken = m.not(negative);
    link(m, Reg::Fixed(RA));
    branch_where(m, taken);
    Ok(())
}

/// Where rs < 0; links whether or not it is taken. Only the 64-bit VM has it.
#[inline(always)]
pub fn bltzal<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)?;
    let a = m.reg(RS);
    let taken = negative(m, a);
    link(m, Reg::Fixed(RA));
    branch_where(m, taken);
    Ok(())
}

/// Any other REGIMM instruction (traps on a register …) is for Cannon a branch that is never taken,
/// with no error and no link.
#[inline(always)]
pub fn regimm<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, BRANCH_IN_SLOT)
}

/// The target within the 256 MiB of the delay slot.
#[inline(always)]
fn region_target<M: Machine>(m: &mut M) -> M::W {
    let (pc, low) = (m.pc(), m.imm(REGION));
    let slot = m.add_k(pc, 4);
    let region = m.and_k(slot, !0x0fff_ffff);
    m.bin(Bin::Or, region, low)
}

/// Jump within the region.
#[inline(always)]
pub fn j<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, JUMP_IN_SLOT)?;
    let target = region_target(m);
    m.jump(target, Jump::Jump);
    Ok(())
}

/// Call within the region.
#[inline(always)]
pub fn jal<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, JUMP_IN_SLOT)?;
    let target = region_target(m);
    link(m, Reg::Fixed(RA));
    m.jump(target, Jump::Call);
    Ok(())
}

/// Jump to rs. An unaligned target faults when it is fetched, a step after the delay slot.
#[inline(always)]
pub fn jr<M: Machine>(m: &mut M) -> Done<M> {
    jump_to_rs(m, Jump::Jump)
}

/// Return: jump to the link register.
#[inline(always)]
pub fn jr_ra<M: Machine>(m: &mut M) -> Done<M> {
    jump_to_rs(m, Jump::Return)
}

#[inline(always)]
fn jump_to_rs<M: Machine>(m: &mut M, kind: Jump) -> Done<M> {
    trap_in_slot(m, JUMP_IN_SLOT)?;
    let target = m.reg(RS);
    m.jump(target, kind);
    Ok(())
}

/// Call of rs, linking in rd. rs is read first, so `jalr ra, ra` works.
#[inline(always)]
pub fn jalr<M: Machine>(m: &mut M) -> Done<M> {
    trap_in_slot(m, JUMP_IN_SLOT)?;
    let target = m.reg(RS);
    link(m, RD);
    m.jump(target, Jump::Call);
    Ok(())
}
