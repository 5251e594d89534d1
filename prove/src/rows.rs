//! The claims about a VM: one for each row of its table, for the undefined instruction, and for a change of
//! threads.

use crate::state::{Part, State};
use crate::term::{Sort, Term, Terms};
use alloy_primitives::U256;
use fpvm_core::definition::isa::{Isa, Op, Pattern};

/// A claim: that the contract does what the definition says, for all words that decode to a row.
#[derive(Clone, Copy, Debug)]
pub enum Row<I: Isa> {
    /// An instruction, by its kind.
    Instruction(I::Op),
    /// Words that are in no row, of so many bytes.
    Undefined(u64),
    /// A step that changes threads.
    Turn,
}

/// The instruction kinds and more of a VM.
pub fn rows<I: Isa>() -> Vec<Row<I>> {
    let instructions = I::Op::ALL.iter().take(I::TABLE.len());
    let mut rows: Vec<Row<I>> = instructions.map(|op| Row::Instruction(*op)).collect();
    rows.push(Row::Undefined(4));
    if I::COMPRESSED_MASK != 0 {
        rows.push(Row::Undefined(2));
    }
    if I::THREADS.is_some() {
        rows.push(Row::Turn);
    }
    rows
}

impl<I: Isa> Row<I> {
    /// The row of the table.
    pub fn pattern(self) -> Option<&'static Pattern> {
        match self {
            Self::Instruction(op) => I::TABLE.get(op.index()),
            _ => None,
        }
    }

    /// What the claim is called.
    pub fn name(self) -> String {
        match self {
            Self::Instruction(_) => self.pattern().map_or("?", |row| row.name).to_owned(),
            Self::Undefined(_) if I::COMPRESSED_MASK == 0 => "(undefined)".to_owned(),
            Self::Undefined(bytes) => format!("(undefined, {bytes} bytes)"),
            Self::Turn => "(turn)".to_owned(),
        }
    }

    /// The instruction's length in bytes.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Undefined(bytes) => bytes,
            Self::Instruction(_) if I::COMPRESSED_MASK != 0 => {
                let value = self.pattern().map_or(0, |row| row.value);
                fpvm_core::definition::fetch::len::<I>(value)
            }
            _ => 4,
        }
    }

    /// The instruction word: what the row fixes as numbers, the rest free.
    pub fn word(self, terms: &mut Terms) -> Term {
        let free = terms.symbol("insn", Sort::Bits(32));
        let (mut mask, mut value) = self.pattern().map_or((0, 0), |row| (row.mask, row.value));
        if I::COMPRESSED_MASK != 0 {
            match self.bytes() {
                2 => (mask, value) = (mask | 0xffff_0000, value),
                _ => (mask, value) = (mask | I::COMPRESSED_MASK, value | I::COMPRESSED_MASK),
            }
        }
        let mut word: Option<Term> = None;
        for bit in 0..32 {
            let piece = if mask >> bit & 1 == 1 {
                terms.number(U256::from(value >> bit & 1), 1)
            } else {
                terms.extract(bit, bit, free)
            };
            word = Some(match word {
                Some(low) => terms.concat(piece, low),
                None => piece,
            });
        }
        word.unwrap_or(free)
    }

    /// What is assumed: that the word decodes to this row, and that it is an instruction's turn, or not.
    pub fn assumptions(self, terms: &mut Terms, before: &State, word: Term) -> Vec<Term> {
        let mut all = Vec::new();
        let excluded: Vec<&Pattern> = match self {
            Self::Turn => Vec::new(),
            Self::Undefined(_) => I::TABLE.iter().collect(),
            // Of several rows that fit, the one with most mask bits counts, of equal ones the last.
            Self::Instruction(op) => {
                let rank = |at: usize| (I::TABLE[at].mask.count_ones(), at);
                let mine = op.index();
                let better = (0..I::TABLE.len()).filter(|at| rank(*at) > rank(mine));
                better.map(|at| &I::TABLE[at]).collect()
            }
        };
        for row in excluded {
            let (mask, value) = (
                terms.small(row.mask.into(), 32),
                terms.small(row.value.into(), 32),
            );
            let looked_at = terms.two(crate::term::Two::And, word, mask);
            let fits = terms.equal(looked_at, value);
            all.push(terms.not(fits));
        }
        if matches!(self, Self::Undefined(2)) {
            let low = terms.extract(1, 0, word);
            let mask = terms.small(I::COMPRESSED_MASK.into(), 2);
            let long = terms.equal(low, mask);
            all.push(terms.not(long));
        }
        if let Some(threads) = I::THREADS {
            let quantum = terms.small(threads.quantum, 64);
            let early = terms.less(before[&Part::TurnSteps], quantum);
            let ended = before[&Part::Cell(threads.ended.0)];
            let zero = terms.small(0, terms.width(ended));
            let runs = terms.equal(ended, zero);
            let stays = terms.and(early, runs);
            all.push(if matches!(self, Self::Turn) {
                terms.not(stays)
            } else {
                stays
            });
        }
        all.retain(|t| !terms.is_true(*t));
        all
    }
}
