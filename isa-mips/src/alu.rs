//! Arithmetic and logic on registers and immediates.

use crate::Done;
use crate::operand::{RD, RS, RT, SIMM, UPPER, ZIMM};
use crate::width::{signed32, unsigned32};
use fpvm_core::definition::machine::{Bin, Cmp, Machine};
use fpvm_core::definition::operand::Imm;

/// rd = rs op rt, on whole registers
#[inline(always)]
pub fn three<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let v = m.bin(op, a, b);
    m.set_reg(RD, v);
    Ok(())
}

/// rd = rs op rt, on 32 bits
#[inline(always)]
fn three32<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let v = m.bin(op, a, b);
    let v = signed32(m, v);
    m.set_reg(RD, v);
    Ok(())
}

/// rt = rs op immediate, on whole registers
#[inline(always)]
pub fn immediate<M: Machine>(m: &mut M, op: Bin, imm: Imm) -> Done<M> {
    let (a, b) = (m.reg(RS), m.imm(imm));
    let v = m.bin(op, a, b);
    m.set_reg(RT, v);
    Ok(())
}

/// Sum, for `add` as well: overflow never traps.
#[inline(always)]
pub fn addu<M: Machine>(m: &mut M) -> Done<M> {
    three32(m, Bin::Add)
}

/// Difference, for `sub` as well: overflow never traps.
#[inline(always)]
pub fn subu<M: Machine>(m: &mut M) -> Done<M> {
    three32(m, Bin::Sub)
}

/// Bitwise and.
#[inline(always)]
pub fn and<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::And)
}

/// Bitwise or.
#[inline(always)]
pub fn or<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::Or)
}

/// Bitwise exclusive or.
#[inline(always)]
pub fn xor<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::Xor)
}

/// Complement of the bitwise or.
#[inline(always)]
pub fn nor<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let or = m.bin(Bin::Or, a, b);
    let v = complement(m, or);
    m.set_reg(RD, v);
    Ok(())
}

/// 1 where rs < rt, signed.
#[inline(always)]
pub fn slt<M: Machine>(m: &mut M) -> Done<M> {
    set_less(m, Cmp::LessSigned)
}

/// 1 where rs < rt, unsigned.
#[inline(always)]
pub fn sltu<M: Machine>(m: &mut M) -> Done<M> {
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
pub fn addiu<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = (m.reg(RS), m.imm(SIMM));
    let v = m.add(a, b);
    let v = signed32(m, v);
    m.set_reg(RT, v);
    Ok(())
}

/// Bitwise and with a zero-extended immediate.
#[inline(always)]
pub fn andi<M: Machine>(m: &mut M) -> Done<M> {
    immediate(m, Bin::And, ZIMM)
}

/// Bitwise or with a zero-extended immediate.
#[inline(always)]
pub fn ori<M: Machine>(m: &mut M) -> Done<M> {
    immediate(m, Bin::Or, ZIMM)
}

/// Bitwise exclusive or with a zero-extended immediate.
#[inline(always)]
pub fn xori<M: Machine>(m: &mut M) -> Done<M> {
    immediate(m, Bin::Xor, ZIMM)
}

/// 1 where rs < immediate, signed.
#[inline(always)]
pub fn slti<M: Machine>(m: &mut M) -> Done<M> {
    set_less_immediate(m, Cmp::LessSigned)
}

/// 1 where rs < immediate, unsigned; the immediate is sign-extended all the same.
#[inline(always)]
pub fn sltiu<M: Machine>(m: &mut M) -> Done<M> {
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

/// The immediate as the high half of 32 bits.
#[inline(always)]
pub fn lui<M: Machine>(m: &mut M) -> Done<M> {
    let v = m.imm(UPPER);
    let v = signed32(m, v);
    m.set_reg(RT, v);
    Ok(())
}

/// rd = rs where rt is 0.
#[inline(always)]
pub fn movz<M: Machine>(m: &mut M) -> Done<M> {
    let (from, guard, old) = (m.reg(RS), m.reg(RT), m.reg(RD));
    let zero = m.eq_k(guard, 0);
    let v = m.select(zero, from, old);
    m.set_reg(RD, v);
    Ok(())
}

/// rd = rs where rt is not 0.
#[inline(always)]
pub fn movn<M: Machine>(m: &mut M) -> Done<M> {
    let (from, guard, old) = (m.reg(RS), m.reg(RT), m.reg(RD));
    let zero = m.eq_k(guard, 0);
    let v = m.select(zero, old, from);
    m.set_reg(RD, v);
    Ok(())
}

/// rd = rs: Cannon treats the barrier as a move. Compilers leave both fields 0.
#[inline(always)]
pub fn sync<M: Machine>(m: &mut M) -> Done<M> {
    let v = m.reg(RS);
    m.set_reg(RD, v);
    Ok(())
}

/// Leading zeros of rs's low 32 bits; 32 for 0.
#[inline(always)]
pub fn clz<M: Machine>(m: &mut M) -> Done<M> {
    let a = m.reg(RS);
    count(m, a)
}

/// Leading ones of rs's low 32 bits; 32 for all ones.
#[inline(always)]
pub fn clo<M: Machine>(m: &mut M) -> Done<M> {
    let a = m.reg(RS);
    let a = complement(m, a);
    count(m, a)
}

/// rd = leading zeros of 32 bits
#[inline(always)]
fn count<M: Machine>(m: &mut M, a: M::W) -> Done<M> {
    let a = unsigned32(m, a);
    let v = m.clz(a);
    let v = match M::BITS {
        32 => v,
        bits => m.add_k(v, u64::from(bits - 32).wrapping_neg()),
    };
    m.set_reg(RD, v);
    Ok(())
}

/// All bits the other way.
#[inline(always)]
pub fn complement<M: Machine>(m: &mut M, a: M::W) -> M::W {
    let ones = m.constant(u64::MAX);
    m.bin(Bin::Xor, a, ones)
}
