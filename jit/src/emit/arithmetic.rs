//! Sums, bitwise operations and shifts.

use super::Emitter;
use crate::alloc::Operand;
use crate::asm::{Alu, Condition, Mem, Reg, Rm, Shift, Unary};
use crate::ir::Val;
use fpvm_core::definition::machine::Bin;

impl Emitter<'_> {
    pub(super) fn bin(&mut self, op: Bin, a: Val, b: Val) {
        let constant = self.to.nodes.as_constant(b);
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
            Bin::Mul | Bin::MulHighUnsigned if self.wide() => self.product_wide(op, a, b),
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

    /// A sum: `add` if it is made in the place of an operand, otherwise `lea dest, [a + b]`.
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

    /// `mov dest, a; op dest, b`. If `b` is in the register for the result, operands that commute change
    /// places, and a difference is `neg dest; add dest, a`.
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
                let k = self.to.nodes.as_constant(first).unwrap_or_default();
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

    /// A shift. In the definitions a shift by the width or more shifts all bits out; the host takes the amount modulo
    /// the width.
    ///
    /// ```text
    ///           shlx made, from, by
    ///           cmp by, 64
    ///           jb in_range
    ///           mov made, 0        ; arithmetic: `mov made, from; sar made, 63`
    /// in_range: mov dest, made
    /// ```
    ///
    /// By a constant it is `shl dest, k`, and by an amount that is known to be small `shlx` alone.
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
        let made = self.to.scratch();
        let asm = self.asm();
        asm.shift(op, wide, made, from, by);
        asm.alu_imm(Alu::Cmp, wide, by, bits as i32);
        let in_range = asm.jcc_ahead(Condition::Below);
        if op == Shift::Arithmetic {
            asm.mov(wide, made, from);
            asm.shift_imm(op, wide, made, bits as u8 - 1);
        } else {
            asm.mov_imm(made, 0);
        }
        asm.bind(in_range);
        self.to.unlock();
        let dest = self.to.dest();
        self.asm().mov(wide, dest, made);
    }
}
