//! Shifts. Only the low 6 bits of a 64-bit shift's amount count, the low 5 of a 32-bit shift's.

use crate::operand::{RD, RS1, RS2, SHAMT, SHAMT_W};
use fpvm_core::machine::{Bin, Machine};

/// `rd = rs1 op amount`
#[inline(always)]
fn shift<M: Machine>(m: &mut M, op: Bin, amount: M::W) -> Result<(), M::Stop> {
    let value = m.reg(RS1);
    let result = m.bin(op, value, amount);
    m.set_reg(RD, result);
    Ok(())
}

/// `rd = sext32(low32(rs1) op amount)`
#[inline(always)]
fn shift_w<M: Machine>(m: &mut M, op: Bin, amount: M::W) -> Result<(), M::Stop> {
    let value = m.reg(RS1);
    let value = match op {
        Bin::Shr => m.and_k(value, 0xffff_ffff),
        Bin::Sar => m.sext(value, 32),
        _ => value,
    };
    let result = m.bin(op, value, amount);
    let result = m.sext(result, 32);
    m.set_reg(RD, result);
    Ok(())
}

#[inline(always)]
fn amount<M: Machine>(m: &mut M, mask: u64) -> M::W {
    let amount = m.reg(RS2);
    m.and_k(amount, mask)
}

#[inline(always)]
pub(crate) fn sll<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount(m, 0x3f);
    shift(m, Bin::Shl, amount)
}

#[inline(always)]
pub(crate) fn srl<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount(m, 0x3f);
    shift(m, Bin::Shr, amount)
}

#[inline(always)]
pub(crate) fn sra<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount(m, 0x3f);
    shift(m, Bin::Sar, amount)
}

#[inline(always)]
pub(crate) fn slli<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(SHAMT);
    shift(m, Bin::Shl, amount)
}

#[inline(always)]
pub(crate) fn srli<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(SHAMT);
    shift(m, Bin::Shr, amount)
}

#[inline(always)]
pub(crate) fn srai<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(SHAMT);
    shift(m, Bin::Sar, amount)
}

#[inline(always)]
pub(crate) fn sllw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount(m, 0x1f);
    shift_w(m, Bin::Shl, amount)
}

#[inline(always)]
pub(crate) fn srlw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount(m, 0x1f);
    shift_w(m, Bin::Shr, amount)
}

#[inline(always)]
pub(crate) fn sraw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount(m, 0x1f);
    shift_w(m, Bin::Sar, amount)
}

#[inline(always)]
pub(crate) fn slliw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(SHAMT_W);
    shift_w(m, Bin::Shl, amount)
}

#[inline(always)]
pub(crate) fn srliw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(SHAMT_W);
    shift_w(m, Bin::Shr, amount)
}

#[inline(always)]
pub(crate) fn sraiw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(SHAMT_W);
    shift_w(m, Bin::Sar, amount)
}
