//! From addresses to lines of source, by the DWARF of an ELF file.

use crate::stack::Place;
use addr2line::Context;
use flate2::read::ZlibDecoder;
use gimli::{Dwarf, EndianRcSlice, RunTimeEndian, SectionId};
use object::{CompressionFormat, Endianness, Object as _, ObjectSection as _};
use std::fmt;
use std::io::Read as _;
use std::rc::Rc;

type Bytes = EndianRcSlice<RunTimeEndian>;

/// The most bytes that a compressed section may have, because a small file can claim any number.
const SECTION_LIMIT: u64 = 1 << 30;

/// The lines of a program's source.
pub struct Lines(Context<Bytes>);

impl Lines {
    /// The lines of an ELF file; none if it has no debug information that can be read. A part of a program is read when
    /// the first address in it is asked for.
    pub fn of(elf: &[u8]) -> Option<Self> {
        let file = object::File::parse(elf).ok()?;
        file.section_by_name(".debug_line")?;
        let endian = match file.endianness() {
            Endianness::Little => RunTimeEndian::Little,
            Endianness::Big => RunTimeEndian::Big,
        };
        let load = |id: SectionId| {
            let bytes = section(&file, id.name()).unwrap_or_default();
            Ok::<_, gimli::Error>(Bytes::new(Rc::from(bytes), endian))
        };
        Some(Self(Context::from_dwarf(Dwarf::load(load).ok()?).ok()?))
    }

    /// The line of an instruction, as `file:line`. It is a line of the function whose symbol the address has, even if
    /// another function's code was inlined there.
    pub fn at(&self, address: u64) -> Option<String> {
        let mut frames = self.0.find_frames(address).skip_all_loads().ok()?;
        let mut outermost = None;
        while let Ok(Some(frame)) = frames.next() {
            outermost = frame.location.or(outermost);
        }
        let found = outermost?;
        let (file, line) = (found.file?, found.line.filter(|line| *line > 0)?);
        Some(format!("{}:{line}", file.trim_start_matches("./")))
    }

    /// Adds the line to a place.
    pub fn locate(&self, place: &mut Place) {
        place.source = self.at(place.address);
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

/// A section's bytes; Go compresses those of its debug information.
fn section(file: &object::File<'_>, name: &str) -> Option<Vec<u8>> {
    let data = file.section_by_name(name)?.compressed_data().ok()?;
    match data.format {
        CompressionFormat::None => Some(data.data.to_vec()),
        CompressionFormat::Zlib if data.uncompressed_size <= SECTION_LIMIT => {
            let mut bytes = Vec::new();
            let mut plain = ZlibDecoder::new(data.data).take(SECTION_LIMIT);
            plain.read_to_end(&mut bytes).ok()?;
            Some(bytes)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Inspect as _;
    use crate::stack::place;
    use fpvm_core::formats::elf;
    use fpvm_isa_mips::Mips32;
    use fpvm_isa_riscv::Rv64;
    use std::path::{Path, PathBuf};

    fn guest(name: &str) -> Vec<u8> {
        let path: PathBuf =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec-tests/vectors/guests");
        std::fs::read(path.join(name)).unwrap()
    }

    /// Go's debug information is compressed; it is of both byte orders.
    #[test]
    fn functions_of_go_have_lines() {
        let (mips, riscv) = (guest("hello.go122.mips"), guest("hello.go122.riscv64"));
        let mips = (
            elf::load_segments::<Mips32>(&mips).unwrap().symbols,
            Lines::of(&mips),
        );
        let riscv = (
            elf::load_segments::<Rv64>(&riscv).unwrap().symbols,
            Lines::of(&riscv),
        );
        for (symbols, lines) in [mips, riscv] {
            let lines = lines.expect("it has lines");
            for (function, file) in [
                ("main.main", "hello/main.go:"),
                ("runtime.schedule", "runtime/proc.go:"),
            ] {
                let at = symbols.named(function).expect(function).start;
                let line = lines.at(at).expect(function);
                assert!(line.contains(file), "{line}");
            }
            assert_eq!(lines.at(0), None);
        }
    }

    #[test]
    fn a_place_has_its_line_where_there_is_one() {
        let elf = guest("hello.go122.mips");
        let vm = elf::load::<Mips32>(&elf, &[]).unwrap();
        let at = vm.symbols().named("runtime.schedule").unwrap().start;
        let mut here = place(&vm, at);
        assert!(!here.to_string().contains(" at "), "{here}");
        Lines::of(&elf).unwrap().locate(&mut here);
        let text = here.to_string();
        assert!(text.starts_with("runtime.schedule (0x"), "{text}");
        assert!(text.contains(") at runtime/proc.go:"), "{text}");
    }

    #[test]
    fn files_without_debug_information_have_no_lines() {
        assert!(Lines::of(&guest("keccak.c.mips")).is_none());
        assert!(Lines::of(b"\x7fELF").is_none() && Lines::of(&[]).is_none());
        // A file that is cut off says what it can, or nothing, and there is no panic.
        let elf = guest("hello.go122.mips");
        for part in 1..64 {
            let lines = Lines::of(&elf[..elf.len() / 64 * part]);
            lines.and_then(|lines| lines.at(0x20000));
        }
    }
}
