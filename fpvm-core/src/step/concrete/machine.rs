//! Each operation of the abstract machine on numbers.

use super::{Concrete, Environment, Position, Stop, StopOf, Truth, eval_bin};
use crate::definition::isa::Isa;
use crate::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use crate::definition::operand::{Cell, Imm, Reg};
use crate::definition::threads::Stack;
use crate::definition::word::Word;
use crate::machine::memory::{LEAF_SIZE, Memory};
use num_traits::{PrimInt, WrappingAdd};

impl<I: Isa, M: Memory, E: Environment> Machine for Concrete<'_, I, M, E> {
    type W = I::Word;
    type B = Truth;
    type Stop = StopOf<M, E>;

    const BITS: u32 = I::Word::BITS;

    #[inline(always)]
    fn reg(&mut self, r: Reg) -> I::Word {
        match r {
            Reg::Fixed(cell) if cell == I::PC => self.at.pc,
            Reg::Fixed(cell) if Some(cell) == I::NEXT_PC => self.at.next_pc,
            _ => self.state.get(r.of(self.insn)),
        }
    }

    #[inline(always)]
    fn set_reg(&mut self, r: Reg, v: I::Word) {
        self.state.set(r.of(self.insn), v);
        // Cheaper than a look at the number. Where the register held something before the step,
        // `step` puts that back, and a run goes step by step.
        if let Reg::Field { .. } = r {
            self.state.set(Cell(0), I::Word::default());
        }
    }

    #[inline(always)]
    fn imm(&mut self, i: Imm) -> I::Word {
        self.imm
            .unwrap_or_else(|| I::Word::truncate(i.of(self.insn)))
    }

    #[inline(always)]
    fn pc(&mut self) -> I::Word {
        self.at.pc
    }

    #[inline(always)]
    fn constant(&mut self, v: u64) -> I::Word {
        I::Word::truncate(v)
    }

    #[inline(always)]
    fn bin(&mut self, op: Bin, a: I::Word, b: I::Word) -> I::Word {
        eval_bin(op, a, b)
    }

    #[inline(always)]
    fn clz(&mut self, a: I::Word) -> I::Word {
        I::Word::truncate(u64::from(a.leading_zeros()))
    }

    #[inline(always)]
    fn sext(&mut self, a: I::Word, bits: u32) -> I::Word {
        let unused = 64 - bits;
        I::Word::truncate((((a.zext() << unused) as i64) >> unused) as u64)
    }

    #[inline(always)]
    fn cmp(&mut self, op: Cmp, a: I::Word, b: I::Word) -> Truth {
        Truth(match op {
            Cmp::Eq => a == b,
            Cmp::LessSigned => a.sext() < b.sext(),
            Cmp::LessUnsigned => a < b,
        })
    }

    #[inline(always)]
    fn not(&mut self, b: Truth) -> Truth {
        Truth(!b.0)
    }

    #[inline(always)]
    fn and(&mut self, a: Truth, b: Truth) -> Truth {
        Truth(a.0 & b.0)
    }

    #[inline(always)]
    fn word(&mut self, b: Truth) -> I::Word {
        I::Word::truncate(u64::from(b.0))
    }

    #[inline(always)]
    fn select(&mut self, b: Truth, yes: I::Word, no: I::Word) -> I::Word {
        if b.0 { yes } else { no }
    }

    #[inline(always)]
    fn align(&mut self, at: I::Word, bytes: u32) -> I::Word {
        at & !I::Word::truncate(u64::from(bytes) - 1)
    }

    #[inline(always)]
    fn load(&mut self, at: I::Word, bytes: u32) -> Result<I::Word, Self::Stop> {
        let at = at.zext();
        macro_rules! read {
            ($n:literal, $int:ty) => {{
                let bytes = self.memory.read::<$n>(at).map_err(Stop::Memory)?;
                u64::from(if I::BIG_ENDIAN {
                    <$int>::from_be_bytes(bytes)
                } else {
                    <$int>::from_le_bytes(bytes)
                })
            }};
        }
        Ok(I::Word::truncate(match bytes {
            1 => read!(1, u8),
            2 => read!(2, u16),
            4 => read!(4, u32),
            _ => read!(8, u64),
        }))
    }

    #[inline(always)]
    fn store(&mut self, at: I::Word, bytes: u32, v: I::Word) -> Result<(), Self::Stop> {
        let (at, v) = (at.zext(), v.zext());
        macro_rules! write {
            ($n:literal, $int:ty) => {{
                let v = v as $int;
                let bytes = if I::BIG_ENDIAN {
                    v.to_be_bytes()
                } else {
                    v.to_le_bytes()
                };
                self.memory.write::<$n>(at, bytes)
            }};
        }
        match bytes {
            1 => write!(1, u8),
            2 => write!(2, u16),
            4 => write!(4, u32),
            _ => write!(8, u64),
        }
        .map_err(Stop::Memory)?;
        // A write that did not happen leaves the reservation: the step is tried again another way.
        self.written(at);
        Ok(())
    }

    #[inline(always)]
    fn rmw(
        &mut self,
        at: I::Word,
        bytes: u32,
        change: impl FnOnce(&mut Self, I::Word) -> I::Word,
    ) -> Result<I::Word, Self::Stop> {
        let old = self.load(at, bytes)?;
        let new = change(self, old);
        self.store(at, bytes, new)?;
        Ok(old)
    }

    #[inline(always)]
    fn own_branch(&mut self, at: I::Word) {
        self.memory.own_branch(at.zext());
    }

    #[inline(always)]
    fn in_slot(&mut self) -> Truth {
        Truth(!self.at.is_sequential())
    }

    #[inline(always)]
    fn branch(&mut self, taken: Truth, target: I::Word) {
        let after = if I::DELAY_SLOT {
            &mut self.after.next_pc
        } else {
            &mut self.after.pc
        };
        *after = if taken.0 { target } else { *after };
        self.jumped |= taken.0;
    }

    #[inline(always)]
    fn jump(&mut self, target: I::Word, _kind: Jump) {
        self.branch(Truth(true), target);
    }

    #[inline(always)]
    fn stay(&mut self) {
        self.after = self.at;
        self.jumped = true;
    }

    #[inline(always)]
    fn trap_if(&mut self, when: Truth, fault: Fault) -> Result<(), Self::Stop> {
        if when.0 {
            Err(Stop::Fault(fault))
        } else {
            Ok(())
        }
    }

    #[inline(always)]
    fn trap(&mut self, fault: Fault) -> Result<(), Self::Stop> {
        Err(Stop::Fault(fault))
    }

    #[inline(always)]
    fn cond(
        &mut self,
        when: Truth,
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Self::Stop>,
    ) -> Result<(), Self::Stop> {
        arm(self, when.0)
    }

    #[inline(always)]
    fn choose(
        &mut self,
        v: I::Word,
        cases: &[Case],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Self::Stop>,
    ) -> Result<(), Self::Stop> {
        let v = v.zext();
        let case = cases
            .iter()
            .position(|case| I::Word::truncate(case.value).zext() == v);
        arm(self, case)
    }

    #[inline(always)]
    fn step(&mut self) -> I::Word {
        I::Word::truncate(self.step.wrapping_add(1))
    }

    fn is_alone(&mut self, stack: Stack) -> Truth {
        Truth(self.state.is_alone(stack))
    }

    fn push_thread(&mut self, stack: Stack) {
        self.after.put(self.state);
        self.state.push_thread(stack);
        self.turned = true;
    }

    fn pop_thread(&mut self) {
        self.after.put(self.state);
        self.state.pop_thread();
        self.after = Position::of(self.state);
        self.turned = true;
    }

    fn exit(&mut self, code: I::Word) {
        self.state.set(I::EXITED, I::Word::truncate(1));
        self.state.set(I::EXIT_CODE, code & I::Word::truncate(0xff));
    }

    fn output(&mut self, stream: u8, at: I::Word, count: I::Word) {
        self.env
            .output(stream, self.memory, at.zext(), count.zext());
    }

    fn hint(&mut self, at: I::Word, count: I::Word) -> Result<(), Self::Stop> {
        self.env
            .hint(self.memory, at.zext(), count.zext())
            .map_err(Stop::Environment)
    }

    fn key_append(
        &mut self,
        at: I::Word,
        count: I::Word,
        window: u32,
    ) -> Result<I::Word, Self::Stop> {
        let (at, count) = (at.zext(), count.zext());
        let n = Self::in_window(at, count, window);
        let leaf: [u8; LEAF_SIZE] = self.memory.read(at & !31).map_err(Stop::Memory)?;
        let from = (at & 31) as usize;
        let key = &mut self.state.preimage_key;
        key.copy_within(n.., 0);
        key[LEAF_SIZE - n..].copy_from_slice(&leaf[from..from + n]);
        self.state.set(I::PREIMAGE_OFFSET, I::Word::default());
        Ok(I::Word::truncate(n as u64))
    }

    fn preimage_read(
        &mut self,
        at: I::Word,
        count: I::Word,
        window: u32,
        fault: Fault,
    ) -> Result<I::Word, Self::Stop> {
        let (at, count) = (at.zext(), count.zext());
        let offset = self.state.get(I::PREIMAGE_OFFSET);
        let part = self.env.part(&self.state.preimage_key, offset.zext());
        let part = part.map_err(Stop::Environment)?.ok_or(Stop::Fault(fault))?;
        let n = Self::in_window(at, count, window).min(part.len);
        let mut leaf: [u8; LEAF_SIZE] = self.memory.read(at & !31).map_err(Stop::Memory)?;
        let from = (at & 31) as usize;
        leaf[from..from + n].copy_from_slice(&part.bytes[..n]);
        self.memory.write(at & !31, leaf).map_err(Stop::Memory)?;
        self.written(at);
        let n = I::Word::truncate(n as u64);
        self.state.set(I::PREIMAGE_OFFSET, offset.wrapping_add(&n));
        Ok(n)
    }
}
