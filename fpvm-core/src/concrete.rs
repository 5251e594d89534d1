//! The interpretation in which a guest word is a number: one text for the running machine, the
//! recorder and the stateless verifier, which differ only in their memory and their environment.

use crate::decode::decode;
use crate::fetch;
use crate::isa::Isa;
use crate::machine::{Bin, Cmp, Fault, Jump, Machine};
use crate::memory::{LEAF_SIZE, Memory};
use crate::operand::{Cell, Imm, Reg};
use crate::oracle::PreimagePart;
use crate::state::State;
use crate::threads::Stack;
use crate::word::Word;
use num_traits::{PrimInt, WrappingAdd};

/// What a step reaches beyond state and memory.
pub trait Environment {
    /// Why a pre-image cannot be had.
    type Error;
    /// The part of a pre-image from an offset; `None` where the offset is at or past its end.
    fn part(&mut self, key: &[u8; 32], offset: u64) -> Result<Option<PreimagePart>, Self::Error>;
    /// The guest prints `count` bytes from `at`.
    fn output(&mut self, stream: u8, memory: &mut impl Memory, at: u64, count: u64);
    /// The guest hints `count` bytes from `at`.
    fn hint(&mut self, memory: &mut impl Memory, at: u64, count: u64) -> Result<(), Self::Error>;
}

/// Why a step did not happen. The state is then as before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop<M, E> {
    /// The instruction faults: the step has no post-state.
    Fault(Fault),
    /// Memory could not be accessed.
    Memory(M),
    /// A pre-image or a hint failed.
    Environment(E),
}

/// A truth value that only a [`Concrete`] machine can look into.
#[derive(Clone, Copy, Debug)]
pub struct Truth(bool);

/// A machine whose words are numbers, over a state, a memory and an environment.
///
/// The program counter stands outside the state while a step runs: where all of an instruction is
/// inlined into a run loop, it and the flags then live in host registers.
#[derive(Debug)]
pub struct Concrete<'a, I: Isa, M, E> {
    /// The architectural state; its program counter is that of the step's begin.
    pub state: &'a mut State<I>,
    /// The memory.
    pub memory: &'a mut M,
    /// Pre-images and output.
    pub env: &'a mut E,
    insn: u32,
    /// The immediate operand, where it is known without the instruction word.
    imm: Option<I::Word>,
    at: Position<I>,
    after: Position<I>,
    step: u64,
    jumped: bool,
    turned: bool,
}

/// Where a program is: the address of the next instruction, and with a delay slot of the one after.
#[derive(Clone, Copy, Debug)]
pub struct Position<I: Isa> {
    /// Program counter.
    pub pc: I::Word,
    /// The program counter after that; zero without a delay slot.
    pub next_pc: I::Word,
}

impl<I: Isa> Position<I> {
    /// The position that a state holds.
    #[inline(always)]
    pub fn of(state: &State<I>) -> Self {
        let next_pc = I::NEXT_PC.map_or(I::Word::default(), |cell| state.get(cell));
        Position {
            pc: state.get(I::PC),
            next_pc,
        }
    }

    /// Puts the position into a state.
    #[inline(always)]
    pub fn put(self, state: &mut State<I>) {
        state.set(I::PC, self.pc);
        if let Some(cell) = I::NEXT_PC {
            state.set(cell, self.next_pc);
        }
    }

    /// Whether the next two instructions follow each other: no delay slot is under way.
    #[inline(always)]
    pub fn is_sequential(self) -> bool {
        !I::DELAY_SLOT || self.next_pc == self.pc.wrapping_add(&I::Word::truncate(4))
    }

    /// The position at an address, with no delay slot under way.
    #[inline(always)]
    pub fn sequential(pc: I::Word) -> Self {
        let next_pc = if I::DELAY_SLOT {
            pc.wrapping_add(&I::Word::truncate(4))
        } else {
            I::Word::default()
        };
        Position { pc, next_pc }
    }

    /// The position this many bytes of straight instructions on; only from a sequential one.
    #[inline(always)]
    pub fn plus(self, bytes: u64) -> Self {
        let bytes = I::Word::truncate(bytes);
        let next_pc = if I::DELAY_SLOT {
            self.next_pc.wrapping_add(&bytes)
        } else {
            self.next_pc
        };
        Position {
            pc: self.pc.wrapping_add(&bytes),
            next_pc,
        }
    }

    /// The position after an instruction of so many bytes that is no jump.
    #[inline(always)]
    fn successor(self, len: u64) -> Self {
        let len = I::Word::truncate(len);
        if I::DELAY_SLOT {
            Position {
                pc: self.next_pc,
                next_pc: self.next_pc.wrapping_add(&len),
            }
        } else {
            Position {
                pc: self.pc.wrapping_add(&len),
                next_pc: self.next_pc,
            }
        }
    }
}

/// What a step did that a run loop has to know.
#[derive(Clone, Copy, Debug)]
pub struct Done<I: Isa> {
    /// Where the program is now.
    pub position: Position<I>,
    /// Whether that need not be the next instruction: a branch was taken, or the instruction stays.
    pub jumped: bool,
    /// Whether a new turn of a thread begins after this step.
    pub turned: bool,
}

/// What a machine over memory `M` and environment `E` stops with.
pub type StopOf<M, E> = Stop<<M as Memory>::Error, <E as Environment>::Error>;

impl<'a, I: Isa, M: Memory, E: Environment> Concrete<'a, I, M, E> {
    /// A machine at the begin of a step, where the step counter is `step`: only instructions that ask
    /// for it look at that. `imm` is the value of the instruction's only immediate operand; without
    /// it, immediates are taken from the instruction word.
    #[inline(always)]
    pub fn new(
        state: &'a mut State<I>,
        memory: &'a mut M,
        env: &'a mut E,
        at: Position<I>,
        step: u64,
        insn: u32,
        imm: Option<I::Word>,
    ) -> Self {
        Concrete {
            state,
            memory,
            env,
            insn,
            imm,
            at,
            after: at.successor(fetch::len::<I>(insn)),
            step,
            jumped: false,
            turned: false,
        }
    }

    /// What the step did, once its instruction has run.
    #[inline(always)]
    pub fn done(&self) -> Done<I> {
        Done {
            position: self.after,
            jumped: self.jumped,
            turned: self.turned,
        }
    }

    /// Executes the step that the state is at: fetches, decodes, runs. On a stop the state is as
    /// before, since traps come before effects. Gives the instruction word; none where the step is a
    /// change of threads.
    ///
    /// Register 0 of a state that no program ran to may hold anything: as in upstream's contracts it
    /// is then read like any other, and no instruction writes it.
    pub fn step(
        state: &'a mut State<I>,
        memory: &'a mut M,
        env: &'a mut E,
    ) -> Result<Option<u32>, StopOf<M, E>> {
        Self::step_decoding(state, memory, env, decode::<I>)
    }

    /// The same by another decoder, which has to decide as [`decode`] does.
    pub(crate) fn step_decoding(
        state: &'a mut State<I>,
        memory: &'a mut M,
        env: &'a mut E,
        decode: impl FnOnce(u32) -> I::Op,
    ) -> Result<Option<u32>, StopOf<M, E>> {
        let (at, step) = (Position::of(state), state.step);
        let due = state.turn_is_due();
        let register_0 = state.get(Cell(0));
        let mut machine = Concrete::new(state, memory, env, at, step, 0, None);
        let insn = if due {
            machine.stay();
            I::turn(&mut machine)?;
            None
        } else {
            Some(machine.instruction(decode)?)
        };
        let done = machine.done();
        done.position.put(state);
        state.step = step.wrapping_add(1);
        if done.turned {
            state.begin_turn();
        } else {
            state.set(Cell(0), register_0);
        }
        Ok(insn)
    }

    /// Fetches, decodes and runs the instruction; gives its word.
    fn instruction(&mut self, decode: impl FnOnce(u32) -> I::Op) -> Result<u32, StopOf<M, E>> {
        I::fetch(self)?;
        self.insn = fetch::read::<I, M>(self.memory, self.at.pc.zext()).map_err(Stop::Memory)?;
        self.memory.fetched();
        self.after = self.at.successor(fetch::len::<I>(self.insn));
        I::execute(decode(self.insn), self)?;
        Ok(self.insn)
    }

    /// Drops the reservation where it is of the word that is written.
    #[inline(always)]
    fn written(&mut self, at: u64) {
        let Some(reservation) = I::RESERVATION else {
            return;
        };
        let reserved = self.state.get(reservation.address).zext();
        if (at ^ reserved) & !(u64::from(I::Word::BITS) / 8 - 1) == 0 {
            for cell in reservation.cells {
                self.state.set(*cell, I::Word::default());
            }
        }
    }

    /// How many bytes of `count` reach no further than the aligned window that `at` is in.
    fn in_window(at: u64, count: u64, window: u32) -> usize {
        let window = u64::from(window);
        let left = window - (at & (window - 1));
        left.min(count) as usize
    }
}

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
    fn konst(&mut self, v: u64) -> I::Word {
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
    fn both(&mut self, a: Truth, b: Truth) -> Truth {
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
        cases: &[u64],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Self::Stop>,
    ) -> Result<(), Self::Stop> {
        let v = v.zext();
        let case = cases
            .iter()
            .position(|case| I::Word::truncate(*case).zext() == v);
        arm(self, case)
    }

    #[inline(always)]
    fn step(&mut self) -> I::Word {
        I::Word::truncate(self.step.wrapping_add(1))
    }

    fn is_alone(&mut self, stack: Stack) -> Truth {
        Truth(self.state.is_alone(stack))
    }

    fn park(&mut self, stack: Stack) {
        self.after.put(self.state);
        self.state.park(stack);
        self.turned = true;
    }

    fn resume(&mut self) {
        self.after.put(self.state);
        self.state.resume();
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

/// A [`Bin`] operation on numbers; total.
#[inline(always)]
pub fn eval_bin<W: Word>(op: Bin, a: W, b: W) -> W {
    let zero = W::default();
    let wide = |x: W| i128::from(x.sext());
    let high = |product: i128| W::truncate((product >> W::BITS) as u64);
    let amount = b.zext();
    match op {
        Bin::Add => a.wrapping_add(&b),
        Bin::Sub => a.wrapping_sub(&b),
        Bin::And => a & b,
        Bin::Or => a | b,
        Bin::Xor => a ^ b,
        Bin::Shl if amount >= u64::from(W::BITS) => zero,
        Bin::Shl => a << amount as usize,
        Bin::Shr if amount >= u64::from(W::BITS) => zero,
        Bin::Shr => a >> amount as usize,
        Bin::Sar => W::truncate((a.sext() >> amount.min(u64::from(W::BITS) - 1)) as u64),
        Bin::Mul => a.wrapping_mul(&b),
        Bin::MulHighUnsigned => {
            let product = u128::from(a.zext()) * u128::from(b.zext());
            W::truncate((product >> W::BITS) as u64)
        }
        Bin::MulHighSigned => high(wide(a) * wide(b)),
        Bin::MulHighSignedUnsigned => high(wide(a) * i128::from(b.zext())),
        Bin::DivUnsigned if b == zero => !zero,
        Bin::DivUnsigned => a / b,
        Bin::DivSigned if b == zero => !zero,
        Bin::DivSigned => W::truncate(a.sext().wrapping_div(b.sext()) as u64),
        Bin::RemUnsigned if b == zero => a,
        Bin::RemUnsigned => a % b,
        Bin::RemSigned if b == zero => a,
        Bin::RemSigned => W::truncate(a.sext().wrapping_rem(b.sext()) as u64),
    }
}
