//! One node, and when it is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::{B256, Bytes, U256};
use fpvm_l1::{Chain as _, Error, Rpc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::SourceError;

/// The first rest of a node that failed; it doubles up to the last.
const REST: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];
/// The most outputs that are remembered.
const REMEMBERED: usize = 4_096;
/// For how long an output is remembered: a reorg of L1 may change it.
const FRESH: Duration = Duration::from_secs(60);

/// A node that is not asked for a while after it has failed, so that one that does not answer holds up each
/// round once and not for each game.
#[derive(Debug)]
pub(super) struct Node {
    rpc: Arc<Rpc>,
    rest: Mutex<Option<Rest>>,
    outputs: Mutex<BTreeMap<U256, (Instant, Output)>>,
}

/// Why a node rests, and until when.
#[derive(Clone, Debug)]
struct Rest {
    why: String,
    length: Duration,
    until: Instant,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    pub(super) output_root: B256,
    pub(super) version: B256,
    pub(super) state_root: B256,
    pub(super) withdrawal_storage_root: B256,
    pub(super) block_ref: BlockRef,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct BlockRef {
    pub(super) hash: B256,
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

impl Node {
    pub(super) fn new(rpc: Arc<Rpc>) -> Self {
        Self {
            rpc,
            rest: Mutex::default(),
            outputs: Mutex::default(),
        }
    }

    /// What messages call it.
    pub(super) fn name(&self) -> String {
        self.rpc.name()
    }

    /// Asks, and takes the answer apart.
    fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: serde_json::Value,
    ) -> Result<T, SourceError> {
        // Not held while the node is asked: who asks beside this one does not wait for its answer.
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

    /// The safe head as of an L1 block, which a game looks up to that starts from L2 block `start`.
    pub(super) fn safe_head(&self, l1: u64, start: U256) -> Result<U256, SourceError> {
        // A node that is not past the block answers with the safe head of an earlier one.
        let status: SyncStatus = self.ask("optimism_syncStatus", json!([]))?;
        if status.current_l1.number <= l1 {
            let node = self.name();
            return Err(SourceError::Behind { node, head: l1 });
        }
        let number = format!("{l1:#x}");
        let found: SafeHead = self.ask("optimism_safeHeadAtL1Block", json!([number]))?;
        let safe = U256::from(found.safe_head.number);
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

    /// The output of a block.
    pub(super) fn output(&self, block: U256) -> Result<Output, SourceError> {
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
