//! Load-linked and store-conditional.
//!
//! One reservation is there for all threads. It is by the exact address, the width and the thread;
//! any write to its aligned 64-bit word ends it, which is the machine's doing
//! ([`fpvm_core::definition::isa::Reservation`]), not that of each instruction that writes.

use crate::state::{LL_ADDRESS, LL_OWNER, LL_STATUS, THREAD_ID};
use fpvm_core::definition::machine::Machine;
use fpvm_core::definition::operand::Cell;
use fpvm_isa_mips::Done;
use fpvm_isa_mips::memory::address;
use fpvm_isa_mips::operand::RT;
use fpvm_isa_mips::width::signed32;

/// The cells of the reservation.
pub const RESERVATION: &[Cell] = &[LL_STATUS, LL_ADDRESS, LL_OWNER];

/// [`LL_STATUS`] of a reservation.
const fn status(bytes: u32) -> u64 {
    bytes as u64 / 4
}

/// rt = `bytes` bytes, sign-extended, reserved for this thread. The low bits of the address do not
/// matter to the load, but to the reservation.
#[inline(always)]
fn load_linked<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    let at = address(m);
    let (status, owner) = (m.constant(status(bytes)), m.get(THREAD_ID));
    let aligned = m.align(at, bytes);
    let v = m.load(aligned, bytes)?;
    let v = if bytes == 4 { signed32(m, v) } else { v };
    m.set(LL_STATUS, status);
    m.set(LL_ADDRESS, at);
    m.set(LL_OWNER, owner);
    m.set_reg(RT, v);
    Ok(())
}

/// Where the reservation is this thread's, of this width and address: it ends, `bytes` bytes are
/// stored, and rt = 1. Else rt = 0, and memory is not touched.
#[inline(always)]
fn store_conditional<M: Machine>(m: &mut M, bytes: u32) -> Done<M> {
    let at = address(m);
    let (active, reserved, owner) = (m.get(LL_STATUS), m.get(LL_ADDRESS), m.get(LL_OWNER));
    let thread = m.get(THREAD_ID);
    let active = m.eq_k(active, status(bytes));
    let (same_thread, same_address) = (m.eq(owner, thread), m.eq(reserved, at));
    let same = m.and(same_thread, same_address);
    let holds = m.and(active, same);
    let v = m.reg(RT);
    m.cond(holds, |m, holds| {
        if holds {
            let at = m.align(at, bytes);
            // Ends the reservation: it is of the word that is written.
            m.store(at, bytes, v)?;
        }
        let done = m.constant(holds.into());
        m.set_reg(RT, done);
        Ok(())
    })
}

/// 32 bits, reserved.
#[inline(always)]
pub(crate) fn ll<M: Machine>(m: &mut M) -> Done<M> {
    load_linked(m, 4)
}

/// 64 bits, reserved.
#[inline(always)]
pub(crate) fn lld<M: Machine>(m: &mut M) -> Done<M> {
    load_linked(m, 8)
}

/// 32 bits, where they are still reserved.
#[inline(always)]
pub(crate) fn sc<M: Machine>(m: &mut M) -> Done<M> {
    store_conditional(m, 4)
}

/// 64 bits, where they are still reserved.
#[inline(always)]
pub(crate) fn scd<M: Machine>(m: &mut M) -> Done<M> {
    store_conditional(m, 8)
}
