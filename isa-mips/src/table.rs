//! The instruction table.
//!
//! To add an instruction, add its row here and its semantics in the file of its topic. Fields that
//! an instruction does not use are not looked at, as upstream does not check that they are zero.

use crate::fault::UNDEFINED;
use crate::{alu, control, memory, muldiv, shift, syscall};

/// Mask of an instruction that its opcode alone decides.
const OPCODE: u32 = 0xfc00_0000;
/// Mask of SPECIAL and SPECIAL2: opcode and function.
const FUNCTION: u32 = 0xfc00_003f;
/// Mask of REGIMM: opcode and rt field.
const REGIMM: u32 = 0xfc1f_0000;
/// Mask of SPECIAL with a fixed rs field.
const FUNCTION_RS: u32 = 0xffe0_003f;

fpvm_core::instructions! {
    /// Instruction kinds of MIPS32 as Cannon knows them.
    pub enum Op, TABLE, execute, UNDEFINED;

    sll = FUNCTION, 0x0000_0000, "{rd}, {rt}, {shamt}" => shift::sll;
    srl = FUNCTION, 0x0000_0002, "{rd}, {rt}, {shamt}" => shift::srl;
    sra = FUNCTION, 0x0000_0003, "{rd}, {rt}, {shamt}" => shift::sra;
    sllv = FUNCTION, 0x0000_0004, "{rd}, {rt}, {rs}" => shift::sllv;
    srlv = FUNCTION, 0x0000_0006, "{rd}, {rt}, {rs}" => shift::srlv;
    srav = FUNCTION, 0x0000_0007, "{rd}, {rt}, {rs}" => shift::srav;
    jr = FUNCTION, 0x0000_0008, "{rs}" => control::jr;
    // A row of its own, so that a return is known as one without a look at the register number.
    jr_ = FUNCTION_RS, 0x03e0_0008, "{rs}" => control::jr_ra;
    jalr = FUNCTION, 0x0000_0009, "{rd}, {rs}" => control::jalr;
    movz = FUNCTION, 0x0000_000a, "{rd}, {rs}, {rt}" => alu::movz;
    movn = FUNCTION, 0x0000_000b, "{rd}, {rs}, {rt}" => alu::movn;
    syscall = FUNCTION, 0x0000_000c, "" => syscall::syscall;
    sync = FUNCTION, 0x0000_000f, "" => alu::sync;
    mfhi = FUNCTION, 0x0000_0010, "{rd}" => muldiv::mfhi;
    mthi = FUNCTION, 0x0000_0011, "{rs}" => muldiv::mthi;
    mflo = FUNCTION, 0x0000_0012, "{rd}" => muldiv::mflo;
    mtlo = FUNCTION, 0x0000_0013, "{rs}" => muldiv::mtlo;
    mult = FUNCTION, 0x0000_0018, "{rs}, {rt}" => muldiv::mult;
    multu = FUNCTION, 0x0000_0019, "{rs}, {rt}" => muldiv::multu;
    div = FUNCTION, 0x0000_001a, "{rs}, {rt}" => muldiv::div;
    divu = FUNCTION, 0x0000_001b, "{rs}, {rt}" => muldiv::divu;
    add = FUNCTION, 0x0000_0020, "{rd}, {rs}, {rt}" => alu::addu;
    addu = FUNCTION, 0x0000_0021, "{rd}, {rs}, {rt}" => alu::addu;
    sub = FUNCTION, 0x0000_0022, "{rd}, {rs}, {rt}" => alu::subu;
    subu = FUNCTION, 0x0000_0023, "{rd}, {rs}, {rt}" => alu::subu;
    and = FUNCTION, 0x0000_0024, "{rd}, {rs}, {rt}" => alu::and;
    or = FUNCTION, 0x0000_0025, "{rd}, {rs}, {rt}" => alu::or;
    xor = FUNCTION, 0x0000_0026, "{rd}, {rs}, {rt}" => alu::xor;
    nor = FUNCTION, 0x0000_0027, "{rd}, {rs}, {rt}" => alu::nor;
    slt = FUNCTION, 0x0000_002a, "{rd}, {rs}, {rt}" => alu::slt;
    sltu = FUNCTION, 0x0000_002b, "{rd}, {rs}, {rt}" => alu::sltu;

    bltz = REGIMM, 0x0400_0000, "{rs}, {target}" => control::bltz;
    bgez = REGIMM, 0x0401_0000, "{rs}, {target}" => control::bgez;
    bgezal = REGIMM, 0x0411_0000, "{rs}, {target}" => control::bgezal;
    regimm = OPCODE, 0x0400_0000, "{kind}, {rs}, {target}" => control::regimm;

    j = OPCODE, 0x0800_0000, "{region}" => control::j;
    jal = OPCODE, 0x0c00_0000, "{region}" => control::jal;
    beq = OPCODE, 0x1000_0000, "{rs}, {rt}, {target}" => control::beq;
    bne = OPCODE, 0x1400_0000, "{rs}, {rt}, {target}" => control::bne;
    blez = OPCODE, 0x1800_0000, "{rs}, {target}" => control::blez;
    bgtz = OPCODE, 0x1c00_0000, "{rs}, {target}" => control::bgtz;
    addi = OPCODE, 0x2000_0000, "{rt}, {rs}, {simm}" => alu::addiu;
    addiu = OPCODE, 0x2400_0000, "{rt}, {rs}, {simm}" => alu::addiu;
    slti = OPCODE, 0x2800_0000, "{rt}, {rs}, {simm}" => alu::slti;
    sltiu = OPCODE, 0x2c00_0000, "{rt}, {rs}, {simm}" => alu::sltiu;
    andi = OPCODE, 0x3000_0000, "{rt}, {rs}, {zimm}" => alu::andi;
    ori = OPCODE, 0x3400_0000, "{rt}, {rs}, {zimm}" => alu::ori;
    xori = OPCODE, 0x3800_0000, "{rt}, {rs}, {zimm}" => alu::xori;
    lui = OPCODE, 0x3c00_0000, "{rt}, {zimm}" => alu::lui;

    mul = FUNCTION, 0x7000_0002, "{rd}, {rs}, {rt}" => muldiv::mul;
    clz = FUNCTION, 0x7000_0020, "{rd}, {rs}" => alu::clz;
    clo = FUNCTION, 0x7000_0021, "{rd}, {rs}" => alu::clo;

    lb = OPCODE, 0x8000_0000, "{rt}, {simm}({rs})" => memory::lb;
    lh = OPCODE, 0x8400_0000, "{rt}, {simm}({rs})" => memory::lh;
    lwl = OPCODE, 0x8800_0000, "{rt}, {simm}({rs})" => memory::lwl;
    lw = OPCODE, 0x8c00_0000, "{rt}, {simm}({rs})" => memory::lw;
    lbu = OPCODE, 0x9000_0000, "{rt}, {simm}({rs})" => memory::lbu;
    lhu = OPCODE, 0x9400_0000, "{rt}, {simm}({rs})" => memory::lhu;
    lwr = OPCODE, 0x9800_0000, "{rt}, {simm}({rs})" => memory::lwr;
    sb = OPCODE, 0xa000_0000, "{rt}, {simm}({rs})" => memory::sb;
    sh = OPCODE, 0xa400_0000, "{rt}, {simm}({rs})" => memory::sh;
    swl = OPCODE, 0xa800_0000, "{rt}, {simm}({rs})" => memory::swl;
    sw = OPCODE, 0xac00_0000, "{rt}, {simm}({rs})" => memory::sw;
    swr = OPCODE, 0xb800_0000, "{rt}, {simm}({rs})" => memory::swr;
    // Loads as `lw` does: with one thread a reservation cannot be lost.
    ll = OPCODE, 0xc000_0000, "{rt}, {simm}({rs})" => memory::lw;
    sc = OPCODE, 0xe000_0000, "{rt}, {simm}({rs})" => memory::sc;
}
