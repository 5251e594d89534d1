//! Conditions: comparisons, choices, and ways out that depend on a value.

use super::{Emitter, StubKind};
use crate::alloc::Operand;
use crate::asm::{Alu, Condition, Rm};
use crate::ir::{Cond, ExitId, Test, Val};

impl Emitter<'_> {
    /// Sets the flags, unless they are set already; gives the condition of the flags for which `cond` holds.
    pub(super) fn compare(&mut self, cond: Cond) -> Condition {
        let wide = self.wide();
        let when = match cond.test {
            Test::Equal | Test::Clear => Condition::Equal,
            Test::LessSigned => Condition::Less,
            Test::LessUnsigned => Condition::Below,
        };
        let when = when.negated_if(cond.negated);
        let here = self.asm().len();
        if self.compared.is_some_and(|(of, at)| {
            at == here && (of.test, of.a, of.b) == (cond.test, cond.a, cond.b)
        }) {
            return when;
        }
        let mut a = self.to.operand(cond.a);
        if let Operand::Imm(_) = a {
            a = Operand::Reg(self.to.reg(cond.a));
        }
        let b = self.to.operand(cond.b);
        if let (Operand::Mem(_), Operand::Mem(_)) = (a, b) {
            a = Operand::Reg(self.to.reg(cond.a));
        }
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
            return when;
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
            _ => self.to.failed = true,
        }
        when
    }

    /// Makes a condition a value: 1 or 0. The flags stay as they are, for a branch on that value.
    ///
    /// ```text
    /// cmp a, b
    /// setb dest
    /// movzx edest, dest
    /// ```
    pub(super) fn flag(&mut self, cond: Cond) {
        let when = self.compare(cond);
        self.to.unlock();
        let dest = self.to.dest();
        self.asm().set(when, dest);
        self.asm().movzx(1, dest, dest);
        self.compared = Some((cond, self.asm().len()));
    }

    /// Writes a cell, which leaves the flags alone.
    pub(super) fn set_cell(&mut self, cell: u8, value: Val) {
        let before = self.asm().len();
        self.to.set_cell(cell, value);
        let here = self.asm().len();
        if let Some((_, at)) = &mut self.compared
            && *at == before
        {
            *at = here;
        }
    }

    /// One of two values.
    ///
    /// ```text
    /// cmp a, b
    /// mov dest, no
    /// cmovb dest, yes
    /// ```
    ///
    /// If `yes` is already in the register for the result, the other value is moved if the condition does
    /// not hold. A constant cannot be moved conditionally, so a jump skips its move.
    pub(super) fn select(&mut self, cond: Cond, yes: Val, no: Val) {
        let wide = self.wide();
        let when = self.compare(cond);
        // From here on there are only moves, which leave the flags alone.
        self.to.unlock();
        let yes_rm = self.to.rm(yes);
        let no_operand = self.to.operand(no);
        let dest = self.to.dest();
        if yes_rm == Rm::Reg(dest) && yes != no {
            match no_operand {
                Operand::Reg(no) => self.asm().cmov(!when, wide, dest, no),
                Operand::Mem(no) => self.asm().cmov(!when, wide, dest, no),
                Operand::Imm(_) => {
                    let skip = self.asm().jcc_ahead(when);
                    self.to.fetch(dest, no);
                    self.to.asm.bind(skip);
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
        self.asm().cmov(when, wide, dest, yes_rm);
    }

    /// Leaves for the address `target` if it is not `expected`. A return, or a call of a function value, becomes
    /// this.
    ///
    /// ```text
    /// cmp target, expected
    /// jne out
    /// …
    /// out: mov rax, target
    ///      add r14, left
    ///      jmp find
    /// ```
    pub(super) fn leave_unless(&mut self, target: Val, expected: Val, exit: ExitId) {
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
            _ => self.to.failed = true,
        }
        self.stub(Condition::NotEqual, StubKind::Find(exit, target));
    }
}
