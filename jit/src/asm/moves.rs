//! Moves, loads and stores. `wide` means an operand of 64 bits; one of 32 bits clears the upper half of the
//! register to which it is written.

use super::MOV_EAX;
use super::condition::Condition;
use super::encode::{Asm, Field};
use super::operand::{Mem, Reg, Rm};

/// The register field of instructions that have no second operand.
const NO_FIELD: Field = Field::operation(0);

impl Asm {
    pub(crate) fn mov(&mut self, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.legacy(wide, false, &[0x8b], to, from.into());
    }

    pub(crate) fn mov_to(&mut self, wide: bool, to: Mem, from: Reg) {
        self.legacy(wide, false, &[0x89], from, to.into());
    }

    /// Any constant, by the shortest form that leaves the flags alone.
    pub(crate) fn mov_imm(&mut self, to: Reg, imm: u64) {
        if let Ok(imm) = u32::try_from(imm) {
            if to.high() != 0 {
                self.byte(0x41);
            }
            self.byte(MOV_EAX | to.low());
            self.imm32(imm as i32);
        } else if let Ok(imm) = i32::try_from(imm as i64) {
            self.legacy(true, false, &[0xc7], NO_FIELD, to.into());
            self.imm32(imm);
        } else {
            self.byte(0x48 | to.high());
            self.byte(MOV_EAX | to.low());
            self.bytes.extend_from_slice(&imm.to_le_bytes());
        }
    }

    pub(crate) fn mov_to_imm(&mut self, wide: bool, to: Mem, imm: i32) {
        self.legacy(wide, false, &[0xc7], NO_FIELD, to.into());
        self.imm32(imm);
    }

    pub(crate) fn lea(&mut self, wide: bool, to: Reg, from: Mem) {
        self.legacy(wide, false, &[0x8d], to, from.into());
    }

    /// Zero-extends a byte or a 16-bit half.
    pub(crate) fn movzx(&mut self, bytes: u32, to: Reg, from: impl Into<Rm>) {
        let opcode = if bytes == 1 { 0xb6 } else { 0xb7 };
        self.legacy(false, bytes == 1, &[0x0f, opcode], to, from.into());
    }

    /// Sign-extends a byte, half or word.
    pub(crate) fn movsx(&mut self, wide: bool, bytes: u32, to: Reg, from: impl Into<Rm>) {
        match bytes {
            1 => self.legacy(wide, true, &[0x0f, 0xbe], to, from.into()),
            2 => self.legacy(wide, false, &[0x0f, 0xbf], to, from.into()),
            _ => self.legacy(wide, false, &[0x63], to, from.into()),
        }
    }

    /// Loads 2, 4 or 8 bytes most significant first; 2 bytes leave the rest of the register alone.
    pub(crate) fn movbe(&mut self, bytes: u32, to: Reg, from: Mem) {
        if bytes == 2 {
            self.byte(0x66);
        }
        self.legacy(bytes == 8, false, &[0x0f, 0x38, 0xf0], to, from.into());
    }

    /// Stores 2, 4 or 8 bytes most significant first.
    pub(crate) fn movbe_to(&mut self, bytes: u32, to: Mem, from: Reg) {
        if bytes == 2 {
            self.byte(0x66);
        }
        self.legacy(bytes == 8, false, &[0x0f, 0x38, 0xf1], from, to.into());
    }

    /// Stores 1, 2, 4 or 8 bytes least significant first.
    pub(crate) fn store(&mut self, bytes: u32, to: Mem, from: Reg) {
        match bytes {
            1 => self.legacy(false, true, &[0x88], from, to.into()),
            2 => {
                self.byte(0x66);
                self.legacy(false, false, &[0x89], from, to.into());
            }
            _ => self.legacy(bytes == 8, false, &[0x89], from, to.into()),
        }
    }

    /// Writes 1 or 0 into a register's low byte.
    pub(crate) fn set(&mut self, when: Condition, to: Reg) {
        self.legacy(false, true, &[0x0f, 0x90 | when as u8], NO_FIELD, to.into());
    }

    pub(crate) fn cmov(&mut self, when: Condition, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.legacy(wide, false, &[0x0f, 0x40 | when as u8], to, from.into());
    }

    pub(crate) fn push(&mut self, reg: Reg) {
        if reg.high() != 0 {
            self.byte(0x41);
        }
        self.byte(0x50 | reg.low());
    }

    pub(crate) fn pop(&mut self, reg: Reg) {
        if reg.high() != 0 {
            self.byte(0x41);
        }
        self.byte(0x58 | reg.low());
    }
}
