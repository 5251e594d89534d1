//! Random programs of RV64IMAC that end, and print all registers and all of their data.

use fpvm_core::definition::decode::decode;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa as _, Op as _, Operand, Pattern};
use fpvm_core::definition::operand::Imm;
use fpvm_isa_riscv::imac::Imac;

const BASE: u64 = 0x1_0000;
/// Where the program prints from: the registers, then the data.
const OUT: u64 = 0x4_0000;
const REGISTERS: usize = 30 * 8;
const DATA: usize = 0x2000;
/// Bytes that a program prints.
pub(crate) const OUTPUT: usize = REGISTERS + DATA;
/// Where pointers point to.
const MIDDLE: u64 = OUT + REGISTERS as u64 + DATA as u64 / 2;
const INSTRUCTIONS: usize = 600;

/// What differs first.
pub(crate) fn difference(ours: &[u8], theirs: &[u8]) -> String {
    let words = ours.chunks(8).zip(theirs.chunks(8)).enumerate();
    let mut words = words.filter(|(_, (a, b))| a != b);
    words.next().map_or("the length".into(), |(i, (a, b))| {
        format!(
            "word {i} (x{} in the first 30) is {a:x?}, and {b:x?} under qemu",
            i + 1
        )
    })
}

struct Writer {
    random: u64,
    code: Vec<u8>,
}

impl Writer {
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn here(&self) -> u64 {
        BASE + self.code.len() as u64
    }

    fn put(&mut self, insn: u32) {
        let len = fetch::len::<Imac>(insn) as usize;
        self.code.extend(&insn.to_le_bytes()[..len]);
    }

    /// auipc and addi: an address into a register.
    fn address(&mut self, register: u32, at: u64) {
        let offset = at.wrapping_sub(self.here()) as u32;
        let upper = offset.wrapping_add(0x800) & !0xfff;
        self.put(upper | register << 7 | 0x17);
        let lower = offset.wrapping_sub(upper) & 0xfff;
        self.put(lower << 20 | register << 15 | register << 7 | 0x13);
    }

    /// addi: a small number into a register.
    fn number(&mut self, register: u32, value: u32) {
        self.put(value << 20 | register << 7 | 0x13);
    }

    /// An instruction of a row, with what it needs before it and may jump over.
    fn instruction(&mut self, row: &Pattern) {
        let mut insn = row.value | self.next() as u32 & !row.mask;
        let len = fetch::len::<Imac>(insn);
        if len == 2 {
            insn &= 0xffff;
        }
        // Some of a row's words are another's: c.mv from register 0 would be c.jr.
        if Imac::TABLE.get(decode::<Imac>(insn).index()) != Some(row) {
            return;
        }
        let base = base(row, &mut insn);
        if let Some(imm) = target(row) {
            insn = scattered(insn, imm, len as u32 + 2);
        } else if jumps(row) {
            let Some(register) = base else { return };
            if len == 4 {
                insn &= 0x000f_ffff;
            }
            let to = self.here() + 8 + len + 2;
            self.address(register, to);
        } else if let Some(register) = base {
            let near = if row.name.starts_with("amo") { 8 } else { 1 };
            let at = MIDDLE + near * self.below(64);
            self.address(register, at);
        }
        self.put(insn);
        // c.addi of anything, which jumps skip.
        let skipped = self.next() as u32 & 0x1ffc | 1;
        self.put(skipped & 0x1fff);
    }
}

fn jumps(row: &Pattern) -> bool {
    matches!(row.name, "jalr" | "ret" | "c_jr" | "c_jalr")
}

/// The register of a row's address, which is not register 0.
fn base(row: &Pattern, insn: &mut u32) -> Option<u32> {
    let field = |lo: u32, insn: &mut u32| {
        if *insn >> lo & 31 == 0 {
            *insn |= 7 << lo;
        }
        *insn >> lo & 31
    };
    match row.name {
        "ret" => Some(1),
        "c_jr" if row.mask == 0xffff => Some(1),
        "c_jr" | "c_jalr" => Some(field(7, insn)),
        "jalr" => Some(field(15, insn)),
        _ if row.format.ends_with("(sp)") => Some(2),
        _ if row.format.ends_with("({high})") => Some(8 + (*insn >> 7 & 7)),
        _ if row.format.ends_with("({rs1})") => Some(field(15, insn)),
        _ => None,
    }
}

fn target(row: &Pattern) -> Option<Imm> {
    Imac::OPERANDS
        .iter()
        .find_map(|(name, operand)| match operand {
            Operand::Target(imm, _) if row.format.contains(&format!("{{{name}}}")) => Some(*imm),
            _ => None,
        })
}

fn scattered(insn: u32, imm: Imm, value: u32) -> u32 {
    let parts = imm.parts.iter().filter(|part| part.bits > 0);
    parts.fold(insn, |insn, part| {
        let mask = (1u32 << part.bits) - 1;
        insn & !(mask << part.lo) | (value >> part.to & mask) << part.lo
    })
}

/// Whether a row is one that a program can come to and go on. Of lr and sc, a processor may do more
/// than one thing.
fn is_plain(row: &&Pattern) -> bool {
    let name = row.name;
    let ends = ["ecall", "ebreak", "c_ebreak"].contains(&name) || name.ends_with("_reserved");
    let float = name.starts_with("float") || name.starts_with("c_f");
    let counter = name.starts_with("rd");
    let reserves = name.starts_with("lr") || name.starts_with("sc_");
    !ends && !float && !counter && !reserves
}

/// A program as an ELF file.
pub(crate) fn program(seed: u64) -> Vec<u8> {
    let mut writer = Writer {
        random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        code: Vec::new(),
    };
    let rows: Vec<_> = Imac::TABLE.iter().filter(is_plain).collect();
    writer.address(31, MIDDLE);
    for register in 1..31 {
        writer.put((8 * register) << 20 | 31 << 15 | 3 << 12 | register << 7 | 3);
    }
    for _ in 0..INSTRUCTIONS {
        let row = rows[writer.below(rows.len() as u64) as usize];
        writer.instruction(row);
    }
    writer.address(31, OUT);
    for register in 1..31u32 {
        let offset = 8 * (register - 1);
        writer.put(
            (offset >> 5) << 25 | register << 20 | 31 << 15 | 3 << 12 | (offset & 31) << 7 | 0x23,
        );
    }
    writer.number(10, 1);
    writer.address(11, OUT);
    // lui and addiw.
    writer.put(((OUTPUT as u32 + 0x800) & !0xfff) | 12 << 7 | 0x37);
    writer.put((OUTPUT as u32 & 0xfff) << 20 | 12 << 15 | 12 << 7 | 0x1b);
    writer.number(17, 64);
    writer.put(0x73);
    writer.number(10, 0);
    writer.number(17, 93);
    writer.put(0x73);

    let mut image = writer.code.clone();
    image.resize((OUT - BASE) as usize, 0);
    for _ in 0..OUTPUT / 8 {
        // Numbers near edges too.
        let value = match writer.below(4) {
            0 => writer.next() as i8 as u64,
            1 => 1 << writer.below(64),
            _ => writer.next(),
        };
        image.extend(value.to_le_bytes());
    }
    elf(&image)
}

/// An ELF file with one segment that may all be done with.
fn elf(image: &[u8]) -> Vec<u8> {
    const HEADERS: u64 = 64 + 56;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let mut words = |words: &[(u64, usize)]| {
        for (word, size) in words {
            file.extend(&word.to_le_bytes()[..*size]);
        }
    };
    // Kind, machine, version, entry, program headers, sections, flags (RVC), sizes and counts.
    words(&[(2, 2), (243, 2), (1, 4), (BASE, 8), (64, 8), (0, 8), (1, 4)]);
    words(&[(64, 2), (56, 2), (1, 2), (0, 2), (0, 2), (0, 2)]);
    let len = image.len() as u64;
    // PT_LOAD, all rights, offset, addresses, sizes, alignment.
    words(&[
        (1, 4),
        (7, 4),
        (0x1000, 8),
        (BASE, 8),
        (BASE, 8),
        (len, 8),
        (len, 8),
        (0x1000, 8),
    ]);
    file.resize((0x1000u64).max(HEADERS) as usize, 0);
    file.extend(image);
    file
}
