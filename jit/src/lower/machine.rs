//! Lowers each operation of the machine.

use super::{Control, Lowering, Refused};
use crate::Departure;
use crate::ir::{NO_EXIT, NO_VALUE, Node, Truth, Val};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::{CELLS, Cell, Imm, Reg};
use fpvm_core::definition::threads::Stack;
use fpvm_core::definition::word::Word;

impl<I: Isa> Machine for Lowering<'_, I> {
    type W = Val;
    type B = Truth;
    type Stop = Refused;

    const BITS: u32 = I::Word::BITS;

    fn reg(&mut self, r: Reg) -> Val {
        let Cell(cell) = r.of(self.insn);
        let cell = cell % CELLS as u8;
        if r == Reg::Fixed(I::PC) {
            return self.pc();
        }
        if Some(Cell(cell)) == I::NEXT_PC {
            self.refused |= self.in_slot;
            return self.constant(self.pc.wrapping_add(4));
        }
        if cell == 0 {
            return self.constant(0);
        }
        if let Some((_, value)) = self.writes.iter().rev().find(|(to, _)| *to == cell) {
            return *value;
        }
        let known = &mut self.cells[cell as usize];
        *known.get_or_insert_with(|| self.nodes.push(Node::Entry(cell)))
    }

    fn set_reg(&mut self, r: Reg, v: Val) {
        let Cell(cell) = r.of(self.insn);
        let cell = cell % CELLS as u8;
        let ended = I::THREADS.map(|threads| threads.ended);
        let control = [Some(I::PC), I::NEXT_PC, Some(I::EXITED), ended];
        self.refused |= control.contains(&Some(Cell(cell)));
        if cell != 0 {
            self.writes.push((cell, v));
        }
    }

    fn imm(&mut self, i: Imm) -> Val {
        self.nodes.constant(i.of(self.insn))
    }

    fn pc(&mut self) -> Val {
        self.nodes.constant(self.pc)
    }

    fn constant(&mut self, v: u64) -> Val {
        self.nodes.constant(v)
    }

    fn bin(&mut self, op: Bin, a: Val, b: Val) -> Val {
        let joined = if op == Bin::Or { self.join(a, b) } else { None };
        joined.unwrap_or_else(|| self.nodes.bin(op, a, b))
    }

    fn clz(&mut self, a: Val) -> Val {
        self.nodes.clz(a)
    }

    fn sext(&mut self, a: Val, bits: u32) -> Val {
        self.nodes.sext(a, bits)
    }

    fn cmp(&mut self, op: Cmp, a: Val, b: Val) -> Truth {
        self.nodes.cmp(op, a, b)
    }

    fn not(&mut self, b: Truth) -> Truth {
        b.not()
    }

    fn and(&mut self, a: Truth, b: Truth) -> Truth {
        self.nodes.and(a, b)
    }

    fn word(&mut self, b: Truth) -> Val {
        self.nodes.word(b)
    }

    fn select(&mut self, b: Truth, yes: Val, no: Val) -> Val {
        self.nodes.select(b, yes, no)
    }

    fn align(&mut self, at: Val, bytes: u32) -> Val {
        let low = u64::from(bytes) - 1;
        if self.nodes.is_aligned(at, bytes.trailing_zeros()) {
            return at;
        }
        if self.assume_unaligned || self.stored || self.nodes.as_constant(at).is_some() {
            return self.and_k(at, !low);
        }
        let low = self.and_k(at, low);
        let aligned = self.eq_k(low, 0);
        self.refused |= self.expect(aligned, Departure::Unaligned).is_err();
        at
    }

    fn load(&mut self, at: Val, bytes: u32) -> Result<Val, Refused> {
        self.expect_in_page(at, bytes)?;
        let (at, offset, page) = match I::Word::BITS {
            32 => (at, 0, NO_VALUE),
            _ => self.look(at, bytes, None)?,
        };
        Ok(self.nodes.push(Node::Load {
            at,
            offset,
            bytes: bytes as u8,
            signed: false,
            page,
        }))
    }

    fn store(&mut self, at: Val, bytes: u32, value: Val) -> Result<(), Refused> {
        self.expect_in_page(at, bytes)?;
        let mut ended: &[Cell] = &[];
        let (at, offset, page, exit) = match I::Word::BITS {
            32 => (at, 0, NO_VALUE, self.exit_before(Departure::Page)?),
            _ => {
                let mut reserved = NO_VALUE;
                if let Some(reservation) = I::RESERVATION {
                    let address = self.get(reservation.address);
                    if self.is_same(at, address) {
                        ended = reservation.cells;
                    } else {
                        reserved = address;
                    }
                }
                let (at, offset, page) = self.look(at, bytes, Some(reserved))?;
                (at, offset, page, NO_EXIT)
            }
        };
        self.stored = true;
        self.nodes.push(Node::Store {
            at,
            offset,
            bytes: bytes as u8,
            value,
            page,
            exit,
            below: 0,
            above: 0,
        });
        for cell in ended {
            let zero = self.constant(0);
            self.set(*cell, zero);
        }
        Ok(())
    }

    fn rmw(
        &mut self,
        at: Val,
        bytes: u32,
        change: impl FnOnce(&mut Self, Val) -> Val,
    ) -> Result<Val, Refused> {
        let old = self.load(at, bytes)?;
        let new = change(self, old);
        self.store(at, bytes, new)?;
        Ok(old)
    }

    fn own_branch(&mut self, _at: Val) {}

    fn in_slot(&mut self) -> Truth {
        Truth::Known(self.in_slot)
    }

    fn branch(&mut self, taken: Truth, target: Val) {
        self.control = Control::Branch(taken, target);
    }

    fn jump(&mut self, target: Val, _kind: Jump) {
        self.control = Control::Branch(Truth::Known(true), target);
    }

    fn stay(&mut self) {
        self.refused = true;
    }

    fn trap_if(&mut self, when: Truth, _fault: Fault) -> Result<(), Refused> {
        self.expect(when.not(), Departure::Rare)
    }

    fn trap(&mut self, _fault: Fault) -> Result<(), Refused> {
        Err(Refused)
    }

    /// The arm for a condition that holds is the expected one.
    fn cond(
        &mut self,
        when: Truth,
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        if when == Truth::Known(false) {
            return arm(self, false);
        }
        self.expect(when, Departure::Rare)?;
        arm(self, true)
    }

    fn choose(
        &mut self,
        _v: Val,
        _cases: &[Case],
        _arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        Err(Refused)
    }

    fn step(&mut self) -> Val {
        self.refused = true;
        self.constant(0)
    }

    fn is_alone(&mut self, _stack: Stack) -> Truth {
        self.refused = true;
        Truth::Known(false)
    }

    fn push_thread(&mut self, _stack: Stack) {
        self.refused = true;
    }

    fn pop_thread(&mut self) {
        self.refused = true;
    }

    fn exit(&mut self, _code: Val) {
        self.refused = true;
    }

    fn output(&mut self, _stream: u8, _at: Val, _count: Val) {
        self.refused = true;
    }

    fn hint(&mut self, _at: Val, _count: Val) -> Result<(), Refused> {
        Err(Refused)
    }

    fn key_append(&mut self, _at: Val, _count: Val, _window: u32) -> Result<Val, Refused> {
        Err(Refused)
    }

    fn preimage_read(
        &mut self,
        _at: Val,
        _count: Val,
        _window: u32,
        _fault: Fault,
    ) -> Result<Val, Refused> {
        Err(Refused)
    }
}
