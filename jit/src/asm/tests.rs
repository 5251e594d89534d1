//! Each form, with each register where registers differ, as a disassembler reads it.

use super::{Alu, Asm, Condition, Label, Mem, Reg, Shift, Unary};
use iced_x86::{Decoder, DecoderOptions, FastFormatter};

const REGS: [Reg; Reg::COUNT] = [
    Reg::Rax,
    Reg::Rcx,
    Reg::Rdx,
    Reg::Rbx,
    Reg::Rsp,
    Reg::Rbp,
    Reg::Rsi,
    Reg::Rdi,
    Reg::R8,
    Reg::R9,
    Reg::R10,
    Reg::R11,
    Reg::R12,
    Reg::R13,
    Reg::R14,
    Reg::R15,
];

/// What was assembled, a line for each instruction.
fn read(make: impl FnOnce(&mut Asm)) -> Vec<String> {
    let mut asm = Asm::default();
    make(&mut asm);
    let mut decoder = Decoder::with_ip(64, &asm.bytes, 0x1000, DecoderOptions::NONE);
    let mut formatter = FastFormatter::new();
    let mut lines = Vec::new();
    for instruction in &mut decoder {
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        lines.push(text);
    }
    lines
}

/// A register's name by the bytes of it that are meant.
fn name(reg: Reg, bytes: u32) -> String {
    let whole = format!("{reg:?}").to_lowercase();
    let number = reg.number();
    match (bytes, number) {
        (8, _) => whole,
        (4, 8..) => whole + "d",
        (2, 8..) => whole + "w",
        (1, 8..) => whole + "b",
        (4, _) => format!("e{}", &whole[1..]),
        (2, _) => whole[1..].into(),
        (_, 0..4) => format!("{}l", &whole[1..2]),
        _ => format!("{}l", &whole[1..]),
    }
}

#[test]
fn every_register_is_itself_in_every_field() {
    for a in REGS {
        for b in REGS {
            let (a8, b8, a4, b4) = (name(a, 8), name(b, 8), name(a, 4), name(b, 4));
            assert_eq!(read(|asm| asm.mov(true, a, b)), [format!("mov {a8},{b8}")]);
            assert_eq!(read(|asm| asm.mov(false, a, b)), [format!("mov {a4},{b4}")]);
            assert_eq!(
                read(|asm| asm.alu(Alu::Xor, false, a, b)),
                [format!("xor {a4},{b4}")]
            );
            assert_eq!(
                read(|asm| asm.test(true, a, b)),
                [format!("test {b8},{a8}")]
            );
            assert_eq!(
                read(|asm| asm.movzx(1, a, b)),
                [format!("movzx {a4},{}", name(b, 1))]
            );
            assert_eq!(
                read(|asm| asm.movsx(true, 4, a, b)),
                [format!("movsxd {a8},{b4}")]
            );
            assert_eq!(
                read(|asm| asm.cmov(Condition::NotLess, true, a, b)),
                [format!("cmovge {a8},{b8}")]
            );
            assert_eq!(
                read(|asm| asm.shift(Shift::Right, true, a, b, Reg::R9)),
                [format!("shrx {a8},{b8},r9")]
            );
            assert_eq!(
                read(|asm| asm.mulx(true, a, Reg::R10, b)),
                [format!("mulx {a8},r10,{b8}")]
            );
            assert_eq!(
                read(|asm| asm.store(1, Mem::at(b, 1), a)),
                [format!("mov [{b8}+1h],{}", name(a, 1))]
            );
            if b != Reg::Rsp {
                assert_eq!(
                    read(|asm| asm.lea(true, a, Mem::indexed(a, b, 2, 0x1234))),
                    [format!("lea {a8},[{a8}+{b8}*4+1234h]")]
                );
            }
        }
        let (a8, a4) = (name(a, 8), name(a, 4));
        assert_eq!(
            read(|asm| {
                asm.push(a);
                asm.pop(a);
                asm.mov_imm(a, 7);
                asm.mov_imm(a, u64::MAX);
                asm.mov_imm(a, 0x1122_3344_5566_7788);
                asm.alu_imm(Alu::Sub, true, a, 1000);
                asm.unary(Unary::DivUnsigned, false, a);
                asm.set(Condition::Below, a);
                asm.lzcnt(true, a, a);
                asm.rotate_right(false, a, a, 5);
                asm.jmp_indirect(a);
            }),
            [
                format!("push {a8}"),
                format!("pop {a8}"),
                format!("mov {a4},7h"),
                format!("mov {a8},0FFFFFFFFFFFFFFFFh"),
                format!("mov {a8},1122334455667788h"),
                format!("sub {a8},3E8h"),
                format!("div {a4}"),
                format!("setb {}", name(a, 1)),
                format!("lzcnt {a8},{a8}"),
                format!("rorx {a4},{a4},5h"),
                format!("jmp {a8}"),
            ]
        );
    }
}

#[test]
fn every_base_has_every_displacement() {
    for base in REGS {
        for (disp, text) in [
            (0, ""),
            (127, "+7Fh"),
            (-128, "-80h"),
            (128, "+80h"),
            (-129, "-81h"),
        ] {
            let line = format!("movbe rax,[{}{text}]", name(base, 8));
            assert_eq!(
                read(|asm| asm.movbe(8, Reg::Rax, Mem::at(base, disp))),
                [line]
            );
        }
    }
}

#[test]
fn conditions_are_negated() {
    let all = [
        (Condition::Below, "jb", "jae"),
        (Condition::Equal, "je", "jne"),
        (Condition::Above, "ja", "jbe"),
        (Condition::Negative, "js", "jns"),
        (Condition::Less, "jl", "jge"),
    ];
    for (condition, yes, no) in all {
        assert_eq!(!!condition, condition);
        assert_eq!(condition.negated_if(true), !condition);
        let lines = read(|asm| {
            asm.jcc(condition, Label::BEGIN);
            asm.jcc(!condition, Label::BEGIN);
        });
        let mnemonics: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(mnemonics, [yes, no]);
    }
}

#[test]
fn jumps_go_to_their_labels() {
    let lines = read(|asm| {
        let ahead = asm.jmp_ahead();
        let here = asm.label();
        asm.ret();
        asm.bind(ahead);
        asm.jmp(here);
        asm.call(Label::BEGIN.seen_from(0x100));
    });
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let [jump, "ret", back, call] = lines[..] else {
        panic!("{lines:?}");
    };
    assert!(jump.ends_with("1006h"), "{jump}");
    assert!(back.ends_with("1005h"), "{back}");
    assert!(call.ends_with("0F00h"), "{call}");
}
