//! From a trace to x86-64 code.

mod access;
mod arithmetic;
mod condition;
mod product;

use crate::alloc::{Alloc, Operand};
use crate::asm::{Alu, Asm, Condition, Jump, Label, Reg, Rm, Shift};
use crate::ir::{Cond, ExitId, Node};
use crate::layout::{BUDGET, ENTRY, JUMPS, JUMPS_AT, Layout, STORE, table_entry};
use crate::live::Liveness;
use crate::trace::{End, ExitKind, Trace};

/// Code that all traces share, at the beginning of the code buffer.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Common {
    /// Leaves translated code; eax says by which exit.
    pub(crate) leave: Label,
    /// Goes on at the guest address in rax.
    pub(crate) find: Label,
    /// Leaves because there is no trace for the guest address in rax.
    pub(crate) lost: Label,
    /// Looks up the page of the address in the context. This call keeps all registers, and sets the zero flag
    /// if translated code cannot do the access.
    pub(crate) look_up: Label,
}

impl Common {
    /// Offsets in the code buffer, and what is there.
    #[cfg(test)]
    pub(crate) fn names(self) -> [(usize, &'static str); 4] {
        [
            (self.leave, "leave"),
            (self.find, "find"),
            (self.lost, "lost"),
            (self.look_up, "look_up"),
        ]
        .map(|(label, name)| (label.offset(), name))
    }

    /// The same code for a trace whose code begins at an offset in the buffer.
    fn seen_from(self, begin: usize) -> Self {
        Self {
            leave: self.leave.seen_from(begin),
            find: self.find.seen_from(begin),
            lost: self.lost.seen_from(begin),
            look_up: self.look_up.seen_from(begin),
        }
    }
}

/// Offsets in a trace's code, from its beginning.
#[derive(Debug, Default)]
pub(crate) struct Emitted {
    /// For each exit that goes on at a known address, the place for a jump to the trace there.
    pub(crate) links: Vec<(ExitId, usize)>,
}

/// A piece of code out of the way of the trace.
struct Stub {
    from: Jump,
    kind: StubKind,
}

enum StubKind {
    SideExit(ExitId),
    /// A load is not from an identity-mapped page: looks the page up and goes on at the label.
    High(TlbLookup, Label),
    /// The page of a store was not found: has it looked up, and tries again at the label.
    Miss(TlbLookup, Label),
    /// A word is reserved: leaves if the store that follows may be to that word.
    Reserved(ExitId, Reserved),
    /// Goes to the trace at the address in this operand.
    Find(ExitId, Operand),
}

/// The look-up of the page of the bytes from `at + first` on.
struct TlbLookup {
    exit: ExitId,
    at: Reg,
    first: i32,
    bytes: u16,
    /// Holds the number of the page's entry in a table, and at the end the entry's value: the host address minus
    /// the guest's.
    entry: Reg,
    /// A register that is free.
    free: Reg,
}

/// A store while a word is reserved: to this many bytes from `at + first` on.
struct Reserved {
    /// The address of the reserved word.
    reserved: Rm,
    /// A register that is free.
    by: Reg,
    at: Reg,
    first: i32,
    bytes: u16,
    /// Where the store goes on.
    again: Label,
}

struct Emitter<'a> {
    to: Alloc<'a>,
    trace: &'a Trace,
    live: &'a Liveness,
    common: Common,
    /// Number of the trace's first exit among all.
    first_exit: u32,
    stubs: Vec<Stub>,
    emitted: Emitted,
    /// Number of the exit for an empty budget.
    budget_exit: u32,
    /// The condition that the flags hold, valid as long as no code is appended.
    compared: Option<(Cond, usize)>,
}

/// The place of a trace among all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// Offset of its code in the code buffer.
    pub(crate) begin: usize,
    /// The number of its first exit; after its own exits comes one for an empty budget.
    pub(crate) first_exit: u32,
    /// The guest address of its first instruction.
    pub(crate) head: u64,
}

/// Appends the code of a trace to `asm`. `None` if the trace needs too many slots.
pub(crate) fn emit(
    asm: &mut Asm,
    layout: &Layout,
    trace: &Trace,
    live: &Liveness,
    common: Common,
    origin: Origin,
) -> Option<Emitted> {
    let Origin {
        begin,
        first_exit,
        head,
    } = origin;
    let budget_exit = first_exit + trace.exits.len() as u32;
    let mut emitter = Emitter {
        to: Alloc::new(asm, layout, &trace.nodes, live),
        trace,
        live,
        common: common.seen_from(begin),
        first_exit,
        stubs: Vec::new(),
        emitted: Emitted::default(),
        budget_exit,
        compared: None,
    };
    emitter.trace(head);
    (!emitter.to.failed).then_some(emitter.emitted)
}

/// Goes on in the trace for the guest address in rax, or at `lost`.
///
/// ```text
/// mov ecx, eax
/// and ecx, mask            ; the table has an entry for each four bytes, modulo its length
/// cmp rax, [jumps + 4·rcx]
/// jne lost
/// jmp [jumps + 8 + 4·rcx]
/// ```
pub(crate) fn find(asm: &mut Asm, wide: bool, lost: Label) {
    // The number of a trace's entry is its address divided by the length of an instruction. Times that length it
    // is the address again, which the operand scales to an offset in the table.
    const LEN: usize = 4;
    let mask = (LEN * (JUMPS - 1)) as i32;
    let scale = (ENTRY / LEN).trailing_zeros() as u8;
    asm.mov(false, Reg::Rcx, Reg::Rax);
    asm.alu_imm(Alu::And, false, Reg::Rcx, mask);
    asm.alu(
        Alu::Cmp,
        wide,
        Reg::Rax,
        table_entry(JUMPS_AT, Reg::Rcx, scale),
    );
    let miss = asm.jcc_ahead(Condition::NotEqual);
    asm.jmp_indirect(table_entry(JUMPS_AT + 8, Reg::Rcx, scale));
    asm.bind_to(miss, lost);
}

impl Emitter<'_> {
    fn asm(&mut self) -> &mut Asm {
        self.to.asm
    }

    fn wide(&self) -> bool {
        self.to.layout.wide
    }

    /// The whole trace. Its steps are taken from the budget at once. If too few are left, that is undone
    /// and the interpreter does them, so that a run ends at exactly the step that was asked for.
    ///
    /// ```text
    /// begin: sub r14, steps
    ///        js undo
    ///        …                    ; the nodes
    ///        mov eax, exit        ; or a jump to the next trace, once it is there
    ///        jmp leave
    ///        …                    ; what is out of the way
    /// undo:  add r14, steps
    ///        mov eax, exit
    ///        jmp leave
    /// ```
    ///
    /// A trace that ends with a branch to its own beginning jumps there itself.
    fn trace(&mut self, head: u64) {
        let steps = self.trace.steps as i32;
        self.asm().alu_imm(Alu::Sub, true, BUDGET, steps);
        let undo = self.asm().jcc_ahead(Condition::Negative);

        let mut list = &self.trace.nodes.list[..];
        let mut looping = None;
        if let (Some(End::Go(exit)), Some((Node::SideExit(cond, other), rest))) =
            (self.trace.end, list.split_last())
            && self.trace.exits[exit as usize].pc == head
            && self.trace.exits[*other as usize].kind == ExitKind::Go
        {
            looping = Some((*cond, *other));
            list = rest;
        }
        for (at, node) in list.iter().enumerate() {
            self.to.at = at;
            self.to.unlock();
            self.node(node);
        }
        self.to.at = list.len();
        self.to.unlock();
        match (looping, self.trace.end) {
            (Some((cond, other)), _) => {
                let when = self.compare(cond);
                self.asm().jcc(!when, Label::BEGIN);
                self.leave(other);
            }
            (_, Some(End::Go(exit))) => self.leave(exit),
            (_, Some(End::Find(target, exit))) => {
                self.to.fetch(Reg::Rax, target);
                let (wide, lost) = (self.wide(), self.common.lost);
                self.give_back(exit);
                find(self.to.asm, wide, lost);
            }
            (_, None) => {}
        }
        self.stubs();
        self.asm().bind(undo);
        self.asm().alu_imm(Alu::Add, true, BUDGET, steps);
        let number = self.budget_exit;
        self.leave_by(number);
    }

    fn leave_by(&mut self, number: u32) {
        let leave = self.common.leave;
        self.asm().mov_imm(Reg::Rax, u64::from(number));
        self.asm().jmp(leave);
    }

    /// Gives back the steps that come after an exit: `add r14, left`.
    fn give_back(&mut self, exit: ExitId) {
        let left = self.trace.steps - self.trace.exits[exit as usize].steps;
        if left > 0 {
            self.asm().alu_imm(Alu::Add, true, BUDGET, left as i32);
        }
    }

    /// Leaves by an exit. The `mov` has the length of a jump, which replaces it when a trace begins where
    /// this one goes on.
    ///
    /// ```text
    /// add r14, left
    /// mov eax, exit
    /// jmp leave
    /// ```
    fn leave(&mut self, exit: ExitId) {
        self.give_back(exit);
        if self.trace.exits[exit as usize].kind == ExitKind::Go {
            let here = self.asm().len();
            self.emitted.links.push((exit, here));
        }
        let number = self.first_exit + exit;
        self.leave_by(number);
    }

    /// The code that is out of the trace's way; a stub can add more. Side exits that are the same share their code.
    fn stubs(&mut self) {
        let mut stubs = core::mem::take(&mut self.stubs);
        while let Some(stub) = stubs.pop() {
            self.to.asm.bind(stub.from);
            match stub.kind {
                StubKind::SideExit(exit) => {
                    stubs.retain(|other| match other.kind {
                        StubKind::SideExit(same) if same == exit => {
                            self.to.asm.bind(other.from);
                            false
                        }
                        _ => true,
                    });
                    self.leave(exit);
                }
                StubKind::High(look, back) => self.high(&look, back),
                StubKind::Miss(look, again) => self.miss(&look, STORE, again),
                StubKind::Reserved(exit, store) => {
                    self.reserved(&store);
                    self.leave(exit);
                }
                StubKind::Find(exit, target) => {
                    let wide = self.wide();
                    match target {
                        Operand::Reg(Reg::Rax) => {}
                        Operand::Reg(reg) => self.asm().mov(wide, Reg::Rax, reg),
                        Operand::Mem(mem) => self.asm().mov(wide, Reg::Rax, mem),
                        Operand::Imm(imm) => self.asm().mov_imm(Reg::Rax, imm as u64),
                    }
                    self.give_back(exit);
                    let find = self.common.find;
                    self.asm().jmp(find);
                }
            }
        }
    }

    /// Makes the trace go on in a stub if the flags say so.
    fn stub(&mut self, when: Condition, kind: StubKind) {
        let from = self.asm().jcc_ahead(when);
        self.stubs.push(Stub { from, kind });
    }

    fn node(&mut self, node: &Node) {
        match *node {
            Node::Nothing | Node::Const(_) | Node::Entry(_) => {}
            Node::Bin(op, a, b) => self.bin(op, a, b),
            Node::Rotate(a, by) => {
                let (wide, a) = (self.wide(), self.to.rm(a));
                let dest = self.to.dest();
                self.asm().rotate_right(wide, dest, a, by);
            }
            Node::Clz(a) => {
                let (wide, a) = (self.wide(), self.to.rm(a));
                let dest = self.to.dest();
                self.asm().lzcnt(wide, dest, a);
            }
            Node::Sext(a, bits) => {
                let (wide, a) = (self.wide(), self.to.rm(a));
                let dest = self.to.dest();
                if matches!(bits, 8 | 16 | 32) {
                    self.asm().movsx(wide, u32::from(bits) / 8, dest, a);
                } else {
                    let unused = if wide { 64 - bits } else { 32 - bits };
                    self.asm().mov(wide, dest, a);
                    self.asm().shift_imm(Shift::Left, wide, dest, unused);
                    self.asm().shift_imm(Shift::Arithmetic, wide, dest, unused);
                }
            }
            Node::Flag(cond) => self.flag(cond),
            Node::Select(cond, yes, no) => self.select(cond, yes, no),
            Node::TlbLookup { .. } => self.look(node),
            Node::Load { bytes, signed, .. } => self.load(node, u32::from(bytes), signed),
            Node::Store { bytes, value, .. } => self.store(node, u32::from(bytes), value),
            Node::SetCell(cell, value) => self.set_cell(cell, value),
            Node::SideExit(cond, exit) => {
                let when = self.compare(cond);
                self.stub(when, StubKind::SideExit(exit));
            }
            Node::SideExitUnless {
                target,
                expected,
                exit,
            } => self.leave_unless(target, expected, exit),
        }
    }
}
