//! Function names by address: an ELF's symbols, and the meta.json files that carry them.

use alloc::format;
use alloc::string::{String, ToString as _};
use serde::{Deserialize, Serialize};

/// Characters of a name that are shown: a generic function of Rust may have a thousand.
const LONGEST: usize = 120;

/// A named range of addresses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Symbol {
    /// Name, as in the ELF.
    pub name: String,
    /// First address.
    pub start: u64,
    /// Bytes; 0 where the ELF gives none.
    pub size: u64,
}

impl Symbol {
    /// The name for people; see [`readable`].
    pub fn readable(&self) -> String {
        readable(&self.name)
    }
}

/// A symbol's name for people: of Rust's mangled names the path without its hash. It ends with `…` where it has more
/// than 120 characters. Any other name stays as it is.
pub fn readable(name: &str) -> String {
    let shown = match rustc_demangle::try_demangle(name) {
        Ok(path) => format!("{path:#}"),
        Err(_) => return name.to_string(),
    };
    match shown.char_indices().nth(LONGEST) {
        None => shown,
        Some(_) => shown.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

/// Symbols by ascending address; the JSON form is upstream's meta.json.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Symbols {
    symbols: Vec<Symbol>,
}

impl Symbols {
    /// Sorts symbols by address; those at the same address keep their order.
    pub fn new(mut symbols: Vec<Symbol>) -> Self {
        symbols.sort_by_key(|symbol| symbol.start);
        Self { symbols }
    }

    /// All symbols, by ascending address.
    pub fn all(&self) -> &[Symbol] {
        &self.symbols
    }

    /// The symbol that an address belongs to. It is the last symbol with a size that starts at or
    /// before the address, if it reaches that far, because assemblers leave labels without a size
    /// inside of functions. Else it is the last symbol of any size, if that one is near.
    pub fn at(&self, address: u64) -> Option<&Symbol> {
        let after = self
            .symbols
            .partition_point(|symbol| symbol.start <= address);
        let before = self.symbols.get(..after)?;
        let reaches = |symbol: &&Symbol, size: u64| address - symbol.start < size;
        let sized = before.iter().rev().find(|symbol| symbol.size > 0);
        let function = sized.filter(|symbol| reaches(symbol, symbol.size));
        // At address 0 there is no code: symbols there are undefined ones.
        let near = before.last().filter(|symbol| symbol.start > 0);
        function.or_else(|| near.filter(|symbol| reaches(symbol, 4)))
    }

    /// The symbol of a name, as the ELF has it or as it is shown. Of several the first.
    pub fn named(&self, name: &str) -> Option<&Symbol> {
        let exactly = self.symbols.iter().find(|symbol| symbol.name == name);
        exactly.or_else(|| self.symbols.iter().find(|symbol| symbol.readable() == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn labels_inside_of_a_function_do_not_hide_it() {
        let symbol = |name: &str, start, size| Symbol {
            name: name.to_string(),
            start,
            size,
        };
        let symbols = Symbols::new(vec![
            symbol("_start", 0x100, 0),
            symbol("main", 0x110, 0x40),
            symbol(".Lpcrel_hi1", 0x120, 0),
            symbol("keccak", 0x150, 0x20),
            symbol(".L0", 0x170, 0),
        ]);
        let at = |address| symbols.at(address).map(|symbol| symbol.name.as_str());
        assert_eq!(at(0xff), None);
        assert_eq!((at(0x103), at(0x104)), (Some("_start"), None));
        assert_eq!((at(0x110), at(0x11f)), (Some("main"), Some("main")));
        assert_eq!((at(0x120), at(0x14f)), (Some("main"), Some("main")));
        assert_eq!((at(0x150), at(0x16f)), (Some("keccak"), Some("keccak")));
        assert_eq!((at(0x170), at(0x174)), (Some(".L0"), None));
    }

    #[test]
    fn names_of_rust_are_shown_as_paths() {
        let legacy = "_ZN4core3fmt5write17h0123456789abcdefE";
        let v0 = "_RNvNtCs7qp2U7fqm6G_4core3fmt5write";
        let symbol = |name: &str, start| Symbol {
            name: name.to_string(),
            start,
            size: 4,
        };
        let symbols = Symbols::new(vec![symbol(v0, 16), symbol(legacy, 32)]);
        for at in [16, 32] {
            assert_eq!(
                symbols.at(at).map(Symbol::readable).unwrap(),
                "core::fmt::write"
            );
        }
        // By what is shown, or exactly.
        assert_eq!(symbols.named("core::fmt::write").unwrap().start, 16);
        assert_eq!(symbols.named(legacy).unwrap().start, 32);
        for name in ["runtime.main", "_Z3addii", "_R", "", "main", "_ZN"] {
            assert_eq!(readable(name), name);
        }
        let long = format!("_ZN{0}{1}17h0123456789abcdefE", 300, "x".repeat(300));
        let shown = readable(&long);
        assert_eq!(shown, format!("{}…", "x".repeat(119)));
        assert_eq!(
            Symbols::new(vec![symbol(&long, 8)])
                .named(&shown)
                .unwrap()
                .start,
            8
        );
    }

    #[test]
    fn undefined_symbols_name_no_address() {
        let symbol = Symbol {
            name: "printf".to_string(),
            start: 0,
            size: 0,
        };
        assert_eq!(Symbols::new(vec![symbol]).at(0), None);
    }
}
