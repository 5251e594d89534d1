//! The rollup: whether its nodes answer, keep what is asked of them, are in step with L1, and say the same.

use super::examine::Finding;
use super::{Needs, PATIENCE, Role, l1};
use fpvm_challenger::rollup::node::Node;
use fpvm_challenger::rollup::{Finality, Nodes, SuperNodes};
use fpvm_l1::Rpc;
use serde_json::json;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

/// Blocks of L1 that a node may be behind: a confirmation depth, and some.
const BEHIND: u64 = 50;

/// What a node lacks that is one of several, or the only one.
fn lacks(check: &'static str, number: usize, says: String, advice: &str) -> Finding {
    match number {
        1 => Finding::failure(check, says, advice),
        _ => Finding::warning(check, says, advice),
    }
}

/// One op-node.
pub(super) fn node(url: &str, needs: &Needs) -> Vec<Finding> {
    let number = needs.rollup.len();
    let rpc = match Rpc::node(url, PATIENCE) {
        Ok(rpc) => Arc::new(rpc),
        Err(error) => {
            let advice = "--rollup-rpc is the address of op-node's JSON-RPC over HTTP";
            return vec![Finding::failure("rollup", error.to_string(), advice)];
        }
    };
    let node = Node::new(rpc);
    let name = node.name();
    let current = match node.current_l1() {
        Ok(current) => current,
        Err(error) => {
            let advice = "--rollup-rpc is the address of op-node's JSON-RPC, and not of the L2 node beside it";
            return vec![lacks("rollup", number, error.to_string(), advice)];
        }
    };
    let mut found = vec![in_step("rollup", &name, current, needs)];
    if needs.role == Role::Proposer {
        return found;
    }
    match node.safe_head_at(current.saturating_sub(1)) {
        Ok(safe) => found.push(Finding::ok(
            "rollup",
            format!("{name} keeps safe heads: the newest is L2 block {safe}"),
        )),
        Err(error) => {
            let says = format!("{name} does not tell what L1 determines: {error}");
            let advice = "Start op-node with --safedb.path, and let it read L1 from before the oldest game on";
            found.push(match needs.role {
                // A monitor believes a node without them, too.
                Role::Monitor => Finding::warning("rollup", says, advice),
                _ => lacks("rollup", number, says, advice),
            });
        }
    }
    found
}

/// Whether a node has read L1 as far as it is.
fn in_step(check: &'static str, name: &str, current: u64, needs: &Needs) -> Finding {
    let Some(head) = l1::head(needs) else {
        return Finding::ok(
            check,
            format!("{name} answers, and has read L1 up to block {current}"),
        );
    };
    let behind = head.number.saturating_sub(current);
    let says = format!("{name} answers, and is {behind} blocks of L1 behind");
    if behind > BEHIND {
        let advice = "It is waited for: see whether it still derives, and whether its L1 node follows the chain";
        return Finding::warning(check, says, advice);
    }
    Finding::ok(check, says)
}

/// Whether the nodes say the same of the newest block that all have.
pub(super) fn agree(needs: &Needs) -> Vec<Finding> {
    let rpcs = needs
        .rollup
        .iter()
        .map(|url| Rpc::node(url, PATIENCE).map(Arc::new));
    let nodes = Nodes::new(rpcs.filter_map(Result::ok).collect(), None);
    vec![match nodes.newest(Finality::Finalized) {
        Ok(claimed) => Finding::ok(
            "rollup",
            format!(
                "all nodes that answer have {} for the newest final block",
                claimed.root()
            ),
        ),
        Err(error) => Finding::failure(
            "rollup",
            format!("no output that all nodes agree on: {error}"),
            "Nothing is believed until they agree: find out which is wrong, and leave it out",
        ),
    }]
}

/// One node that knows super roots.
pub(super) fn super_node(url: &str, needs: &Needs) -> Vec<Finding> {
    let number = needs.super_roots.len();
    let rpc = match Rpc::node(url, PATIENCE) {
        Ok(rpc) => Arc::new(rpc),
        Err(error) => {
            let advice =
                "--superroot-rpc is the address of op-node's or op-supernode's JSON-RPC over HTTP";
            return vec![Finding::failure("superroot", error.to_string(), advice)];
        }
    };
    let nodes = SuperNodes::new(vec![rpc]);
    let asked = nodes
        .each()
        .map(|node| (node.name(), node.current_l1(l1::now())));
    let graded = asked.map(|(name, current)| match current {
        Ok(current) => in_step("superroot", &name, current, needs),
        Err(error) => {
            let advice = "It has to answer superroot_atTimestamp: an op-node of 2026 with --safedb.path, or op-supernode";
            lacks("superroot", number, error.to_string(), advice)
        }
    });
    graded.collect()
}

/// An L2 node.
pub(super) fn l2(url: &str) -> Vec<Finding> {
    let asked = Rpc::node(url, PATIENCE).and_then(|rpc| {
        let header = rpc.question("debug_getRawHeader", json!(["latest"]))?;
        Ok((rpc, header))
    });
    vec![match asked {
        Ok((rpc, header)) if header.is_string() => {
            use fpvm_l1::Chain as _;
            Finding::ok("l2", format!("{} gives blocks' headers", rpc.name()))
        }
        Ok(_) | Err(_) => {
            let why = asked.map_or_else(|error| error.to_string(), |_| "it gives none".into());
            let says = format!("there are no headers of L2 blocks: {why}");
            let advice = "A wrong block number cannot be shown without: open the debug methods (--http.api eth,debug)";
            Finding::warning("l2", says, advice)
        }
    }]
}

/// A beacon node: only hosts ask it, so that it listens is all that is looked at.
pub(super) fn beacon(url: &str) -> Vec<Finding> {
    let place = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = place.split('/').next().unwrap_or_default();
    // What stands before an `@` is a password.
    let place = place.rsplit('@').next().unwrap_or_default();
    let port = if url.starts_with("https://") { 443 } else { 80 };
    let place = match place.rsplit_once(':') {
        Some((_, digits)) if digits.parse::<u16>().is_ok() => place.to_owned(),
        _ => format!("{place}:{port}"),
    };
    let connect = || {
        let mut addresses = place.to_socket_addrs()?;
        let address = addresses.next().ok_or(std::io::ErrorKind::NotFound)?;
        TcpStream::connect_timeout(&address, Duration::from_secs(5))
    };
    vec![match connect() {
        Ok(_) => Finding::ok("beacon", format!("{place} listens")),
        Err(error) => Finding::failure(
            "beacon",
            format!("{place} does not listen: {error}"),
            "Hosts take blobs from it: --l1-beacon is the address of a beacon node's HTTP interface",
        ),
    }]
}
