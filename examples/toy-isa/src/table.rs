//! The instruction table: decoder, disassembler and dispatch come from it. To add an instruction,
//! add a row and its function in [`crate::semantics`].

use crate::UNKNOWN_OPCODE;
use crate::semantics as s;

fpvm_core::instructions! {
    /// Instruction kinds.
    pub enum Op, TABLE, dispatch, UNKNOWN_OPCODE;

    add  = 0xff00_0fff, 0x0100_0000, "{rd}, {ra}, {rb}" => s::add;
    sub  = 0xff00_0fff, 0x0200_0000, "{rd}, {ra}, {rb}" => s::sub;
    mul  = 0xff00_0fff, 0x0300_0000, "{rd}, {ra}, {rb}" => s::mul;
    and_ = 0xff00_0fff, 0x0400_0000, "{rd}, {ra}, {rb}" => s::and;
    xor  = 0xff00_0fff, 0x0500_0000, "{rd}, {ra}, {rb}" => s::xor;
    shl  = 0xff00_0fff, 0x0600_0000, "{rd}, {ra}, {rb}" => s::shl;
    shr  = 0xff00_0fff, 0x0700_0000, "{rd}, {ra}, {rb}" => s::shr;
    sltu = 0xff00_0fff, 0x0800_0000, "{rd}, {ra}, {rb}" => s::sltu;
    addi = 0xff00_0000, 0x1000_0000, "{rd}, {ra}, {imm}" => s::addi;
    lui  = 0xff0f_0000, 0x1100_0000, "{rd}, {high}" => s::lui;
    lw   = 0xff00_0000, 0x2000_0000, "{rd}, {imm}({ra})" => s::lw;
    sw   = 0xff00_0000, 0x2100_0000, "{rd}, {imm}({ra})" => s::sw;
    sb   = 0xff00_0000, 0x2200_0000, "{rd}, {imm}({ra})" => s::sb;
    beq  = 0xff00_0000, 0x3000_0000, "{rd}, {ra}, {to}" => s::beq;
    jal  = 0xff0f_0000, 0x3100_0000, "{rd}, {to}" => s::jal;
    jalr = 0xff00_0000, 0x3200_0000, "{rd}, {imm}({ra})" => s::jalr;
    sys  = 0xffff_ffff, 0xff00_0000, "" => s::sys;
}
