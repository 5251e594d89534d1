//! The time of chains that exist for tests.

use super::Rpc;
use crate::Error;
use serde_json::{Value, json};

impl Rpc {
    /// Makes a block this many seconds later than its time would be, on nodes that let everybody do
    /// that, as anvil and Hardhat do; `false` if the node has no method for it.
    pub fn advance(&self, seconds: u64) -> Result<bool, Error> {
        match self.ask::<Value>("evm_increaseTime", json!([seconds])) {
            Err(Error::Refused { code: -32_601, .. }) => Ok(false),
            moved => {
                moved?;
                self.ask::<Value>("evm_mine", json!([])).map(|_| true)
            }
        }
    }
}
