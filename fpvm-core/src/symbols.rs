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
        Symbols { symbols }
    }

    /// All symbols, by ascending address.
    pub fn all(&self) -> &[Symbol] {
        &self.symbols
    }

    /// The symbol that an address belongs to: the last that starts at or before it, if it reaches
    /// that far.
    pub fn at(&self, address: u64) -> Option<&Symbol> {
        let after = self
            .symbols
            .partition_point(|symbol| symbol.start <= address);
        let symbol = self.symbols.get(after.checked_sub(1)?)?;
        (address - symbol.start < symbol.size.max(4)).then_some(symbol)
    }

    /// The symbol of a name.
    pub fn named(&self, name: &str) -> Option<&Symbol> {
        self.symbols.iter().find(|symbol| symbol.name == name)
    }
}
