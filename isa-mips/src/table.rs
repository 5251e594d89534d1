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
    pub enum Op, TABLE, dispatch, UNDEFINED;

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

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_core::decode::{Decoder, decode};
    use fpvm_core::isa::Op as _;

    #[test]
    fn rows_decide_on_their_mask_alone() {
        for row in TABLE {
            assert_eq!(row.value & !row.mask, 0, "{}", row.name);
        }
    }

    #[test]
    fn where_two_rows_fit_one_has_more_mask_bits() {
        for (i, a) in TABLE.iter().enumerate() {
            for b in &TABLE[i + 1..] {
                let overlap = (a.value ^ b.value) & a.mask & b.mask == 0;
                let equal = a.mask.count_ones() == b.mask.count_ones();
                assert!(!(overlap && equal), "{} and {}", a.name, b.name);
            }
        }
    }

    #[test]
    fn formats_name_known_operands() {
        for row in TABLE {
            for part in row.format.split('{').skip(1) {
                let (name, _) = part.split_once('}').expect(row.format);
                let known = crate::operand::OPERANDS
                    .iter()
                    .any(|(operand, _)| *operand == name);
                assert!(known, "{}: {name}", row.name);
            }
        }
    }

    #[test]
    fn opcodes_are_those_that_upstream_accepts() {
        let accepts = |insn: u32| decode::<crate::Mips32>(insn) != Op::undefined_instruction;
        let listed = |numbers: &[u32], number: u32| numbers.contains(&number);
        for opcode in (0..64).filter(|opcode| ![0, 0x1c].contains(opcode)) {
            let known = (0x01..=0x0f).contains(&opcode)
                || (0x20..=0x26).contains(&opcode)
                || (0x28..=0x2b).contains(&opcode)
                || listed(&[0x2e, 0x30, 0x38], opcode);
            for rest in [0, 0x03ff_ffff, 0x0215_1234] {
                assert_eq!(accepts(opcode << 26 | rest), known, "opcode {opcode:#x}");
            }
        }
        for function in 0..64 {
            let special = listed(&[0x00, 0x02, 0x03, 0x04, 0x06, 0x07, 0x0f], function)
                || (0x08..=0x0c).contains(&function)
                || (0x10..=0x13).contains(&function)
                || (0x18..=0x1b).contains(&function)
                || (0x20..=0x27).contains(&function)
                || listed(&[0x2a, 0x2b], function);
            let special2 = listed(&[0x02, 0x20, 0x21], function);
            for rest in [0, 0x03ff_ffc0, 0x0215_1240] {
                assert_eq!(accepts(rest | function), special, "SPECIAL {function:#x}");
                let insn = 0x1c << 26 | rest | function;
                assert_eq!(accepts(insn), special2, "SPECIAL2 {function:#x}");
            }
        }
    }

    #[test]
    fn the_decoder_agrees_with_the_table() {
        let decoder = Decoder::<crate::Mips32>::default();
        for high in 0..=0xffff_u32 {
            for low in 0..64 {
                let insn = high << 16 | high.wrapping_mul(0x9e37) & 0xffc0 | low;
                assert_eq!(
                    decoder.decode(insn),
                    decode::<crate::Mips32>(insn),
                    "{insn:#x}"
                );
            }
        }
        assert_eq!(Op::ALL.len(), TABLE.len() + 1);
    }
}
