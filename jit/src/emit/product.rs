//! Products and quotients.

use super::Emitter;
use crate::alloc::Operand;
use crate::asm::{Alu, Condition, Reg, Rm, Shift, Unary};
use crate::ir::{Node, Val};
use fpvm_core::definition::machine::Bin;

/// The two halves of a product are made together if at most this many nodes are between them.
const NEAR: usize = 8;

impl Emitter<'_> {
    /// The low half of a product: `imul dest, b`, after `mov dest, a` if that is needed.
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
    ///
    /// ```text
    /// movsxd left, a               ; `mov` where it is unsigned
    /// movsxd dest, b
    /// imul dest, left
    /// shr dest, 32
    /// ```
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

    /// The low half of a product of 64-bit words, or the high half of an unsigned one. If the other half is needed
    /// soon, both are made at once: the other half waits in its register, and its node makes nothing.
    ///
    /// ```text
    /// mov rdx, a
    /// mulx high, low, b            ; the same register twice for the high half alone
    /// ```
    pub(super) fn product_wide(&mut self, op: Bin, a: Val, b: Val) {
        let at = self.to.at;
        if self.to.is_placed(at as Val) {
            return;
        }
        let is_high = op == Bin::MulHighUnsigned;
        let other = if is_high {
            Bin::Mul
        } else {
            Bin::MulHighUnsigned
        };
        let wanted = [Node::Bin(other, a, b), Node::Bin(other, b, a)];
        let mut soon = (at + 1..).zip(self.trace.nodes.list[at + 1..].iter().take(NEAR));
        let twin = soon.find(|(_, node)| wanted.contains(node));
        if !is_high && twin.is_none() {
            return self.multiply(a, b);
        }

        let in_rdx = Operand::Reg(Reg::Rdx);
        let (a, b) = if self.to.operand(b) == in_rdx {
            (b, a)
        } else {
            (a, b)
        };
        if self.to.operand(a) != in_rdx {
            self.to.evict(Reg::Rdx);
            self.to.fetch(Reg::Rdx, a);
        }
        self.to.lock(Reg::Rdx);
        let from = self.to.rm(b);
        // From here on only slots are written before both operands are read.
        self.to.unlock();
        let own = self.to.dest();
        self.to.lock(own);
        let other = match twin {
            None => own,
            Some((twin, _)) if twin == at + 1 => self.to.dest_of_next(),
            Some((twin, _)) => {
                let reg = self.to.scratch();
                self.to.hold(reg, twin as Val);
                reg
            }
        };
        let (high, low) = if is_high { (own, other) } else { (other, own) };
        self.asm().mulx(true, high, low, from);
    }

    /// The high half of a product of 64-bit words. The host has products of two signed and of two unsigned
    /// numbers. For a signed `a` and an unsigned `b` it is the unsigned product's, minus `b` if `a` is negative.
    ///
    /// ```text
    /// mulx rax, rax, rcx           ; signed by unsigned: rdx has a, rcx has b
    /// sar rdx, 63
    /// and rdx, rcx
    /// sub rax, rdx
    /// mov rdx, rax
    /// ```
    pub(super) fn multiply_high_wide(&mut self, op: Bin, a: Val, b: Val) {
        self.operands_in(a, Reg::Rdx, b, Reg::Rcx);
        let asm = self.asm();
        match op {
            Bin::MulHighSigned => {
                asm.mov(true, Reg::Rax, Reg::Rdx);
                asm.unary(Unary::MulSigned, true, Reg::Rcx);
            }
            Bin::MulHighSignedUnsigned => {
                asm.mulx(true, Reg::Rax, Reg::Rax, Reg::Rcx);
                asm.shift_imm(Shift::Arithmetic, true, Reg::Rdx, 63);
                asm.alu(Alu::And, true, Reg::Rdx, Reg::Rcx);
                asm.alu(Alu::Sub, true, Reg::Rax, Reg::Rdx);
                asm.mov(true, Reg::Rdx, Reg::Rax);
            }
            // An unsigned one is made above.
            _ => self.to.failed = true,
        }
        let value = self.to.at as Val;
        self.to.hold(Reg::Rdx, value);
    }

    /// Two values in two temporaries, all others free.
    fn operands_in(&mut self, a: Val, to_a: Reg, b: Val, to_b: Reg) {
        self.to.evict_all();
        self.to.fetch(to_b, b);
        self.to.fetch(to_a, a);
    }

    /// Quotient and remainder, both at once if the next node needs the other.
    ///
    /// By zero the quotient is all ones and the remainder is the dividend, as in RISC-V; ISAs with another rule do
    /// not come here with zero. The host faults on the least number divided by −1, so a division by −1 is a
    /// negation. 32-bit words are divided as 64-bit ones, where the quotient always fits.
    ///
    /// ```text
    ///       test rcx, rcx
    ///       je by_zero
    ///       cmp rcx, -1            ; signed, of 64 bits
    ///       je by_minus_one
    ///       cqo
    ///       idiv rcx
    ///       jmp done
    ///       …
    /// done:
    /// ```
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
        self.operands_in(a, Reg::Rax, b, Reg::Rcx);
        let asm = self.asm();
        asm.test(wide, Reg::Rcx, Reg::Rcx);
        let by_zero = asm.jcc_ahead(Condition::Equal);
        let mut by_minus_one = None;
        match (signed, wide) {
            (false, _) => {
                asm.alu(Alu::Xor, false, Reg::Rdx, Reg::Rdx);
                asm.unary(Unary::DivUnsigned, wide, Reg::Rcx);
            }
            (true, false) => {
                asm.movsx(true, 4, Reg::Rax, Reg::Rax);
                asm.movsx(true, 4, Reg::Rcx, Reg::Rcx);
                asm.sign_into_rdx(true);
                asm.unary(Unary::DivSigned, true, Reg::Rcx);
                asm.mov(false, Reg::Rax, Reg::Rax);
                asm.mov(false, Reg::Rdx, Reg::Rdx);
            }
            (true, true) => {
                asm.alu_imm(Alu::Cmp, true, Reg::Rcx, -1);
                by_minus_one = Some(asm.jcc_ahead(Condition::Equal));
                asm.sign_into_rdx(true);
                asm.unary(Unary::DivSigned, true, Reg::Rcx);
            }
        }
        let done = asm.jmp_ahead();
        if let Some(by_minus_one) = by_minus_one {
            asm.bind(by_minus_one);
            asm.unary(Unary::Neg, true, Reg::Rax);
            asm.alu(Alu::Xor, false, Reg::Rdx, Reg::Rdx);
            let done = asm.jmp_ahead();
            asm.bind(by_zero);
            asm.mov(wide, Reg::Rdx, Reg::Rax);
            asm.mov_imm(Reg::Rax, u64::MAX);
            asm.bind(done);
        } else {
            asm.bind(by_zero);
            asm.mov(wide, Reg::Rdx, Reg::Rax);
            asm.mov_imm(Reg::Rax, if wide { u64::MAX } else { u64::from(u32::MAX) });
        }
        asm.bind(done);
        let (own, other) = if remainder {
            (Reg::Rdx, Reg::Rax)
        } else {
            (Reg::Rax, Reg::Rdx)
        };
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
