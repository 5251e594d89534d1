//! Whole super games with a program that judges them, `super-rollup` on Cannon's MIPS64, as `fpvm challenge` plays them:
//! what is true comes from a node, the bottom half from the VM, and every lie loses. Beside them a game of one proposer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Scope;
use std::time::{Duration, Instant};

use fpvm::{Options as OpenOptions, Registry};
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::event::{Event, EventSink, Name};
use fpvm_challenger::factory::{Claimed, Factory};
use fpvm_challenger::player::{Kind, Settling, Strategy};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::watch::game as read_game;
use fpvm_challenger::rollup::SuperNodes;
use fpvm_challenger::scheduler::{GameScheduler, Games, Options};
use fpvm_challenger::service::{GameInputs, Guest, Open, PrestateSources, ProgramTraceSource};
use fpvm_contracts::artifact::Artifact;
use fpvm_demo::super_rollup::{CHAINS, GENESIS, ToyRollups};
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::claim::{GameStatus, OutputRoot};
use fpvm_dispute::game::Game;
use fpvm_dispute::player::cheat::{Cheat, Way};
use fpvm_dispute::rules::Params;
use fpvm_dispute::super_root::{STEPS_PER_SECOND, SuperRoot, SuperStep};
use fpvm_dispute::trace::lie::Extent;
use fpvm_dispute::version::Version;
use fpvm_e2e::op_node::{Known, OpNode};
use fpvm_e2e::super_roots::super_roots;
use fpvm_l1::signer::Signer;
use fpvm_l1::{Address, B256, Earlier, Local, Policy, Rpc, U256, Wallet};
use fpvm_oracle::Key;
use fpvm_oracle::store::{Memory, Shared, Store as _};
use fpvm_trace::{MachineError, Preimages};
use tempfile::TempDir;

const OWNER: u8 = 1;
const HONEST: u8 = 2;
const CHEAT: u8 = 3;
/// From what to what the game goes. Replaced blocks lie between, as the toy rollups' own tests know.
const START: u64 = GENESIS + 2;
const END: u64 = START + 2;
/// Of the registry and the vault, in seconds.
const DELAYS: [u64; 2] = [302_400, 604_800];

fn signer(key: u8) -> Signer {
    Signer::from_key(&B256::repeat_byte(key)).expect("a key")
}

fn wallet(chain: &Local, key: u8) -> Wallet {
    let policy = Policy {
        earlier: Earlier::Replace,
        ..Policy::default()
    };
    Wallet::new(Arc::new(chain.clone()), signer(key), policy)
}

fn open(path: &Path) -> Result<Guest, MachineError> {
    let vm = Registry::builtin().open(path, &OpenOptions::default());
    Ok(vm.map_err(|error| MachineError::Other(error.into()))? as Guest)
}

/// The program as a file, what it reads, and a node that knows the chains.
struct World {
    folder: TempDir,
    rollups: ToyRollups,
    node: OpNode,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let program = fpvm_guests::SUPER_ROLLUP
            .iter()
            .find(|(of, _)| *of == "mips64");
        let (_, program) = program.expect("a program for MIPS64");
        std::fs::write(folder.path().join("program"), program).expect("written");
        let rollups = ToyRollups::new(&CHAINS, 12);
        let node = OpNode::start(Known {
            super_roots: super_roots(rollups.clone()),
            ..Known::default()
        });
        Self {
            folder,
            rollups,
            node,
        }
    }

    fn root(&self, timestamp: u64) -> SuperRoot {
        self.rollups.super_root(timestamp).expect("it has all")
    }

    /// A chain with a factory for games of all, and one for those of a proposer.
    fn deploy(&self) -> (Local, [Deployment; 2]) {
        let path = self.folder.path().join("program");
        let vm = Registry::builtin().open(&path, &OpenOptions::default());
        let mut vm = vm.expect("a program");
        let prestate = B256::from(vm.state_root());
        let anchor = OutputRoot {
            root: self.root(START).hash(),
            block: U256::from(START),
        };
        let open_to_all = Setup {
            params: Params {
                split_depth: 8,
                // A step takes a few million instructions. The deepest claims are the proposer's side's.
                max_depth: 8 + 1 + 25,
                ..Params::mainnet_super(prestate)
            },
            anchor,
            delay: DELAYS[1],
            finality_delay: DELAYS[0],
            min_proposal_size: 126_000,
            verifier: Artifact::parse(fpvm_contracts::MIPS64_ARTIFACT).expect("an artifact"),
            state_version: vm.isa().version(),
        };
        let of_a_proposer = Setup {
            params: Params {
                version: Version::SuperPermissioned1_0,
                game_type: 5,
                roles: Some(Roles {
                    proposer: signer(CHEAT).address(),
                    challenger: Address::ZERO,
                }),
                ..open_to_all.params.clone()
            },
            ..open_to_all.clone()
        };
        let chain = Local::new(900);
        for key in [OWNER, HONEST, CHEAT] {
            chain.fund(signer(key).address(), U256::from(10_u128.pow(24)));
        }
        let mut owner = wallet(&chain, OWNER);
        let deployments = [open_to_all, of_a_proposer]
            .map(|setup| Deployment::deploy(&mut owner, &setup, &mut |_| ()).expect("it deploys"));
        (chain, deployments)
    }

    fn source<'s, 'a>(
        &self,
        chain: &Local,
        extent: Extent,
        scope: &'s Scope<'s, 'a>,
    ) -> ProgramTraceSource<'s, 'a> {
        let mut store = Memory::default();
        for (_, preimage) in self.rollups.preimages() {
            let key = Key::keccak256(preimage);
            store.put(key, preimage).expect("memory takes it");
        }
        let store = Preimages::Store(Shared::new(Box::new(store)));
        let rpc = Rpc::node(&self.node.url, Duration::ZERO).expect("a URL");
        let opened: Open<'a> = Arc::new(open);
        let inputs = GameInputs {
            prestates: PrestateSources {
                files: vec![self.folder.path().join("program")],
                ..PrestateSources::default()
            },
            open: opened,
            kept: self.folder.path().join("kept"),
            preimages: [(None, store)].into_iter().collect(),
            outputs: None,
            super_roots: Some(Arc::new(SuperNodes::new(vec![Arc::new(rpc)]))),
            extent,
            host_data: None,
            every: 1_000_000,
            threads: 1,
            second_opinion: None,
            interrupted: Arc::new(AtomicBool::new(false)),
        };
        ProgramTraceSource::new(inputs, Arc::new(chain.clone()), scope).expect("programs")
    }
}

const TRUTH: Extent = Extent {
    outputs_from: None,
    steps_from: None,
    salt: 0,
};

/// A lie from a place on: by the salt another output, the invalid state, garbage, or the future.
fn lies(timestamp: u64, step: u64, salt: u64) -> Extent {
    let place = SuperStep { timestamp, step };
    Extent {
        outputs_from: Some(U256::from(place.number())),
        steps_from: Some(1_000),
        salt,
    }
}

type Side<'s, 'a> = GameScheduler<ProgramTraceSource<'s, 'a>>;

fn side<'s, 'a>(
    chain: &Local,
    key: u8,
    games: &[Address],
    source: ProgramTraceSource<'s, 'a>,
) -> Side<'s, 'a> {
    let strategy = match key {
        HONEST => Strategy::Honest,
        _ => Strategy::Cheat(Cheat {
            way: Way::Liar,
            seed: 1,
            budget: 200,
        }),
    };
    let options = Options {
        strategy,
        dry_run: false,
        policy: Policy::default(),
        settling: Settling::default(),
    };
    let games = Games::Listed(games.to_vec());
    GameScheduler::new(Arc::new(chain.clone()), signer(key), games, source, options)
}

/// Rounds until nothing is left to do now, and no program runs; what was done.
fn settle(side: &mut Side<'_, '_>, events: &mut Vec<Event>) -> usize {
    let (mut all, begun) = (0, Instant::now());
    loop {
        assert!(begun.elapsed() < Duration::from_secs(300), "{events:#?}");
        let mut collect = |event: &Event| events.push(event.clone());
        let round = side.round(&mut EventSink(&mut collect));
        let round = round.expect("the chain answers");
        all += round.done;
        if round.done == 0 && round.waiting == 0 {
            return all;
        }
        if round.done == 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn propose(chain: &Local, deployment: &Deployment, game_type: u32, root: SuperRoot) -> Address {
    let factory = Factory(deployment.factory);
    let claimed = Claimed::SuperRoot(root);
    let created = factory.create_about(&mut wallet(chain, CHEAT), game_type, &claimed, &mut |_| ());
    created.expect("it is created")
}

fn read(chain: &Local, game: Address) -> Game {
    let reader = Reader::newest(chain).expect("a block");
    read_game(&reader, game).expect("a game").1.game
}

fn named(events: &[Event], name: Name) -> Vec<&str> {
    let of_name = events.iter().filter(|event| event.event == name);
    of_name.map(|event| event.why.as_str()).collect()
}

fn done(events: &[Event], kind: Kind) -> usize {
    let of_kind = |event: &&Event| event.event == Name::Done && event.kind == Some(kind);
    events.iter().filter(of_kind).count()
}

/// Both play the game until it is over and paid; what the honest one did.
fn played(world: &World, root: SuperRoot, extent: Extent) -> (Game, Vec<Event>) {
    let (chain, [open_to_all, _]) = world.deploy();
    let game = propose(&chain, &open_to_all, 9, root);
    let mut events = Vec::new();
    std::thread::scope(|scope| {
        let mut honest = side(&chain, HONEST, &[game], world.source(&chain, TRUTH, scope));
        let mut liar = side(&chain, CHEAT, &[game], world.source(&chain, extent, scope));
        let (mut other, mut idle) = (Vec::new(), 0);
        while idle < 2 {
            chain.advance(600);
            let made = settle(&mut honest, &mut events);
            chain.advance(600);
            idle = match made + settle(&mut liar, &mut other) {
                0 => idle + 1,
                _ => 0,
            };
        }
        for time in [2 * 302_400, DELAYS[0] + 4_000, DELAYS[1] + 1] {
            chain.advance(time);
            settle(&mut honest, &mut events);
        }
    });
    assert_eq!(named(&events, Name::Trouble), Vec::<&str>::new());
    (read(&chain, game), events)
}

/// What must be true where everything that the honest one claimed stands, and it lost no bond.
fn check(game: &Game) {
    for (index, claim) in game.claims().iter().enumerate() {
        if claim.claimant == signer(HONEST).address() {
            assert_eq!(claim.countered_by, None, "claim {index}");
        }
    }
    // All of its bonds are paid: nothing is left of its credit.
    assert_eq!(game.credit(signer(HONEST).address()), 0);
}

/// What a liar of other outputs proposes: it holds all of that for true.
fn own_lie(world: &World, extent: Extent) -> SuperRoot {
    let end = SuperStep::start_of(END);
    let state = extent.other_outputs(end, &world.root(END).encode());
    SuperRoot::decode(&state.encode()).expect("a super root")
}

#[test]
fn a_false_super_root_loses_wherever_the_lie_begins() {
    let world = World::new();
    for (timestamp, step) in [
        (START, 1),
        (START, 3),
        (START, 4),
        (START, STEPS_PER_SECOND - 1),
        (START + 1, 0),
        (START + 1, 2),
        (END, 0),
    ] {
        let extent = lies(timestamp, step, 4);
        let (game, events) = played(&world, own_lie(&world, extent), extent);
        assert_eq!(
            game.status(),
            GameStatus::ChallengerWins,
            "{timestamp} {step}"
        );
        assert!(game.claims()[0].countered_by.is_some());
        assert_eq!(done(&events, Kind::Step), 1, "{timestamp} {step}");
        check(&game);
    }
}

#[test]
fn a_true_super_root_stands_against_every_kind_of_lie() {
    let world = World::new();
    // Other outputs, the invalid state, garbage, and the future, on which the program panics.
    for (salt, (timestamp, step)) in
        (4..).zip([(START, 1), (START, 2), (START + 1, 0), (START + 1, 77)])
    {
        let extent = lies(timestamp, step, salt);
        let (game, events) = played(&world, world.root(END), extent);
        assert_eq!(game.status(), GameStatus::DefenderWins, "salt {salt}");
        assert!(done(&events, Kind::Move) > 0, "salt {salt}");
        check(&game);
    }
}

#[test]
fn a_game_of_one_proposer_is_watched_beside_one_of_all() {
    let world = World::new();
    let (chain, [open_to_all, of_a_proposer]) = world.deploy();
    let games = [
        propose(&chain, &open_to_all, 9, world.root(END)),
        propose(&chain, &of_a_proposer, 5, own_lie(&world, lies(END, 0, 4))),
        propose(&chain, &of_a_proposer, 5, world.root(START + 1)),
    ];
    let mut events = Vec::new();
    std::thread::scope(|scope| {
        let mut honest = side(&chain, HONEST, &games, world.source(&chain, TRUTH, scope));
        settle(&mut honest, &mut events);
        let alarms: Vec<_> = honest.alarms().map(|(game, _)| game).collect();
        assert_eq!(alarms, [games[1]]);
        assert_eq!(done(&events, Kind::Move), 0);
        chain.advance(302_400 + 1);
        settle(&mut honest, &mut events);
        chain.advance(302_400 + 4_000);
        settle(&mut honest, &mut events);
    });
    assert_eq!(read(&chain, games[0]).status(), GameStatus::DefenderWins);
    assert_eq!(done(&events, Kind::Anchor), 1);
    assert_eq!(named(&events, Name::Trouble), Vec::<&str>::new());
}
