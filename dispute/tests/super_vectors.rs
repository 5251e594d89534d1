//! What upstream's challenger makes of a node's answers and of bytes: `spec-tests/vectors/super`, where it is said how
//! they were made.

use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes, U256, keccak256};
use fpvm_dispute::position::Position;
use fpvm_dispute::super_root::{
    ChainOutput, INVALID_CLAIM, OptimisticBlock, SuperRoot, SuperState, SuperStep,
};
use fpvm_dispute::trace::super_node::{
    NodeStates, OptimisticOutput, SuperNode, SuperRootAt, VerifiedSuperRoot,
};
use fpvm_dispute::trace::{SuperStates, TraceError};
use serde_json::Value;

fn vectors(name: &str) -> Vec<Value> {
    let path = format!(
        "{}/../spec-tests/vectors/super/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).expect("the vectors");
    serde_json::from_str(&text).expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn word(value: &Value) -> B256 {
    text(value).parse().expect("a word")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn decimal(text: &str) -> U256 {
    U256::from_str_radix(text, 10).expect("a decimal number")
}

/// Of the form of a node's answer, as far as it matters.
fn answer(value: &Value) -> SuperRootAt {
    let outputs = value["optimistic_at_timestamp"]
        .as_object()
        .expect("by chain");
    let optimistic = outputs.iter().map(|(chain, output)| {
        let block = OptimisticBlock {
            block_hash: word(&output["output"]["blockHash"]),
            output_root: word(&output["output_root"]),
        };
        let required_l1 = number(&output["required_l1"]["number"]);
        (decimal(chain), OptimisticOutput { block, required_l1 })
    });
    let verified = value["data"].as_object().map(|data| {
        let root = &data["super"];
        let timestamp = text(&root["timestamp"]).trim_start_matches("0x");
        let chains = root["chains"].as_array().expect("chains").iter();
        let chains = chains.map(|chain| ChainOutput {
            chain_id: decimal(text(&chain["ChainID"])),
            output_root: word(&chain["Output"]),
        });
        let super_root = SuperRoot {
            timestamp: u64::from_str_radix(timestamp, 16).expect("hex digits"),
            chains: chains.collect(),
        };
        assert_eq!(super_root.hash(), word(&data["super_root"]));
        VerifiedSuperRoot {
            super_root,
            required_l1: number(&data["verified_required_l1"]["number"]),
        }
    });
    let ids = value["chain_ids"].as_array().expect("ids").iter();
    SuperRootAt {
        current_l1: number(&value["current_l1"]["number"]),
        chain_ids: ids.map(|id| decimal(text(id))).collect(),
        optimistic: optimistic.collect(),
        verified,
    }
}

struct Node(BTreeMap<u64, SuperRootAt>);

impl SuperNode for Node {
    fn super_root_at(&self, timestamp: u64) -> Result<SuperRootAt, TraceError> {
        Ok(self.0[&timestamp].clone())
    }
}

#[test]
fn claims_as_upstream_makes_them() {
    let (mut claims, mut invalid, mut waiting) = (0, 0, 0);
    for case in vectors("trace.json") {
        let answers = case["answers"].as_object().expect("by second");
        let answers = answers.iter().map(|(at, told)| {
            let at = at.parse().expect("a second");
            (at, answer(told))
        });
        let states = NodeStates {
            node: Node(answers.collect()),
            l1_head: number(&case["l1_head"]),
        };
        let (start, end) = (number(&case["start"]), number(&case["end"]));
        let depth = number(&case["depth"]) as u8;
        let positions = case["positions"].as_array().expect("positions").iter();
        for (position, expected) in positions.zip(case["claims"].as_array().expect("claims")) {
            let gindex = text(position).parse().expect("a number");
            let position = Position::from_gindex(gindex).expect("a position");
            let place = SuperStep::of_index(position.trace_index(depth), start, end);
            let claim = match states.state(place) {
                Ok(state) => keccak256(state).to_string(),
                Err(TraceError::NotInSync { .. }) => "not in sync".to_owned(),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(claim, text(expected), "{place:?}");
            claims += 1;
            invalid += usize::from(claim == INVALID_CLAIM.to_string());
            waiting += usize::from(claim == "not in sync");
        }
    }
    assert_eq!((claims, invalid, waiting), (660, 44, 60));
}

#[test]
fn bytes_as_upstream_reads_them() {
    let mut met = BTreeMap::<_, usize>::new();
    for case in vectors("encodings.json") {
        let bytes: Bytes = text(&case["bytes"]).parse().expect("bytes");
        let (kind, hash) = match SuperState::decode(&bytes) {
            Ok(SuperState::SuperRoot(root)) => ("root", root.hash()),
            Ok(SuperState::Transition(state)) => ("transition", state.hash()),
            Ok(SuperState::Invalid) => panic!("there is none of them"),
            Err(_) => ("error", B256::ZERO),
        };
        assert_eq!(
            (kind, hash),
            (text(&case["kind"]), word(&case["hash"])),
            "{bytes}"
        );
        *met.entry(kind).or_default() += 1;
    }
    let all = [("error", 50), ("root", 25), ("transition", 45)];
    assert_eq!(met, all.into());
}
