//! A small x86-64 assembler: just the forms that the emitter needs.

/// A host register by its number.
pub(crate) type Reg = u8;

pub(crate) const RAX: Reg = 0;
pub(crate) const RCX: Reg = 1;
pub(crate) const RDX: Reg = 2;
pub(crate) const RBX: Reg = 3;
pub(crate) const RSP: Reg = 4;
pub(crate) const RBP: Reg = 5;
pub(crate) const RSI: Reg = 6;
pub(crate) const RDI: Reg = 7;
pub(crate) const R8: Reg = 8;
pub(crate) const R9: Reg = 9;
pub(crate) const R10: Reg = 10;
pub(crate) const R11: Reg = 11;
pub(crate) const R12: Reg = 12;
pub(crate) const R13: Reg = 13;
pub(crate) const R14: Reg = 14;
pub(crate) const R15: Reg = 15;

/// No index register.
const NONE: Reg = 0xff;

/// A memory operand: `[base + index * 2^scale + disp]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mem {
    base: Reg,
    index: Reg,
    scale: u8,
    disp: i32,
}

impl Mem {
    pub(crate) fn at(base: Reg, disp: i32) -> Self {
        Mem {
            base,
            index: NONE,
            scale: 0,
            disp,
        }
    }

    pub(crate) fn indexed(base: Reg, index: Reg, scale: u8, disp: i32) -> Self {
        Mem {
            base,
            index,
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
        Rm::Reg(reg)
    }
}

impl From<Mem> for Rm {
    fn from(mem: Mem) -> Self {
        Rm::Mem(mem)
    }
}

/// The operations of the classic arithmetic group, by their number in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Alu {
    Add = 0,
    Or = 1,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

/// Shifts by a constant, by their number in the group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Shift {
    Left = 4,
    Right = 5,
    Arithmetic = 7,
}

/// The one-operand group (multiplication and division of rdx:rax), by their number in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Unary {
    Neg = 3,
    MulSigned = 5,
    DivUnsigned = 6,
    DivSigned = 7,
}

/// Condition codes; the lowest bit negates.
pub(crate) type Cc = u8;
pub(crate) const BELOW: Cc = 2;
pub(crate) const EQUAL: Cc = 4;
pub(crate) const ABOVE: Cc = 7;
pub(crate) const NEGATIVE: Cc = 8;
pub(crate) const LESS: Cc = 12;

/// A forward jump whose target is not known yet: where its 32-bit displacement is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jump(usize);

/// Code under construction.
#[derive(Default, Debug)]
pub(crate) struct Asm {
    pub(crate) bytes: Vec<u8>,
}

impl Asm {
    pub(crate) fn here(&self) -> usize {
        self.bytes.len()
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn imm32(&mut self, imm: i32) {
        self.bytes.extend_from_slice(&imm.to_le_bytes());
    }

    /// ModRM, SIB and displacement.
    fn operand(&mut self, reg: Reg, rm: Rm) {
        let reg = (reg & 7) << 3;
        match rm {
            Rm::Reg(rm) => self.byte(0xc0 | reg | rm & 7),
            Rm::Mem(Mem {
                base,
                index,
                scale,
                disp,
            }) => {
                let short = i8::try_from(disp).is_ok();
                let mode = match disp {
                    0 if base & 7 != RBP => 0,
                    _ if short => 0x40,
                    _ => 0x80,
                };
                if index != NONE {
                    self.byte(mode | reg | 4);
                    self.byte(scale << 6 | (index & 7) << 3 | base & 7);
                } else if base & 7 == RSP {
                    self.byte(mode | reg | 4);
                    self.byte(4 << 3 | base & 7);
                } else {
                    self.byte(mode | reg | base & 7);
                }
                match mode {
                    0 => {}
                    0x40 => self.byte(disp as u8),
                    _ => self.imm32(disp),
                }
            }
        }
    }

    /// Extension bits of base and index.
    fn high_bits(rm: Rm) -> (u8, u8) {
        match rm {
            Rm::Reg(rm) => (rm >> 3, 0),
            Rm::Mem(mem) if mem.index == NONE => (mem.base >> 3, 0),
            Rm::Mem(mem) => (mem.base >> 3, mem.index >> 3),
        }
    }

    /// An instruction with a legacy encoding. `byte` asks for a prefix where a byte register needs it.
    fn legacy(&mut self, wide: bool, byte: bool, opcode: &[u8], reg: Reg, rm: Rm) {
        let (b, x) = Self::high_bits(rm);
        let rex = u8::from(wide) << 3 | (reg >> 3) << 2 | x << 1 | b;
        let needs = byte && (reg >= 4 || matches!(rm, Rm::Reg(rm) if rm >= 4));
        if rex != 0 || needs {
            self.byte(0x40 | rex);
        }
        self.bytes.extend_from_slice(opcode);
        self.operand(reg, rm);
    }

    /// A VEX instruction: its map (2: 0F38, 3: 0F3A), prefix and opcode.
    fn vex(&mut self, wide: bool, code: (u8, u8, u8), reg: Reg, second: Reg, rm: Rm) {
        let (map, prefix, opcode) = code;
        let (b, x) = Self::high_bits(rm);
        self.byte(0xc4);
        self.byte((!(reg >> 3) & 1) << 7 | (!x & 1) << 6 | (!b & 1) << 5 | map);
        self.byte(u8::from(wide) << 7 | (!second & 15) << 3 | prefix);
        self.byte(opcode);
        self.operand(reg, rm);
    }

    // Moves.

    pub(crate) fn mov(&mut self, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.legacy(wide, false, &[0x8b], to, from.into());
    }

    pub(crate) fn mov_to(&mut self, wide: bool, to: Mem, from: Reg) {
        self.legacy(wide, false, &[0x89], from, to.into());
    }

    /// Any constant, by the shortest form that leaves the flags alone.
    pub(crate) fn mov_imm(&mut self, to: Reg, imm: u64) {
        if let Ok(imm) = u32::try_from(imm) {
            if to >= 8 {
                self.byte(0x41);
            }
            self.byte(0xb8 | to & 7);
            self.imm32(imm as i32);
        } else if let Ok(imm) = i32::try_from(imm as i64) {
            self.legacy(true, false, &[0xc7], 0, to.into());
            self.imm32(imm);
        } else {
            self.byte(0x48 | to >> 3);
            self.byte(0xb8 | to & 7);
            self.bytes.extend_from_slice(&imm.to_le_bytes());
        }
    }

    pub(crate) fn mov_to_imm(&mut self, wide: bool, to: Mem, imm: i32) {
        self.legacy(wide, false, &[0xc7], 0, to.into());
        self.imm32(imm);
    }

    pub(crate) fn lea(&mut self, wide: bool, to: Reg, from: Mem) {
        self.legacy(wide, false, &[0x8d], to, from.into());
    }

    /// Zero-extends a byte or a 16-bit half.
    pub(crate) fn movzx(&mut self, bytes: u32, to: Reg, from: impl Into<Rm>) {
        let opcode = if bytes == 1 { 0xb6 } else { 0xb7 };
        self.legacy(false, bytes == 1, &[0x0f, opcode], to, from.into());
    }

    /// Sign-extends a byte, half or word.
    pub(crate) fn movsx(&mut self, wide: bool, bytes: u32, to: Reg, from: impl Into<Rm>) {
        match bytes {
            1 => self.legacy(wide, true, &[0x0f, 0xbe], to, from.into()),
            2 => self.legacy(wide, false, &[0x0f, 0xbf], to, from.into()),
            _ => self.legacy(wide, false, &[0x63], to, from.into()),
        }
    }

    /// Loads 2, 4 or 8 bytes most significant first; 2 bytes leave the rest of the register alone.
    pub(crate) fn movbe(&mut self, bytes: u32, to: Reg, from: Mem) {
        if bytes == 2 {
            self.byte(0x66);
        }
        self.legacy(bytes == 8, false, &[0x0f, 0x38, 0xf0], to, from.into());
    }

    /// Stores 2, 4 or 8 bytes most significant first.
    pub(crate) fn movbe_to(&mut self, bytes: u32, to: Mem, from: Reg) {
        if bytes == 2 {
            self.byte(0x66);
        }
        self.legacy(bytes == 8, false, &[0x0f, 0x38, 0xf1], from, to.into());
    }

    /// Stores 1, 2, 4 or 8 bytes least significant first.
    pub(crate) fn store(&mut self, bytes: u32, to: Mem, from: Reg) {
        match bytes {
            1 => self.legacy(false, true, &[0x88], from, to.into()),
            2 => {
                self.byte(0x66);
                self.legacy(false, false, &[0x89], from, to.into());
            }
            _ => self.legacy(bytes == 8, false, &[0x89], from, to.into()),
        }
    }

    // Arithmetic.

    pub(crate) fn alu(&mut self, op: Alu, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.legacy(wide, false, &[(op as u8) << 3 | 3], to, from.into());
    }

    /// With the memory operand on the left.
    pub(crate) fn alu_to(&mut self, op: Alu, wide: bool, to: Mem, from: Reg) {
        self.legacy(wide, false, &[(op as u8) << 3 | 1], from, to.into());
    }

    pub(crate) fn alu_imm(&mut self, op: Alu, wide: bool, to: impl Into<Rm>, imm: i32) {
        if let Ok(short) = i8::try_from(imm) {
            self.legacy(wide, false, &[0x83], op as u8, to.into());
            self.byte(short as u8);
        } else {
            self.legacy(wide, false, &[0x81], op as u8, to.into());
            self.imm32(imm);
        }
    }

    /// Compares a byte in memory.
    pub(crate) fn cmp_byte(&mut self, at: Mem, imm: u8) {
        self.legacy(false, false, &[0x80], Alu::Cmp as u8, at.into());
        self.byte(imm);
    }

    pub(crate) fn test(&mut self, wide: bool, a: Reg, b: Reg) {
        self.legacy(wide, false, &[0x85], a, b.into());
    }

    pub(crate) fn test_imm(&mut self, wide: bool, a: impl Into<Rm>, imm: i32) {
        let a = a.into();
        match a {
            Rm::Reg(_) if (0..0x80).contains(&imm) => {
                self.legacy(false, true, &[0xf6], 0, a);
                self.byte(imm as u8);
            }
            _ => {
                self.legacy(wide, false, &[0xf7], 0, a);
                self.imm32(imm);
            }
        }
    }

    pub(crate) fn shift_imm(&mut self, op: Shift, wide: bool, to: Reg, by: u8) {
        self.legacy(wide, false, &[0xc1], op as u8, to.into());
        self.byte(by);
    }

    /// Shift by a register, modulo the width, without flags.
    pub(crate) fn shift(&mut self, op: Shift, wide: bool, to: Reg, from: impl Into<Rm>, by: Reg) {
        let prefix = match op {
            Shift::Left => 1,
            Shift::Right => 3,
            Shift::Arithmetic => 2,
        };
        self.vex(wide, (2, prefix, 0xf7), to, by, from.into());
    }

    pub(crate) fn rotate_right(&mut self, wide: bool, to: Reg, from: impl Into<Rm>, by: u8) {
        self.vex(wide, (3, 3, 0xf0), to, 0, from.into());
        self.byte(by);
    }

    pub(crate) fn imul(&mut self, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.legacy(wide, false, &[0x0f, 0xaf], to, from.into());
    }

    pub(crate) fn imul_imm(&mut self, wide: bool, to: Reg, from: impl Into<Rm>, imm: i32) {
        self.legacy(wide, false, &[0x69], to, from.into());
        self.imm32(imm);
    }

    /// `high:low = rdx · from`, unsigned.
    pub(crate) fn mulx(&mut self, wide: bool, high: Reg, low: Reg, from: impl Into<Rm>) {
        self.vex(wide, (2, 3, 0xf6), high, low, from.into());
    }

    pub(crate) fn unary(&mut self, op: Unary, wide: bool, on: Reg) {
        self.legacy(wide, false, &[0xf7], op as u8, on.into());
    }

    /// Sign-extends rax into rdx.
    pub(crate) fn sign_into_rdx(&mut self, wide: bool) {
        if wide {
            self.byte(0x48);
        }
        self.byte(0x99);
    }

    pub(crate) fn lzcnt(&mut self, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.byte(0xf3);
        self.legacy(wide, false, &[0x0f, 0xbd], to, from.into());
    }

    /// 1 or 0 into a register's low byte.
    pub(crate) fn set(&mut self, cc: Cc, to: Reg) {
        self.legacy(false, true, &[0x0f, 0x90 | cc], 0, to.into());
    }

    pub(crate) fn cmov(&mut self, cc: Cc, wide: bool, to: Reg, from: impl Into<Rm>) {
        self.legacy(wide, false, &[0x0f, 0x40 | cc], to, from.into());
    }

    // Control.

    pub(crate) fn push(&mut self, reg: Reg) {
        if reg >= 8 {
            self.byte(0x41);
        }
        self.byte(0x50 | reg & 7);
    }

    pub(crate) fn pop(&mut self, reg: Reg) {
        if reg >= 8 {
            self.byte(0x41);
        }
        self.byte(0x58 | reg & 7);
    }

    pub(crate) fn ret(&mut self) {
        self.byte(0xc3);
    }

    pub(crate) fn call_to(&mut self, to: impl Into<Rm>) {
        self.legacy(false, false, &[0xff], 2, to.into());
    }

    pub(crate) fn call_back(&mut self, target: i64) {
        self.byte(0xe8);
        self.imm32(0);
        let call = Jump(self.here() - 4);
        self.land(call, target);
    }

    pub(crate) fn jmp_to(&mut self, to: impl Into<Rm>) {
        self.legacy(false, false, &[0xff], 4, to.into());
    }

    pub(crate) fn jmp(&mut self) -> Jump {
        self.byte(0xe9);
        self.imm32(0);
        Jump(self.here() - 4)
    }

    pub(crate) fn jcc(&mut self, cc: Cc) -> Jump {
        self.bytes.extend_from_slice(&[0x0f, 0x80 | cc]);
        self.imm32(0);
        Jump(self.here() - 4)
    }

    /// Lets a jump go to an offset from the start of this code, which may be negative.
    pub(crate) fn land(&mut self, jump: Jump, target: i64) {
        let displacement = (target - (jump.0 as i64 + 4)) as i32;
        if let Some(field) = self.bytes.get_mut(jump.0..jump.0 + 4) {
            field.copy_from_slice(&displacement.to_le_bytes());
        }
    }

    /// Lets a jump go to the current end of the code.
    pub(crate) fn land_here(&mut self, jump: Jump) {
        self.land(jump, self.here() as i64);
    }

    pub(crate) fn jmp_back(&mut self, target: i64) {
        let jump = self.jmp();
        self.land(jump, target);
    }
}
