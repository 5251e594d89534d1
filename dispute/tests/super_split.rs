//! The two halves of a super game's trace put together: what an execution below is run on.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, keccak256};
use fpvm_dispute::claim::{OutputRoot, Side, VmStatus};
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::game::{Game, Proposal};
use fpvm_dispute::position::Position;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::super_root::{SuperState, SuperStep};
use fpvm_dispute::synthetic::{SuperProgram, SuperRollup};
use fpvm_dispute::trace::super_node::NodeStates;
use fpvm_dispute::trace::super_split::SuperSplitTrace;
use fpvm_dispute::trace::{StepData, SuperStates, Trace, TraceError};
use fpvm_dispute::vault::Vault;

const START: u64 = 1_000;
const END: u64 = START + 2;
const SPLIT: u8 = 8;
const L1_HEAD: B256 = B256::repeat_byte(0x11);

type Truth = SuperSplitTrace<NodeStates<SuperRollup>, SuperProgram>;

fn truth() -> Truth {
    // Two chains, all of whose blocks are derived.
    let rollup = (0..)
        .map(|seed| SuperRollup::random(seed, 2, START, 4))
        .find(|rollup| {
            rollup
                .chains
                .iter()
                .all(|chain| chain.missing_from.is_none())
        })
        .expect("one of them");
    let l1_head = SuperRollup::l1_block_at(END) + 9;
    SuperSplitTrace {
        executions: SuperProgram::new(&rollup, l1_head, START, END, 20),
        states: NodeStates {
            node: rollup,
            l1_head,
        },
    }
}

fn game(truth: &Truth, start: B256) -> Game {
    let rules = Rules::new(Params {
        max_depth: 14,
        split_depth: SPLIT.into(),
        ..Params::mainnet_super(B256::ZERO)
    });
    let super_root = truth.states.node.super_root(END).expect("a root");
    let proposal = Proposal {
        creator: Address::repeat_byte(1),
        root_claim: super_root.hash(),
        l1_head: L1_HEAD,
        l2_block: U256::from(END),
        super_root: Some(super_root),
    };
    let starting = OutputRoot {
        root: start,
        block: U256::from(START),
    };
    let rules = Arc::new(rules.expect("legal rules"));
    Game::new(rules, Address::ZERO, proposal, starting, 0, 0)
}

fn start(truth: &Truth) -> B256 {
    keccak256(truth.states.start(START).expect("a root"))
}

/// Answers `side` at the last claim, with what the trace says or another claim.
fn answer(game: &mut Game, truth: &Truth, side: Side, is_true: bool) {
    let parent = game.claims().len() - 1;
    let above = game.claim(parent).expect("the last").clone();
    let position = above.position.answered(side);
    let known = truth.claim_at(game, parent, position);
    let claim = if is_true {
        known.expect("it is known")
    } else {
        B256::repeat_byte(0x77)
    };
    let claim = if position.depth() == SPLIT + 1 {
        VmStatus::Invalid.stamp(claim)
    } else {
        claim
    };
    let mv = Move {
        disputed: above.claim,
        parent,
        claim,
        side,
    };
    let bond = game.rules().required_bond(position).expect("a bond");
    let mut vault = Vault::new(Address::ZERO, 0);
    let made = game.make_move(&mut vault, 1, Address::ZERO, bond, &mv);
    made.expect("a legal move");
}

/// Down the left edge: the first step of the first second, which starts from the anchor.
#[test]
fn the_first_execution_starts_from_the_anchor() {
    let truth = truth();
    let mut game = game(&truth, start(&truth));
    for depth in 0..SPLIT {
        answer(&mut game, &truth, Side::Attack, depth % 2 == 0);
    }
    let leaf = game.claims().len() - 1;
    let below = game.claims()[leaf].position.attack();
    let (inputs, index) = truth.execution(&game, leaf, below).expect("an execution");
    assert_eq!((inputs.l1_head, inputs.timestamp), (L1_HEAD, END));
    assert_eq!(inputs.claim, game.claims()[leaf].claim);
    assert_eq!(inputs.agreed, start(&truth));
    let state = inputs.agreed_state.expect("the anchor's bytes");
    let root = truth.states.node.super_root(START).expect("a root");
    assert_eq!(SuperState::decode(&state), Ok(SuperState::SuperRoot(root)));
    assert_eq!(index, (1 << 5) - 1);
    // The claim was false, so that the program says so at its end.
    let last = truth.claim_at(&game, leaf, below).expect("a state");
    assert_eq!(VmStatus::of(&last), Some(VmStatus::Invalid));
    // Nothing above the split depth is part of an execution.
    let above = truth.execution(&game, leaf - 1, below);
    let outside = TraceError::OutsideExecution(below, leaf - 1);
    assert_eq!(above.expect_err("none"), outside);
}

/// In the middle: what both agree on is a claim of the game, and its bytes are those of the place before.
#[test]
fn an_execution_starts_from_the_agreed_state() {
    let truth = truth();
    let mut game = game(&truth, start(&truth));
    // True, defended, and then attacked down to a false claim one step later.
    answer(&mut game, &truth, Side::Attack, true);
    answer(&mut game, &truth, Side::Defend, false);
    for turn in 0..SPLIT - 2 {
        answer(&mut game, &truth, Side::Attack, turn % 2 == 0);
    }
    let leaf = game.claims().len() - 1;
    let position = game.claims()[leaf].position;
    assert_eq!(position.depth(), SPLIT);
    let below = position.attack();
    let (inputs, _) = truth.execution(&game, leaf, below).expect("an execution");
    let before = position.left_neighbour().expect("not the first");
    let place = game.super_step(before).expect("a place");
    assert_eq!(
        place,
        SuperStep {
            timestamp: START + 1,
            step: 0
        }
    );
    let state = inputs.agreed_state.clone().expect("its bytes");
    assert_eq!(state, truth.states.state(place).expect("a state"));
    assert_eq!(inputs.agreed, keccak256(&state));
    // The timestamp is the game's, not the dispute's.
    assert_eq!(inputs.timestamp, END);
    answer(&mut game, &truth, Side::Attack, true);
    // The same inputs from further below, and what the first instruction takes.
    let first = Position::new(below.depth() + 1, below.attack().index()).expect("a place");
    let (again, _) = truth
        .execution(&game, leaf + 1, first)
        .expect("an execution");
    assert_eq!(again, inputs);
    let step = truth.step_at(
        &game,
        leaf + 1,
        below.attack().attack().attack().attack().attack(),
    );
    let StepData { local, .. } = step.expect("a step");
    assert_eq!(local, [(U256::from(2), U256::from(8))]);
}

/// A party that does not agree with what a dispute starts from has no bytes for it: nobody could find them under that
/// hash.
#[test]
fn a_start_that_is_not_agreed_with() {
    let truth = truth();
    let mut game = game(&truth, start(&truth));
    answer(&mut game, &truth, Side::Attack, false);
    answer(&mut game, &truth, Side::Defend, true);
    for _ in 0..SPLIT - 2 {
        answer(&mut game, &truth, Side::Attack, true);
    }
    let leaf = game.claims().len() - 1;
    let below = game.claims()[leaf].position.attack();
    let (inputs, _) = truth.execution(&game, leaf, below).expect("an execution");
    assert_eq!(inputs.agreed, B256::repeat_byte(0x77));
    assert_eq!(inputs.agreed_state, None);
    let last = truth.claim_at(&game, leaf, below).expect("a state");
    assert_eq!(VmStatus::of(&last), Some(VmStatus::Panic));
}

/// Upstream's challenger does not play a game that starts from another root than its node's.
#[test]
fn a_game_that_starts_elsewhere() {
    let truth = truth();
    let own = start(&truth);
    assert_eq!(truth.check_start(&game(&truth, own)), Ok(()));
    let other = B256::repeat_byte(9);
    let wrong = TraceError::WrongStart {
        timestamp: START,
        game: other,
        node: own,
    };
    assert_eq!(truth.check_start(&game(&truth, other)), Err(wrong));
    assert_eq!(truth.wrong_block(&game(&truth, own)), Ok(None));
}
