//! Random calls of many players, legal or not, through the model and the contracts.
//!
//! An ordinary run plays a sample. `FPVM_RANDOM_GAMES=1000 cargo test --release -p dispute --test
//! contracts random` plays so many.

use alloy_primitives::{Address, B256, U256};
use dispute::call::{Action, Block, Call};
use dispute::claim::OutputRoot;
use dispute::factory::Create;
use dispute::fees::FeeSpikes;
use dispute::rules::Params;
use dispute::simulate::random_call::{next_block, random_call};
use dispute::synthetic::{Rollup, execution};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::deploy::{Setup, Source, Sources};
use crate::twin::{Twin, VmContract};

const OWNER: Address = Address::repeat_byte(0x01);
const ACCOUNTS: [Address; 4] = [
    Address::repeat_byte(0xaa),
    Address::repeat_byte(0xbb),
    Address::repeat_byte(0xee),
    OWNER,
];
const START: u64 = 1_700_000_000;
const DELAY: u64 = 604_800;
const PURSE: u128 = 2_000_000_000_000_000_000_000;
const ANCHOR: u64 = 100;
const CALLS: usize = 250;

fn games() -> u64 {
    let asked = std::env::var("FPVM_RANDOM_GAMES");
    asked.map_or(30, |text| {
        text.parse().expect("FPVM_RANDOM_GAMES is a number")
    })
}

/// Depths and clocks of every kind.
fn params(seed: u64, fee_spikes: bool) -> Params {
    // Depth, split depth, extension, clock, challenge period.
    let shapes = [
        (8, 4, 10_800, 302_400, 86_400),
        (6, 2, 600, 2_400, 1_800),
        (4, 2, 100, 100_000, 99_900),
        (125, 123, 0, 1_000, 0),
    ];
    let (max_depth, split_depth, clock_extension, max_clock_duration, challenge_period) =
        shapes[seed as usize % shapes.len()];
    let spikes = FeeSpikes {
        window: max_clock_duration / 30,
        cap: max_clock_duration / 2,
    };
    Params {
        game_type: 0,
        absolute_prestate: execution::absolute_prestate(),
        max_depth,
        split_depth,
        clock_extension,
        max_clock_duration,
        challenge_period,
        l2_chain_id: U256::from(901),
        fee_spikes: fee_spikes.then_some(spikes),
    }
}

fn run(seed: u64, sources: &Sources, fee_spikes: bool) {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    let rollup = Rollup {
        seed: 5,
        safe_head: 200,
        execution_length: rng.random_range(4..20),
    };
    let block = U256::from(ANCHOR);
    let anchor = OutputRoot {
        root: rollup.root(block),
        block,
    };
    let setup = Setup {
        params: params(seed, fee_spikes),
        anchor,
        owner: OWNER,
        delay: DELAY,
    };
    let mut twin = Twin::new(rollup, VmContract::Scripted, sources, &setup);
    for account in ACCOUNTS {
        twin.fund(account, PURSE);
    }
    let proposed = rng.random_range(ANCHOR + 1..ANCHOR + 17);
    let root_claim = match rng.random_range(0..3) {
        0 => B256::repeat_byte(3),
        1 => rollup.root(U256::from(proposed)),
        _ => rollup.root(U256::from(proposed - 1)),
    };
    let mut block = Block {
        timestamp: START,
        ..Block::default()
    };
    let create = Create {
        game_type: 0,
        root_claim,
        extra_data: U256::from(proposed).to_be_bytes_vec(),
    };
    let create = Call {
        from: ACCOUNTS[0],
        value: twin.model.factory.init_bond(0),
        action: Action::Create(create),
    };
    assert!(twin.apply(&create, &block).0.is_ok());
    for _ in 0..CALLS {
        block = next_block(&twin.model, &block, rng);
        let call = random_call(&twin.model, &ACCOUNTS, rng);
        let _ = twin.apply(&call, &block);
    }
    twin.compare_all();
}

fn run_all(sources: &Sources, fee_spikes: impl Fn(u64) -> bool + Sync) {
    use rayon::prelude::*;
    (0..games())
        .into_par_iter()
        .for_each(|seed| run(seed, sources, fee_spikes(seed)));
}

#[test]
fn ours() {
    run_all(&Sources::all(Source::Ours), |seed| seed % 3 == 0);
}

#[test]
fn upstreams() {
    if let Some(upstream) = Source::upstream() {
        run_all(&Sources::all(upstream), |_| false);
    }
}
