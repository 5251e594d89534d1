//! Several nodes of one chain: one that does not work is passed over, and one that says something else is found.

use fpvm_e2e::l1_node::{L1Node, Mood, State};
use fpvm_l1::{Address, At, Chain as _, Error, Limits, Rpc, U256};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);

/// Nodes that agree; the balance tells who answers: 1 for the first.
fn nodes(count: u64) -> Vec<L1Node> {
    let state = |number| State {
        chain_id: 900,
        head: 1_000,
        balance: number,
        ..State::default()
    };
    (1..=count)
        .map(|number| L1Node::start(state(number)))
        .collect()
}

fn limits() -> Limits {
    Limits {
        timeout: Duration::from_millis(500),
        compare_every: Duration::ZERO,
        ..Limits::default()
    }
}

fn try_connect(nodes: &[L1Node], expected: Option<u64>) -> Result<Rpc, Error> {
    let urls: Vec<_> = nodes.iter().map(|node| node.url.clone()).collect();
    Rpc::connect_all(&urls, expected, PATIENCE, limits())
}

fn connect(nodes: &[L1Node]) -> Rpc {
    try_connect(nodes, None).expect("one answers")
}

/// Who answers.
fn who(chain: &Rpc) -> U256 {
    let balance = chain.balance(Address::ZERO, At::Latest);
    balance.expect("one answers")
}

fn is(number: u64) -> U256 {
    U256::from(number)
}

/// Why each is not asked.
fn troubles(chain: &Rpc) -> Vec<Option<String>> {
    chain.nodes().into_iter().map(|node| node.trouble).collect()
}

#[test]
fn one_that_is_down_or_hangs_or_answers_a_page_is_passed_over_until_it_is_back() {
    for (mood, why) in [
        (Mood::Down, "connection"),
        (Mood::Hangs, "timed out"),
        (Mood::Page, "no JSON-RPC"),
        (Mood::TooMany(u32::MAX, 1), "slow down"),
    ] {
        let nodes = nodes(3);
        let chain = connect(&nodes);
        assert_eq!(who(&chain), is(1), "they are asked in their order");
        nodes[0].state().mood = mood.clone();
        let begun = Instant::now();
        for _ in 0..20 {
            assert_eq!(who(&chain), is(2), "{mood:?}");
        }
        // It holds up one question, and not twenty.
        assert!(begun.elapsed() < Duration::from_secs(3), "{mood:?}");
        let trouble = troubles(&chain);
        let said = trouble[0].as_deref().expect("it is in trouble");
        assert!(said.contains(why) || mood_is_429(said), "{mood:?}: {said}");
        assert_eq!(trouble[1..], [None, None]);
        assert!(chain.nodes()[0].failures >= 1);
        nodes[0].state().mood = Mood::Well;
        std::thread::sleep(Duration::from_millis(1_200));
        assert_eq!(who(&chain), is(1), "{mood:?}: it is back after its rest");
    }
}

fn mood_is_429(said: &str) -> bool {
    said.contains("429")
}

#[test]
fn a_beginning_with_nodes_that_do_not_work_takes_the_one_that_does() {
    let nodes = nodes(3);
    nodes[0].state().mood = Mood::Down;
    nodes[1].state().mood = Mood::Page;
    let chain = connect(&nodes);
    assert_eq!((who(&chain), chain.chain_id()), (is(3), 900));
    nodes[2].state().mood = Mood::Down;
    let begun = Instant::now();
    let error = chain.balance(Address::ZERO, At::Latest).unwrap_err();
    let Error::Unreachable { node, why, .. } = &error else {
        panic!("{error}");
    };
    // All are named, each with what is wrong there.
    for one in &nodes {
        assert!(node.contains(&one.url) && why.contains(&one.url), "{error}");
    }
    assert!(begun.elapsed() < PATIENCE * 2);
}

#[test]
fn one_on_another_chain_is_left_out() {
    let nodes = nodes(3);
    nodes[0].state().chain_id = 5;
    let chain = connect(&nodes);
    assert_eq!((who(&chain), chain.chain_id()), (is(2), 900));
    assert_eq!(troubles(&chain)[0].as_deref(), Some("it is on chain 5"));
    // The one that is asked for counts, and not what most say.
    let chain = try_connect(&nodes, Some(5)).expect("one is on it");
    assert_eq!((who(&chain), chain.chain_id()), (is(1), 5));
    let error = try_connect(&nodes, Some(7)).unwrap_err();
    assert!(
        matches!(error, Error::WrongChain { expected: 7, .. }),
        "{error}"
    );
    // Of two nobody knows who is right.
    let error = try_connect(&nodes[..2], None).unwrap_err();
    let Error::SeveralChains { said } = &error else {
        panic!("{error}");
    };
    assert!(
        said.contains("is on 5") && said.contains("is on 900"),
        "{said}"
    );
}

#[test]
fn one_that_comes_back_on_another_chain_is_left_out() {
    let nodes = nodes(2);
    let chain = connect(&nodes);
    nodes[0].state().mood = Mood::Down;
    assert_eq!(who(&chain), is(2));
    let mut state = nodes[0].state();
    (state.mood, state.chain_id) = (Mood::Well, 5);
    drop(state);
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!(who(&chain), is(2));
    assert_eq!(troubles(&chain)[0].as_deref(), Some("it is on chain 5"));
    nodes[0].state().chain_id = 900;
    chain.block(At::Latest).unwrap();
    assert_eq!(who(&chain), is(1));
}

#[test]
fn one_that_is_behind_is_left_out_until_it_has_caught_up() {
    let nodes = nodes(3);
    nodes[0].state().head = 900;
    let chain = connect(&nodes);
    assert_eq!(chain.block(At::Latest).unwrap().number, 1_000);
    assert_eq!(who(&chain), is(2));
    let trouble = troubles(&chain);
    assert_eq!(trouble[0].as_deref(), Some("it is 100 blocks behind"));
    nodes[0].state().head = 999;
    chain.block(At::Latest).unwrap();
    assert_eq!(who(&chain), is(1));
    // One that is a block behind does not take back what was told.
    assert_eq!(chain.block(At::Latest).unwrap().number, 1_000);
    // Where it is the only one left, it is better than none.
    nodes[0].state().head = 900;
    chain.block(At::Latest).unwrap();
    assert_eq!(who(&chain), is(2));
    nodes[1].state().mood = Mood::Down;
    nodes[2].state().mood = Mood::Down;
    assert_eq!(chain.block(At::Latest).unwrap().number, 900);
}

#[test]
fn one_on_another_fork_is_left_out_until_it_agrees() {
    let nodes = nodes(3);
    let chain = connect(&nodes);
    let fork = |number: usize, fork, forks_at| {
        let mut state = nodes[number].state();
        (state.fork, state.forks_at) = (fork, forks_at);
    };
    // The newest blocks differ now and then for a moment.
    fork(0, 7, 999);
    chain.block(At::Latest).unwrap();
    assert_eq!(who(&chain), is(1));
    fork(0, 7, 990);
    let newest = chain.block(At::Latest).unwrap();
    assert_eq!(newest.hash.to_string(), nodes[1].state().hash(1_000));
    assert_eq!(who(&chain), is(2));
    let trouble = troubles(&chain)[0].clone().expect("it is left out");
    let expected = format!(
        "it is on another fork: block 997 is {} there, and {} at {}",
        nodes[0].state().hash(997),
        nodes[1].state().hash(997),
        nodes[1].url
    );
    assert_eq!(trouble, expected);
    // Alone it is not believed either.
    nodes[1].state().mood = Mood::Down;
    nodes[2].state().mood = Mood::Down;
    let error = chain.block(At::Latest).unwrap_err().to_string();
    assert!(error.contains("on another fork"), "{error}");
    nodes[1].state().mood = Mood::Well;
    fork(0, 0, 0);
    std::thread::sleep(Duration::from_secs(9));
    chain.block(At::Latest).unwrap();
    assert_eq!(who(&chain), is(1));
    // Of two the first is believed.
    fork(1, 7, 990);
    chain.block(At::Latest).unwrap();
    assert_eq!(troubles(&chain)[0], None);
    assert!(troubles(&chain)[1].is_some());
}

#[test]
fn a_state_that_one_has_forgotten_and_a_block_that_one_does_not_have_yet_come_from_another() {
    let nodes = nodes(2);
    let chain = connect(&nodes);
    nodes[0].state().forgets = 128;
    let old = At::Number(800);
    assert_eq!(chain.balance(Address::ZERO, old).unwrap(), is(2));
    assert_eq!(
        chain.balance(Address::ZERO, At::Number(990)).unwrap(),
        is(1)
    );
    assert_eq!(
        troubles(&chain),
        [None, None],
        "to have forgotten is no failure"
    );
    nodes[1].state().forgets = 128;
    let error = chain.balance(Address::ZERO, old).unwrap_err();
    assert!(matches!(error, Error::NoBlock { .. }), "{error}");
    nodes[1].state().head = 1_002;
    let hash = nodes[1].state().hash(1_002).parse().unwrap();
    assert_eq!(chain.block(At::Hash(hash)).unwrap().number, 1_002);
    assert_eq!(chain.balance(Address::ZERO, At::Hash(hash)).unwrap(), is(2));
}

#[test]
fn too_many_questions_are_waited_for_as_long_as_is_said() {
    let nodes = nodes(1);
    let chain = connect(&nodes);
    nodes[0].take_asked();
    // First by HTTP's header, then in JSON-RPC's words.
    nodes[0].state().mood = Mood::TooMany(2, 1);
    let begun = Instant::now();
    assert_eq!(who(&chain), is(1));
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_secs(2) && took < Duration::from_secs(4),
        "{took:?}"
    );
    assert_eq!(nodes[0].take_asked(), 3, "not more often than allowed");
    // Of several another one answers meanwhile.
    let nodes = self::nodes(2);
    let chain = connect(&nodes);
    nodes[0].state().mood = Mood::TooMany(1, 2);
    let begun = Instant::now();
    assert_eq!(who(&chain), is(2));
    assert!(begun.elapsed() < Duration::from_secs(1));
    std::thread::sleep(Duration::from_millis(1_300));
    assert_eq!(who(&chain), is(2), "it rests for as long as it says");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(who(&chain), is(1));
}

#[test]
fn a_transaction_goes_to_the_one_that_works_and_then_to_all() {
    let nodes = nodes(3);
    let chain = connect(&nodes);
    nodes[0].state().mood = Mood::Down;
    nodes[1].state().mood = Mood::Refuses(-32_000, "txpool is full".into());
    chain.submit(&[2, 0xab]).expect("the third takes it");
    assert_eq!(nodes[2].state().sent, ["0x02ab"]);
    let nodes = self::nodes(3);
    let chain = connect(&nodes);
    chain.submit(&[2, 0xcd]).expect("the first takes it");
    let begun = Instant::now();
    while nodes.iter().any(|node| node.state().sent.is_empty()) {
        assert!(begun.elapsed() < Duration::from_secs(10), "all get it");
        std::thread::sleep(Duration::from_millis(20));
    }
    // What one knows to wait counts, also where it is not the first.
    nodes[1].state().waiting = 4;
    assert_eq!(chain.nonce(Address::ZERO, true).unwrap(), 4);
    assert_eq!(chain.nonce(Address::ZERO, false).unwrap(), 0);
    // What all refuse is refused.
    for node in &nodes {
        node.state().mood = Mood::Refuses(-32_000, "intrinsic gas too low".into());
    }
    let error = chain.submit(&[2, 0xcd]).unwrap_err();
    assert!(
        error.to_string().contains("intrinsic gas too low"),
        "{error}"
    );
}

#[test]
fn two_nodes_of_one_host_have_two_names_and_no_secret_is_told() {
    let nodes = nodes(1);
    let urls = ["/v3/SECRET1", "/v3/SECRET2"].map(|path| format!("{}{path}", nodes[0].url));
    let chain = Rpc::connect_all(&urls, None, PATIENCE, limits()).unwrap();
    let names: Vec<_> = chain.nodes().into_iter().map(|node| node.name).collect();
    assert_eq!(
        names,
        [nodes[0].url.clone(), format!("{} (2)", nodes[0].url)]
    );
    assert!(!format!("{} {names:?}", chain.name()).contains("SECRET"));
}
