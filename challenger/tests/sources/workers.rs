//! The program runs on threads of its own: games do not wait for each other's runs, each dispute's program
//! runs once, and few machines are in memory.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::scope;
use std::time::Duration;

use crate::common::players::{CHEAT, HONEST, Working, scheduler};
use crate::common::reader::Reader;
use crate::common::table::{contradict, play, read};
use crate::common::{deployment, wallet};
use alloy_primitives::{Address, B256, U256, keccak256};
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::Strategy;
use fpvm_challenger::scheduler::Games;
use fpvm_checkpoints::{Machine, Root, store};
use fpvm_core::machine::snapshot::Snapshot;
use fpvm_core::machine::vm::Vm;
use fpvm_core::step::oracle::Oracle;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::VerifyError;
use fpvm_dispute::trace::{Executions, Inputs, StepData, TraceError};
use fpvm_isa_mips::Mips32;
use fpvm_oracle::Key;
use fpvm_oracle::store::{Directory, Store as _};
use fpvm_trace::workers::{Options, Workers};
use fpvm_trace::{Hosted, MachineError, Program, Prover, Vms};

/// What is noted of all machines.
#[derive(Default)]
struct Notes {
    /// Steps executed.
    steps: AtomicU64,
    /// Machines that are there, and the most that ever were.
    machines: AtomicI64,
    most: AtomicI64,
    /// The L1 head of a dispute whose program is slow.
    slow: Mutex<Option<B256>>,
    /// It is slow no more.
    is_open: AtomicBool,
}

/// A program with notes.
struct Noted {
    reader: Reader,
    notes: Arc<Notes>,
}

struct Machined {
    running: Hosted<Vm<Mips32>>,
    notes: Arc<Notes>,
    is_slow: bool,
}

impl Program for Noted {
    type Machine = Machined;
    type Error = MachineError;

    fn start(&self, inputs: &Inputs) -> Result<Machined, MachineError> {
        let notes = self.notes.clone();
        let machines = 1 + notes.machines.fetch_add(1, Ordering::SeqCst);
        notes.most.fetch_max(machines, Ordering::SeqCst);
        let slow = *notes.slow.lock().expect("nobody panics");
        Ok(Machined {
            running: self.reader.start(inputs)?,
            notes,
            is_slow: slow == Some(inputs.l1_head),
        })
    }
}

impl Drop for Machined {
    fn drop(&mut self) {
        self.notes.machines.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Machine for Machined {
    type Error = MachineError;

    fn step(&self) -> u64 {
        self.running.step()
    }

    fn exited(&self) -> bool {
        self.running.exited()
    }

    fn run(&mut self, until: u64) -> Result<(), MachineError> {
        if self.is_slow && !self.notes.is_open.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(200));
        }
        let before = self.step();
        self.running.run(until)?;
        let done = self.step() - before;
        self.notes.steps.fetch_add(done, Ordering::SeqCst);
        Ok(())
    }

    fn freeze(&mut self) -> Result<Snapshot, MachineError> {
        self.running.freeze()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), MachineError> {
        self.running.restore(snapshot)
    }

    fn root(&mut self) -> Result<Root, MachineError> {
        self.running.root()
    }
}

impl Prover for Machined {
    fn prove(&mut self) -> Result<StepProof, MachineError> {
        self.running.prove()
    }

    fn oracle(&mut self) -> &mut dyn Oracle {
        self.running.oracle()
    }

    fn store_vm(&self) -> store::Vm {
        self.running.store_vm()
    }

    fn write_state(&mut self, path: &Path) -> Result<(), MachineError> {
        self.running.write_state(path)
    }

    fn verify(&self, proof: &StepProof) -> Result<Root, VerifyError> {
        self.running.verify(proof)
    }
}

/// One thread, which looks at the time after every step; states at every eighth.
const OPTIONS: Options = Options {
    threads: 1,
    every: 8,
    slice: 1,
    turn: Duration::from_millis(50),
    kept: 3,
};

/// What the program reads.
const VALUE: [u8; 100] = [7; 100];

/// The program, and the folder with what it reads, which has to stay.
fn program(notes: &Arc<Notes>) -> (tempfile::TempDir, Noted) {
    let (folder, program) = bare_program(notes);
    put(&folder);
    (folder, program)
}

fn put(folder: &tempfile::TempDir) {
    let mut store = Directory::open(folder.path()).expect("a store");
    let put = store.put(Key::keccak256(&VALUE), &VALUE);
    put.expect("it is written");
}

/// The program with nothing to read.
fn bare_program(notes: &Arc<Notes>) -> (tempfile::TempDir, Noted) {
    let folder = tempfile::tempdir().expect("a folder");
    Directory::create(folder.path()).expect("a store");
    let key = Key::keccak256(&VALUE);
    let reader = Reader {
        key,
        reads: 6,
        preimages: folder.path().to_path_buf(),
    };
    let notes = notes.clone();
    (folder, Noted { reader, notes })
}

fn inputs(number: u8) -> Inputs {
    Inputs {
        l1_head: B256::repeat_byte(number),
        ..Reader::inputs()
    }
}

/// Asks until there is an answer.
fn answer<T>(workers: &Workers<Noted>, ask: impl Fn() -> Result<T, TraceError>) -> T {
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(TraceError::Pending { .. }) => workers.settle(Duration::from_secs(60)),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn each_program_runs_once_with_few_machines() {
    const DISPUTES: u8 = 20;
    let (sync, notes) = (Arc::default(), Arc::default());
    let (_folder, plain) = program(&sync);
    let plain = Vms::new(plain, 8);
    let (_folder, program) = program(&notes);
    scope(|scope| {
        let workers = Workers::start(scope, program, OPTIONS);
        // All at once, from the end backwards.
        let last = u128::from(u64::MAX);
        for number in 0..DISPUTES {
            let first = workers.claim(&inputs(number), last);
            assert!(matches!(first, Err(TraceError::Pending { .. })));
        }
        for index in [last, 64, 96, 80, 72, 68, 70, 69] {
            for number in 0..DISPUTES {
                let claim = answer(&workers, || workers.claim(&inputs(number), index));
                assert_eq!(Ok(claim), plain.claim(&inputs(number), index));
            }
        }
        let whole = 110;
        let steps = notes.steps.load(Ordering::SeqCst);
        // A whole run each, and from one state to the next for each answer.
        let most = u64::from(DISPUTES) * (whole + 7 * 8);
        assert!(steps <= most, "{steps} of {most}");
        let most = notes.most.load(Ordering::SeqCst);
        assert!(most <= 5, "{most} machines at once");

        let step = answer(&workers, || workers.step(&inputs(7), 69));
        let StepData { state, .. } = &step;
        let before = answer(&workers, || workers.claim(&inputs(7), 68));
        assert_eq!(keccak256(state)[1..], before[1..]);
        assert_eq!(Ok(step), plain.step(&inputs(7), 69));
    });
    assert_eq!(notes.machines.load(Ordering::SeqCst), 0);
    // Nor does it run anew where somebody waits for each answer.
    let steps = sync.steps.load(Ordering::SeqCst);
    assert!(steps <= u64::from(DISPUTES) * (110 + 9 * 8), "{steps}");
}

#[test]
fn what_fails_is_tried_again_when_it_is_asked_again() {
    let notes = Arc::default();
    let (folder, program) = bare_program(&notes);
    let key = program.reader.key;
    scope(|scope| {
        let workers = Workers::start(scope, program, OPTIONS);
        let ask = || workers.claim(&inputs(1), 100);
        assert!(ask().is_err());
        workers.settle(Duration::from_secs(60));
        let error = ask().expect_err("there is no pre-image");
        let TraceError::Execution { index, reason } = &error else {
            panic!("{error}");
        };
        assert_eq!(*index, 101);
        assert!(reason.contains(&key.to_string()), "{reason}");
        // Another dispute fails by itself.
        assert!(matches!(
            workers.claim(&inputs(2), 5),
            Err(TraceError::Pending { .. })
        ));
        workers.settle(Duration::from_secs(60));
        assert!(workers.claim(&inputs(2), 5).is_ok());

        // It rests for a second, and says why meanwhile.
        put(&folder);
        assert_eq!(ask().expect_err("it rests"), error);
        std::thread::sleep(Duration::from_millis(1_100));
        answer(&workers, ask);
    });
}

#[test]
fn a_hundred_games_go_on_while_one_program_is_slow() {
    const GAMES: usize = 100;
    let notes: Arc<Notes> = Arc::default();
    let (_folder, program) = program(&notes);
    let mut setup = program.reader.setup(126_000);
    (setup.params.max_depth, setup.params.split_depth) = (10, 2);
    let (chain, deployment) = deployment(&setup);
    let shared = Arc::new(chain.clone());
    let (factory, mut proposer) = (Factory(deployment.factory), wallet(shared.clone(), CHEAT));
    let mut create = |number: usize| {
        let root = B256::from(U256::from(number + 1));
        let game = factory.create(&mut proposer, 0, root, U256::from(4), &mut |_| ());
        game.expect("it is created")
    };
    let games: Vec<Address> = (0..GAMES).map(&mut create).collect();
    let slow = games[GAMES / 2];
    *notes.slow.lock().expect("nobody panics") = Some(read(&chain, slow).0.proposal.l1_head);
    scope(|scope| {
        let workers = Arc::new(Workers::start(scope, program, OPTIONS));
        let trace_source = Working(workers.clone());
        let listed = Games::Listed(games.clone());
        let mut honest = scheduler(
            shared.clone(),
            HONEST,
            listed.clone(),
            trace_source,
            Strategy::Honest,
        );
        let mut events = Vec::new();
        play(&mut honest, &mut events);
        games.iter().for_each(|game| contradict(&chain, *game));
        // All but one come to the root of the execution, for which the program has to be run to its end.
        let claims = |game: &Address| read(&chain, *game).1.claims().len();
        let waiting = loop {
            play(&mut honest, &mut events);
            let mut silent = |_: &Event| ();
            let round = honest
                .round(&mut EventSink(&mut silent))
                .expect("it answers");
            if round.waiting <= 1 {
                break round.waiting;
            }
            workers.settle(Duration::from_millis(20));
        };
        assert_eq!(waiting, 1, "the slow one is still at it");
        for game in &games {
            let expected = if *game == slow { 3 } else { 4 };
            assert_eq!(claims(game), expected, "{game}");
        }
        let told = events.iter().filter(|event| event.event == Name::Waiting);
        assert_eq!(told.filter(|event| event.game == Some(slow)).count(), 1);
        assert!(!events.iter().any(|event| event.event == Name::Trouble));

        notes.is_open.store(true, Ordering::SeqCst);
        workers.settle(Duration::from_secs(60));
        play(&mut honest, &mut events);
        assert_eq!(claims(&slow), 4);
        let steps = notes.steps.load(Ordering::SeqCst);
        assert_eq!(steps, GAMES as u64 * 110, "each program has been run once");
        assert!(notes.most.load(Ordering::SeqCst) <= 5);
        drop((honest, workers));
    });
}
