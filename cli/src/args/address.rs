//! Addresses as flags: numbers, or symbols of the program.

use super::number::number;
use anyhow::{bail, ensure};
use fpvm::AnyVm;
use fpvm_core::formats::symbols::{Symbol, Symbols};
use std::ops::Range;

/// How many names are shown in the place of one that does not exist.
const LIKELY: usize = 5;

/// A place in the program, as it is written: `0x1000`, `main.main`, `main.main+0x10`. It is an address once there is a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PlaceArg(String);

impl From<String> for PlaceArg {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Display for PlaceArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl PlaceArg {
    /// The address, which is one that the machine has.
    pub(crate) fn address(&self, vm: &dyn AnyVm) -> anyhow::Result<u64> {
        let at = self.find(vm)?;
        let bits = u32::from(vm.isa().word_bytes()) * 8;
        let is_one = at.checked_shr(bits).unwrap_or(0) == 0;
        ensure!(
            is_one,
            "{self} is no address of this machine: they have {bits} bits"
        );
        Ok(at)
    }

    /// The functions of this name, or that start as it does before a `*` at its end; with an offset, what is behind that of
    /// the function.
    pub(crate) fn functions(&self, vm: &dyn AnyVm) -> anyhow::Result<Vec<Range<u64>>> {
        let symbols = vm.symbols().all();
        let fits = |symbol: &&Symbol| match self.0.strip_suffix('*') {
            Some(prefix) => {
                symbol.size > 0
                    && (symbol.name.starts_with(prefix) || symbol.readable().starts_with(prefix))
            }
            None => symbol.name == self.0 || symbol.readable() == self.0,
        };
        let ranges = symbols.iter().filter(fits).map(range);
        let ranges: Vec<_> = ranges.collect();
        if !ranges.is_empty() {
            return Ok(ranges);
        }
        let Some((symbol, _)) = self.symbol(vm.symbols()) else {
            bail!("{}", missing(vm.symbols(), self.name()))
        };
        let (from, end) = (self.address(vm)?, range(symbol).end);
        ensure!(
            (symbol.start..end).contains(&from),
            "{self} is outside of {}, which has {} bytes",
            symbol.readable(),
            end - symbol.start
        );
        Ok(std::iter::once(from..end).collect())
    }

    fn find(&self, vm: &dyn AnyVm) -> anyhow::Result<u64> {
        if self.0.starts_with(|c: char| c.is_ascii_digit())
            && let Ok(at) = number(&self.0)
        {
            return Ok(at);
        }
        match self.symbol(vm.symbols()) {
            Some((symbol, offset)) => Ok(symbol.start.wrapping_add(offset)),
            None => bail!("{}", missing(vm.symbols(), self.name())),
        }
    }

    /// The symbol that is named, and the offset after `+` or `-`.
    fn symbol<'s>(&self, symbols: &'s Symbols) -> Option<(&'s Symbol, u64)> {
        // Symbols at 0 are those that the program does not have.
        let named = |name: &str| symbols.named(name).filter(|symbol| symbol.start > 0);
        if let Some(symbol) = named(&self.0) {
            return Some((symbol, 0));
        }
        let (name, offset) = with_offset(&self.0)?;
        Some((named(name)?, offset))
    }

    /// The name without an offset.
    fn name(&self) -> &str {
        with_offset(&self.0).map_or(&self.0, |(name, _)| name)
    }
}

/// `main.main+0x10`: the name and the offset, which wraps around where it is below zero. Names may have signs in them.
fn with_offset(text: &str) -> Option<(&str, u64)> {
    let at = text.rfind(['+', '-'])?;
    let (name, offset) = text.split_at(at);
    let sign = offset.starts_with('-');
    let offset = number(offset.get(1..)?.trim_start()).ok()?;
    let offset = if sign { offset.wrapping_neg() } else { offset };
    Some((name.trim_end(), offset))
}

/// The most code of one function that is taken for it, in bytes: a range given by mistake should end some day.
pub(crate) const LONGEST: u64 = 1 << 30;

fn range(symbol: &Symbol) -> Range<u64> {
    let size = symbol.size.clamp(4, LONGEST);
    symbol.start..symbol.start.saturating_add(size)
}

/// What to say of a symbol that does not exist: those that may be meant.
pub(crate) fn missing(symbols: &Symbols, name: &str) -> String {
    if symbols.all().is_empty() {
        return "there are no symbols: give --meta, or the ELF file they are in".into();
    }
    let all = symbols.all().iter().filter(|symbol| symbol.start > 0);
    let all: Vec<_> = all.map(Symbol::readable).collect();
    let names = likely(name, all.iter().map(String::as_str));
    if names.is_empty() {
        format!("there is no symbol {name}")
    } else {
        format!(
            "there is no symbol {name}; is it one of {}?",
            names.join(", ")
        )
    }
}

/// Those of some names that may be meant by one which is not among them, likeliest first.
pub(crate) fn likely<'n>(name: &str, all: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let wanted = name.to_lowercase();
    let far = |other: &str| {
        let other = other.to_lowercase();
        if other.contains(&wanted) {
            Some((0, other.len() - wanted.len()))
        } else {
            let edits = distance(&wanted, &other);
            (edits <= wanted.len() / 3).then_some((1, edits))
        }
    };
    let mut likely: Vec<_> = all.filter_map(|other| Some((far(other)?, other))).collect();
    likely.sort_unstable();
    likely.dedup();
    likely
        .into_iter()
        .take(LIKELY)
        .map(|(_, name)| name)
        .collect()
}

/// How many letters are put in, left out or replaced between two texts.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > a.len() / 3 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, (y, above)) in b.iter().zip(row.windows(2)).enumerate() {
            let [diagonal, above] = above else { continue };
            let left = next.get(j).copied().unwrap_or_default();
            next.push(
                (diagonal + usize::from(x != y))
                    .min(above + 1)
                    .min(left + 1),
            );
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_core::formats::symbols::Symbol;

    #[test]
    fn a_name_that_is_mistyped_has_likely_ones() {
        let symbol = |name: &str, start| Symbol {
            name: name.into(),
            start,
            size: 4,
        };
        let symbols = Symbols::new(vec![symbol("main.main", 8), symbol("main.claim", 16)]);
        let said = missing(&symbols, "main.mian");
        assert_eq!(
            said,
            "there is no symbol main.mian; is it one of main.main?"
        );
        assert!(missing(&symbols, "claim").ends_with("is it one of main.claim?"));
        assert_eq!(missing(&symbols, "x.y.z"), "there is no symbol x.y.z");
        let near = |name: &str| missing(&symbols, PlaceArg::from(name.to_string()).name());
        assert_eq!(near("main.mian+0x10"), said);
        assert_eq!(with_offset("f+0x10"), Some(("f", 16)));
        assert_eq!(with_offset("f - 4"), Some(("f", 4u64.wrapping_neg())));
        assert_eq!((with_offset("a-b"), with_offset("f+")), (None, None));
        assert_eq!((distance("kitten", "sitting"), distance("a", "a")), (3, 0));
    }
}
