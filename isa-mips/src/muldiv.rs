//! Multiplication, division, and the HI and LO registers.
//!
//! Instructions here that have no destination by the manual still write 0 to the register in the rd
//! field, since upstream passes all of them through one function that ends with that write.
//! Compilers leave the field 0, where a write is dropped.

use crate::Done;
use crate::fault::DIVIDE_BY_ZERO;
use crate::operand::{RD, RS, RT};
use crate::state::{HI, LO};
use fpvm_core::machine::{Bin, Machine};
use fpvm_core::operand::Cell;

/// Writes HI and LO, and 0 to rd.
#[inline(always)]
fn set_hi_lo<M: Machine>(m: &mut M, high: Bin, low: Bin) {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let (hi, lo) = (m.bin(high, a, b), m.bin(low, a, b));
    m.set(HI, hi);
    m.set(LO, lo);
    clear_rd(m);
}

#[inline(always)]
fn clear_rd<M: Machine>(m: &mut M) {
    let zero = m.konst(0);
    m.set_reg(RD, zero);
}

#[inline(always)]
fn trap_if_divisor_is_zero<M: Machine>(m: &mut M) -> Done<M> {
    let divisor = m.reg(RT);
    let zero = m.eq_k(divisor, 0);
    m.trap_if(zero, DIVIDE_BY_ZERO)
}

/// rd = cell
#[inline(always)]
fn move_from<M: Machine>(m: &mut M, cell: Cell) -> Done<M> {
    let v = m.get(cell);
    m.set_reg(RD, v);
    Ok(())
}

/// cell = rs, and rd = 0
#[inline(always)]
fn move_to<M: Machine>(m: &mut M, cell: Cell) -> Done<M> {
    let v = m.reg(RS);
    m.set(cell, v);
    clear_rd(m);
    Ok(())
}

/// rd = low word of rs · rt; HI and LO stay.
#[inline(always)]
pub(crate) fn mul<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let v = m.bin(Bin::Mul, a, b);
    m.set_reg(RD, v);
    Ok(())
}

/// HI‖LO = rs · rt, signed.
#[inline(always)]
pub(crate) fn mult<M: Machine>(m: &mut M) -> Done<M> {
    set_hi_lo(m, Bin::MulHighSigned, Bin::Mul);
    Ok(())
}

/// HI‖LO = rs · rt, unsigned.
#[inline(always)]
pub(crate) fn multu<M: Machine>(m: &mut M) -> Done<M> {
    set_hi_lo(m, Bin::MulHighUnsigned, Bin::Mul);
    Ok(())
}

/// LO = rs / rt, HI = rs % rt, signed. MIN / -1 is MIN, remainder 0.
#[inline(always)]
pub(crate) fn div<M: Machine>(m: &mut M) -> Done<M> {
    trap_if_divisor_is_zero(m)?;
    set_hi_lo(m, Bin::RemSigned, Bin::DivSigned);
    Ok(())
}

/// LO = rs / rt, HI = rs % rt, unsigned.
#[inline(always)]
pub(crate) fn divu<M: Machine>(m: &mut M) -> Done<M> {
    trap_if_divisor_is_zero(m)?;
    set_hi_lo(m, Bin::RemUnsigned, Bin::DivUnsigned);
    Ok(())
}

/// rd = HI
#[inline(always)]
pub(crate) fn mfhi<M: Machine>(m: &mut M) -> Done<M> {
    move_from(m, HI)
}

/// HI = rs
#[inline(always)]
pub(crate) fn mthi<M: Machine>(m: &mut M) -> Done<M> {
    move_to(m, HI)
}

/// rd = LO
#[inline(always)]
pub(crate) fn mflo<M: Machine>(m: &mut M) -> Done<M> {
    move_from(m, LO)
}

/// LO = rs
#[inline(always)]
pub(crate) fn mtlo<M: Machine>(m: &mut M) -> Done<M> {
    move_to(m, LO)
}
