//! What is foretold of bonds is what happens: at every moment of random games of every version, with the
//! guardian at work, a claim of credit does what [`Game::bonds`] says it will, and closing what
//! [`Game::closing`] says.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use fpvm_dispute::arguments::FaultArgs;
use fpvm_dispute::call::{Action, Block, Call, Effect, GameAction, Receiver};
use fpvm_dispute::chain::Chain;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::factory::{Create, Factory};
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::game::payment::{Closing, Stage, Surroundings};
use fpvm_dispute::registry::{AnchorRegistry, Judge, Moment, Registry};
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::simulate::random_call::{next_block, random_call};
use fpvm_dispute::superchain::Superchain;
use fpvm_dispute::synthetic::{Rollup, execution};
use fpvm_dispute::vault::Vault;
use fpvm_dispute::version::Version;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const OWNER: Address = Address::repeat_byte(0x01);
const ACCOUNTS: [Address; 3] = [
    Address::repeat_byte(0xaa),
    Address::repeat_byte(0xbb),
    Address::repeat_byte(0xee),
];
const START: u64 = 1_700_000_000;
const ROLLUP: Rollup = Rollup {
    seed: 5,
    safe_head: 200,
    execution_length: 8,
};

/// A chain with one proposal of the first account.
fn chain(version: Version) -> Chain<Rollup> {
    let params = Params {
        version,
        max_depth: 6,
        split_depth: 2,
        clock_extension: 600,
        max_clock_duration: 2_400,
        challenge_period: 1_800,
        ..Params::mainnet(execution::absolute_prestate())
    };
    let anchor = OutputRoot {
        root: ROLLUP.root(U256::from(100)),
        block: U256::from(100),
    };
    let [registry, vault, vm] = [0x11, 0x22, 0x33].map(Address::repeat_byte);
    let args = FaultArgs {
        absolute_prestate: params.absolute_prestate,
        vm,
        registry,
        vault,
        l2_chain_id: params.l2_chain_id,
        roles: None,
    };
    let judge: Registry = if version.pays_at_resolution() {
        AnchorRegistry::new(OWNER, [(0, anchor)]).into()
    } else {
        Judge::new(registry, version, OWNER, 5_000, anchor, 0, START - 1).into()
    };
    let mut factory = Factory::of(version, Address::repeat_byte(0xfa), OWNER);
    let rules = Rules::new(params).expect("legal rules");
    let args = if version.has_arguments() {
        args.encode()
    } else {
        Vec::new()
    };
    factory
        .set_implementation_with(OWNER, 0, rules, args)
        .expect("the owner");
    factory.set_init_bond(OWNER, 0, 1_000).expect("the owner");
    let vault = Vault::at(vault, version, OWNER, 7_000);
    let mut chain = Chain::new(ROLLUP, vault, judge, factory);
    chain.vm_address = vm;
    if !version.pays_at_resolution() {
        chain.superchain = Superchain::new(OWNER, Address::repeat_byte(0x90));
    }
    for account in ACCOUNTS {
        chain.fund(account, u128::MAX >> 8);
    }
    let create = Call {
        from: ACCOUNTS[0],
        value: 1_000,
        action: Action::Create(Create {
            game_type: 0,
            root_claim: B256::repeat_byte(3),
            extra_data: U256::from(107).to_be_bytes_vec(),
        }),
    };
    let block = Block {
        timestamp: START,
        ..Block::default()
    };
    assert_eq!(chain.apply(&create, &block), Ok(Effect::Created(0)));
    chain
}

fn around(chain: &Chain<Rollup>, number: usize, now: u64) -> Surroundings {
    let game = chain.game(number).expect("a game");
    Surroundings {
        judge: chain.registry.judge().cloned(),
        vault: chain.vault.clone(),
        registered: chain.factory.made(game),
        at: Moment {
            paused: chain.superchain.is_paused(now),
            now,
        },
    }
}

/// What the call does to a copy of the chain.
fn tried(chain: &Chain<Rollup>, action: GameAction, block: &Block) -> Result<Effect, Revert> {
    let call = Call {
        from: OWNER,
        value: 0,
        action: Action::Game(0, action),
    };
    chain.clone().apply(&call, block)
}

/// Counts what was met, by a word for it.
type Met = BTreeMap<String, usize>;

fn check(chain: &Chain<Rollup>, block: &Block, met: &mut Met) {
    let now = block.timestamp;
    let (game, around) = (chain.game(0).expect("a game"), around(chain, 0, now));
    let closed = tried(chain, GameAction::Close, block);
    match game.closing(&around) {
        Closing::None => assert!(closed.is_err(), "{closed:?}"),
        Closing::Done(_) => assert_eq!(closed, Ok(Effect::Done)),
        Closing::From { time, .. } if time > now => {
            assert!(closed.is_err(), "{closed:?}");
        }
        Closing::From { mode, refused, .. } => {
            assert_eq!(closed, refused.map_or(Ok(Effect::Closed(mode)), Err));
        }
    }
    for account in ACCOUNTS {
        let bonds = game.bonds(account, &around);
        let claimed = tried(chain, GameAction::ClaimCredit(account), block);
        let due = match bonds.stage {
            Stage::Won(_) | Stage::Closed(_) => Ok(Effect::Unlocked(bonds.wei)),
            Stage::Unlocked(_) => Ok(Effect::Paid(bonds.wei)),
            // A claim would be refused, or unlock nothing.
            Stage::Posted | Stage::Paid(_) | Stage::Lost | Stage::None => {
                assert_eq!((bonds.next, &bonds.refused), (None, &None));
                let gains = matches!(claimed, Ok(Effect::Unlocked(1..) | Effect::Paid(_)));
                // In 2024 a claim that was resolved is paid before its game is over.
                let early = bonds.stage == Stage::Posted && game.version() == Version::V1_3;
                assert!(!gains || early, "{bonds:?}: {claimed:?}");
                *met.entry(format!("{:?}", bonds.stage)).or_default() += 1;
                continue;
            }
        };
        match (&bonds.refused, bonds.is_due(now)) {
            (None, true) => assert_eq!(claimed, due),
            (Some(reason), _) => assert_eq!(claimed.as_ref(), Err(reason)),
            (None, false) => assert!(claimed.is_err(), "{bonds:?}: {claimed:?}"),
        }
        let refused = bonds.refused.map(|reason| reason.name());
        *met.entry(format!("{:?} {refused:?}", bonds.stage))
            .or_default() += 1;
    }
}

fn play(version: Version, seed: u64, met: &mut Met) {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut chain = chain(version);
    let mut block = Block {
        timestamp: START,
        ..Block::default()
    };
    for _ in 0..400 {
        block = next_block(&chain, &block, rng);
        let mut call = random_call(&chain, &ACCOUNTS, rng);
        // The owner takes the money at times.
        if rng.random_bool(0.005) {
            (call.from, call.value) = (OWNER, 0);
            call.action = Action::Recover(1 << rng.random_range(0..100));
        }
        if let Action::Create(_) = call.action {
            continue;
        }
        let _ = chain.apply(&call, &block);
        check(&chain, &block, met);
    }
}

#[test]
fn what_is_foretold_happens() {
    for version in Version::ALL
        .into_iter()
        .filter(|version| !version.is_super())
    {
        let mut met = Met::new();
        for seed in 0..30 {
            play(version, seed, &mut met);
        }
        let (of_2024, today) = (version.pays_at_resolution(), version.is_stopped_by_pause());
        let mode = |stage: &str, mode: BondMode| format!("{stage}({mode:?})");
        let mut expected = vec!["Posted".to_owned(), "Lost".into()];
        if of_2024 {
            expected.push(mode("Unlocked", BondMode::Undecided) + " None");
            expected.push(mode("Paid", BondMode::Undecided));
        } else {
            for decided in [BondMode::Normal, BondMode::Refund] {
                for stage in ["Won", "Closed", "Unlocked"] {
                    expected.push(mode(stage, decided) + " None");
                }
                expected.push(mode("Paid", decided));
                expected.push(mode("Unlocked", decided) + " Some(\"Error\")");
            }
        }
        if today {
            expected.push(mode("Won", BondMode::Normal) + " Some(\"GamePaused\")");
        }
        for word in expected {
            assert!(met.contains_key(&word), "{version}: {word} not in {met:#?}");
        }
    }
}

/// A recipient that refuses is not foretold: it decides that itself.
#[test]
fn the_vault_without_money_is_told() {
    let mut chain = chain(Version::V2_4);
    chain.set_receiver(ACCOUNTS[0], Receiver::Accepts);
    let mut now = START + 2_400;
    let done = |chain: &mut Chain<Rollup>, now, from, action| {
        let block = Block {
            timestamp: now,
            ..Block::default()
        };
        let call = Call {
            from,
            value: 0,
            action,
        };
        chain.apply(&call, &block).expect("it is done")
    };
    let resolve = GameAction::ResolveClaim {
        claim: 0,
        count: U256::ZERO,
    };
    for action in [resolve, GameAction::Resolve] {
        done(&mut chain, now, OWNER, Action::Game(0, action));
    }
    now += 5_001;
    let claim = Action::Game(0, GameAction::ClaimCredit(ACCOUNTS[0]));
    assert_eq!(done(&mut chain, now, OWNER, claim), Effect::Unlocked(1_000));
    assert_eq!(
        done(&mut chain, now, OWNER, Action::Recover(1)),
        Effect::Paid(1)
    );
    now += 7_000;
    let bonds = chain.games()[0].bonds(ACCOUNTS[0], &around(&chain, 0, now));
    assert_eq!(bonds.refused, Some(Revert::Empty));
    assert!(!bonds.is_due(now));
}
