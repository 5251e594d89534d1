//! What a rollup's nodes hold for true, asked for one round after the other.

use std::sync::Arc;

use alloy_primitives::{B256, U256};
use fpvm_challenger::rollup::SourceError;
use fpvm_challenger::rollup::node::Node;
use fpvm_l1::{Error, Rpc};

use crate::agreement::{Agreement, Answer};

/// The largest number of a block that nodes know: Go's int64.
const LAST_BLOCK: U256 = U256::from_limbs([i64::MAX as u64, 0, 0, 0]);

/// A rollup's nodes. Each has its own opinion.
#[derive(Debug)]
pub struct Truth(Vec<Node>);

/// What nodes said of themselves at the beginning of a round.
#[derive(Debug)]
pub struct Round<'a>(Vec<(&'a Node, NodeState)>);

/// A node at the beginning of a round.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeState {
    /// Its address, without what may be secret.
    pub name: String,
    /// The block of L1 that it is working on, or why it does not say.
    pub current_l1: Result<u64, String>,
}

impl Truth {
    /// The nodes behind these connections.
    pub fn new(nodes: impl IntoIterator<Item = Arc<Rpc>>) -> Self {
        Self(nodes.into_iter().map(Node::new).collect())
    }

    /// Begins a round: how far each node has read L1.
    pub fn round(&self) -> Round<'_> {
        let state = |node: &Node| NodeState {
            name: node.name(),
            current_l1: node.current_l1().map_err(|error| error.to_string()),
        };
        Round(self.0.iter().map(|node| (node, state(node))).collect())
    }
}

impl Round<'_> {
    /// The nodes, in the order they were named.
    pub fn nodes(&self) -> Vec<NodeState> {
        self.0.iter().map(|(_, state)| state.clone()).collect()
    }

    /// What they say of an output root of an L2 block, in a game that looks up to L1 block `l1_head`; and which of them
    /// failed, by their places. None where not one could say anything.
    pub fn judge(
        &self,
        claim: B256,
        block: U256,
        l1_head: u64,
    ) -> (Option<Agreement>, Vec<Answer>) {
        if block > LAST_BLOCK {
            return (Some(Agreement::impossible()), Vec::new());
        }
        let ask = |(node, state): &(&Node, NodeState)| answer(node, state, claim, block, l1_head);
        let answers: Vec<_> = self.0.iter().map(ask).collect();
        (Agreement::of(claim, &answers), answers)
    }

    /// The root of a block, where the nodes that have it agree on one. Of no use where a game looks up to some block
    /// of L1: that is what [`Round::judge`] is for.
    pub fn root(&self, block: U256) -> Option<B256> {
        let mut roots = self
            .0
            .iter()
            .filter_map(|(node, _)| node.output(block).ok());
        let first = roots.next()?.output_root;
        roots
            .all(|other| other.output_root == first)
            .then_some(first)
    }
}

fn answer(node: &Node, state: &NodeState, claim: B256, block: U256, l1_head: u64) -> Answer {
    match &state.current_l1 {
        Err(error) => return Answer::Failed(error.clone()),
        Ok(current) if *current <= l1_head => return Answer::Behind,
        Ok(_) => {}
    }
    let root = match node.output(block) {
        Ok(output) => output.output_root,
        Err(SourceError::Node(Error::Refused { message, .. }))
            if message.to_ascii_lowercase().contains("not found") =>
        {
            return Answer::NotFound;
        }
        Err(error) => return Answer::Failed(error.to_string()),
    };
    // A node without a database of safe heads is taken at its word, as op-dispute-mon does: to be wrong here is to
    // agree with a proposal that the challenger attacks, which shows as a forecast against us.
    let is_safe = root == claim
        && node
            .safe_head_at(l1_head)
            .map_or(true, |safe| U256::from(safe) >= block);
    Answer::Root { root, is_safe }
}
