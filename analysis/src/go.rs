//! Go programs: which release made them, and which of their functions a VM has to skip.
//!
//! Upstream names those functions as Go 1.22 names them. Some of the names have numbers that change:
//! `runtime.init.5` there, which starts the goroutine that forces garbage collection, is another
//! function since Go 1.23, and the program needs that function at its end.

use crate::listing;
use fpvm_core::definition::disasm::disassemble;
use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::elf::Patch;
use fpvm_core::machine::vm::Vm;

/// The bytes that the Go linker writes in front of its release.
const MAGIC: &[u8] = b"\xff Go buildinf:";

/// The function that upstream takes for the starter of that goroutine, and all names that the starter can have.
const STARTER: &str = "runtime.init.5";
const INITS: [&str; 16] = [
    "runtime.init.0",
    "runtime.init.1",
    "runtime.init.2",
    "runtime.init.3",
    "runtime.init.4",
    "runtime.init.5",
    "runtime.init.6",
    "runtime.init.7",
    "runtime.init.8",
    "runtime.init.9",
    "runtime.init.10",
    "runtime.init.11",
    "runtime.init.12",
    "runtime.init.13",
    "runtime.init.14",
    "runtime.init.15",
];

/// The Go release that made a program: `go1.22.10`; `None` for a program that is not Go's, or is older than
/// Go 1.18.
pub fn release(bytes: &[u8]) -> Option<String> {
    let info = bytes
        .chunks(16)
        .position(|chunk| chunk.starts_with(MAGIC))?;
    let info = bytes.get(info * 16..)?;
    // Flag 2: the text stands here, after its length, and is not pointed to.
    if info.get(15)? & 2 == 0 {
        return None;
    }
    let text = info.get(32..)?;
    let (len, text) = text.split_first()?;
    // A length of 128 or more would go on in the next byte; no release has that.
    let release = text.get(..usize::from(*len)).filter(|_| *len < 128)?;
    let release = std::str::from_utf8(release).ok()?;
    release.starts_with("go").then(|| release.to_string())
}

/// Whether a program was built with a setting of Go's runtime, `name=value`.
pub fn is_set_at_build(bytes: &[u8], setting: &str) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n');
    let mut settings = lines.filter_map(|line| line.strip_prefix(b"build\tDefaultGODEBUG="));
    settings.any(|all| {
        all.split(|byte| *byte == b',')
            .any(|one| one == setting.as_bytes())
    })
}

/// The floating point that a Go program for MIPS was built for, `GOMIPS` or `GOMIPS64`: `hardfloat` or
/// `softfloat`.
pub fn mips_float(bytes: &[u8]) -> Option<&str> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let setting = lines.find_map(|line| {
        let line = line.strip_prefix(b"build\tGOMIPS")?;
        line.strip_prefix(b"64=")
            .or_else(|| line.strip_prefix(b"="))
    });
    std::str::from_utf8(setting?).ok()
}

/// The RISC-V profile that a Go program was built for, `GORISCV64`.
pub fn riscv_profile(bytes: &[u8]) -> Option<&str> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let profile = lines.find_map(|line| line.strip_prefix(b"build\tGORISCV64="));
    std::str::from_utf8(profile?).ok()
}

/// The first words of the import paths of Go's standard library.
const STANDARD: &[&str] = &[
    "archive",
    "bufio",
    "bytes",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "type",
    "unicode",
    "unique",
    "unsafe",
    "vendor",
    "weak",
];

/// Whether a function of a Go program belongs to Go's runtime or standard library. The names of some of their
/// assembly functions have no package.
pub fn is_own(function: &str) -> bool {
    let end = function.find(['.', '/', ':', '[']);
    end.is_none_or(|end| {
        let package = function.get(..end).unwrap_or_default();
        package.is_empty() || STANDARD.contains(&package)
    })
}

/// The second number of a release: 22 of `go1.22.10`.
pub fn minor(release: &str) -> Option<u32> {
    let rest = release.strip_prefix("go1.")?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// The `runtime.init.N` that starts the goroutine which forces garbage collection.
fn starter<I: Isa>(vm: &mut Vm<I>) -> Option<&'static str> {
    let spawn = vm.symbols.named("runtime.newproc")?.start;
    let target = format!("{spawn:#x}");
    INITS.into_iter().find(|name| {
        let Some(function) = vm.symbols.named(name).cloned() else {
            return false;
        };
        let end = function.start.saturating_add(function.size.min(4096));
        let mut code = listing::code(vm, function.start..end);
        code.any(|(at, insn)| {
            let text = disassemble::<I>(insn, at);
            text.split([' ', ',']).next_back() == Some(target.as_str())
        })
    })
}

/// Upstream's patches, with the names that this program has for their functions; `later` are
/// functions that also have to be skipped, from the release Go 1.N on. The program is in `vm`.
pub fn patches<I: Isa>(
    vm: &mut Vm<I>,
    release: Option<&str>,
    upstream: &[Patch],
    later: &[(u32, &'static str)],
) -> Vec<Patch> {
    let mut patches = upstream.to_vec();
    let Some(skip) = patches
        .iter()
        .find(|patch| patch.symbol == STARTER)
        .copied()
    else {
        return patches;
    };
    if let Some(symbol) = starter(vm) {
        patches.retain(|patch| patch.symbol != STARTER);
        patches.push(Patch { symbol, ..skip });
    }
    let minor = release.and_then(minor).unwrap_or(0);
    for (_, symbol) in later.iter().filter(|(since, _)| minor >= *since) {
        patches.push(Patch { symbol, ..skip });
    }
    patches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_where_it_stands() {
        let mut file = vec![0; 48];
        file.extend(MAGIC);
        file.extend([8, 2]);
        file.extend([0; 16]);
        file.extend(b"\x09go1.22.10\x03abc");
        assert_eq!(release(&file).as_deref(), Some("go1.22.10"));
        file.truncate(file.len() - 5);
        assert_eq!(release(&file), None);
        assert_eq!(release(b""), None);
    }

    #[test]
    fn the_floating_point_of_a_build_is_read() {
        let float = |text: &str| mips_float(text.as_bytes()).map(str::to_string);
        assert_eq!(
            float("x\nbuild\tGOMIPS64=hardfloat\ny").as_deref(),
            Some("hardfloat")
        );
        assert_eq!(
            float("x\nbuild\tGOMIPS=softfloat\n").as_deref(),
            Some("softfloat")
        );
        assert_eq!(float("build\tGOARCH=mips64\n"), None);
    }

    #[test]
    fn packages_of_the_standard_library_are_known() {
        for own in [
            "runtime.morestack",
            "internal/bytealg.Index",
            "_rt0_mips_linux",
            "type:.eq.[2]string",
            "slices.Sort[int]",
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in ["main.main", "github.com/a/b.F", "example/math.F", "mathx.F"] {
            assert!(!is_own(other), "{other}");
        }
    }

    #[test]
    fn the_second_number_counts() {
        assert_eq!(minor("go1.22.10"), Some(22));
        assert_eq!(minor("go1.26rc1"), Some(26));
        assert_eq!(minor("go1.23"), Some(23));
        assert_eq!(minor("devel go1.24-abc"), None);
    }
}
