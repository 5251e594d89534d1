//! The instruction table: mnemonic = mask, value, operands => semantics.
//!
//! The row with the most mask bits wins. A row with the opcode alone is what upstream does with the
//! rest of that opcode, where it does not fault as for an unknown opcode.

use crate::fault::OPCODE;
use crate::{alu, atomic, control, memory, muldiv, shift, syscall};
use fpvm_core::instructions;

instructions! {
    /// Instruction kinds of Asterisc's RV64IMA.
    pub enum Op, TABLE, dispatch, OPCODE;

    // Loads; funct3 of 7 is reserved.
    lb = 0x0000_707f, 0x0000_0003, "{rd}, {imm}({rs1})" => memory::load_signed::<1, _>;
    lh = 0x0000_707f, 0x0000_1003, "{rd}, {imm}({rs1})" => memory::load_signed::<2, _>;
    lw = 0x0000_707f, 0x0000_2003, "{rd}, {imm}({rs1})" => memory::load_signed::<4, _>;
    ld = 0x0000_707f, 0x0000_3003, "{rd}, {imm}({rs1})" => memory::load::<8, _>;
    lbu = 0x0000_707f, 0x0000_4003, "{rd}, {imm}({rs1})" => memory::load::<1, _>;
    lhu = 0x0000_707f, 0x0000_5003, "{rd}, {imm}({rs1})" => memory::load::<2, _>;
    lwu = 0x0000_707f, 0x0000_6003, "{rd}, {imm}({rs1})" => memory::load::<4, _>;
    illegal_load = 0x0000_007f, 0x0000_0003, "" => control::illegal;

    // Stores.
    sb = 0x0000_707f, 0x0000_0023, "{rs2}, {offset}({rs1})" => memory::store::<1, _>;
    sh = 0x0000_707f, 0x0000_1023, "{rs2}, {offset}({rs1})" => memory::store::<2, _>;
    sw = 0x0000_707f, 0x0000_2023, "{rs2}, {offset}({rs1})" => memory::store::<4, _>;
    sd = 0x0000_707f, 0x0000_3023, "{rs2}, {offset}({rs1})" => memory::store::<8, _>;
    illegal_store = 0x0000_007f, 0x0000_0023, "" => memory::store_too_wide;

    // Branches.
    beq = 0x0000_707f, 0x0000_0063, "{rs1}, {rs2}, {branch}" => control::beq;
    bne = 0x0000_707f, 0x0000_1063, "{rs1}, {rs2}, {branch}" => control::bne;
    blt = 0x0000_707f, 0x0000_4063, "{rs1}, {rs2}, {branch}" => control::blt;
    bge = 0x0000_707f, 0x0000_5063, "{rs1}, {rs2}, {branch}" => control::bge;
    bltu = 0x0000_707f, 0x0000_6063, "{rs1}, {rs2}, {branch}" => control::bltu;
    bgeu = 0x0000_707f, 0x0000_7063, "{rs1}, {rs2}, {branch}" => control::bgeu;
    branch_never = 0x0000_007f, 0x0000_0063, "" => control::branch_never;

    // Jumps. jalr's funct3 is not looked at. Links of ra and the plain return have rows of their own,
    // for what they tell about the call stack.
    jal = 0x0000_007f, 0x0000_006f, "{rd}, {jump}" => control::jal;
    jal_ = 0x0000_0fff, 0x0000_00ef, "{rd}, {jump}" => control::call;
    jalr = 0x0000_007f, 0x0000_0067, "{rd}, {imm}({rs1})" => control::jalr;
    jalr_ = 0x0000_0fff, 0x0000_00e7, "{rd}, {imm}({rs1})" => control::call_register;
    ret = 0xffff_ffff, 0x0000_8067, "" => control::ret;

    // Operations with an immediate. slli does not look at the six bits above its amount.
    addi = 0x0000_707f, 0x0000_0013, "{rd}, {rs1}, {imm}" => alu::addi;
    slti = 0x0000_707f, 0x0000_2013, "{rd}, {rs1}, {imm}" => alu::slti;
    sltiu = 0x0000_707f, 0x0000_3013, "{rd}, {rs1}, {imm}" => alu::sltiu;
    xori = 0x0000_707f, 0x0000_4013, "{rd}, {rs1}, {imm}" => alu::xori;
    ori = 0x0000_707f, 0x0000_6013, "{rd}, {rs1}, {imm}" => alu::ori;
    andi = 0x0000_707f, 0x0000_7013, "{rd}, {rs1}, {imm}" => alu::andi;
    slli = 0x0000_707f, 0x0000_1013, "{rd}, {rs1}, {shamt}" => shift::slli;
    srli = 0xfc00_707f, 0x0000_5013, "{rd}, {rs1}, {shamt}" => shift::srli;
    srai = 0xfc00_707f, 0x4000_5013, "{rd}, {rs1}, {shamt}" => shift::srai;
    illegal_op_imm = 0x0000_007f, 0x0000_0013, "" => control::illegal;

    // The same on 32 bits. slliw looks at one of the seven bits above its amount.
    addiw = 0x0000_707f, 0x0000_001b, "{rd}, {rs1}, {imm}" => alu::addiw;
    slliw = 0x0200_707f, 0x0000_101b, "{rd}, {rs1}, {shamt_w}" => shift::slliw;
    srliw = 0xfe00_707f, 0x0000_501b, "{rd}, {rs1}, {shamt_w}" => shift::srliw;
    sraiw = 0xfe00_707f, 0x4000_501b, "{rd}, {rs1}, {shamt_w}" => shift::sraiw;
    illegal_op_imm_32 = 0x0000_007f, 0x0000_001b, "" => control::illegal;

    // Operations on registers. funct7 of 1 is the M extension; of the others only sums and right
    // shifts look at funct7.
    add = 0xfe00_707f, 0x0000_0033, "{rd}, {rs1}, {rs2}" => alu::add;
    sub = 0xfe00_707f, 0x4000_0033, "{rd}, {rs1}, {rs2}" => alu::sub;
    sll = 0x0000_707f, 0x0000_1033, "{rd}, {rs1}, {rs2}" => shift::sll;
    slt = 0x0000_707f, 0x0000_2033, "{rd}, {rs1}, {rs2}" => alu::slt;
    sltu = 0x0000_707f, 0x0000_3033, "{rd}, {rs1}, {rs2}" => alu::sltu;
    xor = 0x0000_707f, 0x0000_4033, "{rd}, {rs1}, {rs2}" => alu::xor;
    srl = 0xfe00_707f, 0x0000_5033, "{rd}, {rs1}, {rs2}" => shift::srl;
    sra = 0xfe00_707f, 0x4000_5033, "{rd}, {rs1}, {rs2}" => shift::sra;
    or = 0x0000_707f, 0x0000_6033, "{rd}, {rs1}, {rs2}" => alu::or;
    and = 0x0000_707f, 0x0000_7033, "{rd}, {rs1}, {rs2}" => alu::and;
    mul = 0xfe00_707f, 0x0200_0033, "{rd}, {rs1}, {rs2}" => muldiv::mul;
    mulh = 0xfe00_707f, 0x0200_1033, "{rd}, {rs1}, {rs2}" => muldiv::mulh;
    mulhsu = 0xfe00_707f, 0x0200_2033, "{rd}, {rs1}, {rs2}" => muldiv::mulhsu;
    mulhu = 0xfe00_707f, 0x0200_3033, "{rd}, {rs1}, {rs2}" => muldiv::mulhu;
    div = 0xfe00_707f, 0x0200_4033, "{rd}, {rs1}, {rs2}" => muldiv::div;
    divu = 0xfe00_707f, 0x0200_5033, "{rd}, {rs1}, {rs2}" => muldiv::divu;
    rem = 0xfe00_707f, 0x0200_6033, "{rd}, {rs1}, {rs2}" => muldiv::rem;
    remu = 0xfe00_707f, 0x0200_7033, "{rd}, {rs1}, {rs2}" => muldiv::remu;
    illegal_op = 0x0000_007f, 0x0000_0033, "" => control::illegal;

    // The same on 32 bits. sllw takes any funct7 but 1.
    addw = 0xfe00_707f, 0x0000_003b, "{rd}, {rs1}, {rs2}" => alu::addw;
    subw = 0xfe00_707f, 0x4000_003b, "{rd}, {rs1}, {rs2}" => alu::subw;
    sllw = 0x0000_707f, 0x0000_103b, "{rd}, {rs1}, {rs2}" => shift::sllw;
    srlw = 0xfe00_707f, 0x0000_503b, "{rd}, {rs1}, {rs2}" => shift::srlw;
    sraw = 0xfe00_707f, 0x4000_503b, "{rd}, {rs1}, {rs2}" => shift::sraw;
    mulw = 0xfe00_707f, 0x0200_003b, "{rd}, {rs1}, {rs2}" => muldiv::mulw;
    divw = 0xfe00_707f, 0x0200_403b, "{rd}, {rs1}, {rs2}" => muldiv::divw;
    divuw = 0xfe00_707f, 0x0200_503b, "{rd}, {rs1}, {rs2}" => muldiv::divuw;
    remw = 0xfe00_707f, 0x0200_603b, "{rd}, {rs1}, {rs2}" => muldiv::remw;
    remuw = 0xfe00_707f, 0x0200_703b, "{rd}, {rs1}, {rs2}" => muldiv::remuw;
    illegal_mulhw = 0xfe00_707f, 0x0200_103b, "" => control::illegal;
    illegal_op_32 = 0x0000_007f, 0x0000_003b, "" => control::illegal;

    // Constants.
    lui = 0x0000_007f, 0x0000_0037, "{rd}, {upper}" => alu::lui;
    auipc = 0x0000_007f, 0x0000_0017, "{rd}, {upper}" => alu::auipc;

    // The A extension, without a look at the acquire and release bits, and at rs2 of lr.
    lr_w = 0xf800_707f, 0x1000_202f, "{rd}, ({rs1})" => atomic::lr::<4, _>;
    sc_w = 0xf800_707f, 0x1800_202f, "{rd}, {rs2}, ({rs1})" => atomic::sc::<4, _>;
    amoadd_w = 0xf800_707f, 0x0000_202f, "{rd}, {rs2}, ({rs1})" => atomic::add::<4, _>;
    amoswap_w = 0xf800_707f, 0x0800_202f, "{rd}, {rs2}, ({rs1})" => atomic::swap::<4, _>;
    amoxor_w = 0xf800_707f, 0x2000_202f, "{rd}, {rs2}, ({rs1})" => atomic::xor::<4, _>;
    amoor_w = 0xf800_707f, 0x4000_202f, "{rd}, {rs2}, ({rs1})" => atomic::or::<4, _>;
    amoand_w = 0xf800_707f, 0x6000_202f, "{rd}, {rs2}, ({rs1})" => atomic::and::<4, _>;
    amomin_w = 0xf800_707f, 0x8000_202f, "{rd}, {rs2}, ({rs1})" => atomic::min::<4, _>;
    amomax_w = 0xf800_707f, 0xa000_202f, "{rd}, {rs2}, ({rs1})" => atomic::max::<4, _>;
    amominu_w = 0xf800_707f, 0xc000_202f, "{rd}, {rs2}, ({rs1})" => atomic::minu::<4, _>;
    amomaxu_w = 0xf800_707f, 0xe000_202f, "{rd}, {rs2}, ({rs1})" => atomic::maxu::<4, _>;
    illegal_amo_w = 0x0000_707f, 0x0000_202f, "" => atomic::unknown_operation::<4, _>;
    lr_d = 0xf800_707f, 0x1000_302f, "{rd}, ({rs1})" => atomic::lr::<8, _>;
    sc_d = 0xf800_707f, 0x1800_302f, "{rd}, {rs2}, ({rs1})" => atomic::sc::<8, _>;
    amoadd_d = 0xf800_707f, 0x0000_302f, "{rd}, {rs2}, ({rs1})" => atomic::add::<8, _>;
    amoswap_d = 0xf800_707f, 0x0800_302f, "{rd}, {rs2}, ({rs1})" => atomic::swap::<8, _>;
    amoxor_d = 0xf800_707f, 0x2000_302f, "{rd}, {rs2}, ({rs1})" => atomic::xor::<8, _>;
    amoor_d = 0xf800_707f, 0x4000_302f, "{rd}, {rs2}, ({rs1})" => atomic::or::<8, _>;
    amoand_d = 0xf800_707f, 0x6000_302f, "{rd}, {rs2}, ({rs1})" => atomic::and::<8, _>;
    amomin_d = 0xf800_707f, 0x8000_302f, "{rd}, {rs2}, ({rs1})" => atomic::min::<8, _>;
    amomax_d = 0xf800_707f, 0xa000_302f, "{rd}, {rs2}, ({rs1})" => atomic::max::<8, _>;
    amominu_d = 0xf800_707f, 0xc000_302f, "{rd}, {rs2}, ({rs1})" => atomic::minu::<8, _>;
    amomaxu_d = 0xf800_707f, 0xe000_302f, "{rd}, {rs2}, ({rs1})" => atomic::maxu::<8, _>;
    illegal_amo_d = 0x0000_707f, 0x0000_302f, "" => atomic::unknown_operation::<8, _>;
    illegal_amo = 0x0000_007f, 0x0000_002f, "" => atomic::unknown_size;

    // System. Privileged instructions do nothing; all other values of funct3 are the CSR
    // instructions, which give 0.
    ecall = 0xfff0_707f, 0x0000_0073, "" => syscall::ecall;
    ebreak = 0xfff0_707f, 0x0010_0073, "" => control::nothing;
    privileged = 0x0000_707f, 0x0000_0073, "" => control::nothing;
    csr = 0x0000_007f, 0x0000_0073, "{rd}, {csr}" => control::csr;

    // Fences, and floating point loads, stores and operations, are ignored. Fused floating point is
    // undefined.
    fence = 0x0000_007f, 0x0000_000f, "" => control::nothing;
    float_load = 0x0000_007f, 0x0000_0007, "" => control::nothing;
    float_store = 0x0000_007f, 0x0000_0027, "" => control::nothing;
    float_op = 0x0000_007f, 0x0000_0053, "" => control::nothing;
}
