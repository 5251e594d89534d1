//! How instructions are put into bytes.

use super::operand::{Mem, Reg, Rm};

/// Code under construction.
#[derive(Default, Debug)]
pub(crate) struct Asm {
    pub(crate) bytes: Vec<u8>,
}

/// The register field of ModRM: a register, or the number of an operation in its group.
#[derive(Clone, Copy)]
pub(super) struct Field(u8);

impl Field {
    pub(super) const fn operation(number: u8) -> Self {
        Self(number & 7)
    }
}

impl From<Reg> for Field {
    fn from(reg: Reg) -> Self {
        Self(reg.number())
    }
}

impl Asm {
    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn imm32(&mut self, imm: i32) {
        self.bytes.extend_from_slice(&imm.to_le_bytes());
    }

    /// ModRM, SIB and displacement.
    fn operand(&mut self, Field(reg): Field, rm: Rm) {
        let reg = (reg & 7) << 3;
        match rm {
            Rm::Reg(rm) => self.byte(0xc0 | reg | rm.low()),
            Rm::Mem(Mem {
                base,
                index,
                scale,
                disp,
            }) => {
                // No displacement, one of a byte, one of four. With rbp and r13 for a base, "none" means
                // something else.
                let mode = match disp {
                    0 if base.low() != Reg::Rbp.low() => 0,
                    _ if i8::try_from(disp).is_ok() => 0x40,
                    _ => 0x80,
                };
                match index {
                    Some(index) => {
                        self.byte(mode | reg | 4);
                        self.byte(scale << 6 | index.low() << 3 | base.low());
                    }
                    // The number of rsp and r12 says that a SIB byte follows; in it, that there is no index.
                    None if base.low() == Reg::Rsp.low() => {
                        self.byte(mode | reg | 4);
                        self.byte(4 << 3 | base.low());
                    }
                    None => self.byte(mode | reg | base.low()),
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
            Rm::Reg(rm) => (rm.high(), 0),
            Rm::Mem(mem) => (mem.base.high(), mem.index.map_or(0, Reg::high)),
        }
    }

    /// An instruction with a legacy encoding. `byte` asks for a prefix where a byte register needs it:
    /// without one the numbers 4 to 7 mean ah, ch, dh and bh.
    pub(super) fn legacy(
        &mut self,
        wide: bool,
        byte: bool,
        opcode: &[u8],
        reg: impl Into<Field>,
        rm: Rm,
    ) {
        let reg = reg.into();
        let (b, x) = Self::high_bits(rm);
        let rex = u8::from(wide) << 3 | (reg.0 >> 3) << 2 | x << 1 | b;
        let needs = byte && (reg.0 >= 4 || matches!(rm, Rm::Reg(rm) if rm.number() >= 4));
        if rex != 0 || needs {
            self.byte(0x40 | rex);
        }
        self.bytes.extend_from_slice(opcode);
        self.operand(reg, rm);
    }

    /// A VEX instruction: its map (2: 0F38, 3: 0F3A), prefix and opcode. `second` is the register that
    /// the prefix holds, where the instruction has one.
    pub(super) fn vex(
        &mut self,
        wide: bool,
        code: (u8, u8, u8),
        reg: Reg,
        second: Option<Reg>,
        rm: Rm,
    ) {
        let (map, prefix, opcode) = code;
        let (b, x) = Self::high_bits(rm);
        // The prefix has registers negated.
        let second = !second.map_or(0, Reg::number) & 15;
        self.byte(0xc4);
        self.byte((!reg.high() & 1) << 7 | (!x & 1) << 6 | (!b & 1) << 5 | map);
        self.byte(u8::from(wide) << 7 | second << 3 | prefix);
        self.byte(opcode);
        self.operand(reg.into(), rm);
    }
}
