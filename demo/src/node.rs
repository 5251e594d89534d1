//! The node of the toy rollup: what op-node answers, for a proposer, a challenger and a monitor on a chain of one's own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use alloy_primitives::keccak256;
use anyhow::{Context as _, ensure};
use fpvm_guests::{ROLLUP_OUTPUTS, rollup_preimages};
use fpvm_l1::{At, B256, Chain, Error};
use serde_json::{Value, json};

/// A node of the rollup whose outputs are built in. Which block of it is known follows from L1's number alone, so that the
/// node has nothing to keep, and says the same of an L1 block whenever it is asked.
pub struct ToyNode {
    l1: Arc<dyn Chain>,
    /// Blocks of L1 from one block of the rollup to the next.
    spacing: u64,
    blocks: BTreeMap<u64, ToyBlock>,
}

/// A block, as its output tells.
#[derive(Clone, Copy, Debug)]
struct ToyBlock {
    root: B256,
    state: B256,
    hash: B256,
}

/// JSON-RPC's number for a method that is not there, and for a question that is none.
const NO_METHOD: i64 = -32_601;
const NO_QUESTION: i64 = -32_600;
/// That for what the node does not know.
const UNKNOWN: i64 = -32_000;

impl ToyNode {
    /// The node over an L1 of which every `spacing` blocks bring the data of one more block of the rollup, until there are
    /// no more.
    ///
    /// # Errors
    /// If `spacing` is 0, or what is built in makes no sense.
    pub fn new(l1: Arc<dyn Chain>, spacing: u64) -> anyhow::Result<Self> {
        ensure!(spacing > 0, "blocks come 0 blocks of L1 apart");
        let preimages: BTreeMap<B256, &[u8]> = rollup_preimages()
            .map(|(_, value)| (keccak256(value), value))
            .collect();
        let block = |line: &str| {
            let (number, root) = line.split_once(' ').context("a line of outputs")?;
            let root: B256 = root.parse()?;
            let output = preimages.get(&root).context("an output's pre-image")?;
            let word = |from: usize| output.get(from..from + 32).map(B256::from_slice);
            let (state, hash) = (word(32).context("a state")?, word(96).context("a hash")?);
            let block = ToyBlock { root, state, hash };
            Ok((number.parse::<u64>()?, block))
        };
        let blocks = ROLLUP_OUTPUTS
            .lines()
            .map(block)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            l1,
            spacing,
            blocks,
        })
    }

    /// The first block, whose output games start from, and the last one.
    pub fn range(&self) -> (u64, u64) {
        let mut numbers = self.blocks.keys().copied();
        let first = numbers.next().unwrap_or_default();
        (first, numbers.next_back().unwrap_or(first))
    }

    /// The answer to a request of JSON-RPC.
    pub fn answer(&self, request: &[u8]) -> String {
        let Ok(request) = serde_json::from_slice::<Value>(request) else {
            return refused(NO_QUESTION, "this is no JSON").to_string();
        };
        let mut answer = self.result(&request);
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = request["id"].clone();
        answer.to_string()
    }

    fn result(&self, request: &Value) -> Value {
        let number = request["params"][0].as_str();
        let number = number.and_then(|hex| u64::from_str_radix(hex.strip_prefix("0x")?, 16).ok());
        let answer = match (request["method"].as_str().unwrap_or_default(), number) {
            ("optimism_syncStatus", _) => self.sync_status(),
            ("optimism_safeHeadAtL1Block", Some(l1)) => self.safe_head_at(l1),
            ("optimism_outputAtBlock", Some(block)) => self.output(block),
            ("optimism_safeHeadAtL1Block" | "optimism_outputAtBlock", None) => {
                return refused(NO_QUESTION, "which block? Its number is missing");
            }
            (method, _) => {
                return refused(NO_METHOD, &format!("the method {method} does not exist"));
            }
        };
        match answer {
            Ok(Some(result)) => json!({ "result": result }),
            Ok(None) => refused(UNKNOWN, "not found"),
            Err(error) => refused(UNKNOWN, &format!("L1 does not answer: {error}")),
        }
    }

    /// The newest block that L1 determines up to its block `l1`.
    fn safe_head(&self, l1: u64) -> u64 {
        let (first, last) = self.range();
        first.saturating_add(l1 / self.spacing).min(last)
    }

    fn sync_status(&self) -> Result<Option<Value>, Error> {
        let (latest, finalized) = (self.l1.block(At::Latest)?, self.l1.block(At::Finalized)?);
        let l1 = |block: &fpvm_l1::Block| {
            json!({
                "hash": block.hash, "number": block.number, "parentHash": block.parent, "timestamp": block.time,
            })
        };
        let l2 = |number: u64| self.block_ref(number);
        let (safe, certain) = (
            self.safe_head(latest.number),
            self.safe_head(finalized.number),
        );
        Ok(Some(json!({
            "current_l1": l1(&latest), "current_l1_finalized": l1(&finalized),
            "head_l1": l1(&latest), "safe_l1": l1(&finalized), "finalized_l1": l1(&finalized),
            "unsafe_l2": l2(safe), "safe_l2": l2(safe), "finalized_l2": l2(certain),
        })))
    }

    fn safe_head_at(&self, l1: u64) -> Result<Option<Value>, Error> {
        // As op-node: of a block that L1 does not have yet what the newest one determines.
        let l1 = self.l1.block(At::Latest)?.number.min(l1);
        let at = self.l1.block(At::Number(l1))?;
        Ok(Some(json!({
            "l1Block": {"hash": at.hash, "number": l1},
            "safeHead": self.block_ref(self.safe_head(l1)),
        })))
    }

    fn output(&self, block: u64) -> Result<Option<Value>, Error> {
        let known = self.safe_head(self.l1.block(At::Latest)?.number);
        let found = self.blocks.get(&block).filter(|_| block <= known);
        Ok(found.map(|found| {
            json!({
                "version": B256::ZERO, "outputRoot": found.root, "stateRoot": found.state,
                "withdrawalStorageRoot": B256::ZERO, "blockRef": self.block_ref(block),
            })
        }))
    }

    fn block_ref(&self, number: u64) -> Value {
        let hash = |number: u64| self.blocks.get(&number).map(|block| block.hash);
        let parent = number.checked_sub(1).and_then(hash).unwrap_or_default();
        json!({
            "hash": hash(number), "number": number, "parentHash": parent, "timestamp": number,
            "l1origin": {"hash": B256::ZERO, "number": 0}, "sequenceNumber": 0,
        })
    }
}

impl fmt::Debug for ToyNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToyNode")
            .field("l1", &self.l1.name())
            .field("spacing", &self.spacing)
            .finish_non_exhaustive()
    }
}

fn refused(code: i64, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_l1::Local;

    fn node(l1_blocks: u64) -> (ToyNode, Local) {
        let l1 = Local::new(900);
        l1.mine(l1_blocks);
        let node = ToyNode::new(Arc::new(l1.clone()), 3).expect("what is built in");
        (node, l1)
    }

    fn ask(node: &ToyNode, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let answer: Value =
            serde_json::from_str(&node.answer(request.to_string().as_bytes())).expect("JSON");
        assert_eq!(answer["id"], 7);
        answer
    }

    #[test]
    fn blocks_come_with_l1_until_there_are_no_more() {
        for (l1_blocks, safe) in [(0, 100), (2, 100), (3, 101), (7, 102), (40, 104)] {
            let (node, l1) = node(l1_blocks);
            let begin = l1.block(At::Latest).expect("a block").number - l1_blocks;
            assert_eq!(begin, 0, "the chain begins with block 0");
            let status = ask(&node, "optimism_syncStatus", json!([]));
            assert_eq!(status["result"]["current_l1"]["number"], l1_blocks);
            assert_eq!(status["result"]["safe_l2"]["number"], safe);
            // What is said of a block of L1 stays so.
            let at = ask(&node, "optimism_safeHeadAtL1Block", json!(["0x2"]));
            assert_eq!(at["result"]["safeHead"]["number"], 100);
            let next = ask(
                &node,
                "optimism_outputAtBlock",
                json!([format!("{:#x}", safe + 1)]),
            );
            assert_eq!(next["error"]["message"], "not found");
        }
    }

    #[test]
    fn an_output_s_parts_hash_to_its_root() {
        let (node, _) = node(40);
        for number in 100..=104 {
            let said = ask(
                &node,
                "optimism_outputAtBlock",
                json!([format!("{number:#x}")]),
            );
            let word = |value: &Value| value.as_str().expect("text").parse::<B256>().expect("hex");
            let said = &said["result"];
            let parts = [
                &said["version"],
                &said["stateRoot"],
                &said["withdrawalStorageRoot"],
                &said["blockRef"]["hash"],
            ];
            let bytes = parts.map(|part| word(part).0).concat();
            assert_eq!(word(&said["outputRoot"]), keccak256(bytes));
        }
    }

    #[test]
    fn what_is_no_question_is_refused() {
        let (node, _) = node(0);
        let said: Value = serde_json::from_str(&node.answer(b"{")).expect("JSON");
        assert_eq!(said["error"]["code"], NO_QUESTION);
        let said = ask(&node, "optimism_outputAtBlock", json!([1]));
        assert_eq!(said["error"]["code"], NO_QUESTION);
        let said = ask(&node, "eth_call", json!([]));
        assert_eq!(said["error"]["code"], NO_METHOD);
        assert!(ToyNode::new(Arc::new(Local::new(900)), 0).is_err());
    }
}
