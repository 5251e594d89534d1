//! One node of a rollup, which rests after a failure.
//!
//! Answers are op-node's; block numbers are of L2 unless L1 is named.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::{B256, Bytes, U256};
use fpvm_l1::{Chain as _, Error, Rpc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::SourceError;
use super::newest::Finality;
use crate::said::Said;

/// The first and the longest rest of a node that failed; the rest doubles each time.
const REST: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];
/// The most outputs that are remembered.
const REMEMBERED: usize = 4_096;
/// What messages have before the reason why a node is not asked for a while.
const FAILED: &str = "because it failed: ";
/// For how long an output is remembered: a reorg of L1 may change it.
const FRESH: Duration = Duration::from_secs(60);

/// A node that is not asked for a while after it has failed, so that one that does not answer holds up each
/// round once and not for each game.
#[derive(Debug)]
pub struct Node {
    rpc: Arc<Rpc>,
    rest: Mutex<Option<Rest>>,
    /// What the log was told of it.
    said: Said,
    outputs: Mutex<BTreeMap<U256, (Instant, Output)>>,
}

/// Why a node rests, and until when.
#[derive(Clone, Debug)]
struct Rest {
    why: String,
    length: Duration,
    until: Instant,
}

/// The answer to `optimism_outputAtBlock`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The output root.
    pub output_root: B256,
    /// The version of the root's composition: zero.
    pub version: B256,
    /// The state root of the block.
    pub state_root: B256,
    /// The storage root of the contract that keeps withdrawals.
    pub withdrawal_storage_root: B256,
    /// The block.
    pub block_ref: BlockRef,
}

/// A block, as nodes of a rollup name it.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct BlockRef {
    /// Its hash.
    pub hash: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SafeHead {
    safe_head: Number,
}

/// How far a node has come on L1.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct L1Progress {
    /// The block that it is working on: it has read all those below.
    #[serde(rename = "current_l1")]
    pub(super) current: L1Block,
    /// L1's finalised block. Its number is 0 while the node does not know it.
    #[serde(rename = "finalized_l1")]
    pub(super) finalized: L1Block,
}

/// A block of L1.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct L1Block {
    /// Its hash.
    pub(super) hash: B256,
    /// Its number.
    pub(super) number: u64,
}

#[derive(Deserialize)]
struct SyncStatus {
    current_l1: Number,
    safe_l2: Number,
    finalized_l2: Number,
}

#[derive(Deserialize)]
struct Number {
    number: u64,
}

impl Node {
    /// The node behind a connection.
    pub fn new(rpc: Arc<Rpc>) -> Self {
        Self {
            rpc,
            rest: Mutex::default(),
            said: Said::new(),
            outputs: Mutex::default(),
        }
    }

    /// Its name in messages.
    pub fn name(&self) -> String {
        self.rpc.name()
    }

    /// Warns that it did not tell what it was asked for: once, and then rarely for as long as it does not.
    pub(super) fn warn(&self, missing: &'static str, error: &dyn std::fmt::Display) {
        let error = error.to_string();
        // A node that rests has failed as it did before.
        let why = match error.split_once(FAILED) {
            Some((_, why)) => why,
            None => &error,
        };
        if self.said.is_due(&format!("{missing}: {why}")) {
            let node = self.name();
            tracing::warn!(target: "rollup", node, error, "{missing}");
        }
    }

    /// Asks, and takes the answer apart.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: serde_json::Value,
    ) -> Result<T, SourceError> {
        // The lock is not held while the node is asked, so that other threads need not wait for the answer.
        let rest = || self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let before = rest().clone();
        if let Some(resting) = before.as_ref().filter(|rest| Instant::now() < rest.until) {
            let (node, why) = (self.name(), resting.why.clone());
            return Err(SourceError::Resting { node, why });
        }
        let begun = Instant::now();
        match self.rpc.question(method, params) {
            Err(error @ Error::Unreachable { .. }) => {
                let length = before.map_or(Duration::ZERO, |rest| rest.length * 2);
                // As long as the failure took at least, so that the other games of the round do not wait for it too.
                let length = length.max(begun.elapsed()).clamp(REST[0], REST[1]);
                *rest() = Some(Rest {
                    why: error.to_string(),
                    length,
                    until: Instant::now() + length,
                });
                Err(error.into())
            }
            answer => {
                *rest() = None;
                let found = serde_json::from_value(answer?);
                let found = found.map_err(|why| Error::Malformed {
                    node: self.name(),
                    method,
                    why: why.to_string(),
                });
                Ok(found?)
            }
        }
    }

    /// The block of L1 that it is working on: it has read all those below.
    ///
    /// # Errors
    /// If it does not answer, or not as op-node does; so the next ones.
    pub fn current_l1(&self) -> Result<u64, SourceError> {
        Ok(self.sync_status()?.current_l1.number)
    }

    /// The newest block that L1 determines up to its block `l1`, which the node has to have read.
    ///
    /// # Errors
    /// If it does not answer, or does not keep safe heads.
    pub fn safe_head_at(&self, l1: u64) -> Result<u64, SourceError> {
        let number = format!("{l1:#x}");
        let found: SafeHead = self.ask("optimism_safeHeadAtL1Block", json!([number]))?;
        Ok(found.safe_head.number)
    }

    /// The safe head as of an L1 block, which a game looks up to that starts from L2 block `start`.
    pub(super) fn safe_head(&self, l1: u64, start: U256) -> Result<U256, SourceError> {
        // A node that is not past the block answers with the safe head of an earlier one.
        if self.current_l1()? <= l1 {
            let node = self.name();
            return Err(SourceError::Behind { node, head: l1 });
        }
        let safe = U256::from(self.safe_head_at(l1)?);
        if safe < start {
            Err(SourceError::BelowStart {
                source_name: self.name(),
                l1: l1.to_string(),
                safe,
                start,
            })
        } else {
            Ok(safe)
        }
    }

    /// The newest block of L2 of this certainty.
    pub(super) fn head(&self, finality: Finality) -> Result<u64, SourceError> {
        let status = self.sync_status()?;
        let head = match finality {
            Finality::Finalized => status.finalized_l2,
            Finality::Safe => status.safe_l2,
        };
        Ok(head.number)
    }

    /// How far it has come on L1.
    pub(super) fn l1_progress(&self) -> Result<L1Progress, SourceError> {
        self.ask("optimism_syncStatus", json!([]))
    }

    /// The newest block that L1 determines up to its block `l1`; none where the node's database does not reach back so
    /// far, or has the genesis there.
    pub(super) fn known_safe_head(&self, l1: u64) -> Result<Option<u64>, SourceError> {
        match self.safe_head_at(l1) {
            Ok(head) => Ok(Some(head).filter(|head| *head > 0)),
            Err(SourceError::Node(Error::Refused { message, .. }))
                if message.contains("not found") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn sync_status(&self) -> Result<SyncStatus, SourceError> {
        self.ask("optimism_syncStatus", json!([]))
    }

    /// The output of a block.
    ///
    /// # Errors
    /// If it does not answer, or does not have the block.
    pub fn output(&self, block: U256) -> Result<Output, SourceError> {
        let known = || self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, output)) = known().get(&block)
            && since.elapsed() < FRESH
        {
            return Ok(*output);
        }
        let number = format!("{block:#x}");
        let output = self.ask("optimism_outputAtBlock", json!([number]))?;
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(block, (Instant::now(), output));
        Ok(output)
    }

    /// The header of a block.
    pub(super) fn header(&self, block: U256) -> Result<Bytes, SourceError> {
        self.ask("debug_getRawHeader", json!([format!("{block:#x}")]))
    }
}
