//! A wallet on the local chain, whatever happens to the chain: everything gets done, once.

use fpvm_l1::signer::Signer;
use fpvm_l1::{
    Address, At, B256, Block, Bytes, Call, Chain, Earlier, Error, Local, Log, LogFilter, Policy,
    Progress, Receipt, Request, SendError, Transaction, U256, Wallet,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Creates a contract that logs something for each call, and reverts where the first word is zero.
const COUNTER: &str = "0x735f35600857\
                       5f5ffd5b5f546001015f555f5fa0005f526014600cf3";

fn signer(key: u8) -> Signer {
    Signer::from_key(&B256::repeat_byte(key)).unwrap()
}

fn funded() -> Local {
    let chain = Local::new(900);
    chain.fund(signer(1).address(), U256::from(10u64.pow(18)));
    chain
}

fn wallet(chain: impl Chain + 'static, policy: Policy) -> Wallet {
    Wallet::new(Arc::new(chain), signer(1), policy)
}

fn silent(_: Progress<'_>) {}

fn creation() -> Request {
    Request {
        what: "create the counter".into(),
        to: None,
        data: COUNTER.parse().unwrap(),
        value: U256::ZERO,
        gas: None,
    }
}

fn count(counter: Address) -> Request {
    Request {
        what: "count".into(),
        to: Some(counter),
        data: Bytes::from(vec![1; 32]),
        value: U256::ZERO,
        gas: None,
    }
}

/// A chain with a counter on it.
fn with_counter() -> (Local, Address) {
    let chain = funded();
    let receipts = wallet(chain.clone(), Policy::default()).send(&[creation()], &mut silent);
    let counter = receipts.unwrap()[0].created.unwrap();
    (chain, counter)
}

/// How often the counter was called.
fn counted(chain: &dyn Chain, counter: Address) -> usize {
    let filter = LogFilter {
        to: u64::MAX,
        addresses: vec![counter],
        ..LogFilter::default()
    };
    chain.logs(&filter).unwrap().len()
}

#[test]
fn what_depends_on_each_other_is_sent_in_order() {
    let chain = funded();
    let mut wallet = wallet(chain.clone(), Policy::default());
    let counter = wallet.address().create(0);
    // The second cannot be estimated before the first is there.
    let requests = [creation(), count(counter), count(counter)];
    let receipts = wallet.send(&requests, &mut silent).unwrap();
    assert!(receipts.iter().all(|receipt| receipt.succeeded));
    assert_eq!(receipts[0].created, Some(counter));
    assert_eq!(receipts[1].logs.len(), 1);
    assert_eq!(counted(&chain, counter), 2);
    assert!(!chain.code(counter, At::Latest).unwrap().is_empty());
    assert!(chain.code(counter, At::Number(0)).unwrap().is_empty());
}

#[test]
fn those_with_a_gas_limit_share_a_block() {
    let (chain, counter) = with_counter();
    chain.set_automatic(false);
    let sender = Miner(chain.clone());
    let mut requests = vec![count(counter); 5];
    requests
        .iter_mut()
        .for_each(|request| request.gas = Some(100_000));
    let receipts = wallet(sender, Policy::default())
        .send(&requests, &mut silent)
        .unwrap();
    assert!(
        receipts
            .iter()
            .all(|receipt| receipt.block == receipts[0].block)
    );
    assert_eq!(counted(&chain, counter), 5);
}

#[test]
fn what_fails_holds_up_none_of_those_that_do_not_depend_on_it() {
    let (chain, counter) = with_counter();
    chain.set_automatic(false);
    let mut requests = vec![count(counter); 5];
    requests
        .iter_mut()
        .for_each(|request| request.gas = Some(100_000));
    requests[1].data = Bytes::new();
    requests[3].value = U256::from(10u64.pow(18));
    let mut wallet = wallet(Miner(chain.clone()), Policy::default());
    let nonce = wallet.settle(&mut silent).unwrap();
    let outcomes = wallet.send_each_from(nonce, &requests, &mut silent);
    let outcomes = outcomes.unwrap();
    let [first, failed, third, dear, last] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert!(first.is_ok() && third.is_ok() && last.is_ok());
    assert!(matches!(failed, Err(SendError::Failed { .. })));
    assert!(matches!(dear, Err(SendError::Funds { .. })));
    assert_eq!(counted(&chain, counter), 3);
    // What was not sent has used no nonce.
    assert_eq!(chain.nonce(wallet.address(), true).unwrap(), nonce + 4);
    // Otherwise the first that fails ends it.
    let error = wallet.send(&requests, &mut silent).unwrap_err();
    assert!(matches!(error, SendError::Unsettled { .. }), "{error}");
}

#[test]
fn confirmations_are_waited_for() {
    let (chain, counter) = with_counter();
    let policy = Policy {
        confirmations: 4,
        ..Policy::default()
    };
    let receipts = wallet(chain.clone(), policy)
        .send(&[count(counter)], &mut silent)
        .unwrap();
    let head = chain.block(At::Latest).unwrap();
    assert_eq!(head.number, receipts[0].block + 3);
}

#[test]
fn what_would_revert_is_not_sent() {
    let (chain, counter) = with_counter();
    let mut wallet = wallet(chain.clone(), Policy::default());
    let nonce = chain.nonce(wallet.address(), true).unwrap();
    let mut wrong = count(counter);
    wrong.data = Bytes::new();
    let error = wallet.send(&[wrong.clone()], &mut silent).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot count: the contract reverts without a reason"
    );
    assert_eq!(chain.nonce(wallet.address(), true).unwrap(), nonce);
    // With a limit nobody asks before.
    wrong.gas = Some(100_000);
    let error = wallet.send(&[wrong], &mut silent).unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Failed {
                reason: Some(_),
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn too_little_money_is_told_with_the_amounts() {
    let chain = Local::new(900);
    let account = signer(1).address();
    chain.fund(account, U256::from(1000));
    let error = wallet(chain.clone(), Policy::default()).send(&[creation()], &mut silent);
    let error = error.unwrap_err().to_string();
    let said = format!(
        "cannot create the counter: {account} has 0.000000000000001 ether, and it takes up to 0.000"
    );
    assert!(error.starts_with(&said), "{error}");
    assert!(
        error.contains(" gas at up to 0.000000003 ether each)"),
        "{error}"
    );
    assert_eq!(chain.nonce(account, true).unwrap(), 0);
}

#[test]
fn a_stuck_one_is_replaced_by_a_dearer_one() {
    let (chain, counter) = with_counter();
    chain.set_automatic(false);
    let mut replaced = 0;
    let mut wallet = wallet(Miner(chain.clone()), Policy::default());
    let receipts = wallet.send(&[count(counter)], &mut |progress| match progress {
        Progress::Sending(..) => chain.set_base_fee(20_000_000_000),
        Progress::Replacing(..) => replaced += 1,
        _ => {}
    });
    assert_eq!(receipts.unwrap().len(), 1);
    assert!(replaced > 0);
    assert_eq!(counted(&chain, counter), 1);
}

#[test]
fn what_no_fee_that_is_allowed_pays_for_is_given_up_with_its_hashes() {
    let (chain, counter) = with_counter();
    chain.set_automatic(false);
    let policy = Policy {
        max_fee: 4_000_000_000,
        give_up_after: 9,
        give_up_time: Duration::ZERO,
        ..Policy::default()
    };
    let mut sent = Vec::new();
    let error = wallet(Miner(chain.clone()), policy).send(&[count(counter)], &mut |progress| {
        if let Progress::Sending(_, _, hash) | Progress::Replacing(_, hash) = progress {
            sent.push(hash);
            chain.set_base_fee(20_000_000_000);
        }
    });
    let error = error.unwrap_err();
    assert!(
        sent.iter()
            .all(|hash| error.to_string().contains(&hash.to_string())),
        "{error}"
    );
    assert!(
        matches!(error, SendError::Unsettled { nonce: 1, .. }),
        "{error}"
    );
}

/// A reorg after the transaction was in a block; its node remembers it or not.
fn survives_reorg(remembered: bool) {
    let (chain, counter) = with_counter();
    let (mut dropped, mut included) = (0, 0);
    let policy = Policy {
        confirmations: 3,
        ..Policy::default()
    };
    let receipts =
        wallet(chain.clone(), policy).send(&[count(counter)], &mut |progress| match progress {
            Progress::Included(..) => {
                included += 1;
                if included == 1 {
                    // Its block, and another one comes in its place.
                    chain.set_automatic(false);
                    chain.reorg(1, remembered);
                    chain.set_base_fee(900_000_000);
                    if !remembered {
                        chain.mine(1);
                    }
                    chain.set_automatic(true);
                }
            }
            Progress::Dropped(..) => dropped += 1,
            _ => {}
        });
    assert!(receipts.unwrap()[0].succeeded);
    // What its node remembers is in a block again before anybody looks.
    assert_eq!((dropped, included), (u32::from(!remembered), 2));
    assert_eq!(counted(&chain, counter), 1);
}

#[test]
fn what_a_reorg_drops_is_sent_again_and_not_twice() {
    survives_reorg(false);
    survives_reorg(true);
}

#[test]
fn lost_answers_do_no_harm() {
    let (chain, counter) = with_counter();
    let flaky = Flaky {
        chain: chain.clone(),
        lost: AtomicU32::new(2),
        down: AtomicU32::new(0),
    };
    let mut silences = 0;
    let receipts =
        wallet(flaky, Policy::default()).send(&[count(counter), count(counter)], &mut |progress| {
            silences += u32::from(matches!(progress, Progress::Silent(_)));
        });
    assert_eq!(receipts.unwrap().len(), 2);
    assert!(silences > 0);
    assert_eq!(counted(&chain, counter), 2);
}

#[test]
fn a_node_that_stays_away_is_told_with_what_was_sent() {
    let (chain, counter) = with_counter();
    let flaky = Flaky {
        chain: chain.clone(),
        lost: AtomicU32::new(1),
        down: AtomicU32::new(u32::MAX),
    };
    let policy = Policy {
        patience: Duration::from_millis(1),
        ..Policy::default()
    };
    let mut sent = None;
    let error = wallet(flaky, policy).send(&[count(counter)], &mut |progress| {
        if let Progress::Sending(_, nonce, hash) = progress {
            sent = Some((nonce, hash));
        }
    });
    let (error, (sent_nonce, hash)) = (error.unwrap_err(), sent.unwrap());
    let SendError::Unsettled {
        nonce,
        transactions,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*nonce, &transactions[..]), (sent_nonce, &[hash][..]));
    // It is in the chain all the same, as the message says that it may be.
    assert!(chain.receipt(hash).unwrap().is_some());
}

#[test]
fn a_nonce_that_somebody_else_took_is_told() {
    let (chain, counter) = with_counter();
    chain.set_automatic(false);
    let mut first = wallet(Miner(chain.clone()), Policy::default());
    let nonce = first.settle(&mut silent).unwrap();
    // The same account in another program.
    wallet(Miner(chain.clone()), Policy::default())
        .send(&[count(counter)], &mut silent)
        .unwrap();
    let mut other = count(counter);
    other.what = "count once more".into();
    other.data = Bytes::from(vec![2; 32]);
    let error = first.send_from(nonce, &[other], &mut silent).unwrap_err();
    assert!(
        matches!(error, SendError::Taken { nonce: 1, .. }),
        "{error}"
    );
    assert_eq!(counted(&chain, counter), 1);
}

#[test]
fn a_restart_waits_for_what_is_on_its_way_or_replaces_it() {
    for earlier in [Earlier::Wait, Earlier::Replace] {
        let (chain, counter) = with_counter();
        chain.set_automatic(false);
        // A first run dies after it has sent; nothing of it is in a block.
        let policy = Policy {
            patience: Duration::ZERO,
            ..Policy::default()
        };
        let dies = Flaky {
            chain: chain.clone(),
            lost: AtomicU32::new(1),
            down: AtomicU32::new(u32::MAX),
        };
        wallet(dies, policy)
            .send(&[count(counter)], &mut silent)
            .unwrap_err();
        assert_eq!(chain.nonce(signer(1).address(), true).unwrap(), 2);
        // The second does the same.
        let policy = Policy {
            earlier,
            ..Policy::default()
        };
        let mut again = count(counter);
        again.data = Bytes::from(vec![3; 32]);
        wallet(Miner(chain.clone()), policy)
            .send(&[again], &mut silent)
            .unwrap();
        let expected = if earlier == Earlier::Wait { 2 } else { 1 };
        assert_eq!(counted(&chain, counter), expected, "{earlier:?}");
    }
}

/// Makes a block at every pause only.
struct Miner(Local);

/// Loses the answers to the first transactions that are handed in, and then does not answer so many
/// times.
struct Flaky {
    chain: Local,
    lost: AtomicU32,
    down: AtomicU32,
}

impl Flaky {
    fn answer<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        let begun = self.lost.load(Ordering::Relaxed) == 0;
        let down = |left: u32| left.checked_sub(1).filter(|_| begun);
        match self
            .down
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, down)
        {
            Ok(_) => Err(away()),
            Err(_) => answer,
        }
    }
}

fn away() -> Error {
    Error::Unreachable {
        node: "the flaky chain".into(),
        why: "connection reset".into(),
        tried: Duration::from_secs(1),
    }
}

/// A chain over a local one: what is told apart is the answer to all, to a transaction that is handed
/// in, and a pause.
macro_rules! chain_over {
    ($name:ty, $self:ident, $inner:expr, $answer:expr, $submit:expr, $pause:expr) => {
        impl Chain for $name {
            fn name(&self) -> String {
                "a chain for tests".into()
            }
            fn chain_id(&$self) -> u64 {
                $inner.chain_id()
            }
            fn block(&$self, at: At) -> Result<Block, Error> {
                $answer($inner.block(at))
            }
            fn nonce(&$self, account: Address, waiting: bool) -> Result<u64, Error> {
                $answer($inner.nonce(account, waiting))
            }
            fn nonce_at(&$self, account: Address, at: At) -> Result<u64, Error> {
                $answer($inner.nonce_at(account, at))
            }
            fn balance(&$self, account: Address, at: At) -> Result<U256, Error> {
                $answer($inner.balance(account, at))
            }
            fn code(&$self, account: Address, at: At) -> Result<Bytes, Error> {
                $answer($inner.code(account, at))
            }
            fn call(&$self, call: &Call, at: At) -> Result<Bytes, Error> {
                $answer($inner.call(call, at))
            }
            fn estimate(&$self, call: &Call) -> Result<u64, Error> {
                $answer($inner.estimate(call))
            }
            fn tip(&$self) -> Result<u128, Error> {
                $answer($inner.tip())
            }
            fn logs(&$self, filter: &LogFilter) -> Result<Vec<Log>, Error> {
                $answer($inner.logs(filter))
            }
            fn transactions(&$self, block: B256) -> Result<Vec<Transaction>, Error> {
                $answer($inner.transactions(block))
            }
            fn receipt(&$self, transaction: B256) -> Result<Option<Receipt>, Error> {
                $answer($inner.receipt(transaction))
            }
            fn submit(&$self, transaction: &[u8]) -> Result<(), Error> {
                $submit($inner.submit(transaction))
            }
            fn pause(&$self) {
                $pause
            }
        }
    };
}

chain_over!(
    Miner,
    self,
    self.0,
    |answer| answer,
    |answer| answer,
    self.0.mine(1)
);
chain_over!(
    Flaky,
    self,
    self.chain,
    |answer| self.answer(answer),
    |answer| {
        let less = |left: u32| left.checked_sub(1);
        match self
            .lost
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
        {
            Ok(_) => Err(away()),
            Err(_) => answer,
        }
    },
    self.chain.pause()
);
