//! Shifts.

use crate::Done;
use crate::operand::{RD, RS, RT, SHAMT};
use fpvm_core::machine::{Bin, Machine};

/// rd = rt shifted by the instruction's amount.
#[inline(always)]
fn fixed<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let (a, by) = (m.reg(RT), m.imm(SHAMT));
    let v = m.bin(op, a, by);
    m.set_reg(RD, v);
    Ok(())
}

/// rd = rt shifted by the low five bits of rs.
#[inline(always)]
fn variable<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let (a, by) = (m.reg(RT), m.reg(RS));
    let by = m.and_k(by, 31);
    let v = m.bin(op, a, by);
    m.set_reg(RD, v);
    Ok(())
}

/// Left; `nop` is `sll zero, zero, 0`.
#[inline(always)]
pub(crate) fn sll<M: Machine>(m: &mut M) -> Done<M> {
    fixed(m, Bin::Shl)
}

/// Logical right. The bit that makes it a rotation in later MIPS is not looked at.
#[inline(always)]
pub(crate) fn srl<M: Machine>(m: &mut M) -> Done<M> {
    fixed(m, Bin::Shr)
}

/// Arithmetic right.
#[inline(always)]
pub(crate) fn sra<M: Machine>(m: &mut M) -> Done<M> {
    fixed(m, Bin::Sar)
}

/// Left by a register.
#[inline(always)]
pub(crate) fn sllv<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Shl)
}

/// Logical right by a register.
#[inline(always)]
pub(crate) fn srlv<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Shr)
}

/// Arithmetic right by a register.
#[inline(always)]
pub(crate) fn srav<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Sar)
}
