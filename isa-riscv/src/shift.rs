//! Shifts. Only the low 6 bits of a 64-bit shift's amount count, the low 5 of a 32-bit shift's.

use crate::format::Format;
use fpvm_core::definition::machine::{Bin, Machine};

/// `rd = rs1 op amount`
#[inline(always)]
fn shift<F: Format, M: Machine>(m: &mut M, op: Bin, amount: M::W) -> Result<(), M::Stop> {
    let value = m.reg(F::RS1);
    let result = m.bin(op, value, amount);
    m.set_reg(F::RD, result);
    Ok(())
}

/// `rd = sext32(low32(rs1) op amount)`
#[inline(always)]
fn shift_w<F: Format, M: Machine>(m: &mut M, op: Bin, amount: M::W) -> Result<(), M::Stop> {
    let value = m.reg(F::RS1);
    let value = match op {
        Bin::Shr => m.and_k(value, 0xffff_ffff),
        Bin::Sar => m.sext(value, 32),
        _ => value,
    };
    let result = m.bin(op, value, amount);
    let result = m.sext(result, 32);
    m.set_reg(F::RD, result);
    Ok(())
}

#[inline(always)]
fn amount<F: Format, M: Machine>(m: &mut M, mask: u64) -> M::W {
    let amount = m.reg(F::RS2);
    m.and_k(amount, mask)
}

#[inline(always)]
pub(crate) fn sll<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount::<F, M>(m, 0x3f);
    shift::<F, M>(m, Bin::Shl, amount)
}

#[inline(always)]
pub(crate) fn srl<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount::<F, M>(m, 0x3f);
    shift::<F, M>(m, Bin::Shr, amount)
}

#[inline(always)]
pub(crate) fn sra<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount::<F, M>(m, 0x3f);
    shift::<F, M>(m, Bin::Sar, amount)
}

#[inline(always)]
pub(crate) fn slli<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(F::IMM);
    shift::<F, M>(m, Bin::Shl, amount)
}

#[inline(always)]
pub(crate) fn srli<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(F::IMM);
    shift::<F, M>(m, Bin::Shr, amount)
}

#[inline(always)]
pub(crate) fn srai<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(F::IMM);
    shift::<F, M>(m, Bin::Sar, amount)
}

#[inline(always)]
pub(crate) fn sllw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount::<F, M>(m, 0x1f);
    shift_w::<F, M>(m, Bin::Shl, amount)
}

#[inline(always)]
pub(crate) fn srlw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount::<F, M>(m, 0x1f);
    shift_w::<F, M>(m, Bin::Shr, amount)
}

#[inline(always)]
pub(crate) fn sraw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = amount::<F, M>(m, 0x1f);
    shift_w::<F, M>(m, Bin::Sar, amount)
}

#[inline(always)]
pub(crate) fn slliw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(F::IMM);
    shift_w::<F, M>(m, Bin::Shl, amount)
}

#[inline(always)]
pub(crate) fn srliw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(F::IMM);
    shift_w::<F, M>(m, Bin::Shr, amount)
}

#[inline(always)]
pub(crate) fn sraiw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let amount = m.imm(F::IMM);
    shift_w::<F, M>(m, Bin::Sar, amount)
}
