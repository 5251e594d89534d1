//! Rules that seldom apply: the right output for another block, and time for fee spikes.

use std::sync::Arc;

use crate::common::players::{Alphabet, HONEST, LIE, PROPOSED, known, lie, scheduler, sides};
use crate::common::table::{check, play, proposed, read, to_the_end};
use crate::common::{CLOCK, DELAY, account, alphabet};
use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::player::{Kind, Strategy};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::scheduler::{Games, TraceSource, Unplayable};
use fpvm_dispute::bond::ASSUMED_BASE_FEE;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::fees::FeeSpikes;
use fpvm_dispute::synthetic::Rollup;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Outputs, TraceError};
use fpvm_l1::Local;

/// The newest block that L1 determines: before the one proposed.
const SAFE: u64 = PROPOSED - 3;

const ROLLUP: Rollup = Rollup {
    seed: 5,
    safe_head: SAFE,
    execution_length: 16,
};

/// What is true of a rollup that has not come to the block proposed; some know no headers.
#[derive(Clone)]
struct Behind {
    headers: bool,
}

impl Outputs for Behind {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        ROLLUP.output(block)
    }

    fn safe_head(&self) -> U256 {
        ROLLUP.safe_head()
    }

    fn evidence(
        &self,
        block: U256,
    ) -> Result<fpvm_dispute::game::block_number::BlockEvidence, TraceError> {
        if self.headers {
            ROLLUP.evidence(block)
        } else {
            Err(TraceError::UnknownOutput(block))
        }
    }
}

impl TraceSource for Behind {
    type Trace = SplitTrace<Self, Alphabet>;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        known(game_params)?;
        Ok(SplitTrace {
            outputs: self.clone(),
            executions: Alphabet,
        })
    }
}

fn of(events: &[Event], name: Name, kind: Kind) -> Vec<&Event> {
    let these = |event: &&Event| event.event == name && event.kind == Some(kind);
    events.iter().filter(these).collect()
}

#[test]
fn the_right_output_for_another_block_is_contested() {
    let root = ROLLUP.root(U256::from(SAFE));
    let (chain, _, games) = proposed(&alphabet(), &[root]);
    let shared = Arc::new(chain.clone());
    let knows = Behind { headers: true };
    let listed = Games::Listed(games.clone());
    let mut honest = scheduler(
        shared.clone(),
        HONEST,
        listed.clone(),
        knows,
        Strategy::Honest,
    );
    let mut events = Vec::new();
    play(&mut honest, &mut events);
    let contested = of(&events, Name::Done, Kind::Challenge);
    assert_eq!(contested.len(), 1, "{events:?}");
    assert_eq!(contested[0].what, "contest the proposal's L2 block number");
    assert_eq!(
        contested[0].why,
        "The proposal is the output of another L2 block than it says."
    );
    let (_, game) = read(&chain, games[0]);
    assert_eq!(game.block_challenger(), Some(account(HONEST)));
    assert_eq!(game.claims().len(), 1, "the root needs no other answer");

    chain.advance(2 * CLOCK);
    play(&mut honest, &mut events);
    chain.advance(DELAY);
    play(&mut honest, &mut events);
    let (game_params, game) = read(&chain, games[0]);
    assert_eq!(game.status(), GameStatus::ChallengerWins);
    assert_eq!(game.claims()[0].countered_by, Some(account(HONEST)));
    assert_eq!(of(&events, Name::Done, Kind::Pay).len(), 1);
    let reader = Reader::newest(&chain).expect("a block");
    assert_eq!(game_params.bonds(&reader).expect("a number"), U256::ZERO);
    assert_eq!(of(&events, Name::Done, Kind::Challenge).len(), 1);
}

#[test]
fn without_the_header_it_says_so() {
    let root = ROLLUP.root(U256::from(SAFE));
    let (chain, _, games) = proposed(&alphabet(), &[root]);
    let knows = Behind { headers: false };
    let listed = Games::Listed(games);
    let shared = Arc::new(chain);
    let mut honest = scheduler(shared, HONEST, listed, knows, Strategy::Honest);
    let mut events = Vec::new();
    assert_eq!(play(&mut honest, &mut events), 0);
    let trouble = events.iter().find(|event| event.event == Name::Trouble);
    let why = &trouble.expect("it says so").why;
    assert!(why.contains("block 13"), "{why}");
}

const SPIKES: FeeSpikes = FeeSpikes::RECOMMENDED;
const CALM: u64 = 10_000_000_000;
const SPIKE: u64 = 2 * ASSUMED_BASE_FEE as u64;

/// A game about a lie, with time for fee spikes.
fn spiking() -> (Local, Vec<Address>) {
    let mut setup = alphabet();
    setup.params.fee_spikes = Some(SPIKES);
    let (chain, _, games) = proposed(&setup, &[lie()]);
    (chain, games)
}

fn held(chain: &Local, games: &[Address]) -> u64 {
    let (_, game) = read(chain, games[0]);
    let now = Reader::newest(chain).expect("a block").block.time;
    game.fees().held_at(SPIKES, now)
}

#[test]
fn while_fees_spike_it_samples_and_waits() {
    let (chain, games) = spiking();
    let (mut honest, mut liar) = sides(Arc::new(chain.clone()), &games, LIE);
    let mut events = Vec::new();
    chain.set_base_fee(SPIKE);
    // Five hours, of which all but the moments between are held.
    let mut look = None;
    for _ in 0..30 {
        chain.advance(600);
        play(&mut honest, &mut events);
        let mut silent = |_: &Event| ();
        look = honest
            .round(&mut EventSink(&mut silent))
            .expect("it answers")
            .look_again;
    }
    assert_eq!(of(&events, Name::Done, Kind::Move).len(), 0);
    let samples = of(&events, Name::Done, Kind::Sample);
    assert!((10..=30).contains(&samples.len()), "{}", samples.len());
    for sample in &samples {
        assert_eq!(sample.what, "sample the base fee");
        assert_eq!(
            sample.why,
            "The base fee is above what the bonds cover: a sample holds the clocks."
        );
    }
    let held_so_far = held(&chain, &games);
    assert!((15_000..18_100).contains(&held_so_far), "{held_so_far}");
    let now = Reader::newest(&chain).expect("a block").block.time;
    let look = look.expect("it looks again by itself");
    assert!(
        look > now && look <= now + SPIKES.window,
        "{look}, now {now}"
    );

    // Calm again: it answers at once, and wins as ever.
    chain.set_base_fee(CALM);
    chain.mine(1);
    play(&mut honest, &mut events);
    assert_eq!(of(&events, Name::Done, Kind::Move).len(), 1);
    to_the_end(&chain, &mut honest, &mut liar, &mut events);
    check(&chain, games[0]);
}

#[test]
fn once_the_cap_is_used_up_it_answers_at_a_loss() {
    let (chain, games) = spiking();
    let (mut honest, mut liar) = sides(Arc::new(chain.clone()), &games, LIE);
    let mut events = Vec::new();
    chain.set_base_fee(SPIKE);
    while of(&events, Name::Done, Kind::Move).is_empty() {
        chain.advance(1_500);
        play(&mut honest, &mut events);
    }
    assert_eq!(held(&chain, &games), SPIKES.cap);
    let samples = of(&events, Name::Done, Kind::Sample).len();
    to_the_end(&chain, &mut honest, &mut liar, &mut events);
    assert_eq!(of(&events, Name::Done, Kind::Sample).len(), samples);
    check(&chain, games[0]);
}
