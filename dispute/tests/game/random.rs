//! Random calls of many players, legal or not, at the edges of clocks: what is refused changes nothing,
//! no wei is lost or made, and model and contracts are at one after every call.
//!
//! An ordinary run plays a sample. `FPVM_RANDOM_GAMES=1000 cargo test --release -p fpvm-dispute --test game
//! random` plays so many.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use fpvm_dispute::call::{Action, Block, Call, Effect};
use fpvm_dispute::chain::Chain;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::factory::Create;
use fpvm_dispute::fees::FeeSpikes;
use fpvm_dispute::game::Game;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::Params;
use fpvm_dispute::simulate::random_call::{next_block, random_call};
use fpvm_dispute::synthetic::Rollup;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use crate::deploy::{Source, Sources};
use crate::setup::{ANCHOR, ANN, BOB, EVE, OWNER, PURSE, ROLLUP, START, Setup, anchor, params};
use crate::twin::{Twin, VmContract};

const ACCOUNTS: [Address; 4] = [ANN, BOB, EVE, OWNER];
const CALLS: usize = 250;

fn games() -> u64 {
    let asked = std::env::var("FPVM_RANDOM_GAMES");
    asked.map_or(60, |text| {
        text.parse().expect("FPVM_RANDOM_GAMES is a number")
    })
}

/// Depths and clocks of every kind.
fn rules(seed: u64, fee_spikes: bool) -> Params {
    // Depth, split depth, extension, clock, challenge period.
    let shapes = [
        (8, 4, 10_800, 302_400, 86_400),
        (6, 2, 600, 2_400, 1_800),
        (4, 2, 100, 100_000, 99_900),
        (125, 123, 0, 1_000, 0),
        (73, 30, 10_800, 302_400, 86_400),
    ];
    let (max_depth, split_depth, clock_extension, max_clock_duration, challenge_period) =
        shapes[seed as usize % shapes.len()];
    let spikes = FeeSpikes {
        window: max_clock_duration / 30,
        cap: max_clock_duration / 2,
    };
    Params {
        max_depth,
        split_depth,
        clock_extension,
        max_clock_duration,
        challenge_period,
        fee_spikes: fee_spikes.then_some(spikes),
        ..params()
    }
}

fn total<V>(chain: &Chain<V>) -> u128
where
    V: fpvm_dispute::vm::Vm,
{
    let balances = ACCOUNTS.map(|account| chain.balance(account));
    balances.iter().sum::<u128>() + chain.vault.ether()
}

fn check_game(game: &Game) {
    let max = game.rules().max_clock_duration();
    for (index, claim) in game.claims().iter().enumerate() {
        assert_eq!(
            claim.bond,
            game.rules().required_bond(claim.position).expect("legal")
        );
        assert!(claim.clock.duration < max);
        assert_eq!(claim.parent.is_none(), index == 0);
        if let Some(parent) = claim.parent {
            let parent = &game.claims()[parent];
            assert_eq!(claim.position.depth(), parent.position.depth() + 1);
            assert!(claim.clock.timestamp >= parent.clock.timestamp);
        }
    }
    let resolved = |index: usize| game.subgame(index).is_some_and(|subgame| subgame.resolved);
    // What was resolved before is resolved below.
    for index in (0..game.claims().len()).filter(|index| resolved(*index)) {
        let answers = game.subgame(index).map(|subgame| &subgame.answers);
        assert!(answers.is_some_and(|answers| answers.iter().all(|answer| resolved(*answer))));
    }
    assert!(game.status() == GameStatus::InProgress || resolved(0));
}

/// What came of a call, as it is counted.
fn kind(result: &Result<Effect, Revert>) -> String {
    let (text, end) = match result {
        Ok(effect) => (format!("{effect:?}"), "("),
        Err(reason) => (reason.to_string(), ": 0x"),
    };
    text.split(end).next().unwrap_or_default().to_owned()
}

/// Returns how often each effect and each reason was met.
fn run(seed: u64, sources: &Sources, fee_spikes: bool) -> BTreeMap<String, usize> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    let rollup = Rollup {
        execution_length: rng.random_range(4..20),
        ..ROLLUP
    };
    let setup = Setup {
        params: rules(seed, fee_spikes),
        anchor: anchor(),
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
    let create = Create {
        game_type: 0,
        root_claim,
        extra_data: U256::from(proposed).to_be_bytes_vec(),
    };
    let mut block = Block {
        timestamp: START,
        ..Block::default()
    };
    let create = Call {
        from: ANN,
        value: twin.model.factory.init_bond(0),
        action: Action::Create(create),
    };
    assert!(twin.apply(&create, &block).0.is_ok());
    let before = total(&twin.model);
    let mut met = BTreeMap::new();
    for _ in 0..CALLS {
        block = next_block(&twin.model, &block, rng);
        let call = random_call(&twin.model, &ACCOUNTS, rng);
        let state = format!("{:?}", twin.model);
        let (result, _) = twin.apply(&call, &block);
        if let Err(reason) = &result {
            assert_eq!(format!("{:?}", twin.model), state, "{call:?}: {reason}");
        }
        assert_eq!(total(&twin.model), before, "{call:?}");
        *met.entry(kind(&result)).or_default() += 1;
    }
    twin.compare_all();
    twin.model.games().iter().for_each(check_game);
    met
}

fn run_all(sources: &Sources, fee_spikes: impl Fn(u64) -> bool + Sync) -> BTreeMap<String, usize> {
    let games = (0..games()).into_par_iter();
    let met = games.map(|seed| run(seed, sources, fee_spikes(seed)));
    met.reduce(BTreeMap::new, |mut all, some| {
        for (kind, count) in some {
            *all.entry(kind).or_default() += count;
        }
        all
    })
}

#[test]
fn ours() {
    let met = run_all(&Sources::all(Source::Ours), |seed| seed % 3 == 0);
    // They get everywhere: to every reason that a caller can bring about alone.
    for reason in [
        "Done",
        "Created",
        "Claimed",
        "Loaded",
        "Resolved",
        "Paid",
        "GameNotInProgress",
        "InvalidDisputedClaimIndex",
        "CannotDefendRootClaim",
        "L2BlockNumberChallenged",
        "GameDepthExceeded",
        "IncorrectBondAmount",
        "ClockTimeExceeded",
        "ClaimAlreadyExists",
        "InvalidParent",
        "InvalidPrestate",
        "ValidStep",
        "DuplicateStep",
        "InvalidLocalIdent",
        "ClaimAboveSplit",
        "ClockNotExpired",
        "ClaimAlreadyResolved",
        "OutOfOrderResolution",
        "InvalidOutputRootProof",
        "InvalidHeaderRLP",
        "BlockNumberMatches",
        "NoCreditToClaim",
        "UnexpectedRootClaim",
        "NoImplementation",
        "GameAlreadyExists",
        "BadExtraData",
        "Unauthorized",
        "InvalidGameStatus",
        "PartOffsetOOB",
        "Panic(0x32)",
        "Panic(0x11)",
        "pre-image must exist",
        "DelayedWETH: not owner",
        "DelayedWETH: withdrawal delay not met",
        "refused without a reason",
    ] {
        assert!(
            met.keys().any(|key| key.starts_with(reason)),
            "{reason} not among {met:#?}"
        );
    }
}

#[test]
fn upstreams() {
    if let Some(upstream) = Source::upstream() {
        run_all(&Sources::all(upstream), |_| false);
    }
}
