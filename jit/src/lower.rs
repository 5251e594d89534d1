//! From instructions to a trace: the interpretation of an ISA in which a guest word is a node.
//!
//! A trace follows one path through the guest's code. For everything that the trace does not do (faults, system
//! calls, an unaligned address, the other side of a branch) it is left *before* the instruction. Traps come
//! before effects in every instruction, so a way out needs no repair. An instruction in a delay slot belongs to
//! its branch: both are done or neither.

mod machine;
mod unaligned;

use crate::Departure;
use crate::coalesce::coalesce;
use crate::ir::{Cond, ExitId, NO_EXIT, Node, Nodes, Test, Truth, Val};
use crate::trace::{End, Exit, ExitKind, Trace};
use core::marker::PhantomData;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::{Bin, Cmp};
use fpvm_core::definition::operand::CELLS;
use fpvm_core::definition::word::Word;
use fpvm_core::machine::memory::PAGE_SIZE;

/// A trace cannot hold the instruction.
#[derive(Debug)]
pub(crate) struct Refused;

/// Constants that go into host instructions are nearer to zero.
const FAR: u64 = 1 << 30;

/// Where control goes after an instruction.
#[derive(Clone, Copy)]
enum Control {
    Next,
    Branch(Truth, Val),
}

/// The machine whose words are nodes.
struct Lowering<'a, I> {
    nodes: &'a mut Nodes,
    exits: &'a mut Vec<Exit>,
    /// The value of each cell, if known.
    cells: [Option<Val>; CELLS],
    /// Cells written by the instruction, or the branch and its slot, that is being lowered.
    writes: Vec<(u8, Val)>,
    insn: u32,
    pc: u64,
    in_slot: bool,
    control: Control,
    /// The exits before the instruction (or before the branch whose slot it is in), by reason, once needed.
    before: [ExitId; Departure::ALL.len()],
    start: u64,
    steps: u32,
    /// Whether memory was written, so that nothing may leave before the instruction any more.
    stored: bool,
    refused: bool,
    /// Values and constants whose sums are addresses that are not near the end of the address space.
    inside: Vec<(Val, u64)>,
    /// Pairs of values that are equal wherever the trace goes on.
    same: Vec<(Val, Val)>,
    /// Whether addresses of the instruction are not expected to be aligned.
    assume_unaligned: bool,
    isa: PhantomData<I>,
}

/// Lowers the instructions of a path that goes on at `next`. `fetch` gives the word at an address,
/// where it may be translated; `assume_unaligned` tells of instructions whose addresses are not aligned, by the
/// branch for one in a delay slot.
pub(crate) fn lower<I: Isa>(
    trace: &mut Trace,
    path: &[u64],
    next: u64,
    mut fetch: impl FnMut(u64) -> Option<(u32, I::Op)>,
    assume_unaligned: impl Fn(u64) -> bool,
) {
    let bits = I::Word::BITS;
    trace.nodes.clear(bits);
    trace.exits.clear();
    let mut lowering = Lowering::<I> {
        nodes: &mut trace.nodes,
        exits: &mut trace.exits,
        cells: [None; CELLS],
        writes: Vec::new(),
        insn: 0,
        pc: 0,
        in_slot: false,
        control: Control::Next,
        before: [NO_EXIT; Departure::ALL.len()],
        start: 0,
        steps: 0,
        stored: false,
        refused: false,
        inside: Vec::new(),
        same: Vec::new(),
        assume_unaligned: false,
        isa: PhantomData,
    };
    let mut at = 0;
    let end = loop {
        let Some(pc) = path.get(at) else {
            break lowering.go(next);
        };
        let marks = (lowering.nodes.list.len(), lowering.exits.len());
        lowering.begin(*pc);
        lowering.assume_unaligned = assume_unaligned(*pc);
        let done = lowering.group(&mut fetch);
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
    coalesce(trace);
}

impl<I: Isa> Lowering<'_, I> {
    fn begin(&mut self, pc: u64) {
        self.start = pc;
        self.before.fill(NO_EXIT);
        self.stored = false;
        self.refused = false;
        self.writes.clear();
    }

    fn after(pc: u64, bytes: u64) -> u64 {
        I::Word::truncate(pc.wrapping_add(bytes)).zext()
    }

    /// Lowers an instruction, and the one in its delay slot; gives their number.
    fn group(&mut self, fetch: &mut impl FnMut(u64) -> Option<(u32, I::Op)>) -> Option<usize> {
        self.one(self.start, false, fetch)?;
        let control = self.control;
        if !I::DELAY_SLOT || matches!(control, Control::Next) {
            return Some(1);
        }
        self.one(Self::after(self.start, 4), true, fetch)?;
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
    ) -> Option<()> {
        let (insn, op) = fetch(pc)?;
        (self.pc, self.insn, self.in_slot) = (pc, insn, in_slot);
        self.control = Control::Next;
        I::fetch(self).ok()?;
        I::execute(op, self).ok()?;
        (!self.refused).then_some(())
    }

    /// Writes the cells of an instruction that is complete.
    fn commit(&mut self, steps: u32) {
        for (cell, value) in core::mem::take(&mut self.writes) {
            self.nodes.push(Node::SetCell(cell, value));
            self.cells[cell as usize % CELLS] = Some(value);
        }
        self.steps += steps;
    }

    fn new_exit(&mut self, kind: ExitKind, pc: u64) -> ExitId {
        self.exits.push(Exit {
            kind,
            pc,
            steps: self.steps,
            assume_unaligned: self.assume_unaligned,
        });
        self.exits.len() as ExitId - 1
    }

    fn go(&mut self, pc: u64) -> End {
        End::Go(self.new_exit(ExitKind::Go, pc))
    }

    /// Goes on to the next instruction of the path, or ends the trace.
    fn follow(&mut self, next: u64, last: bool) -> Option<End> {
        let len = fetch::len::<I>(self.insn);
        let slot = if I::DELAY_SLOT { 2 * len } else { len };
        let (taken, target) = match self.control {
            Control::Next => return self.reach(Self::after(self.start, len), next, last),
            Control::Branch(Truth::Known(false), _) => {
                return self.reach(Self::after(self.start, slot), next, last);
            }
            Control::Branch(taken, target) => (taken, target),
        };
        let fall = Self::after(self.start, slot);
        match (taken, self.nodes.as_constant(target)) {
            (Truth::Is(_), Some(target)) => {
                let (leaves, other) = if target == next {
                    (taken.not(), fall)
                } else {
                    (taken, target)
                };
                if let Truth::Is(leaves) = leaves
                    && fall != target
                {
                    let exit = self.new_exit(ExitKind::Go, other);
                    self.nodes.push(Node::SideExit(leaves, exit));
                }
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
                let expected = self.nodes.constant(next);
                self.nodes.push(Node::SideExitUnless {
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

    fn exit_before(&mut self, why: Departure) -> Result<ExitId, Refused> {
        if self.stored {
            return Err(Refused);
        }
        let known = self.before[why as usize];
        if known != NO_EXIT {
            return Ok(known);
        }
        let exit = self.new_exit(ExitKind::Interpret(why), self.start);
        self.before[why as usize] = exit;
        Ok(exit)
    }

    /// Leaves the instruction to the interpreter, for a reason, if a truth value does not hold.
    fn expect(&mut self, truth: Truth, otherwise: Departure) -> Result<(), Refused> {
        match truth {
            Truth::Known(true) => Ok(()),
            Truth::Known(false) => Err(Refused),
            Truth::Is(cond) => {
                if let Some((one, other)) = self.nodes.parts(cond) {
                    self.expect(Truth::Is(one), otherwise)?;
                    return self.expect(Truth::Is(other), otherwise);
                }
                let exit = self.exit_before(otherwise)?;
                let fails = Cond {
                    negated: !cond.negated,
                    ..cond
                };
                self.nodes.push(Node::SideExit(fails, exit));
                if let (Test::Clear, false, Some(mask)) =
                    (cond.test, cond.negated, self.nodes.as_constant(cond.b))
                {
                    self.nodes.learn_aligned(cond.a, mask.trailing_ones());
                }
                if (cond.test, cond.negated) == (Test::Equal, false) {
                    self.same.push((cond.a, cond.b));
                }
                Ok(())
            }
        }
    }

    /// Whether two values are known to be the same where the instruction is done.
    fn is_same(&self, a: Val, b: Val) -> bool {
        // Equal constants may be different values.
        let equal = |a, b| {
            let (base, constant) = (self.nodes.base(a), self.nodes.as_constant(a));
            base == self.nodes.base(b)
                || constant.is_some() && constant == self.nodes.as_constant(b)
        };
        let mut found = self.same.iter();
        equal(a, b)
            || found.any(|(x, y)| equal(*x, a) && equal(*y, b) || equal(*x, b) && equal(*y, a))
    }

    /// Finds the page of an access to memory of 64-bit addresses; gives a value and a constant whose sum is the
    /// address, and the page. `store` is for stores: the address of the reserved word, or
    /// [`NO_VALUE`](crate::ir::NO_VALUE). A write to the reserved word is left to the interpreter, because it ends
    /// the reservation.
    fn look(
        &mut self,
        at: Val,
        bytes: u32,
        store: Option<Val>,
    ) -> Result<(Val, i32, Val), Refused> {
        let exit = self.exit_before(Departure::Page)?;
        let (at, offset) = match self.nodes.base(at) {
            (base, offset) if (offset as i64).unsigned_abs() < FAR => (base, offset as i32),
            _ => (at, 0),
        };
        let page = self.nodes.push(Node::TlbLookup {
            at,
            offset,
            below: 0,
            bytes: bytes as u16,
            store,
            exit,
        });
        Ok((at, offset, page))
    }

    /// On flat memory an access must not cross a page: two pages have two flags, and the last one
    /// wraps. Memory of 64-bit addresses checks that as it looks the page up.
    fn expect_in_page(&mut self, at: Val, bytes: u32) -> Result<(), Refused> {
        if I::Word::BITS == 64 || self.nodes.is_aligned(at, bytes.trailing_zeros()) {
            return Ok(());
        }
        let page = self.nodes.constant(PAGE_SIZE as u64 - 1);
        let place = self.nodes.bin(Bin::And, at, page);
        let end = self
            .nodes
            .constant((PAGE_SIZE as u64).wrapping_sub(u64::from(bytes) - 1));
        let inside = self.nodes.cmp(Cmp::LessUnsigned, place, end);
        self.expect(inside, Departure::TwoPages)
    }
}
