//! A proposer on a chain in this process, with rollup nodes that are behind, contradict each other, fail or run away.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::factory::{Claimed, CreateError, Factory};
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::read::Reader;
use fpvm_challenger::rollup::{Finality, Nodes, SourceError, SuperNodes};
use fpvm_contracts::artifact::Artifact;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::rules::Params;
use fpvm_dispute::version::Version;
use fpvm_e2e::op_node::{Known, OpNode, Output, SuperRoots};
use fpvm_e2e::super_roots::{answer, two_chains};
use fpvm_l1::signer::Signer;
use fpvm_l1::{
    At, Block, Bytes, Call, Chain, Error, Local, Log, LogFilter, Policy, Receipt, Rpc, Transaction,
    Wallet,
};
use fpvm_proposer::{
    Options, Outcome, Proposal, ProposeError, Proposer, Service, ServiceError, Source,
};

const OWNER: u8 = 1;
const PROPOSER: u8 = 2;
const OTHER: u8 = 3;
const INTERVAL: u64 = 3_600;

fn wallet(chain: &Local, key: u8) -> Wallet {
    let signer = Signer::from_key(&B256::repeat_byte(key)).expect("a key");
    Wallet::new(Arc::new(chain.clone()), signer, Policy::default())
}

/// A chain with a factory of games of type 0, and accounts that have money.
fn chain(version: Version) -> (Local, Factory) {
    let params = Params {
        version,
        ..Params::mainnet(B256::repeat_byte(3))
    };
    let anchor = OutputRoot {
        root: root(0),
        block: U256::ZERO,
    };
    chain_of(params, anchor)
}

/// The same, with games of some rules that start from some anchor.
fn chain_of(params: Params, anchor: OutputRoot) -> (Local, Factory) {
    let chain = Local::new(900);
    for key in [OWNER, PROPOSER, OTHER] {
        let purse = U256::from(10).pow(U256::from(22));
        chain.fund(wallet(&chain, key).address(), purse);
    }
    let setup = Setup {
        params,
        anchor,
        delay: 604_800,
        finality_delay: 302_400,
        min_proposal_size: 126_000,
        verifier: Artifact::parse(fpvm_contracts::MIPS_ARTIFACT).expect("an artifact"),
        state_version: None,
    };
    let mut owner = wallet(&chain, OWNER);
    let deployment = Deployment::deploy(&mut owner, &setup, &mut |_| ()).expect("it deploys");
    (chain, Factory(deployment.factory))
}

fn root(block: u64) -> B256 {
    B256::from(U256::from(block + 0xa000))
}

/// A node that knows 100 blocks.
fn node(finalized: u64, safe: u64) -> OpNode {
    let output = |block| Output {
        root: root(block).to_string(),
        state_root: B256::ZERO.to_string(),
        withdrawals: B256::ZERO.to_string(),
        hash: B256::ZERO.to_string(),
        header: "0x".into(),
    };
    OpNode::start(Known {
        outputs: (0..100).map(output).collect(),
        current_l1: 1_000,
        finalized,
        safe,
        ..Known::default()
    })
}

fn nodes(nodes: &[&OpNode]) -> Source {
    let rpc = |node: &&OpNode| Arc::new(Rpc::node(&node.url, Duration::ZERO).expect("a URL"));
    Source::Outputs(Arc::new(Nodes::new(nodes.iter().map(rpc).collect(), None)))
}

fn options(factory: Factory) -> Options {
    Options {
        factory,
        game_type: GameType(0),
        interval: INTERVAL,
        finality: Finality::Finalized,
        dry_run: false,
    }
}

fn proposer(chain: &Local, factory: Factory, from: &[&OpNode]) -> Proposer {
    Proposer::new(wallet(chain, PROPOSER), nodes(from), options(factory))
}

#[allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]
fn round(proposer: &mut Proposer) -> Result<Outcome, ProposeError> {
    proposer.round(&mut |_| ())
}

fn games(chain: &Local, factory: Factory) -> u64 {
    let reader = Reader::newest(chain).expect("a block");
    factory.count(&reader).expect("a factory")
}

fn proposed(outcome: Outcome) -> (Address, Proposal) {
    match outcome {
        Outcome::Proposed { game, proposal } => (game, proposal),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_game_an_interval_about_the_newest_final_block() {
    for version in [Version::V1_3, Version::V2_4] {
        let (chain, factory) = chain(version);
        let node = node(10, 20);
        let mut proposer = proposer(&chain, factory, &[&node]);
        let (game, proposal) = proposed(round(&mut proposer).expect("it is due"));
        assert_eq!((proposal.sequence_number, proposal.root), (10, root(10)));
        let reader = Reader::newest(&chain).expect("a block");
        let claimed = Claimed::Output {
            root: root(10),
            block: U256::from(10),
        };
        let about = factory.about(&reader, 0, &claimed);
        assert_eq!(about.expect("it answers"), Some(game));
        let created = factory.game(&reader, 0).expect("a game").created_at;

        // A new process, as this one: nothing is kept but on the chain.
        node.known().finalized = 11;
        let mut again = self::proposer(&chain, factory, &[&node]);
        for proposer in [&mut proposer, &mut again] {
            let until = created + INTERVAL;
            let waiting = round(proposer).expect("it answers");
            assert_eq!(waiting, Outcome::Waiting { game, until });
        }
        chain.advance(INTERVAL - 60);
        assert!(matches!(round(&mut again), Ok(Outcome::Waiting { .. })));
        chain.advance(60);
        let (_, proposal) = proposed(round(&mut again).expect("it is due"));
        assert_eq!(proposal.sequence_number, 11);
        assert_eq!(games(&chain, factory), 2);
    }
}

#[test]
fn safe_blocks_are_proposed_where_that_is_asked_for() {
    let (chain, factory) = chain(Version::V2_4);
    let node = node(10, 20);
    let options = Options {
        finality: Finality::Safe,
        ..options(factory)
    };
    let mut proposer = Proposer::new(wallet(&chain, PROPOSER), nodes(&[&node]), options);
    let (_, proposal) = proposed(round(&mut proposer).expect("it is due"));
    assert_eq!(proposal.sequence_number, 20);
}

#[test]
fn nothing_is_proposed_twice_nor_backwards() {
    let (chain, factory) = chain(Version::V2_4);
    let node = node(10, 10);
    let mut first = proposer(&chain, factory, &[&node]);
    let (game, _) = proposed(round(&mut first).expect("it is due"));
    chain.advance(INTERVAL);
    assert_eq!(
        round(&mut first).expect("it answers"),
        Outcome::Unchanged { game }
    );
    // The node begins anew.
    node.known().finalized = 7;
    let behind = Outcome::Behind {
        game,
        sequence_number: 7,
    };
    assert_eq!(round(&mut first).expect("it answers"), behind);
    node.known().finalized = 0;
    assert_eq!(round(&mut first).expect("it answers"), Outcome::Genesis);
    // Somebody else was faster.
    node.known().finalized = 12;
    let mut other = wallet(&chain, OTHER);
    let theirs = factory.create(&mut other, 0, root(12), U256::from(12), &mut |_| ());
    let proposal = Proposal {
        sequence_number: 12,
        root: root(12),
    };
    let exists = Outcome::Exists {
        game: theirs.expect("it is created"),
        proposal,
    };
    assert_eq!(round(&mut first).expect("it answers"), exists);
    assert_eq!(games(&chain, factory), 2);
}

#[test]
fn a_dry_run_sends_nothing() {
    let (chain, factory) = chain(Version::V2_4);
    let options = Options {
        dry_run: true,
        ..options(factory)
    };
    let mut proposer = Proposer::new(wallet(&chain, PROPOSER), nodes(&[&node(10, 10)]), options);
    let planned = Outcome::Planned {
        proposal: Proposal {
            sequence_number: 10,
            root: root(10),
        },
    };
    assert_eq!(round(&mut proposer).expect("it answers"), planned);
    assert_eq!(games(&chain, factory), 0);
}

#[test]
fn the_newest_block_that_all_have_is_proposed_and_none_may_contradict_it() {
    let (chain, factory) = chain(Version::V2_4);
    let (ahead, behind) = (node(30, 30), node(10, 10));
    behind.known().outputs.truncate(11);
    let mut both = proposer(&chain, factory, &[&behind, &ahead]);
    let (game, proposal) = proposed(round(&mut both).expect("both have it"));
    assert_eq!(proposal.sequence_number, 10);
    // Nothing is proposed of what one has alone: the other is waited for.
    chain.advance(INTERVAL);
    assert_eq!(
        round(&mut both).expect("it answers"),
        Outcome::Unchanged { game }
    );

    ahead.known().finalized = 31;
    let liar = node(31, 31);
    liar.known().outputs[31].root = root(7).to_string();
    let mut two = proposer(&chain, factory, &[&ahead, &liar]);
    let error = round(&mut two).expect_err("they contradict each other");
    assert!(
        matches!(error, ProposeError::Source(SourceError::Trace(_))),
        "{error}"
    );
    let error = error.to_string();
    assert!(
        error.contains(&ahead.url) && error.contains(&liar.url),
        "{error}"
    );
    assert_eq!(games(&chain, factory), 1);

    // One that fails does not hold up the others.
    liar.known().fails = 100;
    let mut three = proposer(&chain, factory, &[&liar, &ahead]);
    assert_eq!(
        proposed(round(&mut three).expect("one answers"))
            .1
            .sequence_number,
        31
    );
    ahead.known().fails = 100;
    let mut none = proposer(&chain, factory, &[&liar, &ahead]);
    chain.advance(INTERVAL);
    assert!(matches!(round(&mut none), Err(ProposeError::Source(_))));
}

#[test]
fn a_reorg_takes_a_proposal_back_and_it_is_made_again() {
    let (chain, factory) = chain(Version::V2_4);
    let node = node(10, 10);
    let mut proposer = proposer(&chain, factory, &[&node]);
    proposed(round(&mut proposer).expect("it is due"));
    chain.reorg(1, false);
    assert_eq!(games(&chain, factory), 0);
    let (_, proposal) = proposed(round(&mut proposer).expect("it is due again"));
    assert_eq!(proposal.sequence_number, 10);
    assert_eq!(games(&chain, factory), 1);
}

/// A chain whose node answers with the block before the newest.
struct Lagging(Local);

impl Chain for Lagging {
    fn name(&self) -> String {
        self.0.name()
    }
    fn chain_id(&self) -> u64 {
        self.0.chain_id()
    }
    fn block(&self, at: At) -> Result<Block, Error> {
        let block = self.0.block(at)?;
        match at {
            At::Latest => self.0.block(At::Number(block.number - 1)),
            _ => Ok(block),
        }
    }
    fn nonce(&self, account: Address, waiting: bool) -> Result<u64, Error> {
        self.0.nonce(account, waiting)
    }
    fn nonce_at(&self, account: Address, at: At) -> Result<u64, Error> {
        self.0.nonce_at(account, at)
    }
    fn balance(&self, account: Address, at: At) -> Result<U256, Error> {
        self.0.balance(account, at)
    }
    fn code(&self, account: Address, at: At) -> Result<Bytes, Error> {
        self.0.code(account, at)
    }
    fn call(&self, call: &Call, at: At) -> Result<Bytes, Error> {
        self.0.call(call, at)
    }
    fn estimate(&self, call: &Call) -> Result<u64, Error> {
        self.0.estimate(call)
    }
    fn tip(&self) -> Result<u128, Error> {
        self.0.tip()
    }
    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, Error> {
        self.0.logs(filter)
    }
    fn transactions(&self, block: B256) -> Result<Vec<Transaction>, Error> {
        self.0.transactions(block)
    }
    fn receipt(&self, transaction: B256) -> Result<Option<Receipt>, Error> {
        self.0.receipt(transaction)
    }
    fn submit(&self, transaction: &[u8]) -> Result<(), Error> {
        self.0.submit(transaction)
    }
    fn pause(&self) {
        self.0.pause();
    }
}

#[test]
fn a_node_that_answers_with_an_older_block_makes_no_second_game() {
    let (chain, factory) = chain(Version::V2_4);
    let node = node(10, 10);
    proposed(round(&mut proposer(&chain, factory, &[&node])).expect("it is due"));
    node.known().finalized = 11;
    let behind = Wallet::new(
        Arc::new(Lagging(chain.clone())),
        Signer::from_key(&B256::repeat_byte(PROPOSER)).expect("a key"),
        Policy::default(),
    );
    let mut behind = Proposer::new(behind, nodes(&[&node]), options(factory));
    let error = round(&mut behind).expect_err("it does not see its own game");
    assert!(matches!(error, ProposeError::Stale { .. }), "{error}");
    assert_eq!(games(&chain, factory), 1);
    chain.mine(1);
    let waiting = round(&mut behind).expect("it sees it");
    assert!(matches!(waiting, Outcome::Waiting { .. }));
}

#[test]
fn games_of_others_and_of_other_types_do_not_count() {
    let (chain, factory) = chain(Version::V2_4);
    let mut other = wallet(&chain, OTHER);
    for block in 1..=20 {
        let created = factory.create(&mut other, 0, root(block), U256::from(block), &mut |_| ());
        created.expect("it is created");
    }
    let node = node(30, 30);
    let mut proposer = proposer(&chain, factory, &[&node]);
    let (game, _) = proposed(round(&mut proposer).expect("it is due"));
    for block in 31..=50 {
        let created = factory.create(&mut other, 0, root(block), U256::from(block), &mut |_| ());
        created.expect("it is created");
    }
    // Twenty newer ones of somebody else do not hide it.
    let waiting = round(&mut proposer).expect("it answers");
    assert!(matches!(waiting, Outcome::Waiting { game: found, .. } if found == game));
}

#[test]
fn a_type_that_there_is_not_ends_the_service() {
    let (chain, factory) = chain(Version::V2_4);
    let node = node(10, 10);
    let options = Options {
        game_type: GameType(77),
        ..options(factory)
    };
    let mut service = Service {
        proposer: Proposer::new(wallet(&chain, PROPOSER), nodes(&[&node]), options),
        poll_interval: Duration::from_millis(1),
        wait_node_sync: false,
        once: false,
        exporter: None,
        interrupted: Arc::new(AtomicBool::new(false)),
    };
    let ended = service.run::<()>(&mut |_| Ok(()), &mut |_| ());
    assert!(matches!(
        ended,
        Err(ServiceError::Propose(ProposeError::Create(
            CreateError::UnknownType { .. }
        )))
    ));
}

#[test]
fn a_service_reports_what_changes_and_goes_on_after_troubles() {
    let (chain, factory) = chain(Version::V2_4);
    let node = node(10, 10);
    node.known().fails = 3;
    // The chain's own head is far beyond what the node has read.
    node.known().current_l1 = chain.block(At::Latest).expect("a block").number;
    let mut service = Service {
        proposer: proposer(&chain, factory, &[&node]),
        poll_interval: Duration::from_millis(20),
        wait_node_sync: false,
        once: false,
        exporter: None,
        interrupted: Arc::new(AtomicBool::new(false)),
    };
    let mut seen = Vec::new();
    let ended = service.run(
        &mut |outcome| {
            seen.push(*outcome);
            match outcome {
                Outcome::Waiting { .. } if seen.len() == 2 => {
                    chain.advance(INTERVAL);
                    node.known().finalized = 11;
                    Ok(())
                }
                Outcome::Waiting { .. } => Err("enough"),
                _ => Ok(()),
            }
        },
        &mut |_| (),
    );
    assert!(matches!(ended, Err(ServiceError::Report("enough"))));
    let kinds: Vec<_> = seen.iter().map(std::mem::discriminant).collect();
    assert_eq!(kinds.len(), 4, "{seen:?}");
    assert_eq!((kinds[0], kinds[1]), (kinds[2], kinds[3]));
    let blocks: BTreeSet<_> = seen
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Proposed { proposal, .. } => Some(proposal.sequence_number),
            _ => None,
        })
        .collect();
    assert_eq!(blocks, BTreeSet::from([10, 11]));
}

#[test]
fn nodes_that_have_not_read_l1_are_waited_for_where_that_is_asked_for() {
    let (chain, factory) = chain(Version::V2_4);
    let head = chain.block(At::Latest).expect("a block").number;
    let node = node(10, 10);
    node.known().current_l1 = head - 1;
    let mut service = Service {
        proposer: proposer(&chain, factory, &[&node]),
        poll_interval: Duration::from_millis(20),
        wait_node_sync: true,
        once: true,
        exporter: None,
        interrupted: Arc::new(AtomicBool::new(false)),
    };
    let catching_up = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        node.known().current_l1 = head;
        node
    });
    service
        .run::<()>(&mut |_| Ok(()), &mut |_| ())
        .expect("it is there in the end");
    let node = catching_up.join().expect("no panic");
    let asked = &node.known().asked;
    let statuses = asked.iter().filter(|what| *what == "optimism_syncStatus");
    assert!(statuses.count() > 2);
    assert_eq!(games(&chain, factory), 1);
}

#[test]
fn super_roots_are_proposed_of_the_newest_final_second() {
    const START: u64 = 1_000;
    const NEWEST: u64 = 1_040;
    let rollup = two_chains(1_000_000);
    let anchor = OutputRoot {
        root: rollup.super_root(START).expect("it has all").hash(),
        block: U256::from(START),
    };
    let params = Params {
        version: Version::Super0_8,
        game_type: 9,
        l2_chain_id: U256::ZERO,
        ..Params::mainnet(B256::repeat_byte(3))
    };
    let (chain, factory) = chain_of(params, anchor);
    let said = rollup.clone();
    let node = OpNode::start(Known {
        super_roots: SuperRoots::new(move |timestamp| {
            let mut answer = answer(&said, timestamp.min(NEWEST))?;
            answer["finalized_timestamp"] = NEWEST.into();
            answer["safe_timestamp"] = (NEWEST + 4).into();
            Ok(answer)
        }),
        ..Known::default()
    });
    let rpc = Rpc::node(&node.url, Duration::ZERO).expect("a URL");
    let source = Source::SuperRoots(Arc::new(SuperNodes::new(vec![Arc::new(rpc)])));
    let options = Options {
        game_type: GameType(9),
        ..options(factory)
    };
    let mut proposer = Proposer::new(wallet(&chain, PROPOSER), source, options);
    // L1 does not determine it yet: a game about it would be lost.
    let error = round(&mut proposer).expect_err("it is early").to_string();
    assert!(
        error.contains("wait, or choose an earlier second"),
        "{error}"
    );
    chain.mine(100);
    let (game, proposal) = proposed(round(&mut proposer).expect("it is due"));
    let root = rollup.super_root(NEWEST).expect("it has all").hash();
    assert_eq!(
        proposal,
        Proposal {
            sequence_number: NEWEST,
            root
        }
    );
    assert!(matches!(round(&mut proposer), Ok(Outcome::Waiting { .. })));
    chain.advance(INTERVAL);
    let unchanged = round(&mut proposer).expect("it answers");
    assert_eq!(unchanged, Outcome::Unchanged { game });
}
