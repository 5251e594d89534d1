//! Multiplication, division, and the HI and LO registers.
//!
//! Instructions here that have no destination by the manual still write 0 to the register in the rd
//! field, since upstream passes all of them through one function that ends with that write.
//! Compilers leave the field 0, where a write is dropped.

use crate::Done;
use crate::fault::DIVIDE_BY_ZERO;
use crate::operand::{RD, RS, RT};
use crate::state::{HI, LO};
use crate::width::{signed32, unsigned32};
use fpvm_core::definition::machine::{Bin, Machine};
use fpvm_core::definition::operand::Cell;

/// Writes HI and LO, and 0 to rd.
#[inline(always)]
fn set_hi_lo<M: Machine>(m: &mut M, hi: M::W, lo: M::W) {
    m.set(HI, hi);
    m.set(LO, lo);
    clear_rd(m);
}

/// HI = rs `high` rt, LO = rs `low` rt, on whole registers.
#[inline(always)]
pub fn pair<M: Machine>(m: &mut M, high: Bin, low: Bin) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let (hi, lo) = (m.bin(high, a, b), m.bin(low, a, b));
    set_hi_lo(m, hi, lo);
    Ok(())
}

/// The 64 bits of a product of 32-bit numbers: HI‖LO.
#[inline(always)]
fn product<M: Machine>(m: &mut M, a: M::W, b: M::W, high: Bin) -> Done<M> {
    let (hi, lo) = match M::BITS {
        32 => (m.bin(high, a, b), m.bin(Bin::Mul, a, b)),
        _ => {
            let both = m.bin(Bin::Mul, a, b);
            let half = m.constant(32);
            (m.bin(Bin::Sar, both, half), m.sext(both, 32))
        }
    };
    set_hi_lo(m, hi, lo);
    Ok(())
}

/// The quotient of 32-bit numbers in LO, the remainder in HI.
#[inline(always)]
fn quotient<M: Machine>(m: &mut M, a: M::W, b: M::W, quotient: Bin, remainder: Bin) -> Done<M> {
    let (hi, lo) = (m.bin(remainder, a, b), m.bin(quotient, a, b));
    let (hi, lo) = (signed32(m, hi), signed32(m, lo));
    set_hi_lo(m, hi, lo);
    Ok(())
}

/// rs and rt as 32-bit numbers.
#[inline(always)]
fn operands<M: Machine>(m: &mut M, narrow: impl Fn(&mut M, M::W) -> M::W) -> (M::W, M::W) {
    let (a, b) = (m.reg(RS), m.reg(RT));
    (narrow(m, a), narrow(m, b))
}

/// rd = 0
#[inline(always)]
fn clear_rd<M: Machine>(m: &mut M) {
    let zero = m.constant(0);
    m.set_reg(RD, zero);
}

#[inline(always)]
fn trap_if_zero<M: Machine>(m: &mut M, divisor: M::W) -> Done<M> {
    let zero = m.eq_k(divisor, 0);
    m.trap_if(zero, DIVIDE_BY_ZERO)
}

/// Faults where rt, as a whole, is 0.
#[inline(always)]
pub fn trap_if_divisor_is_zero<M: Machine>(m: &mut M) -> Done<M> {
    let divisor = m.reg(RT);
    trap_if_zero(m, divisor)
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

/// rd = low 32 bits of rs · rt; HI and LO stay.
#[inline(always)]
pub fn mul<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = (m.reg(RS), m.reg(RT));
    let v = m.bin(Bin::Mul, a, b);
    let v = signed32(m, v);
    m.set_reg(RD, v);
    Ok(())
}

/// HI‖LO = rs · rt, signed, on 32 bits.
#[inline(always)]
pub fn mult<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = operands(m, signed32);
    product(m, a, b, Bin::MulHighSigned)
}

/// HI‖LO = rs · rt, unsigned, on 32 bits.
#[inline(always)]
pub fn multu<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = operands(m, unsigned32);
    product(m, a, b, Bin::MulHighUnsigned)
}

/// LO = rs / rt, HI = rs % rt, signed, on 32 bits. MIN / -1 is MIN, remainder 0.
#[inline(always)]
pub fn div<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = operands(m, signed32);
    trap_if_zero(m, b)?;
    quotient(m, a, b, Bin::DivSigned, Bin::RemSigned)
}

/// LO = rs / rt, HI = rs % rt, unsigned, on 32 bits.
#[inline(always)]
pub fn divu<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = operands(m, unsigned32);
    trap_if_zero(m, b)?;
    quotient(m, a, b, Bin::DivUnsigned, Bin::RemUnsigned)
}

/// rd = HI
#[inline(always)]
pub fn mfhi<M: Machine>(m: &mut M) -> Done<M> {
    move_from(m, HI)
}

/// HI = rs
#[inline(always)]
pub fn mthi<M: Machine>(m: &mut M) -> Done<M> {
    move_to(m, HI)
}

/// rd = LO
#[inline(always)]
pub fn mflo<M: Machine>(m: &mut M) -> Done<M> {
    move_from(m, LO)
}

/// LO = rs
#[inline(always)]
pub fn mtlo<M: Machine>(m: &mut M) -> Done<M> {
    move_to(m, LO)
}
