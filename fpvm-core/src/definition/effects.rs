//! What an instruction can do at all, found by running its semantics on a machine without values.
//!
//! Run loops and translators ask this instead of being told by each ISA: an instruction without
//! control leaves the program counter alone, so a chain of them needs one check of the step count.

use crate::definition::isa::{Isa, Semantics, Visitor};
use crate::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use crate::definition::operand::{Imm, Reg};
use crate::definition::threads::Stack;
use core::convert::Infallible;

/// What an instruction's semantics do in any of their arms.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Effects {
    /// Branches, jumps, stays, asks for its delay slot, or ends the program: its successor matters.
    pub control: bool,
    /// Always faults.
    pub faults: bool,
    /// Reads memory.
    pub loads: bool,
    /// Writes memory.
    pub stores: bool,
    /// Reaches the host: pre-images, hints, output, the program's end.
    pub host: bool,
    /// Looks at or changes threads or the turn of the running one, or asks for the step counter.
    pub threads: bool,
    /// May stay at the same program counter.
    pub stays: bool,
    /// Accesses memory after it has written some.
    pub torn: bool,
    /// Its first immediate operand.
    pub imm: Option<Imm>,
    /// Whether it has another.
    pub more_imms: bool,
}

impl Effects {
    /// Of an instruction kind.
    pub fn of<I: Isa>(op: I::Op) -> Self {
        I::dispatch(op, Probe::<I>::default())
    }
}

/// The machine without values.
#[derive(Debug)]
struct Probe<I> {
    effects: Effects,
    isa: core::marker::PhantomData<I>,
}

impl<I> Default for Probe<I> {
    fn default() -> Self {
        Self {
            effects: Effects::default(),
            isa: core::marker::PhantomData,
        }
    }
}

impl<I: Isa> Visitor for Probe<I> {
    type Output = Effects;

    fn visit<S: Semantics>(mut self) -> Effects {
        match S::run(&mut self) {
            Ok(()) => self.effects,
        }
    }
}

impl<I: Isa> Machine for Probe<I> {
    type W = ();
    type B = ();
    type Stop = Infallible;

    const BITS: u32 = <I::Word as crate::definition::word::Word>::BITS;

    fn reg(&mut self, r: Reg) {
        self.effects.control |= matches!(r, Reg::Fixed(cell) if Some(cell) == I::NEXT_PC);
    }
    fn set_reg(&mut self, r: Reg, (): ()) {
        let is_position = |cell| cell == I::PC || Some(cell) == I::NEXT_PC;
        self.effects.control |= matches!(r, Reg::Fixed(cell) if is_position(cell));
        let ended = I::THREADS.map(|threads| Reg::Fixed(threads.ended));
        self.effects.threads |= Some(r) == ended;
    }
    fn imm(&mut self, i: Imm) {
        self.effects.more_imms |= *self.effects.imm.get_or_insert(i) != i;
    }
    fn pc(&mut self) {}
    fn constant(&mut self, _v: u64) {}
    fn bin(&mut self, _op: Bin, (): (), (): ()) {}
    fn clz(&mut self, (): ()) {}
    fn sext(&mut self, (): (), _bits: u32) {}
    fn cmp(&mut self, _op: Cmp, (): (), (): ()) {}
    fn not(&mut self, (): ()) {}
    fn and(&mut self, (): (), (): ()) {}
    fn word(&mut self, (): ()) {}
    fn select(&mut self, (): (), (): (), (): ()) {}
    fn align(&mut self, (): (), _bytes: u32) {}

    fn load(&mut self, (): (), _bytes: u32) -> Result<(), Infallible> {
        self.effects.loads = true;
        self.effects.torn |= self.effects.stores;
        Ok(())
    }

    fn store(&mut self, (): (), _bytes: u32, (): ()) -> Result<(), Infallible> {
        self.effects.torn |= self.effects.stores;
        self.effects.stores = true;
        Ok(())
    }

    fn rmw(
        &mut self,
        (): (),
        bytes: u32,
        change: impl FnOnce(&mut Self, ()),
    ) -> Result<(), Infallible> {
        self.load((), bytes)?;
        change(self, ());
        self.store((), bytes, ())
    }

    fn own_branch(&mut self, (): ()) {}

    fn in_slot(&mut self) {
        self.effects.control = true;
    }
    fn branch(&mut self, (): (), (): ()) {
        self.effects.control = true;
    }
    fn jump(&mut self, (): (), _kind: Jump) {
        self.effects.control = true;
    }
    fn stay(&mut self) {
        self.effects.control = true;
        self.effects.stays = true;
    }

    fn trap_if(&mut self, (): (), _fault: Fault) -> Result<(), Infallible> {
        Ok(())
    }

    fn trap(&mut self, _fault: Fault) -> Result<(), Infallible> {
        self.effects.faults = true;
        Ok(())
    }

    fn cond(
        &mut self,
        (): (),
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        arm(self, true)?;
        arm(self, false)
    }

    fn choose(
        &mut self,
        (): (),
        cases: &[Case],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        (0..cases.len()).try_for_each(|case| arm(self, Some(case)))?;
        arm(self, None)
    }

    fn step(&mut self) {
        self.effects.threads = true;
    }
    fn is_alone(&mut self, _stack: Stack) {
        self.effects.threads = true;
    }
    fn push_thread(&mut self, _stack: Stack) {
        self.effects.threads = true;
    }
    fn pop_thread(&mut self) {
        self.effects.threads = true;
    }

    fn exit(&mut self, (): ()) {
        self.effects.control = true;
        self.effects.host = true;
    }
    fn output(&mut self, _stream: u8, (): (), (): ()) {
        self.effects.host = true;
    }
    fn hint(&mut self, (): (), (): ()) -> Result<(), Infallible> {
        self.effects.host = true;
        Ok(())
    }
    fn key_append(&mut self, (): (), (): (), _window: u32) -> Result<(), Infallible> {
        self.effects.host = true;
        self.effects.loads = true;
        Ok(())
    }

    fn preimage_read(
        &mut self,
        (): (),
        (): (),
        _window: u32,
        _fault: Fault,
    ) -> Result<(), Infallible> {
        self.effects.host = true;
        self.effects.loads = true;
        self.effects.stores = true;
        Ok(())
    }
}
