//! Addresses as flags: numbers, or symbols of the program.

use super::value::number;
use anyhow::{bail, ensure};
use fpvm::AnyVm;
use fpvm_core::formats::symbols::{Symbol, Symbols};

/// How many names are shown in the place of one that does not exist.
const LIKELY: usize = 5;

/// `0x1000`, `main.main`, `main.main+0x10`: an address that the machine has.
pub(crate) fn address(vm: &dyn AnyVm, text: &str) -> anyhow::Result<u64> {
    let at = any_address(vm, text)?;
    let bits = u32::from(vm.isa().word_bytes()) * 8;
    let is_one = at.checked_shr(bits).unwrap_or(0) == 0;
    ensure!(
        is_one,
        "{text} is no address of this machine: they have {bits} bits"
    );
    Ok(at)
}

fn any_address(vm: &dyn AnyVm, text: &str) -> anyhow::Result<u64> {
    if text.starts_with(|c: char| c.is_ascii_digit())
        && let Ok(at) = number(text)
    {
        return Ok(at);
    }
    if let Some(symbol) = vm.symbols().named(text) {
        return Ok(symbol.start);
    }
    if let Some((name, offset)) = text.rsplit_once('+')
        && let (Some(symbol), Ok(offset)) = (vm.symbols().named(name), number(offset))
    {
        return Ok(symbol.start.wrapping_add(offset));
    }
    bail!("{}", missing(vm.symbols(), text))
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
        assert_eq!((distance("kitten", "sitting"), distance("a", "a")), (3, 0));
    }
}
