//! A small x86-64 assembler: just the forms that the emitter needs.
//!
//! Registers, conditions and places in code are types of their own, so that calls read as in the
//! processor's manual. Each method appends one instruction; if there are several encodings it takes the
//! shortest.

mod arithmetic;
mod condition;
mod control;
mod encode;
mod moves;
mod operand;
#[cfg(test)]
mod tests;

pub(crate) use arithmetic::{Alu, Shift, Unary};
pub(crate) use condition::Condition;
pub(crate) use control::{JUMP_LEN, Jump, Label, jump_between};
pub(crate) use encode::Asm;
pub(crate) use operand::{Mem, Reg, Rm};

/// The opcode of `mov eax, imm32`, which four bytes follow.
pub(crate) const MOV_EAX: u8 = 0xb8;
