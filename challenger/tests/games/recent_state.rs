//! No archive node is needed: from its proposal to the last payment a game is played by reading the state of new blocks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::alphabet;
use crate::common::between::{Between, Hook};
use crate::common::players::{LIE, lie, sides};
use crate::common::table::{check, proposed, to_the_end};
use fpvm_l1::{At, Call, Chain as _, Local};

/// Remembers the block whose state was asked for that was furthest below the newest.
struct Watched {
    chain: Local,
    asked: AtomicU64,
    oldest: Mutex<u64>,
}

impl Hook for Arc<Watched> {
    fn at(&self, _: &Call, at: At) -> At {
        let number = |at| self.chain.block(at).expect("it is there").number;
        let age = number(At::Latest) - number(at);
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut oldest = self.oldest.lock().expect("no test panics with it");
        *oldest = age.max(*oldest);
        at
    }

    fn pause(&self, chain: &Local) {
        chain.pause();
    }
}

#[test]
fn the_state_of_new_blocks_is_enough() {
    let (chain, _, games) = proposed(&alphabet(), &[lie()]);
    let watched = Arc::new(Watched {
        chain: chain.clone(),
        asked: AtomicU64::new(0),
        oldest: Mutex::new(0),
    });
    let between = Between {
        chain: chain.clone(),
        hook: watched.clone(),
    };
    let (mut honest, mut cheat) = sides(Arc::new(between), &games, LIE);
    to_the_end(&chain, &mut honest, &mut cheat, &mut Vec::new());
    check(&chain, games[0]);
    let blocks = chain.block(At::Latest).expect("it is there").number;
    let asked = watched.asked.load(Ordering::Relaxed);
    assert!(
        blocks > 50 && asked > 100,
        "{asked} calls in {blocks} blocks"
    );
    let oldest = *watched.oldest.lock().expect("no test panics with it");
    // Nodes that are no archive have 128.
    assert!(
        oldest <= 16,
        "the state of {oldest} blocks ago was asked for"
    );
}
