//! The output roots and super roots that a rollup's nodes have, asked for in each round.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{B256, U256};
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::rollup::node::Node;
use fpvm_challenger::rollup::{SourceError, SuperNodes, SuperRootNode};
use fpvm_dispute::trace::TraceError;
use fpvm_l1::{Error, Rpc};

use crate::agreement::{Agreement, Answer};

/// The largest number of a block that nodes know: Go's int64.
const LAST_BLOCK: U256 = U256::from_limbs([i64::MAX as u64, 0, 0, 0]);

/// A rollup's nodes, each of which answers for itself.
#[derive(Debug)]
pub struct Truth {
    /// The nodes that know outputs.
    nodes: Vec<Node>,
    /// The nodes that know super roots; none if no such node is named.
    super_nodes: Option<Arc<SuperNodes>>,
}

/// What nodes said of themselves at the beginning of a round.
#[derive(Debug)]
pub struct Round<'a> {
    nodes: Vec<(&'a Node, NodeState)>,
    super_nodes: Vec<(&'a SuperRootNode, NodeState)>,
}

/// A node at the beginning of a round.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeState {
    /// Its address, without the parts that may be secret.
    pub name: String,
    /// The block of L1 that it is working on, or why it does not say.
    pub current_l1: Result<u64, String>,
}

impl Truth {
    /// The nodes behind these connections, and those of super roots.
    pub fn new(
        nodes: impl IntoIterator<Item = Arc<Rpc>>,
        super_nodes: Option<Arc<SuperNodes>>,
    ) -> Self {
        Self {
            nodes: nodes.into_iter().map(Node::new).collect(),
            super_nodes,
        }
    }

    /// Whether anybody knows outputs.
    pub const fn knows_outputs(&self) -> bool {
        !self.nodes.is_empty()
    }

    /// Whether anybody knows super roots.
    pub const fn knows_super_roots(&self) -> bool {
        self.super_nodes.is_some()
    }

    /// Begins a round: how far each node has read L1, whose time is `now`.
    pub fn round(&self, now: u64) -> Round<'_> {
        let state = |name, current_l1: Result<u64, SourceError>| NodeState {
            name,
            current_l1: current_l1.map_err(|error| error.to_string()),
        };
        let nodes = self.nodes.iter();
        let super_nodes = self.super_nodes.iter().flat_map(|nodes| nodes.each());
        Round {
            nodes: nodes
                .map(|node| (node, state(node.name(), node.current_l1())))
                .collect(),
            super_nodes: super_nodes
                .map(|node| (node, state(node.name(), node.current_l1(now))))
                .collect(),
        }
    }
}

/// Numbers nodes of the same name, because what lies behind host and port is not in names.
fn tell_apart(nodes: &mut [NodeState]) {
    let mut seen = BTreeMap::new();
    for node in nodes {
        let count = seen.entry(node.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            node.name = format!("{} (number {count})", node.name);
        }
    }
}

impl Round<'_> {
    /// The nodes, in the order they were named, those of super roots last.
    pub fn nodes(&self) -> Vec<NodeState> {
        let nodes = self.nodes.iter().map(|(_, state)| state);
        let super_nodes = self.super_nodes.iter().map(|(_, state)| state);
        let mut nodes: Vec<_> = nodes.chain(super_nodes).cloned().collect();
        tell_apart(&mut nodes);
        nodes
    }

    /// What the nodes say together about the proposal of a game whose L1 head is block `l1_head`, and what each says,
    /// in the order of [`Round::nodes`]. The first is none if no node could say anything.
    pub fn judge(&self, params: &GameParams, l1_head: u64) -> (Option<Agreement>, Vec<Answer>) {
        let proposal = &params.proposal;
        let claim = proposal.root_claim;
        match &proposal.super_root {
            None => self.judge_output(claim, proposal.l2_block, l1_head),
            Some(root) => {
                let by_now = params.is_won_at_creation();
                self.judge_super_root(claim, root.timestamp, l1_head, by_now)
            }
        }
    }

    fn judge_output(
        &self,
        claim: B256,
        block: U256,
        l1_head: u64,
    ) -> (Option<Agreement>, Vec<Answer>) {
        if block > LAST_BLOCK {
            return (Some(Agreement::impossible()), Vec::new());
        }
        let ask = |(node, state): &(&Node, NodeState)| answer(node, state, claim, block, l1_head);
        let answers: Vec<_> = self.nodes.iter().map(ask).collect();
        (Agreement::of(claim, &answers), answers)
    }

    /// The same about a super root. If nobody can dispute the game, it counts what L1 determines `by_now`.
    fn judge_super_root(
        &self,
        claim: B256,
        timestamp: u64,
        l1_head: u64,
        by_now: bool,
    ) -> (Option<Agreement>, Vec<Answer>) {
        let ask = |(node, state): &(&SuperRootNode, NodeState)| {
            let answer = super_answer(node, state, claim, timestamp, l1_head);
            match answer {
                Answer::Root { root, .. } if by_now => Answer::Root {
                    root,
                    is_safe: root == claim,
                },
                answer => answer,
            }
        };
        let not_asked = self.nodes.iter().map(|_| Answer::NotAsked);
        let answers: Vec<_> = not_asked.chain(self.super_nodes.iter().map(ask)).collect();
        (Agreement::of(claim, &answers), answers)
    }

    /// The root of a block, if the nodes that have the block agree. This ignores L1 heads, so it is not for judging a
    /// game: that is what [`Round::judge`] is for.
    pub fn root(&self, block: U256) -> Option<B256> {
        let outputs = self.nodes.iter();
        let outputs = outputs.filter_map(|(node, _)| node.output(block).ok());
        agreed(outputs.map(|output| output.output_root))
    }

    /// The super root of a second, as [`Round::root`] gives the root of a block.
    pub fn super_root(&self, timestamp: U256) -> Option<B256> {
        let timestamp = u64::try_from(timestamp).ok()?;
        let said = self.super_nodes.iter();
        let said = said.filter_map(|(node, _)| node.super_root_at(timestamp, 0).ok()?.verified);
        agreed(said.map(|verified| verified.super_root.hash()))
    }
}

/// The root that all say, if they say the same.
fn agreed(mut roots: impl Iterator<Item = B256>) -> Option<B256> {
    let first = roots.next()?;
    roots.all(|other| other == first).then_some(first)
}

/// What keeps a node from saying anything about a game.
fn hindrance(state: &NodeState, l1_head: u64) -> Option<Answer> {
    match &state.current_l1 {
        Err(error) => Some(Answer::Failed(error.clone())),
        Ok(current) => (*current <= l1_head).then_some(Answer::Behind),
    }
}

fn is_not_found(message: &str) -> bool {
    message.to_ascii_lowercase().contains("not found")
}

fn answer(node: &Node, state: &NodeState, claim: B256, block: U256, l1_head: u64) -> Answer {
    if let Some(hindrance) = hindrance(state, l1_head) {
        return hindrance;
    }
    let root = match node.output(block) {
        Ok(output) => output.output_root,
        Err(SourceError::Node(Error::Refused { message, .. })) if is_not_found(&message) => {
            return Answer::NotFound;
        }
        Err(error) => return Answer::Failed(error.to_string()),
    };
    // A node without a database of safe heads is believed, as op-dispute-mon does. An error here means agreeing with a
    // proposal that the challenger attacks, which shows as a forecast against us.
    let is_safe = root == claim
        && node
            .safe_head_at(l1_head)
            .map_or(true, |safe| U256::from(safe) >= block);
    Answer::Root { root, is_safe }
}

fn super_answer(
    node: &SuperRootNode,
    state: &NodeState,
    claim: B256,
    timestamp: u64,
    l1_head: u64,
) -> Answer {
    if let Some(hindrance) = hindrance(state, l1_head) {
        return hindrance;
    }
    let said = node.super_root_at(timestamp, l1_head);
    let said = said.and_then(|said| said.check(timestamp).map(|()| said));
    let verified = match said {
        // The node had read further a moment ago.
        Ok(said) if said.current_l1 <= l1_head => return Answer::Behind,
        Ok(said) => said.verified,
        Err(TraceError::NoSuperRoot { reason, .. }) if is_not_found(&reason) => None,
        Err(error) => return Answer::Failed(error.to_string()),
    };
    let Some(verified) = verified else {
        return Answer::NotFound;
    };
    let root = verified.super_root.hash();
    Answer::Root {
        root,
        is_safe: root == claim && verified.required_l1 <= l1_head,
    }
}
