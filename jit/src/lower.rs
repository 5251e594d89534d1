//! From instructions to a trace: the interpretation of an ISA in which a guest word is a node.
//!
//! A trace follows one path through the guest's code. Whatever the trace does not do (faults, system
//! calls, an unaligned address, the other side of a branch) leaves it *before* the instruction: traps
//! come before effects in every instruction, so a way out needs no repair. An instruction in a delay
//! slot belongs to its branch: both are done or neither.

use crate::ir::{Cond, ExitId, NO_EXIT, Node, Nodes, Test, Truth, Val};
use core::marker::PhantomData;
use fpvm_core::isa::Isa;
use fpvm_core::machine::{Bin, Cmp, Fault, Jump, Machine};
use fpvm_core::memory::PAGE_SIZE;
use fpvm_core::operand::{CELLS, Cell, Imm, Reg};
use fpvm_core::threads::Stack;
use fpvm_core::word::Word;

/// A way out of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Exit {
    pub(crate) kind: ExitKind,
    /// Where the guest goes on; unused where that is only known at run time.
    pub(crate) pc: u64,
    /// Steps of the trace that are done there.
    pub(crate) steps: u32,
}

/// What happens at a way out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExitKind {
    /// The interpreter does the instruction.
    Interpret,
    /// Another trace goes on.
    Go,
    /// Another trace goes on at an address that is a value.
    Find,
}

/// How a trace ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// At a known address.
    Go(ExitId),
    /// At the address that is this value.
    Find(Val, ExitId),
}

/// A path through the guest's code and what it does.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) nodes: Nodes,
    pub(crate) exits: Vec<Exit>,
    pub(crate) end: Option<End>,
    /// Guest instructions from begin to end.
    pub(crate) steps: u32,
}

/// The instruction is none that a trace can hold.
#[derive(Debug)]
pub(crate) struct Refused;

/// No value.
const NONE: Val = Val::MAX;

/// Where an instruction goes on.
#[derive(Clone, Copy)]
enum Control {
    Next,
    Branch(Truth, Val),
}

/// The machine whose words are nodes.
struct Lowering<'a, I> {
    nodes: &'a mut Nodes,
    exits: &'a mut Vec<Exit>,
    /// The value of each cell, where known.
    cells: [Val; CELLS],
    /// Cells written by the instruction, or the branch and its slot, that is being lowered.
    writes: Vec<(u8, Val)>,
    insn: u32,
    pc: u64,
    in_slot: bool,
    control: Control,
    /// The exit before the instruction (or before the branch whose slot it is in), once needed.
    exit: ExitId,
    start: u64,
    steps: u32,
    /// Memory is written: nothing may leave before the instruction any more.
    stored: bool,
    refused: bool,
    /// Addresses of the instruction are not expected to be aligned.
    careful: bool,
    isa: PhantomData<I>,
}

/// Lowers the instructions of a path that goes on at `next`. `fetch` gives the word at an address,
/// where it may be translated; `careful` tells of instructions whose addresses are not aligned.
pub(crate) fn lower<I: Isa>(
    trace: &mut Trace,
    path: &[u64],
    next: u64,
    mut fetch: impl FnMut(u64) -> Option<(u32, I::Op)>,
    careful: impl Fn(u64) -> bool,
) {
    let bits = I::Word::BITS;
    trace.nodes.clear(bits);
    trace.exits.clear();
    let mut lowering = Lowering::<I> {
        nodes: &mut trace.nodes,
        exits: &mut trace.exits,
        cells: [NONE; CELLS],
        writes: Vec::new(),
        insn: 0,
        pc: 0,
        in_slot: false,
        control: Control::Next,
        exit: NO_EXIT,
        start: 0,
        steps: 0,
        stored: false,
        refused: false,
        careful: false,
        isa: PhantomData,
    };
    let mut at = 0;
    let end = loop {
        let Some(pc) = path.get(at) else {
            break lowering.go(next);
        };
        let marks = (lowering.nodes.list.len(), lowering.exits.len());
        lowering.begin(*pc);
        let done = lowering.group(&mut fetch, &careful);
        let Some(steps) = done.filter(|steps| at + steps <= path.len()) else {
            lowering.nodes.truncate(marks.0);
            lowering.exits.truncate(marks.1);
            break lowering.go(*pc);
        };
        lowering.commit(steps as u32);
        at += steps;
        let after = path.get(at).copied().unwrap_or(next);
        if let Some(end) = lowering.follow(after, at == path.len()) {
            break end;
        }
    };
    trace.steps = lowering.steps;
    trace.end = Some(end);
}

impl<I: Isa> Lowering<'_, I> {
    fn begin(&mut self, pc: u64) {
        self.start = pc;
        self.exit = NO_EXIT;
        self.stored = false;
        self.refused = false;
        self.writes.clear();
    }

    fn after(pc: u64, bytes: u64) -> u64 {
        I::Word::truncate(pc.wrapping_add(bytes)).zext()
    }

    /// Lowers an instruction, and the one in its delay slot; gives their number.
    fn group(
        &mut self,
        fetch: &mut impl FnMut(u64) -> Option<(u32, I::Op)>,
        careful: &impl Fn(u64) -> bool,
    ) -> Option<usize> {
        self.one(self.start, false, fetch, careful)?;
        let control = self.control;
        if !I::DELAY_SLOT || matches!(control, Control::Next) {
            return Some(1);
        }
        self.one(Self::after(self.start, 4), true, fetch, careful)?;
        let Control::Next = self.control else {
            return None;
        };
        self.control = control;
        Some(2)
    }

    fn one(
        &mut self,
        pc: u64,
        in_slot: bool,
        fetch: &mut impl FnMut(u64) -> Option<(u32, I::Op)>,
        careful: &impl Fn(u64) -> bool,
    ) -> Option<()> {
        let (insn, op) = fetch(pc)?;
        (self.pc, self.insn, self.in_slot) = (pc, insn, in_slot);
        self.control = Control::Next;
        self.careful = careful(pc);
        I::fetch(self).ok()?;
        I::execute(op, self).ok()?;
        (!self.refused).then_some(())
    }

    /// Writes the cells of an instruction that is complete.
    fn commit(&mut self, steps: u32) {
        for (cell, value) in core::mem::take(&mut self.writes) {
            self.nodes.push(Node::SetCell(cell, value));
            self.cells[cell as usize % CELLS] = value;
        }
        self.steps += steps;
    }

    fn new_exit(&mut self, kind: ExitKind, pc: u64) -> ExitId {
        self.exits.push(Exit {
            kind,
            pc,
            steps: self.steps,
        });
        self.exits.len() as ExitId - 1
    }

    fn go(&mut self, pc: u64) -> End {
        End::Go(self.new_exit(ExitKind::Go, pc))
    }

    /// Goes on to the next instruction of the path, or ends the trace.
    fn follow(&mut self, next: u64, last: bool) -> Option<End> {
        let slot = if I::DELAY_SLOT { 8 } else { 4 };
        let (taken, target) = match self.control {
            Control::Next => return self.reach(Self::after(self.start, 4), next, last),
            Control::Branch(Truth::Known(false), _) => {
                return self.reach(Self::after(self.start, slot), next, last);
            }
            Control::Branch(taken, target) => (taken, target),
        };
        let fall = Self::after(self.start, slot);
        match (taken, self.nodes.constant(target)) {
            (Truth::Is(cond), Some(target)) => {
                let (leaves, other) = if target == next {
                    (taken.not(), fall)
                } else {
                    (taken, target)
                };
                if let Truth::Is(leaves) = leaves
                    && fall != target
                {
                    let exit = self.new_exit(ExitKind::Go, other);
                    self.nodes.push(Node::Leave(leaves, exit));
                }
                let _ = cond;
                let here = if target == next { target } else { fall };
                self.reach(here, next, last)
            }
            (Truth::Is(_), None) => Some(self.go(self.start)),
            (Truth::Known(_), Some(target)) => self.reach(target, next, last),
            (Truth::Known(_), None) => {
                let exit = self.new_exit(ExitKind::Find, 0);
                if last {
                    return Some(End::Find(target, exit));
                }
                let expected = self.nodes.konst(next);
                self.nodes.push(Node::LeaveUnless {
                    target,
                    expected,
                    exit,
                });
                None
            }
        }
    }

    /// The trace is at `here`; it goes on where the path does too.
    fn reach(&mut self, here: u64, next: u64, last: bool) -> Option<End> {
        (last || here != next).then(|| self.go(here))
    }

    fn exit_before(&mut self) -> Result<ExitId, Refused> {
        if self.stored {
            return Err(Refused);
        }
        if self.exit == NO_EXIT {
            self.exit = self.new_exit(ExitKind::Interpret, self.start);
        }
        Ok(self.exit)
    }

    /// Leaves the instruction to the interpreter where it does not hold.
    fn expect(&mut self, truth: Truth) -> Result<(), Refused> {
        match truth {
            Truth::Known(true) => Ok(()),
            Truth::Known(false) => Err(Refused),
            Truth::Is(cond) => {
                let exit = self.exit_before()?;
                let fails = Cond {
                    negated: !cond.negated,
                    ..cond
                };
                self.nodes.push(Node::Leave(fails, exit));
                if let (Test::Clear, false, Some(mask)) =
                    (cond.test, cond.negated, self.nodes.constant(cond.b))
                {
                    self.nodes.learn_aligned(cond.a, mask.trailing_ones());
                }
                Ok(())
            }
        }
    }

    /// A write to the reserved word, which ends the reservation, is left to the interpreter.
    fn expect_unreserved(&mut self, at: Val) -> Result<(), Refused> {
        let Some(reservation) = I::RESERVATION else {
            return Ok(());
        };
        let reserved = self.get(reservation.address);
        let differs = self.bin(Bin::Xor, at, reserved);
        let differs = self.and_k(differs, !(I::Word::BYTES as u64 - 1));
        let same = self.eq_k(differs, 0);
        self.expect(same.not())
    }

    /// On flat memory an access must not cross a page: two pages have two flags, and the last one
    /// wraps. Memory of 64-bit addresses checks that as it looks the page up.
    fn expect_in_page(&mut self, at: Val, bytes: u32) -> Result<(), Refused> {
        if I::Word::BITS == 64 || self.nodes.is_aligned(at, bytes.trailing_zeros()) {
            return Ok(());
        }
        let page = self.nodes.konst(PAGE_SIZE as u64 - 1);
        let place = self.nodes.bin(Bin::And, at, page);
        let end = self
            .nodes
            .konst((PAGE_SIZE as u64).wrapping_sub(u64::from(bytes) - 1));
        let inside = self.nodes.cmp(Cmp::LessUnsigned, place, end);
        self.expect(inside)
    }
}

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
            return self.konst(self.pc.wrapping_add(4));
        }
        if cell == 0 {
            return self.konst(0);
        }
        if let Some((_, value)) = self.writes.iter().rev().find(|(to, _)| *to == cell) {
            return *value;
        }
        let known = &mut self.cells[cell as usize];
        if *known == NONE {
            *known = self.nodes.push(Node::Entry(cell));
        }
        *known
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
        self.nodes.konst(i.of(self.insn))
    }

    fn pc(&mut self) -> Val {
        self.nodes.konst(self.pc)
    }

    fn konst(&mut self, v: u64) -> Val {
        self.nodes.konst(v)
    }

    fn bin(&mut self, op: Bin, a: Val, b: Val) -> Val {
        self.nodes.bin(op, a, b)
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

    fn both(&mut self, a: Truth, b: Truth) -> Truth {
        self.nodes.both(a, b)
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
        if self.careful || self.stored || self.nodes.constant(at).is_some() {
            return self.and_k(at, !low);
        }
        let low = self.and_k(at, low);
        let aligned = self.eq_k(low, 0);
        self.refused |= self.expect(aligned).is_err();
        at
    }

    fn load(&mut self, at: Val, bytes: u32) -> Result<Val, Refused> {
        self.expect_in_page(at, bytes)?;
        let exit = match I::Word::BITS {
            32 => NO_EXIT,
            _ => self.exit_before()?,
        };
        Ok(self.nodes.push(Node::Load {
            at,
            bytes: bytes as u8,
            signed: false,
            exit,
        }))
    }

    fn store(&mut self, at: Val, bytes: u32, value: Val) -> Result<(), Refused> {
        self.expect_in_page(at, bytes)?;
        self.expect_unreserved(at)?;
        let exit = self.exit_before()?;
        self.stored = true;
        self.nodes.push(Node::Store {
            at,
            bytes: bytes as u8,
            value,
            exit,
        });
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
        self.expect(when.not())
    }

    fn trap(&mut self, _fault: Fault) -> Result<(), Refused> {
        Err(Refused)
    }

    /// The arm that is taken where it holds is the one expected.
    fn cond(
        &mut self,
        when: Truth,
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        if when == Truth::Known(false) {
            return arm(self, false);
        }
        self.expect(when)?;
        arm(self, true)
    }

    fn choose(
        &mut self,
        _v: Val,
        _cases: &[u64],
        _arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        Err(Refused)
    }

    fn step(&mut self) -> Val {
        self.refused = true;
        self.konst(0)
    }

    fn is_alone(&mut self, _stack: Stack) -> Truth {
        self.refused = true;
        Truth::Known(false)
    }

    fn park(&mut self, _stack: Stack) {
        self.refused = true;
    }

    fn resume(&mut self) {
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
