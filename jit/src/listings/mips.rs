//! Listings of Cannon's VMs.

use super::{Rows, listings};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;

const V0: u32 = 2;
const A0: u32 = 4;
const A1: u32 = 5;
/// Not pinned.
const T0: u32 = 8;
const T1: u32 = 9;
const RA: u32 = 31;

const PINNED: [u8; 4] = [V0 as u8, A0 as u8, A1 as u8, 29];

/// Operands of a register instruction.
const fn r(rd: u32, rs: u32, rt: u32) -> u32 {
    rs << 21 | rt << 16 | rd << 11
}

/// Of a shift by a constant.
const fn shift(rd: u32, rt: u32, by: u32) -> u32 {
    r(rd, 0, rt) | by << 6
}

/// Of one with an immediate.
const fn i(rt: u32, rs: u32, imm: i32) -> u32 {
    rs << 21 | rt << 16 | imm as u32 & 0xffff
}

const NOP: (&str, u32) = ("sll", 0);

#[test]
fn mips32() {
    let rows: &[Rows<'_>] = &[
        &[("addu", r(V0, A0, A1))],
        &[("addu", r(T0, T0, T1))],
        &[("addiu", i(V0, A0, -8))],
        &[("subu", r(A1, A0, A1))],
        &[("and", r(V0, A0, T0))],
        &[("nor", r(V0, A0, A1))],
        &[("xori", i(V0, V0, 0xff))],
        &[("lui", i(V0, 0, 0x1234)), ("ori", i(V0, V0, 0x5678))],
        &[("sll", shift(V0, A0, 3))],
        &[("sllv", r(V0, A1, A0))],
        &[("srav", r(T0, A1, T1))],
        &[
            ("sll", shift(V0, A0, 7)),
            ("srl", shift(A0, A0, 25)),
            ("or", r(V0, V0, A0)),
        ],
        &[("slt", r(V0, A0, A1))],
        &[("sltiu", i(V0, A0, 100))],
        &[("movz", r(V0, A0, A1))],
        &[("clz", r(V0, A0, 0))],
        &[("mul", r(V0, A0, A1))],
        &[("multu", r(0, A0, A1))],
        &[("div", r(0, A0, A1))],
        &[("lw", i(V0, A0, 16))],
        &[("lb", i(V0, A0, 3))],
        &[("lhu", i(T0, A0, 2))],
        &[("lwl", i(V0, A0, 0)), ("lwr", i(V0, A0, 3))],
        &[("sw", i(A1, A0, 16))],
        &[
            ("sw", i(V0, A0, 0)),
            ("sw", i(A1, A0, 4)),
            ("sw", i(A1, A0, 8)),
        ],
        &[("sb", i(T0, A0, 1))],
        &[("ll", i(V0, A0, 0))],
        &[("sc", i(V0, A0, 0))],
        &[("beq", i(A1, A0, 4)), NOP],
        &[("slt", r(V0, A0, A1)), ("bne", i(0, V0, 4)), NOP],
        &[("bltz", i(0, A0, 4)), ("addiu", i(A0, A0, 1))],
        &[("jal", 0x4100), NOP],
        &[("jr", r(0, RA, 0)), NOP],
        &[("jalr", r(RA, A0, 0)), NOP],
        &[("syscall", 0)],
    ];
    insta::assert_snapshot!("mips32", listings::<Mips32>(&PINNED, rows));
}

#[test]
fn mips64() {
    let rows: &[Rows<'_>] = &[
        &[("daddu", r(V0, A0, A1))],
        &[("addu", r(V0, A0, A1))],
        &[("daddiu", i(V0, A0, -8))],
        &[("addiu", i(V0, A0, -8))],
        &[("dsubu", r(T0, T0, A1))],
        &[("lui", i(V0, 0, 0x9234)), ("ori", i(V0, V0, 0x5678))],
        &[("dsll32", shift(V0, A0, 3))],
        &[("sll", shift(V0, A0, 3))],
        &[("dsrav", r(V0, A1, A0))],
        &[("srlv", r(V0, A1, A0))],
        &[
            ("dsll", shift(V0, A0, 7)),
            ("dsrl32", shift(A0, A0, 25)),
            ("or", r(V0, V0, A0)),
        ],
        &[("sltu", r(V0, A0, A1))],
        &[("daddu", r(V0, A0, A1)), ("sltu", r(A0, V0, A0))],
        &[("movn", r(V0, A0, A1))],
        &[("dclz", r(V0, A0, 0))],
        &[("dmultu", r(0, A0, A1))],
        &[("mult", r(0, A0, A1))],
        &[("ddivu", r(0, A0, A1))],
        &[("ld", i(V0, A0, 16))],
        &[("ld", i(V0, A0, 16)), ("ld", i(A1, A0, 24))],
        &[("lw", i(V0, A0, 4))],
        &[("lbu", i(V0, A0, 3))],
        &[("sd", i(A1, A0, 16))],
        &[("sd", i(V0, A0, 0)), ("sd", i(A1, A0, 8))],
        &[("sh", i(T0, A0, 2))],
        &[("lld", i(V0, A0, 0))],
        &[("scd", i(V0, A0, 0))],
        &[("bne", i(A1, A0, 4)), NOP],
        &[("sltu", r(V0, A0, A1)), ("beq", i(0, V0, 4)), NOP],
        &[("jal", 0x4100), NOP],
        &[("jr", r(0, RA, 0)), NOP],
        &[("syscall", 0)],
    ];
    insta::assert_snapshot!("mips64", listings::<Mips64>(&PINNED, rows));
}
