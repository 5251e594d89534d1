//! Many games read at once: the same is read as of each alone, in few calls; and what one game fails at is its own affair.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::common::between::{Between, Hook};
use crate::common::players::{LIE, lie, sides};
use crate::common::table::{play, proposed};
use crate::common::{CLOCK, alphabet, today};
use alloy_primitives::{Address, B256};
use fpvm_challenger::deployment::Setup;
use fpvm_challenger::read::memory::Memory;
use fpvm_challenger::read::together::together;
use fpvm_challenger::read::watch::{GameSnapshot, game};
use fpvm_challenger::read::{ReadError, Reader};
use fpvm_dispute::claim::GameStatus;
use fpvm_l1::{Call, Chain, Error, Local};

/// Counts calls, and refuses those that ask more than so many things.
struct Counter {
    calls: AtomicUsize,
    most: usize,
    gone: bool,
}

impl Hook for Counter {
    fn call(&self, call: &Call) -> Result<(), Error> {
        self.calls.fetch_add(1, Relaxed);
        // Each question takes some 30 bytes of creation code.
        let refused = call.to.is_none() && call.data.len() > 85 + 30 * self.most;
        match refused {
            true if self.gone => Err(Error::Unreachable {
                node: "node".into(),
                why: "gone".into(),
                tried: std::time::Duration::ZERO,
            }),
            true => Err(Error::Setup("out of gas".into())),
            false => Ok(()),
        }
    }

    fn pause(&self, chain: &Local) {
        chain.mine(1);
    }
}

fn counter(chain: &Local, most: usize, gone: bool) -> Between<Counter> {
    let calls = AtomicUsize::new(0);
    let hook = Counter { calls, most, gone };
    Between {
        chain: chain.clone(),
        hook,
    }
}

/// Games that are over, half played, and new.
fn games(setup: &Setup) -> (Local, Vec<Address>) {
    let roots: Vec<_> = (1..=12).map(B256::repeat_byte).collect();
    let (chain, _, games) = proposed(setup, &[&[lie()], &*roots].concat());
    let (mut honest, mut liar) = sides(Arc::new(chain.clone()), &games[..1], LIE);
    for _ in 0..6 {
        chain.advance(1_800);
        play(&mut honest, &mut Vec::new());
        chain.advance(1_800);
        play(&mut liar, &mut Vec::new());
    }
    chain.advance(2 * CLOCK);
    play(&mut honest, &mut Vec::new());
    (chain, games)
}

#[test]
fn many_games_are_read_as_each_alone_is() {
    for setup in [alphabet(), today()] {
        let (chain, mut all) = games(&setup);
        let one = counter(&chain, usize::MAX / 64, false);
        let reader = Reader::newest(&one).expect("a block");
        let alone: Vec<_> = all
            .iter()
            .map(|address| game(&reader, *address).expect("a game").1)
            .collect();
        assert_eq!(alone[0].game.status(), GameStatus::ChallengerWins);
        assert!(alone[0].game.claims().len() > 5);
        let alone_calls = one.hook.calls.load(Relaxed);

        // Nobody is at this address.
        all.push(Address::repeat_byte(0x77));
        let same = |found: &[Result<GameSnapshot, ReadError>]| {
            for (found, expected) in found.iter().zip(&alone) {
                let found = found.as_ref().expect("a game");
                assert_eq!(found.game, expected.game);
                assert_eq!(found.anchor, expected.anchor);
                assert_eq!(found.around, expected.around);
            }
            let last = found.last().expect("a result");
            assert!(matches!(last, Err(ReadError::NoContract { .. })));
        };
        for most in [usize::MAX / 64, 4, 1] {
            let few = counter(&chain, most, false);
            let memory = Memory::default();
            let reader = Reader::remembering(&few, &memory).expect("a block");
            let read = |reader: &Reader<'_>, address: &mut Address| {
                game(reader, *address).map(|(_, seen)| seen)
            };
            for threads in [3, 1] {
                same(&together(&reader, threads, &mut all, read).expect("the chain answers"));
            }
            let calls = few.hook.calls.load(Relaxed);
            let limit = if most == 1 { usize::MAX } else { alone_calls };
            assert!(calls < limit, "{calls} of {alone_calls}");
            if most > 4 {
                assert!(calls < 25, "{calls}");
            }
        }
    }
}

#[test]
fn a_node_that_is_gone_is_no_failure_of_games() {
    let (chain, _, mut games) = proposed(&today(), &[lie()]);
    let gone = counter(&chain, 1, true);
    let memory = Memory::default();
    let reader = Reader::remembering(&gone, &memory).expect("a block");
    let found = together(&reader, 2, &mut games, |reader, address| {
        game(reader, *address).map(|_| ())
    });
    let error = found.expect_err("no answer").to_string();
    assert!(error.contains("does not answer"), "{error}");
    // And each alone is asked as before.
    assert!(game(&reader, games[0]).is_ok());
    assert!(gone.block(fpvm_l1::At::Latest).is_ok());
}
