//! What a round asks of the node.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::between::{Between, Hook, Method};
use crate::common::players::{All, CHEAT, HONEST, Truth, all, outputs, scheduler};
use crate::common::table::{play, proposed, read};
use crate::common::{account, alphabet, wallet};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use fpvm_challenger::calls;
use fpvm_challenger::deployment::Deployment;
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::{Kind, Strategy};
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::rollup::Source;
use fpvm_challenger::scheduler::{Games, TraceSource, Unplayable};
use fpvm_contracts::abi::PreimageOracle;
use fpvm_contracts::loader::{self, Loading, Metadata, Proposal, Terms};
use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::Side;
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::position::Position;
use fpvm_dispute::trace::Outputs as _;
use fpvm_e2e::op_node::{Known, OpNode};
use fpvm_l1::{Call, Chain as _, Error, Local, Request, Rpc};
use fpvm_oracle::Key;

/// Games that nobody disputes.
const GAMES: usize = 240;

/// Counts what is asked.
#[derive(Default)]
struct Count {
    asked: Mutex<usize>,
    /// How often an account's ether was asked for.
    balances: Mutex<usize>,
    /// How many questions are answered before the node goes away; none for ever.
    goes_after: Mutex<Option<usize>>,
    /// Whether calls that create a contract are refused.
    refuses: AtomicBool,
}

impl Count {
    fn take(&self) -> usize {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }
}

impl Hook for Count {
    fn before(&self, _chain: &Local, method: Method) -> Result<(), Error> {
        match self.goes_after.lock().expect("no panic").as_mut() {
            Some(0) => {
                return Err(Error::Unreachable {
                    node: "a node".into(),
                    why: "gone".into(),
                    tried: Duration::ZERO,
                });
            }
            Some(left) => *left -= 1,
            None => {}
        }
        *self.asked.lock().expect("no panic") += 1;
        *self.balances.lock().expect("no panic") += usize::from(method == Method::Balance);
        Ok(())
    }

    fn call(&self, call: &Call) -> Result<(), Error> {
        if call.to.is_none() && self.refuses.load(Ordering::Relaxed) {
            Err(Error::Refused {
                node: "a node".into(),
                method: "eth_call",
                code: -32_602,
                message: "calls need a `to`".into(),
            })
        } else {
            Ok(())
        }
    }

    fn pause(&self, chain: &Local) {
        chain.pause();
    }
}

/// A chain on which questions are counted.
fn counting(chain: &Local) -> Arc<Between<Count>> {
    Arc::new(Between {
        chain: chain.clone(),
        hook: Count::default(),
    })
}

/// All games of a factory.
fn created(deployment: &Deployment) -> Games {
    Games::Created {
        factory: Factory(deployment.factory),
        types: Vec::new(),
        window: 1_000_000,
    }
}

/// The value that number `number` of the large pre-images has.
fn value(number: usize) -> Vec<u8> {
    (0..LARGE * 2).map(|byte| (byte + number) as u8).collect()
}

/// From how many bytes on pre-images are loaded by proposal.
const LARGE: usize = 500;
/// Large pre-images that nobody finishes.
const UNFINISHED: usize = 100;

/// Its proposal, by the cheat.
fn large(oracle: Address, number: usize) -> Proposal {
    let terms = Terms {
        min_proposal_size: LARGE as u64,
        ..Terms::mainnet(oracle, account(CHEAT))
    };
    let value = value(number);
    let key = Key::keccak256(&value);
    match loader::plan(&terms, key, 8, &mut Given(value)) {
        Ok(Loading::Proposed(proposal)) => *proposal,
        other => panic!("{other:?}"),
    }
}

struct Given(Vec<u8>);

impl Oracle for Given {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, _key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(self.0.as_slice().into())
    }
}

#[test]
fn unfinished_preimages_cost_nothing_until_more_of_them_is_posted() {
    let mut setup = alphabet();
    setup.min_proposal_size = LARGE as u64;
    let (chain, _, games) = proposed(&setup, &[B256::repeat_byte(7)]);
    let between = counting(&chain);
    let oracle = read(&chain, games[0]).0.oracle.oracle;
    let mut cheat = wallet(Arc::new(chain.clone()), CHEAT);
    let mut send = |call: &loader::Call, data: Vec<u8>| {
        let request = Request {
            what: "propose".into(),
            to: Some(oracle),
            data: data.into(),
            value: U256::from(call.value),
            gas: None,
        };
        cheat.send(&[request], &mut |_| ()).expect("it is sent");
    };
    for number in 0..UNFINISHED {
        let first = &large(oracle, number).remaining(&Metadata::default())[0];
        send(first, first.data.clone());
    }
    let listed = Games::Listed(games);
    let mut honest = scheduler(between.clone(), HONEST, listed, Truth, Strategy::Honest);
    play(&mut honest, &mut Vec::new());
    let mut round = || {
        chain.mine(1);
        between.hook.take();
        let mut events = Vec::new();
        let mut collect = |event: &Event| events.push(event.clone());
        honest
            .round(&mut EventSink(&mut collect))
            .expect("the chain answers");
        let done = events.iter().filter(|event| event.event == Name::Done);
        let accused = done
            .filter(|event| event.kind == Some(Kind::Accuse))
            .count();
        (between.hook.take(), accused)
    };
    round();
    // Not even together in one call, so that the number does not matter.
    between.hook.refuses.store(true, Ordering::Relaxed);
    round();
    let (calls, _) = round();
    println!("{calls} calls for {UNFINISHED} large pre-images that nobody finishes");
    assert!(calls < 20, "{calls} calls");

    // One of them is finished, wrongly.
    let rest = large(oracle, 3).remaining(&Metadata::default());
    for call in &rest[1..] {
        if let Ok(mut leaves) = PreimageOracle::addLeavesLPPCall::abi_decode(&call.data) {
            leaves.stateCommitments[0].0[31] ^= 1;
            send(call, leaves.abi_encode());
        }
    }
    assert_eq!(round().1, 1);
    round();
    assert!(round().0 < 20);
}

/// True proposals about different blocks, and one that is false.
fn roots() -> Vec<B256> {
    (0..GAMES - 1)
        .map(|number| B256::from(U256::from(number + 1)))
        .chain([outputs().output(U256::from(16)).expect("listed")])
        .collect()
}

#[test]
fn idle_games_cost_a_fifth_of_a_call_each() {
    let (chain, deployment, games) = proposed(&alphabet(), &roots());
    let between = counting(&chain);
    let factory = created(&deployment);
    let mut honest = scheduler(between.clone(), HONEST, factory, Truth, Strategy::Honest);
    let mut events = Vec::new();
    play(&mut honest, &mut events);
    assert_eq!(honest.players().count(), GAMES);
    // All are answered that are wrong, and then nothing is to be done.
    let mut round = |expected: usize| {
        chain.mine(1);
        between.hook.take();
        let round = honest.round(&mut EventSink(&mut |_| ()));
        let round = round.expect("the chain answers");
        assert_eq!(round.done, expected);
        between.hook.take()
    };
    round(0);
    let calls = round(0);
    let each = calls as f64 / GAMES as f64;
    println!("{calls} calls for {GAMES} idle games and a block: {each:.3} each");
    assert!(each <= 0.2, "{calls} calls");

    // A move in one of them is seen, and answered.
    let idle = games[GAMES - 1];
    let mv = Move {
        disputed: outputs().output(U256::from(16)).expect("listed"),
        parent: 0,
        claim: B256::repeat_byte(0xee),
        side: Side::Attack,
    };
    let (params, _) = read(&chain, idle);
    let bond = params.rules.required_bond(Position::ROOT.attack());
    let request = calls::game(idle, &GameAction::Move(mv), bond.expect("a bond"));
    let mut cheat = wallet(Arc::new(chain.clone()), CHEAT);
    cheat.send(&[request], &mut |_| ()).expect("it is sent");
    round(1);

    // A node that refuses many questions in one call gets them one by one.
    between.hook.refuses.store(true, Ordering::Relaxed);
    let alone = round(0);
    println!("{alone} calls where a node takes no questions together");
    assert!(alone > GAMES);
    between.hook.refuses.store(false, Ordering::Relaxed);
    round(0);
    round(0);
    assert!(round(0) <= GAMES / 5);
}

/// The alphabet, once a rollup's node has read L1 as far as a game looks.
struct Waiting {
    node: Source,
    chain: Arc<Between<Count>>,
}

impl TraceSource for Waiting {
    type Trace = All;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        match self.node.seen_by(game_params, &*self.chain) {
            Ok(_) => Ok(all()),
            Err(error) => Err(Unplayable {
                why: error.to_string(),
                is_final: false,
            }),
        }
    }
}

#[test]
fn games_that_wait_for_a_node_cost_a_fifth_of_a_call_each() {
    let (chain, deployment, _) = proposed(&alphabet(), &roots());
    let between = counting(&chain);
    let factory = created(&deployment);
    let node = OpNode::start(Known {
        keeps_safe_heads: true,
        safe_heads: vec![(0, 1_000)],
        ..Known::default()
    });
    let rpc = Rpc::node(&node.url, Duration::ZERO).expect("a URL");
    let waiting = Waiting {
        node: Source::nodes(vec![Arc::new(rpc)], None),
        chain: between.clone(),
    };
    let mut honest = scheduler(between.clone(), HONEST, factory, waiting, Strategy::Honest);
    let mut calls = || {
        chain.mine(1);
        between.hook.take();
        let round = honest.round(&mut EventSink(&mut |_| ()));
        let done = round.expect("the chain answers").done;
        (between.hook.take(), honest.left().count(), done)
    };
    let (first, ..) = calls();
    calls();
    let (later, left, done) = calls();
    assert_eq!((left, done), (GAMES, 0));
    println!("{first} calls at first, {later} in a later block, for {GAMES} games that wait");
    assert!(later <= GAMES / 5, "{later} calls");

    // As soon as the node is there, the games are played.
    node.known().current_l1 = u64::MAX;
    let (_, left, done) = calls();
    assert!(left == 0 && done > 0, "{left} left, {done} moves");
}

/// What was read before the node went away is not asked again at the same block.
#[test]
fn what_was_read_is_kept_when_the_node_goes_away() {
    let reading = || {
        let (chain, deployment, _) = proposed(&alphabet(), &roots());
        let between = counting(&chain);
        let factory = created(&deployment);
        // It only looks on, so that a round reads and does nothing else.
        let honest = scheduler(between.clone(), HONEST, factory, Truth, Strategy::Honest);
        (between, honest)
    };
    let (between, mut undisturbed) = reading();
    undisturbed
        .round(&mut EventSink(&mut |_| ()))
        .expect("it answers");
    let whole = between.hook.take();

    let (between, mut disturbed) = reading();
    *between.hook.goes_after.lock().expect("no panic") = Some(whole / 2);
    // Whether that fails the round or is told of each game: it does not stop anybody.
    let _ = disturbed.round(&mut EventSink(&mut |_| ()));
    let before = between.hook.take();
    *between.hook.goes_after.lock().expect("no panic") = None;
    disturbed
        .round(&mut EventSink(&mut |_| ()))
        .expect("it answers again");
    let after = between.hook.take();
    println!(
        "{whole} questions undisturbed; {before} before the node went away and {after} after it"
    );
    assert!(
        before > 0 && after < whole,
        "{before} and {after} of {whole}"
    );
    assert!(
        before + after < whole + whole / 4,
        "{before} and {after} of {whole}"
    );
}

/// However many transactions a round plans, the account's ether is read once for them; the wallet looks once more before it
/// sends each.
#[test]
fn the_balance_is_read_once_a_block() {
    let wrong = [
        B256::repeat_byte(0xbb),
        B256::repeat_byte(0xbe),
        B256::repeat_byte(0xbd),
    ];
    let (chain, _, games) = proposed(&alphabet(), &wrong);
    let between = counting(&chain);
    let games = Games::Listed(games);
    let mut honest = scheduler(between.clone(), HONEST, games, Truth, Strategy::Honest);
    let round = honest
        .round(&mut EventSink(&mut |_| ()))
        .expect("it answers");
    assert_eq!(round.done, wrong.len());
    let balances = || std::mem::take(&mut *between.hook.balances.lock().expect("no panic"));
    assert_eq!(balances(), 1 + wrong.len());
    // A round that plans nothing does not look.
    between.chain.mine(1);
    let idle = honest.round(&mut EventSink(&mut |_| ()));
    assert_eq!(idle.expect("it answers").done, 0);
    assert_eq!(balances(), 0);
}
