//! Random calls of many players, legal or not, at the edges of clocks: what is refused changes nothing,
//! no wei is lost or made, and model and contracts are at one after every call.
//!
//! Games of today are played with the guardian at work: it changes the type that counts, strikes games off,
//! pauses; the factory's owner changes implementations, and recipients refuse money at times.
//!
//! An ordinary run plays a sample. `FPVM_RANDOM_GAMES=1000 cargo test --release -p fpvm-dispute --test game
//! random` plays so many.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::call::{Action, Block, Call, Effect, Receiver};
use fpvm_dispute::chain::Chain;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::factory::Create;
use fpvm_dispute::fees::FeeSpikes;
use fpvm_dispute::game::Game;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::Params;
use fpvm_dispute::simulate::random_call::{next_block, random_call};
use fpvm_dispute::super_root::{ChainOutput, SuperRoot};
use fpvm_dispute::synthetic::Rollup;
use fpvm_dispute::version::Version;
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
fn rules(seed: u64, version: Version, fee_spikes: bool) -> Params {
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
        version,
        max_depth,
        split_depth,
        clock_extension,
        max_clock_duration,
        challenge_period,
        fee_spikes: fee_spikes.then_some(spikes),
        l2_chain_id: if version.is_super() {
            U256::ZERO
        } else {
            params().l2_chain_id
        },
        ..params()
    }
}

fn total<V>(chain: &Chain<V>) -> u128
where
    V: fpvm_dispute::vm::Vm,
{
    let balances = ACCOUNTS.map(|account| chain.balance(account));
    // A game that is won when it is made keeps what it is sent.
    let games = chain
        .games()
        .iter()
        .map(|game| chain.balance(game.address()));
    balances.iter().sum::<u128>() + games.sum::<u128>() + chain.vault.ether()
}

fn check_game(game: &Game) {
    if game.claims().is_empty() {
        assert!(game.version().is_won_at_creation());
        return;
    }
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

/// Ann proposes and Bob challenges in a permissioned game.
const ROLES: Roles = Roles {
    proposer: ANN,
    challenger: BOB,
};

/// What happens besides calls to today's games: another implementation, other arguments, a recipient who has
/// changed its mind.
fn upset(twin: &mut Twin<Rollup>, usual: &Params, rng: &mut Xoshiro256PlusPlus) {
    let game_type = rng.random_range(0..3);
    let params = Params {
        game_type,
        version: match usual.version {
            Version::Super0_8 if game_type == 1 => Version::SuperPermissioned1_0,
            version => version,
        },
        // Type 1 is of two.
        roles: (game_type == 1).then_some(ROLES),
        fee_spikes: None,
        max_depth: usual.max_depth
            - u64::from(usual.max_depth > usual.split_depth + 2 && rng.random()),
        absolute_prestate: if rng.random() {
            usual.absolute_prestate
        } else {
            B256::repeat_byte(0xde)
        },
        l2_chain_id: if usual.version.is_super() && rng.random_bool(0.2) {
            U256::from(901)
        } else {
            usual.l2_chain_id
        },
        ..usual.clone()
    };
    match rng.random_range(0..8) {
        0 => {
            // Arguments of a wrong length, or of contracts that are none.
            let implementation = twin.implementation(&params);
            let mut args = twin.contracts.packed_args(&params);
            match rng.random_range(0..3) {
                0 => args.push(0),
                1 => args.truncate(rng.random_range(0..args.len())),
                _ => {
                    let at = match params.version {
                        Version::SuperPermissioned1_0 => rng.random_range(0..40),
                        // Its chain id must be none.
                        Version::Super0_8 => rng.random_range(32..124),
                        _ => rng.random_range(32..92),
                    };
                    args[at] ^= 0x10;
                }
            }
            twin.register_with(&params, implementation, args);
        }
        1..4 => twin.register(&params),
        _ => {
            let account = [ANN, BOB, EVE][rng.random_range(0..3)];
            let receiver = match rng.random_range(0..3) {
                0 => Receiver::Refuses,
                _ => Receiver::Accepts,
            };
            // A contract sends no transactions; Eve's do not matter so much.
            if account == EVE || receiver == Receiver::Accepts {
                twin.set_receiver(account, &receiver);
            }
        }
    }
}

/// Returns how often each effect and each reason was met.
fn run(
    seed: u64,
    sources: &Sources,
    version: Version,
    fee_spikes: bool,
) -> BTreeMap<String, usize> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    let rollup = Rollup {
        execution_length: rng.random_range(4..20),
        ..ROLLUP
    };
    let setup = Setup {
        params: rules(seed, version, fee_spikes),
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
    let create = if version.is_super() {
        let chains = vec![ChainOutput::default()];
        let root = SuperRoot::new(proposed, chains);
        Create {
            game_type: 0,
            root_claim: root.hash(),
            extra_data: root.encode(),
        }
    } else {
        Create {
            game_type: 0,
            root_claim,
            extra_data: U256::from(proposed).to_be_bytes_vec(),
        }
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
    if version.has_arguments() {
        let permissioned = Params {
            game_type: 1,
            version: match version {
                Version::Super0_8 => Version::SuperPermissioned1_0,
                version => version,
            },
            roles: Some(ROLES),
            fee_spikes: None,
            ..setup.params.clone()
        };
        twin.register(&permissioned);
    }
    assert!(twin.apply(&create, &block).0.is_ok());
    let before = total(&twin.model);
    let mut met = BTreeMap::new();
    for _ in 0..CALLS {
        block = next_block(&twin.model, &block, rng);
        if version.has_arguments() && rng.random_bool(0.02) {
            upset(&mut twin, &setup.params, rng);
        }
        let mut call = random_call(&twin.model, &ACCOUNTS, rng);
        // What has become a contract sends no transactions.
        if twin.is_contract(call.from) {
            call.from = ANN;
        }
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

fn run_all(
    sources: &Sources,
    version: Version,
    fee_spikes: impl Fn(u64) -> bool + Sync,
) -> BTreeMap<String, usize> {
    let games = (0..games()).into_par_iter();
    let met = games.map(|seed| run(seed, sources, version, fee_spikes(seed)));
    met.reduce(BTreeMap::new, |mut all, some| {
        for (kind, count) in some {
            *all.entry(kind).or_default() += count;
        }
        all
    })
}

#[test]
fn ours() {
    let met = run_all(&Sources::all(Source::Ours), Version::V1_3, |seed| {
        seed % 3 == 0
    });
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
    if let Some(upstream) = Source::upstream_of(Version::V1_3) {
        run_all(&Sources::all(upstream), Version::V1_3, |_| false);
    }
}

/// Every reason that today's contracts have besides those of 2024.
const OF_TODAY: [&str; 14] = [
    "Closed",
    "Unlocked",
    "Paid",
    "GamePaused",
    "GameNotResolved",
    "GameNotFinalized",
    "NoCreditToClaim",
    "BondTransferFailed",
    "BadAuth",
    "BadExtraData",
    "AnchorStateRegistry_InvalidAnchorGame",
    "AnchorStateRegistry_Unauthorized",
    "SuperchainConfig_OnlyGuardian",
    "DelayedWETH: withdrawal delay not met",
];

fn assert_met(met: &BTreeMap<String, usize>, reasons: &[&str]) {
    for reason in reasons {
        assert!(
            met.keys().any(|key| key.starts_with(reason)),
            "{reason} not among {met:#?}"
        );
    }
}

#[test]
fn ours_of_today() {
    let ours = Sources::all(Source::Ours);
    let met = run_all(&ours, Version::V2_4, |seed| seed % 4 == 0);
    assert_met(&met, &OF_TODAY);
}

/// Games of before 2.0 are open to all, and are played here without [`upset`].
fn assert_met_since(met: &BTreeMap<String, usize>, version: Version) {
    let only_with_arguments = ["BadAuth", "BondTransferFailed"];
    let reasons = OF_TODAY.into_iter();
    let reasons =
        reasons.filter(|reason| version.has_arguments() || !only_with_arguments.contains(reason));
    let reasons: Vec<&str> = reasons.collect();
    assert_met(met, &reasons);
}

#[test]
fn upstreams_since_2025() {
    for version in [Version::V1_7, Version::V1_8, Version::V2_2, Version::V2_4] {
        if let Some(upstream) = Source::upstream_of(version) {
            let met = run_all(&Sources::all(upstream), version, |_| false);
            assert_met_since(&met, version);
        }
    }
}

/// What only super games say, or other games say for other reasons.
const OF_SUPER_GAMES: [&str; 4] = [
    "BadExtraData",
    "Encoding_InvalidSuperRootVersion",
    "SuperFaultDisputeGameInvalidRootClaim",
    "NoChainIdNeeded",
];

/// `SuperFaultDisputeGame` and `SuperPermissionedDisputeGame`, side by side.
fn super_games(source: Source) {
    let met = run_all(&Sources::all(source), Version::Super0_8, |_| false);
    // Creation is a small part of the calls: its rarer reasons are met in many games only.
    let rare = ["BondTransferFailed", "BadAuth", "NoChainIdNeeded"];
    let expected = OF_TODAY.into_iter().chain(OF_SUPER_GAMES);
    let expected: Vec<&str> = expected
        .filter(|reason| games() >= 500 || !rare.contains(reason))
        .collect();
    assert_met(&met, &expected);
    // That they have no such function is met instead.
    assert!(met.contains_key("refused without a reason"), "{met:#?}");
    assert!(met.keys().all(|reason| !reason.starts_with("L2Block")));
}

#[test]
fn our_super_games() {
    super_games(Source::Ours);
}

#[test]
fn upstreams_super_games() {
    if let Some(upstream) = Source::upstream_of(Version::Super0_8) {
        super_games(upstream);
    }
}
