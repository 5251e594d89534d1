//! A step in whole words: what it read, with the values, and what it wrote.

use crate::explain::{LeafChange, Preimage, Register, StepExplanation, Value, hex_number};
use crate::info::IsaInfo;
use crate::stack::Place;
use fpvm_core::machine::memory::LEAF_SIZE;
use fpvm_core::step::verify::Step;
use serde::Serialize;
use std::fmt;

/// What a step read and wrote. Its text has a line for each.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepDetail {
    /// Step counter before.
    pub step: u64,
    /// Where the program is.
    pub place: Place,
    /// The instruction, or in words what the step did instead of one.
    pub assembly: String,
    /// The registers that the instruction may read, with their values before.
    pub reads: Vec<Operand>,
    /// The registers, and other words of the state, that changed.
    pub writes: Vec<Register>,
    /// The guest words of memory that it read or wrote, except the instruction itself.
    pub memory: Vec<WordAccess>,
    /// The pre-image that it read.
    pub preimage: Option<Preimage>,
}

/// A register that is read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Operand {
    /// Its name.
    pub name: &'static str,
    /// What it holds before.
    pub value: Value,
}

/// A guest word of memory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WordAccess {
    /// Its address; `0x…` in JSON.
    #[serde(serialize_with = "hex_number")]
    pub at: u64,
    /// What it holds before.
    pub before: Value,
    /// What it holds after; the same where it was only read.
    pub after: Value,
    /// Whether the instruction may write memory.
    #[serde(skip)]
    stores: bool,
}

impl StepDetail {
    /// What an explained step of a VM read and wrote, at a place in the program.
    pub fn of(
        isa: &dyn IsaInfo,
        verified: &StepExplanation,
        place: Place,
        big_endian: bool,
    ) -> Self {
        let value = |name: &str| {
            let found = verified
                .registers
                .iter()
                .find(|register| register.name == name);
            found.map(|register| register.before)
        };
        let insn = match verified.kind {
            Step::Instruction(insn) => Some(insn),
            Step::ThreadSwitch | Step::Exited => None,
        };
        let reads = insn.map_or(Vec::new(), |insn| isa.reads(insn));
        let reads = reads.into_iter().filter_map(|name| {
            let value = value(name)?;
            Some(Operand { name, value })
        });
        let changed = |register: &&Register| register.before != register.after && !register.goes_on;
        let number = |name: &str| value(name).map(|value| value.number);
        let address = insn.and_then(|insn| isa.address(insn, &number));
        let bytes = usize::from(isa.word_bytes());
        let stores = insn.is_some_and(|insn| isa.stores(insn));
        let words = |leaf| words(leaf, address, bytes, big_endian, stores);
        Self {
            step: verified.step,
            place,
            assembly: verified.assembly.clone(),
            reads: reads.collect(),
            writes: verified.registers.iter().filter(changed).cloned().collect(),
            memory: verified.memory.iter().flat_map(words).collect(),
            preimage: verified.preimage.clone(),
        }
    }

    /// The step in one line.
    pub fn line(&self) -> String {
        let mut line = format!("{} {}: {}", self.step, self.place, self.assembly);
        let mut between = "  ; ";
        let mut add = |text: String| {
            line.push_str(between);
            line.push_str(&text);
            between = ", ";
        };
        for Operand { name, value } in &self.reads {
            add(format!("{name} = {:#x}", value.number));
        }
        for Register {
            name,
            before,
            after,
            ..
        } in &self.writes
        {
            add(format!(
                "{name}: {:#x} → {:#x}",
                before.number, after.number
            ));
        }
        for word in &self.memory {
            add(format!("[{:#x}] {}", word.at, word.change()));
        }
        line
    }
}

/// The words of a leaf that a step changed, or, if it changed none, the words that it read: the word at the address if
/// that is known, and otherwise all words.
fn words(
    leaf: &LeafChange,
    address: Option<u64>,
    bytes: usize,
    big_endian: bool,
    stores: bool,
) -> Vec<WordAccess> {
    let number = |from: &[u8]| {
        let digit = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if big_endian {
            from.iter().fold(0, digit)
        } else {
            from.iter().rev().fold(0, digit)
        }
    };
    let word = |at: usize| {
        let part = |leaf: &[u8; LEAF_SIZE]| Value {
            number: number(leaf.get(at..at + bytes).unwrap_or_default()),
            bytes,
        };
        WordAccess {
            at: leaf.at.wrapping_add(at as u64),
            before: part(&leaf.before),
            after: part(&leaf.after),
            stores,
        }
    };
    let all: Vec<_> = (0..LEAF_SIZE).step_by(bytes.max(1)).map(word).collect();
    let changed: Vec<_> = all
        .iter()
        .filter(|word| word.before != word.after)
        .cloned()
        .collect();
    if !changed.is_empty() {
        return changed;
    }
    let of_address = all.iter().find(|word| {
        address
            .and_then(|address| address.checked_sub(word.at))
            .is_some_and(|at| at < bytes as u64)
    });
    of_address.map_or(all.clone(), |word| vec![word.clone()])
}

impl WordAccess {
    /// "0x1 → 0x2", or the one value where it was only read, or written as it was.
    fn change(&self) -> String {
        if self.before == self.after && self.stores {
            format!("{} written, as it was", self.before)
        } else if self.before == self.after {
            format!("{} read", self.before)
        } else {
            format!("{} → {}", self.before, self.after)
        }
    }
}

impl fmt::Display for StepDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "step {} in {}", self.step, self.place)?;
        writeln!(f, "{}", self.assembly)?;
        for Operand { name, value } in &self.reads {
            writeln!(f, "  reads   {name} = {value}")?;
        }
        for word in &self.memory {
            writeln!(f, "  memory  {:#x}: {}", word.at, word.change())?;
        }
        for Register {
            name,
            before,
            after,
            ..
        } in &self.writes
        {
            writeln!(f, "  writes  {name}: {before} → {after}")?;
        }
        if let Some(read) = &self.preimage {
            let Preimage {
                key, bytes, offset, ..
            } = read;
            writeln!(
                f,
                "  reads   pre-image {key}, {bytes} bytes, from offset {offset}"
            )?;
        }
        Ok(())
    }
}
