//! Outputs from a list.

use std::collections::BTreeMap;
use std::str::FromStr;

use alloy_primitives::{B256, U256};
use thiserror::Error;

use super::{Outputs, TraceError};
use crate::game::block_number::BlockEvidence;

/// The output roots of consecutive blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputList {
    first: U256,
    roots: Vec<B256>,
    evidence: BTreeMap<U256, BlockEvidence>,
}

impl OutputList {
    /// The outputs of the blocks from `first` on.
    pub const fn new(first: U256, roots: Vec<B256>) -> Self {
        Self {
            first,
            roots,
            evidence: BTreeMap::new(),
        }
    }

    /// Adds evidence for the output of `block`.
    #[must_use]
    pub fn with_evidence(mut self, block: U256, evidence: BlockEvidence) -> Self {
        self.evidence.insert(block, evidence);
        self
    }
}

/// Why a text is not a list of outputs.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OutputListError {
    /// A line of another form, by its number from 1 on.
    #[error("line {0}: a block's number and its output root (0x and 64 hex digits) are expected")]
    Line(usize),
    /// A block is missing.
    #[error("line {line}: block {expected} is expected, and {found} found")]
    Gap {
        /// The line's number, from 1 on.
        line: usize,
        /// The block after the one of the line before.
        expected: u64,
        /// The line's block.
        found: u64,
    },
    /// The text has no lines.
    #[error("there are no outputs")]
    Empty,
}

/// Parses a line for each block, without gaps: its number, a space, and its output root.
impl FromStr for OutputList {
    type Err = OutputListError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut first, mut roots) = (None, Vec::new());
        for (line, words) in (1..).zip(text.lines()) {
            let wrong = OutputListError::Line(line);
            let (block, root) = words.split_once(' ').ok_or(wrong.clone())?;
            let found: u64 = block.parse().map_err(|_| wrong.clone())?;
            let expected = first
                .get_or_insert(found)
                .saturating_add(roots.len() as u64);
            if found != expected {
                return Err(OutputListError::Gap {
                    line,
                    expected,
                    found,
                });
            }
            roots.push(root.trim().parse().map_err(|_| wrong)?);
        }
        let first = first.ok_or(OutputListError::Empty)?;
        Ok(Self::new(U256::from(first), roots))
    }
}

impl Outputs for OutputList {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        let place = block
            .checked_sub(self.first)
            .and_then(|place| usize::try_from(place).ok());
        let root = place.and_then(|place| self.roots.get(place));
        root.copied().ok_or(TraceError::UnknownOutput(block))
    }

    /// The last block of the list.
    fn safe_head(&self) -> U256 {
        let count = U256::from(self.roots.len());
        self.first.saturating_add(count).saturating_sub(U256::ONE)
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        self.evidence
            .get(&block)
            .cloned()
            .ok_or(TraceError::UnknownOutput(block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_each() {
        let root = format!("0x{}", "ab".repeat(32));
        let list: OutputList = format!("7 {root}\n8 {root}\n").parse().expect("a list");
        assert_eq!(list.safe_head(), U256::from(8));
        assert_eq!(list.output(U256::from(7)), Ok(B256::repeat_byte(0xab)));
        let read = |text: String| text.parse::<OutputList>().err();
        assert_eq!(read(String::new()), Some(OutputListError::Empty));
        for bad in ["7", "x 0x12", "7 0x12"] {
            assert_eq!(read(bad.into()), Some(OutputListError::Line(1)), "{bad}");
        }
        let gap = OutputListError::Gap {
            line: 2,
            expected: 8,
            found: 9,
        };
        assert_eq!(read(format!("7 {root}\n9 {root}")), Some(gap));
    }
}
