//! A player that takes its time.

use std::sync::Arc;

use crate::common::players::{HONEST, Truth, lie, scheduler};
use crate::common::table::{play, proposed, read};
use crate::common::{CLOCK, alphabet};
use fpvm_challenger::player::Strategy;
use fpvm_challenger::scheduler::{GameScheduler, Games};
use fpvm_l1::{Chain, Local};

/// A challenger of some games who waits so long with each answer, in seconds.
fn patient(chain: &Local, games: Games, delay: u64) -> GameScheduler<Truth> {
    let chain: Arc<dyn Chain> = Arc::new(chain.clone());
    scheduler(chain, HONEST, games, Truth, Strategy::Honest).responding_after(delay)
}

#[test]
fn a_claim_is_answered_when_it_is_old_enough() {
    let (chain, _, games) = proposed(&alphabet(), &[lie()]);
    let mut honest = patient(&chain, Games::Listed(games.clone()), 3_600);
    let made = |chain: &Local| read(chain, games[0]).1.claims().len();
    let mut events = Vec::new();
    chain.advance(3_000);
    assert_eq!((play(&mut honest, &mut events), made(&chain)), (0, 1));
    chain.advance(700);
    assert_eq!((play(&mut honest, &mut events), made(&chain)), (1, 2));
}

#[test]
fn half_of_the_clock_is_never_waited_away() {
    let (chain, _, games) = proposed(&alphabet(), &[lie()]);
    let mut honest = patient(&chain, Games::Listed(games), u64::MAX);
    let mut events = Vec::new();
    chain.advance(CLOCK / 2 - 600);
    assert_eq!(play(&mut honest, &mut events), 0);
    chain.advance(700);
    assert_eq!(play(&mut honest, &mut events), 1);
}
