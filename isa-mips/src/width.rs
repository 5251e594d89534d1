//! 32-bit values in registers of either width. In 64-bit registers they are kept sign-extended; in
//! 32-bit ones there is nothing to do.

use fpvm_core::definition::machine::Machine;

/// The low 32 bits, sign-extended: what a 32-bit operation leaves in a register, or takes as signed.
#[inline(always)]
pub fn signed32<M: Machine>(m: &mut M, v: M::W) -> M::W {
    if M::BITS > 32 { m.sext(v, 32) } else { v }
}

/// The low 32 bits, zero-extended.
#[inline(always)]
pub fn unsigned32<M: Machine>(m: &mut M, v: M::W) -> M::W {
    if M::BITS > 32 {
        m.and_k(v, u32::MAX.into())
    } else {
        v
    }
}
