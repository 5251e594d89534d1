//! What is true, from a rollup's node: one that answers as it should, is behind, forgets, or fails; and
//! games that are played by it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::players::{Alphabet, CHEAT, HONEST, PROPOSED, known, scheduler};
use crate::common::{CLOCK, alphabet, deployment, wallet};
use alloy_primitives::{Address, B256, Bytes, U256};
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::{Kind, Strategy};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::watch::game;
use fpvm_challenger::rollup::{GameOutputs, Source, SourceError};
use fpvm_challenger::scheduler::{GameScheduler, Games, TraceSource, Unplayable};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::synthetic::Rollup;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Outputs as _, TraceError};
use fpvm_e2e::op_node::{Known, OpNode, Output};
use fpvm_l1::{At, Chain, Local, Rpc};

/// What all tests' nodes tell of.
const ROLLUP: Rollup = Rollup {
    seed: 9,
    safe_head: 500,
    execution_length: 8,
};

/// A node that knows so many blocks.
fn node(blocks: u64) -> OpNode {
    let output = |block| {
        let evidence = ROLLUP.evidence(U256::from(block)).expect("it has all");
        Output {
            root: evidence.proof.output_root().to_string(),
            state_root: evidence.proof.state_root.to_string(),
            withdrawals: evidence.proof.message_passer_storage_root.to_string(),
            hash: evidence.proof.latest_block_hash.to_string(),
            header: Bytes::from(evidence.header).to_string(),
        }
    };
    OpNode::start(Known {
        outputs: (0..blocks).map(output).collect(),
        current_l1: 1_000,
        safe_heads: vec![(0, PROPOSED)],
        keeps_safe_heads: true,
        ..Known::default()
    })
}

/// The node as a source of outputs; it is asked again for so long.
fn source(node: &OpNode, patience: Duration) -> Source {
    let rpc = || Arc::new(Rpc::node(&node.url, patience).expect("a URL"));
    Source::nodes(vec![rpc()], Some(rpc()))
}

/// What is true according to a node.
struct Told(Source, Arc<dyn Chain>);

impl TraceSource for Told {
    type Trace = SplitTrace<GameOutputs, Alphabet>;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        known(game_params)?;
        let outputs = self.0.seen_by(game_params, &*self.1);
        Ok(SplitTrace {
            outputs: outputs.map_err(|error| Unplayable {
                why: error.to_string(),
                is_final: false,
            })?,
            executions: Alphabet,
        })
    }
}

/// A chain with a game about an output of the rollup.
fn proposed(root: B256) -> (Local, Address) {
    let mut setup = alphabet();
    setup.anchor.root = ROLLUP.root(U256::ZERO);
    let (chain, deployment) = deployment(&setup);
    let mut proposer = wallet(Arc::new(chain.clone()), CHEAT);
    let block = U256::from(PROPOSED);
    let factory = Factory(deployment.factory);
    let game = factory.create(
        &mut proposer,
        setup.params.game_type,
        root,
        block,
        &mut |_| (),
    );
    (chain, game.expect("it is created"))
}

fn game_params(chain: &Local, address: Address) -> GameParams {
    let reader = Reader::newest(chain).expect("a block");
    game(&reader, address).expect("a game").0
}

/// An honest player who believes the node.
fn honest(chain: &Local, address: Address, node: &OpNode) -> GameScheduler<Told> {
    let chain: Arc<dyn Chain> = Arc::new(chain.clone());
    let told = Told(source(node, Duration::ZERO), chain.clone());
    let games = Games::Listed(vec![address]);
    scheduler(chain, HONEST, games, told, Strategy::Honest)
}

fn round<K: TraceSource>(scheduler: &mut GameScheduler<K>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut collect = |event: &Event| events.push(event.clone());
    scheduler
        .round(&mut EventSink(&mut collect))
        .expect("it answers");
    events
}

/// How many things of a kind were done.
fn done(events: &[Event], kind: Kind) -> usize {
    let of_kind = |event: &&Event| event.event == Name::Done && event.kind == Some(kind);
    events.iter().filter(of_kind).count()
}

#[test]
fn outputs_heads_and_evidence_are_read() {
    let (chain, address) = proposed(B256::repeat_byte(1));
    let node = node(20);
    let outputs = source(&node, Duration::ZERO).seen_by(&game_params(&chain, address), &chain);
    let outputs = outputs.expect("the node is so far");
    let at = U256::from(PROPOSED);
    assert_eq!(outputs.safe_head(), at);
    assert_eq!(outputs.output(at), Ok(ROLLUP.root(at)));
    assert_eq!(outputs.evidence(at), ROLLUP.evidence(at));
    let missing = U256::from(20);
    let unknown =
        |error| matches!(error, Some(TraceError::NoOutput { block, .. }) if block == missing);
    assert!(unknown(outputs.output(missing).err()));
    assert!(unknown(outputs.evidence(missing).err()));
}

#[test]
fn a_node_that_cannot_know_is_told() {
    let (chain, address) = proposed(B256::repeat_byte(1));
    let game_params = game_params(&chain, address);
    let head = chain
        .block(At::Hash(game_params.proposal.l1_head))
        .expect("a block")
        .number;
    let node = node(20);
    let ask = || source(&node, Duration::ZERO).seen_by(&game_params, &chain);

    // At the block itself it may still be deriving from that.
    node.known().current_l1 = head;
    let behind = ask().expect_err("it is behind");
    assert!(
        matches!(behind, SourceError::Behind { head: at, .. } if at == head),
        "{behind}"
    );
    node.known().current_l1 = head + 1;
    assert!(ask().is_ok());

    node.known().keeps_safe_heads = false;
    let refused = ask().expect_err("it keeps no safe heads").to_string();
    assert!(
        refused.contains("safe head database not enabled"),
        "{refused}"
    );
    node.known().keeps_safe_heads = true;
    node.known().safe_heads.clear();
    assert!(ask().is_err());

    // It fails for a while, and is asked again.
    node.known().safe_heads = vec![(0, 16)];
    node.known().fails = 2;
    let patient = source(&node, Duration::from_secs(10)).seen_by(&game_params, &chain);
    assert_eq!(patient.expect("it comes back").safe_head(), U256::from(16));
    node.known().fails = 2;
    let hasty = ask().expect_err("nobody waits").to_string();
    assert!(hasty.contains("503"), "{hasty}");
}

#[test]
fn a_right_proposal_is_left_alone_however_far_the_node_is() {
    let at = U256::from(PROPOSED);
    let (chain, address) = proposed(ROLLUP.root(at));
    let node = node(20);
    // The node has not read the block of L1 in which the batch was, and calls an earlier block safe.
    node.known().current_l1 = 1;
    node.known().safe_heads = vec![(0, 3), (2, PROPOSED)];
    let mut honest = honest(&chain, address, &node);
    let events = round(&mut honest);
    let left = events.iter().find(|event| event.event == Name::Left);
    assert!(
        left.expect("it is told")
            .why
            .contains("has not read L1 past block"),
        "{events:?}"
    );
    assert!(round(&mut honest).is_empty(), "it is told once");
    // It has caught up: the proposal is right, and nothing is done but to end the game.
    node.known().current_l1 = 1_000;
    let events = round(&mut honest);
    assert!(
        events.iter().any(|event| event.event == Name::Found),
        "{events:?}"
    );
    chain.advance(2 * CLOCK);
    let mut all = events;
    for _ in 0..3 {
        all.extend(round(&mut honest));
    }
    assert_eq!(
        (done(&all, Kind::Move), done(&all, Kind::Challenge)),
        (0, 0),
        "{all:?}"
    );
    let reader = Reader::newest(&chain).expect("a block");
    let status = game(&reader, address).expect("a game").1.game.status();
    assert_eq!(status, GameStatus::DefenderWins);
}

#[test]
fn a_wrong_output_is_attacked_once_the_node_has_it() {
    let (chain, address) = proposed(B256::repeat_byte(1));
    let node = node(4);
    let mut honest = honest(&chain, address, &node);
    // It knows what is safe, but not the outputs: somebody syncs it anew.
    let events = round(&mut honest);
    let trouble = events.iter().find(|event| event.event == Name::Trouble);
    assert!(
        trouble
            .expect("it is told")
            .why
            .contains("no output root is known"),
        "{events:?}"
    );
    assert_eq!(done(&events, Kind::Move), 0);
    node.known().outputs = self::node(20).known().outputs.clone();
    chain.advance(3_600);
    let events = round(&mut honest);
    assert_eq!(done(&events, Kind::Move), 1, "{events:?}");
    let reader = Reader::newest(&chain).expect("a block");
    let seen = game(&reader, address).expect("a game").1;
    let attack = &seen.game.claims()[1];
    assert_eq!(
        attack.claim,
        ROLLUP.root(seen.game.output_block(attack.position).expect("a block"))
    );
}

#[test]
fn a_block_that_is_not_determined_is_shown_to_be_another() {
    // The root of an earlier block, proposed for a later one: nothing on L1 determines that.
    let safe = U256::from(10);
    let (chain, address) = proposed(ROLLUP.root(safe));
    let node = node(20);
    node.known().safe_heads = vec![(0, 10)];
    let mut honest = honest(&chain, address, &node);
    let events = round(&mut honest);
    assert_eq!(done(&events, Kind::Challenge), 1, "{events:?}");
    let reader = Reader::newest(&chain).expect("a block");
    let seen = game(&reader, address).expect("a game").1;
    assert!(seen.game.block_challenger().is_some());
}

#[test]
fn a_safe_head_below_the_start_is_refused() {
    let (chain, address) = proposed(B256::repeat_byte(1));
    let mut game = game_params(&chain, address);
    game.starting.block = U256::from(8);
    let node = node(20);
    node.known().safe_heads = vec![(0, 7)];
    let error = source(&node, Duration::ZERO).seen_by(&game, &chain);
    let error = error.expect_err("it lost a part").to_string();
    for words in [
        &node.url,
        "determines L2 up to block 7 only",
        "starts from block 8",
    ] {
        assert!(error.contains(words), "{error}");
    }
    // Another node that has all is believed beside it.
    let whole = self::node(20);
    let rpc = |url: &str| Arc::new(Rpc::node(url, Duration::ZERO).expect("a URL"));
    let both = Source::nodes(vec![rpc(&node.url), rpc(&whole.url)], None);
    let outputs = both.seen_by(&game, &chain).expect("one is plausible");
    assert_eq!(outputs.safe_head(), U256::from(PROPOSED));
}

#[test]
fn a_proposal_that_is_the_nodes_own_root_is_not_attacked_at_once() {
    let at = U256::from(PROPOSED);
    let (chain, address) = proposed(ROLLUP.root(at));
    let node = node(20);
    // The entries after block 10 are missing in its database.
    node.known().safe_heads = vec![(0, 10)];
    let mut honest = honest(&chain, address, &node);
    let events = round(&mut honest);
    let why = &events.iter().find(|event| event.event == Name::Left);
    let why = &why.expect("it is told").why;
    for words in ["up to block 10", "its own root of block", "asked again"] {
        assert!(why.contains(words), "{why}");
    }
    assert_eq!(done(&events, Kind::Move), 0);
    // It is asked again at the next block. By then another copy of it answers, which has all.
    chain.advance(60);
    node.known().safe_heads = vec![(0, PROPOSED)];
    let events = round(&mut honest);
    assert!(events.iter().any(|event| event.event == Name::Found));
    assert_eq!(done(&events, Kind::Move), 0, "{events:?}");
}

#[test]
fn nodes_that_do_not_agree_are_not_believed() {
    let (chain, address) = proposed(B256::repeat_byte(1));
    let game = game_params(&chain, address);
    let (one, other) = (node(20), node(20));
    let rpc = |node: &OpNode| Arc::new(Rpc::node(&node.url, Duration::ZERO).expect("a URL"));
    let both = Source::nodes(vec![rpc(&one), rpc(&other)], None);
    let outputs = both.seen_by(&game, &chain).expect("they agree");
    let root = other.known().outputs[3].root.clone();
    other.known().outputs[3].root = B256::repeat_byte(9).to_string();
    let error = outputs.output(U256::from(3)).expect_err("they do not");
    for words in [&one.url, &other.url, &root] {
        assert!(error.to_string().contains(words), "{error}");
    }
    other.known().safe_heads = vec![(0, 9)];
    let error = both.seen_by(&game, &chain).expect_err("they do not");
    assert!(matches!(error, SourceError::Disagree { .. }), "{error}");
    // One that is down is left out.
    other.known().fails = u32::MAX;
    assert!(both.seen_by(&game, &chain).is_ok());
    // It is not asked for the next game of the round.
    let asked = other.known().fails;
    assert!(both.seen_by(&game, &chain).is_ok());
    assert_eq!(other.known().fails, asked);
    // The reason says who says what, and each cause has its own words.
    let outputs = both.seen_by(&game, &chain).expect("one answers");
    let said = outputs.source(U256::from(4)).expect("a node says so");
    assert!(
        said.contains(&one.url) && said.contains(&one.known().outputs[4].root),
        "{said}"
    );
    let header = outputs.evidence(U256::from(4)).expect_err("no L2 node");
    assert!(
        header.to_string().contains("no L2 node is named"),
        "{header}"
    );
}

/// A node that goes on failing is left alone for longer each time: at least a second, then at least two.
#[test]
fn a_node_that_fails_rests_longer_each_time() {
    let (chain, address) = proposed(B256::repeat_byte(1));
    let (params, node) = (game_params(&chain, address), node(20));
    node.known().fails = u32::MAX;
    let source = source(&node, Duration::ZERO);
    let asked = || u32::MAX - node.known().fails;
    // Whoever wants to know asks again and again; the node hears of it only when its rest is over.
    let until_asked = || {
        let (begun, before) = (Instant::now(), asked());
        while asked() == before {
            assert!(source.seen_by(&params, &chain).is_err());
            std::thread::sleep(Duration::from_millis(20));
        }
        begun.elapsed()
    };
    until_asked();
    let error = source.seen_by(&params, &chain).expect_err("it rests");
    assert!(matches!(error, SourceError::Resting { .. }), "{error}");
    let [first, second] = [until_asked(), until_asked()];
    assert!(first >= Duration::from_millis(900), "{first:?}");
    assert!(second >= Duration::from_millis(1_900), "{second:?}");
    // One that answers again is asked as ever.
    node.known().fails = 0;
    while source.seen_by(&params, &chain).is_err() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let before = node.known().asked.len();
    assert!(source.seen_by(&params, &chain).is_ok());
    assert!(node.known().asked.len() > before);
}
