//! Sums, bitwise operations, comparisons and constants.

use crate::format::Format;
use fpvm_core::definition::machine::{Bin, Cmp, Machine};

/// `rd = rs1 op rs2`
#[inline(always)]
pub(crate) fn registers<F: Format, M: Machine>(m: &mut M, op: Bin) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.reg(F::RS2));
    let result = m.bin(op, a, b);
    m.set_reg(F::RD, result);
    Ok(())
}

/// `rd = rs1 op imm`
#[inline(always)]
fn immediate<F: Format, M: Machine>(m: &mut M, op: Bin) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.imm(F::IMM));
    let result = m.bin(op, a, b);
    m.set_reg(F::RD, result);
    Ok(())
}

/// `rd = sext32(rs1 op rs2)`, for operations whose low half needs only the operands' low halves.
#[inline(always)]
pub(crate) fn registers_w<F: Format, M: Machine>(m: &mut M, op: Bin) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.reg(F::RS2));
    let result = m.bin(op, a, b);
    let result = m.sext(result, 32);
    m.set_reg(F::RD, result);
    Ok(())
}

/// `rd = a < b`
#[inline(always)]
fn set_less<F: Format, M: Machine>(m: &mut M, less: Cmp, a: M::W, b: M::W) -> Result<(), M::Stop> {
    let less = m.cmp(less, a, b);
    let less = m.word(less);
    m.set_reg(F::RD, less);
    Ok(())
}

#[inline(always)]
pub(crate) fn add<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<F, M>(m, Bin::Add)
}

#[inline(always)]
pub(crate) fn sub<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<F, M>(m, Bin::Sub)
}

#[inline(always)]
pub(crate) fn and<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<F, M>(m, Bin::And)
}

#[inline(always)]
pub(crate) fn or<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<F, M>(m, Bin::Or)
}

#[inline(always)]
pub(crate) fn xor<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<F, M>(m, Bin::Xor)
}

#[inline(always)]
pub(crate) fn slt<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.reg(F::RS2));
    set_less::<F, M>(m, Cmp::LessSigned, a, b)
}

#[inline(always)]
pub(crate) fn sltu<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.reg(F::RS2));
    set_less::<F, M>(m, Cmp::LessUnsigned, a, b)
}

#[inline(always)]
pub(crate) fn addi<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    immediate::<F, M>(m, Bin::Add)
}

#[inline(always)]
pub(crate) fn andi<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    immediate::<F, M>(m, Bin::And)
}

#[inline(always)]
pub(crate) fn ori<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    immediate::<F, M>(m, Bin::Or)
}

#[inline(always)]
pub(crate) fn xori<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    immediate::<F, M>(m, Bin::Xor)
}

#[inline(always)]
pub(crate) fn slti<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.imm(F::IMM));
    set_less::<F, M>(m, Cmp::LessSigned, a, b)
}

#[inline(always)]
pub(crate) fn sltiu<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.imm(F::IMM));
    set_less::<F, M>(m, Cmp::LessUnsigned, a, b)
}

#[inline(always)]
pub(crate) fn addw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers_w::<F, M>(m, Bin::Add)
}

#[inline(always)]
pub(crate) fn subw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers_w::<F, M>(m, Bin::Sub)
}

#[inline(always)]
pub(crate) fn addiw<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(F::RS1), m.imm(F::IMM));
    let sum = m.add(a, b);
    let sum = m.sext(sum, 32);
    m.set_reg(F::RD, sum);
    Ok(())
}

#[inline(always)]
pub(crate) fn lui<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let upper = m.imm(F::IMM);
    m.set_reg(F::RD, upper);
    Ok(())
}

#[inline(always)]
pub(crate) fn auipc<F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (pc, upper) = (m.pc(), m.imm(F::IMM));
    let sum = m.add(pc, upper);
    m.set_reg(F::RD, sum);
    Ok(())
}
