//! Made-up super roots as op-supernode tells of them.

use alloy_primitives::{B256, U256};
use fpvm_dispute::synthetic::{SuperChain, SuperRollup};
use fpvm_dispute::trace::super_node::SuperNode;
use serde_json::{Map, Value, json};

use crate::op_node::SuperRoots;

/// Two chains, of blocks every second and every other one, which begin at second 60; their node works on this block of
/// L1.
pub fn two_chains(current_l1: u64) -> SuperRollup {
    let chain = |id: u64, block_time| SuperChain {
        chain_id: U256::from(id),
        genesis: 60,
        block_time,
        late: Default::default(),
        missing_from: None,
        replaced: Default::default(),
    };
    SuperRollup {
        seed: 1,
        chains: vec![chain(130, 2), chain(10, 1)],
        current_l1,
    }
}

/// What a node says that knows these chains.
pub fn super_roots(rollup: impl SuperNode + Send + Sync + 'static) -> SuperRoots {
    SuperRoots::new(move |timestamp| answer(&rollup, timestamp))
}

/// What it says of a second.
///
/// # Errors
/// Where it knows nothing, as before one of the chains begins.
pub fn answer(rollup: &impl SuperNode, timestamp: u64) -> Result<Value, String> {
    let said = rollup.super_root_at(timestamp);
    let said = said.map_err(|why| format!("not found: {why}"))?;
    let l1 = |number: u64| json!({"hash": B256::with_last_byte(number as u8), "number": number});
    let mut chain_ids = said.chain_ids;
    chain_ids.sort_unstable();
    let mut optimistic = Map::new();
    for (chain, known) in &said.optimistic {
        // Of other rollups than the model's nobody has the rest of the output here.
        let output = SuperChain::output(known.block.block_hash);
        let output = if output.output_root() == known.block.output_root {
            json!({
                "stateRoot": output.state_root,
                "messagePasserStorageRoot": output.message_passer_storage_root,
                "blockHash": output.latest_block_hash,
            })
        } else {
            json!({"blockHash": known.block.block_hash})
        };
        let value = json!({
            "output": output,
            "output_root": known.block.output_root,
            "required_l1": l1(known.required_l1),
        });
        optimistic.insert(chain.to_string(), value);
    }
    let data = said.verified.map(|root| {
        let chain = |chain: &fpvm_dispute::super_root::ChainOutput| {
            json!({"ChainID": chain.chain_id.to_string(), "Output": chain.output_root})
        };
        json!({
            "verified_required_l1": l1(root.required_l1),
            "super": {
                "timestamp": format!("{:#x}", root.super_root.timestamp),
                "chains": root.super_root.chains.iter().map(chain).collect::<Vec<_>>(),
            },
            "super_root": root.super_root.hash(),
        })
    });
    let ids: Vec<_> = chain_ids.iter().map(ToString::to_string).collect();
    Ok(json!({
        "current_l1": l1(said.current_l1),
        "safe_timestamp": timestamp,
        "local_safe_timestamp": timestamp,
        "finalized_timestamp": timestamp,
        "chain_ids": ids,
        "optimistic_at_timestamp": optimistic,
        "data": data,
    }))
}
