//! What a rollup's outputs are: from a list, or from its node.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes, U256};
use fpvm_dispute::game::block_number::{BlockEvidence, OutputRootProof};
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::{Outputs, TraceError};
use fpvm_l1::{At, Chain, Error, Rpc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::read::game_params::GameParams;

/// Where outputs come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A list, whose last block is the newest that L1 determines.
    List(Arc<OutputList>),
    /// A rollup's node (op-node), and where there is one an L2 node that has blocks' headers.
    Node {
        /// Answers `optimism_outputAtBlock`, `optimism_safeHeadAtL1Block` and `optimism_syncStatus`.
        rollup: Arc<Rpc>,
        /// Answers `debug_getRawHeader`.
        l2: Option<Arc<Rpc>>,
    },
}

/// A game's outputs are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A node does not answer, or does not keep safe heads (op-node does with `--safedb.path`).
    #[error(transparent)]
    Node(#[from] Error),
    /// The rollup's node has not read L1 as far as the game looks: what it calls safe is not all yet.
    #[error(
        "{node} has not read L1 past block {head} yet, up to which the game looks: its safe head does not count before"
    )]
    Behind {
        /// The node.
        node: String,
        /// The block of L1 that the game looks up to.
        head: u64,
    },
}

/// The outputs as one game sees them: up to the block that L1's data before it determine.
#[derive(Clone, Debug)]
pub struct GameOutputs {
    source: Source,
    safe_head: U256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    output_root: B256,
    version: B256,
    state_root: B256,
    withdrawal_storage_root: B256,
    block_ref: BlockRef,
}

#[derive(Deserialize)]
struct BlockRef {
    hash: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SafeHead {
    safe_head: Number,
}

#[derive(Deserialize)]
struct SyncStatus {
    current_l1: Number,
}

#[derive(Deserialize)]
struct Number {
    number: u64,
}

/// Asks a node, and takes its answer apart.
fn ask<T: DeserializeOwned>(
    node: &Rpc,
    method: &'static str,
    params: serde_json::Value,
) -> Result<T, Error> {
    let answer = node.question(method, params)?;
    serde_json::from_value(answer).map_err(|why| Error::Malformed {
        node: node.name(),
        method,
        why: why.to_string(),
    })
}

impl Source {
    /// The outputs as a game sees them.
    ///
    /// # Errors
    /// If a node does not answer, or is not so far.
    pub fn seen_by(
        &self,
        game_params: &GameParams,
        l1: &dyn Chain,
    ) -> Result<GameOutputs, SourceError> {
        let safe_head = match self {
            Self::List(list) => list.safe_head(),
            Self::Node { rollup, .. } => {
                let head = l1.block(At::Hash(game_params.proposal.l1_head))?.number;
                // A node that is not past the block answers with the safe head of an earlier one.
                let status: SyncStatus = ask(rollup, "optimism_syncStatus", json!([]))?;
                if status.current_l1.number <= head {
                    let node = rollup.name();
                    return Err(SourceError::Behind { node, head });
                }
                let number = format!("{head:#x}");
                let found: SafeHead = ask(rollup, "optimism_safeHeadAtL1Block", json!([number]))?;
                U256::from(found.safe_head.number)
            }
        };
        Ok(GameOutputs {
            source: self.clone(),
            safe_head,
        })
    }

    /// The hash of an L2 block, which hosts take for that of the output they start from.
    ///
    /// # Errors
    /// If the outputs come from a list, or the node does not answer.
    pub fn block_hash(&self, block: U256) -> Result<B256, TraceError> {
        match self {
            Self::List(_) => Err(TraceError::UnknownOutput(block)),
            Self::Node { rollup, .. } => Ok(GameOutputs::at(rollup, block)?.block_ref.hash),
        }
    }
}

impl GameOutputs {
    fn at(rollup: &Rpc, block: U256) -> Result<Output, TraceError> {
        let number = format!("{block:#x}");
        let found = ask(rollup, "optimism_outputAtBlock", json!([number]));
        found.map_err(|error| {
            tracing::warn!(target: "challenger", error = error.to_string(), "No output");
            TraceError::UnknownOutput(block)
        })
    }
}

impl Outputs for GameOutputs {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        match &self.source {
            Source::List(list) => list.output(block),
            Source::Node { rollup, .. } => Ok(Self::at(rollup, block)?.output_root),
        }
    }

    fn safe_head(&self) -> U256 {
        self.safe_head
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        let (rollup, l2) = match &self.source {
            Source::List(list) => return list.evidence(block),
            Source::Node { rollup, l2 } => (rollup, l2.as_ref()),
        };
        let l2 = l2.ok_or(TraceError::UnknownOutput(block))?;
        let output = Self::at(rollup, block)?;
        let header = ask::<Bytes>(l2, "debug_getRawHeader", json!([format!("{block:#x}")]));
        let header = header.map_err(|error| {
            tracing::warn!(target: "challenger", error = error.to_string(), "No header");
            TraceError::UnknownOutput(block)
        })?;
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
}
