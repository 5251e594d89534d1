//! What is kept of a dispute goes when its game is resolved. A program of its own, because it changes the process's folder
//! for temporary files.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::thread::scope;
use std::time::Duration;

use alloy_primitives::{B256, U256};
use common::players::{CHEAT, HONEST, Working, scheduler};
use common::reader::Reader;
use common::table::{contradict, play, read};
use common::{CLOCK, DELAY, deployment, wallet};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::Strategy;
use fpvm_challenger::scheduler::Games;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::trace::{Executions as _, Inputs, TraceError};
use fpvm_oracle::Key;
use fpvm_oracle::store::{Directory, Store as _};
use fpvm_trace::workers::{Options, Workers};

/// No machine stays in memory.
const OPTIONS: Options = Options {
    threads: 1,
    every: 8,
    slice: 1_000,
    turn: Duration::from_secs(5),
    kept: 0,
};

const VALUE: [u8; 100] = [7; 100];

fn reader(folder: &Path) -> Reader {
    let mut store = Directory::create(folder).expect("a store");
    let key = Key::keccak256(&VALUE);
    store.put(key, &VALUE).expect("it is written");
    Reader {
        key,
        reads: 6,
        preimages: folder.to_path_buf(),
    }
}

/// Both parts use the one folder for temporary files that a process has.
#[test]
fn states_on_disk_go_with_their_game() {
    let folder = tempfile::tempdir().expect("a folder");
    let [preimages, shelves] = ["preimages", "shelves"].map(|name| folder.path().join(name));
    std::fs::create_dir(&shelves).expect("it is made");
    tempfile::env::override_temp_dir(&shelves).expect("once");
    let spilled = || std::fs::read_dir(&shelves).expect("a folder").count();
    resolved_games_leave_none(reader(&preimages), &spilled);
    what_a_thread_has_goes_when_it_comes_back(reader(&folder.path().join("others")), &spilled);
}

fn resolved_games_leave_none(reader: Reader, spilled: &dyn Fn() -> usize) {
    let mut setup = reader.setup(126_000);
    (setup.params.max_depth, setup.params.split_depth) = (10, 2);
    let (chain, deployment) = deployment(&setup);
    let shared = Arc::new(chain.clone());
    let (factory, mut proposer) = (Factory(deployment.factory), wallet(shared.clone(), CHEAT));
    let mut create = |number: u8| {
        let root = B256::repeat_byte(number);
        let game = factory.create(&mut proposer, 0, root, U256::from(4), &mut |_| ());
        game.expect("it is created")
    };
    let created = Games::Created {
        factory,
        types: Vec::new(),
        window: u64::MAX,
    };
    scope(|scope| {
        let workers = Arc::new(Workers::start(scope, reader, OPTIONS));
        let truth = Working(workers.clone());
        let mut honest = scheduler(shared.clone(), HONEST, created, truth, Strategy::Honest);
        let mut events = Vec::new();
        // Down to the program's last state, for which it is run.
        let mut games = Vec::new();
        for number in 1..=2 {
            let game = create(number);
            play(&mut honest, &mut events);
            contradict(&chain, game);
            while read(&chain, game).1.claims().len() < 4 {
                play(&mut honest, &mut events);
                workers.settle(Duration::from_secs(60));
            }
            games.push(game);
            assert_eq!(spilled(), games.len());
            chain.advance(CLOCK * 2 / 3);
        }
        // The first game's clocks have run out, the second's have not.
        play(&mut honest, &mut events);
        let status = |game: usize| read(&chain, games[game]).1.status();
        assert_eq!(status(0), GameStatus::ChallengerWins);
        assert_eq!(status(1), GameStatus::InProgress);
        assert_eq!(spilled(), 1);
        chain.advance(CLOCK);
        play(&mut honest, &mut events);
        assert_eq!(status(1), GameStatus::ChallengerWins);
        assert_eq!(spilled(), 0);
        // And is paid as before.
        chain.advance(DELAY);
        assert_eq!(play(&mut honest, &mut events), 2);
        drop((honest, workers));
    });
}

fn what_a_thread_has_goes_when_it_comes_back(reader: Reader, spilled: &dyn Fn() -> usize) {
    let inputs = |number: u8| Inputs {
        l1_head: B256::repeat_byte(number),
        ..Reader::inputs()
    };
    let patience = Duration::from_secs(60);
    scope(|scope| {
        let workers = Workers::start(scope, reader, OPTIONS);
        let ask = |number| workers.claim(&inputs(number), u128::from(u64::MAX));
        // Whether a thread has it by now or not.
        for number in 1..=20 {
            assert!(matches!(ask(number), Err(TraceError::Pending { .. })));
            workers.forget(B256::repeat_byte(number));
        }
        workers.settle(patience);
        assert_eq!(spilled(), 0);
        // Asked about again it is run anew.
        assert!(matches!(ask(1), Err(TraceError::Pending { .. })));
        workers.forget(B256::repeat_byte(1));
        assert!(matches!(ask(1), Err(TraceError::Pending { .. })));
        workers.settle(patience);
        assert!(ask(1).is_ok());
        assert_eq!(spilled(), 1);
    });
    assert_eq!(spilled(), 0);
}
