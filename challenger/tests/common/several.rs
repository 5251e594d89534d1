//! Games of several types about several programs, of several VMs, in one factory; and who plays all of them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Scope;
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, U256};
use fpvm::{Options as OpenOptions, Patches, Registry};
use fpvm_challenger::deployment::{Deployment, implementation, registration};
use fpvm_challenger::event::{Event, EventSink};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::game_type::{ByType, GameType};
use fpvm_challenger::player::Strategy;
use fpvm_challenger::rollup::Source;
use fpvm_challenger::scheduler::{GameScheduler, Games};
use fpvm_challenger::service::{
    GameInputs, Guest, Limits, Open, PrestateSources, ProgramTraceSource,
};
use fpvm_contracts::artifact::Artifact;
use fpvm_contracts::game;
use fpvm_contracts::game::abi::{OutputRoot as Anchor, StartingAnchorRoot};
use fpvm_core::definition::isa::Isa as _;
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::position::Position;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::trace::Outputs as _;
use fpvm_dispute::trace::lie::Extent;
use fpvm_dispute::version::Version;
use fpvm_isa_riscv::Rv64;
use fpvm_l1::{Chain, Local, Request, Wallet};
use fpvm_oracle::Key;
use fpvm_oracle::store::{Directory, Store as _};
use fpvm_trace::{MachineError, Preimages};
use tempfile::TempDir;

use super::players::{CHEAT, HONEST, LIE, PROPOSED, outputs, scheduler};
use super::reader::Reader;
use super::{account, deployment, wallet};

/// What the MIPS programs read.
const VALUE: [u8; 40] = [7; 40];

/// Programs as files, and what they read.
pub(crate) struct Shelf {
    pub(crate) folder: TempDir,
    /// By name: the file's name here, and the pre-state.
    pub(crate) programs: Vec<(&'static str, B256)>,
}

/// MIPS programs that read a different number of times, and a RISC-V program.
pub(crate) const FIRST: usize = 0;
pub(crate) const SECOND: usize = 1;
pub(crate) const RISCV: usize = 2;

impl Shelf {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("preimages");
        std::fs::create_dir(&store).expect("a folder");
        std::fs::create_dir(folder.path().join("nothing")).expect("a folder");
        let key = Key::keccak256(&VALUE);
        let mut directory = Directory::open(&store).expect("a folder");
        directory.put(key, &VALUE).expect("it is written");
        let mips = |reads| {
            let preimages = store.clone();
            Reader {
                key,
                reads,
                preimages,
            }
            .elf()
        };
        let files = [("first", mips(2)), ("second", mips(3)), ("riscv", riscv())];
        let programs = files.map(|(name, file)| {
            let path = folder.path().join(name);
            std::fs::write(&path, file).expect("it is written");
            let mut vm = open(&path).expect("a program");
            (name, B256::from(vm.state_root()))
        });
        Self {
            folder,
            programs: programs.to_vec(),
        }
    }

    pub(crate) fn prestate(&self, program: usize) -> B256 {
        self.programs[program].1
    }

    pub(crate) fn file(&self, program: usize) -> std::path::PathBuf {
        self.folder.path().join(self.programs[program].0)
    }

    /// A program's first state as a file of that name in a folder.
    pub(crate) fn state(&self, program: usize, folder: &Path, ending: &str) -> Vec<u8> {
        let options = OpenOptions {
            patches: Patches::None,
            ..OpenOptions::default()
        };
        let vm = Registry::builtin().open(&self.file(program), &options);
        let path = folder.join(format!("state.{ending}"));
        vm.expect("a program").save(&path).expect("it is written");
        std::fs::read(&path).expect("it is there")
    }

    /// Cannon's games have what its programs read, and those of kona something else.
    pub(crate) fn preimages(&self) -> ByType<Preimages> {
        let stored = |name| Preimages::stored(&self.folder.path().join(name)).expect("a store");
        let of = [
            (Some(GameType::CANNON), stored("preimages")),
            (Some(GameType::CANNON_KONA), stored("nothing")),
        ];
        of.into_iter().collect()
    }
}

/// A RISC-V program that exits with code 1, as an ELF file.
fn riscv() -> Vec<u8> {
    const CODE: u64 = 0x1000;
    // Five times `nop`; `li a0, 1`; `li a7, 94`; `ecall`: exit_group.
    let program = [[0x13; 5].as_slice(), &[0x0010_0513, 0x05e0_0893, 0x73]].concat();
    let segment: Vec<u8> = program
        .iter()
        .flat_map(|word: &u32| word.to_le_bytes())
        .collect();
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xf3\0\x01\0\0\0".to_vec();
    // Entry, program headers, sections.
    for long in [CODE, 64, 0] {
        file.extend(long.to_le_bytes());
    }
    file.extend([0; 4]);
    for half in [64u16, 56, 1, 64, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    file.extend(1u32.to_le_bytes());
    file.extend(7u32.to_le_bytes());
    let size = segment.len() as u64;
    for long in [120, CODE, CODE, size, size, 4] {
        file.extend(long.to_le_bytes());
    }
    file.extend(segment);
    file
}

/// Opens a program or a state, of whichever VM.
pub(crate) fn open(path: &Path) -> Result<Guest, MachineError> {
    let options = OpenOptions {
        patches: Patches::None,
        ..OpenOptions::default()
    };
    let vm = Registry::builtin().open(path, &options);
    Ok(vm.map_err(|error| MachineError::Other(error.into()))? as Guest)
}

/// A factory with three types of game.
pub(crate) struct Types {
    pub(crate) chain: Local,
    pub(crate) deployment: Deployment,
    owner: Wallet,
    proposer: Wallet,
    params: Params,
    registry: Address,
    riscv_vm: Address,
}

/// What a contract is created with, or what is called.
fn request(to: Option<Address>, data: Vec<u8>) -> Request {
    Request {
        what: "set games up".into(),
        to,
        data: data.into(),
        value: U256::ZERO,
        gas: None,
    }
}

impl Types {
    /// Type 0 is about the first program; the others have no games yet.
    pub(crate) fn new(shelf: &Shelf) -> Self {
        Self::of_version(shelf, Version::V1_3)
    }

    /// The same with games of a version.
    pub(crate) fn of_version(shelf: &Shelf, version: Version) -> Self {
        let key = Key::keccak256(&VALUE);
        let reader = Reader {
            key,
            reads: 2,
            preimages: shelf.folder.path().join("preimages"),
        };
        let mut setup = reader.setup(126_000);
        setup.params.absolute_prestate = shelf.prestate(FIRST);
        setup.params.version = version;
        let (chain, deployment) = deployment(&setup);
        let shared: Arc<dyn Chain> = Arc::new(chain.clone());
        let mut owner = wallet(shared.clone(), 1);
        let anchors =
            [GameType::PERMISSIONED, GameType::CANNON_KONA].map(|of| StartingAnchorRoot {
                gameType: of.0,
                outputRoot: Anchor {
                    root: setup.anchor.root,
                    l2BlockNumber: setup.anchor.block,
                },
            });
        let (factory, config) = (deployment.factory, deployment.config);
        let registry = game::registry(factory, anchors.to_vec(), config).expect("an artifact");
        let verifier = Artifact::parse(fpvm_contracts::RISCV_ARTIFACT).expect("an artifact");
        let arguments = verifier.arguments(deployment.oracle, Rv64::FILE.version);
        let vm = [&*verifier.bytecode, &arguments].concat();
        let mut create = |code| {
            let receipts = owner.send(&[request(None, code)], &mut |_| ());
            receipts.expect("it is created")[0]
                .created
                .expect("a contract")
        };
        // Today there is one for all types.
        let registry = if version.has_arguments() {
            deployment.registry
        } else {
            create(registry)
        };
        let riscv_vm = create(vm);
        Self {
            proposer: wallet(shared, CHEAT),
            params: setup.params,
            chain,
            deployment,
            owner,
            registry,
            riscv_vm,
        }
    }

    /// Has games of a type be about a program from now on.
    pub(crate) fn set(&mut self, game_type: GameType, shelf: &Shelf, program: usize) {
        let params = Params {
            game_type: game_type.0,
            absolute_prestate: shelf.prestate(program),
            roles: (self.params.version.has_arguments() && game_type == GameType::PERMISSIONED)
                .then(|| Roles {
                    proposer: account(CHEAT),
                    challenger: account(HONEST),
                }),
            ..self.params.clone()
        };
        self.set_params(&params, program);
    }

    pub(crate) fn set_params(&mut self, params: &Params, program: usize) {
        let vm = match program {
            RISCV => self.riscv_vm,
            _ => self.deployment.vm,
        };
        let registry = match params.game_type {
            0 => self.deployment.registry,
            _ => self.registry,
        };
        let code = implementation(params, vm, self.deployment.vault, registry);
        let receipts = self
            .owner
            .send(&[request(None, code.expect("an artifact"))], &mut |_| ());
        let created = receipts.expect("it is created")[0]
            .created
            .expect("a contract");
        let rules = Rules::new(params.clone()).expect("legal rules");
        let bond = rules.required_bond(Position::ROOT).expect("a bond");
        let args = Deployment {
            vm,
            registry,
            ..self.deployment
        };
        let (factory, args) = (self.deployment.factory, args.args(params));
        let sets = registration(factory, params.game_type, created, &args, bond);
        self.owner.send(&sets, &mut |_| ()).expect("it is set");
    }

    /// The rules of the first type.
    pub(crate) const fn params(&self) -> &Params {
        &self.params
    }

    /// Proposes what is wrong, so many blocks before the last one; the game about it.
    pub(crate) fn propose(&mut self, game_type: GameType, before: u64) -> Address {
        let factory = Factory(self.deployment.factory);
        let block = U256::from(PROPOSED - before);
        let root = LIE.output(block, outputs().output(block).expect("listed"));
        let game = factory.create(&mut self.proposer, game_type.0, root, block, &mut |_| ());
        game.expect("it is created")
    }

    /// All games of the factory.
    pub(crate) fn games(&self) -> Games {
        Games::Created {
            factory: Factory(self.deployment.factory),
            types: Vec::new(),
            window: u64::MAX,
        }
    }
}

/// Servers that are given up early, and asked again soon.
pub(crate) const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    time: Duration::from_secs(5),
    first_wait: Duration::from_millis(300),
    last_wait: Duration::from_millis(300),
};

/// What is true, or a lie, from programs of these sources.
pub(crate) fn source<'s, 'a>(
    prestates: PrestateSources,
    kept: &Path,
    shelf: &Shelf,
    chain: &Local,
    extent: Extent,
    scope: &'s Scope<'s, 'a>,
) -> ProgramTraceSource<'s, 'a> {
    let opened: Open<'a> = Arc::new(open);
    let inputs = GameInputs {
        prestates,
        open: opened,
        kept: kept.to_owned(),
        preimages: shelf.preimages(),
        outputs: Some(Source::List(Arc::new(outputs()))),
        super_roots: None,
        extent,
        host_data: None,
        every: 8,
        threads: 1,
        second_opinion: None,
        interrupted: Arc::new(AtomicBool::new(false)),
    };
    ProgramTraceSource::new(inputs, Arc::new(chain.clone()), scope).expect("programs")
}

/// Somebody who plays by a source.
pub(crate) type Side<'s, 'a> = GameScheduler<ProgramTraceSource<'s, 'a>>;

pub(crate) fn side<'s, 'a>(
    types: &Types,
    key: u8,
    source: ProgramTraceSource<'s, 'a>,
    strategy: Strategy,
) -> Side<'s, 'a> {
    let chain: Arc<dyn Chain> = Arc::new(types.chain.clone());
    scheduler(chain, key, types.games(), source, strategy)
}

/// Rounds of somebody until nothing is left to do now, and no program runs; what was done.
pub(crate) fn settle(side: &mut Side<'_, '_>, events: &mut Vec<Event>) -> usize {
    let (mut all, begun) = (0, Instant::now());
    loop {
        assert!(begun.elapsed() < Duration::from_secs(120), "{events:#?}");
        let mut collect = |event: &Event| events.push(event.clone());
        let round = side
            .round(&mut EventSink(&mut collect))
            .expect("the chain answers");
        all += round.done;
        if round.done > 0 {
            continue;
        }
        if round.waiting == 0 && !side.trace_source().is_asking() {
            return all;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
