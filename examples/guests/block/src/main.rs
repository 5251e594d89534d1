//! The guest `block`: executes a block of an OP Stack chain without its state, as a rollup's program does.
//!
//! Local key 1 is the block: the chain's configuration, the header before it, what it is built from, and its hash. The
//! state comes by hash from the oracle. Exit code 0: the block has that hash; 1: it has another one.
#![no_std]
#![no_main]
// Rust has assembly for MIPS in its nightly releases only, or where it is told to be one.
#![cfg_attr(target_arch = "mips64", feature(asm_experimental_arch))]

extern crate alloc;

mod heap;
#[path = "../../claim-rust/src/oracle.rs"]
mod oracle;
mod vm;

use alloc::format;
use alloy_consensus::{Header, Sealable as _};
use alloy_op_evm::OpEvmFactory;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable as _;
use kona_executor::{StatelessL2Builder, TrieDBProvider};
use kona_genesis::RollupConfig;
use kona_mpt::{NoopTrieHinter, TrieNode, TrieProvider};
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use serde::Deserialize;

/// A block that was recorded, in the form in which kona's executor records it.
#[derive(Deserialize)]
struct Recorded {
    rollup_config: RollupConfig,
    parent_header: Header,
    executing_payload: OpPayloadAttributes,
    expected_block_hash: B256,
}

/// The state, by hash.
#[derive(Debug)]
struct State;

impl TrieProvider for State {
    type Error = alloy_rlp::Error;

    fn trie_node_by_hash(&self, hash: B256) -> Result<TrieNode, Self::Error> {
        TrieNode::decode(&mut oracle::keccak256("l2-state-node", &hash).as_slice())
    }
}

impl TrieDBProvider for State {
    fn bytecode_by_hash(&self, hash: B256) -> Result<Bytes, Self::Error> {
        Ok(oracle::keccak256("l2-code", &hash).into())
    }

    fn header_by_hash(&self, hash: B256) -> Result<Header, Self::Error> {
        Header::decode(&mut oracle::keccak256("l2-block-header", &hash).as_slice())
    }
}

fn claim() {
    let recorded: Recorded = match serde_json::from_slice(&oracle::local(1)) {
        Ok(recorded) => recorded,
        Err(why) => oracle::fail(&format!("this is no recorded block: {why}")),
    };
    let mut builder = StatelessL2Builder::new(
        &recorded.rollup_config,
        OpEvmFactory::default(),
        State,
        NoopTrieHinter,
        recorded.parent_header.seal_slow(),
    );
    let built = match builder.build_block(recorded.executing_payload) {
        Ok(built) => built,
        Err(why) => oracle::fail(&format!("the block cannot be built: {why}")),
    };
    let (block, gas, hash) = (built.header.number, built.header.gas_used, built.header.hash());
    let is_right = hash == recorded.expected_block_hash;
    let word = if is_right { "right" } else { "wrong" };
    vm::print(1, format!("block {block}, {gas} gas: {hash} ({word})"));
    vm::exit(u8::from(!is_right));
}
