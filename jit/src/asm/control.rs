//! Jumps, calls, and the places that they lead to.

use super::condition::Condition;
use super::encode::{Asm, Field};
use super::operand::Rm;

/// A place in code, by its offset from the beginning of the code under construction. It is negative for code
/// that lies before that in the buffer.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Label(i64);

impl Label {
    /// The beginning of the code under construction.
    pub(crate) const BEGIN: Self = Self(0);

    /// Its offset, which must not be negative.
    #[cfg(test)]
    pub(crate) fn offset(self) -> usize {
        self.0 as usize
    }

    /// The same place, for code that begins at this offset from the beginning of this code.
    pub(crate) fn seen_from(self, begin: usize) -> Self {
        Self(self.0 - begin as i64)
    }
}

/// A forward jump whose label is not known yet: where its 32-bit displacement is.
#[derive(Clone, Copy, Debug)]
#[must_use = "a jump has to be bound to a label"]
pub(crate) struct Jump(usize);

/// Bytes of a jump to a label.
pub(crate) const JUMP_LEN: usize = 5;

const JMP: u8 = 0xe9;
const CALL: u8 = 0xe8;

/// The bytes of a jump that is at one offset of a buffer, to another offset.
pub(crate) fn jump_between(from: usize, to: usize) -> [u8; JUMP_LEN] {
    let mut jump = [JMP; JUMP_LEN];
    let displacement = to as i64 - (from + JUMP_LEN) as i64;
    jump[1..].copy_from_slice(&(displacement as i32).to_le_bytes());
    jump
}

impl Asm {
    /// The place of the instruction that is appended next.
    pub(crate) fn label(&self) -> Label {
        Label(self.len() as i64)
    }

    pub(crate) fn ret(&mut self) {
        self.byte(0xc3);
    }

    pub(crate) fn call(&mut self, to: Label) {
        let call = self.displacement(&[CALL]);
        self.bind_to(call, to);
    }

    /// Calls the function whose address is the operand.
    pub(crate) fn call_indirect(&mut self, to: impl Into<Rm>) {
        self.legacy(false, false, &[0xff], Field::operation(2), to.into());
    }

    pub(crate) fn jmp(&mut self, to: Label) {
        let jump = self.jmp_ahead();
        self.bind_to(jump, to);
    }

    /// Jumps to the address that is the operand.
    pub(crate) fn jmp_indirect(&mut self, to: impl Into<Rm>) {
        self.legacy(false, false, &[0xff], Field::operation(4), to.into());
    }

    pub(crate) fn jcc(&mut self, when: Condition, to: Label) {
        let jump = self.jcc_ahead(when);
        self.bind_to(jump, to);
    }

    pub(crate) fn jmp_ahead(&mut self) -> Jump {
        self.displacement(&[JMP])
    }

    pub(crate) fn jcc_ahead(&mut self, when: Condition) -> Jump {
        self.displacement(&[0x0f, 0x80 | when as u8])
    }

    /// An instruction that ends with a displacement.
    fn displacement(&mut self, opcode: &[u8]) -> Jump {
        self.bytes.extend_from_slice(opcode);
        let jump = Jump(self.len());
        self.imm32(0);
        jump
    }

    /// Makes a jump go to the instruction that is appended next.
    pub(crate) fn bind(&mut self, jump: Jump) {
        self.bind_to(jump, self.label());
    }

    /// Makes a jump go to a label.
    pub(crate) fn bind_to(&mut self, Jump(at): Jump, Label(to): Label) {
        let displacement = (to - (at as i64 + 4)) as i32;
        if let Some(field) = self.bytes.get_mut(at..at + 4) {
            field.copy_from_slice(&displacement.to_le_bytes());
        }
    }
}
