//! Loads and stores. Any alignment is fine: an access may cross a line, a page and the end of the
//! address space.

use crate::fault;
use crate::format::Format;
use fpvm_core::definition::machine::Machine;

#[inline(always)]
fn loaded<F: Format, M: Machine>(m: &mut M, bytes: u32) -> Result<M::W, M::Stop> {
    let (base, offset) = (m.reg(F::RS1), m.imm(F::IMM));
    let at = m.add(base, offset);
    m.load(at, bytes)
}

/// lb, lh, lw: the loaded number is sign-extended.
#[inline(always)]
pub(crate) fn load_signed<const BYTES: u32, F: Format, M: Machine>(
    m: &mut M,
) -> Result<(), M::Stop> {
    let value = loaded::<F, M>(m, BYTES)?;
    let value = m.sext(value, 8 * BYTES);
    m.set_reg(F::RD, value);
    Ok(())
}

/// lbu, lhu, lwu, and ld where nothing is left to extend.
#[inline(always)]
pub(crate) fn load<const BYTES: u32, F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let value = loaded::<F, M>(m, BYTES)?;
    m.set_reg(F::RD, value);
    Ok(())
}

#[inline(always)]
pub(crate) fn store<const BYTES: u32, F: Format, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (base, offset, value) = (m.reg(F::RS1), m.imm(F::IMM), m.reg(F::RS2));
    let at = m.add(base, offset);
    m.store(at, BYTES, value)
}

/// Upstream takes 1 << funct3 as the size, so the reserved encodings are stores that are too wide.
#[inline(always)]
pub(crate) fn store_too_wide<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    m.trap(fault::STORE_SIZE)
}
