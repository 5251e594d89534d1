//! What games are set up with: accounts and their money, clocks, the usual rules and rollup.

use alloy_primitives::{Address, U256};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::rules::Params;
use fpvm_dispute::synthetic::{Rollup, execution};
use fpvm_dispute::version::Version;

/// Owner of factory and vault, and guardian.
pub(crate) const OWNER: Address = Address::repeat_byte(0x01);
pub(crate) const ANN: Address = Address::repeat_byte(0xaa);
pub(crate) const BOB: Address = Address::repeat_byte(0xbb);
pub(crate) const EVE: Address = Address::repeat_byte(0xee);
pub(crate) const START: u64 = 1_700_000_000;
pub(crate) const CLOCK: u64 = 302_400;
pub(crate) const EXTENSION: u64 = 10_800;
pub(crate) const CHALLENGE: u64 = 86_400;
/// Of the registry from 1.4 on, in seconds.
pub(crate) const FINALITY: u64 = 302_400;
/// What a pause of this chain alone goes by.
pub(crate) const PORTAL: Address = Address::repeat_byte(0x90);
/// Of the vault, in seconds.
pub(crate) const DELAY: u64 = 604_800;
pub(crate) const PURSE: u128 = 10_000_000_000_000_000_000_000;
/// Of the usual game: depth 8, split 4, executions of 8 instructions.
pub(crate) const MAX: u8 = 8;
pub(crate) const SPLIT: u8 = 4;
/// The proposal's block, over the anchor at block 100.
pub(crate) const BLOCK: u64 = 116;
pub(crate) const ANCHOR: u64 = 100;

/// What the contracts and the model are set up with.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) params: Params,
    pub(crate) anchor: OutputRoot,
}

/// The usual rules.
pub(crate) fn params() -> Params {
    Params {
        version: Version::default(),
        roles: None,
        game_type: 0,
        absolute_prestate: execution::absolute_prestate(),
        max_depth: MAX.into(),
        split_depth: SPLIT.into(),
        clock_extension: EXTENSION,
        max_clock_duration: CLOCK,
        challenge_period: CHALLENGE.into(),
        l2_chain_id: U256::from(901),
        fee_spikes: None,
    }
}

/// The usual rollup.
pub(crate) const ROLLUP: Rollup = Rollup {
    seed: 5,
    safe_head: 200,
    execution_length: 8,
};

/// Its output at block [`ANCHOR`].
pub(crate) fn anchor() -> OutputRoot {
    let block = U256::from(ANCHOR);
    OutputRoot {
        root: ROLLUP.root(block),
        block,
    }
}
