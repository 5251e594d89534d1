//! Operands: registers and memory.

/// A host register, by its number in encodings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Reg {
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rbx = 3,
    Rsp = 4,
    Rbp = 5,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
    R12 = 12,
    R13 = 13,
    R14 = 14,
    R15 = 15,
}

impl Reg {
    /// The number of registers.
    pub(crate) const COUNT: usize = 16;

    /// 0 to 15.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// The three bits of it in ModRM, SIB and short opcodes.
    pub(super) const fn low(self) -> u8 {
        self as u8 & 7
    }

    /// The fourth bit, which a prefix has.
    pub(super) const fn high(self) -> u8 {
        self as u8 >> 3
    }
}

/// A memory operand: `[base + index * 2^scale + disp]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mem {
    pub(super) base: Reg,
    pub(super) index: Option<Reg>,
    pub(super) scale: u8,
    pub(super) disp: i32,
}

impl Mem {
    pub(crate) fn at(base: Reg, disp: i32) -> Self {
        Self {
            base,
            index: None,
            scale: 0,
            disp,
        }
    }

    /// `index` is any register but rsp, whose number says in a SIB byte that there is none.
    pub(crate) fn indexed(base: Reg, index: Reg, scale: u8, disp: i32) -> Self {
        debug_assert_ne!(index, Reg::Rsp);
        Self {
            base,
            index: Some(index),
            scale,
            disp,
        }
    }
}

/// A register or memory operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rm {
    Reg(Reg),
    Mem(Mem),
}

impl From<Reg> for Rm {
    fn from(reg: Reg) -> Self {
        Self::Reg(reg)
    }
}

impl From<Mem> for Rm {
    fn from(mem: Mem) -> Self {
        Self::Mem(mem)
    }
}
