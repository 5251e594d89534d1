//! Checks of the instruction table: some word reaches each row, one row is the best for each word, and all
//! operands exist.

use crate::rules::{Rule, Violation};
use fpvm_core::definition::isa::{Isa, Pattern};

/// What is wrong with the rows of an ISA's table, by the rows' names.
pub(crate) fn check<I: Isa>() -> Vec<(String, Violation)> {
    let mut found = Vec::new();
    for (i, row) in I::TABLE.iter().enumerate() {
        let mut report = |rule, what: String| {
            found.push((row.name.to_owned(), Violation { rule, what }));
        };
        if row.value & !row.mask != 0 {
            let what = format!(
                "no word fits the row: the value {:#x} has bits that the mask {:#x} leaves out",
                row.value, row.mask
            );
            report(Rule::Table, what);
        }
        for other in &I::TABLE[..i] {
            if let Some(word) = ambiguous(I::TABLE, other, row) {
                let (name, bits) = (other.name, row.mask.count_ones());
                let what = format!(
                    "the word {word:#010x} fits this row and the row of `{name}`, each with {bits} mask bits: \
                     only the one with more mask bits wins"
                );
                report(Rule::Table, what);
            }
        }
        for operand in operands(row.format) {
            match operand {
                Ok(name) if I::OPERANDS.iter().any(|(known, _)| *known == name) => {}
                Ok(name) => {
                    let what = format!(
                        "the format \"{}\" names the operand `{name}`, which `OPERANDS` does not have",
                        row.format
                    );
                    report(Rule::Operand, what);
                }
                Err(rest) => report(
                    Rule::Operand,
                    format!("the format \"{}\" ends within `{{{rest}`", row.format),
                ),
            }
        }
    }
    found
}

/// A word that fits two rows with equally many mask bits, unless a row with more takes all such words.
fn ambiguous(table: &[Pattern], a: &Pattern, b: &Pattern) -> Option<u32> {
    let (shared, both) = (a.mask & b.mask, a.mask | b.mask);
    let bits = a.mask.count_ones();
    if bits != b.mask.count_ones() || (a.value ^ b.value) & shared != 0 {
        return None;
    }
    let word = a.value | b.value;
    let taken = table.iter().any(|row| {
        row.mask.count_ones() > bits && row.mask & !both == 0 && word & row.mask == row.value
    });
    (!taken).then_some(word)
}

/// The operand names in a format; an error is a name that is not closed.
pub(crate) fn operands(format: &str) -> Vec<Result<&str, &str>> {
    let mut parts = format.split('{');
    parts.next();
    parts
        .map(|part| match part.split_once('}') {
            Some((name, _)) => Ok(name),
            None => Err(part),
        })
        .collect()
}
