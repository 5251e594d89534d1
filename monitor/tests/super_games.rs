//! Super games, watched: by nodes that know super roots, are behind, or contradict each other, and without any.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::Address;
use common::chain::players::CHEAT;
use common::chain::{CLOCK, FINALITY, account, super_game, wallet};
use common::{Look, OWNER, World};
use fpvm_challenger::calls;
use fpvm_challenger::deployment::Setup;
use fpvm_challenger::factory::Claimed;
use fpvm_challenger::rollup::SuperNodes;
use fpvm_dispute::super_root::SuperRoot;
use fpvm_dispute::synthetic::SuperRollup;
use fpvm_e2e::op_node::{Known, OpNode};
use fpvm_e2e::super_roots::{super_roots, two_chains};
use fpvm_l1::Rpc;
use fpvm_monitor::problems::Grade::{Blind, Late, Notice, Wrong};
use fpvm_monitor::problems::Kind;
use fpvm_monitor::survey::{Monitor, State};
use fpvm_monitor::truth::Truth;
use fpvm_monitor::web::Web;

/// Where games start, in seconds of L2 time: far enough back that L1 has the data of what is proposed.
const START: u64 = 100;
const END: u64 = START + 2;

fn rollup() -> SuperRollup {
    two_chains(1_000_000)
}

fn root_at(timestamp: u64) -> SuperRoot {
    rollup().super_root(timestamp).expect("it has all")
}

fn false_root(timestamp: u64) -> SuperRoot {
    let mut root = root_at(timestamp);
    for chain in &mut root.chains {
        chain.output_root.0[0] ^= 0x80;
    }
    root
}

fn node(rollup: SuperRollup) -> OpNode {
    OpNode::start(Known {
        super_roots: super_roots(rollup),
        ..Known::default()
    })
}

fn everybodys() -> Setup {
    super_game(&root_at(START), None)
}

fn of_a_proposer() -> Setup {
    super_game(&root_at(START), Some(account(CHEAT)))
}

fn propose(world: &World, game_type: u32, root: SuperRoot) -> Address {
    let mut proposer = wallet(Arc::new(world.chain.clone()), CHEAT);
    let claimed = Claimed::SuperRoot(root);
    let created = world
        .factory()
        .create_about(&mut proposer, game_type, &claimed, &mut |_| ());
    created.expect("it is created")
}

fn monitor(world: &World, nodes: &[&OpNode]) -> Monitor {
    let rpc = |node: &&OpNode| Arc::new(Rpc::node(&node.url, Duration::ZERO).expect("a URL"));
    let nodes: Vec<_> = nodes.iter().map(rpc).collect();
    let super_nodes = (!nodes.is_empty()).then(|| Arc::new(SuperNodes::new(nodes)));
    let truth = Truth::new([], super_nodes);
    Monitor::new(Arc::new(world.chain.clone()), truth, world.options())
}

#[test]
fn right_and_wrong_super_roots_are_told_apart() {
    let world = World::new(&everybodys());
    let right = propose(&world, 9, root_at(END));
    let wrong = propose(&world, 9, false_root(END));
    let node = node(rollup());
    let mut monitor = monitor(&world, &[&node]);
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(right), []);
    assert_eq!(look.of(wrong), [(Late, Kind::WrongForecast)]);
    let highest = look.figure("op_dispute_mon_latest_valid_proposal_l2_block");
    assert_eq!(highest, END as f64);

    world.chain.advance(CLOCK + 60);
    world.resolve(right);
    world.resolve(wrong);
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(right), []);
    assert_eq!(look.of(wrong), [(Wrong, Kind::WrongRootFinalising)]);
}

#[test]
fn nodes_that_do_not_know_are_no_evidence() {
    let world = World::new(&everybodys());
    let game = propose(&world, 9, root_at(END));
    let (good, behind) = (
        node(rollup()),
        node(SuperRollup {
            current_l1: 0,
            ..rollup()
        }),
    );
    let alone = Look::at(&mut monitor(&world, &[&behind]));
    assert_eq!(alone.of(game), [(Blind, Kind::NoAnswer)]);
    let both = Look::at(&mut monitor(&world, &[&behind, &good]));
    assert_eq!(both.of(game), []);
    assert!(both.problems.iter().any(|all| all.kind == Kind::NodeBehind));
    let other = node(SuperRollup {
        seed: 2,
        ..rollup()
    });
    let differ = Look::at(&mut monitor(&world, &[&other, &good]));
    assert!(differ.of(game).contains(&(Blind, Kind::NodesDiffer)));
    // Nobody is asked: the game is counted, and not judged.
    let none = Look::at(&mut monitor(&world, &[]));
    let state = &none.survey.games[0].state;
    assert!(matches!(state, State::Unjudged(_)), "{state:?}");
    let kinds: Vec<_> = none
        .problems
        .iter()
        .map(|all| (all.grade, all.kind))
        .collect();
    assert_eq!(kinds, [(Notice, Kind::Unjudged)]);
}

#[test]
fn a_false_proposal_that_nobody_can_dispute_is_the_guardians() {
    let world = World::new(&of_a_proposer());
    let game = propose(&world, 5, false_root(END));
    let node = node(rollup());
    let mut monitor = monitor(&world, &[&node]);
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(game), [(Wrong, Kind::WrongRootFinalising)]);
    let until = look.problems[0].until.expect("it can be struck off");
    let (_, seen) = look.survey.seen().next().expect("it is read");
    assert_eq!(until, seen.params.created_at + FINALITY + 1);
    assert!(look.survey.vaults.is_empty());

    world.chain.advance(FINALITY + 60);
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(game), [(Wrong, Kind::WrongRootFinal)]);
    world.blacklist(game);
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(game), [(Notice, Kind::StruckOff)]);
}

#[test]
fn a_true_one_is_to_become_the_anchor() {
    let world = World::new(&of_a_proposer());
    let game = propose(&world, 5, root_at(END));
    let node = node(rollup());
    let mut monitor = monitor(&world, &[&node]);
    assert_eq!(Look::at(&mut monitor).problems, []);
    world.chain.advance(FINALITY + 60);
    assert_eq!(Look::at(&mut monitor).problems, []);
    world.chain.advance(2 * 86_400);
    let look = Look::at(&mut monitor);
    assert_eq!(look.of(game), [(Late, Kind::Unclosed)]);
    world.send(OWNER, calls::set_anchor(world.deployment.registry, game));
    let look = Look::at(&mut monitor);
    assert_eq!(look.problems, []);
    let anchor = &look.survey.registries[&world.deployment.registry];
    assert!(anchor.is_super);
    assert_eq!(anchor.expected, Some(root_at(END).hash()));
    let page = page_of(&look);
    let words = format!("new games start from the super root at timestamp {END}");
    assert!(page.contains(&words), "{page}");
}

/// The overview of a look, as it is served.
fn page_of(look: &Look) -> String {
    let web = Web::serve("127.0.0.1:0").expect("a free port");
    let seen = (Arc::new(look.survey.clone()), look.problems.clone());
    web.set(Some(seen), look.metrics.clone());
    let mut stream = TcpStream::connect(web.address()).expect("it listens");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .expect("sent");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("text");
    page
}

/// Two paths of one server are two nodes, whose figures are told apart.
#[test]
fn nodes_of_one_name_have_figures_of_their_own() {
    let world = World::new(&everybodys());
    let node = node(rollup());
    let look = Look::at(&mut monitor(&world, &[&node, &node]));
    let names: Vec<_> = look.survey.nodes.iter().map(|node| &node.name).collect();
    assert_eq!(names, [&node.url, &format!("{} (number 2)", node.url)]);
    let series = look.metrics.lines();
    let series: Vec<_> = series
        .filter_map(|line| Some(line.rsplit_once(' ')?.0))
        .filter(|name| !name.starts_with('#'))
        .collect();
    let different: std::collections::BTreeSet<_> = series.iter().collect();
    assert_eq!(series.len(), different.len(), "{series:#?}");
}
