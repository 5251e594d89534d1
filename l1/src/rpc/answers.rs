//! Translates between a node's JSON and our types.

use crate::{At, B256, Block, Call, Log, LogFilter, Receipt, Transaction};
use alloy::rpc::types as wire;
use serde_json::{Value, json};

/// A block as a parameter. A hash is given as in EIP-1898, and counts only while its block is in the chain.
pub(super) fn parameter(at: At) -> Value {
    match at {
        At::Latest => json!("latest"),
        At::Safe => json!("safe"),
        At::Finalized => json!("finalized"),
        At::Number(number) => json!(format!("{number:#x}")),
        At::Hash(hash) => json!({ "blockHash": hash, "requireCanonical": true }),
    }
}

pub(super) fn call(call: &Call) -> Value {
    let mut value = json!({ "from": call.from, "data": call.data, "value": call.value });
    if let Some(to) = call.to {
        value["to"] = json!(to);
    }
    value
}

pub(super) fn filter(filter: &LogFilter) -> Value {
    let topics = filter.topics.iter().map(|topics| {
        if topics.is_empty() {
            Value::Null
        } else {
            json!(topics)
        }
    });
    let topics: Vec<_> = topics.collect();
    let mut value = json!({
        "fromBlock": format!("{:#x}", filter.from),
        "toBlock": format!("{:#x}", filter.to),
        "topics": topics,
    });
    if !filter.addresses.is_empty() {
        value["address"] = json!(filter.addresses);
    }
    value
}

pub(super) fn block(block: &wire::Block<B256>) -> Block {
    let header = &block.header;
    Block {
        number: header.number,
        hash: header.hash,
        parent: header.parent_hash,
        time: header.timestamp,
        base_fee: header.base_fee_per_gas.unwrap_or_default().into(),
    }
}

/// A log; `None` if it is not in a block.
pub(super) fn log(log: &wire::Log) -> Option<Log> {
    Some(Log {
        address: log.address(),
        topics: log.topics().to_vec(),
        data: log.data().data.clone(),
        block: log.block_number?,
        block_hash: log.block_hash?,
        transaction: log.transaction_hash?,
    })
}

/// A transaction of any type; `None` if the value is not a transaction.
pub(super) fn transaction(value: &Value) -> Option<Transaction> {
    let text = |name: &str| value.get(name)?.as_str();
    Some(Transaction {
        hash: text("hash")?.parse().ok()?,
        from: text("from")?.parse().ok()?,
        to: text("to").map(str::parse).transpose().ok()?,
        data: text("input")?.parse().ok()?,
    })
}

/// A receipt; `None` if it is not in a block.
pub(super) fn receipt(receipt: &wire::TransactionReceipt) -> Option<Receipt> {
    Some(Receipt {
        transaction: receipt.transaction_hash,
        block: receipt.block_number?,
        block_hash: receipt.block_hash?,
        succeeded: receipt.status(),
        gas_used: receipt.gas_used,
        gas_price: receipt.effective_gas_price,
        created: receipt.contract_address,
        logs: receipt.logs().iter().filter_map(log).collect(),
    })
}
