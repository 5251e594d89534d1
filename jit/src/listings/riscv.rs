//! Listings of the RISC-V VMs.

use super::{Rows, listings};
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;

const RA: u32 = 1;
const SP: u32 = 2;
const S0: u32 = 8;
const A0: u32 = 10;
const A1: u32 = 11;
const A2: u32 = 12;
/// Not pinned.
const T0: u32 = 5;

const PINNED: [u8; 5] = [A0 as u8, A1 as u8, A2 as u8, SP as u8, S0 as u8];

const fn r(rd: u32, rs1: u32, rs2: u32) -> u32 {
    rd << 7 | rs1 << 15 | rs2 << 20
}

/// With an immediate.
const fn i(rd: u32, rs1: u32, imm: i32) -> u32 {
    rd << 7 | rs1 << 15 | (imm as u32) << 20
}

/// A store.
const fn s(rs2: u32, rs1: u32, imm: u32) -> u32 {
    rs1 << 15 | rs2 << 20 | (imm & 31) << 7 | (imm >> 5) << 25
}

/// A branch 16 bytes ahead.
const fn b(rs1: u32, rs2: u32) -> u32 {
    s(rs2, rs1, 16)
}

#[test]
fn rv64() {
    let rows: &[Rows<'_>] = &[
        &[("add", r(A0, A1, A2))],
        &[("addi", i(A0, A1, -8))],
        &[("addiw", i(A0, A1, 1))],
        &[("sub", r(T0, T0, A1))],
        &[("subw", r(A0, A1, A2))],
        &[("and", r(A0, A1, T0))],
        &[("xori", i(A0, A0, -1))],
        &[("lui", A0 << 7 | 0x1234_5000), ("addi", i(A0, A0, 0x678))],
        &[("auipc", A0 << 7 | 0x1000)],
        &[("slli", i(A0, A1, 3))],
        &[("sll", r(A0, A1, A2))],
        &[("sraw", r(A0, A1, A2))],
        &[
            ("slli", i(A0, A1, 7)),
            ("srli", i(A1, A1, 57)),
            ("or", r(A0, A0, A1)),
        ],
        &[("slli", i(A0, A0, 32)), ("srli", i(A0, A0, 32))],
        &[("sltu", r(A0, A1, A2))],
        &[("add", r(A0, A0, A1)), ("sltu", r(A1, A0, A1))],
        &[("mul", r(A0, A1, A2))],
        &[("mulhu", r(A0, A1, A2))],
        &[("mul", r(T0, A1, A2)), ("mulhu", r(A0, A1, A2))],
        &[("div", r(A0, A1, A2))],
        &[("divu", r(A0, A1, A2)), ("remu", r(A2, A1, A2))],
        &[("ld", i(A0, A1, 16))],
        &[("ld", i(A0, SP, 16)), ("ld", i(A1, SP, 24))],
        &[("lw", i(A0, A1, 4))],
        &[("lbu", i(A0, A1, 3))],
        &[("sd", s(A0, A1, 16))],
        &[("sd", s(A0, SP, 0)), ("sd", s(A1, SP, 8))],
        &[("sb", s(T0, A1, 1))],
        &[("lr_d", r(A0, A1, 0))],
        &[("amoadd_w", r(A0, A1, A2))],
        &[("beq", b(A0, A1))],
        &[("bltu", b(A0, T0))],
        &[("jal", RA << 7 | 0x0100_0000)],
        &[("ret", 0)],
        &[("jalr", RA << 7 | A0 << 15)],
        &[("ecall", 0)],
    ];
    insta::assert_snapshot!("rv64", listings::<Rv64>(&PINNED, rows));
}

/// Of the short instructions, whose rows are other operands for the same functions, and of what only this
/// VM has.
#[test]
fn imac() {
    /// The number of a register in a field of three bits.
    const fn popular(reg: u32) -> u32 {
        reg - 8
    }
    let rd = |reg: u32| reg << 7;
    let high = |reg: u32| popular(reg) << 7;
    let low = |reg: u32| popular(reg) << 2;
    let rs2 = |reg: u32| reg << 2;
    let rows: &[Rows<'_>] = &[
        &[("c_addi4spn", low(A0) | 1 << 6)],
        &[("c_lw", low(A0) | high(A1) | 1 << 10)],
        &[("c_ld", low(A0) | high(A1) | 1 << 10)],
        &[("c_sw", low(A0) | high(A1))],
        &[("c_sd", low(A0) | high(A1) | 1 << 10)],
        &[("c_lwsp", rd(A0) | 1 << 4)],
        &[("c_ldsp", rd(RA) | 1 << 5), ("c_ldsp", rd(S0) | 1 << 6)],
        &[("c_sdsp", rs2(RA) | 1 << 10), ("c_sdsp", rs2(S0) | 1 << 11)],
        &[("c_addi", rd(A0) | 1 << 2)],
        &[("c_addiw", rd(A0) | 1 << 2)],
        &[("c_li", rd(A0) | 1 << 12 | 0x1f << 2)],
        &[("c_lui", rd(A0) | 1 << 2)],
        &[("c_addi16sp", 1 << 12)],
        &[("c_slli", rd(A0) | 3 << 2)],
        &[("c_srli", high(A0) | 3 << 2)],
        &[("c_srai", high(A0) | 3 << 2)],
        &[("c_andi", high(A0) | 7 << 2)],
        &[("c_sub", high(A0) | low(A1))],
        &[("c_xor", high(A0) | low(A0))],
        &[("c_subw", high(A0) | low(A1))],
        &[("c_addw", high(A0) | low(A1))],
        &[("c_mv", rd(A0) | rs2(T0))],
        &[("c_add", rd(A0) | rs2(A1))],
        &[("c_beqz", high(A0) | 1 << 4)],
        &[("c_bnez", high(A0) | 1 << 4)],
        &[("c_j", 1 << 5)],
        &[("c_jr", rd(A0))],
        &[("c_jalr", rd(A0))],
        &[("c_ebreak", 0)],
        &[("c_addi", rd(A0) | 1 << 2), ("lw", i(A0, A0, 4))],
        &[("sc_d", r(A0, A1, A2))],
    ];
    insta::assert_snapshot!("imac", listings::<Imac>(&PINNED, rows));
}
