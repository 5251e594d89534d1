//! Shifts.

use crate::Done;
use crate::operand::{RD, RS, RT, SHAMT};
use crate::width::{signed32, unsigned32};
use fpvm_core::definition::machine::{Bin, Machine};

/// rd = the low 32 bits of rt, shifted.
#[inline(always)]
fn shift<M: Machine>(m: &mut M, op: Bin, by: M::W) -> Done<M> {
    let a = m.reg(RT);
    let a = match op {
        Bin::Shl => a,
        Bin::Shr => unsigned32(m, a),
        _ => signed32(m, a),
    };
    let v = m.bin(op, a, by);
    let v = signed32(m, v);
    m.set_reg(RD, v);
    Ok(())
}

/// Shifted by the instruction's amount.
#[inline(always)]
fn fixed<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let by = m.imm(SHAMT);
    shift(m, op, by)
}

/// Shifted by the low five bits of rs.
#[inline(always)]
fn variable<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let by = m.reg(RS);
    let by = m.and_k(by, 31);
    shift(m, op, by)
}

/// Left; `nop` is `sll zero, zero, 0`.
#[inline(always)]
pub fn sll<M: Machine>(m: &mut M) -> Done<M> {
    fixed(m, Bin::Shl)
}

/// Logical right. The bit that makes it a rotation in later MIPS is not looked at.
#[inline(always)]
pub fn srl<M: Machine>(m: &mut M) -> Done<M> {
    fixed(m, Bin::Shr)
}

/// Arithmetic right.
#[inline(always)]
pub fn sra<M: Machine>(m: &mut M) -> Done<M> {
    fixed(m, Bin::Sar)
}

/// Left by a register.
#[inline(always)]
pub fn sllv<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Shl)
}

/// Logical right by a register.
#[inline(always)]
pub fn srlv<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Shr)
}

/// Arithmetic right by a register.
#[inline(always)]
pub fn srav<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Sar)
}
