//! The instructions on 64 bits.

use fpvm_core::definition::machine::{Bin, Machine};
use fpvm_core::definition::operand::Imm;
use fpvm_isa_mips::Done;
use fpvm_isa_mips::alu::{complement, immediate, three};
use fpvm_isa_mips::memory::{
    load_left, load_right, load_unsigned, store_aligned, store_left, store_right,
};
use fpvm_isa_mips::muldiv::{pair, trap_if_divisor_is_zero};
use fpvm_isa_mips::operand::{RD, RS, RT, SHAMT, SIMM};

/// A shift amount of 32 and more: bit 5 is in the instruction's function.
const SHAMT_32: u64 = 32;

/// Sum, for `dadd` as well: overflow never traps.
#[inline(always)]
pub(crate) fn daddu<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::Add)
}

/// Difference, for `dsub` as well: overflow never traps.
#[inline(always)]
pub(crate) fn dsubu<M: Machine>(m: &mut M) -> Done<M> {
    three(m, Bin::Sub)
}

/// Sum with a sign-extended immediate, for `daddi` as well.
#[inline(always)]
pub(crate) fn daddiu<M: Machine>(m: &mut M) -> Done<M> {
    immediate(m, Bin::Add, SIMM)
}

/// rd = rt shifted by the instruction's amount and `more`.
#[inline(always)]
fn shift<M: Machine>(m: &mut M, op: Bin, amount: Imm, more: u64) -> Done<M> {
    let (a, by) = (m.reg(RT), m.imm(amount));
    let by = if more == 0 { by } else { m.add_k(by, more) };
    let v = m.bin(op, a, by);
    m.set_reg(RD, v);
    Ok(())
}

/// rd = rt shifted by the low six bits of rs.
#[inline(always)]
fn variable<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let (a, by) = (m.reg(RT), m.reg(RS));
    let by = m.and_k(by, 63);
    let v = m.bin(op, a, by);
    m.set_reg(RD, v);
    Ok(())
}

/// Left.
#[inline(always)]
pub(crate) fn dsll<M: Machine>(m: &mut M) -> Done<M> {
    shift(m, Bin::Shl, SHAMT, 0)
}

/// Logical right. The bit that makes it a rotation in later MIPS is not looked at.
#[inline(always)]
pub(crate) fn dsrl<M: Machine>(m: &mut M) -> Done<M> {
    shift(m, Bin::Shr, SHAMT, 0)
}

/// Arithmetic right.
#[inline(always)]
pub(crate) fn dsra<M: Machine>(m: &mut M) -> Done<M> {
    shift(m, Bin::Sar, SHAMT, 0)
}

/// Left by 32 and more.
#[inline(always)]
pub(crate) fn dsll32<M: Machine>(m: &mut M) -> Done<M> {
    shift(m, Bin::Shl, SHAMT, SHAMT_32)
}

/// Logical right by 32 and more.
#[inline(always)]
pub(crate) fn dsrl32<M: Machine>(m: &mut M) -> Done<M> {
    shift(m, Bin::Shr, SHAMT, SHAMT_32)
}

/// Arithmetic right by 32 and more.
#[inline(always)]
pub(crate) fn dsra32<M: Machine>(m: &mut M) -> Done<M> {
    shift(m, Bin::Sar, SHAMT, SHAMT_32)
}

/// Left by a register.
#[inline(always)]
pub(crate) fn dsllv<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Shl)
}

/// Logical right by a register.
#[inline(always)]
pub(crate) fn dsrlv<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Shr)
}

/// Arithmetic right by a register.
#[inline(always)]
pub(crate) fn dsrav<M: Machine>(m: &mut M) -> Done<M> {
    variable(m, Bin::Sar)
}

/// HI‖LO = rs · rt, signed.
#[inline(always)]
pub(crate) fn dmult<M: Machine>(m: &mut M) -> Done<M> {
    pair(m, Bin::MulHighSigned, Bin::Mul)
}

/// HI‖LO = rs · rt, unsigned.
#[inline(always)]
pub(crate) fn dmultu<M: Machine>(m: &mut M) -> Done<M> {
    pair(m, Bin::MulHighUnsigned, Bin::Mul)
}

/// LO = rs / rt, HI = rs % rt, signed. MIN / -1 is MIN, remainder 0.
#[inline(always)]
pub(crate) fn ddiv<M: Machine>(m: &mut M) -> Done<M> {
    trap_if_divisor_is_zero(m)?;
    pair(m, Bin::RemSigned, Bin::DivSigned)
}

/// LO = rs / rt, HI = rs % rt, unsigned.
#[inline(always)]
pub(crate) fn ddivu<M: Machine>(m: &mut M) -> Done<M> {
    trap_if_divisor_is_zero(m)?;
    pair(m, Bin::RemUnsigned, Bin::DivUnsigned)
}

/// Leading zeros of rs; 64 for 0.
#[inline(always)]
pub(crate) fn dclz<M: Machine>(m: &mut M) -> Done<M> {
    let a = m.reg(RS);
    let v = m.clz(a);
    m.set_reg(RD, v);
    Ok(())
}

/// Leading ones of rs; 64 for all ones.
#[inline(always)]
pub(crate) fn dclo<M: Machine>(m: &mut M) -> Done<M> {
    let a = m.reg(RS);
    let a = complement(m, a);
    let v = m.clz(a);
    m.set_reg(RD, v);
    Ok(())
}

/// 32 bits, zero-extended.
#[inline(always)]
pub(crate) fn lwu<M: Machine>(m: &mut M) -> Done<M> {
    load_unsigned(m, 4)
}

/// 64 bits.
#[inline(always)]
pub(crate) fn ld<M: Machine>(m: &mut M) -> Done<M> {
    load_unsigned(m, 8)
}

/// 64 bits.
#[inline(always)]
pub(crate) fn sd<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 8)
}

/// The bytes from an address to the end of its 64 bits become the high ones of rt.
#[inline(always)]
pub(crate) fn ldl<M: Machine>(m: &mut M) -> Done<M> {
    let v = load_left(m, 8)?;
    m.set_reg(RT, v);
    Ok(())
}

/// The bytes from the start of 64 bits to an address become the low ones of rt.
#[inline(always)]
pub(crate) fn ldr<M: Machine>(m: &mut M) -> Done<M> {
    let (v, _) = load_right(m, 8)?;
    m.set_reg(RT, v);
    Ok(())
}

/// The high bytes of rt go to an address and up to the end of its 64 bits.
#[inline(always)]
pub(crate) fn sdl<M: Machine>(m: &mut M) -> Done<M> {
    store_left(m, 8)
}

/// The low bytes of rt go to the start of 64 bits and up to an address.
#[inline(always)]
pub(crate) fn sdr<M: Machine>(m: &mut M) -> Done<M> {
    store_right(m, 8)
}
