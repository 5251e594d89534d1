//! Random calls, legal and illegal, at random times: the input of the comparison between the model
//! and anything that claims to be the same game.

use alloy_primitives::{Address, B256, U256, keccak256};
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, RngExt};

use super::random_judged;
use crate::bond::ASSUMED_BASE_FEE;
use crate::call::{Action, Block, Call, GameAction};
use crate::chain::Chain;
use crate::claim::{GameStatus, Side, VmStatus};
use crate::factory::Create;
use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::game::moves::Move;
use crate::game::step::Step;
use crate::oracle::Preimage;
use crate::player::Answer;
use crate::position::Position;
use crate::super_root::{ChainOutput, INVALID_CLAIM, SuperRoot};
use crate::synthetic::Rollup;
use crate::trace::split::SplitTrace;
use crate::trace::{Outputs, Trace};

/// A block after `block`: mostly soon; now and then at the very edge of the clock of some claim, or,
/// once a game is over, of the vault.
pub fn next_block<R: Rng>(chain: &Chain<Rollup>, block: &Block, rng: &mut R) -> Block {
    let mut timestamp = block.timestamp + rng.random_range(0..300);
    let going_on = |game: &&Game| game.status() == GameStatus::InProgress;
    let judged = chain.registry.judge().is_some();
    if judged && rng.random_bool(0.02) {
        timestamp = random_judged::random_edge(chain, block, rng).unwrap_or(timestamp);
    }
    let game = chain.games().iter().filter(going_on).choose(rng);
    if let (Some(game), true) = (game, rng.random_bool(0.03)) {
        let claim = random_claim(game, rng);
        let used = game.challenger_duration(claim, block.timestamp);
        let used = used.unwrap_or_default();
        let rules = game.rules();
        let extension = rules.extension(rng.random_range(0..=rules.max_depth()));
        let edge = rules.max_clock_duration().saturating_sub(used);
        let edge = if rng.random() {
            edge
        } else {
            edge.saturating_sub(extension)
        };
        timestamp = (block.timestamp + edge + rng.random_range(0..3)).saturating_sub(1);
    } else if game.is_none() && rng.random_bool(0.1) {
        timestamp += chain.vault.delay() - rng.random_range(0..3);
    }
    Block {
        timestamp: timestamp.max(block.timestamp),
        base_fee: ASSUMED_BASE_FEE - 1 + u128::from(rng.random_range(0..3u8)),
        parent_hash: random_word(rng),
    }
}

/// The number of a game: most often of one in progress, hardly ever of none.
fn random_game<R: Rng>(chain: &Chain<Rollup>, rng: &mut R) -> usize {
    let none = usize::from(rng.random_bool(0.01));
    let games = chain.games().iter().enumerate();
    let going_on = games.filter(|(_, game)| game.status() == GameStatus::InProgress);
    match going_on.choose(rng) {
        Some((number, _)) if rng.random_bool(0.9) => number,
        _ => rng.random_range(0..chain.games().len() + none),
    }
}

/// A claim to be resolved: most often one whose answers have been.
fn random_resolvable<R: Rng>(game: &Game, rng: &mut R) -> usize {
    let resolved = |index: &usize| game.subgame(*index).is_some_and(|subgame| subgame.resolved);
    let ready = (0..game.claims().len()).filter(|index| {
        let subgame = game.subgame(*index);
        !resolved(index) && subgame.is_some_and(|s| s.answers.iter().all(resolved))
    });
    match ready.choose(rng) {
        Some(index) if rng.random_bool(0.7) => index,
        _ => random_claim(game, rng),
    }
}

fn random_word<R: Rng>(rng: &mut R) -> B256 {
    B256::new(rng.random())
}

/// A call by one of `accounts`: often one that is legal, often one that is nearly so.
pub fn random_call<R: Rng>(chain: &Chain<Rollup>, accounts: &[Address], rng: &mut R) -> Call {
    let from = accounts.choose(rng).copied().unwrap_or_default();
    let number = random_game(chain, rng);
    let Some(game) = chain.game(number) else {
        return Call {
            from,
            value: 0,
            action: Action::Game(number, GameAction::Resolve),
        };
    };
    if chain.registry.judge().is_some() && rng.random_bool(0.25) {
        return random_judged::random_call(chain, accounts, rng);
    }
    if game.claims().is_empty() {
        let action = random_call_of_won(rng);
        return Call {
            from,
            value: 0,
            action: Action::Game(number, action),
        };
    }
    let mut value = 0;
    let action = match rng.random_range(0..100) {
        0..45 => {
            let mv = random_move(chain.vm, game, rng);
            let parent = game
                .claim(mv.parent)
                .map(|parent| parent.position.answered(mv.side));
            value = parent
                .and_then(|at| game.rules().required_bond(at))
                .unwrap_or(1);
            match rng.random_range(0..20) {
                0 => value += 1,
                1 => value -= 1,
                2 => value = 0,
                _ => (),
            }
            GameAction::Move(mv)
        }
        45..55 => {
            return Call {
                from,
                value,
                action: random_step(chain.vm, number, game, rng),
            };
        }
        55..63 => GameAction::AddLocalData {
            ident: U256::from(rng.random_range(0..7)),
            leaf: random_claim(game, rng),
            offset: random_offset(rng),
        },
        63..66 => GameAction::ChallengeBlockNumber(Box::new(random_evidence(chain.vm, game, rng))),
        66..82 => GameAction::ResolveClaim {
            claim: random_resolvable(game, rng),
            count: match rng.random_range(0..8) {
                0 => U256::MAX,
                1..4 => U256::from(rng.random_range(1..4)),
                _ => U256::ZERO,
            },
        },
        82..86 => GameAction::Resolve,
        86..91 => GameAction::ClaimCredit(accounts.choose(rng).copied().unwrap_or_default()),
        91..94 => GameAction::SampleFee,
        _ => {
            let (value, action) = random_elsewhere(chain, number, game, accounts, rng);
            return Call {
                from,
                value,
                action,
            };
        }
    };
    // Now and then money is sent to a function that takes none.
    let value = if rng.random_bool(0.01) {
        value + 1
    } else {
        value
    };
    Call {
        from,
        value,
        action: Action::Game(number, action),
    }
}

/// A call of a game without claims, which has hardly any function.
fn random_call_of_won<R: Rng>(rng: &mut R) -> GameAction {
    match rng.random_range(0..5) {
        0 => GameAction::ResolveClaim {
            claim: 0,
            count: U256::ZERO,
        },
        1 => GameAction::AddLocalData {
            ident: U256::ONE,
            leaf: 0,
            offset: random_offset(rng),
        },
        2 => GameAction::ChallengeBlockNumber(Box::default()),
        _ => GameAction::Resolve,
    }
}

/// A claim's index, most often of one of the last, now and then of none.
fn random_claim<R: Rng>(game: &Game, rng: &mut R) -> usize {
    let count = game.claims().len();
    match rng.random_range(0..10) {
        0 if rng.random_bool(0.1) => count + rng.random_range(0..2),
        0..4 => rng.random_range(0..count),
        4..7 => count.saturating_sub(rng.random_range(1..4)),
        _ => count.saturating_sub(1),
    }
}

fn random_offset<R: Rng>(rng: &mut R) -> U256 {
    let offsets = [0, 0, 8, 8, 15, 16, 39, 40, u64::MAX];
    U256::from(*offsets.choose(rng).unwrap_or(&0))
}

fn random_side<R: Rng>(rng: &mut R) -> Side {
    if rng.random_bool(0.7) {
        Side::Attack
    } else {
        Side::Defend
    }
}

/// The truth, another claim of the game, or noise, each with or without a fitting status.
fn random_move<R: Rng>(rollup: Rollup, game: &Game, rng: &mut R) -> Move {
    let (parent, side) = (random_claim(game, rng), random_side(rng));
    let disputed = game
        .claim(parent)
        .map(|claim| claim.claim)
        .unwrap_or_default();
    let disputed = if rng.random_bool(0.03) {
        random_word(rng)
    } else {
        disputed
    };
    let trace = SplitTrace {
        outputs: rollup,
        executions: rollup,
    };
    let answer = game
        .claim(parent)
        .map(|claim| claim.position.answered(side));
    let truth = answer
        .ok()
        .and_then(|at| trace.claim_at(game, parent, at).ok());
    let claim = match (rng.random_range(0..4), truth) {
        (0 | 1, Some(truth)) => truth,
        (2, _) => game
            .claims()
            .choose(rng)
            .map(|claim| claim.claim)
            .unwrap_or_default(),
        _ => random_word(rng),
    };
    let statuses = game
        .execution_root_statuses(parent, side)
        .unwrap_or_default();
    let claim = match statuses.choose(rng) {
        Some(status) if rng.random_bool(0.7) => status.stamp(claim),
        _ if rng.random_bool(0.5) => VmStatus::Invalid.stamp(claim),
        _ => claim,
    };
    Move {
        disputed,
        parent,
        claim,
        side,
    }
}

/// One of the calls that a true step takes, spoiled now and then.
fn random_step<R: Rng>(rollup: Rollup, number: usize, game: &Game, rng: &mut R) -> Action {
    let max = game.rules().max_depth();
    let leaves = game.claims().iter().enumerate();
    let leaves = leaves.filter(|(_, claim)| claim.position.depth() == max);
    let leaves: Vec<usize> = leaves.map(|(index, _)| index).collect();
    let claim = match leaves.choose(rng) {
        Some(leaf) if rng.random_bool(0.9) => *leaf,
        _ => random_claim(game, rng),
    };
    let side = random_side(rng);
    let trace = SplitTrace {
        outputs: rollup,
        executions: rollup,
    };
    let answer = Answer::Step { claim, side };
    let mut calls = answer.actions(number, game, &trace).unwrap_or_default();
    let last = calls.pop();
    let step = match last {
        Some(Action::Game(_, GameAction::Step(mut step))) => {
            if rng.random_bool(0.1) {
                step.state.push(0);
            }
            step
        }
        _ => Step {
            claim,
            side,
            state: vec![0; 89],
            proof: Vec::new(),
        },
    };
    match calls.choose(rng) {
        Some(before) if rng.random_bool(0.6) => before.clone(),
        _ => Action::Game(number, GameAction::Step(step)),
    }
}

fn random_evidence<R: Rng>(rollup: Rollup, game: &Game, rng: &mut R) -> BlockEvidence {
    let block = match rng.random_range(0..3) {
        0 => game.proposal().l2_block,
        _ => game.proposal().l2_block.min(rollup.safe_head()),
    };
    let mut evidence = rollup.evidence(block).unwrap_or_default();
    match rng.random_range(0..6) {
        0 => evidence.header.push(0),
        1 => evidence.proof.state_root = random_word(rng),
        _ => (),
    }
    evidence
}

/// A call that is not to a game.
fn random_elsewhere<R: Rng>(
    chain: &Chain<Rollup>,
    number: usize,
    game: &Game,
    accounts: &[Address],
    rng: &mut R,
) -> (u128, Action) {
    let account = accounts.choose(rng).copied().unwrap_or_default();
    let wei = game
        .rules()
        .required_bond(Position::ROOT)
        .unwrap_or_default();
    let action = match rng.random_range(0..12) {
        0..4 => {
            let game_type = game.rules().params().game_type + u32::from(rng.random_bool(0.1));
            if game.version().is_super() {
                return random_super_proposal(chain, game, game_type, rng);
            }
            let mut block = game.starting().block + U256::from(rng.random_range(0..20));
            if rng.random_bool(0.05) {
                block = U256::MAX;
            }
            let mut extra_data = block.to_be_bytes_vec();
            if rng.random_bool(0.1) {
                extra_data.push(0);
            }
            let root_claim = match rng.random_range(0..3) {
                0 => random_word(rng),
                1 => game.proposal().root_claim,
                _ => chain.vm.honest_root(block),
            };
            let bond = chain.factory.init_bond(game_type);
            let bond = if rng.random_bool(0.1) { bond + 1 } else { bond };
            return (
                bond,
                Action::Create(Create {
                    game_type,
                    root_claim,
                    extra_data,
                }),
            );
        }
        4..6 => {
            let length = rng.random_range(0..60);
            let preimage = (0..length).map(|_| rng.random()).collect();
            Action::LoadPreimage(Preimage::keccak256(preimage, random_offset(rng)))
        }
        6 | 7 => Action::SetAnchor(number),
        8 => Action::Recover(wei / 2),
        9 | 10 => Action::Hold(game.address(), wei),
        _ => Action::TransferFrom(game.address(), account, wei / 4),
    };
    (0, action)
}

/// A proposal of a super root: often right in form.
fn random_super_proposal<R: Rng>(
    chain: &Chain<Rollup>,
    game: &Game,
    game_type: u32,
    rng: &mut R,
) -> (u128, Action) {
    let anchor: u64 = chain.registry.anchor(game_type).block.wrapping_to();
    let timestamp = anchor + rng.random_range(0..20);
    let chains = (0..rng.random_range(1..4)).map(|_| ChainOutput {
        chain_id: U256::from(rng.random_range(0..5)),
        output_root: random_word(rng),
    });
    let root = SuperRoot {
        timestamp,
        chains: chains.collect(),
    };
    let mut extra_data = root.encode();
    match rng.random_range(0..20) {
        0 => extra_data.push(0),
        1 => extra_data.truncate(rng.random_range(0..extra_data.len())),
        2 => extra_data[0] = rng.random_range(0..4),
        3 => extra_data = game.proposal().extra_data(),
        _ => (),
    }
    let root_claim = match rng.random_range(0..20) {
        0 => random_word(rng),
        1 => INVALID_CLAIM,
        _ => keccak256(&extra_data),
    };
    let bond = chain.factory.init_bond(game_type);
    let bond = if rng.random_bool(0.1) { bond + 1 } else { bond };
    let create = Create {
        game_type,
        root_claim,
        extra_data,
    };
    (bond, Action::Create(create))
}
