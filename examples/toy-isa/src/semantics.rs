//! What each instruction does, once: interpreter, recorder, verifier, translator and contract are
//! interpretations of these functions.

use crate::{HIGH, IMM, OFFSET, PREIMAGE_END, RA, RB, RD, UNALIGNED, UNALIGNED_PC, UNKNOWN_CALL};
use fpvm_core::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::Cell;

type Done<M> = Result<(), <M as Machine>::Stop>;

/// Number of the system call, and where its result goes.
const CALL: Cell = Cell(1);
const ARG0: Cell = Cell(2);
const ARG1: Cell = Cell(3);

/// The system calls, by their numbers.
const CALLS: &[Case] = &[
    Case::new(1, "exit"),
    Case::new(2, "print"),
    Case::new(3, "hint"),
    Case::new(4, "key"),
    Case::new(5, "read"),
];

pub(crate) fn trap_unless_aligned<M: Machine>(m: &mut M, at: M::W, fault: Fault) -> Done<M> {
    let low = m.and_k(at, 3);
    let aligned = m.eq_k(low, 0);
    let unaligned = m.not(aligned);
    m.trap_if(unaligned, fault)
}

#[inline(always)]
fn alu<M: Machine>(m: &mut M, op: Bin) -> Done<M> {
    let (a, b) = (m.reg(RA), m.reg(RB));
    let result = m.bin(op, a, b);
    m.set_reg(RD, result);
    Ok(())
}

macro_rules! alu {
    ($($name:ident = $op:expr;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name<M: Machine>(m: &mut M) -> Done<M> {
            alu(m, $op)
        }
    )*};
}

alu! {
    add = Bin::Add;
    sub = Bin::Sub;
    mul = Bin::Mul;
    and = Bin::And;
    xor = Bin::Xor;
    // Amounts of 32 and more give 0.
    shl = Bin::Shl;
    shr = Bin::Shr;
}

/// rd ← 1 where ra < rb, unsigned.
#[inline(always)]
pub(crate) fn sltu<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = (m.reg(RA), m.reg(RB));
    let less = m.cmp(Cmp::LessUnsigned, a, b);
    let less = m.word(less);
    m.set_reg(RD, less);
    Ok(())
}

/// ra + imm, the address of memory instructions as well.
#[inline(always)]
fn ra_plus_imm<M: Machine>(m: &mut M) -> M::W {
    let (a, imm) = (m.reg(RA), m.imm(IMM));
    m.add(a, imm)
}

#[inline(always)]
pub(crate) fn addi<M: Machine>(m: &mut M) -> Done<M> {
    let sum = ra_plus_imm(m);
    m.set_reg(RD, sum);
    Ok(())
}

/// rd ← the immediate as upper half.
#[inline(always)]
pub(crate) fn lui<M: Machine>(m: &mut M) -> Done<M> {
    let (high, sixteen) = (m.imm(HIGH), m.constant(16));
    let value = m.bin(Bin::Shl, high, sixteen);
    m.set_reg(RD, value);
    Ok(())
}

#[inline(always)]
pub(crate) fn lw<M: Machine>(m: &mut M) -> Done<M> {
    let at = ra_plus_imm(m);
    trap_unless_aligned(m, at, UNALIGNED)?;
    let value = m.load(at, 4)?;
    m.set_reg(RD, value);
    Ok(())
}

#[inline(always)]
pub(crate) fn sw<M: Machine>(m: &mut M) -> Done<M> {
    let at = ra_plus_imm(m);
    trap_unless_aligned(m, at, UNALIGNED)?;
    let value = m.reg(RD);
    m.store(at, 4, value)
}

/// A store of part of a word reads and writes it in one go.
#[inline(always)]
pub(crate) fn sb<M: Machine>(m: &mut M) -> Done<M> {
    let at = ra_plus_imm(m);
    let byte = m.reg(RD);
    let byte = m.and_k(byte, 0xff);
    let (lane, three) = (m.and_k(at, 3), m.constant(3));
    let shift = m.bin(Bin::Shl, lane, three);
    let word = m.align(at, 4);
    m.rmw(word, 4, |m, old| {
        let mask = m.constant(0xff);
        let mask = m.bin(Bin::Shl, mask, shift);
        let byte = m.bin(Bin::Shl, byte, shift);
        let ones = m.constant(u64::MAX);
        let keep = m.bin(Bin::Xor, mask, ones);
        let kept = m.bin(Bin::And, old, keep);
        m.bin(Bin::Or, kept, byte)
    })?;
    Ok(())
}

/// An address relative to this instruction.
#[inline(always)]
fn target<M: Machine>(m: &mut M) -> M::W {
    let (pc, offset) = (m.pc(), m.imm(OFFSET));
    m.add(pc, offset)
}

#[inline(always)]
pub(crate) fn beq<M: Machine>(m: &mut M) -> Done<M> {
    let (a, b) = (m.reg(RD), m.reg(RA));
    let taken = m.eq(a, b);
    let to = target(m);
    m.branch(taken, to);
    Ok(())
}

#[inline(always)]
pub(crate) fn jal<M: Machine>(m: &mut M) -> Done<M> {
    let (to, pc) = (target(m), m.pc());
    let back = m.add_k(pc, 4);
    m.set_reg(RD, back);
    m.jump(to, Jump::Call);
    Ok(())
}

#[inline(always)]
pub(crate) fn jalr<M: Machine>(m: &mut M) -> Done<M> {
    let (to, pc) = (ra_plus_imm(m), m.pc());
    trap_unless_aligned(m, to, UNALIGNED_PC)?;
    let back = m.add_k(pc, 4);
    m.set_reg(RD, back);
    m.jump(to, Jump::Return);
    Ok(())
}

/// The system calls. The result, a count of bytes, goes to r1.
pub(crate) fn sys<M: Machine>(m: &mut M) -> Done<M> {
    let (call, a, b) = (m.get(CALL), m.get(ARG0), m.get(ARG1));
    m.choose(call, CALLS, |m, case| {
        match case {
            Some(0) => m.exit(a),
            Some(1) => {
                m.output(1, a, b);
                m.set(CALL, b);
            }
            Some(2) => {
                m.hint(a, b)?;
                m.set(CALL, b);
            }
            Some(3) => {
                let n = m.key_append(a, b, 4)?;
                m.set(CALL, n);
            }
            Some(4) => {
                let n = m.preimage_read(a, b, 4, PREIMAGE_END)?;
                m.set(CALL, n);
            }
            _ => m.trap(UNKNOWN_CALL)?,
        }
        Ok(())
    })
}
