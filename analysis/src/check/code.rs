//! A program's instructions, function by function.

use crate::go;
use crate::info::IsaInfo;
use crate::listing::instructions;
use fpvm_core::formats::symbols::readable;
use object::read::elf::{ElfFile32, ElfFile64};
use object::{
    Endianness, FileKind, Object, ObjectSection, ObjectSegment, ObjectSymbol, SectionKind,
    SegmentFlags, SymbolKind,
};
use std::collections::BTreeMap;
use std::fmt;

/// The name of code that no symbol names.
const NAMELESS: &str = "code";

/// How many functions a finding names.
const NAMED: usize = 6;

/// The executable parts of a program.
pub struct Code<'a> {
    pub(super) isa: &'static dyn IsaInfo,
    is_riscv: bool,
    sections: Vec<(u64, &'a [u8])>,
    /// Functions: address, size and name, by address. Code without symbols is a function of its own, from one symbol
    /// to the next.
    functions: Vec<(u64, u64, String)>,
}

/// Whether a segment has code.
fn is_executable(flags: SegmentFlags) -> bool {
    match flags {
        SegmentFlags::Elf { p_flags, .. } => p_flags.0 & object::elf::PF_X.0 != 0,
        _ => false,
    }
}

/// The functions of sections, by address. Assembly often gives its functions no size or no type; such a function
/// reaches to the next symbol. Bytes before a section's first symbol, or in a section without symbols, are code too.
fn functions<'a>(sections: &[(u64, &[u8])], file: &impl Object<'a>) -> Vec<(u64, u64, String)> {
    // Marks of an assembler: `$d` begins data, `$x` begins code.
    let is_data = |name: &str| name == "$d" || name.starts_with("$d.");
    let is_mark = |name: &str| name.starts_with('$') || name.starts_with(".L");
    let mut symbols: Vec<(u64, u64, String)> = Vec::new();
    for symbol in file.symbols() {
        let kind = symbol.kind();
        let name = symbol.name().unwrap_or("?");
        if matches!(kind, SymbolKind::Text) || kind == SymbolKind::Unknown && !name.is_empty() {
            symbols.push((symbol.address(), symbol.size(), readable(name)));
        }
    }
    // Of several names at one place, the one with a size counts.
    symbols.sort_unstable_by_key(|(at, size, name)| (*at, is_mark(name), u64::MAX - size));
    symbols.dedup_by_key(|(at, ..)| *at);
    let mut functions = Vec::new();
    for (start, data) in sections {
        let end = start.saturating_add(data.len() as u64);
        let within = symbols.iter().filter(|(at, ..)| (*start..end).contains(at));
        let within: Vec<_> = within.collect();
        let first = within.first().map_or(end, |(at, ..)| *at);
        if first > *start {
            functions.push((*start, first - start, NAMELESS.to_string()));
        }
        let (mut named_up_to, mut last) = (*start, NAMELESS);
        for (i, (at, size, name)) in within.iter().enumerate() {
            let next = within.get(i + 1).map_or(end, |(at, ..)| *at);
            let size = match size {
                0 if is_data(name) || *at < named_up_to => continue,
                0 => next - at,
                size => *size,
            };
            if !is_mark(name) {
                last = name;
            }
            named_up_to = named_up_to.max(at.saturating_add(size));
            functions.push((*at, size, last.to_string()));
        }
    }
    functions.sort_unstable();
    functions
}

/// An instruction in its function.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) address: u64,
    pub(super) insn: u32,
    pub(super) function: &'a str,
}

impl<'a> Code<'a> {
    /// The code of an ELF file, for a VM.
    ///
    /// # Errors
    /// If the file is broken.
    pub fn of(isa: &'static dyn IsaInfo, bytes: &'a [u8]) -> object::Result<Self> {
        match FileKind::parse(bytes)? {
            FileKind::Elf32 => Ok(Code::parts(isa, &ElfFile32::<Endianness>::parse(bytes)?)),
            _ => Ok(Code::parts(isa, &ElfFile64::<Endianness>::parse(bytes)?)),
        }
    }

    fn parts<'f>(isa: &'static dyn IsaInfo, file: &'f impl Object<'a>) -> Self {
        let text = file
            .sections()
            .filter(|section| section.kind() == SectionKind::Text);
        let mut sections: Vec<_> = text
            .filter_map(|section| Some((section.address(), section.data().ok()?)))
            .collect();
        if sections.is_empty() {
            // A file without sections has only segments.
            let code = file
                .segments()
                .filter(|segment| is_executable(segment.flags()));
            let code = code.filter_map(|segment| Some((segment.address(), segment.data().ok()?)));
            sections = code.collect();
        }
        let functions = functions(&sections, file);
        let is_riscv = file.architecture() == object::Architecture::Riscv64;
        Code {
            isa,
            is_riscv,
            sections,
            functions,
        }
    }

    /// Whether the file has names of functions.
    pub(super) fn has_names(&self) -> bool {
        self.functions.iter().any(|(.., name)| name != NAMELESS)
    }

    /// Whether the code has RISC-V's 16-bit instructions, which the VM does not have. The file's own flag cannot be
    /// trusted: Go does not set it, and it is set in files without such instructions. But with them every second
    /// function has a size that only such instructions make; without symbols, the instructions' low bits show it.
    pub(super) fn is_compressed(&self) -> bool {
        let odd = |(at, size, _): &&(u64, u64, String)| at % 4 != 0 || size % 4 != 0;
        let odd = self.functions.iter().filter(odd).count();
        let (mut words, mut short) = (0usize, 0usize);
        for at in self.functions().flatten() {
            words += 1;
            short += usize::from(at.insn & 3 != 3 && at.insn != 0);
        }
        self.is_riscv
            && self.isa.insn_len(0) == 4
            && (odd > self.functions.len() / 16 || short > words / 8)
    }

    /// The instructions of each function, in order.
    pub(super) fn functions(&self) -> impl Iterator<Item = Vec<At<'_>>> {
        self.functions.iter().map(|(start, size, name)| {
            let bytes = self.bytes(*start, *size);
            // A short instruction at the end has no bytes after it.
            let fetch = |at| {
                let mut word = [0; 4];
                let from = bytes.get((at - start) as usize..).unwrap_or_default();
                word.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                let insn = self.isa.insn_of(word);
                (insn, self.isa.insn_len(insn))
            };
            let end = start.saturating_add(bytes.len() as u64);
            let at = instructions(*start..end, fetch).map(|(address, insn)| At {
                address,
                insn,
                function: name,
            });
            at.collect()
        })
    }

    /// The bytes of a range that a section has.
    fn bytes(&self, start: u64, size: u64) -> &[u8] {
        let within = |(at, data): &&(u64, &[u8])| start >= *at && start - at < data.len() as u64;
        let Some((at, data)) = self.sections.iter().find(within) else {
            return &[];
        };
        let from = (start - at) as usize;
        let to = from
            .saturating_add(usize::try_from(size).unwrap_or(usize::MAX))
            .min(data.len());
        data.get(from..to).unwrap_or_default()
    }
}

/// "1 function", "2 functions", "2 entries".
pub fn counted(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ => format!("{count} {what}s"),
    }
}

/// Findings of one kind: their number, and by function the first address.
#[derive(Default)]
pub(super) struct Places {
    count: usize,
    functions: BTreeMap<String, u64>,
}

impl Places {
    pub(super) fn add(&mut self, at: At<'_>) {
        self.count += 1;
        self.functions
            .entry(at.function.into())
            .or_insert(at.address);
    }

    /// Whether all are in Go's own packages, whose authors see to it that these instructions are not reached on
    /// machines that do not have them. `names` says whether the file has names at all.
    pub(super) fn are_go_s(&self, names: bool) -> bool {
        !names || self.functions.keys().all(|name| go::is_own(name))
    }

    /// "12 in 3 functions: main.f (0x1234), …"; those of the program's own packages first.
    pub(super) fn describe(&self) -> String {
        let mut sorted: Vec<_> = self.functions.iter().collect();
        sorted.sort_by_key(|(name, _)| !name.starts_with("main."));
        let named = sorted
            .iter()
            .take(NAMED)
            .map(|(name, at)| format!("{name} ({at:#x})"));
        let mut named: Vec<_> = named.collect();
        if sorted.len() > NAMED {
            named.push("…".into());
        }
        let (count, functions) = (self.count, sorted.len());
        let functions = counted(functions, "function");
        format!("{count} in {functions}: {}", named.join(", "))
    }
}

impl fmt::Debug for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut code = f.debug_struct("Code");
        code.field("vm", &self.isa.vm_type());
        code.field("functions", &self.functions.len());
        code.finish_non_exhaustive()
    }
}
