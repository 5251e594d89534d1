//! The newest output or super root that a rollup's nodes would have proposed.

use std::sync::Arc;

use alloy_primitives::U256;
use fpvm_l1::Block;

use super::node::Node;
use super::{Nodes, SourceError, SuperNodes};
use crate::factory::Claimed;

/// How certain a block, or a second, of a rollup is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finality {
    /// It follows from finalised blocks of L1.
    Finalized,
    /// It follows from L1 as it is, and a reorg of L1 may drop it.
    Safe,
}

impl Nodes {
    /// The newest block of this certainty that all answering nodes have, and its output root, which has to be the
    /// same for all. A node that is behind is waited for, and one that runs ahead proposes nothing alone.
    ///
    /// # Errors
    /// If no node answers, or they do not agree.
    pub fn newest(&self, finality: Finality) -> Result<Claimed, SourceError> {
        let heads = self.rollup.iter().map(|node| (node, node.head(finality)));
        let block = U256::from(least(heads)?);
        let root = self.output(block)?.output_root;
        Ok(Claimed::Output { root, block })
    }

    /// Whether all nodes that answer have read L1 up to a block; the first that has not is the error.
    ///
    /// # Errors
    /// `Behind`, or if no node answers.
    pub fn have_read(&self, l1: u64) -> Result<(), SourceError> {
        all_have_read(
            l1,
            self.rollup
                .iter()
                .map(|node| (node.name(), node.current_l1())),
        )
    }
}

impl SuperNodes {
    /// The newest second of this certainty, and its super root, as [`Nodes::newest`] gives it for blocks; `head` is
    /// L1's newest block.
    ///
    /// # Errors
    /// If no node answers, or they do not agree.
    pub fn newest(
        self: &Arc<Self>,
        finality: Finality,
        head: &Block,
    ) -> Result<Claimed, SourceError> {
        let heads = self.each();
        let heads = heads.map(|of| (&of.node, of.head(finality, head.time)));
        Ok(Claimed::SuperRoot(self.super_root(least(heads)?, head)?))
    }

    /// Whether all nodes that answer have read L1 up to a block, as [`Nodes::have_read`]; L1's time is `now`.
    ///
    /// # Errors
    /// `Behind`, or if no node answers.
    pub fn have_read(&self, l1: u64, now: u64) -> Result<(), SourceError> {
        let read = self.each();
        all_have_read(l1, read.map(|node| (node.name(), node.current_l1(now))))
    }
}

/// The lowest of the nodes' heads; one that does not tell is left out.
pub(super) fn least<'n>(
    heads: impl Iterator<Item = (&'n Node, Result<u64, SourceError>)>,
) -> Result<u64, SourceError> {
    let (mut least, mut failed) = (None::<u64>, None);
    for (node, head) in heads {
        match head {
            Ok(head) => least = Some(least.map_or(head, |least| least.min(head))),
            Err(error) => {
                node.warn("No heads", &error);
                failed.get_or_insert(error);
            }
        }
    }
    least.ok_or_else(|| failed.unwrap_or(SourceError::NoNode))
}

fn all_have_read(
    l1: u64,
    read: impl Iterator<Item = (String, Result<u64, SourceError>)>,
) -> Result<(), SourceError> {
    let (mut answered, mut failed) = (false, None);
    for (node, current) in read {
        match current {
            Ok(current) if current < l1 => {
                return Err(SourceError::Behind { node, head: l1 });
            }
            Ok(_) => answered = true,
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    match failed {
        Some(error) if !answered => Err(error),
        _ => Ok(()),
    }
}
