//! What analyses need to know about an ISA.

use crate::frames::{FrameStep, frame_step};
use crate::observe::{Observed, observe};
use fpvm_core::Isa;
use fpvm_core::definition::decode::{Decoder, decode};
use fpvm_core::definition::disasm::disassemble;
use fpvm_core::definition::effects::Effects;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Op as _, Operand, Source};
use fpvm_core::definition::operand::{Cell, Imm, Reg};
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use std::marker::PhantomData;

/// `e_machine` of MIPS.
pub const MIPS: u16 = 8;
/// `e_machine` of RISC-V.
pub const RISCV: u16 = 243;

/// From an instruction word to its row of the table; one past the last if no row fits.
pub type RowOf = Box<dyn Fn(u32) -> usize>;

/// An ISA, with its type forgotten.
pub trait IsaInfo: Sync {
    /// The VM type, as upstream names it.
    fn vm_type(&self) -> &'static str;
    /// Bytes of a guest word.
    fn word_bytes(&self) -> u8;
    /// Whether the instruction after a branch runs before the branch's target.
    fn delay_slot(&self) -> bool;
    /// Whether there are instructions of 2 bytes beside those of 4.
    fn is_compressed(&self) -> bool;
    /// The instruction that begins with these bytes.
    fn insn_of(&self, bytes: [u8; 4]) -> u32;
    /// Bytes of an instruction.
    fn insn_len(&self, insn: u32) -> u64;
    /// Bytes from a call to its return address, for each kind of call.
    fn call_bytes(&self) -> &'static [u64];
    /// An instruction as assembly text.
    fn disassemble(&self, insn: u32, pc: u64) -> String;
    /// What an instruction can do at all.
    fn observe(&self, insn: u32) -> Observed;
    /// A decoder, for many words.
    fn decoder(&self) -> RowOf;
    /// Bits of an instruction on which its row of the table does not decide, and in which it names no operand.
    fn unused_bits(&self, insn: u32) -> u32;
    /// The names of the registers that an instruction may read, without the one that is always zero.
    fn reads(&self, insn: u32) -> Vec<&'static str>;
    /// The address of a load or a store, from the values of registers before it.
    fn address(&self, insn: u32, value: &dyn Fn(&str) -> Option<u64>) -> Option<u64>;
    /// The `e_machine` of the ELF files that it takes, and whether these have 64 bits.
    fn machine(&self) -> Option<(u16, bool)>;
    /// Whether an instruction may write memory.
    fn stores(&self, insn: u32) -> bool;
    /// What an instruction does to the frame of its function.
    fn frame_step(&self, insn: u32) -> FrameStep;
    /// The name that Linux has for a system call of this machine.
    fn call_name(&self, number: u64) -> Option<&'static str>;
}

/// An ISA as an [`IsaInfo`].
#[derive(Debug)]
pub struct Info<I>(PhantomData<fn() -> I>);

impl<I: Isa> Info<I> {
    /// The one value.
    pub const NEW: Self = Self(PhantomData);
}

impl<I: Isa> IsaInfo for Info<I> {
    fn vm_type(&self) -> &'static str {
        I::VM_TYPE
    }

    fn word_bytes(&self) -> u8 {
        I::Word::BYTES as u8
    }

    fn delay_slot(&self) -> bool {
        I::DELAY_SLOT
    }

    fn is_compressed(&self) -> bool {
        I::COMPRESSED_MASK != 0
    }

    fn insn_of(&self, bytes: [u8; 4]) -> u32 {
        fetch::word::<I>(bytes)
    }

    fn insn_len(&self, insn: u32) -> u64 {
        fetch::len::<I>(insn)
    }

    fn call_bytes(&self) -> &'static [u64] {
        match (I::DELAY_SLOT, I::COMPRESSED_MASK) {
            (true, _) => &[8],
            (false, 0) => &[4],
            (false, _) => &[4, 2],
        }
    }

    fn disassemble(&self, insn: u32, pc: u64) -> String {
        disassemble::<I>(insn, pc)
    }

    fn observe(&self, insn: u32) -> Observed {
        observe::<I>(insn)
    }

    fn decoder(&self) -> RowOf {
        let decoder = Decoder::<I>::default();
        Box::new(move |insn| decoder.decode(insn).index())
    }

    fn unused_bits(&self, insn: u32) -> u32 {
        let Some(row) = I::TABLE.get(decode::<I>(insn).index()) else {
            return 0;
        };
        let names = row.format.split('{').skip(1);
        let names = names.filter_map(|part| part.split_once('}').map(|(name, _)| name));
        let operands = names.filter_map(|name| {
            let operand = I::OPERANDS.iter().find(|(known, _)| *known == name)?;
            Some(bits(operand.1))
        });
        !operands.fold(row.mask, |used, bits| used | bits)
    }

    fn reads(&self, insn: u32) -> Vec<&'static str> {
        let mut names = Vec::new();
        for cell in observe::<I>(insn).reads.iter().map(|reg| reg.of(insn)) {
            if let Some(name) = cell_name::<I>(cell)
                && cell.0 != 0
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names
    }

    fn address(&self, insn: u32, value: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
        let Addressing { base, offset } = Addressing::of::<I>(decode::<I>(insn).index())?;
        let base = value(cell_name::<I>(base.of(insn))?)?;
        let address = base.wrapping_add(offset.map_or(0, |offset| offset.of(insn)));
        Some(I::Word::truncate(address).zext())
    }

    fn stores(&self, insn: u32) -> bool {
        Effects::of::<I>(decode::<I>(insn)).stores
    }

    fn machine(&self) -> Option<(u16, bool)> {
        I::ELF.map(|target| (target.machine, target.is_64))
    }

    fn frame_step(&self, insn: u32) -> FrameStep {
        frame_step::<I>(insn)
    }

    fn call_name(&self, number: u64) -> Option<&'static str> {
        let number = usize::try_from(number).ok()?;
        let target = I::ELF?;
        match (target.machine, target.is_64) {
            (8, false) => Some(syscalls::mips::Sysno::new(number)?.name()),
            (8, true) => Some(syscalls::mips64::Sysno::new(number)?.name()),
            (243, true) => Some(syscalls::riscv64::Sysno::new(number)?.name()),
            _ => None,
        }
    }
}

/// How an instruction's text names an address: `{imm}({rs1})`, `({rs1})`, `{words}(sp)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addressing {
    base: Reg,
    offset: Option<Imm>,
}

impl Addressing {
    /// The addressing of a row of the table; none if its text names no address.
    pub(crate) fn of<I: Isa>(row: usize) -> Option<Self> {
        let operand = |name: &str| {
            let found = I::OPERANDS.iter().find(|(known, _)| *known == name);
            found.map(|(_, operand)| *operand)
        };
        let (before, after) = I::TABLE.get(row)?.format.split_once('(')?;
        let base = after.strip_suffix(')')?;
        let named = base.strip_prefix('{');
        let base = match named.and_then(|name| name.strip_suffix('}')) {
            Some(name) => match operand(name)? {
                Operand::Reg(reg) => reg,
                _ => return None,
            },
            None => {
                let cell = I::REGISTERS.iter().position(|name| *name == base)?;
                Reg::Fixed(Cell(u8::try_from(cell).ok()?))
            }
        };
        let offset = match before.rsplit_once('{') {
            Some((_, name)) if name.ends_with('}') => match operand(name.strip_suffix('}')?)? {
                Operand::Imm(imm) => Some(imm),
                _ => return None,
            },
            _ => None,
        };
        Some(Self { base, offset })
    }

    /// The address that an instruction of the row names in a state.
    pub(crate) fn address<I: Isa>(&self, state: &State<I>, insn: u32) -> u64 {
        let base = state.get(self.base.of(insn)).zext();
        let address = base.wrapping_add(self.offset.map_or(0, |offset| offset.of(insn)));
        I::Word::truncate(address).zext()
    }
}

/// The name of a cell: a register's, or that of its field of the state.
fn cell_name<I: Isa>(cell: Cell) -> Option<&'static str> {
    let register = I::REGISTERS.get(usize::from(cell.0)).copied();
    let thread = I::THREADS.map_or(&[][..], |threads| threads.fields);
    let mut fields = I::STATE.iter().chain(thread);
    register.or_else(|| {
        let field = fields.find(|field| field.source == Source::Cell(cell));
        field.map(|field| field.name)
    })
}

/// The bits of an instruction that an operand is in.
fn bits(operand: Operand) -> u32 {
    let run = |lo: u8, bits: u8| (((1u64 << bits) - 1) << lo) as u32;
    let of = |imm: Imm| {
        let parts = imm.parts.iter();
        parts.fold(0, |all, part| all | run(part.lo, part.bits))
    };
    match operand {
        Operand::Reg(Reg::Field { lo, bits, .. }) => run(lo, bits),
        Operand::Reg(Reg::Fixed(_)) => 0,
        Operand::Imm(imm) | Operand::Target(imm, _) | Operand::Region(imm) => of(imm),
    }
}
