//! Products and quotients.

use super::Emitter;
use crate::alloc::Operand;
use crate::asm::{Alu, EQUAL, RAX, RCX, RDX, Reg, Rm, Shift, Unary};
use crate::ir::{Node, Val};
use fpvm_core::definition::machine::Bin;

impl Emitter<'_> {
    pub(super) fn multiply(&mut self, a: Val, b: Val) {
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
    pub(super) fn multiply_high(&mut self, op: Bin, a: Val, b: Val) {
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

    pub(super) fn multiply_high_wide(&mut self, op: Bin, a: Val, b: Val) {
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
    pub(super) fn divide(&mut self, op: Bin, a: Val, b: Val) {
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
