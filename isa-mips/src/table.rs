//! The instruction table.
//!
//! To add an instruction, add its row here (in [`crate::mips_instructions`], where the 64-bit VM has
//! it too) and its semantics in the file of its topic. Fields that
//! an instruction does not use are not looked at, as upstream does not check that they are zero.

use crate::fault::UNDEFINED;
use crate::{memory, syscall};

/// Mask of an instruction that its opcode alone decides.
pub const OPCODE: u32 = 0xfc00_0000;
/// Mask of SPECIAL and SPECIAL2: opcode and function.
pub const FUNCTION: u32 = 0xfc00_003f;
/// Mask of REGIMM: opcode and rt field.
pub const REGIMM: u32 = 0xfc1f_0000;
/// Mask of SPECIAL with a fixed rs field.
pub const FUNCTION_RS: u32 = 0xffe0_003f;

/// Declares the instruction table of one of Cannon's VMs (see [`fpvm_core::instructions`]): the rows
/// that all have, and its own. Differently done are the system call and the instructions that depend
/// on threads.
#[macro_export]
macro_rules! mips_instructions {
    ($(#[$doc:meta])* $vis:vis enum $op:ident, $table:ident, $dispatch:ident, $undefined:ident;
     syscall => $syscall:path; ll => $ll:path; sc => $sc:path; $($own:tt)*) => {
        ::fpvm_core::instructions! {
            $(#[$doc])*
            $vis enum $op, $table, $dispatch, $undefined;

            sll = $crate::table::FUNCTION, 0x0000_0000, "{rd}, {rt}, {shamt}" => $crate::shift::sll;
            srl = $crate::table::FUNCTION, 0x0000_0002, "{rd}, {rt}, {shamt}" => $crate::shift::srl;
            sra = $crate::table::FUNCTION, 0x0000_0003, "{rd}, {rt}, {shamt}" => $crate::shift::sra;
            sllv = $crate::table::FUNCTION, 0x0000_0004, "{rd}, {rt}, {rs}" => $crate::shift::sllv;
            srlv = $crate::table::FUNCTION, 0x0000_0006, "{rd}, {rt}, {rs}" => $crate::shift::srlv;
            srav = $crate::table::FUNCTION, 0x0000_0007, "{rd}, {rt}, {rs}" => $crate::shift::srav;
            jr = $crate::table::FUNCTION, 0x0000_0008, "{rs}" => $crate::control::jr;
            // A row of its own, so that a return is known as one without a look at the register number.
            jr_ = $crate::table::FUNCTION_RS, 0x03e0_0008, "{rs}" => $crate::control::jr_ra;
            jalr = $crate::table::FUNCTION, 0x0000_0009, "{rd}, {rs}" => $crate::control::jalr;
            movz = $crate::table::FUNCTION, 0x0000_000a, "{rd}, {rs}, {rt}" => $crate::alu::movz;
            movn = $crate::table::FUNCTION, 0x0000_000b, "{rd}, {rs}, {rt}" => $crate::alu::movn;
            syscall = $crate::table::FUNCTION, 0x0000_000c, "" => $syscall;
            sync = $crate::table::FUNCTION, 0x0000_000f, "" => $crate::alu::sync;
            mfhi = $crate::table::FUNCTION, 0x0000_0010, "{rd}" => $crate::muldiv::mfhi;
            mthi = $crate::table::FUNCTION, 0x0000_0011, "{rs}" => $crate::muldiv::mthi;
            mflo = $crate::table::FUNCTION, 0x0000_0012, "{rd}" => $crate::muldiv::mflo;
            mtlo = $crate::table::FUNCTION, 0x0000_0013, "{rs}" => $crate::muldiv::mtlo;
            mult = $crate::table::FUNCTION, 0x0000_0018, "{rs}, {rt}" => $crate::muldiv::mult;
            multu = $crate::table::FUNCTION, 0x0000_0019, "{rs}, {rt}" => $crate::muldiv::multu;
            div = $crate::table::FUNCTION, 0x0000_001a, "{rs}, {rt}" => $crate::muldiv::div;
            divu = $crate::table::FUNCTION, 0x0000_001b, "{rs}, {rt}" => $crate::muldiv::divu;
            add = $crate::table::FUNCTION, 0x0000_0020, "{rd}, {rs}, {rt}" => $crate::alu::addu;
            addu = $crate::table::FUNCTION, 0x0000_0021, "{rd}, {rs}, {rt}" => $crate::alu::addu;
            sub = $crate::table::FUNCTION, 0x0000_0022, "{rd}, {rs}, {rt}" => $crate::alu::subu;
            subu = $crate::table::FUNCTION, 0x0000_0023, "{rd}, {rs}, {rt}" => $crate::alu::subu;
            and = $crate::table::FUNCTION, 0x0000_0024, "{rd}, {rs}, {rt}" => $crate::alu::and;
            or = $crate::table::FUNCTION, 0x0000_0025, "{rd}, {rs}, {rt}" => $crate::alu::or;
            xor = $crate::table::FUNCTION, 0x0000_0026, "{rd}, {rs}, {rt}" => $crate::alu::xor;
            nor = $crate::table::FUNCTION, 0x0000_0027, "{rd}, {rs}, {rt}" => $crate::alu::nor;
            slt = $crate::table::FUNCTION, 0x0000_002a, "{rd}, {rs}, {rt}" => $crate::alu::slt;
            sltu = $crate::table::FUNCTION, 0x0000_002b, "{rd}, {rs}, {rt}" => $crate::alu::sltu;

            bltz = $crate::table::REGIMM, 0x0400_0000, "{rs}, {target}" => $crate::control::bltz;
            bgez = $crate::table::REGIMM, 0x0401_0000, "{rs}, {target}" => $crate::control::bgez;
            bgezal = $crate::table::REGIMM, 0x0411_0000, "{rs}, {target}" => $crate::control::bgezal;
            regimm = $crate::table::OPCODE, 0x0400_0000, "{kind}, {rs}, {target}" => $crate::control::regimm;

            j = $crate::table::OPCODE, 0x0800_0000, "{region}" => $crate::control::j;
            jal = $crate::table::OPCODE, 0x0c00_0000, "{region}" => $crate::control::jal;
            beq = $crate::table::OPCODE, 0x1000_0000, "{rs}, {rt}, {target}" => $crate::control::beq;
            bne = $crate::table::OPCODE, 0x1400_0000, "{rs}, {rt}, {target}" => $crate::control::bne;
            blez = $crate::table::OPCODE, 0x1800_0000, "{rs}, {target}" => $crate::control::blez;
            bgtz = $crate::table::OPCODE, 0x1c00_0000, "{rs}, {target}" => $crate::control::bgtz;
            addi = $crate::table::OPCODE, 0x2000_0000, "{rt}, {rs}, {simm}" => $crate::alu::addiu;
            addiu = $crate::table::OPCODE, 0x2400_0000, "{rt}, {rs}, {simm}" => $crate::alu::addiu;
            slti = $crate::table::OPCODE, 0x2800_0000, "{rt}, {rs}, {simm}" => $crate::alu::slti;
            sltiu = $crate::table::OPCODE, 0x2c00_0000, "{rt}, {rs}, {simm}" => $crate::alu::sltiu;
            andi = $crate::table::OPCODE, 0x3000_0000, "{rt}, {rs}, {zimm}" => $crate::alu::andi;
            ori = $crate::table::OPCODE, 0x3400_0000, "{rt}, {rs}, {zimm}" => $crate::alu::ori;
            xori = $crate::table::OPCODE, 0x3800_0000, "{rt}, {rs}, {zimm}" => $crate::alu::xori;
            lui = $crate::table::OPCODE, 0x3c00_0000, "{rt}, {zimm}" => $crate::alu::lui;

            mul = $crate::table::FUNCTION, 0x7000_0002, "{rd}, {rs}, {rt}" => $crate::muldiv::mul;
            clz = $crate::table::FUNCTION, 0x7000_0020, "{rd}, {rs}" => $crate::alu::clz;
            clo = $crate::table::FUNCTION, 0x7000_0021, "{rd}, {rs}" => $crate::alu::clo;

            lb = $crate::table::OPCODE, 0x8000_0000, "{rt}, {simm}({rs})" => $crate::memory::lb;
            lh = $crate::table::OPCODE, 0x8400_0000, "{rt}, {simm}({rs})" => $crate::memory::lh;
            lwl = $crate::table::OPCODE, 0x8800_0000, "{rt}, {simm}({rs})" => $crate::memory::lwl;
            lw = $crate::table::OPCODE, 0x8c00_0000, "{rt}, {simm}({rs})" => $crate::memory::lw;
            lbu = $crate::table::OPCODE, 0x9000_0000, "{rt}, {simm}({rs})" => $crate::memory::lbu;
            lhu = $crate::table::OPCODE, 0x9400_0000, "{rt}, {simm}({rs})" => $crate::memory::lhu;
            lwr = $crate::table::OPCODE, 0x9800_0000, "{rt}, {simm}({rs})" => $crate::memory::lwr;
            sb = $crate::table::OPCODE, 0xa000_0000, "{rt}, {simm}({rs})" => $crate::memory::sb;
            sh = $crate::table::OPCODE, 0xa400_0000, "{rt}, {simm}({rs})" => $crate::memory::sh;
            swl = $crate::table::OPCODE, 0xa800_0000, "{rt}, {simm}({rs})" => $crate::memory::swl;
            sw = $crate::table::OPCODE, 0xac00_0000, "{rt}, {simm}({rs})" => $crate::memory::sw;
            swr = $crate::table::OPCODE, 0xb800_0000, "{rt}, {simm}({rs})" => $crate::memory::swr;
            ll = $crate::table::OPCODE, 0xc000_0000, "{rt}, {simm}({rs})" => $ll;
            sc = $crate::table::OPCODE, 0xe000_0000, "{rt}, {simm}({rs})" => $sc;

            $($own)*
        }
    };
}

mips_instructions! {
    /// Instruction kinds of MIPS32 as Cannon knows them.
    pub enum Op, TABLE, dispatch, UNDEFINED;
    syscall => syscall::syscall;
    // Loads as `lw` does: with one thread a reservation cannot be lost.
    ll => memory::lw;
    sc => memory::sc;
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_core::definition::decode::{Decoder, decode};
    use fpvm_core::definition::isa::Op as _;

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
