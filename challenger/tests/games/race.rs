//! Several challengers do the same at once: each thing is done by one of them, the others go on, and nobody
//! takes it for trouble.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::common::between::{Between, Hook, Method};
use crate::common::players::{
    CHEAT, False, HONEST, LIE, PROPOSED, Truth, cheat, lie, outputs, scheduler, sides,
};
use crate::common::table::{check, proposed, read, to_the_end};
use crate::common::{account, alphabet, wallet};
use alloy_primitives::{Address, U256};
use fpvm_challenger::calls;
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::player::{Kind, Strategy};
use fpvm_challenger::read::Reader;
use fpvm_challenger::scheduler::{GameScheduler, Games, TraceSource};
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::trace::Outputs as _;
use fpvm_l1::{At, Chain, Error, Local};

/// Another one who knows the truth.
const SECOND: u8 = 4;
const ALL: [u8; 3] = [HONEST, SECOND, CHEAT];
/// Seconds from block to block: within the clocks' extension.
const LONG: u64 = 10_000;
/// More blocks than the games take.
const MOST: u64 = 400;

/// Some who play at once: there is a block whenever all of them wait for one.
struct Players {
    racers: Mutex<Racers>,
    changed: Condvar,
}

struct Racers {
    playing: usize,
    waiting: usize,
    blocks: u64,
}

impl Players {
    fn new(playing: usize) -> Arc<Self> {
        let racers = Racers {
            playing,
            waiting: 0,
            blocks: 0,
        };
        Arc::new(Self {
            racers: Mutex::new(racers),
            changed: Condvar::new(),
        })
    }

    fn racers(&self) -> MutexGuard<'_, Racers> {
        self.racers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mine_if_all_wait(&self, racers: &mut Racers, chain: &Local) {
        if racers.waiting == racers.playing {
            racers.waiting = 0;
            racers.blocks += 1;
            chain.advance(LONG);
            self.changed.notify_all();
        }
    }

    fn wait(&self, chain: &Local) {
        let mut racers = self.racers();
        let before = racers.blocks;
        racers.waiting += 1;
        self.mine_if_all_wait(&mut racers, chain);
        let waits = |racers: &mut Racers| racers.blocks == before;
        drop(self.changed.wait_while(racers, waits));
    }
}

/// One of them.
struct Racer {
    players: Arc<Players>,
    /// Others get their transactions into a block between what it decides and what it sends.
    is_slow: bool,
}

impl Hook for Racer {
    fn before(&self, chain: &Local, method: Method) -> Result<(), Error> {
        if self.is_slow && method == Method::Tip {
            self.players.wait(chain);
        }
        Ok(())
    }

    fn pause(&self, chain: &Local) {
        self.players.wait(chain);
    }
}

/// Leaves the others to themselves when it goes, even when the test fails.
struct Leaving(Arc<Players>, Local);

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut racers = self.0.racers();
        racers.playing -= 1;
        self.0.mine_if_all_wait(&mut racers, &self.1);
    }
}

/// Plays until nothing is ever to be done again; what happened.
fn play<K: TraceSource>(
    players: &Arc<Players>,
    chain: &Local,
    is_slow: bool,
    scheduler: impl FnOnce(Arc<dyn Chain>) -> GameScheduler<K>,
) -> Vec<Event> {
    let _leaving = Leaving(players.clone(), chain.clone());
    let hook = Racer {
        players: players.clone(),
        is_slow,
    };
    let chain = Arc::new(Between {
        chain: chain.clone(),
        hook,
    });
    let (mut scheduler, mut events) = (scheduler(chain.clone()), Vec::new());
    loop {
        let mut collect = |event: &Event| events.push(event.clone());
        let round = scheduler.round(&mut EventSink(&mut collect));
        if round.expect("the chain answers").is_over {
            return events;
        }
        let block = chain.block(At::Latest).expect("a block");
        assert!(block.number < MOST, "it does not end: {events:#?}");
        chain.pause();
    }
}

/// What an account has sent: how many transactions went through, how many failed, and the wei that their gas
/// took.
fn sent(chain: &Local, account: Address) -> (usize, usize, U256) {
    let head = chain.block(At::Latest).expect("a block").number;
    let (mut good, mut bad, mut paid) = (0, 0, U256::ZERO);
    for number in 0..=head {
        let block = chain.block(At::Number(number)).expect("a block");
        let transactions = chain.transactions(block.hash).expect("a block");
        for sent in transactions.iter().filter(|sent| sent.from == account) {
            let receipt = chain.receipt(sent.hash).expect("an answer");
            let receipt = receipt.expect("it is in a block");
            if receipt.succeeded {
                good += 1;
            } else {
                bad += 1;
            }
            paid += U256::from(receipt.gas_used) * U256::from(receipt.gas_price);
        }
    }
    (good, bad, paid)
}

fn count(events: &[Event], name: Name) -> usize {
    let these = events.iter().filter(|event| event.event == name);
    these.count()
}

/// A wrong and a right proposal, between two who know the truth and one who lies. What each of the three has to
/// tell, and how many of its transactions failed.
fn race(second_is_slow: bool) -> [(Vec<Event>, usize); 3] {
    let right = outputs().output(U256::from(PROPOSED)).expect("listed");
    let (chain, _, games) = proposed(&alphabet(), &[lie(), right]);
    let purses = ALL.map(|key| balance(&chain, key));
    let before = ALL.map(|key| sent(&chain, account(key)));
    chain.set_automatic(false);
    let players = Players::new(ALL.len());
    let honest = |key, is_slow| {
        let (players, chain, listed) = (&players, &chain, Games::Listed(games.clone()));
        let strategy = Strategy::Honest;
        move || {
            play(players, chain, is_slow, |chain| {
                scheduler(chain, key, listed, Truth, strategy)
            })
        }
    };
    let liar = || {
        let listed = Games::Listed(games.clone());
        play(&players, &chain, false, |chain| {
            scheduler(chain, CHEAT, listed, False(LIE), cheat(100))
        })
    };
    let told = std::thread::scope(|scope| {
        let first = scope.spawn(honest(HONEST, false));
        let second = scope.spawn(honest(SECOND, second_is_slow));
        let threads = [first, second, scope.spawn(liar)];
        threads.map(|thread| thread.join().expect("it plays to the end"))
    });

    // What everybody should have gained and lost by bonds since the games were proposed.
    let [mut gained, mut lost] = [[U256::ZERO; ALL.len()]; 2];
    let racer = |address| {
        ALL.iter()
            .position(|key| account(*key) == address)
            .expect("one of them")
    };
    for (address, status) in games
        .iter()
        .zip([GameStatus::ChallengerWins, GameStatus::DefenderWins])
    {
        let (game_params, game) = read(&chain, *address);
        assert_eq!(game.status(), status);
        let mut places = HashSet::new();
        for (index, claim) in game.claims().iter().enumerate() {
            assert!(
                game.subgame(index).expect("a claim").resolved,
                "claim {index}"
            );
            let is_new = places.insert((claim.parent, claim.position, claim.claim));
            assert!(is_new, "claim {index} was made before");
            let is_honest = claim.claimant != account(CHEAT);
            assert!(!is_honest || claim.countered_by.is_none(), "claim {index}");
            let winner = claim.countered_by.unwrap_or(claim.claimant);
            gained[racer(winner)] += U256::from(claim.bond);
            // The proposals were paid for before.
            if index > 0 {
                lost[racer(claim.claimant)] += U256::from(claim.bond);
            }
        }
        let reader = Reader::newest(&chain).expect("a block");
        assert_eq!(game_params.bonds(&reader).expect("a number"), U256::ZERO);
    }
    let mut told = told.into_iter();
    std::array::from_fn(|racer| {
        let (good, bad, gas) = sent(&chain, account(ALL[racer]));
        let (good_before, _, gas_before) = before[racer];
        let events = told.next().expect("three");
        assert_eq!(
            good - good_before,
            count(&events, Name::Done),
            "racer {racer}"
        );
        let has = balance(&chain, ALL[racer]) + lost[racer] + gas - gas_before;
        assert_eq!(has, purses[racer] + gained[racer], "racer {racer}");
        (events, bad)
    })
}

fn balance(chain: &Local, key: u8) -> U256 {
    chain.balance(account(key), At::Latest).expect("a number")
}

/// Those who know the truth were refused nothing, and had no trouble; each was first with something.
fn check_told(told: &[(Vec<Event>, usize); 3]) {
    for (events, _) in &told[..2] {
        let wrong = events
            .iter()
            .filter(|event| matches!(event.event, Name::Refused | Name::Trouble));
        assert_eq!(wrong.collect::<Vec<_>>(), Vec::<&Event>::new());
    }
    for (events, _) in told {
        assert!(count(events, Name::Done) > 0);
    }
}

/// Whoever is second finds out by a transaction that fails.
#[test]
fn in_one_block() {
    let told = race(false);
    check_told(&told);
    for (events, failed) in &told {
        assert_eq!(count(events, Name::Overtaken), *failed);
    }
    let failed: usize = told.iter().map(|(_, failed)| failed).sum();
    assert!(failed > 10, "{failed}");
}

/// Who is slow finds out when it asks what a transaction takes.
#[test]
fn just_before() {
    let told = race(true);
    check_told(&told);
    let (second, failed) = &told[1];
    let overtaken = count(second, Name::Overtaken);
    assert!(overtaken > failed + 10, "{overtaken}, {failed} in a block");
}

/// Has somebody else paid as soon as that can be.
struct Generous(Vec<Address>);

impl Hook for Generous {
    fn before(&self, chain: &Local, method: Method) -> Result<(), Error> {
        if method == Method::Tip {
            let mut wallet = wallet(Arc::new(chain.clone()), SECOND);
            let claim = GameAction::ClaimCredit(account(HONEST));
            for game in &self.0 {
                // Mostly it is too early.
                let _ = wallet.send(&[calls::game(*game, &claim, 0)], &mut |_| ());
            }
        }
        Ok(())
    }

    fn pause(&self, chain: &Local) {
        chain.pause();
    }
}

#[test]
fn paid_by_others() {
    let (chain, _, games) = proposed(&alphabet(), &[lie()]);
    let between = Arc::new(Between {
        chain: chain.clone(),
        hook: Generous(games.clone()),
    });
    let (mut honest, mut liar) = sides(between, &games, LIE);
    let mut events = Vec::new();
    to_the_end(&chain, &mut honest, &mut liar, &mut events);
    check(&chain, games[0]);
    let of_payment = |event: &&Event| event.kind == Some(Kind::Pay);
    let told: Vec<_> = events.iter().filter(of_payment).collect();
    let names: Vec<_> = told.iter().map(|event| event.event).collect();
    assert_eq!(names, [Name::Planned, Name::Overtaken], "{told:?}");
}
