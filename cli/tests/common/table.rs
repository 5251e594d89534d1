//! A game's table: a node, a folder to play from, and two players, of whom one cheats.
#![allow(dead_code, reason = "each test uses its part")]

use crate::common::{Done, Shop, json};
use fpvm_e2e::node::{ANVIL_KEY, Node};

/// Of the first two accounts that anvil funds: who proposes what is wrong, and who shows that.
pub(crate) const CHEAT: &str = ANVIL_KEY;
pub(crate) const HONEST: &str =
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
/// Of somebody else with money.
pub(crate) const THIRD: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";

/// In seconds: a side's clock, the registry's delay, and the vault's.
pub(crate) const CLOCK: u64 = 302_400;
pub(crate) const FINALITY: u64 = 302_400;
pub(crate) const DELAY: u64 = 604_800;

/// A chain, and a folder to play from.
pub(crate) struct Table {
    pub(crate) shop: Shop,
    pub(crate) node: Node,
}

impl Table {
    pub(crate) fn new() -> Option<Self> {
        let node = Node::anvil(&[])?;
        let shop = Shop::new();
        Some(Self { shop, node })
    }

    /// Runs a command as somebody; words are split at blanks.
    pub(crate) fn run(&self, key: &str, line: &str) -> Done {
        let mut command = self.shop.command();
        command.args(line.split_whitespace());
        command.args(["--rpc", &self.node.url()]);
        command
            .env("FPVM_PRIVATE_KEY", key)
            .output()
            .unwrap()
            .into()
    }

    /// Deploys what games take; the factory.
    pub(crate) fn deploy(&self, flags: &str) -> String {
        let told = self.run(CHEAT, &format!("game deploy --format json {flags}"));
        let told = json(told.ok());
        // Games of the registry's own second are retired, and anvil makes many blocks in one.
        self.wait(1);
        told["factory"].as_str().expect("an address").to_owned()
    }

    /// Proposes something; the game about it.
    pub(crate) fn propose(&self, factory: &str, root: &str, block: u64) -> String {
        let create = format!("game create --factory {factory} --root {root} --block {block}");
        let game = self.run(CHEAT, &create).ok();
        self.run(CHEAT, &create)
            .fails(1, "there is a game about this proposal");
        game.trim().to_owned()
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        self.node.ask("evm_increaseTime", &format!("[{seconds}]"));
        self.node.ask("evm_mine", "[]");
    }

    pub(crate) fn account(&self, number: usize) -> String {
        let accounts = self.node.ask("eth_accounts", "[]");
        accounts[number].as_str().expect("an address").to_owned()
    }
}
