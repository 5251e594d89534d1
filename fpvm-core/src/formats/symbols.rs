//! Function names by address: an ELF's symbols, and the meta.json files that carry them.

use serde::{Deserialize, Serialize};

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

    /// The symbol of a name.
    pub fn named(&self, name: &str) -> Option<&Symbol> {
        self.symbols.iter().find(|symbol| symbol.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;
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
    fn undefined_symbols_name_no_address() {
        let symbol = Symbol {
            name: "printf".to_string(),
            start: 0,
            size: 0,
        };
        assert_eq!(Symbols::new(vec![symbol]).at(0), None);
    }
}
