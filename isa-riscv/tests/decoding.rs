//! The table against upstream's nested switches, and against itself.

use fpvm_core::definition::decode::{Decoder, decode};
use fpvm_core::definition::isa::{Isa, Op as _};
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::table::{Op, TABLE};

#[test]
fn rows_are_consistent() {
    for row in TABLE {
        assert_eq!(
            row.value & !row.mask,
            0,
            "{} asks for bits it does not look at",
            row.name
        );
    }
    for (i, a) in TABLE.iter().enumerate() {
        for b in &TABLE[i + 1..] {
            let overlap = (a.value ^ b.value) & a.mask & b.mask == 0;
            let tie = a.mask.count_ones() == b.mask.count_ones();
            assert!(
                !(overlap && tie),
                "{} and {} fit the same words",
                a.name,
                b.name
            );
            let nested = a.mask & b.mask == a.mask || a.mask & b.mask == b.mask;
            assert!(
                !overlap || nested,
                "{} and {} overlap without being nested",
                a.name,
                b.name
            );
        }
    }
    assert_eq!(Op::ALL.len(), TABLE.len() + 1);
}

#[test]
fn formats_name_known_operands() {
    for row in TABLE {
        for part in row.format.split('{').skip(1) {
            let name = part.split('}').next().unwrap_or_default();
            let known = Rv64::OPERANDS.iter().any(|(operand, _)| *operand == name);
            assert!(known, "{}: {{{name}}}", row.name);
        }
    }
}

/// Upstream's switches, in their order: opcode, then funct3, then funct7, or the other way round.
fn upstream(insn: u32) -> Op {
    use Op::*;
    let (opcode, funct3, funct7) = (insn & 0x7f, insn >> 12 & 7, insn >> 25);
    let one_of = |ops: [Op; 8]| ops[funct3 as usize];
    match opcode {
        0x03 => one_of([lb, lh, lw, ld, lbu, lhu, lwu, illegal_load]),
        0x07 => float_load,
        0x0f => fence,
        0x13 => match (funct3, funct7 >> 1) {
            (5, 0) => srli,
            (5, 0x10) => srai,
            (5, _) => illegal_op_imm,
            _ => one_of([addi, slli, slti, sltiu, xori, illegal_op_imm, ori, andi]),
        },
        0x17 => auipc,
        0x1b => match (funct3, funct7) {
            (0, _) => addiw,
            (1, _) if funct7 & 1 == 0 => slliw,
            (5, 0) => srliw,
            (5, 0x20) => sraiw,
            _ => illegal_op_imm_32,
        },
        0x23 => match funct3 {
            0 => sb,
            1 => sh,
            2 => sw,
            3 => sd,
            _ => illegal_store,
        },
        0x27 => float_store,
        0x2f => {
            let (op, wide) = (funct7 >> 2, funct3 == 3);
            let either = |w: Op, d: Op| if wide { d } else { w };
            if funct3 != 2 && funct3 != 3 {
                return illegal_amo;
            }
            match op {
                0x00 => either(amoadd_w, amoadd_d),
                0x01 => either(amoswap_w, amoswap_d),
                0x02 => either(lr_w, lr_d),
                0x03 => either(sc_w, sc_d),
                0x04 => either(amoxor_w, amoxor_d),
                0x08 => either(amoor_w, amoor_d),
                0x0c => either(amoand_w, amoand_d),
                0x10 => either(amomin_w, amomin_d),
                0x14 => either(amomax_w, amomax_d),
                0x18 => either(amominu_w, amominu_d),
                0x1c => either(amomaxu_w, amomaxu_d),
                _ => either(illegal_amo_w, illegal_amo_d),
            }
        }
        0x33 => match (funct7, funct3) {
            (1, _) => one_of([mul, mulh, mulhsu, mulhu, div, divu, rem, remu]),
            (0, 0) => add,
            (0x20, 0) => sub,
            (0, 5) => srl,
            (0x20, 5) => sra,
            _ => one_of([illegal_op, sll, slt, sltu, xor, illegal_op, or, and]),
        },
        0x37 => lui,
        0x3b => match (funct7, funct3) {
            (1, 0) => mulw,
            (1, 1) => illegal_mulhw,
            (1, 4) => divw,
            (1, 5) => divuw,
            (1, 6) => remw,
            (1, 7) => remuw,
            (0, 0) => addw,
            (0x20, 0) => subw,
            (_, 1) => sllw,
            (0, 5) => srlw,
            (0x20, 5) => sraw,
            _ => illegal_op_32,
        },
        0x53 => float_op,
        0x63 => one_of([beq, bne, branch_never, branch_never, blt, bge, bltu, bgeu]),
        0x67 if insn == 0x8067 => ret,
        0x67 if insn >> 7 & 31 == 1 => jalr_,
        0x67 => jalr,
        0x6f if insn >> 7 & 31 == 1 => jal_,
        0x6f => jal,
        0x73 => match (funct3, insn >> 20) {
            (0, 0) => ecall,
            (0, 1) => ebreak,
            (0, _) => privileged,
            _ => csr,
        },
        _ => undefined_instruction,
    }
}

#[test]
fn every_encoding_goes_where_upstream_sends_it() {
    let decoder = Decoder::<Rv64>::default();
    // The fields that do not decide vary with the ones that do.
    let mut noise = 1u32;
    for decided in 0..1u32 << 17 {
        let (opcode, funct3, funct7) = (decided & 0x7f, decided >> 7 & 7, decided >> 10);
        noise = noise.wrapping_mul(0x915f_77f5).wrapping_add(1);
        for other in [0, noise, 0x0010_0000, 0x0000_8080, 0x80] {
            let insn = opcode | funct3 << 12 | funct7 << 25 | other & 0x01ff_8f80;
            let expected = upstream(insn);
            assert_eq!(decode::<Rv64>(insn), expected, "{insn:#010x}");
            assert_eq!(decoder.decode(insn), expected, "{insn:#010x} by tree");
        }
    }
}
