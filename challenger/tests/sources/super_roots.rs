//! What super roots are true, from nodes: one that answers as it should, lags, leaves data out, lies about one chain,
//! or contradicts another; and games that do not start where they should.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{account, wallet};
use alloy_primitives::{Address, B256, U256, keccak256};
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::rollup::{SourceError, SuperNodes};
use fpvm_contracts::loader::Terms;
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::game::Proposal;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::super_root::{CONSOLIDATION, INVALID, SuperStep};
use fpvm_dispute::synthetic::SuperRollup;
use fpvm_dispute::trace::super_node::{NodeStates, SuperNode as _};
use fpvm_dispute::trace::{SuperStates, TraceError};
use fpvm_dispute::version::Version;
use fpvm_e2e::op_node::{Known, OpNode, SuperRoots};
use fpvm_e2e::super_roots::{answer, super_roots, two_chains};
use fpvm_l1::{At, Block, Chain as _, Local, Request, Rpc};
use serde_json::{Value, json};

/// From what to what games go, in seconds of L2 time; L1 has the data of all of it in its blocks before 20.
const START: u64 = 100;
const END: u64 = 105;

fn rollup() -> SuperRollup {
    two_chains(1_000)
}

/// A chain of twenty blocks.
fn chain() -> Local {
    let chain = Local::new(900);
    chain.fund(account(1), U256::from(crate::common::PURSE));
    let mut sender = wallet(Arc::new(chain.clone()), 1);
    for _ in 0..20 {
        let request = Request {
            what: "make a block".into(),
            to: Some(Address::ZERO),
            data: Vec::new().into(),
            value: U256::ZERO,
            gas: None,
        };
        sender.send(&[request], &mut |_| ()).expect("it is sent");
    }
    chain
}

/// A game about the rollup's own super root, or another.
fn game(chain: &Local, rollup: &SuperRollup) -> GameParams {
    let root = |at| rollup.super_root(at).expect("it has all");
    let proposed = root(END);
    let rules = Rules::new(Params::mainnet_super(B256::ZERO));
    GameParams {
        game: Address::repeat_byte(9),
        version: Version::Super0_8.number().into(),
        rules: Arc::new(rules.expect("legal rules")),
        proposal: Proposal {
            creator: Address::ZERO,
            root_claim: proposed.hash(),
            l1_head: chain.block(At::Latest).expect("a block").hash,
            l2_block: U256::from(END),
            super_root: Some(proposed),
        },
        starting: OutputRoot {
            root: root(START).hash(),
            block: U256::from(START),
        },
        created_at: 0,
        was_respected: true,
        vm: Address::ZERO,
        vault: Address::ZERO,
        vault_delay: 0,
        registry: Address::ZERO,
        oracle: Terms::mainnet(Address::ZERO, Address::ZERO),
    }
}

fn node(super_roots: SuperRoots) -> OpNode {
    OpNode::start(Known {
        super_roots,
        ..Known::default()
    })
}

/// A node that knows the rollup, whose answers are changed.
fn changed(change: impl Fn(u64, &mut Value) + Send + Sync + 'static) -> OpNode {
    node(SuperRoots::new(move |timestamp| {
        let mut said = answer(&rollup(), timestamp)?;
        change(timestamp, &mut said);
        Ok(said)
    }))
}

fn nodes(nodes: &[&OpNode]) -> Arc<SuperNodes> {
    let rpc = |node: &&OpNode| Arc::new(Rpc::node(&node.url, Duration::ZERO).expect("a URL"));
    Arc::new(SuperNodes::new(nodes.iter().map(rpc).collect()))
}

#[test]
fn each_state_is_that_of_the_model() {
    let (chain, rollup) = (chain(), rollup());
    let params = game(&chain, &rollup);
    let node = node(super_roots(rollup.clone()));
    let states = nodes(&[&node]).seen_by(&params, &chain);
    let states = states.expect("the node is so far");
    let l1_head = chain.block(At::Latest).expect("a block").number;
    let model = NodeStates {
        node: rollup.clone(),
        l1_head,
    };
    let mut place = SuperStep::start_of(START);
    while place.timestamp <= END {
        let known = model.state(place).expect("it has all");
        assert_ne!(*known, *INVALID);
        assert_eq!(states.state(place), Ok(known), "{place:?}");
        place = place.next();
    }
    let said = states.source(SuperStep::start_of(END)).expect("it says so");
    let root = rollup.super_root(END).expect("a root").hash();
    assert!(
        said.contains(&root.to_string()) && said.contains(&node.url),
        "{said}"
    );
    // Each second was asked for once.
    let asked = node.known().asked.len() as u64;
    assert_eq!(asked, END - START + 2);
    // What is to be proposed is the same.
    let nodes = nodes(&[&node]);
    let head = |number, time| Block {
        number,
        hash: B256::ZERO,
        parent: B256::ZERO,
        time,
        base_fee: 0,
    };
    let proposed = nodes.super_root(END, &head(1_000, END)).expect("a root");
    assert_eq!(proposed.hash(), root);
    // But not as long as L1 does not determine it, nor of a second that is still to come.
    for (head, why) in [
        (head(0, END), "wait, or choose an earlier second"),
        (head(1_000, END - 1), "and that is later"),
    ] {
        let error = nodes.super_root(END, &head).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn what_l1_does_not_determine_is_invalid_for_ever_after() {
    let (chain, mut rollup) = (chain(), rollup());
    // The second chain's blocks from 103 on need a block after the game's head.
    rollup.chains[1].late.insert(43, 500);
    let params = GameParams {
        proposal: Proposal {
            // Not the node's own, so that there is no doubt.
            root_claim: B256::repeat_byte(1),
            ..game(&chain, &rollup).proposal
        },
        ..game(&chain, &rollup)
    };
    let node = node(super_roots(rollup));
    let states = nodes(&[&node]).seen_by(&params, &chain).expect("so far");
    let is_invalid = |timestamp, step| {
        let state = states.state(SuperStep { timestamp, step });
        *state.expect("an answer") == *INVALID
    };
    assert!(!is_invalid(102, 0));
    // Chain 10 is the first by its id, and the one that is late.
    for step in [1, 2, 3, CONSOLIDATION] {
        assert!(is_invalid(102, step), "{step}");
    }
    assert!(is_invalid(103, 0) && is_invalid(END, 0));
}

#[test]
fn one_that_lags_is_waited_for() {
    let (chain, mut rollup) = (chain(), rollup());
    let params = game(&chain, &rollup);
    let head = chain.block(At::Latest).expect("a block").number;
    let ahead = node(super_roots(rollup.clone()));
    rollup.current_l1 = head;
    let behind = node(super_roots(rollup.clone()));
    let alone = nodes(&[&behind]);
    let waits = alone.seen_by(&params, &chain).expect_err("it lags");
    let is_waited_for = matches!(
        waits,
        SourceError::Trace(TraceError::NotInSync { l1_head, current_l1, .. }) if (l1_head, current_l1) == (head, head)
    );
    assert!(is_waited_for, "{waits}");
    // Beside one that is so far nobody waits for it.
    let both = nodes(&[&behind, &ahead]);
    let states = both.seen_by(&params, &chain).expect("one is so far");
    assert!(states.state(SuperStep::start_of(END)).is_ok());
    // What it has said before is not believed, and not remembered either.
    rollup.current_l1 = head + 1;
    behind.known().super_roots = super_roots(rollup);
    alone.seen_by(&params, &chain).expect("it is so far now");
}

#[test]
fn one_that_contradicts_another_is_said() {
    let (chain, rollup) = (chain(), rollup());
    let params = game(&chain, &rollup);
    let honest = node(super_roots(rollup.clone()));
    // It has another block of one chain, from some second on, and the roots to match.
    let mut other = rollup;
    other.chains[0].replaced.insert(21);
    let liar = node(super_roots(other));
    let both = nodes(&[&honest, &liar]);
    let error = both.seen_by(&params, &chain).expect_err("they differ");
    let text = error.to_string();
    for part in [
        &honest.url[..],
        &liar.url,
        "for chain 130",
        "nothing is done until they agree",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Alone it is not caught at the game's end, but what it says is another root than the proposed one.
    let alone = nodes(&[&liar]).seen_by(&params, &chain).expect("plausible");
    let root = alone.state(SuperStep::start_of(END)).expect("a state");
    assert_ne!(keccak256(root), params.proposal.root_claim);
    // A node that is gone is left out.
    let gone = OpNode::start(Known {
        fails: u32::MAX,
        ..Known::default()
    });
    nodes(&[&gone, &honest])
        .seen_by(&params, &chain)
        .expect("one answers");
}

#[test]
fn a_lie_about_one_chain_is_seen_where_it_does_not_fit() {
    let (chain, rollup) = (chain(), rollup());
    let params = game(&chain, &rollup);
    let wrong = B256::repeat_byte(0x66).to_string();
    let lie = |path: &'static str| {
        let wrong = wrong.clone();
        changed(move |timestamp, said| {
            if timestamp == END
                && let Some(place) = said.pointer_mut(path)
            {
                *place = json!(wrong);
            }
        })
    };
    for (path, why) in [
        ("/data/super/chains/0/Output", "its super root is"),
        ("/data/super_root", "its super root is 0x6666"),
        (
            "/optimistic_at_timestamp/10/output_root",
            "chain 10 has the output root 0x6666",
        ),
        (
            "/optimistic_at_timestamp/10/output/stateRoot",
            "chain 10 has the output root",
        ),
    ] {
        let liar = lie(path);
        let error = nodes(&[&liar]).seen_by(&params, &chain).expect_err(path);
        assert!(error.to_string().contains(why), "{path}: {error}");
    }
}

#[test]
fn data_left_out_is_no_evidence() {
    let (chain, rollup) = (chain(), rollup());
    let params = game(&chain, &rollup);
    // The game's last second is verified, one before it is not.
    let forgets = changed(|timestamp, said| {
        if timestamp == 103 {
            said["data"] = Value::Null;
        }
    });
    let states = nodes(&[&forgets])
        .seen_by(&params, &chain)
        .expect("plausible");
    for step in [0, 1, CONSOLIDATION] {
        let place = SuperStep {
            timestamp: 103,
            step,
        };
        let error = states.state(place).expect_err("it leaves data out");
        assert!(error.to_string().contains("it leaves data out"), "{error}");
    }
    // So too where it leaves a chain out.
    let forgets = changed(|timestamp, said| {
        if timestamp == 104 {
            said["optimistic_at_timestamp"] = json!({});
        }
    });
    let states = nodes(&[&forgets])
        .seen_by(&params, &chain)
        .expect("plausible");
    let place = SuperStep {
        timestamp: 103,
        step: 1,
    };
    let error = states.state(place).expect_err("it leaves a chain out");
    assert!(error.to_string().contains("it leaves data out"), "{error}");
}

#[test]
fn a_game_that_starts_elsewhere_is_not_played() {
    let (chain, rollup) = (chain(), rollup());
    let good = game(&chain, &rollup);
    let node = node(super_roots(rollup));
    let from = |root, block| GameParams {
        starting: OutputRoot { root, block },
        ..good.clone()
    };
    let refused = |params: GameParams| {
        nodes(&[&node])
            .seen_by(&params, &chain)
            .expect_err("elsewhere")
    };
    let wrong = B256::repeat_byte(7);
    let error = refused(from(wrong, U256::from(START)));
    let is_said = matches!(
        &error,
        SourceError::Trace(TraceError::WrongStart { timestamp: START, game, node })
            if *game == wrong && *node == good.starting.root
    );
    assert!(is_said, "{error}");
    // An anchor whose number is a block: before the chains begin, or no time at all.
    let error = refused(from(good.starting.root, U256::from(5)));
    assert!(error.to_string().contains("not found"), "{error}");
    let error = refused(from(good.starting.root, U256::MAX));
    assert!(matches!(error, SourceError::NoTimestamp(number) if number == U256::MAX));
}

#[test]
fn its_own_root_is_doubted_before_it_is_attacked() {
    let (chain, mut rollup) = (chain(), rollup());
    rollup.chains[1].late.insert(43, 500);
    let params = game(&chain, &rollup);
    let node = node(super_roots(rollup));
    let nodes = nodes(&[&node]);
    let error = nodes.seen_by(&params, &chain).expect_err("a doubt");
    let text = error.to_string();
    assert!(matches!(error, SourceError::Contradiction { .. }), "{text}");
    assert!(
        text.contains(&format!(
            "its own root of timestamp {END} is the proposed one"
        )),
        "{text}"
    );
    // It lasts for a quarter of a side's clock where there is one node alone.
    chain.advance(params.rules.max_clock_duration() / 4);
    let states = nodes.seen_by(&params, &chain).expect("no doubt any more");
    let state = states.state(SuperStep::start_of(END)).expect("an answer");
    assert_eq!(*state, *INVALID);
}

#[test]
fn of_a_game_that_is_won_what_l1_has_by_now_counts() {
    let (chain, mut rollup) = (chain(), rollup());
    rollup.chains[1].late.insert(43, 500);
    let rules = Rules::new(Params {
        version: Version::SuperPermissioned1_0,
        game_type: 5,
        roles: Some(Roles {
            proposer: Address::ZERO,
            challenger: Address::ZERO,
        }),
        ..Params::mainnet_super(B256::ZERO)
    });
    let params = GameParams {
        rules: Arc::new(rules.expect("legal rules")),
        starting: OutputRoot::default(),
        ..game(&chain, &rollup)
    };
    let known = node(super_roots(rollup.clone()));
    let end = SuperStep::start_of(END);
    let states = nodes(&[&known]).seen_by(&params, &chain).expect("so far");
    let own = states.state(end).expect("a root");
    assert_eq!(keccak256(own), params.proposal.root_claim);
    // One that has none though it is past the game's head says that there is none.
    rollup.current_l1 = 400;
    let without = node(super_roots(rollup));
    let states = nodes(&[&without]).seen_by(&params, &chain).expect("so far");
    assert_eq!(*states.state(end).expect("an answer"), *INVALID);
}

/// The rollup of these tests is one whose blocks L1 has before the game.
#[test]
fn the_rollup_is_old_enough() {
    let root = rollup().super_root_at(END + 1).expect("it has all");
    assert!(root.verified.expect("a root").required_l1 < 20);
}
