//! A program's instructions, function by function.

use super::report::Report;
use crate::info::IsaInfo;
use crate::listing::instructions;
use object::read::elf::{ElfFile32, ElfFile64};
use object::{Endianness, FileKind, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use std::collections::BTreeMap;
use std::fmt;

/// Instructions that do nothing and ought to: there is one processor, and no cache.
const RIGHTLY_NOTHING: [&str; 3] = ["fence", "sync", "pref"];

/// How many functions a finding names.
const NAMED: usize = 6;

/// The executable parts of a program.
pub struct Code<'a> {
    pub(super) isa: &'static dyn IsaInfo,
    is_riscv: bool,
    sections: Vec<(u64, &'a [u8])>,
    /// Functions by address: name and size. Without symbols each section is one.
    functions: Vec<(u64, u64, String)>,
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
        let sections: Vec<_> = text
            .filter_map(|section| Some((section.address(), section.data().ok()?)))
            .collect();
        let symbols = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text);
        let sized = symbols.filter(|symbol| symbol.size() > 0);
        let mut functions: Vec<_> = sized
            .map(|symbol| {
                (
                    symbol.address(),
                    symbol.size(),
                    symbol.name().unwrap_or("?").to_string(),
                )
            })
            .collect();
        if functions.is_empty() {
            let whole = sections
                .iter()
                .map(|(at, data)| (*at, data.len() as u64, "code".into()));
            functions = whole.collect();
        }
        functions.sort_unstable();
        functions.dedup_by_key(|(at, ..)| *at);
        let is_riscv = file.architecture() == object::Architecture::Riscv64;
        Code {
            isa,
            is_riscv,
            sections,
            functions,
        }
    }

    /// Whether there are RISC-V's 16-bit instructions in it, which the VM does not have. The file's own flag is not to be
    /// trusted: Go does not set it, and it is set in files that have none. But every second function
    /// then has a size that only such instructions make, or, without symbols, the low bits show.
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
            // A short instruction at the end has no bytes behind it.
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

    /// The bytes of a range, as far as a section has them.
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

/// Findings of one kind: how many, and by function the first address.
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

    /// "12 in 3 functions: main.f (0x1234), …"; those of the program's own packages first.
    pub(super) fn told(&self) -> String {
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
        format!("{count} in {functions} functions: {}", named.join(", "))
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

/// Looks for instructions that fault or do nothing. That a Go program has them is no problem, since its
/// run time has some that it never comes to; but where floating point faults, none runs.
pub(super) fn check_code(code: &Code<'_>, is_go: bool, report: &mut Report) {
    let isa = code.isa;
    let mut count = 0usize;
    let mut faults: BTreeMap<(&'static str, bool), Places> = BTreeMap::new();
    let mut ignored: BTreeMap<(&'static str, bool), Places> = BTreeMap::new();
    let mut constant: BTreeMap<&'static str, Places> = BTreeMap::new();
    for at in code.functions().flatten() {
        count += 1;
        let seen = isa.observe(at.insn);
        if let Some(fault) = seen.faults {
            faults.entry((fault, seen.is_float())).or_default().add(at);
        } else if seen.does_nothing && !RIGHTLY_NOTHING.contains(&seen.mnemonic) {
            ignored
                .entry((seen.mnemonic, seen.is_float()))
                .or_default()
                .add(at);
        } else if seen.gives_constant {
            constant.entry(seen.mnemonic).or_default().add(at);
        }
    }
    report.fact(
        "code",
        &format!("{count} instructions in {} functions", code.functions.len()),
    );
    for ((fault, is_float), places) in faults {
        if is_go && is_float {
            report.problem(
                &format!(
                    "Go's run time needs the floating-point registers (the extensions F and D), and \
                     the VM has none: {}",
                    places.told()
                ),
                "Go has no soft float for RISC-V; its run time comes to such instructions at its start",
                "run it on Asterisc's VM (type riscv64), where they do nothing, or write it in Rust \
                 or C",
            );
            continue;
        }
        report.warning(
            format!(
                "instructions that fault where the program comes to them ({fault}): {}",
                places.told()
            ),
            "",
            "build the program for the instruction set that the VM has, without floating point",
        );
    }
    for ((mnemonic, is_float), places) in ignored {
        let name = mnemonic.replace('_', ".");
        let (cause, remedy) = match is_float {
            true => (
                "there are no floating point registers: results are wrong, and nothing tells",
                "use no floating point, or the compiler's soft float",
            ),
            false => ("", ""),
        };
        let told = places.told();
        report.warning(
            format!("instructions that silently do nothing ({name}): {told}"),
            cause,
            remedy,
        );
    }
    for (mnemonic, places) in constant {
        let (name, told) = (mnemonic.replace('_', "."), places.told());
        report.warning(
            format!("instructions that only ever give a constant ({name}): {told}"),
            "",
            "",
        );
    }
}
