//! Arithmetic and logic on registers and immediates.

use crate::Done;
use crate::operand::{RD, RS, RT, SIMM, UPPER, ZIMM};
use fpvm_core::machine::{Bin, Cmp, Machine};
use fpvm_core::operand::Imm;

/// rd = rs op rt
#[inline(always)]
fn three<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let v = m.bin(op, a, b);
    m.set_reg(RD, v);
    Ok(())
}

/// rt = rs op immediate
#[inline(always)]
fn immediate<M: Machine>(m: &mut M, op: Bin, imm: Imm) -> Done<M> {
    let (a, b) = (m.reg(RS), m.imm(imm));
    let v = m.bin(op, a, b);
    m.set_reg(RT, v);
    Ok(())
}

/// Sum, for `add` as well: overflow never traps.
#[inline(always)]
pub(crate) fn addu<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::Add)
}

/// Difference, for `sub` as well: overflow never traps.
#[inline(always)]
pub(crate) fn subu<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::Sub)
}

/// Bitwise and.
#[inline(always)]
pub(crate) fn and<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::And)
}

/// Bitwise or.
#[inline(always)]
pub(crate) fn or<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::Or)
}

/// Bitwise exclusive or.
#[inline(always)]
pub(crate) fn xor<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::Xor)
}

/// Complement of the bitwise or.
#[inline(always)]
pub(crate) fn nor<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let or = m.bin(Bin::Or, a, b);
    let v = complement(m, or);
    m.set_reg(RD, v);
    Ok(())
}

/// 1 where rs < rt, signed.
#[inline(always)]
pub(crate) fn slt<M: Machine>(m: &mut M) -> Done<M> {
    set_less(m, Cmp::LessSigned)
}

/// 1 where rs < rt, unsigned.
#[inline(always)]
pub(crate) fn sltu<M: Machine>(m: &mut M) -> Done<M> {
    set_less(m, Cmp::LessUnsigned)
}

#[inline(always)]
fn set_less<M: Machine>(m: &mut M, less: Cmp) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let less = m.cmp(less, a, b);
    let v = m.word(less);
    m.set_reg(RD, v);
    Ok(())
}

/// Sum with a sign-extended immediate, for `addi` as well: overflow never traps.
#[inline(always)]
pub(crate) fn addiu<M: Machine>(m: &mut M) -> Done<M> {
    immediate(m, Bin::Add, SIMM)
}

/// Bitwise and with a zero-extended immediate.
#[inline(always)]
pub(crate) fn andi<M: Machine>(m: &mut M) -> Done<M> {
    immediate(m, Bin::And, ZIMM)
}

/// Bitwise or with a zero-extended immediate.
#[inline(always)]
pub(crate) fn ori<M: Machine>(m: &mut M) -> Done<M> {
    immediate(m, Bin::Or, ZIMM)
}

/// Bitwise exclusive or with a zero-extended immediate.
#[inline(always)]
pub(crate) fn xori<M: Machine>(m: &mut M) -> Done<M> {
    immediate(m, Bin::Xor, ZIMM)
}

/// 1 where rs < immediate, signed.
#[inline(always)]
pub(crate) fn slti<M: Machine>(m: &mut M) -> Done<M> {
    set_less_immediate(m, Cmp::LessSigned)
}

/// 1 where rs < immediate, unsigned; the immediate is sign-extended all the same.
#[inline(always)]
pub(crate) fn sltiu<M: Machine>(m: &mut M) -> Done<M> {
    set_less_immediate(m, Cmp::LessUnsigned)
}

#[inline(always)]
fn set_less_immediate<M: Machine>(m: &mut M, less: Cmp) -> Done<M> {
    let (a, b) = (m.reg(RS), m.imm(SIMM));
    let less = m.cmp(less, a, b);
    let v = m.word(less);
    m.set_reg(RT, v);
    Ok(())
}

/// The immediate as the high half.
#[inline(always)]
pub(crate) fn lui<M: Machine>(m: &mut M) -> Done<M> {
    let v = m.imm(UPPER);
    m.set_reg(RT, v);
    Ok(())
}

/// rd = rs where rt is 0.
#[inline(always)]
pub(crate) fn movz<M: Machine>(m: &mut M) -> Done<M> {
    let (from, guard, old) = (m.reg(RS), m.reg(RT), m.reg(RD));
    let zero = m.eq_k(guard, 0);
    let v = m.select(zero, from, old);
    m.set_reg(RD, v);
    Ok(())
}

/// rd = rs where rt is not 0.
#[inline(always)]
pub(crate) fn movn<M: Machine>(m: &mut M) -> Done<M> {
    let (from, guard, old) = (m.reg(RS), m.reg(RT), m.reg(RD));
    let zero = m.eq_k(guard, 0);
    let v = m.select(zero, old, from);
    m.set_reg(RD, v);
    Ok(())
}

/// rd = rs: Cannon treats the barrier as a move. Compilers leave both fields 0.
#[inline(always)]
pub(crate) fn sync<M: Machine>(m: &mut M) -> Done<M> {
    let v = m.reg(RS);
    m.set_reg(RD, v);
    Ok(())
}

/// Leading zeros of rs; 32 for 0.
#[inline(always)]
pub(crate) fn clz<M: Machine>(m: &mut M) -> Done<M> {
    let a = m.reg(RS);
    let v = m.clz(a);
    m.set_reg(RD, v);
    Ok(())
}

/// Leading ones of rs; 32 for all ones.
#[inline(always)]
pub(crate) fn clo<M: Machine>(m: &mut M) -> Done<M> {
    let a = m.reg(RS);
    let a = complement(m, a);
    let v = m.clz(a);
    m.set_reg(RD, v);
    Ok(())
}

/// All bits the other way.
#[inline(always)]
pub(crate) fn complement<M: Machine>(m: &mut M, a: M::W) -> M::W {
    let ones = m.konst(u64::MAX);
    m.bin(Bin::Xor, a, ones)
}
