//! The toy rollups that are built in, as super games on a node are about them: the program as a file, what it reads, a
//! node that knows the chains, and true and false super roots.
#![allow(dead_code, reason = "each test uses its part")]

use std::path::PathBuf;
use std::sync::Arc;

use fpvm_challenger::factory::{Claimed, Factory};
use fpvm_demo::super_rollup::{CHAINS, GENESIS, ToyRollups};
use fpvm_dispute::super_root::{SuperRoot, SuperState, SuperStep};
use fpvm_dispute::trace::lie::Extent;
use fpvm_e2e::op_node::{Known, OpNode};
use fpvm_e2e::super_roots::super_roots;
use fpvm_l1::signer::Signer;
use fpvm_l1::{Policy, Rpc, U256, Wallet};
use fpvm_oracle::Key;
use fpvm_oracle::store::{Directory, Store as _};
use tempfile::TempDir;

use crate::common::json;
use crate::table::{CHEAT, Table};

/// From what to what games go. Replaced blocks lie between, as the toy rollups' own tests know.
pub(crate) const START: u64 = GENESIS + 2;
pub(crate) const END: u64 = START + 2;

/// A table at which super games are played.
pub(crate) struct SuperTable<'t> {
    table: &'t Table,
    pub(crate) rollups: ToyRollups,
    pub(crate) node: OpNode,
    folder: TempDir,
}

impl<'t> SuperTable<'t> {
    pub(crate) fn new(table: &'t Table) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = fpvm_guests::SUPER_ROLLUP;
        let program = programs.iter().find(|(of, _)| *of == "mips64");
        let (_, program) = program.expect("a program for MIPS64");
        std::fs::write(folder.path().join("program"), program).expect("written");
        let rollups = ToyRollups::new(&CHAINS, 12);
        let preimages = folder.path().join("preimages");
        std::fs::create_dir(&preimages).expect("a folder");
        let mut store = Directory::open(&preimages).expect("a folder");
        for (_, preimage) in rollups.preimages() {
            let key = Key::keccak256(preimage);
            store.put(key, preimage).expect("it is written");
        }
        let node = OpNode::start(Known {
            super_roots: super_roots(rollups.clone()),
            ..Known::default()
        });
        Self {
            table,
            rollups,
            node,
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn program(&self) -> String {
        self.path("program").display().to_string()
    }

    pub(crate) fn preimages(&self) -> String {
        self.path("preimages").display().to_string()
    }

    /// The true super root of a second.
    pub(crate) fn root(&self, timestamp: u64) -> SuperRoot {
        self.rollups.super_root(timestamp).expect("it has all")
    }

    /// A super root that no chain has.
    pub(crate) fn false_root(&self, timestamp: u64) -> SuperRoot {
        let mut root = self.root(timestamp);
        for chain in &mut root.chains {
            chain.output_root.0[0] ^= 0x80;
        }
        root
    }

    /// The super root of a second, as somebody claims it who lies like that.
    pub(crate) fn lied(&self, extent: Extent, timestamp: u64) -> SuperRoot {
        let place = SuperStep::start_of(timestamp);
        let state = extent.other_outputs(place, &self.root(timestamp).encode());
        match state {
            SuperState::SuperRoot(root) => root,
            other => panic!("{other:?}"),
        }
    }

    /// Deploys games of a type that start from [`START`]; the factory.
    pub(crate) fn deploy(&self, game_type: u32, flags: &str) -> String {
        let proposer = match game_type {
            5 => format!("--proposer {}", self.table.account(0)),
            _ => String::new(),
        };
        self.table.deploy(&format!(
            "--game-type {game_type} --prestate {} --anchor-root {} --anchor-timestamp {START} {proposer} {flags}",
            self.program(),
            self.root(START).hash()
        ))
    }

    /// A game about a super root, which may be false: the command proposes only what nodes say.
    pub(crate) fn propose(&self, factory: &str, game_type: u32, root: SuperRoot) -> String {
        let chain = Rpc::connect(&self.table.node.url(), None).expect("a node");
        let signer = Signer::from_key(&CHEAT.parse().expect("a key")).expect("a key");
        let mut wallet = Wallet::new(Arc::new(chain), signer, Policy::default());
        let factory = Factory(factory.parse().expect("an address"));
        let claimed = Claimed::SuperRoot(root);
        let created = factory.create_about(&mut wallet, game_type, &claimed, &mut |_| ());
        created.expect("it is created").to_string()
    }

    /// What `game show` says of a game.
    pub(crate) fn show(&self, game: &str) -> serde_json::Value {
        let line = format!("game show --format json --game {game}");
        json(self.table.run(CHEAT, &line).ok())
    }

    /// An account's wei.
    pub(crate) fn balance(&self, account: usize) -> U256 {
        let params = format!(r#"["{}","latest"]"#, self.table.account(account));
        let wei = self.table.node.ask("eth_getBalance", &params);
        wei.as_str().expect("wei").parse().expect("a number")
    }
}
