//! From an instruction word to its row of the table.

use crate::definition::isa::{Isa, Op, Pattern};
use alloc::vec::Vec;

/// The row that fits an instruction with the most mask bits, by looking at all of them; the
/// definition that [`Decoder`] is derived from, and fast enough for a single step.
pub fn decode<I: Isa>(insn: u32) -> I::Op {
    let rows = I::TABLE.iter().zip(I::Op::ALL);
    let fits = rows.filter(|(row, _)| insn & row.mask == row.value);
    fits.max_by_key(|(row, _)| row.mask.count_ones())
        .map_or(undefined::<I>(), |(_, op)| *op)
}

/// The instruction kind for words that no row fits.
pub fn undefined<I: Isa>() -> I::Op {
    I::Op::ALL[I::TABLE.len()]
}

/// A decision tree over a table: each node switches on a run of bits that all rows below it look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tree {
    /// Switch on `bits` bits from bit `lo`.
    Switch {
        /// Lowest bit.
        lo: u32,
        /// Number of bits.
        bits: u32,
        /// One subtree for each value.
        children: Vec<Self>,
    },
    /// Try these rows in order; none fitting means undefined.
    Rows(Vec<usize>),
}

impl Tree {
    /// The tree of a table.
    pub fn of(table: &[Pattern]) -> Self {
        let mut rows: Vec<usize> = (0..table.len()).collect();
        rows.sort_by_key(|row| core::cmp::Reverse(table[*row].mask.count_ones()));
        Self::split(table, rows, 0)
    }

    /// Splits rows, most mask bits first, of which the bits `known` are decided.
    fn split(table: &[Pattern], rows: Vec<usize>, known: u32) -> Self {
        let run = |mask: u32| {
            let lo = mask.trailing_zeros();
            (lo, (!(mask >> lo)).trailing_zeros().min(32 - lo))
        };
        // Rows with fewer bits are fallbacks of those with more: they go into every child, so only
        // the bits that most rows look at have to be shared.
        let shared = rows.iter().fold(0u32, |shared, row| {
            let open = table[*row].mask & !known;
            if shared == 0 || shared & open == 0 {
                shared | open
            } else {
                shared & open
            }
        });
        if rows.len() <= 2 || shared == 0 {
            return Self::Rows(rows);
        }
        let (lo, bits) = run(shared);
        let bits = bits.min(8);
        let mask = ((1u64 << bits) - 1) as u32;
        let children = (0..=mask).map(|value| {
            let fits = |row: &&usize| {
                let pattern = &table[**row];
                let looked_at = pattern.mask >> lo & mask;
                value & looked_at == pattern.value >> lo & looked_at
            };
            let rows: Vec<usize> = rows.iter().filter(fits).copied().collect();
            Self::split(table, rows, known | mask << lo)
        });
        Self::Switch {
            lo,
            bits,
            children: children.collect(),
        }
    }
}

/// A decoder made for decoding whole pages.
#[derive(Clone, Debug)]
pub struct Decoder<I: Isa> {
    tree: Tree,
    isa: core::marker::PhantomData<I>,
}

impl<I: Isa> Default for Decoder<I> {
    fn default() -> Self {
        Self {
            tree: Tree::of(I::TABLE),
            isa: core::marker::PhantomData,
        }
    }
}

impl<I: Isa> Decoder<I> {
    /// The same as [`decode`].
    pub fn decode(&self, insn: u32) -> I::Op {
        let mut tree = &self.tree;
        loop {
            match tree {
                Tree::Switch { lo, bits, children } => {
                    tree = &children[(insn >> lo) as usize & ((1 << bits) - 1)];
                }
                Tree::Rows(rows) => {
                    let fits = rows.iter().find(|row| {
                        let row = &I::TABLE[**row];
                        insn & row.mask == row.value
                    });
                    return fits.map_or(undefined::<I>(), |row| I::Op::ALL[*row]);
                }
            }
        }
    }
}
