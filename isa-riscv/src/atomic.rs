//! The A extension. There is one hart: acquire and release bits mean nothing, and only
//! load-reserved and store-conditional touch the reservation (not plain stores, AMOs or system
//! calls).

use crate::control::trap_unless_zero;
use crate::fault;
use crate::operand::{LOAD_RESERVATION, RD, RS1, RS2};
use fpvm_core::definition::machine::{Bin, Cmp, Machine};

/// The address in rs1, which has to be a multiple of the access's size.
#[inline(always)]
fn address<M: Machine>(m: &mut M, bytes: u32) -> Result<M::W, M::Stop> {
    let at = m.reg(RS1);
    let low = m.and_k(at, u64::from(bytes) - 1);
    trap_unless_zero(m, low)?;
    Ok(at)
}

#[inline(always)]
fn extended<M: Machine>(m: &mut M, value: M::W, bytes: u32) -> M::W {
    if bytes < 8 {
        m.sext(value, 8 * bytes)
    } else {
        value
    }
}

/// Load-reserved. The reservation is the address alone: its width is not kept.
#[inline(always)]
pub(crate) fn lr<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let at = address(m, BYTES)?;
    let value = m.load(at, BYTES)?;
    let value = extended(m, value, BYTES);
    m.set_reg(RD, value);
    m.set(LOAD_RESERVATION, at);
    Ok(())
}

/// Store-conditional. No reservation is kept as address 0, so one to address 0 succeeds without.
#[inline(always)]
pub(crate) fn sc<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let at = address(m, BYTES)?;
    let (value, reserved) = (m.reg(RS2), m.get(LOAD_RESERVATION));
    let held = m.eq(at, reserved);
    m.cond(held, |m, held| {
        if held {
            m.store(at, BYTES, value)
        } else {
            Ok(())
        }
    })?;
    let lost = m.not(held);
    let lost = m.word(lost);
    m.set_reg(RD, lost);
    let none = m.constant(0);
    m.set(LOAD_RESERVATION, none);
    Ok(())
}

/// Replaces memory by a function of it and rs2, both sign-extended, and gives the old value to rd.
#[inline(always)]
fn amo<M: Machine>(
    m: &mut M,
    bytes: u32,
    change: impl FnOnce(&mut M, M::W, M::W) -> M::W,
) -> Result<(), M::Stop> {
    let at = address(m, bytes)?;
    let operand = m.reg(RS2);
    let operand = extended(m, operand, bytes);
    let old = m.rmw(at, bytes, |m, old| {
        let old = extended(m, old, bytes);
        change(m, old, operand)
    })?;
    let old = extended(m, old, bytes);
    m.set_reg(RD, old);
    Ok(())
}

/// The operand where it is less than the old value, or where it is more, else the old value.
/// Unsigned comparisons are of sign-extended words, which keeps their order.
#[inline(always)]
fn extreme<M: Machine>(m: &mut M, bytes: u32, less: Cmp, greatest: bool) -> Result<(), M::Stop> {
    amo(m, bytes, |m, old, operand| {
        let better = if greatest {
            m.cmp(less, old, operand)
        } else {
            m.cmp(less, operand, old)
        };
        m.select(better, operand, old)
    })
}

#[inline(always)]
pub(crate) fn swap<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    amo(m, BYTES, |_, _, operand| operand)
}

#[inline(always)]
pub(crate) fn add<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    amo(m, BYTES, |m, old, operand| m.bin(Bin::Add, old, operand))
}

#[inline(always)]
pub(crate) fn xor<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    amo(m, BYTES, |m, old, operand| m.bin(Bin::Xor, old, operand))
}

#[inline(always)]
pub(crate) fn or<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    amo(m, BYTES, |m, old, operand| m.bin(Bin::Or, old, operand))
}

#[inline(always)]
pub(crate) fn and<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    amo(m, BYTES, |m, old, operand| m.bin(Bin::And, old, operand))
}

#[inline(always)]
pub(crate) fn min<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    extreme(m, BYTES, Cmp::LessSigned, false)
}

#[inline(always)]
pub(crate) fn max<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    extreme(m, BYTES, Cmp::LessSigned, true)
}

#[inline(always)]
pub(crate) fn minu<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    extreme(m, BYTES, Cmp::LessUnsigned, false)
}

#[inline(always)]
pub(crate) fn maxu<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    extreme(m, BYTES, Cmp::LessUnsigned, true)
}

/// An unknown operation faults for its address first.
#[inline(always)]
pub(crate) fn unknown_operation<const BYTES: u32, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    address(m, BYTES)?;
    m.trap(fault::ATOMIC_OPERATION)
}

/// The size is checked before address and operation.
#[inline(always)]
pub(crate) fn unknown_size<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    m.trap(fault::ATOMIC_SIZE)
}
