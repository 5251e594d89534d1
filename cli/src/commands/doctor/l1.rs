//! L1: whether its nodes answer, are on the right chain and in step with the time.

use super::examine::Finding;
use super::{Needs, PATIENCE};
use fpvm_l1::{Address, At, Block, Chain as _, Error, Rpc};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// How old the newest block may be, in seconds: empty slots make some older than twelve.
const OLD: u64 = 120;
/// How far ahead of this machine's clock it may be.
const AHEAD: u64 = 15;
/// Chains whose time is moved by hand: those of anvil and of geth's development mode.
const DEVELOPMENT: [u64; 2] = [31337, 1337];

/// Seconds since 1970 by this machine's clock.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// The first of the nodes that answers.
pub(super) fn connect(needs: &Needs) -> Result<Rpc, Error> {
    let mut failed = None;
    for url in &needs.l1 {
        match Rpc::connect_within(url, needs.chain_id, PATIENCE) {
            Ok(rpc) => return Ok(rpc),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.unwrap_or_else(|| Error::Setup("no L1 node is named".into())))
}

/// The newest block, where a node tells it.
pub(super) fn head(needs: &Needs) -> Option<Block> {
    connect(needs).ok()?.block(At::Latest).ok()
}

/// One node.
pub(super) fn node(url: &str, needs: &Needs) -> Vec<Finding> {
    let rpc = match Rpc::connect_within(url, needs.chain_id, PATIENCE) {
        Ok(rpc) => rpc,
        Err(error @ Error::WrongChain { .. }) => {
            let advice = "Name a node of that chain by --rpc, or correct --chain-id";
            return vec![Finding::failure("l1", error.to_string(), advice)];
        }
        // With several nodes the others stand in for it.
        Err(error) if needs.l1.len() > 1 => {
            let advice = "The others are asked meanwhile: see why it does not run";
            return vec![Finding::warning("l1", error.to_string(), advice)];
        }
        Err(error) => {
            let advice = "--rpc is the address of an Ethereum node's JSON-RPC over HTTP; without it nothing works";
            return vec![Finding::failure("l1", error.to_string(), advice)];
        }
    };
    let name = rpc.name();
    let head = match rpc.block(At::Latest) {
        Ok(head) => head,
        Err(error) => {
            let advice = "A node that has no block is not synchronised yet";
            return vec![Finding::failure("l1", error.to_string(), advice)];
        }
    };
    let mut found = vec![in_step(&rpc, &head)];
    // Everything is read at one block's hash.
    if let Err(error) = rpc.balance(Address::ZERO, At::Hash(head.hash)) {
        let says = format!("{name} gives no state of its newest block: {error}");
        let advice = "It needs the state of its newest blocks; an archive it need not be";
        found.push(Finding::failure("l1", says, advice));
    }
    if let Err(error) = rpc.block(At::Finalized) {
        let says = format!("{name} knows no final block: {error}");
        let advice = "Its consensus node is not connected, or does not follow the chain yet";
        found.push(Finding::warning("l1", says, advice));
    }
    found
}

/// Whether a node has the chain as it is now.
fn in_step(rpc: &Rpc, head: &Block) -> Finding {
    let (name, chain, number, now) = (rpc.name(), rpc.chain_id(), head.number, now());
    let is = format!("{name} is on chain {chain}");
    // Some nodes do not have the method, and are in step or not by their blocks' time.
    let syncing = rpc.question("eth_syncing", json!([]));
    if syncing.is_ok_and(|answer| answer != Value::Bool(false) && !answer.is_null()) {
        let says = format!("{is}, and still synchronises: it is at block {number}");
        return Finding::failure("l1", says, "Wait until it has come to the newest block");
    }
    if DEVELOPMENT.contains(&chain) {
        return Finding::ok(
            "l1",
            format!("{is}, a development chain, at block {number}"),
        );
    }
    match head.time.checked_sub(now) {
        Some(ahead) if ahead > AHEAD => {
            let says =
                format!("{is}, whose newest block is {ahead} s ahead of this machine's clock");
            let advice = "Set this machine's clock (timedatectl set-ntp true)";
            return Finding::failure("clock", says, advice);
        }
        _ => {}
    }
    let age = now.saturating_sub(head.time);
    if age > OLD {
        let says = format!("{is}, and its newest block {number} is {age} s old");
        let advice = "The node does not follow the chain, or this machine's clock is ahead";
        return Finding::failure("l1", says, advice);
    }
    Finding::ok(
        "l1",
        format!("{is}, and its newest block {number} is {age} s old"),
    )
}
