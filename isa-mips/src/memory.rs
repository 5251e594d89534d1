//! Loads and stores.
//!
//! Nothing faults on alignment: the low bits of an address that its access does not need are
//! dropped. A load to register 0 still reads its word, which a proof has to cover. No access leaves
//! its aligned word, so one memory branch is enough for each instruction.

use crate::Done;
use crate::alu::complement;
use crate::operand::{RS, RT, SIMM};
use crate::width::{signed32, unsigned32};
use fpvm_core::definition::machine::{Bin, Machine};

/// rs + immediate
#[inline(always)]
pub fn address<M: Machine>(m: &mut M) -> M::W {
    let (base, offset) = (m.reg(RS), m.imm(SIMM));
    m.add(base, offset)
}

#[inline(always)]
fn load_aligned<M: Machine>(m: &mut M, bytes: u32) -> Result<M::W, M::Stop> {
    let at = address(m);
    let at = m.align(at, bytes);
    m.load(at, bytes)
}

#[inline(always)]
fn load_signed<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    let v = load_aligned(m, bytes)?;
    let v = m.sext(v, 8 * bytes);
    m.set_reg(RT, v);
    Ok(())
}

/// rt = `bytes` bytes of memory, zero-extended
#[inline(always)]
pub fn load_unsigned<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    let v = load_aligned(m, bytes)?;
    m.set_reg(RT, v);
    Ok(())
}

/// `bytes` bytes of memory = rt
#[inline(always)]
pub fn store_aligned<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    let v = m.reg(RT);
    let at = address(m);
    let at = m.align(at, bytes);
    m.store(at, bytes, v)
}

/// Byte, sign-extended.
#[inline(always)]
pub fn lb<M: Machine>(m: &mut M) -> Done<M> {
    load_signed(m, 1)
}

/// Byte, zero-extended.
#[inline(always)]
pub fn lbu<M: Machine>(m: &mut M) -> Done<M> {
    load_unsigned(m, 1)
}

/// Half word, sign-extended.
#[inline(always)]
pub fn lh<M: Machine>(m: &mut M) -> Done<M> {
    load_signed(m, 2)
}

/// Half word, zero-extended.
#[inline(always)]
pub fn lhu<M: Machine>(m: &mut M) -> Done<M> {
    load_unsigned(m, 2)
}

/// 32 bits, sign-extended; with one thread `ll` as well.
#[inline(always)]
pub fn lw<M: Machine>(m: &mut M) -> Done<M> {
    let v = load_aligned(m, 4)?;
    let v = signed32(m, v);
    m.set_reg(RT, v);
    Ok(())
}

/// Byte.
#[inline(always)]
pub fn sb<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 1)
}

/// Half word.
#[inline(always)]
pub fn sh<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 2)
}

/// 32 bits.
#[inline(always)]
pub fn sw<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 4)
}

/// 32 bits, and rt = 1: with one thread the store never fails.
#[inline(always)]
pub fn sc<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 4)?;
    let done = m.constant(1);
    m.set_reg(RT, done);
    Ok(())
}

/// How far an address is from the start of the `bytes` bytes that it is in, in bits.
#[inline(always)]
fn bits_before<M: Machine>(m: &mut M, at: M::W, bytes: u32) -> M::W {
    let before = m.and_k(at, u64::from(bytes) - 1);
    let three = m.constant(3);
    m.bin(Bin::Shl, before, three)
}

/// How many bits of the `bytes` bytes that an address is in follow its own byte.
#[inline(always)]
fn bits_after<M: Machine>(m: &mut M, at: M::W, bytes: u32) -> M::W {
    let before = bits_before(m, at, bytes);
    let all = m.constant(8 * u64::from(bytes - 1));
    m.bin(Bin::Sub, all, before)
}

/// `new` shifted by `by`, and `old` in the bits that the shift of `bytes` bytes leaves free, and in
/// those beyond them.
#[inline(always)]
fn merge<M: Machine>(m: &mut M, bytes: u32, shift: Bin, old: M::W, new: M::W, by: M::W) -> M::W {
    let ones = m.constant(u64::MAX >> (64 - 8 * bytes));
    let mask = m.bin(shift, ones, by);
    let free = complement(m, mask);
    let (kept, new) = (m.bin(Bin::And, old, free), m.bin(shift, new, by));
    m.bin(Bin::Or, kept, new)
}

/// rt merged with the `bytes` bytes around an address, and by how many bits they were shifted.
#[inline(always)]
fn load_part<M: Machine>(
    m: &mut M,
    bytes: u32,
    shift: Bin,
    amount: impl FnOnce(&mut M, M::W, u32) -> M::W,
) -> Result<(M::W, M::W), M::Stop> {
    let old = m.reg(RT);
    let at = address(m);
    let by = amount(m, at, bytes);
    let at = m.align(at, bytes);
    let word = m.load(at, bytes)?;
    Ok((merge(m, bytes, shift, old, word, by), by))
}

/// The bytes from an address to the end of its `bytes` become the high ones of rt.
#[inline(always)]
pub fn load_left<M: Machine>(m: &mut M, bytes: u32) -> Result<M::W, M::Stop> {
    Ok(load_part(m, bytes, Bin::Shl, bits_before)?.0)
}

/// The bytes from the start of `bytes` to an address become the low ones of rt; and how many bits of
/// the others there are.
#[inline(always)]
pub fn load_right<M: Machine>(m: &mut M, bytes: u32) -> Result<(M::W, M::W), M::Stop> {
    load_part(m, bytes, Bin::Shr, bits_after)
}

#[inline(always)]
fn store_part<M: Machine>(
    m: &mut M,
    bytes: u32,
    shift: Bin,
    amount: impl FnOnce(&mut M, M::W, u32) -> M::W,
) -> Done<M> {
    let v = m.reg(RT);
    let v = if bytes == 4 { unsigned32(m, v) } else { v };
    let at = address(m);
    let by = amount(m, at, bytes);
    let at = m.align(at, bytes);
    m.rmw(at, bytes, |m, old| merge(m, bytes, shift, old, v, by))?;
    Ok(())
}

/// The high ones of rt's low `bytes` bytes go to an address and up to the end of its `bytes`.
#[inline(always)]
pub fn store_left<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    store_part(m, bytes, Bin::Shr, bits_before)
}

/// The low bytes of rt go to the start of `bytes` and up to an address.
#[inline(always)]
pub fn store_right<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    store_part(m, bytes, Bin::Shl, bits_after)
}

/// The bytes from an address to the end of its 32 bits become the high ones of rt's.
#[inline(always)]
pub fn lwl<M: Machine>(m: &mut M) -> Done<M> {
    let v = load_left(m, 4)?;
    let v = signed32(m, v);
    m.set_reg(RT, v);
    Ok(())
}

/// The bytes from the start of 32 bits to an address become the low ones of rt. Only where they are
/// all four are they sign-extended; else a 64-bit register keeps its high half.
#[inline(always)]
pub fn lwr<M: Machine>(m: &mut M) -> Done<M> {
    let (v, left) = load_right(m, 4)?;
    let v = match M::BITS {
        32 => v,
        _ => {
            let whole = m.eq_k(left, 0);
            let extended = m.sext(v, 32);
            m.select(whole, extended, v)
        }
    };
    m.set_reg(RT, v);
    Ok(())
}

/// The high bytes of rt's 32 bits go to an address and up to the end of its 32 bits.
#[inline(always)]
pub fn swl<M: Machine>(m: &mut M) -> Done<M> {
    store_left(m, 4)
}

/// The low bytes of rt go to the start of 32 bits and up to an address.
#[inline(always)]
pub fn swr<M: Machine>(m: &mut M) -> Done<M> {
    store_right(m, 4)
}
