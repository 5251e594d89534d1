//! Loads and stores.
//!
//! Nothing faults on alignment: the low bits of an address that its access does not need are
//! dropped. A load to register 0 still reads its word, which a proof has to cover. No access leaves
//! its aligned word, so one memory branch is enough for each instruction.

use crate::Done;
use crate::alu::complement;
use crate::operand::{RS, RT, SIMM};
use fpvm_core::machine::{Bin, Machine};

/// rs + immediate
#[inline(always)]
fn address<M: Machine>(m: &mut M) -> M::W {
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

#[inline(always)]
fn load_unsigned<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    let v = load_aligned(m, bytes)?;
    m.set_reg(RT, v);
    Ok(())
}

#[inline(always)]
fn store_aligned<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    let v = m.reg(RT);
    let at = address(m);
    let at = m.align(at, bytes);
    m.store(at, bytes, v)
}

/// Byte, sign-extended.
#[inline(always)]
pub(crate) fn lb<M: Machine>(m: &mut M) -> Done<M> {
    load_signed(m, 1)
}

/// Byte, zero-extended.
#[inline(always)]
pub(crate) fn lbu<M: Machine>(m: &mut M) -> Done<M> {
    load_unsigned(m, 1)
}

/// Half word, sign-extended.
#[inline(always)]
pub(crate) fn lh<M: Machine>(m: &mut M) -> Done<M> {
    load_signed(m, 2)
}

/// Half word, zero-extended.
#[inline(always)]
pub(crate) fn lhu<M: Machine>(m: &mut M) -> Done<M> {
    load_unsigned(m, 2)
}

/// Word; `ll` as well.
#[inline(always)]
pub(crate) fn lw<M: Machine>(m: &mut M) -> Done<M> {
    load_unsigned(m, 4)
}

/// Byte.
#[inline(always)]
pub(crate) fn sb<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 1)
}

/// Half word.
#[inline(always)]
pub(crate) fn sh<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 2)
}

/// Word.
#[inline(always)]
pub(crate) fn sw<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 4)
}

/// Word, and rt = 1: with one thread the store never fails.
#[inline(always)]
pub(crate) fn sc<M: Machine>(m: &mut M) -> Done<M> {
    store_aligned(m, 4)?;
    let done = m.konst(1);
    m.set_reg(RT, done);
    Ok(())
}

/// How far an address is from the start of its word, in bits: what `lwl` and `swl` shift by.
#[inline(always)]
fn bits_before<M: Machine>(m: &mut M, at: M::W) -> M::W {
    let bytes = m.and_k(at, 3);
    let three = m.konst(3);
    m.bin(Bin::Shl, bytes, three)
}

/// How many bits follow the byte at an address in its word: what `lwr` and `swr` shift by.
#[inline(always)]
fn bits_after<M: Machine>(m: &mut M, at: M::W) -> M::W {
    let before = bits_before(m, at);
    let all = m.konst(24);
    m.bin(Bin::Sub, all, before)
}

/// `new` shifted by `by`, and `old` in the bits that the shift leaves free.
#[inline(always)]
fn merge<M: Machine>(m: &mut M, shift: Bin, old: M::W, new: M::W, by: M::W) -> M::W {
    let ones = m.konst(u64::MAX);
    let mask = m.bin(shift, ones, by);
    let free = complement(m, mask);
    let (kept, new) = (m.bin(Bin::And, old, free), m.bin(shift, new, by));
    m.bin(Bin::Or, kept, new)
}

#[inline(always)]
fn load_part<M: Machine>(
    m: &mut M,
    shift: Bin,
    amount: impl FnOnce(&mut M, M::W) -> M::W,
) -> Done<M> {
    let old = m.reg(RT);
    let at = address(m);
    let by = amount(m, at);
    let at = m.align(at, 4);
    let word = m.load(at, 4)?;
    let v = merge(m, shift, old, word, by);
    m.set_reg(RT, v);
    Ok(())
}

#[inline(always)]
fn store_part<M: Machine>(
    m: &mut M,
    shift: Bin,
    amount: impl FnOnce(&mut M, M::W) -> M::W,
) -> Done<M> {
    let v = m.reg(RT);
    let at = address(m);
    let by = amount(m, at);
    let at = m.align(at, 4);
    m.rmw(at, 4, |m, old| merge(m, shift, old, v, by))?;
    Ok(())
}

/// The bytes from an address to the end of its word become the high bytes of rt.
#[inline(always)]
pub(crate) fn lwl<M: Machine>(m: &mut M) -> Done<M> {
    load_part(m, Bin::Shl, bits_before)
}

/// The bytes from the start of a word to an address become the low bytes of rt.
#[inline(always)]
pub(crate) fn lwr<M: Machine>(m: &mut M) -> Done<M> {
    load_part(m, Bin::Shr, bits_after)
}

/// The high bytes of rt go to an address and up to the end of its word.
#[inline(always)]
pub(crate) fn swl<M: Machine>(m: &mut M) -> Done<M> {
    store_part(m, Bin::Shr, bits_before)
}

/// The low bytes of rt go to the start of a word and up to an address.
#[inline(always)]
pub(crate) fn swr<M: Machine>(m: &mut M) -> Done<M> {
    store_part(m, Bin::Shl, bits_after)
}
