//! What goes wrong is said, and the other games go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::common::players::{
    Alphabet, CHEAT, False, HONEST, LIE, PROPOSED, Truth, cheat, lie, outputs, scheduler,
};
use crate::common::table::{check, play, proposed, read, to_the_end};
use crate::common::{account, alphabet, signer, wallet};
use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::deployment::Deployment;
use fpvm_challenger::event::{Event, Name};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::{Kind, Settling, Strategy};
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::scheduler::{GameScheduler, Games, Options, TraceSource, Unplayable};
use fpvm_dispute::game::block_number::BlockEvidence;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Executions, Inputs, Outputs, StepData, TraceError};
use fpvm_l1::{Chain as _, Policy};

/// What was told of a kind, without what it is about.
fn told(events: &[Event], name: Name) -> Vec<(Option<Address>, &str)> {
    let these = events.iter().filter(|event| event.event == name);
    these
        .map(|event| (event.game, event.why.as_str()))
        .collect()
}

#[test]
fn games_that_cannot_be_played_do_not_stop_the_others() {
    let (chain, deployment, games) = proposed(&alphabet(), &[lie()]);
    let shared = Arc::new(chain.clone());
    // A game about another program.
    let mut setup = alphabet();
    setup.params.absolute_prestate = B256::repeat_byte(3);
    let other = Deployment::deploy(&mut wallet(shared.clone(), 1), &setup, &mut |_| ());
    let factory = Factory(other.expect("it deploys").factory);
    let (mut proposer, block) = (wallet(shared.clone(), CHEAT), U256::from(PROPOSED));
    let other = factory.create(&mut proposer, 255, lie(), block, &mut |_| ());
    let other = other.expect("it is created");
    let nothing = Address::repeat_byte(0x77);
    let listed = Games::Listed(vec![deployment.vault, nothing, other, games[0]]);
    let mut honest = scheduler(shared, HONEST, listed, Truth, Strategy::Honest);
    let mut events = Vec::new();
    play(&mut honest, &mut events);
    chain.mine(1);
    play(&mut honest, &mut events);
    // Each is said once.
    let left = told(&events, Name::Left);
    assert_eq!(left.len(), 3, "{left:?}");
    let why = |game: Address| {
        let found = left.iter().find(|(of, _)| *of == Some(game));
        found.expect("it is said").1
    };
    assert!(
        why(deployment.vault).contains("is no game of a known type: "),
        "{}",
        why(deployment.vault)
    );
    let expected =
        format!("there is no contract at {nothing}, where the game should be, on chain 900");
    assert_eq!(why(nothing), expected);
    assert_eq!(why(other), "another pre-state");
    assert_eq!(read(&chain, games[0]).1.claims().len(), 2);
}

#[test]
fn without_money_it_says_so_and_a_dry_run_sends_nothing() {
    let (chain, _, games) = proposed(&alphabet(), &[lie()]);
    let shared = Arc::new(chain.clone());
    let listed = Games::Listed(games.clone());
    let mut poor = scheduler(shared.clone(), 77, listed.clone(), Truth, Strategy::Honest);
    let mut events = Vec::new();
    assert_eq!(play(&mut poor, &mut events), 0);
    let refused = events.iter().find(|event| event.event == Name::Refused);
    let why = &refused.expect("it says so").why;
    assert!(
        why.contains("it takes up to") || why.contains("funds"),
        "{why}"
    );

    let options = Options {
        strategy: Strategy::Honest,
        dry_run: true,
        policy: Policy::default(),
        settling: Settling::default(),
    };
    let mut dry = GameScheduler::new(shared, signer(HONEST), listed, Truth, options);
    let mut events = Vec::new();
    assert_eq!(play(&mut dry, &mut events), 0);
    assert!(events.iter().any(|event| event.event == Name::Planned));
    assert_eq!(read(&chain, games[0]).1.claims().len(), 1);
}

#[test]
fn what_cannot_be_paid_is_said_and_the_rest_is_sent() {
    const POOR: u8 = 78;
    let (chain, _, games) = proposed(&alphabet(), &[lie(), B256::repeat_byte(9)]);
    // A bond of the first answer is 0.18 ether.
    chain.fund(account(POOR), U256::from(250_000_000_000_000_000u64));
    let shared = Arc::new(chain.clone());
    let listed = Games::Listed(games.clone());
    let mut poor = scheduler(shared, POOR, listed, Truth, Strategy::Honest);
    let mut events = Vec::new();
    assert_eq!(play(&mut poor, &mut events), 1);
    let refused = told(&events, Name::Refused);
    let (game, why) = refused.first().expect("it says so");
    let amounts = why.matches(" ether").count();
    assert!(
        why.contains(" left, and it takes up to ") && amounts == 2,
        "{why}"
    );
    assert!(why.starts_with(&account(POOR).to_string()), "{why}");
    for address in games {
        let answered = Some(address) != *game;
        let claims = read(&chain, address).1.claims().len();
        assert_eq!(claims, 1 + usize::from(answered));
    }
    let balance = chain.balance(account(POOR), fpvm_l1::At::Latest);
    assert!(balance.expect("a number") < U256::from(70_000_000_000_000_000u64));
}

/// Executions of which one dispute's fail so many times.
struct Failing {
    left: Arc<AtomicU32>,
    l1_head: B256,
}

impl Executions for Failing {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        let left = self.left.load(Ordering::Relaxed);
        if left > 0 && inputs.l1_head == self.l1_head {
            self.left.store(left - 1, Ordering::Relaxed);
            let reason = "the host ended".into();
            return Err(TraceError::Execution { index, reason });
        }
        Alphabet.claim(inputs, index)
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        Alphabet.step(inputs, index)
    }
}

struct Unsure {
    left: Arc<AtomicU32>,
    l1_head: B256,
}

impl TraceSource for Unsure {
    type Trace = SplitTrace<OutputList, Failing>;

    fn of(&mut self, _site: &GameParams) -> Result<Self::Trace, Unplayable> {
        let (left, l1_head) = (self.left.clone(), self.l1_head);
        Ok(SplitTrace {
            outputs: outputs(),
            executions: Failing { left, l1_head },
        })
    }
}

#[test]
fn a_host_that_fails_is_asked_again_later_and_the_other_game_goes_on() {
    let (chain, deployment, mut games) = proposed(&alphabet(), &[lie()]);
    // Another world for the same lie about the same block.
    let shared = Arc::new(chain.clone());
    let other = Deployment::deploy(&mut wallet(shared.clone(), 1), &alphabet(), &mut |_| ());
    let factory = Factory(other.expect("it deploys").factory);
    assert_ne!(factory.0, deployment.factory);
    let (mut proposer, block) = (wallet(shared.clone(), CHEAT), U256::from(PROPOSED));
    let created = factory.create(&mut proposer, 255, lie(), block, &mut |_| ());
    games.push(created.expect("it is created"));

    let left = Arc::new(AtomicU32::new(4));
    let trace_source = Unsure {
        left: left.clone(),
        l1_head: read(&chain, games[0]).0.proposal.l1_head,
    };
    let listed = Games::Listed(games.clone());
    let mut honest = scheduler(
        shared.clone(),
        HONEST,
        listed.clone(),
        trace_source,
        Strategy::Honest,
    );
    let mut liar = scheduler(shared, CHEAT, listed, False(LIE), cheat(100));
    let mut events = Vec::new();
    to_the_end(&chain, &mut honest, &mut liar, &mut events);
    assert_eq!(left.load(Ordering::Relaxed), 0);
    let troubles = told(&events, Name::Trouble);
    assert!(!troubles.is_empty());
    for (game, why) in &troubles {
        assert_eq!(*game, Some(games[0]));
        let begins = why.starts_with("the execution gave no state for trace index ");
        assert!(begins && why.ends_with(": the host ended"), "{why}");
    }
    // While one is at rest the other is played.
    let first = events.iter().position(|event| event.event == Name::Trouble);
    let after = events.iter().skip(first.expect("told"));
    let of_other = |event: &&Event| {
        let is_move = event.event == Name::Done && event.kind == Some(Kind::Move);
        is_move && event.game == Some(games[1])
    };
    let again = |event: &&Event| {
        let is_move = event.event == Name::Done && event.kind == Some(Kind::Move);
        is_move && event.game == Some(games[0])
    };
    let resting = after.take_while(|event| !again(event)).filter(of_other);
    assert!(resting.count() >= 1);
    games.iter().for_each(|game| check(&chain, *game));
}

/// Outputs that take their time.
#[derive(Clone)]
struct Slow(OutputList);

/// How long one takes.
const SLOW: Duration = Duration::from_millis(300);

impl Outputs for Slow {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        std::thread::sleep(SLOW);
        self.0.output(block)
    }

    fn safe_head(&self) -> U256 {
        self.0.safe_head()
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        self.0.evidence(block)
    }
}

impl TraceSource for Slow {
    type Trace = SplitTrace<Self, Alphabet>;

    fn of(&mut self, _site: &GameParams) -> Result<Self::Trace, Unplayable> {
        Ok(SplitTrace {
            outputs: self.clone(),
            executions: Alphabet,
        })
    }
}

#[test]
fn games_are_looked_at_beside_each_other() {
    let roots: Vec<_> = (1..=6).map(B256::repeat_byte).collect();
    let (chain, _, games) = proposed(&alphabet(), &roots);
    let listed = Games::Listed(games.clone());
    let source = Slow(outputs());
    let mut honest = scheduler(
        Arc::new(chain.clone()),
        HONEST,
        listed,
        source,
        Strategy::Honest,
    );
    let begun = Instant::now();
    play(&mut honest, &mut Vec::new());
    let took = begun.elapsed();
    for game in &games {
        assert_eq!(read(&chain, *game).1.claims().len(), 2);
    }
    // Each takes two outputs: of the proposal, and of the answer.
    assert!(took < SLOW * 6, "{took:?}");
}
