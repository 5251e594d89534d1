//! What an ELF file says of its own place in memory: its type, its entry, and what somebody else would have to do before
//! it begins. A VM's loader copies the segments and begins at the entry, as upstream's does, and does nothing else.

use super::code::counted;
use super::report::{Grade, Report};
use crate::info::{IsaInfo, MIPS};
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _, Sym as _};
use object::{Endianness, FileKind};

/// Names of start code that applies a program's own relocations: glibc's, musl's, and whoever says so by the name.
const RELOCATORS: [&str; 4] = ["_dlstart", "__dls2", "_dl_start", "reloc"];

/// How many names a finding has.
const NAMED: usize = 6;

/// The most instructions that are followed from the entry.
const FOLLOWED: usize = 64;

/// `R_MIPS_REL32` and `R_RISCV_RELATIVE`.
const RELATIVE: u64 = 3;

/// A loaded segment.
struct Segment<'a> {
    start: u64,
    /// Bytes in memory.
    len: u64,
    /// Where its bytes are in the file.
    offset: u64,
    bytes: &'a [u8],
}

/// A relocation of the dynamic section.
struct Relocation {
    place: u64,
    symbol: u64,
    kind: u64,
    /// `None` where it stands in the place itself.
    addend: Option<u64>,
}

/// The parts of a file that are looked at.
struct Layout<'a> {
    is_64: bool,
    endian: Endianness,
    kind: elf::FileType,
    entry: u64,
    header_len: u64,
    segments: Vec<Segment<'a>>,
    /// The dynamic section's entries that are about relocations.
    dynamic: Vec<(i64, u64)>,
    /// Names of symbols that the program defines.
    defined: Vec<String>,
    /// Names of those that it needs and does not define.
    undefined: Vec<String>,
}

/// Finds out whether a file is a program at all, and whether it begins and works without a linker beside it.
pub(super) fn check_layout(isa: &dyn IsaInfo, bytes: &[u8], report: &mut Report) {
    let Some(layout) = Layout::read(bytes) else {
        return;
    };
    if let Some(what) = layout.no_program() {
        report.problem(
            format!("the file is {what}, and no program"),
            "",
            "link it to a program that begins by itself (-static -no-pie)",
        );
        return;
    }
    layout.check_entry(isa, report);
    layout.check_relocations(report);
    layout.check_undefined(report);
    if isa.machine().is_some_and(|(machine, _)| machine == MIPS) {
        layout.check_first_gp(report);
    }
}

/// What an ELF file is, if it is no program: an object file, …
pub fn no_program(bytes: &[u8]) -> Option<&'static str> {
    Layout::read(bytes)?.no_program()
}

impl<'a> Layout<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        match FileKind::parse(bytes) {
            Ok(FileKind::Elf32) => Self::of::<FileHeader32<Endianness>>(bytes),
            Ok(FileKind::Elf64) => Self::of::<FileHeader64<Endianness>>(bytes),
            _ => None,
        }
    }

    fn of<H: FileHeader<Endian = Endianness>>(bytes: &'a [u8]) -> Option<Self> {
        let header = H::parse(bytes).ok()?;
        let endian = header.endian().ok()?;
        let mut segments = Vec::new();
        let mut dynamic = Vec::new();
        for segment in header.program_headers(endian, bytes).ok()? {
            if segment.p_type(endian) == elf::PT_LOAD {
                segments.push(Segment {
                    start: segment.p_vaddr(endian).into(),
                    len: segment.p_memsz(endian).into(),
                    offset: segment.p_offset(endian).into(),
                    bytes: segment.data(endian, bytes).unwrap_or_default(),
                });
            }
            let entries = segment.dynamic(endian, bytes).ok().flatten();
            let entries = entries.unwrap_or_default().iter();
            dynamic
                .extend(entries.map(|entry| (entry.d_tag(endian).0, entry.d_val(endian).into())));
        }
        let (mut defined, mut undefined) = (Vec::new(), Vec::new());
        let sections = header.sections(endian, bytes).ok();
        let symbols =
            sections.and_then(|sections| sections.symbols(endian, bytes, elf::SHT_SYMTAB).ok());
        if let Some(symbols) = symbols {
            for symbol in symbols.iter().skip(1) {
                let name = symbol.name(endian, symbols.strings()).unwrap_or_default();
                let name = String::from_utf8_lossy(name).into_owned();
                let is_strong = symbol.st_bind() == elf::STB_GLOBAL;
                match symbol.is_undefined(endian) {
                    _ if name.is_empty() => {}
                    false => defined.push(name),
                    // The linker makes this one up wherever it is asked for.
                    true if is_strong && name != "_gp_disp" => undefined.push(name),
                    true => {}
                }
            }
        }
        Some(Self {
            is_64: header.is_type_64(),
            endian,
            kind: header.e_type(endian),
            entry: header.e_entry(endian).into(),
            header_len: header.e_ehsize(endian).into(),
            segments,
            dynamic,
            defined,
            undefined,
        })
    }

    /// What the file is, if it is no program.
    fn no_program(&self) -> Option<&'static str> {
        match self.kind {
            elf::ET_REL => Some("an object file (ET_REL)"),
            elf::ET_CORE => Some("a memory image of a process (ET_CORE)"),
            elf::ET_EXEC | elf::ET_DYN => None,
            _ => Some("of a type that is neither ET_EXEC nor ET_DYN"),
        }
    }

    /// The segment that has an address, and how far in it is.
    fn find(&self, address: u64) -> Option<(&Segment<'a>, u64)> {
        self.segments.iter().find_map(|segment| {
            let at = address.checked_sub(segment.start)?;
            (at < segment.len).then_some((segment, at))
        })
    }

    /// A number of so many bytes in memory, as it is loaded.
    fn number(&self, address: u64, len: usize) -> Option<u64> {
        let (segment, at) = self.find(address)?;
        let at = usize::try_from(at).ok()?;
        let bytes = segment.bytes.get(at..).unwrap_or_default();
        let mut bytes = bytes.iter().take(len).copied().collect::<Vec<u8>>();
        // What the file has no bytes of is zero.
        bytes.resize(len, 0);
        let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match self.endian {
            Endianness::Big => bytes.iter().fold(0, fold),
            Endianness::Little => bytes.iter().rev().fold(0, fold),
        })
    }

    fn check_entry(&self, isa: &dyn IsaInfo, report: &mut Report) {
        let entry = self.entry;
        // The shortest instruction decides.
        let align = isa.insn_len(0);
        let remedy =
            "name the function that it begins with to the linker (-e NAME, or ENTRY in its script)";
        if !entry.is_multiple_of(align) {
            report.problem(
                format!("its entry {entry:#x} is no address of an instruction: these are multiples of {align}"),
                "",
                remedy,
            );
            return;
        }
        let (what, cause) = match self.find(entry) {
            None => ("outside all segments that are loaded", ""),
            Some((segment, at)) if at >= segment.bytes.len() as u64 => {
                ("where the file has no bytes, and memory is zero", "")
            }
            Some((segment, at)) if segment.offset.saturating_add(at) < self.header_len => (
                "in the file's own header",
                "a library has no entry, or the linker found no function to begin with",
            ),
            Some(_) => return,
        };
        report.problem(format!("its entry {entry:#x} lies {what}"), cause, remedy);
    }

    /// Relocations that would change something at the addresses where the program is.
    fn check_relocations(&self, report: &mut Report) {
        let open = self.relocations();
        let open = open.iter().filter(|one| self.is_open(one));
        let count = open.count();
        if count == 0 {
            return;
        }
        let is_relocator = |name: &&String| RELOCATORS.iter().any(|known| name.contains(known));
        let relocator = self.defined.iter().find(is_relocator);
        let what = format!(
            "the program can be moved, and has {} that a VM does not apply",
            counted(count, "relocation")
        );
        let (grade, cause) = match relocator {
            Some(name) => {
                let cause = format!("its own start code has {name}, which does");
                report.harmless(what, &cause);
                return;
            }
            None if self.defined.is_empty() => (
                Grade::Warning,
                "if its own start code does not, pointers in its data stay 0",
            ),
            None => (
                Grade::Problem,
                "none of its functions has the name of one that does, and so pointers in its data stay 0",
            ),
        };
        report.find(
            grade,
            what,
            cause,
            "link it to a place (-no-pie; Rust: -C relocation-model=static)",
        );
    }

    fn relocations(&self) -> Vec<Relocation> {
        let tag = |wanted: elf::DynamicTag| {
            let found = self.dynamic.iter().find(|(tag, _)| *tag == wanted.0);
            found.map(|(_, value)| *value)
        };
        let plt_has_addends = tag(elf::DT_PLTREL) == Some(elf::DT_RELA.0.unsigned_abs());
        let tables = [
            (tag(elf::DT_RELA), tag(elf::DT_RELASZ), true),
            (tag(elf::DT_REL), tag(elf::DT_RELSZ), false),
            (tag(elf::DT_JMPREL), tag(elf::DT_PLTRELSZ), plt_has_addends),
        ];
        let word = if self.is_64 { 8 } else { 4 };
        let mut all = Vec::new();
        for (start, len, has_addends) in tables {
            let (Some(start), Some(len)) = (start, len) else {
                continue;
            };
            let entry = word as u64 * if has_addends { 3 } else { 2 };
            // A table is in the file, and so no longer than it.
            let Some((segment, at)) = self.find(start) else {
                continue;
            };
            let len = len.min((segment.bytes.len() as u64).saturating_sub(at));
            for i in 0..len / entry {
                let at = start.wrapping_add(i * entry);
                let read = |n: u64| self.number(at.wrapping_add(n * word as u64), word);
                let (Some(place), Some(info)) = (read(0), read(1)) else {
                    break;
                };
                let (symbol, kind) = if self.is_64 {
                    // The lowest byte is the type also where MIPS has three of them.
                    (info >> 32, info & 0xff)
                } else {
                    (info >> 8, info & 0xff)
                };
                let addend = if has_addends { read(2) } else { None };
                all.push(Relocation {
                    place,
                    symbol,
                    kind,
                    addend,
                });
            }
        }
        all
    }

    /// Whether memory changes if a relocation is applied where the program is, 0 bytes away from where it was linked.
    fn is_open(&self, relocation: &Relocation) -> bool {
        let word = if self.is_64 { 8 } else { 4 };
        match (relocation.kind, relocation.symbol, relocation.addend) {
            // None at all; and what is moved by 0.
            (0, ..) | (RELATIVE, 0, None) => false,
            (RELATIVE, 0, Some(addend)) => self.number(relocation.place, word) != Some(addend),
            _ => true,
        }
    }

    fn check_undefined(&self, report: &mut Report) {
        if self.undefined.is_empty() {
            return;
        }
        let names = self.undefined.get(..NAMED).unwrap_or(&self.undefined);
        let more = if self.undefined.len() > NAMED {
            ", …"
        } else {
            ""
        };
        report.warning(
            format!(
                "it does not define what it needs ({}{more}): calls of it go to address 0",
                names.join(", ")
            ),
            "the linker was told not to mind, or was to leave it to another one",
            "link what defines it, statically",
        );
    }

    /// Code for MIPS's shared libraries (abicalls) finds its data by a function's address, which is in `$t9` where it is
    /// called. A VM begins with 0 there: if the program's first function does so, all its data is looked for elsewhere.
    fn check_first_gp(&self, report: &mut Report) {
        const T9: u32 = 25;
        /// SPECIAL, the registers and function of ADDU and DADDU.
        const ADDS: [u32; 2] = [0x21, 0x2d];
        let (mut pc, mut target) = (self.entry, None);
        for _ in 0..FOLLOWED {
            let Some(insn) = self.number(pc, 4).map(|insn| insn as u32) else {
                return;
            };
            let (op, rs, rt, rd) = (
                insn >> 26,
                insn >> 21 & 31,
                insn >> 16 & 31,
                insn >> 11 & 31,
            );
            if op == 0 && ADDS.contains(&(insn & 0x7ff)) && (rs == T9 || rt == T9) {
                report.problem(
                    format!("where the program begins, at {pc:#x}, it takes $t9 for its own address, and a VM begins with 0 in it"),
                    "it was compiled for shared libraries (abicalls), and its start is no code of a C library",
                    "compile it with -fno-pic -mno-abicalls",
                );
                return;
            }
            let branch = (pc.wrapping_add(4))
                .wrapping_add_signed(i64::from((insn & 0xffff) as u16 as i16) << 2);
            let next = match (op, rs, rt) {
                // J and JAL; B; BAL.
                (2 | 3, ..) => {
                    Some(pc.wrapping_add(4) & !0xfff_ffff | u64::from(insn & 0x3ff_ffff) << 2)
                }
                (4, a, b) if a == b => Some(branch),
                (1, 0, 0x11) => Some(branch),
                // Whatever writes $t9; JR and JALR, which lead where $t9 says.
                (0, ..) if rd == T9 || matches!(insn & 0x3f, 8 | 9) => return,
                (8..=15 | 24..=27 | 32..=39 | 55, _, T9) => return,
                _ => None,
            };
            pc = target.take().unwrap_or(pc.wrapping_add(4));
            target = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::info::Info;
    use fpvm_isa_mips::Mips32;
    use fpvm_isa_riscv::Rv64;
    use fpvm_isa_riscv::imac::Imac;

    /// `addi zero, zero, 0` of RISC-V, in the file's bytes.
    const NOP: [u8; 4] = [0x13, 0, 0, 0];

    /// A RISC-V file with a segment at 0x1_0000, which the table of the dynamic section is in.
    struct File {
        kind: u8,
        entry: u64,
        text: Vec<u8>,
        /// Place, type and symbol, addend.
        relocations: Vec<[u64; 3]>,
    }

    impl File {
        fn plain() -> Self {
            Self {
                kind: 2,
                entry: 0x1_0000,
                text: NOP.repeat(4),
                relocations: Vec::new(),
            }
        }

        fn bytes(&self) -> Vec<u8> {
            const AT: u64 = 0x1_0000;
            const DATA: u64 = 64 + 2 * 56;
            let mut file = b"\x7fELF\x02\x01\x01".to_vec();
            file.resize(16, 0);
            file.extend([self.kind, 0, 243, 0, 1, 0, 0, 0]);
            for number in [self.entry, 64, 0] {
                file.extend(number.to_le_bytes());
            }
            file.extend([0; 4]);
            for half in [64u16, 56, 2, 0, 0, 0] {
                file.extend(half.to_le_bytes());
            }
            let table = AT + self.text.len() as u64;
            let len = 24 * self.relocations.len() as u64;
            let dynamic = [7, table, 8, len, 0, 0];
            let size = self.text.len() as u64 + len + 48;
            let headers: [(u32, [u64; 6]); 2] = [
                (1, [DATA, AT, AT, size, size + 16, 16]),
                (2, [DATA + size - 48, table + len, table + len, 48, 48, 8]),
            ];
            for (kind, numbers) in headers {
                file.extend(kind.to_le_bytes());
                file.extend(5u32.to_le_bytes());
                file.extend(numbers.map(u64::to_le_bytes).as_flattened());
            }
            file.extend(&self.text);
            for relocation in &self.relocations {
                file.extend(relocation.map(u64::to_le_bytes).as_flattened());
            }
            file.extend(dynamic.map(u64::to_le_bytes).as_flattened());
            file
        }

        fn found(&self, isa: &dyn IsaInfo) -> Vec<(Grade, String)> {
            let mut report = Report::default();
            check_layout(isa, &self.bytes(), &mut report);
            let of = |grade| {
                report
                    .of(grade)
                    .map(move |found| (grade, found.what.clone()))
            };
            of(Grade::Problem).chain(of(Grade::Warning)).collect()
        }
    }

    #[track_caller]
    fn assert_only(found: Vec<(Grade, String)>, grade: Grade, words: &str) {
        assert_eq!(found.len(), 1, "{found:?}");
        let (graded, what) = &found[0];
        assert!(*graded == grade && what.contains(words), "{found:?}");
    }

    #[test]
    fn what_is_no_program_is_a_problem() {
        let isa = &Info::<Rv64>::NEW;
        assert_eq!(File::plain().found(isa), []);
        for (kind, words) in [
            (1, "ET_REL"),
            (4, "ET_CORE"),
            (0, "neither ET_EXEC nor ET_DYN"),
        ] {
            let file = File {
                kind,
                ..File::plain()
            };
            assert_only(file.found(isa), Grade::Problem, words);
        }
        assert_eq!(
            File {
                kind: 3,
                ..File::plain()
            }
            .found(isa),
            []
        );
    }

    #[test]
    fn an_entry_is_where_an_instruction_is() {
        let isa = &Info::<Rv64>::NEW;
        let size = 16 + 48;
        for (entry, words) in [
            (0, "outside all segments"),
            (0xfffc, "outside all segments"),
            (0x1_0000 + size, "the file has no bytes"),
            (0x1_0000 + size + 16, "outside all segments"),
            (u64::MAX - 3, "outside all segments"),
            (0x1_0002, "multiples of 4"),
            (0x1_0001, "multiples of 4"),
        ] {
            let file = File {
                entry,
                ..File::plain()
            };
            assert_only(file.found(isa), Grade::Problem, words);
        }
        let short = File {
            entry: 0x1_0002,
            ..File::plain()
        };
        assert_eq!(short.found(&Info::<Imac>::NEW), []);
    }

    #[test]
    fn relocations_that_change_nothing_are_none() {
        let isa = &Info::<Rv64>::NEW;
        let mut file = File {
            kind: 3,
            ..File::plain()
        };
        // The place has its address already; one of no type; one that is applied to a place of zeros.
        file.text.extend(0x1_0000u64.to_le_bytes());
        file.relocations = vec![[0x1_0010, 3, 0x1_0000], [0x1_0000, 0, 0]];
        assert_eq!(file.found(isa), []);
        file.relocations.push([0x1_0010, 3, 0x1_0008]);
        assert_only(file.found(isa), Grade::Warning, "1 relocation that");
        // One with a symbol, whose value nobody puts there.
        file.relocations.push([0x1_0008, 1 << 32 | 2, 0]);
        assert_only(file.found(isa), Grade::Warning, "2 relocations that");
    }

    #[test]
    fn files_that_end_early_are_no_panic() {
        let file = File {
            kind: 3,
            relocations: vec![[0x1_0000, 3, 7]],
            ..File::plain()
        };
        let bytes = file.bytes();
        for len in 0..bytes.len() {
            check_layout(&Info::<Rv64>::NEW, &bytes[..len], &mut Report::default());
        }
    }

    #[test]
    fn a_table_at_the_end_of_the_address_space_is_no_panic() {
        let layout = Layout {
            is_64: true,
            endian: Endianness::Little,
            kind: elf::ET_DYN,
            entry: 0x1_0000,
            header_len: 64,
            segments: vec![Segment {
                start: u64::MAX - 15,
                len: 64,
                offset: 0,
                bytes: &[1; 64],
            }],
            dynamic: vec![(elf::DT_RELA.0, u64::MAX - 15), (elf::DT_RELASZ.0, 48)],
            defined: Vec::new(),
            undefined: Vec::new(),
        };
        // The first one's addend and the second one lie behind the last address, at 0 and on, where nothing is loaded.
        let all = layout.relocations();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].addend, None);
    }

    /// The first instructions of functions in a MIPS program at 0x1_0000.
    fn first_gp(words: &[u32]) -> usize {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let layout = Layout {
            is_64: false,
            endian: Endianness::Big,
            kind: elf::ET_EXEC,
            entry: 0x1_0000,
            header_len: 52,
            segments: vec![Segment {
                start: 0x1_0000,
                len: bytes.len() as u64,
                offset: 0x1_0000,
                bytes: &bytes,
            }],
            dynamic: Vec::new(),
            defined: Vec::new(),
            undefined: Vec::new(),
        };
        let mut report = Report::default();
        layout.check_entry(&Info::<Mips32>::NEW, &mut report);
        layout.check_first_gp(&mut report);
        report.problems()
    }

    #[test]
    fn a_start_that_needs_its_own_address_is_found() {
        // lui gp, 2; addiu gp, gp, -32752; addu gp, gp, t9
        let cpload = [0x3c1c_0002, 0x279c_8010, 0x0399_e021];
        assert_eq!(first_gp(&cpload), 1);
        // jal 0x10010; nop; two nops; then there.
        let called = [&[0x0c00_4004, 0, 0, 0], &cpload[..]].concat();
        assert_eq!(first_gp(&called), 1);
        // bal +3, likewise.
        let branched = [&[0x0411_0003, 0, 0, 0], &cpload[..]].concat();
        assert_eq!(first_gp(&branched), 1);
        // lui t9, 1 first; or jr ra; or nothing of it.
        assert_eq!(first_gp(&[&[0x3c19_0001], &cpload[..]].concat()), 0);
        assert_eq!(first_gp(&[&[0x03e0_0008, 0], &cpload[..]].concat()), 0);
        assert_eq!(first_gp(&[0x3c1c_0002, 0x279c_8010, 0x03bc_e021]), 0);
    }
}
