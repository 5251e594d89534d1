//! What accounts have sent on a node, and what that cost them.

use std::collections::BTreeSet;

use fpvm_e2e::node::Node;
use fpvm_l1::U256;
use serde_json::Value;

/// `claimCredit(address)`, which is called twice: to unlock, and to be paid.
const CLAIM_CREDIT: &str = "0x60e27464";
/// `resolveClaim(uint256,uint256)` and `resolve()`: both sides resolve.
const RESOLVE: [&str; 2] = ["0x03c2924d", "0x2810e1d6"];

/// The transactions of an account since some block.
pub(crate) struct Ledger {
    /// Wei that went for gas.
    pub(crate) gas: U256,
    /// Wei that went along with what succeeded: bonds.
    pub(crate) posted: U256,
    /// How many there were.
    pub(crate) count: usize,
}

fn number(value: &Value) -> U256 {
    let hex = value.as_str().expect("a number");
    hex.parse().expect("a number")
}

impl Ledger {
    /// Of an account, from the block after `since` on. Nothing may have been posted twice, and nothing have failed but
    /// what somebody else had resolved.
    pub(crate) fn of(node: &Node, account: &str, since: u64) -> Self {
        let newest: u64 = number(&node.ask("eth_blockNumber", "[]")).to();
        let mut ledger = Self {
            gas: U256::ZERO,
            posted: U256::ZERO,
            count: 0,
        };
        let mut seen = BTreeSet::new();
        for block in since + 1..=newest {
            let block = node.ask("eth_getBlockByNumber", &format!(r#"["{block:#x}",true]"#));
            let transactions = block["transactions"].as_array().expect("transactions");
            for sent in transactions {
                let from = sent["from"].as_str().expect("an address");
                if !from.eq_ignore_ascii_case(account) {
                    continue;
                }
                let hash = sent["hash"].as_str().expect("a hash");
                let receipt = node.ask("eth_getTransactionReceipt", &format!(r#"["{hash}"]"#));
                ledger.gas += number(&receipt["gasUsed"]) * number(&receipt["effectiveGasPrice"]);
                ledger.count += 1;
                let input = sent["input"].as_str().expect("calldata").to_owned();
                let selector = input.get(..10).unwrap_or_default().to_owned();
                if receipt["status"] != "0x1" {
                    assert!(RESOLVE.contains(&&*selector), "{sent:#} failed");
                    continue;
                }
                ledger.posted += number(&sent["value"]);
                let is_new = seen.insert((sent["to"].clone().to_string(), input));
                assert!(is_new || selector == CLAIM_CREDIT, "posted twice: {sent:#}");
            }
        }
        ledger
    }
}
