//! The operands of MIPS instructions, and how assembly text names them.

use fpvm_core::definition::isa::Operand;
use fpvm_core::definition::operand::{Imm, Reg};

/// First source register, or base of an address.
pub const RS: Reg = Reg::field(21);
/// Second source register; the destination of instructions with an immediate.
pub const RT: Reg = Reg::field(16);
/// Destination register.
pub const RD: Reg = Reg::field(11);
/// Shift amount, 0 to 31.
pub const SHAMT: Imm = Imm::unsigned(6, 5);
/// Sign-extended 16-bit immediate.
pub const SIMM: Imm = Imm::signed(0, 16);
/// Zero-extended 16-bit immediate.
pub const ZIMM: Imm = Imm::unsigned(0, 16);
/// Immediate of `lui`, in place.
pub const UPPER: Imm = ZIMM.shifted(16);
/// Branch offset in bytes from the delay slot.
pub const OFFSET: Imm = SIMM.shifted(2);
/// Low 28 bits of a jump target.
pub const REGION: Imm = Imm::unsigned(0, 26).shifted(2);

/// Operands as the table's formats name them.
pub const OPERANDS: &[(&str, Operand)] = &[
    ("rs", Operand::Reg(RS)),
    ("rt", Operand::Reg(RT)),
    ("rd", Operand::Reg(RD)),
    ("shamt", Operand::Imm(SHAMT)),
    ("simm", Operand::Imm(SIMM)),
    ("zimm", Operand::Imm(ZIMM)),
    ("kind", Operand::Imm(Imm::unsigned(16, 5))),
    ("target", Operand::Target(OFFSET, 4)),
    ("region", Operand::Region(REGION)),
];
