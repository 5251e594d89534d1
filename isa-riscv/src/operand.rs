//! Where operands are in an instruction and in the state.

use fpvm_core::definition::isa::Operand;
use fpvm_core::definition::operand::{Cell, Imm, Reg};

/// Program counter.
pub const PC: Cell = Cell(32);
/// Where the next mmap without an address goes.
pub const HEAP: Cell = Cell(33);
/// The address of the last load-reserved, 0 for none.
pub const LOAD_RESERVATION: Cell = Cell(34);
/// Offset of the next pre-image read.
pub const PREIMAGE_OFFSET: Cell = Cell(35);
/// Exit code, one byte.
pub const EXIT_CODE: Cell = Cell(36);
/// 1 once the program ended.
pub const EXITED: Cell = Cell(37);

/// The register that is always zero.
pub(crate) const ZERO: Cell = Cell(0);
/// Return address.
pub(crate) const RA: Cell = Cell(1);
/// Stack pointer.
pub(crate) const SP: Cell = Cell(2);
/// First argument of a system call, and its result.
pub(crate) const A0: Cell = Cell(10);
/// Second argument of a system call, and its error number.
pub(crate) const A1: Cell = Cell(11);
/// Third argument of a system call.
pub(crate) const A2: Cell = Cell(12);
/// Fourth argument of a system call.
pub(crate) const A3: Cell = Cell(13);
/// Fifth argument of a system call.
pub(crate) const A4: Cell = Cell(14);
/// Number of a system call.
pub(crate) const A7: Cell = Cell(17);

/// Destination register.
pub(crate) const RD: Reg = Reg::field(7);
/// First source register.
pub(crate) const RS1: Reg = Reg::field(15);
/// Second source register.
pub(crate) const RS2: Reg = Reg::field(20);

/// Immediate of op-imm, loads and jalr.
pub(crate) const IMM_I: Imm = Imm::signed(20, 12);
/// Offset of stores.
pub(crate) const IMM_S: Imm = Imm::runs(&[(7, 5, 0), (25, 7, 5)], 12);
/// Offset of branches in bytes; even.
pub(crate) const IMM_B: Imm = Imm::runs(&[(8, 4, 1), (25, 6, 5), (7, 1, 11), (31, 1, 12)], 13);
/// Immediate of lui and auipc, already shifted.
pub(crate) const IMM_U: Imm = Imm::runs(&[(12, 20, 12)], 32);
/// Offset of jal in bytes; even.
pub(crate) const IMM_J: Imm = Imm::runs(&[(21, 10, 1), (20, 1, 11), (12, 8, 12), (31, 1, 20)], 21);
/// Shift amount of 64-bit shifts.
pub(crate) const SHAMT: Imm = Imm::unsigned(20, 6);
/// Shift amount of 32-bit shifts.
pub(crate) const SHAMT_W: Imm = Imm::unsigned(20, 5);

/// Operand names of the table's formats.
pub(crate) const OPERANDS: &[(&str, Operand)] = &[
    ("rd", Operand::Reg(RD)),
    ("rs1", Operand::Reg(RS1)),
    ("rs2", Operand::Reg(RS2)),
    ("imm", Operand::Imm(IMM_I)),
    ("offset", Operand::Imm(IMM_S)),
    ("upper", Operand::Imm(Imm::unsigned(12, 20))),
    ("shamt", Operand::Imm(SHAMT)),
    ("shamt_w", Operand::Imm(SHAMT_W)),
    ("csr", Operand::Imm(Imm::unsigned(20, 12))),
    ("branch", Operand::Target(IMM_B, 0)),
    ("jump", Operand::Target(IMM_J, 0)),
];

/// ABI names of the general registers.
pub(crate) const REGISTERS: &[&str] = &[
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6",
];
