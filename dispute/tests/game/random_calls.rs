//! Random calls, legal or not: what is refused changes nothing, and no wei is lost or made.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use dispute::call::{Block, Effect};
use dispute::claim::GameStatus;
use dispute::fees::FeeSpikes;
use dispute::game::Game;
use dispute::rules::Params;
use dispute::simulate::random_call::{next_block, random_call};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::board::{ANN, BLOCK, BOB, Board, EVE, OWNER, PURSE, START, params};

const ACCOUNTS: [Address; 4] = [ANN, BOB, EVE, OWNER];

fn total(board: &Board) -> u128 {
    let balances = ACCOUNTS.map(|account| board.chain.balance(account));
    balances.iter().sum::<u128>() + board.chain.vault.ether()
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

/// Returns how often each reason (or success) was met.
fn run(seed: u64, calls: usize, params: Params) -> BTreeMap<String, usize> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut board = Board::empty(params);
    board.chain.fund(OWNER, PURSE);
    let root = match rng.random_range(0..3) {
        0 => B256::repeat_byte(3),
        1 => board.rollup.root(alloy_primitives::U256::from(BLOCK)),
        _ => board.rollup.root(alloy_primitives::U256::from(BLOCK - 1)),
    };
    board.propose(root, BLOCK).expect("a legal proposal");
    let before = total(&board);
    let mut block = Block {
        timestamp: START,
        ..Block::default()
    };
    let mut met = BTreeMap::new();
    for _ in 0..calls {
        block = next_block(&board.chain, &block, rng);
        let call = random_call(&board.chain, &ACCOUNTS, rng);
        let state = format!("{:?}", board.chain);
        let reason = match board.chain.apply(&call, &block) {
            Ok(Effect::Done) => "done".to_owned(),
            Ok(effect) => format!("{effect:?}")
                .split('(')
                .next()
                .unwrap_or_default()
                .to_owned(),
            Err(reason) => {
                assert_eq!(format!("{:?}", board.chain), state, "{call:?}: {reason}");
                let text = reason.to_string();
                text.split(": 0x").next().unwrap_or_default().to_owned()
            }
        };
        assert_eq!(total(&board), before, "{call:?}");
        *met.entry(reason).or_default() += 1;
    }
    board.chain.games().iter().for_each(check_game);
    met
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut met = BTreeMap::new();
    for seed in 0..60 {
        let fee_spikes = (seed % 3 == 0).then_some(FeeSpikes {
            window: 9_000,
            cap: 100_000,
        });
        for (reason, count) in run(
            seed,
            250,
            Params {
                fee_spikes,
                ..params()
            },
        ) {
            *met.entry(reason).or_insert(0) += count;
        }
    }
    // The generator gets everywhere: every reason that a caller can bring about by himself.
    for reason in [
        "done",
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
