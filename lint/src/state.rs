//! Checks of the state table: the packed state commits to everything that a step can change, and each field
//! has a size that files and contracts know, and a name that the contract can use.

use crate::rules::{Rule, Violation};
use fpvm_core::definition::isa::{Field, Isa, Source};
use fpvm_core::definition::operand::{CELLS, Cell};
use fpvm_core::definition::word::Word as _;
use std::collections::BTreeSet;

/// All fields that are committed to: those of the packed state, and those of a packed thread.
pub(crate) fn fields<I: Isa>() -> impl Iterator<Item = &'static Field> {
    let thread = I::THREADS.map_or(&[][..], |threads| threads.fields);
    I::STATE.iter().chain(thread)
}

/// The bytes that the packed state, or a packed thread, has for a cell; 0 if it does not have the cell.
pub(crate) fn committed<I: Isa>(cell: Cell) -> usize {
    let has = |field: &&Field| match field.source {
        Source::Cell(known) => known == cell,
        Source::Cells(first, count) => (usize::from(first.0)
            ..usize::from(first.0) + usize::from(count))
            .contains(&usize::from(cell.0)),
        _ => false,
    };
    let sizes = fields::<I>().filter(has).map(|field| field.size);
    sizes.max().unwrap_or(0)
}

/// The largest number that the packed state can hold for a cell.
pub(crate) fn room<I: Isa>(cell: Cell) -> u64 {
    let bits = (8 * committed::<I>(cell) as u32).min(I::Word::BITS);
    u64::MAX.checked_shr(64 - bits).unwrap_or(0)
}

/// A cell in words: as a register or a field, and by its number.
pub(crate) fn name<I: Isa>(cell: Cell) -> String {
    let named = I::REGISTERS.get(usize::from(cell.0)).copied();
    let named = named.or_else(|| {
        let mut fields = fields::<I>();
        let field = fields.find(|field| field.source == Source::Cell(cell));
        field.map(|field| field.name)
    });
    match named {
        Some(name) => format!("cell {} (`{name}`)", cell.0),
        None => format!("cell {}", cell.0),
    }
}

/// What is wrong with an ISA's state table, under the names of its fields.
pub(crate) fn check<I: Isa>() -> Vec<(String, Violation)> {
    let mut found = Vec::new();
    let mut report = |place: &str, rule: Rule, what: String| {
        found.push((place.to_owned(), Violation { rule, what }));
    };
    for (source, what) in [
        (Source::MemoryRoot, "memory's root"),
        (Source::Step, "the step counter"),
    ] {
        if !I::STATE.iter().any(|field| field.source == source) {
            let what = format!("`STATE` does not commit to {what}");
            report("(state)", Rule::Uncommitted, what);
        }
    }
    let word = I::Word::BITS as usize / 8;
    let mut whole = vec![(I::PC, "program counter")];
    whole.extend(I::NEXT_PC.map(|cell| (cell, "next program counter")));
    for (cell, what, bytes) in whole
        .into_iter()
        .map(|(cell, what)| (cell, what, word))
        .chain([
            (I::EXIT_CODE, "exit code", 1),
            (I::EXITED, "exited flag", 1),
        ])
    {
        match committed::<I>(cell) {
            0 => report(
                "(state)",
                Rule::Uncommitted,
                format!("`STATE` does not commit to the {what}, {}", name::<I>(cell)),
            ),
            found if found < bytes => report(
                "(state)",
                Rule::Narrow,
                format!(
                    "`STATE` has {found} bytes of the {what}, {}, which needs {bytes}",
                    name::<I>(cell)
                ),
            ),
            _ => {}
        }
    }
    if I::DELAY_SLOT != I::NEXT_PC.is_some() {
        let what = "`NEXT_PC` has to be there with `DELAY_SLOT`, and only then";
        report("(state)", Rule::State, what.to_owned());
    }
    let mut names = BTreeSet::new();
    for field in fields::<I>() {
        if !names.insert(field.name) {
            let what = "another field has this name".to_owned();
            report(field.name, Rule::Name, what);
        }
        if let Some(wrong) = size(field) {
            report(field.name, Rule::State, wrong);
        }
        if let Some(wrong) = unspeakable::<I>(field) {
            report(field.name, Rule::Name, wrong);
        }
    }
    found
}

/// What is wrong with a field's size or place.
fn size(field: &Field) -> Option<String> {
    let found = field.size;
    let wanted = match field.source {
        Source::Version(_) => 1,
        Source::MemoryRoot | Source::PreimageKey | Source::Threads(_) => 32,
        Source::Step | Source::StepsSinceSwitch => 8,
        Source::Cell(_) | Source::Cells(..) if !matches!(found, 1 | 4 | 8) => {
            return Some(format!(
                "a value of {found} bytes: numbers in a packed state have 1, 4 or 8"
            ));
        }
        Source::Cell(cell) if usize::from(cell.0) >= CELLS => {
            return Some(format!("there are {CELLS} cells, and none {}", cell.0));
        }
        Source::Cells(first, count) if usize::from(first.0) + usize::from(count) > CELLS => {
            return Some(format!(
                "there are {CELLS} cells, and the field has {count} from {} on",
                first.0
            ));
        }
        Source::Cells(first, _) if first != Cell(0) => {
            return Some("a run of cells is the general registers, from cell 0 on".to_owned());
        }
        Source::Cell(_) | Source::Cells(..) => return None,
    };
    (found != wanted).then(|| format!("{found} bytes, and what it holds has {wanted}"))
}

/// Why the contract cannot use a field's name, if it has to.
fn unspeakable<I: Isa>(field: &Field) -> Option<String> {
    let Source::Cell(cell) = field.source else {
        return None;
    };
    let known = [I::PC, I::EXIT_CODE, I::EXITED, I::PREIMAGE_OFFSET];
    let threads = I::THREADS.is_some_and(|threads| [threads.side, threads.ended].contains(&cell));
    // The contract names these by their purpose and not by the field's name.
    if known.contains(&cell) || I::NEXT_PC == Some(cell) || threads {
        return None;
    }
    let name = field.name;
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    if !begins || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Some(format!(
            "`{name}` is no name in a contract: a letter, then letters, digits and `_`"
        ));
    }
    RESERVED.contains(&name).then(|| {
        format!("`{name}` is a word of Solidity's assembly: the contract cannot call anything so")
    })
}

/// The words of Yul, and the instructions of the EVM that are words of it.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "add", "addmod", "address", "and", "balance", "basefee", "blobbasefee", "blobhash", "blockhash",
    "break", "byte", "call", "callcode", "calldatacopy", "calldataload", "calldatasize", "caller",
    "callvalue", "case", "chainid", "clz", "codecopy", "codesize", "coinbase", "continue", "create",
    "create2", "datacopy", "dataoffset", "datasize", "default", "delegatecall", "difficulty", "div",
    "eq", "exp", "extcodecopy", "extcodehash", "extcodesize", "false", "for", "function", "gas",
    "gaslimit", "gasprice", "gt", "hex", "if", "invalid", "iszero", "jump", "jumpdest", "jumpi",
    "keccak256", "leave", "let", "linkersymbol", "loadimmutable", "log0", "log1", "log2", "log3",
    "log4", "lt", "mcopy", "memoryguard", "mload", "mod", "msize", "mstore", "mstore8", "mul",
    "mulmod", "not", "number", "or", "origin", "pc", "pop", "prevrandao", "return",
    "returndatacopy", "returndatasize", "revert", "sar", "sdiv", "selfbalance", "selfdestruct",
    "setimmutable", "sgt", "shl", "shr", "signextend", "sload", "slt", "smod", "sstore",
    "staticcall", "stop", "sub", "switch", "timestamp", "tload", "true", "tstore", "verbatim", "xor",
];
