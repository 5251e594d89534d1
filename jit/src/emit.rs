//! From a trace to x86-64 code.

use crate::alloc::{Alloc, Operand};
use crate::asm::{
    ABOVE, Alu, Asm, BELOW, Cc, EQUAL, Jump, LESS, Mem, NEGATIVE, RAX, RCX, RDX, Reg, Rm, Shift,
    Unary,
};
use crate::ir::{Cond, ExitId, NO_EXIT, Node, Test, Val};
use crate::layout::{
    ACCESS_AT, ADDRESS_AT, BUDGET, FLAGS, JUMPS, JUMPS_AT, LOADS_AT, Layout, MEMORY, PAGES, STORE,
    STORES_AT, entry, field,
};
use crate::live::Liveness;
use crate::lower::{End, ExitKind, Trace};
use fpvm_core::machine::Bin;
use fpvm_core::memory::{PAGE_SIZE, PagedMemory};

/// Code that all traces share, by offsets in the code buffer.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Common {
    /// Leaves translated code; eax says by which exit.
    pub(crate) leave: usize,
    /// Goes on at the guest address in rax.
    pub(crate) find: usize,
    /// Leaves since there is no trace for the guest address in rax.
    pub(crate) lost: usize,
    /// Looks up the page of the address in the context; a call that keeps all registers, and sets
    /// the zero flag where the access is none for translated code.
    pub(crate) look_up: usize,
}

/// Where things are in a trace's code, from its begin.
#[derive(Debug, Default)]
pub(crate) struct Emitted {
    /// For each exit that goes on at a known address, where the jump to a trace there can be put.
    pub(crate) links: Vec<(ExitId, usize)>,
}

/// A piece of code out of the way of the trace.
struct Stub {
    from: Jump,
    kind: StubKind,
}

enum StubKind {
    Leave(ExitId),
    /// The page of the address in this register was not found: looks it up and tries again.
    Miss {
        exit: ExitId,
        at: Reg,
        access: u32,
        again: usize,
    },
    /// To the trace at the address in this operand.
    Find(ExitId, Operand),
}

struct Emitter<'a> {
    to: Alloc<'a>,
    trace: &'a Trace,
    live: &'a Liveness,
    common: Common,
    /// Offset of this trace's code in the code buffer.
    begin: usize,
    /// Number of the trace's first exit among all.
    first_exit: u32,
    stubs: Vec<Stub>,
    emitted: Emitted,
    /// Number of the exit for an empty budget.
    budget_exit: u32,
}

/// Where a trace belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// Offset of its code in the code buffer.
    pub(crate) begin: usize,
    /// The number of its first exit; after its own exits comes one for an empty budget.
    pub(crate) first_exit: u32,
    /// The guest address of its first instruction.
    pub(crate) head: u64,
}

/// Appends the code of a trace to `asm`. `None` where the trace needs too many slots.
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
        common,
        begin,
        first_exit,
        stubs: Vec::new(),
        emitted: Emitted::default(),
        budget_exit,
    };
    emitter.trace(head);
    (!emitter.to.out_of_slots).then_some(emitter.emitted)
}

/// Goes on in the trace for the guest address in rax, or at `lost`.
pub(crate) fn find(asm: &mut Asm, wide: bool, lost: i64) {
    let mask = 4 * (JUMPS as i32 - 1);
    asm.mov(false, RCX, RAX);
    asm.alu_imm(Alu::And, false, RCX, mask);
    asm.alu(Alu::Cmp, wide, RAX, entry(JUMPS_AT, RCX, 2));
    let miss = asm.jcc(EQUAL ^ 1);
    asm.jmp_to(entry(JUMPS_AT + 8, RCX, 2));
    asm.land(miss, lost);
}

impl Emitter<'_> {
    fn asm(&mut self) -> &mut Asm {
        self.to.asm
    }

    fn wide(&self) -> bool {
        self.to.layout.wide
    }

    fn trace(&mut self, head: u64) {
        let steps = self.trace.steps as i32;
        self.asm().alu_imm(Alu::Sub, true, BUDGET, steps);
        let undo = self.asm().jcc(NEGATIVE);

        let mut list = &self.trace.nodes.list[..];
        let mut looping = None;
        if let (Some(End::Go(exit)), Some((Node::Leave(cond, other), rest))) =
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
                let cc = self.compare(cond) ^ 1;
                let back = self.asm().jcc(cc);
                self.asm().land(back, 0);
                self.leave(other);
            }
            (_, Some(End::Go(exit))) => self.leave(exit),
            (_, Some(End::Find(target, exit))) => {
                self.to.fetch(RAX, target);
                let (wide, lost) = (self.wide(), self.common.lost as i64 - self.begin as i64);
                self.give_back(exit);
                find(self.to.asm, wide, lost);
            }
            (_, None) => {}
        }
        self.stubs();
        self.asm().land_here(undo);
        self.asm().alu_imm(Alu::Add, true, BUDGET, steps);
        let number = self.budget_exit;
        self.leave_by(number);
    }

    fn leave_by(&mut self, number: u32) {
        let common = self.common.leave as i64 - self.begin as i64;
        self.asm().mov_imm(RAX, u64::from(number));
        self.asm().jmp_back(common);
    }

    /// Gives back the steps that an exit comes before.
    fn give_back(&mut self, exit: ExitId) {
        let left = self.trace.steps - self.trace.exits[exit as usize].steps;
        if left > 0 {
            self.asm().alu_imm(Alu::Add, true, BUDGET, left as i32);
        }
    }

    fn leave(&mut self, exit: ExitId) {
        self.give_back(exit);
        if self.trace.exits[exit as usize].kind == ExitKind::Go {
            let here = self.asm().here();
            self.emitted.links.push((exit, here));
        }
        let number = self.first_exit + exit;
        self.leave_by(number);
    }

    fn stubs(&mut self) {
        let mut stubs = core::mem::take(&mut self.stubs);
        while let Some(stub) = stubs.pop() {
            self.to.asm.land_here(stub.from);
            match stub.kind {
                StubKind::Leave(exit) => {
                    stubs.retain(|other| match other.kind {
                        StubKind::Leave(same) if same == exit => {
                            self.to.asm.land_here(other.from);
                            false
                        }
                        _ => true,
                    });
                    self.leave(exit);
                }
                StubKind::Miss {
                    exit,
                    at,
                    access,
                    again,
                } => {
                    let look_up = self.common.look_up as i64 - self.begin as i64;
                    let asm = self.asm();
                    asm.mov_to(true, field(ADDRESS_AT), at);
                    asm.mov_to_imm(false, field(ACCESS_AT), access as i32);
                    asm.call_back(look_up);
                    let found = asm.jcc(EQUAL ^ 1);
                    asm.land(found, again as i64);
                    self.leave(exit);
                }
                StubKind::Find(exit, target) => {
                    let wide = self.wide();
                    match target {
                        Operand::Reg(RAX) => {}
                        Operand::Reg(reg) => self.asm().mov(wide, RAX, reg),
                        Operand::Mem(mem) => self.asm().mov(wide, RAX, mem),
                        Operand::Imm(imm) => self.asm().mov_imm(RAX, imm as u64),
                    }
                    self.give_back(exit);
                    let common = self.common.find as i64 - self.begin as i64;
                    self.asm().jmp_back(common);
                }
            }
        }
    }

    fn stub(&mut self, cc: Cc, kind: StubKind) {
        let from = self.asm().jcc(cc);
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
            Node::Flag(cond) => {
                let cc = self.compare(cond);
                self.to.unlock();
                let dest = self.to.dest();
                self.asm().set(cc, dest);
                self.asm().movzx(1, dest, dest);
            }
            Node::Select(cond, yes, no) => self.select(cond, yes, no),
            Node::Load {
                at,
                bytes,
                signed,
                exit,
            } => self.load(at, u32::from(bytes), signed, exit),
            Node::Store {
                at,
                bytes,
                value,
                exit,
            } => self.store(at, u32::from(bytes), value, exit),
            Node::SetCell(cell, value) => self.to.set_cell(cell, value),
            Node::Leave(cond, exit) => {
                let cc = self.compare(cond);
                self.stub(cc, StubKind::Leave(exit));
            }
            Node::LeaveUnless {
                target,
                expected,
                exit,
            } => {
                let wide = self.wide();
                let target = self.to.operand(target);
                match (target, self.to.operand(expected)) {
                    (Operand::Reg(reg), Operand::Imm(k)) => {
                        self.asm().alu_imm(Alu::Cmp, wide, reg, k);
                    }
                    (Operand::Mem(mem), Operand::Imm(k)) => {
                        self.asm().alu_imm(Alu::Cmp, wide, mem, k);
                    }
                    (Operand::Reg(a), Operand::Reg(b)) => self.asm().alu(Alu::Cmp, wide, a, b),
                    (Operand::Mem(a), Operand::Reg(b)) => self.asm().alu_to(Alu::Cmp, wide, a, b),
                    // Both sides are never constant, and a constant is never in memory.
                    _ => self.to.out_of_slots = true,
                }
                self.stub(EQUAL ^ 1, StubKind::Find(exit, target));
            }
        }
    }

    /// Sets the flags; gives the code under which the condition holds.
    fn compare(&mut self, cond: Cond) -> Cc {
        let wide = self.wide();
        let negate = u8::from(cond.negated);
        let mut a = self.to.operand(cond.a);
        if let Operand::Imm(_) = a {
            a = Operand::Reg(self.to.reg(cond.a));
        }
        let b = self.to.operand(cond.b);
        if let (Operand::Mem(_), Operand::Mem(_)) = (a, b) {
            a = Operand::Reg(self.to.reg(cond.a));
        }
        let cc = match cond.test {
            Test::Equal | Test::Clear => EQUAL,
            Test::LessSigned => LESS,
            Test::LessUnsigned => BELOW,
        };
        if cond.test == Test::Clear {
            match (a, b) {
                (Operand::Reg(a), Operand::Imm(k)) => self.asm().test_imm(wide, a, k),
                (Operand::Mem(a), Operand::Imm(k)) => self.asm().test_imm(wide, a, k),
                (Operand::Reg(a), _) => {
                    let b = self.to.reg(cond.b);
                    self.asm().test(wide, a, b);
                }
                _ => {
                    let (a, b) = (self.to.reg(cond.a), self.to.reg(cond.b));
                    self.asm().test(wide, a, b);
                }
            }
            return cc ^ negate;
        }
        match (a, b) {
            (Operand::Reg(a), Operand::Imm(0)) if cond.test == Test::Equal => {
                self.asm().test(wide, a, a);
            }
            (Operand::Reg(a), Operand::Imm(k)) => self.asm().alu_imm(Alu::Cmp, wide, a, k),
            (Operand::Mem(a), Operand::Imm(k)) => self.asm().alu_imm(Alu::Cmp, wide, a, k),
            (Operand::Reg(a), Operand::Reg(b)) => self.asm().alu(Alu::Cmp, wide, a, b),
            (Operand::Reg(a), Operand::Mem(b)) => self.asm().alu(Alu::Cmp, wide, a, b),
            (Operand::Mem(a), Operand::Reg(b)) => self.asm().alu_to(Alu::Cmp, wide, a, b),
            _ => self.to.out_of_slots = true,
        }
        cc ^ negate
    }

    fn select(&mut self, cond: Cond, yes: Val, no: Val) {
        let wide = self.wide();
        let cc = self.compare(cond);
        // Only moves from here on: they leave the flags alone.
        self.to.unlock();
        let yes_rm = self.to.rm(yes);
        let no_operand = self.to.operand(no);
        let dest = self.to.dest();
        if yes_rm == Rm::Reg(dest) && yes != no {
            match no_operand {
                Operand::Reg(no) => self.asm().cmov(cc ^ 1, wide, dest, no),
                Operand::Mem(no) => self.asm().cmov(cc ^ 1, wide, dest, no),
                Operand::Imm(_) => {
                    let skip = self.asm().jcc(cc);
                    self.to.fetch(dest, no);
                    self.to.asm.land_here(skip);
                }
            }
            return;
        }
        match no_operand {
            Operand::Reg(no) if no == dest => {}
            Operand::Reg(no) => self.asm().mov(wide, dest, no),
            Operand::Mem(no) => self.asm().mov(wide, dest, no),
            Operand::Imm(_) => self.to.fetch(dest, no),
        }
        self.asm().cmov(cc, wide, dest, yes_rm);
    }

    /// The host address of a guest address in flat memory.
    fn flat(&mut self, at: Val) -> Mem {
        match self.to.nodes.constant(at) {
            Some(k) if k < 1 << 31 => Mem::at(MEMORY, k as i32),
            _ => Mem::indexed(MEMORY, self.to.reg(at), 0, 0),
        }
    }

    /// Looks a page up among the recent ones; gives the access's host address.
    fn paged(&mut self, at: Val, bytes: u32, exit: ExitId, table: usize) -> Mem {
        let at = self.to.reg(at);
        let (row, place) = (self.to.scratch(), self.to.scratch());
        let asm = self.asm();
        let again = asm.here();
        asm.mov(true, row, at);
        asm.shift_imm(Shift::Right, true, row, 12 - 4);
        asm.alu_imm(Alu::And, false, row, 16 * (PAGES as i32 - 1));
        asm.mov(true, place, at);
        asm.alu(Alu::Sub, true, place, entry(table, row, 0));
        asm.alu_imm(Alu::Cmp, true, place, (PAGE_SIZE as u32 - bytes) as i32);
        let access = if table == STORES_AT {
            STORE | bytes
        } else {
            bytes
        };
        let miss = StubKind::Miss {
            exit,
            at,
            access,
            again,
        };
        self.stub(ABOVE, miss);
        self.asm().mov(true, row, entry(table + 8, row, 0));
        Mem::indexed(row, place, 0, 0)
    }

    fn load(&mut self, at: Val, bytes: u32, signed: bool, exit: ExitId) {
        let from = if exit == NO_EXIT {
            self.flat(at)
        } else {
            self.paged(at, bytes, exit, LOADS_AT)
        };
        let (wide, swap) = (self.wide(), self.to.layout.swap);
        let dest = self.to.dest();
        let asm = self.asm();
        match (bytes, swap) {
            (1, _) if signed => asm.movsx(wide, 1, dest, from),
            (1, _) => asm.movzx(1, dest, from),
            (2, false) if signed => asm.movsx(wide, 2, dest, from),
            (2, false) => asm.movzx(2, dest, from),
            (2, true) => {
                asm.movbe(2, dest, from);
                if signed {
                    asm.movsx(wide, 2, dest, dest);
                } else {
                    asm.movzx(2, dest, dest);
                }
            }
            (4, false) if signed && wide => asm.movsx(true, 4, dest, from),
            (_, false) => asm.mov(bytes == 8, dest, from),
            (_, true) => {
                asm.movbe(bytes, dest, from);
                if bytes == 4 && signed && wide {
                    asm.movsx(true, 4, dest, dest);
                }
            }
        }
    }

    fn store(&mut self, at: Val, bytes: u32, value: Val, exit: ExitId) {
        let swap = self.to.layout.swap && bytes > 1;
        let constant = match self.to.operand(value) {
            Operand::Imm(imm) if bytes >= 4 && (bytes == 4 || !swap) => {
                Some(if swap { imm.swap_bytes() } else { imm })
            }
            _ => None,
        };
        let from = match constant {
            Some(_) => RAX,
            None => self.to.reg(value),
        };
        let to = if self.wide() {
            self.paged(at, bytes, exit, STORES_AT)
        } else {
            let at_reg = self.to.reg(at);
            let page = self.to.scratch();
            let asm = self.asm();
            asm.mov(false, page, at_reg);
            asm.shift_imm(Shift::Right, false, page, PAGE_SIZE.trailing_zeros() as u8);
            asm.cmp_byte(Mem::indexed(FLAGS, page, 0, 0), PagedMemory::<u32>::READY);
            self.stub(EQUAL ^ 1, StubKind::Leave(exit));
            self.flat(at)
        };
        let asm = self.asm();
        match constant {
            Some(imm) => asm.mov_to_imm(bytes == 8, to, imm),
            None if swap => asm.movbe_to(bytes, to, from),
            None => asm.store(bytes, to, from),
        }
    }

    fn bin(&mut self, op: Bin, a: Val, b: Val) {
        let constant = self.to.nodes.constant(b);
        match op {
            Bin::Add => self.add(a, b),
            Bin::Sub => self.two(Alu::Sub, a, b, false),
            Bin::Or => self.two(Alu::Or, a, b, true),
            Bin::Xor => self.two(Alu::Xor, a, b, true),
            Bin::And => match constant {
                Some(0xffff_ffff) if self.wide() => {
                    let a = self.to.rm(a);
                    let dest = self.to.dest();
                    self.asm().mov(false, dest, a);
                }
                Some(k) if self.wide() && (1 << 31..1 << 32).contains(&k) => {
                    let a = self.to.rm(a);
                    let dest = self.to.dest();
                    self.asm().mov(false, dest, a);
                    self.asm().alu_imm(Alu::And, false, dest, k as i32);
                }
                _ => self.two(Alu::And, a, b, true),
            },
            Bin::Shl => self.shift(Shift::Left, a, b, constant),
            Bin::Shr => self.shift(Shift::Right, a, b, constant),
            Bin::Sar => self.shift(Shift::Arithmetic, a, b, constant),
            Bin::Mul => self.multiply(a, b),
            Bin::MulHighUnsigned | Bin::MulHighSigned | Bin::MulHighSignedUnsigned => {
                if self.wide() {
                    self.multiply_high_wide(op, a, b);
                } else {
                    self.multiply_high(op, a, b);
                }
            }
            Bin::DivUnsigned | Bin::DivSigned | Bin::RemUnsigned | Bin::RemSigned => {
                self.divide(op, a, b);
            }
        }
    }

    fn add(&mut self, a: Val, b: Val) {
        let wide = self.wide();
        let (a_at, b_at) = (self.to.operand(a), self.to.operand(b));
        match (a_at, b_at) {
            (Operand::Reg(a), Operand::Imm(k)) => {
                let dest = self.to.dest();
                if dest == a {
                    self.asm().alu_imm(Alu::Add, wide, dest, k);
                } else {
                    self.asm().lea(wide, dest, Mem::at(a, k));
                }
            }
            (Operand::Reg(a), Operand::Reg(b)) => {
                let dest = self.to.dest();
                if dest == a {
                    self.asm().alu(Alu::Add, wide, dest, b);
                } else if dest == b {
                    self.asm().alu(Alu::Add, wide, dest, a);
                } else {
                    self.asm().lea(wide, dest, Mem::indexed(a, b, 0, 0));
                }
            }
            _ => self.two(Alu::Add, a, b, true),
        }
    }

    /// dest = a, then dest op= b.
    fn two(&mut self, op: Alu, a: Val, b: Val, commutes: bool) {
        let wide = self.wide();
        let (mut x, mut y) = (self.to.operand(a), self.to.operand(b));
        let mut first = a;
        let dest = self.to.dest();
        if y == Operand::Reg(dest) && x != y {
            if commutes {
                (x, y) = (y, x);
                first = b;
            } else {
                self.asm().unary(Unary::Neg, wide, dest);
                self.alu(Alu::Add, dest, x);
                return;
            }
        }
        match x {
            Operand::Reg(x) if x == dest => {}
            Operand::Reg(x) => self.asm().mov(wide, dest, x),
            Operand::Mem(x) => self.asm().mov(wide, dest, x),
            Operand::Imm(_) => {
                let k = self.to.nodes.constant(first).unwrap_or_default();
                self.asm().mov_imm(dest, k);
            }
        }
        self.alu(op, dest, y);
    }

    fn alu(&mut self, op: Alu, dest: Reg, operand: Operand) {
        let wide = self.wide();
        match operand {
            Operand::Reg(reg) => self.asm().alu(op, wide, dest, reg),
            Operand::Mem(mem) => self.asm().alu(op, wide, dest, mem),
            Operand::Imm(k) => self.asm().alu_imm(op, wide, dest, k),
        }
    }

    fn shift(&mut self, op: Shift, a: Val, b: Val, constant: Option<u64>) {
        let wide = self.wide();
        let bits: u64 = if wide { 64 } else { 32 };
        let from = self.to.rm(a);
        if let Some(k) = constant {
            let dest = self.to.dest();
            if from != Rm::Reg(dest) {
                self.asm().mov(wide, dest, from);
            }
            self.asm().shift_imm(op, wide, dest, k as u8);
            return;
        }
        let by = self.to.reg(b);
        if self.to.nodes.max(b) < bits {
            let dest = self.to.dest();
            self.asm().shift(op, wide, dest, from, by);
            return;
        }
        // The host takes the amount modulo the width; here a large one shifts all out.
        let made = self.to.scratch();
        let asm = self.asm();
        asm.shift(op, wide, made, from, by);
        asm.alu_imm(Alu::Cmp, wide, by, bits as i32);
        let in_range = asm.jcc(BELOW);
        if op == Shift::Arithmetic {
            asm.mov(wide, made, from);
            asm.shift_imm(op, wide, made, bits as u8 - 1);
        } else {
            asm.mov_imm(made, 0);
        }
        asm.land_here(in_range);
        self.to.unlock();
        let dest = self.to.dest();
        self.asm().mov(wide, dest, made);
    }

    fn multiply(&mut self, a: Val, b: Val) {
        let wide = self.wide();
        let (x, y) = (self.to.rm(a), self.to.operand(b));
        let dest = self.to.dest();
        match y {
            Operand::Imm(k) => self.asm().imul_imm(wide, dest, x, k),
            Operand::Reg(y) if y == dest => self.asm().imul(wide, dest, x),
            _ => {
                if x != Rm::Reg(dest) {
                    self.asm().mov(wide, dest, x);
                }
                match y {
                    Operand::Reg(y) => self.asm().imul(wide, dest, y),
                    Operand::Mem(y) => self.asm().imul(wide, dest, y),
                    Operand::Imm(_) => {}
                }
            }
        }
    }

    /// The high half of a product of 32-bit words, by a product of 64 bits.
    fn multiply_high(&mut self, op: Bin, a: Val, b: Val) {
        let x = self.to.rm(a);
        let left = self.to.scratch();
        if op == Bin::MulHighUnsigned {
            self.asm().mov(false, left, x);
        } else {
            self.asm().movsx(true, 4, left, x);
        }
        self.to.unlock();
        self.to.lock(left);
        let y = self.to.rm(b);
        let dest = self.to.dest();
        if op == Bin::MulHighSigned {
            self.asm().movsx(true, 4, dest, y);
        } else if y != Rm::Reg(dest) {
            self.asm().mov(false, dest, y);
        }
        self.asm().imul(true, dest, left);
        self.asm().shift_imm(Shift::Right, true, dest, 32);
    }

    fn multiply_high_wide(&mut self, op: Bin, a: Val, b: Val) {
        self.operands_in(a, RDX, b, RCX);
        let asm = self.asm();
        match op {
            Bin::MulHighSigned => {
                asm.mov(true, RAX, RDX);
                asm.unary(Unary::MulSigned, true, RCX);
            }
            Bin::MulHighSignedUnsigned => {
                asm.mulx(true, RAX, RAX, RCX);
                asm.shift_imm(Shift::Arithmetic, true, RDX, 63);
                asm.alu(Alu::And, true, RDX, RCX);
                asm.alu(Alu::Sub, true, RAX, RDX);
                asm.mov(true, RDX, RAX);
            }
            _ => asm.mulx(true, RDX, RAX, RCX),
        }
        let value = self.to.at as Val;
        self.to.hold(RDX, value);
    }

    /// Two values in two temporaries, all others free.
    fn operands_in(&mut self, a: Val, to_a: Reg, b: Val, to_b: Reg) {
        self.to.evict_all();
        self.to.fetch(to_b, b);
        self.to.fetch(to_a, a);
    }

    /// Quotient and remainder, both at once where the next node wants the other.
    fn divide(&mut self, op: Bin, a: Val, b: Val) {
        let value = self.to.at as Val;
        if self.to.is_placed(value) {
            return;
        }
        let (signed, remainder) = match op {
            Bin::DivSigned => (true, false),
            Bin::RemSigned => (true, true),
            Bin::RemUnsigned => (false, true),
            _ => (false, false),
        };
        let wide = self.wide();
        self.operands_in(a, RAX, b, RCX);
        let asm = self.asm();
        asm.test(wide, RCX, RCX);
        let by_zero = asm.jcc(EQUAL);
        let mut by_minus_one = None;
        match (signed, wide) {
            (false, _) => {
                asm.alu(Alu::Xor, false, RDX, RDX);
                asm.unary(Unary::DivUnsigned, wide, RCX);
            }
            // Of 64 bits, so that the quotient always fits.
            (true, false) => {
                asm.movsx(true, 4, RAX, RAX);
                asm.movsx(true, 4, RCX, RCX);
                asm.sign_into_rdx(true);
                asm.unary(Unary::DivSigned, true, RCX);
                asm.mov(false, RAX, RAX);
                asm.mov(false, RDX, RDX);
            }
            (true, true) => {
                asm.alu_imm(Alu::Cmp, true, RCX, -1);
                by_minus_one = Some(asm.jcc(EQUAL));
                asm.sign_into_rdx(true);
                asm.unary(Unary::DivSigned, true, RCX);
            }
        }
        let done = asm.jmp();
        if let Some(by_minus_one) = by_minus_one {
            asm.land_here(by_minus_one);
            asm.unary(Unary::Neg, true, RAX);
            asm.alu(Alu::Xor, false, RDX, RDX);
            let done = asm.jmp();
            asm.land_here(by_zero);
            asm.mov(wide, RDX, RAX);
            asm.mov_imm(RAX, u64::MAX);
            asm.land_here(done);
        } else {
            asm.land_here(by_zero);
            asm.mov(wide, RDX, RAX);
            asm.mov_imm(RAX, if wide { u64::MAX } else { u64::from(u32::MAX) });
        }
        asm.land_here(done);
        let (own, other) = if remainder { (RDX, RAX) } else { (RAX, RDX) };
        self.to.hold(own, value);
        let twin = match op {
            Bin::DivSigned => Bin::RemSigned,
            Bin::RemSigned => Bin::DivSigned,
            Bin::DivUnsigned => Bin::RemUnsigned,
            _ => Bin::DivUnsigned,
        };
        let next = self.to.at + 1;
        let is_live = self.live.is_live_after(next as Val, next);
        if self.trace.nodes.list.get(next) == Some(&Node::Bin(twin, a, b)) && is_live {
            self.to.hold(other, next as Val);
        }
    }
}
