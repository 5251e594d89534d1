//! The outputs of a rollup: from a list, or from its nodes.
//!
//! Bonds depend on what a node says, so an answer is believed only if it is plausible. A node whose safe
//! head lies below the block that a game starts from has lost a part of its database, and is left out. All
//! nodes that answer have to say the same. If a node's own root is the proposal's, although its safe
//! head lies before that block, [`Nodes`] asks again later, and asks every other node, before that is taken for
//! evidence against the proposal. [`SuperNodes`] do the same for super roots.

mod l1_heads;
mod newest;
pub mod node;
mod recent;
mod super_answer;
mod super_roots;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::{Address, B256, Bytes, U256};
use fpvm_dispute::game::block_number::{BlockEvidence, OutputRootProof};
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::{Outputs, TraceError};
use fpvm_l1::{At, Chain, Error, Rpc};

use crate::read::game_params::GameParams;
use l1_heads::L1Heads;
pub use newest::Finality;
use node::{Node, Output};
pub use recent::Age;
pub use super_answer::AnswerError;
pub use super_roots::{GameStates, SuperNodes, SuperRootNode};

/// The longest that a doubt lasts where several nodes say the same, in seconds; the longest of all is a quarter
/// of a side's clock.
const SECOND_LOOK: u64 = 600;

/// A source of outputs.
#[derive(Clone, Debug)]
pub enum Source {
    /// A list, whose last block is the newest that L1 determines.
    List(Arc<OutputList>),
    /// A rollup's nodes.
    Nodes(Arc<Nodes>),
}

/// A rollup's nodes (op-node), and where there is one an L2 node that has blocks' headers.
#[derive(Debug)]
pub struct Nodes {
    /// Answer `optimism_outputAtBlock`, `optimism_safeHeadAtL1Block` and `optimism_syncStatus`.
    rollup: Vec<Node>,
    /// Answers `debug_getRawHeader`.
    l2: Option<Node>,
    l1_heads: L1Heads,
    doubts: Doubts,
}

/// Since when, in L1 time, nodes contradict themselves about games: the proposal is their own root, but by their own
/// word L1 up to the game's head does not determine it. It does no harm if such a proposal stands, and attacking it
/// costs a bond if the database of safe heads is wrong.
#[derive(Debug, Default)]
struct Doubts(Mutex<BTreeMap<Address, u64>>);

/// A game's outputs cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A node does not answer, or does not keep safe heads (op-node does with `--safedb.path`).
    #[error(transparent)]
    Node(#[from] Error),
    /// A node failed a moment ago, and is not asked again yet.
    #[error("{node} is not asked for a while, because it failed: {why}")]
    Resting {
        /// The node.
        node: String,
        /// How it failed.
        why: String,
    },
    /// The rollup's node has not read L1 as far as the game's L1 head, so more blocks may become safe.
    #[error(
        "{node} has not read L1 past block {head} yet, up to which the game looks: its safe head does not count before"
    )]
    Behind {
        /// The node.
        node: String,
        /// The block of L1 that the game looks up to.
        head: u64,
    },
    /// The safe head lies below the block that the game starts from, which was safe before: something is
    /// missing there.
    #[error(
        "{source_name} says that L1 up to block {l1} determines L2 up to block {safe} only, and the game starts from block {start}: its database of safe heads is incomplete"
    )]
    BelowStart {
        /// The node that says so.
        source_name: String,
        /// The block of L1 that the game looks up to.
        l1: String,
        /// The safe head.
        safe: U256,
        /// The block that the game starts from.
        start: U256,
    },
    /// Nodes do not say the same.
    #[error(
        "the rollup's nodes do not agree on the safe head at L1 block {head}: {said}. Nothing is done until they do"
    )]
    Disagree {
        /// The block of L1 that the game looks up to.
        head: u64,
        /// Who says what.
        said: String,
    },
    /// There is no node to ask.
    #[error("no rollup node is named")]
    NoNode,
    /// The proposal is the nodes' own root of its block, but they do not call that block safe.
    #[error(
        "{said}; but its own root of {at} is the proposed one. That is no evidence against the proposal until it has been asked again, for {seconds} s more"
    )]
    Contradiction {
        /// Who says what.
        said: String,
        /// The proposal's block or timestamp, in words.
        at: String,
        /// For how long it is asked again, in seconds.
        seconds: u64,
    },
    /// A game's number is not a time: its anchor may be a block's.
    #[error("{0} is no timestamp")]
    NoTimestamp(U256),
    /// A node's answer about super roots is malformed.
    #[error("the answer about super roots cannot be used: {0}")]
    Answer(#[from] AnswerError),
    /// There is nothing yet that could be executed again.
    #[error("{node} knows of nothing yet that could be rehearsed: {why}")]
    NothingRecent {
        /// The node.
        node: String,
        /// What is missing, in words.
        why: String,
    },
    /// An output, or a state of several chains, cannot be had.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// The outputs as one game sees them: up to the block that L1's data before it determine.
#[derive(Clone, Debug)]
pub struct GameOutputs {
    source: Source,
    safe_head: U256,
}

impl Nodes {
    /// A rollup's nodes, each of which answers `optimism_outputAtBlock`, `optimism_safeHeadAtL1Block` and
    /// `optimism_syncStatus`, and where there is one an L2 node, which answers `debug_getRawHeader`.
    pub fn new(rollup: Vec<Arc<Rpc>>, l2: Option<Arc<Rpc>>) -> Self {
        Self {
            rollup: rollup.into_iter().map(Node::new).collect(),
            l2: l2.map(Node::new),
            l1_heads: L1Heads::default(),
            doubts: Doubts::default(),
        }
    }
}

impl Source {
    /// A rollup's nodes: see [`Nodes::new`].
    pub fn nodes(rollup: Vec<Arc<Rpc>>, l2: Option<Arc<Rpc>>) -> Self {
        Self::Nodes(Arc::new(Nodes::new(rollup, l2)))
    }

    /// The outputs as a game sees them.
    ///
    /// # Errors
    /// If a node does not answer, or is not so far, or what the nodes say is not plausible.
    pub fn seen_by(&self, game: &GameParams, l1: &dyn Chain) -> Result<GameOutputs, SourceError> {
        let safe_head = match self {
            Self::List(list) if list.safe_head() < game.starting.block => {
                return Err(SourceError::BelowStart {
                    source_name: "the list of outputs".into(),
                    l1: game.proposal.l1_head.to_string(),
                    safe: list.safe_head(),
                    start: game.starting.block,
                });
            }
            Self::List(list) => list.safe_head(),
            Self::Nodes(nodes) => nodes.safe_head(game, l1)?,
        };
        Ok(GameOutputs {
            source: self.clone(),
            safe_head,
        })
    }

    /// The hash of an L2 block; hosts need that of the block whose output they start from.
    ///
    /// # Errors
    /// If the outputs come from a list, or no node answers.
    pub fn block_hash(&self, block: U256) -> Result<B256, TraceError> {
        match self {
            Self::List(_) => Err(TraceError::NoOutput {
                block,
                reason: "a list of outputs has no hashes of blocks".into(),
            }),
            Self::Nodes(nodes) => Ok(nodes.output(block)?.block_ref.hash),
        }
    }
}

impl Nodes {
    /// The safe head as of a game's L1 head, if all nodes that answer plausibly agree on it.
    fn safe_head(&self, game: &GameParams, l1: &dyn Chain) -> Result<U256, SourceError> {
        let head = self.l1_heads.number(game.proposal.l1_head, l1)?;
        let start = game.starting.block;
        let (mut said, mut failed) = (Vec::new(), None);
        for node in &self.rollup {
            match node.safe_head(head, start) {
                Ok(safe) => said.push((node, safe)),
                Err(error) => {
                    node.warn("No safe head", &error);
                    failed.get_or_insert(error);
                }
            }
        }
        let words = |(node, safe): &(&Node, U256)| {
            format!(
                "{} says that L1 up to block {head} determines L2 up to block {safe}",
                node.name()
            )
        };
        let Some((_, safe)) = said.first().copied() else {
            return Err(failed.unwrap_or(SourceError::Disagree {
                head,
                said: "there is no node".into(),
            }));
        };
        let all: Vec<_> = said.iter().map(words).collect();
        let all = all.join("; ");
        if said.iter().any(|(_, other)| *other != safe) {
            return Err(SourceError::Disagree { head, said: all });
        }
        self.doubt(game, l1, safe, &said, all)?;
        Ok(safe)
    }

    /// Whether the nodes have to be asked again, because the proposal is their own root of a block that they do
    /// not call safe: see [`Doubts`].
    fn doubt(
        &self,
        game: &GameParams,
        l1: &dyn Chain,
        safe: U256,
        said: &[(&Node, U256)],
        words: String,
    ) -> Result<(), SourceError> {
        let block = game.proposal.l2_block;
        let is_own = |(node, _): &(&Node, U256)| {
            let own = node.output(block);
            own.is_ok_and(|own| own.output_root == game.proposal.root_claim)
        };
        let is_own = safe < block && said.iter().any(is_own);
        let at = format!("block {block}");
        self.doubts.settle(game, l1, is_own, said.len(), words, at)
    }

    /// The output of a block, if all nodes that answer have the same.
    fn output(&self, block: U256) -> Result<Output, TraceError> {
        let (mut found, mut failed) = (None::<(&Node, Output)>, None);
        for node in &self.rollup {
            match (node.output(block), &found) {
                (Ok(output), None) => found = Some((node, output)),
                (Ok(output), Some((first, other))) if output.output_root != other.output_root => {
                    let (a, b) = (other.output_root, output.output_root);
                    let (one, two) = (first.name(), node.name());
                    let reason = format!("{one} says {a}, and {two} says {b}");
                    return Err(TraceError::NoOutput { block, reason });
                }
                (Ok(_), Some(_)) => {}
                (Err(error), _) => {
                    failed.get_or_insert_with(|| error.to_string());
                }
            }
        }
        match (found, failed) {
            (Some((_, output)), _) => Ok(output),
            (None, reason) => Err(TraceError::NoOutput {
                block,
                reason: reason.unwrap_or_else(|| "there is no node".into()),
            }),
        }
    }

    /// The nodes, in words.
    fn names(&self) -> String {
        let names: Vec<_> = self.rollup.iter().map(Node::name).collect();
        names.join(", ")
    }
}

impl Doubts {
    /// Whether this many nodes that have `said` something about a proposal have to be asked again: for some time, as
    /// long as the proposal `is_own`.
    fn settle(
        &self,
        game: &GameParams,
        l1: &dyn Chain,
        is_own: bool,
        nodes: usize,
        said: String,
        at: String,
    ) -> Result<(), SourceError> {
        let mut doubts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_own {
            doubts.remove(&game.game);
            return Ok(());
        }
        let now = l1.block(At::Latest)?.time;
        let since = *doubts.entry(game.game).or_insert(now);
        let quarter = game.rules.max_clock_duration() / 4;
        let lasts = match nodes {
            1 => quarter,
            _ => quarter.min(SECOND_LOOK),
        };
        let until = since.saturating_add(lasts);
        if now >= until {
            return Ok(());
        }
        Err(SourceError::Contradiction {
            said,
            at,
            seconds: until - now,
        })
    }
}

impl Outputs for GameOutputs {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        match &self.source {
            Source::List(list) => list.output(block),
            Source::Nodes(nodes) => Ok(nodes.output(block)?.output_root),
        }
    }

    fn safe_head(&self) -> U256 {
        self.safe_head
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        let nodes = match &self.source {
            Source::List(list) => return list.evidence(block),
            Source::Nodes(nodes) => nodes,
        };
        let missing = |reason: String| TraceError::NoHeader { block, reason };
        let l2 = nodes.l2.as_ref();
        let l2 = l2.ok_or_else(|| missing("no L2 node is named that would give it".into()))?;
        let output = nodes.output(block)?;
        let header: Bytes = l2
            .header(block)
            .map_err(|error| missing(error.to_string()))?;
        Ok(BlockEvidence {
            proof: OutputRootProof {
                version: output.version,
                state_root: output.state_root,
                message_passer_storage_root: output.withdrawal_storage_root,
                latest_block_hash: output.block_ref.hash,
            },
            header: header.to_vec(),
        })
    }

    fn source(&self, block: U256) -> Option<String> {
        let Source::Nodes(nodes) = &self.source else {
            return None;
        };
        let root = nodes.output(block).ok()?.output_root;
        let (names, safe) = (nodes.names(), self.safe_head);
        Some(format!(
            "{names} has {root} for L2 block {block}, and block {safe} as the safe head of the game's L1 block"
        ))
    }
}
