//! The M extension. Division by zero and overflow have RISC-V's results, which are [`Bin`]'s too.

use crate::alu::{registers, registers_w};
use crate::format::R;
use crate::operand::{RD, RS1, RS2};
use fpvm_core::definition::machine::{Bin, Machine};

#[inline(always)]
pub(crate) fn mul<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<R, M>(m, Bin::Mul)
}

#[inline(always)]
pub(crate) fn mulh<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<R, M>(m, Bin::MulHighSigned)
}

#[inline(always)]
pub(crate) fn mulhsu<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<R, M>(m, Bin::MulHighSignedUnsigned)
}

#[inline(always)]
pub(crate) fn mulhu<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<R, M>(m, Bin::MulHighUnsigned)
}

#[inline(always)]
pub(crate) fn div<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<R, M>(m, Bin::DivSigned)
}

#[inline(always)]
pub(crate) fn divu<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<R, M>(m, Bin::DivUnsigned)
}

#[inline(always)]
pub(crate) fn rem<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<R, M>(m, Bin::RemSigned)
}

#[inline(always)]
pub(crate) fn remu<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers::<R, M>(m, Bin::RemUnsigned)
}

#[inline(always)]
pub(crate) fn mulw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    registers_w::<R, M>(m, Bin::Mul)
}

/// `rd = sext32(sext32(rs1) op sext32(rs2))`. In 64 bits `i32::MIN / -1` is 2^31, whose low half
/// sign-extends to the required `i32::MIN`.
#[inline(always)]
fn signed_w<M: Machine>(m: &mut M, op: Bin) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.reg(RS2));
    let (a, b) = (m.sext(a, 32), m.sext(b, 32));
    let result = m.bin(op, a, b);
    let result = m.sext(result, 32);
    m.set_reg(RD, result);
    Ok(())
}

/// `rd = sext32(zext32(rs1) op zext32(rs2))`
#[inline(always)]
fn unsigned_w<M: Machine>(m: &mut M, op: Bin) -> Result<(), M::Stop> {
    let (a, b) = (m.reg(RS1), m.reg(RS2));
    let (a, b) = (m.and_k(a, 0xffff_ffff), m.and_k(b, 0xffff_ffff));
    let result = m.bin(op, a, b);
    let result = m.sext(result, 32);
    m.set_reg(RD, result);
    Ok(())
}

#[inline(always)]
pub(crate) fn divw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    signed_w(m, Bin::DivSigned)
}

#[inline(always)]
pub(crate) fn divuw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    unsigned_w(m, Bin::DivUnsigned)
}

#[inline(always)]
pub(crate) fn remw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    signed_w(m, Bin::RemSigned)
}

#[inline(always)]
pub(crate) fn remuw<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    unsigned_w(m, Bin::RemUnsigned)
}
