//! Pre-image oracles to load into, and pre-images.
#![allow(dead_code, reason = "each test uses its part")]

use alloy_primitives::U256;
use alloy_sol_types::SolCall as _;
use fpvm_contracts::abi::{PreimageOracle, number};
use fpvm_contracts::artifact::{Artifact, PREIMAGE_ORACLE};
use fpvm_contracts::harness::UPSTREAM;
use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_evm::{Address, Evm};
use fpvm_oracle::Key;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Pre-images by their keys.
#[derive(Default)]
pub(crate) struct Preimages(pub(crate) HashMap<Key, Arc<[u8]>>);

impl Preimages {
    pub(crate) fn put(&mut self, key: Key, value: &[u8]) {
        self.0.insert(key, value.into());
    }

    /// Keeps what a key of some kind is the hash of; the key.
    pub(crate) fn named(&mut self, kind: u8, named: &[u8]) -> Key {
        self.put(Key::keccak256(named), named);
        let mut key = Key::keccak256(named);
        key.0[0] = kind;
        key
    }
}

impl Oracle for Preimages {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let value = self.0.get(&Key(key)).cloned();
        value.ok_or_else(|| "not here".into())
    }
}

/// A chain with an oracle on it.
pub(crate) struct Chain {
    pub(crate) name: &'static str,
    pub(crate) evm: Evm,
    pub(crate) oracle: Address,
}

impl Chain {
    pub(crate) fn new(name: &'static str, artifact: &str, terms: [u64; 2]) -> Self {
        let mut evm = Evm::default();
        let code = Artifact::parse(artifact).expect("an artifact").bytecode;
        let oracle = evm.deploy(&code, &terms.map(number).concat());
        let oracle = oracle.expect("deployment");
        Self { name, evm, oracle }
    }

    /// `readPreimage`: the part, or `None` where it reverts. Upstream's leaves in the word after it
    /// what was in memory; no VM looks there.
    pub(crate) fn read(&mut self, key: [u8; 32], offset: u64) -> Option<Vec<u8>> {
        let call = PreimageOracle::readPreimageCall {
            key: key.into(),
            offset: U256::from(offset),
        };
        let outcome = self.evm.call(self.oracle, &call.abi_encode());
        let outcome = outcome.expect("the EVM");
        if !outcome.succeeded {
            return None;
        }
        let read = PreimageOracle::readPreimageCall::abi_decode_returns(&outcome.output);
        let read = read.expect("part and length");
        Some(read.dat[..read.datLen.to()].to_vec())
    }
}

/// An artifact of upstream's, where the environment names a folder with it.
pub(crate) fn upstream(file: &str) -> Option<String> {
    let Some(folder) = std::env::var_os(UPSTREAM) else {
        eprintln!("upstream's contract is left out: {UPSTREAM} names no folder with {file}");
        return None;
    };
    let path = Path::new(&folder).join(file);
    if !path.exists() {
        eprintln!(
            "upstream's contract is left out: there is no {}",
            path.display()
        );
        return None;
    }
    let artifact = std::fs::read_to_string(&path);
    Some(artifact.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Our oracle with mainnet's terms, and upstream's where it is at hand.
pub(crate) fn chains() -> Vec<Chain> {
    let terms = [126_000, 86_400];
    let mut chains = vec![Chain::new("ours", PREIMAGE_ORACLE, terms)];
    let theirs = ["PreimageOracle.json", "june2026/PreimageOracle.json"]
        .into_iter()
        .filter_map(upstream);
    chains.extend(theirs.map(|artifact| Chain::new("upstream", &artifact, terms)));
    chains
}
