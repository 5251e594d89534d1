//! The interpretation of the definitions in which a guest word is a term: one more reading beside the
//! interpreter, the verifier, the translator and the printer.
//!
//! The instruction word may have free bits. A register operand is then the register file at an index that
//! is a slice of it, so one term stands for all encodings of a row.

use crate::faults::Faults;
use crate::state::{Part, State, bits, left_is_active, merge, no_threads, stacked};
use crate::term::{Sort, Term, Terms, Two};
use crate::words;
use fpvm_core::definition::isa::{Isa, Semantics, Visitor};
use fpvm_core::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::{Cell, Imm, Reg};
use fpvm_core::definition::threads::Stack;
use std::marker::PhantomData;

/// This path always faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended;

/// A truth value of the guest. Not a [`Term`], so neither can be taken for the other.
#[derive(Clone, Copy, Debug)]
pub struct Flag(Term);

/// A machine in a step, as terms.
#[derive(Debug)]
pub struct Symbolic<'a, I> {
    /// Where the terms are.
    pub terms: &'a mut Terms,
    /// The state so far; its program counter is that of the step's end.
    pub state: State,
    insn: Term,
    pc: Term,
    next_pc: Option<Term>,
    step: Term,
    faults: Faults,
    isa: PhantomData<I>,
}

/// Runs the semantics of a row on a machine.
#[derive(Debug)]
pub struct On<'m, 'a, I>(pub &'m mut Symbolic<'a, I>);

impl<I: Isa> Visitor for On<'_, '_, I> {
    type Output = Result<(), Ended>;

    fn visit<S: Semantics>(self) -> Self::Output {
        S::run(self.0)
    }
}

impl<'a, I: Isa> Symbolic<'a, I> {
    /// A machine at the begin of a step from a state, whose instruction is this one of so many bytes.
    pub fn new(terms: &'a mut Terms, before: &State, insn: Term, len: u64, faults: Faults) -> Self {
        let mut state = before.clone();
        let pc = state[&Part::Cell(I::PC.0)];
        let next_pc = I::NEXT_PC.map(|cell| state[&Part::Cell(cell.0)]);
        let len = terms.small(len, bits::<I>());
        let next = next_pc.unwrap_or_else(|| terms.two(Two::Add, pc, len));
        state.insert(Part::Cell(I::PC.0), next);
        if let Some(cell) = I::NEXT_PC {
            let after = terms.two(Two::Add, next, len);
            state.insert(Part::Cell(cell.0), after);
        }
        let counters = [Part::Step, Part::TurnSteps];
        for part in counters
            .into_iter()
            .filter(|part| before.contains_key(part))
        {
            let one = terms.small(1, 64);
            let counted = terms.two(Two::Add, state[&part], one);
            state.insert(part, counted);
        }
        let step = terms.zext(state[&Part::Step], bits::<I>());
        Symbolic {
            terms,
            state,
            insn,
            pc,
            next_pc,
            step,
            faults,
            isa: PhantomData,
        }
    }

    fn index(&mut self, r: Reg) -> Term {
        match r {
            Reg::Fixed(Cell(n)) => self.terms.small(n.into(), 5),
            Reg::Field { lo, bits, base } => {
                let (lo, bits) = (u16::from(lo), u16::from(bits));
                let field = self.terms.extract(lo + bits - 1, lo, self.insn);
                let (field, base) = (self.terms.zext(field, 5), self.terms.small(base.into(), 5));
                self.terms.two(Two::Add, field, base)
            }
        }
    }

    fn part(&self, part: Part) -> Term {
        self.state[&part]
    }

    fn set_part(&mut self, part: Part, v: Term) {
        self.state.insert(part, v);
    }

    /// Where the program goes on: what a branch decides.
    fn target() -> Part {
        Part::Cell(I::NEXT_PC.unwrap_or(I::PC).0)
    }

    fn released(&mut self, at: Term) {
        words::release::<I>(self.terms, &mut self.state, at);
    }

    fn stack(&mut self, stack: Stack) -> Term {
        let left = left_is_active::<I>(self.terms, &self.state);
        let (left_root, right_root) = (self.part(Part::Stack(0)), self.part(Part::Stack(1)));
        match stack {
            Stack::Active => self.terms.ite(left, left_root, right_root),
            Stack::Waiting => self.terms.ite(left, right_root, left_root),
        }
    }

    fn set_stack(&mut self, stack: Stack, root: Term) {
        let left = left_is_active::<I>(self.terms, &self.state);
        for side in [0, 1] {
            let old = self.part(Part::Stack(side));
            let (yes, no) = match (stack, side) {
                (Stack::Active, 0) | (Stack::Waiting, 1) => (root, old),
                _ => (old, root),
            };
            let new = self.terms.ite(left, yes, no);
            self.set_part(Part::Stack(side), new);
        }
    }

    fn new_turn(&mut self) {
        let zero = self.terms.small(0, 64);
        self.set_part(Part::TurnSteps, zero);
    }
}

impl<I: Isa> Machine for Symbolic<'_, I> {
    type W = Term;
    type B = Flag;
    type Stop = Ended;

    const BITS: u32 = bits::<I>() as u32;

    fn reg(&mut self, r: Reg) -> Term {
        match r {
            Reg::Fixed(cell) if cell == I::PC => self.pc,
            Reg::Fixed(cell) if Some(cell) == I::NEXT_PC => self.next_pc.unwrap_or(self.pc),
            Reg::Fixed(Cell(n)) if n >= 32 => self.part(Part::Cell(n)),
            _ => {
                let index = self.index(r);
                self.terms.select(self.state[&Part::Registers], index)
            }
        }
    }

    fn set_reg(&mut self, r: Reg, v: Term) {
        if let Reg::Fixed(Cell(n)) = r
            && n >= 32
        {
            return self.set_part(Part::Cell(n), v);
        }
        let (index, registers) = (self.index(r), self.part(Part::Registers));
        let new = match r {
            Reg::Field { .. } => words::set_register(self.terms, registers, index, v),
            Reg::Fixed(_) => self.terms.store(registers, index, v),
        };
        self.set_part(Part::Registers, new);
    }

    fn imm(&mut self, i: Imm) -> Term {
        let mut all = self.terms.small(0, 64);
        for part in i.parts.iter().filter(|part| part.bits > 0) {
            let (lo, to) = (u16::from(part.lo), u64::from(part.to));
            let run = self
                .terms
                .extract(lo + u16::from(part.bits) - 1, lo, self.insn);
            let (run, to) = (self.terms.zext(run, 64), self.terms.small(to, 64));
            let run = self.terms.two(Two::Shl, run, to);
            all = self.terms.two(Two::Or, all, run);
        }
        if i.signed > 0 {
            let low = self.terms.extract(u16::from(i.signed) - 1, 0, all);
            all = self.terms.sext(low, 64);
        }
        self.terms.extract(bits::<I>() - 1, 0, all)
    }

    fn pc(&mut self) -> Term {
        self.pc
    }

    fn constant(&mut self, v: u64) -> Term {
        self.terms.small(v, bits::<I>())
    }

    fn bin(&mut self, op: Bin, a: Term, b: Term) -> Term {
        words::bin(self.terms, op, a, b)
    }

    fn clz(&mut self, a: Term) -> Term {
        words::leading_zeros(self.terms, a)
    }

    fn sext(&mut self, a: Term, bits: u32) -> Term {
        let width = self.terms.width(a);
        let bits = (bits as u16).min(width);
        let low = self.terms.extract(bits - 1, 0, a);
        self.terms.sext(low, width)
    }

    fn cmp(&mut self, op: Cmp, a: Term, b: Term) -> Flag {
        Flag(match op {
            Cmp::Eq => self.terms.equal(a, b),
            Cmp::LessSigned => self.terms.less_signed(a, b),
            Cmp::LessUnsigned => self.terms.less(a, b),
        })
    }

    fn not(&mut self, b: Flag) -> Flag {
        Flag(self.terms.not(b.0))
    }

    fn and(&mut self, a: Flag, b: Flag) -> Flag {
        Flag(self.terms.and(a.0, b.0))
    }

    fn word(&mut self, b: Flag) -> Term {
        let (one, zero) = (self.constant(1), self.constant(0));
        self.terms.ite(b.0, one, zero)
    }

    fn select(&mut self, b: Flag, yes: Term, no: Term) -> Term {
        self.terms.ite(b.0, yes, no)
    }

    fn align(&mut self, at: Term, bytes: u32) -> Term {
        let mask = self.constant(!(u64::from(bytes) - 1));
        self.terms.two(Two::And, at, mask)
    }

    fn load(&mut self, at: Term, bytes: u32) -> Result<Term, Ended> {
        let memory = self.part(Part::Memory);
        let v = words::load(self.terms, memory, at, bytes, I::BIG_ENDIAN);
        Ok(self.terms.zext(v, bits::<I>()))
    }

    fn store(&mut self, at: Term, bytes: u32, v: Term) -> Result<(), Ended> {
        let memory = self.part(Part::Memory);
        let memory = words::store(self.terms, memory, at, bytes, v, I::BIG_ENDIAN);
        self.set_part(Part::Memory, memory);
        self.released(at);
        Ok(())
    }

    fn rmw(
        &mut self,
        at: Term,
        bytes: u32,
        change: impl FnOnce(&mut Self, Term) -> Term,
    ) -> Result<Term, Ended> {
        let old = self.load(at, bytes)?;
        let new = change(self, old);
        self.store(at, bytes, new)?;
        Ok(old)
    }

    fn own_branch(&mut self, _at: Term) {}

    fn in_slot(&mut self) -> Flag {
        let Some(next_pc) = self.next_pc else {
            return Flag(self.terms.truth(false));
        };
        let four = self.constant(4);
        let sequential = self.terms.two(Two::Add, self.pc, four);
        let sequential = self.terms.equal(next_pc, sequential);
        Flag(self.terms.not(sequential))
    }

    fn branch(&mut self, taken: Flag, target: Term) {
        let old = self.part(Self::target());
        let new = self.terms.ite(taken.0, target, old);
        self.set_part(Self::target(), new);
    }

    fn jump(&mut self, target: Term, _kind: Jump) {
        self.set_part(Self::target(), target);
    }

    fn stay(&mut self) {
        self.set_part(Part::Cell(I::PC.0), self.pc);
        if let Some((cell, next)) = I::NEXT_PC.zip(self.next_pc) {
            self.set_part(Part::Cell(cell.0), next);
        }
    }

    fn trap_if(&mut self, when: Flag, fault: Fault) -> Result<(), Ended> {
        let code = self.faults.code(&fault);
        let (code, none) = (self.terms.small(code.into(), 32), self.terms.small(0, 32));
        let old = self.part(Part::Fault);
        // The first fault counts.
        let free = self.terms.equal(old, none);
        let now = self.terms.and(free, when.0);
        let fault = self.terms.ite(now, code, old);
        self.set_part(Part::Fault, fault);
        Ok(())
    }

    fn trap(&mut self, fault: Fault) -> Result<(), Ended> {
        let always = Flag(self.terms.truth(true));
        self.trap_if(always, fault)?;
        Err(Ended)
    }

    fn cond(
        &mut self,
        when: Flag,
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let before = self.state.clone();
        let yes_ended = arm(self, true).is_err();
        let yes = std::mem::replace(&mut self.state, before);
        let no_ended = arm(self, false).is_err();
        let merged = merge(
            self.terms,
            when.0,
            (&yes, yes_ended),
            (&self.state, no_ended),
        );
        self.state = merged;
        if yes_ended && no_ended {
            Err(Ended)
        } else {
            Ok(())
        }
    }

    fn choose(
        &mut self,
        v: Term,
        cases: &[Case],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let before = self.state.clone();
        let mut ended = arm(self, None).is_err();
        // From the last case on, so that the first of equal ones counts.
        for (i, case) in cases.iter().enumerate().rev() {
            let rest = std::mem::replace(&mut self.state, before.clone());
            let this_ended = arm(self, Some(i)).is_err();
            let value = self.constant(case.value);
            let when = self.terms.equal(v, value);
            let merged = merge(self.terms, when, (&self.state, this_ended), (&rest, ended));
            self.state = merged;
            ended &= this_ended;
        }
        if ended { Err(Ended) } else { Ok(()) }
    }

    fn step(&mut self) -> Term {
        self.step
    }

    fn is_alone(&mut self, stack: Stack) -> Flag {
        let (root, none) = (self.stack(stack), no_threads(self.terms));
        Flag(self.terms.equal(root, none))
    }

    fn push_thread(&mut self, stack: Stack) {
        let root = self.stack(stack);
        let root = stacked::<I>(self.terms, &self.state, root);
        self.set_stack(stack, root);
        self.new_turn();
    }

    fn pop_thread(&mut self) {
        let none = self.terms.small(0, 1);
        self.set_part(Part::Runs, none);
        self.new_turn();
    }

    fn exit(&mut self, code: Term) {
        let (one, mask) = (self.constant(1), self.constant(0xff));
        let low = self.terms.two(Two::And, code, mask);
        self.set_part(Part::Cell(I::EXITED.0), one);
        self.set_part(Part::Cell(I::EXIT_CODE.0), low);
    }

    fn output(&mut self, _stream: u8, _at: Term, _count: Term) {}

    fn hint(&mut self, _at: Term, _count: Term) -> Result<(), Ended> {
        Ok(())
    }

    fn key_append(&mut self, at: Term, count: Term, window: u32) -> Result<Term, Ended> {
        Ok(words::key_append::<I>(
            self.terms,
            &mut self.state,
            at,
            count,
            window,
        ))
    }

    fn preimage_read(
        &mut self,
        at: Term,
        count: Term,
        window: u32,
        fault: Fault,
    ) -> Result<Term, Ended> {
        let (found, n) = words::preimage_read::<I>(self.terms, &mut self.state, at, count, window);
        let missing = Flag(self.terms.not(found));
        self.trap_if(missing, fault)?;
        Ok(n)
    }
}

/// The sort of a memory.
pub fn memory_sort<I: Isa>() -> Sort {
    Sort::Array(bits::<I>(), 8)
}
