//! What an ELF file says about the machine that it was built for: `e_flags`, MIPS's ABI flags, RISC-V's attributes.

use super::report::Report;
use crate::info::{IsaInfo, MIPS, RISCV};
use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{ElfFile, FileHeader};
use object::{Endianness, FileKind, Object as _, ObjectSection as _};

/// Architectures in the upper four bits of a MIPS file's `e_flags`, with the bits of a register.
const MIPS_ARCHITECTURES: [(&str, u8); 11] = [
    ("MIPS I", 32),
    ("MIPS II", 32),
    ("MIPS III", 64),
    ("MIPS IV", 64),
    ("MIPS V", 64),
    ("MIPS32", 32),
    ("MIPS64", 64),
    ("MIPS32 release 2", 32),
    ("MIPS64 release 2", 64),
    ("MIPS32 release 6", 32),
    ("MIPS64 release 6", 64),
];

/// `EF_MIPS_MICROMIPS` and `EF_MIPS_ARCH_ASE_M16`.
const SHORT_MIPS: [(u32, &str); 2] = [(0x0200_0000, "microMIPS"), (0x0400_0000, "MIPS16")];

/// Extensions of MIPS, as in the ABI flags, that give words another meaning, or have registers of their own.
const MIPS_EXTENSIONS: [(u32, &str); 9] = [
    (0x1, "DSP"),
    (0x2, "DSP R2"),
    (0x10, "MDMX"),
    (0x20, "MIPS-3D"),
    (0x80, "SmartMIPS"),
    (0x200, "MSA"),
    (0x400, "MIPS16"),
    (0x800, "microMIPS"),
    (0x2000, "DSP R3"),
];

/// Extensions of RISC-V whose instructions the VMs have, or that have no instructions.
const RISCV_HAD: [&str; 9] = [
    "i", "m", "a", "zicsr", "zifencei", "zmmul", "zaamo", "zalrsc", "ziccamoa",
];

const OTHER_MIPS: &str =
    "build it for the first release (gcc and clang: -march=mips64, or -march=mips32 of 32 bits)";
const OTHER_RISCV: &str = "build it with -march=rv64ima -mabi=lp64 (Rust: -C target-feature=-zba,-zbb,-zbs; Go: GORISCV64=rva20u64)";

/// Checks what the file itself says about its machine. Extensions whose instructions are in the code are found
/// there; this reports what a look at single instructions cannot find.
pub(super) fn check_header(isa: &dyn IsaInfo, bytes: &[u8], report: &mut Report) {
    let Some((machine, is_64)) = isa.machine() else {
        return;
    };
    let header = match FileKind::parse(bytes) {
        Ok(FileKind::Elf32) => Header::of::<FileHeader32<Endianness>>(bytes),
        Ok(FileKind::Elf64) => Header::of::<FileHeader64<Endianness>>(bytes),
        _ => None,
    };
    let Some(header) = header else {
        return;
    };
    match machine {
        MIPS => mips(&header, is_64, report),
        RISCV => riscv(isa, &header, report),
        _ => {}
    }
}

/// The parts of a file that are looked at.
struct Header {
    endian: Endianness,
    flags: u32,
    abi_flags: Option<Vec<u8>>,
    attributes: Option<Vec<u8>>,
}

impl Header {
    fn of<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Self> {
        let file = ElfFile::<H>::parse(bytes).ok()?;
        let section = |name| {
            let data = file.section_by_name(name)?.data().ok()?;
            Some(data.to_vec())
        };
        Some(Self {
            endian: file.endian(),
            flags: file.elf_header().e_flags(file.endian()).0,
            abi_flags: section(".MIPS.abiflags"),
            attributes: section(".riscv.attributes"),
        })
    }

    fn number(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(match self.endian {
            Endianness::Little => u32::from_le_bytes(bytes),
            Endianness::Big => u32::from_be_bytes(bytes),
        })
    }
}

fn mips(header: &Header, is_64: bool, report: &mut Report) {
    let architecture = MIPS_ARCHITECTURES.get((header.flags >> 28) as usize);
    let (name, bits) = architecture.copied().unwrap_or(("an unknown MIPS", 64));
    // ABI flags: version (2 bytes), level and revision of the ISA, then the sizes of registers and the
    // floating point; extensions at byte 12.
    let revision = header.abi_flags.as_ref();
    let revision = revision.and_then(|flags| flags.get(3)).copied();
    let release = match revision {
        Some(revision) if !name.ends_with(&format!("release {revision}")) && revision > 1 => {
            format!("{name}, release {revision} by its ABI flags")
        }
        _ => name.to_string(),
    };
    report.fact("built for", &release);
    if name.ends_with("release 6") || revision == Some(6) {
        report.problem(
            "the program was built for MIPS release 6, which gave words of earlier releases another meaning",
            "the VM takes mul, div, aui and branches of release 6 for other instructions, and nothing tells",
            OTHER_MIPS,
        );
    }
    if !is_64 && bits == 64 {
        report.problem(
            format!(
                "the program is of 32 bits and was built for registers of 64 ({name}, ABI n32)"
            ),
            "",
            "build it for MIPS32 (-march=mips32 -mabi=32), or for the VM of 64 bits (-mabi=64)",
        );
    }
    let extensions = header.abi_flags.as_ref();
    let extensions = extensions.and_then(|flags| header.number(flags, 12));
    let extensions = extensions.unwrap_or(0);
    let short = SHORT_MIPS.iter().find(|(flag, name)| {
        let by_abi = MIPS_EXTENSIONS.iter();
        let by_abi = by_abi.filter(|(_, known)| known == name);
        header.flags & flag != 0 || by_abi.clone().any(|(bit, _)| extensions & bit != 0)
    });
    if let Some((_, name)) = short {
        report.problem(
            format!("the program has instructions of 16 bits ({name}), and the VM none"),
            "",
            "build it without them (-mno-mips16, -mno-micromips)",
        );
    }
    let of_others = MIPS_EXTENSIONS.iter().filter(|(bit, name)| {
        let is_short = SHORT_MIPS.iter().any(|(_, short)| short == name);
        extensions & bit != 0 && !is_short
    });
    let of_others: Vec<_> = of_others.map(|(_, name)| *name).collect();
    if !of_others.is_empty() {
        report.warning(
            format!(
                "the program says that it has instructions of extensions ({}), and the VM has none of them",
                of_others.join(", ")
            ),
            "",
            OTHER_MIPS,
        );
    }
}

fn riscv(isa: &dyn IsaInfo, header: &Header, report: &mut Report) {
    /// `EF_RISCV_RVE`.
    const EMBEDDED: u32 = 8;
    let attributes = header.attributes.as_ref();
    let Some(arch) = attributes.and_then(|bytes| architecture(header, bytes)) else {
        report.fact(
            "built for",
            "RISC-V; the file does not say with which extensions",
        );
        return;
    };
    report.fact("built for", &arch);
    if !arch.starts_with("rv64") || header.flags & EMBEDDED != 0 {
        report.warning(
            format!("the program was built for {arch}, and the VM is RV64I"),
            "",
            OTHER_RISCV,
        );
    }
    let lacks = extensions(&arch).filter(|name| {
        let had = RISCV_HAD.contains(name) || isa.is_compressed() && matches!(*name, "c" | "zca");
        !had
    });
    let lacks: Vec<_> = lacks.collect();
    if !lacks.is_empty() {
        report.harmless(
            format!(
                "the program may use extensions that the VM lacks ({}); where it does, the instructions are named here",
                lacks.join(", ")
            ),
            "",
        );
    }
}

/// `Tag_RISCV_arch` of an attribute section: `rv64i2p1_m2p0_a2p1_zbb1p0`.
///
/// The section is the letter A, then parts: each has a length (4 bytes, which it includes), a vendor's name and
/// sub-sections. A sub-section has a tag, a length, and pairs of tag and value; a value is text if its tag is odd.
fn architecture(header: &Header, bytes: &[u8]) -> Option<String> {
    const ARCH: u64 = 5;
    let rest = bytes.strip_prefix(b"A")?;
    let len = header.number(rest, 0)? as usize;
    let part = rest.get(4..len.min(rest.len()))?;
    let mut part = part.strip_prefix(b"riscv\0")?;
    while !part.is_empty() {
        let len = header.number(part, 1)? as usize;
        let mut pairs = part.get(5..len.min(part.len()))?;
        while !pairs.is_empty() {
            let tag = number(&mut pairs)?;
            if tag % 2 == 0 {
                number(&mut pairs)?;
                continue;
            }
            let end = pairs.iter().position(|byte| *byte == 0)?;
            let (text, after) = pairs.split_at(end);
            if tag == ARCH {
                return String::from_utf8(text.to_vec()).ok();
            }
            pairs = after.get(1..)?;
        }
        part = part.get(len.max(5)..)?;
    }
    None
}

/// A ULEB128 number.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0u64, 0u32);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
}

/// The extensions of an architecture string, without their versions.
fn extensions(arch: &str) -> impl Iterator<Item = &str> {
    let names = arch.split('_').enumerate().map(|(i, part)| match i {
        // The base: rv64i2p1.
        0 => part.get(4..).unwrap_or_default(),
        _ => part,
    });
    names.map(|part| {
        // zbb1p0; a number that belongs to the name (zve32x) is not at the end.
        let version = part.rfind('p').filter(|at| {
            let after = part.get(at + 1..).unwrap_or_default();
            !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_digit())
        });
        match version {
            Some(at) => {
                let name = part.get(..at).unwrap_or_default();
                name.trim_end_matches(|c: char| c.is_ascii_digit())
            }
            None => part,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_have_their_versions_cut_off() {
        let names: Vec<_> = extensions("rv64i2p1_m2p0_zicsr2p0_zve32x1p0_zbb1p0").collect();
        assert_eq!(names, ["i", "m", "zicsr", "zve32x", "zbb"]);
    }

    #[test]
    fn attributes_end_where_they_end() {
        let header = Header {
            endian: Endianness::Little,
            flags: 0,
            abi_flags: None,
            attributes: None,
        };
        let mut section = b"A\x1d\0\0\0riscv\0\x01\x13\0\0\0\x04\x10\x05rv64i2p1\0".to_vec();
        assert_eq!(architecture(&header, &section).as_deref(), Some("rv64i2p1"));
        for len in 0..section.len() {
            // However short the section is, there is an answer or none, and no panic.
            let _ = architecture(&header, &section[..len]);
        }
        section[1] = 0xff;
        assert_eq!(architecture(&header, &section).as_deref(), Some("rv64i2p1"));
    }
}
