//! What an instruction can do, found once for each row of the table.

use crate::info::{IsaInfo, RowOf};
use crate::observe::Observed;

/// What is known about a row.
pub(super) struct Row {
    /// What its instructions can do.
    pub(super) observed: Observed,
    /// The bits that they do not use.
    pub(super) unused: u32,
}

/// The rows of the table that a program's instructions fit.
pub(super) struct Rows {
    isa: &'static dyn IsaInfo,
    row_of: RowOf,
    /// By row number.
    known: Vec<Option<Row>>,
}

impl Rows {
    pub(super) fn new(isa: &'static dyn IsaInfo) -> Self {
        Self {
            isa,
            row_of: isa.decoder(),
            known: Vec::new(),
        }
    }

    /// The row of an instruction.
    pub(super) fn of(&mut self, insn: u32) -> &Row {
        let row = (self.row_of)(insn);
        if self.known.len() <= row {
            self.known.resize_with(row + 1, || None);
        }
        let isa = self.isa;
        self.known[row].get_or_insert_with(|| Row {
            observed: isa.observe(insn),
            unused: isa.unused_bits(insn),
        })
    }
}
