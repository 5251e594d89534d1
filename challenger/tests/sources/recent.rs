//! The block or step that a rehearsal executes, from nodes that keep safe heads, are young, forget, or differ.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{B256, U256, keccak256};
use fpvm_challenger::rollup::{Age, Nodes, SourceError, SuperNodes};
use fpvm_dispute::super_root::SuperState;
use fpvm_dispute::synthetic::SuperRollup;
use fpvm_dispute::trace::super_node::SuperNode as _;
use fpvm_dispute::trace::{Inputs, SuperInputs};
use fpvm_e2e::op_node::{Known, OpNode, Output, SuperRoots};
use fpvm_e2e::super_roots::{answer, two_chains};
use fpvm_l1::{At, Chain as _, Local, Rpc};

fn root(block: u64) -> B256 {
    keccak256(block.to_be_bytes())
}

/// A node that knows blocks 0 to 100, with safe heads by L1 blocks.
fn node(current_l1: u64, safe_heads: &[(u64, u64)]) -> OpNode {
    let zero = B256::ZERO.to_string();
    let output = |block| Output {
        root: root(block).to_string(),
        state_root: zero.clone(),
        withdrawals: zero.clone(),
        hash: zero.clone(),
        header: String::new(),
    };
    OpNode::start(Known {
        outputs: (0..=100).map(output).collect(),
        current_l1,
        safe_heads: safe_heads.to_vec(),
        keeps_safe_heads: true,
        ..Known::default()
    })
}

fn rpc(node: &OpNode) -> Arc<Rpc> {
    Arc::new(Rpc::node(&node.url, Duration::ZERO).expect("a URL"))
}

/// What is chosen where the numbers drawn are these, in turn, each below what is asked for.
fn recent(nodes: &[&OpNode], l1: &Local, age: Age, drawn: &[u64]) -> Result<Inputs, SourceError> {
    let nodes = Nodes::new(nodes.iter().map(|node| rpc(node)).collect(), None);
    let mut drawn = drawn.iter();
    let mut random = |below: u64| {
        let number = *drawn.next().expect("no more is drawn");
        assert!(number < below, "{number} of {below}");
        number
    };
    nodes.recent(l1, age, &mut random)
}

fn is_about(inputs: &Inputs, block: u64) {
    assert_eq!(inputs.disputed.block, U256::from(block));
    assert_eq!(inputs.disputed.root, root(block));
    assert_eq!(inputs.starting.block, U256::from(block - 1));
    assert_eq!(inputs.starting.root, root(block - 1));
}

#[test]
fn a_block_is_the_first_or_the_last_of_a_batch_or_any() {
    let l1 = Local::new(1);
    // A batch brings blocks 41 to 60.
    let node = node(200, &[(10, 20), (150, 40), (180, 60)]);
    for (drawn, block) in [(&[0][..], 41), (&[1], 40), (&[2, 0], 41), (&[2, 19], 60)] {
        let inputs = recent(&[&node], &l1, Age::NONE, drawn).expect("it is chosen");
        is_about(&inputs, block);
        // The node's own block.
        assert_eq!(inputs.l1_head, B256::repeat_byte(0x11));
    }
    // Nothing else in what is looked at: the newest.
    node.known().safe_heads = vec![(0, 60)];
    is_about(&recent(&[&node], &l1, Age::NONE, &[]).expect("it"), 60);
    // The rollup has begun a moment ago: the database knows nothing before.
    node.known().safe_heads = vec![(190, 7)];
    is_about(&recent(&[&node], &l1, Age::NONE, &[]).expect("it"), 7);
}

#[test]
fn a_node_that_begins_later_has_no_block_before_its_first() {
    let l1 = Local::new(1);
    let node = node(200, &[(0, 50), (190, 52)]);
    node.known().first = 50;
    // Block 50 ends the batch before, and its parent is not there.
    is_about_later(&recent(&[&node], &l1, Age::NONE, &[1]).expect("it"), 52);
    node.known().safe_heads = vec![(0, 50)];
    let error = recent(&[&node], &l1, Age::NONE, &[]).expect_err("nothing is there");
    assert!(error.to_string().contains("height 49"), "{error}");
    node.known().safe_heads = vec![(0, 0)];
    let error = recent(&[&node], &l1, Age::NONE, &[]).expect_err("nothing is there");
    assert!(
        matches!(error, SourceError::NothingRecent { .. }),
        "{error}"
    );
}

/// Of a node whose first block is 50, and has the roots from 0 on.
fn is_about_later(inputs: &Inputs, block: u64) {
    assert_eq!(inputs.disputed.block, U256::from(block));
    assert_eq!(inputs.disputed.root, root(block - 50));
    assert_eq!(inputs.starting.root, root(block - 51));
}

#[test]
fn an_aged_game_looks_at_l1_as_it_was() {
    let l1 = Local::new(1);
    l1.mine(200);
    let age = Age {
        game: 100,
        proposal: 50,
    };
    let at = |number| l1.block(At::Number(number)).expect("it").hash;
    let node = node(200, &[(10, 20), (45, 30), (90, 40), (180, 60)]);
    let inputs = recent(&[&node], &l1, age, &[0]).expect("it");
    // L1 block 100, and what was determined at 50: 30, of a batch after 20.
    assert_eq!(inputs.l1_head, at(100));
    is_about(&inputs, 21);
    // The rollup is younger than the proposal would be, and than the game would be.
    node.known().safe_heads = vec![(90, 40), (180, 60)];
    let inputs = recent(&[&node], &l1, age, &[]).expect("it");
    assert_eq!(inputs.l1_head, at(100));
    is_about(&inputs, 40);
    node.known().safe_heads = vec![(180, 60)];
    let inputs = recent(&[&node], &l1, age, &[]).expect("it");
    assert_eq!(inputs.l1_head, B256::repeat_byte(0x11));
    is_about(&inputs, 60);
    // L1 itself is.
    node.known().current_l1 = 99;
    node.known().safe_heads = vec![(0, 60)];
    let inputs = recent(&[&node], &l1, age, &[]).expect("it");
    assert_eq!(inputs.l1_head, B256::repeat_byte(0x11));
}

#[test]
fn nodes_have_to_agree_on_the_outputs() {
    let l1 = Local::new(1);
    let (one, two) = (node(200, &[(0, 60)]), node(200, &[(0, 60)]));
    is_about(&recent(&[&one, &two], &l1, Age::NONE, &[]).expect("it"), 60);
    two.known().outputs[60].root = B256::ZERO.to_string();
    let error = recent(&[&one, &two], &l1, Age::NONE, &[]).expect_err("they differ");
    assert!(error.to_string().contains(&two.url), "{error}");
    // One that does not answer, or keeps no safe heads, is replaced by the other.
    one.known().keeps_safe_heads = false;
    two.known().outputs[60].root = root(60).to_string();
    is_about(&recent(&[&one, &two], &l1, Age::NONE, &[]).expect("it"), 60);
    two.known().keeps_safe_heads = false;
    let error = recent(&[&one, &two], &l1, Age::NONE, &[]).expect_err("nobody knows");
    assert!(error.to_string().contains("not enabled"), "{error}");
    let error = recent(&[], &l1, Age::NONE, &[]).expect_err("nobody is asked");
    assert!(matches!(error, SourceError::NoNode), "{error}");
}

/// A node of two chains, for which second 70 is the newest that is final.
fn super_node(rollup: &SuperRollup) -> OpNode {
    let rollup = rollup.clone();
    OpNode::start(Known {
        super_roots: SuperRoots::new(move |timestamp| {
            let mut said = answer(&rollup, timestamp.min(80))?;
            said["finalized_timestamp"] = 70.into();
            Ok(said)
        }),
        ..Known::default()
    })
}

fn recent_step(node: &OpNode, l1: &Local, drawn: u64) -> Result<SuperInputs, SourceError> {
    let nodes = Arc::new(SuperNodes::new(vec![rpc(node)]));
    nodes.recent(l1, &mut |below| {
        // Two chains, a step without one, and the last.
        assert_eq!(below, 4);
        drawn
    })
}

#[test]
fn a_step_is_a_chain_s_or_none_s_or_the_last() {
    let rollup = two_chains(100);
    let node = super_node(&rollup);
    let l1 = Local::new(1);
    l1.mine(150);
    let mut before: Option<SuperInputs> = None;
    for drawn in 0..4 {
        let inputs = recent_step(&node, &l1, drawn).expect("it is chosen");
        let state = inputs.agreed_state.clone().expect("it is known");
        assert_eq!(inputs.agreed, keccak256(&state));
        assert_eq!(inputs.timestamp, 80);
        // The node works on block 100, so that it has read 99; L1's final block is later.
        assert_eq!(inputs.l1_head, l1.block(At::Number(99)).expect("it").hash);
        match (drawn, SuperState::decode(&state)) {
            (0, Ok(SuperState::SuperRoot(start))) => assert_eq!(start.timestamp, 69),
            (1 | 2, Ok(SuperState::Transition(of))) => {
                assert_eq!(of.progress.len(), drawn as usize);
            }
            (3, Ok(SuperState::Transition(of))) => {
                assert_eq!((of.step, of.progress.len()), (127, 2));
                let end = rollup.super_root_at(70).expect("it").verified.expect("it");
                assert_eq!(inputs.claim, end.super_root.hash());
            }
            (_, other) => panic!("{drawn}: {other:?}"),
        }
        // Each of the first three steps leads to the next.
        if let Some(before) = before.filter(|_| drawn < 3) {
            assert_eq!(before.claim, inputs.agreed);
        }
        before = Some(inputs);
    }
}

#[test]
fn a_second_that_l1_does_not_determine_is_not_rehearsed() {
    let rollup = two_chains(100);
    let node = super_node(&rollup);
    // L1 has one block, and the data of second 70 are later.
    let error = recent_step(&node, &Local::new(1), 0).expect_err("nothing is determined");
    assert!(error.to_string().contains("70"), "{error}");
}
