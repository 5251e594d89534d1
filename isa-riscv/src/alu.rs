//! Sums, bitwise operations, comparisons and constants.

use crate::operand::{IMM_I, IMM_U, RD, RS1, RS2};
use fpvm_core::machine::{Bin, Cmp, Machine};

/// `rd = rs1 op rs2`
#[inline(always)]
pub(crate) fn registers<M: Machine>(m: &mut M, op: Bin) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.reg(RS2));
    let result = m.bin(op, a, b);
    m.set_reg(RD, result);
    Ok(())
}

/// `rd = rs1 op imm`
#[inline(always)]
fn immediate<M: Machine>(m: &mut M, op: Bin) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.imm(IMM_I));
    let result = m.bin(op, a, b);
    m.set_reg(RD, result);
    Ok(())
}

/// `rd = sext32(rs1 op rs2)`, for operations whose low half needs only the operands' low halves.
#[inline(always)]
pub(crate) fn registers_w<M: Machine>(m: &mut M, op: Bin) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.reg(RS2));
    let result = m.bin(op, a, b);
    let result = m.sext(result, 32);
    m.set_reg(RD, result);
    Ok(())
}

/// `rd = a < b`
#[inline(always)]
fn set_less<M: Machine>(m: &mut M, less: Cmp, a: M::W, b: M::W) -> Result<(), M::Stop> {
    let less = m.cmp(less, a, b);
    let less = m.word(less);
    m.set_reg(RD, less);
    Ok(())
}

#[inline(always)]
pub(crate) fn add<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers(m, Bin::Add)
}

#[inline(always)]
pub(crate) fn sub<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers(m, Bin::Sub)
}

#[inline(always)]
pub(crate) fn and<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers(m, Bin::And)
}

#[inline(always)]
pub(crate) fn or<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers(m, Bin::Or)
}

#[inline(always)]
pub(crate) fn xor<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers(m, Bin::Xor)
}

#[inline(always)]
pub(crate) fn slt<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.reg(RS2));
    set_less(m, Cmp::LessSigned, a, b)
}

#[inline(always)]
pub(crate) fn sltu<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.reg(RS2));
    set_less(m, Cmp::LessUnsigned, a, b)
}

#[inline(always)]
pub(crate) fn addi<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    immediate(m, Bin::Add)
}

#[inline(always)]
pub(crate) fn andi<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    immediate(m, Bin::And)
}

#[inline(always)]
pub(crate) fn ori<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    immediate(m, Bin::Or)
}

#[inline(always)]
pub(crate) fn xori<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    immediate(m, Bin::Xor)
}

#[inline(always)]
pub(crate) fn slti<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.imm(IMM_I));
    set_less(m, Cmp::LessSigned, a, b)
}

#[inline(always)]
pub(crate) fn sltiu<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.imm(IMM_I));
    set_less(m, Cmp::LessUnsigned, a, b)
}

#[inline(always)]
pub(crate) fn addw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers_w(m, Bin::Add)
}

#[inline(always)]
pub(crate) fn subw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers_w(m, Bin::Sub)
}

#[inline(always)]
pub(crate) fn addiw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.imm(IMM_I));
    let sum = m.add(a, b);
    let sum = m.sext(sum, 32);
    m.set_reg(RD, sum);
    Ok(())
}

#[inline(always)]
pub(crate) fn lui<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let upper = m.imm(IMM_U);
    m.set_reg(RD, upper);
    Ok(())
}

#[inline(always)]
pub(crate) fn auipc<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (pc, upper) = (m.pc(), m.imm(IMM_U));
    let sum = m.add(pc, upper);
    m.set_reg(RD, sum);
    Ok(())
}
