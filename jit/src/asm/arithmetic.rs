//! Arithmetic. `wide` means operands of 64 bits, otherwise of 32.

use super::encode::{Asm, Field};
use super::operand::{Mem, Reg, Rm};

/// The operations of the classic arithmetic group, by their number in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Alu {
    Add = 0,
    Or = 1,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

/// Shifts by a constant, by their number in the group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Shift {
    Left = 4,
    Right = 5,
    Arithmetic = 7,
}

/// The one-operand group (multiplication and division of rdx:rax), by their number in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Unary {
    Neg = 3,
    MulSigned = 5,
    DivUnsigned = 6,
    DivSigned = 7,
}

impl From<Alu> for Field {
    fn from(op: Alu) -> Self {
        Self::operation(op as u8)
    }
}

impl From<Shift> for Field {
    fn from(op: Shift) -> Self {
        Self::operation(op as u8)
    }
}

impl From<Unary> for Field {
    fn from(op: Unary) -> Self {
        Self::operation(op as u8)
    }
}

/// The number of `test` in its group.
const TEST: Field = Field::operation(0);

impl Asm {
    pub(crate) fn alu(&mut self, op: Alu, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.legacy(wide, false, &[(op as u8) << 3 | 3], to, from.into());
    }

    /// With the memory operand on the left.
    pub(crate) fn alu_to(&mut self, op: Alu, wide: bool, to: Mem, from: Reg) {
        self.legacy(wide, false, &[(op as u8) << 3 | 1], from, to.into());
    }

    pub(crate) fn alu_imm(&mut self, op: Alu, wide: bool, to: impl Into<Rm>, imm: i32) {
        if let Ok(short) = i8::try_from(imm) {
            self.legacy(wide, false, &[0x83], op, to.into());
            self.byte(short as u8);
        } else {
            self.legacy(wide, false, &[0x81], op, to.into());
            self.imm32(imm);
        }
    }

    /// Compares a byte in memory.
    pub(crate) fn cmp_byte(&mut self, at: Mem, imm: u8) {
        self.legacy(false, false, &[0x80], Alu::Cmp, at.into());
        self.byte(imm);
    }

    pub(crate) fn test(&mut self, wide: bool, a: Reg, b: Reg) {
        self.legacy(wide, false, &[0x85], a, b.into());
    }

    pub(crate) fn test_imm(&mut self, wide: bool, a: impl Into<Rm>, imm: i32) {
        let a = a.into();
        match a {
            // The low byte decides.
            Rm::Reg(_) if (0..0x80).contains(&imm) => {
                self.legacy(false, true, &[0xf6], TEST, a);
                self.byte(imm as u8);
            }
            _ => {
                self.legacy(wide, false, &[0xf7], TEST, a);
                self.imm32(imm);
            }
        }
    }

    pub(crate) fn shift_imm(&mut self, op: Shift, wide: bool, to: Reg, by: u8) {
        self.legacy(wide, false, &[0xc1], op, to.into());
        self.byte(by);
    }

    /// Shift by a register, modulo the width, without flags.
    pub(crate) fn shift(&mut self, op: Shift, wide: bool, to: Reg, from: impl Into<Rm>, by: Reg) {
        let prefix = match op {
            Shift::Left => 1,
            Shift::Right => 3,
            Shift::Arithmetic => 2,
        };
        self.vex(wide, (2, prefix, 0xf7), to, Some(by), from.into());
    }

    pub(crate) fn rotate_right(&mut self, wide: bool, to: Reg, from: impl Into<Rm>, by: u8) {
        self.vex(wide, (3, 3, 0xf0), to, None, from.into());
        self.byte(by);
    }

    pub(crate) fn imul(&mut self, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.legacy(wide, false, &[0x0f, 0xaf], to, from.into());
    }

    pub(crate) fn imul_imm(&mut self, wide: bool, to: Reg, from: impl Into<Rm>, imm: i32) {
        self.legacy(wide, false, &[0x69], to, from.into());
        self.imm32(imm);
    }

    /// `high:low = rdx · from`, unsigned.
    pub(crate) fn mulx(&mut self, wide: bool, high: Reg, low: Reg, from: impl Into<Rm>) {
        self.vex(wide, (2, 3, 0xf6), high, Some(low), from.into());
    }

    pub(crate) fn unary(&mut self, op: Unary, wide: bool, on: Reg) {
        self.legacy(wide, false, &[0xf7], op, on.into());
    }

    /// Sign-extends rax into rdx.
    pub(crate) fn sign_into_rdx(&mut self, wide: bool) {
        if wide {
            self.byte(0x48);
        }
        self.byte(0x99);
    }

    pub(crate) fn lzcnt(&mut self, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.byte(0xf3);
        self.legacy(wide, false, &[0x0f, 0xbd], to, from.into());
    }
}
