//! Whole games at mainnet's depths that a real step ends: Ann proposes what is right, Bob lies about a
//! block and about its execution, Ann runs the bundled guest `rollup`, and the ISA's step verifier
//! decides. (The depth is odd, so that the deepest claims are Bob's: a wrong proposer loses there because
//! he has no step to show.)

use alloy_primitives::{Address, B256, U256, keccak256};
use fpvm_contracts::artifact::Artifact;
use fpvm_contracts::{IMAC_ARTIFACT, MIPS_ARTIFACT, MIPS64_ARTIFACT, RISCV_ARTIFACT};
use fpvm_core::formats::elf;
use fpvm_core::machine::vm::Tier;
use fpvm_core::step::oracle::PreimagePart;
use fpvm_core::step::verify::verify;
use fpvm_dispute::call::{Action, Block, Call, Effect, GameAction};
use fpvm_dispute::claim::{GameStatus, OutputRoot};
use fpvm_dispute::factory::Create;
use fpvm_dispute::game::block_number::BlockEvidence;
use fpvm_dispute::oracle::local_key;
use fpvm_dispute::player::cheat::{self, Cheat, Way};
use fpvm_dispute::player::{Me, Plan, View, honest, value_of};
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::Params;
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Executions, Inputs, Outputs, StepData, Trace, TraceError};
use fpvm_dispute::version::Version;
use fpvm_dispute::vm::{StepContext, Vm};
use fpvm_e2e::rollup::rollup_for;
use fpvm_oracle::{Key, Kind};
use fpvm_trace::{GuestProgram, Program as _, Vms};

use crate::deploy::{Source, Sources};
use crate::setup::{ANN, BOB, CLOCK, DELAY, FINALITY, PURSE, START, Setup};
use crate::twin::{Twin, VmContract};

/// Chain id of the guest's rollup.
const CHAIN_ID: u64 = fpvm_guests::ROLLUP_CHAIN_ID;
/// The first block that Bob lies about.
const LIE_FROM: u64 = 102;
/// The block proposed.
const PROPOSED: u64 = 104;
/// Steps from one remembered state of an execution to the next.
const EVERY: u64 = 5_000_000;

/// The program, in a VM of an ISA.
type Guest<I> = GuestProgram<'static, fpvm_core::machine::vm::Vm<I>>;

/// The rollup's output roots from block 100 on.
fn outputs() -> OutputList {
    fpvm_guests::ROLLUP_OUTPUTS.parse().expect("the outputs")
}

/// The model's VM: the Rust verifier.
pub(crate) struct Verifier<I>(pub(crate) std::marker::PhantomData<I>);

impl<I: elf::Program> Vm for Verifier<I> {
    fn step(&self, at: &StepContext<'_>, state: &[u8], proof: &[u8]) -> Result<B256, Revert> {
        let mut part = |key: &[u8; 32], offset: u64| {
            let key = match Key(*key).kind() {
                Kind::Local => {
                    let ident = U256::from_be_slice(&key[1..]);
                    local_key(at.game, ident, at.context)
                }
                _ => B256::from(*key),
            };
            let (part, length) = at.oracle.read(key, offset).ok()?;
            let (bytes, len) = (part.0, length as usize);
            Some(Some(PreimagePart { bytes, len }))
        };
        let verified = verify::<I>(state, proof, &mut part);
        // What the contract reverts with then is not compared: the games step rightly.
        let verified = verified.map_err(|error| Revert::Vm(error.to_string().into_bytes()))?;
        Ok(verified.post.into())
    }
}

/// What there is to know: the outputs, and the executions of the guest.
struct Truth<'a, I: elf::Program> {
    outputs: &'a OutputList,
    guest: &'a Vms<Guest<I>>,
}

impl<I: elf::Program> Clone for Truth<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I: elf::Program> Copy for Truth<'_, I> {}

impl<I: elf::Program> Outputs for Truth<'_, I> {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        self.outputs.output(block)
    }

    fn safe_head(&self) -> U256 {
        self.outputs.safe_head()
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        self.outputs.evidence(block)
    }
}

impl<I: elf::Program> Executions for Truth<'_, I> {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        self.guest.claim(inputs, index)
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        self.guest.step(inputs, index)
    }
}

/// A game: its version, and what is lied about in it.
#[derive(Clone, Copy, Debug)]
struct Case {
    version: Version,
    /// The first block.
    lie_from: u64,
    /// In the execution, the first instruction.
    wrong_from: u64,
    salt: u64,
}

impl Case {
    fn lie(self) -> Extent {
        Extent {
            outputs_from: Some(U256::from(self.lie_from)),
            steps_from: Some(self.wrong_from.into()),
            salt: self.salt,
        }
    }

    /// One that follows from a number, of today's game. Executions have one to three million instructions: some lies are
    /// about what comes after the end.
    fn random(seed: u64) -> Self {
        let hash = keccak256(seed.to_be_bytes());
        let part = |at: usize| u64::from_be_bytes(*hash[at..].first_chunk().expect("8 bytes"));
        Self {
            version: Version::V2_4,
            lie_from: 101 + part(0) % (PROPOSED - 100),
            wrong_from: part(8) % 4_000_000,
            salt: part(16),
        }
    }
}

/// The trace of one who takes outputs and executions from the same source.
fn opinion<T: Clone>(source: T) -> SplitTrace<T, T> {
    SplitTrace {
        outputs: source.clone(),
        executions: source,
    }
}

/// Played to the end, on the contracts and in the model.
fn play<I: elf::Program>(
    guest: &Vms<Guest<I>>,
    prestate: B256,
    verifier: Artifact,
    sources: &Sources,
    case: Case,
) {
    let outputs = outputs();
    let first = U256::from(100);
    let setup = Setup {
        params: Params {
            version: case.version,
            l2_chain_id: U256::from(CHAIN_ID),
            ..Params::mainnet(prestate)
        },
        anchor: OutputRoot {
            root: outputs.output(first).expect("listed"),
            block: first,
        },
    };
    let vm = Verifier::<I>(std::marker::PhantomData);
    let mut twin = Twin::new(
        vm,
        VmContract::Verifier(verifier, I::FILE.version),
        sources,
        &setup,
    );
    twin.fund(ANN, PURSE);
    twin.fund(BOB, PURSE);
    let outputs = &outputs;
    let truth = Truth { outputs, guest };
    let extent = case.lie();
    let lie = Lie { truth, extent };
    let block = U256::from(PROPOSED);
    let create = Create {
        game_type: 0,
        root_claim: truth.output(block).expect("listed"),
        extra_data: block.to_be_bytes_vec(),
    };
    let now = START;
    assert!(apply(&mut twin, now, ANN, Action::Create(create)).is_ok());
    let mut now = contest(&mut twin, now, opinion(truth), opinion(lie));
    let claim = Action::Game(0, GameAction::ClaimCredit(ANN));
    if !case.version.pays_at_resolution() {
        now += FINALITY + 1;
        let unlocked = apply(&mut twin, now, BOB, claim.clone());
        assert!(matches!(unlocked, Ok(Effect::Unlocked(_))), "{unlocked:?}");
    }
    now += DELAY;
    let paid = apply(&mut twin, now, BOB, claim);
    assert!(matches!(paid, Ok(Effect::Paid(_))), "{case:?}: {paid:?}");
    assert!(twin.model.balance(ANN) > PURSE);
    twin.compare_all();
}

/// A call on both, with what it takes.
pub(crate) fn apply<V: Vm>(
    twin: &mut Twin<V>,
    now: u64,
    from: Address,
    action: Action,
) -> Result<Effect, Revert> {
    let value = match (&action, twin.model.game(0)) {
        (_, Some(game)) => value_of(game, &action),
        (_, None) => twin.model.factory.init_bond(0),
    };
    let block = Block {
        timestamp: now,
        ..Block::default()
    };
    let call = Call {
        from,
        value,
        action,
    };
    twin.apply(&call, &block).0
}

/// Ann, who is honest, and Bob, who lies, play the game until nobody has an answer; one instruction decides, and Ann's
/// proposal stands. Returns when it is resolved.
pub(crate) fn contest<V: Vm, T: Trace, L: Trace>(
    twin: &mut Twin<V>,
    mut now: u64,
    truth: T,
    lie: L,
) -> u64 {
    let mut ann = Me::new(ANN, 0, truth);
    let mut bob = Me::new(BOB, 0, lie);
    let liar = Cheat {
        way: Way::Liar,
        seed: 1,
        budget: 100,
    };
    loop {
        let mut moved = false;
        for turn in [BOB, ANN] {
            now += 60;
            let view = View {
                game: twin.model.game(0).expect("created"),
                now,
                base_fee: 0,
            };
            let Plan {
                actions, trouble, ..
            } = match turn {
                ANN => honest::next_moves(&mut ann, &view),
                _ => cheat::next_moves(&liar, &mut bob, &view),
            };
            assert_eq!(trouble, None);
            for action in actions {
                let done = apply(twin, now, turn, action.clone());
                // A lie cannot be proved.
                let proves = matches!(action, Action::Game(_, GameAction::Step(_)));
                assert!(done.is_ok() || (turn == BOB && proves), "{done:?}");
                moved |= done.is_ok();
            }
        }
        if !moved {
            break;
        }
    }
    let game = twin.model.game(0).expect("created");
    let leaves = game.claims().iter();
    let leaves = leaves.filter(|claim| claim.position.depth() == game.rules().max_depth());
    let stepped = leaves.filter(|leaf| leaf.countered_by == Some(ANN)).count();
    assert_eq!(stepped, 1, "one instruction decides");

    now += 2 * CLOCK;
    for claim in (0..game.claims().len()).rev() {
        let count = U256::ZERO;
        let resolve = GameAction::ResolveClaim { claim, count };
        assert!(apply(twin, now, BOB, Action::Game(0, resolve)).is_ok());
    }
    let resolved = apply(twin, now, BOB, Action::Game(0, GameAction::Resolve));
    assert_eq!(resolved, Ok(Effect::Resolved(GameStatus::DefenderWins)));
    now
}

/// Instructions that games are to end at: one in the middle, one that reads local data, one that reads
/// the inside of a keccak256 pre-image, and the last.
fn instructions<I: elf::Program>(guest: &Guest<I>, inputs: &Inputs) -> [u64; 4] {
    use fpvm_checkpoints::Machine as _;
    let mut machine = guest.start(inputs).expect("it starts");
    let (mut local, mut keccak) = (None, None);
    while let Some(read) = machine.next_read().expect("no fault") {
        let found = match (Key(read.key).kind(), read.offset) {
            (Kind::Local, _) => &mut local,
            (Kind::Keccak256, 9..) => &mut keccak,
            _ => continue,
        };
        found.get_or_insert(machine.step() - 1);
    }
    let local = local.expect("it reads local data");
    let keccak = keccak.expect("it reads pre-images");
    [1_234_567, local, keccak, machine.step() - 1]
}

/// With our verifier on our contracts, and where upstream's are at hand with each side's verifier in
/// the other side's game: games of 2024 at chosen instructions, and so many `random` ones of today. `upstreams` is the
/// name of upstream's contract, where it has such, `ours` the artifact of ours.
fn games<I: elf::Program>(
    vm: &str,
    tier: fn() -> Option<Box<dyn Tier<I>>>,
    upstreams: Option<&str>,
    ours: &str,
    random: u64,
) {
    let guest = || rollup_for(vm, tier);
    let output = |block: u64| {
        let block = U256::from(block);
        let root = outputs().output(block).expect("listed");
        OutputRoot { root, block }
    };
    let inputs = Inputs {
        l1_head: B256::ZERO,
        starting: output(LIE_FROM - 1),
        disputed: output(LIE_FROM),
    };
    let old = Version::default();
    let mut cases = instructions(&guest(), &inputs)
        .map(|wrong_from| Case {
            version: old,
            lie_from: LIE_FROM,
            wrong_from,
            salt: 7,
        })
        .to_vec();
    cases.extend((0..random).map(Case::random));
    let prestate = {
        use fpvm_checkpoints::Machine as _;
        let mut machine = guest().start(&inputs).expect("it starts");
        B256::from(machine.root().expect("it has one").0)
    };
    let guest = Vms::new(guest(), EVERY);
    let ours = Artifact::parse(ours).expect("an artifact");
    let play = |verifier: &Artifact, source: fn(Version) -> Option<Source>| {
        for case in &cases {
            if let Some(source) = source(case.version) {
                let sources = Sources::all(source);
                play(&guest, prestate, verifier.clone(), &sources, *case);
            }
        }
    };
    play(&ours, |_| Some(Source::Ours));
    if let (Some(upstream), Some(name)) = (Source::upstream(), upstreams) {
        play(&upstream.artifact(name, ""), |_| Some(Source::Ours));
    }
    play(&ours, Source::upstream_of);
}

#[test]
fn mips() {
    let jit = || Some(Box::new(fpvm_jit::Jit::new().ok()?) as _);
    games::<fpvm_isa_mips::Mips32>("mips", jit, Some("MIPS"), MIPS_ARTIFACT, 1);
}

#[test]
fn mips64() {
    let jit = || Some(Box::new(fpvm_jit::Jit::new().ok()?) as _);
    games::<fpvm_isa_mips64::Mips64<8>>("mips64", jit, Some("MIPS64"), MIPS64_ARTIFACT, 8);
}

#[test]
fn riscv() {
    let jit = || Some(Box::new(fpvm_jit::Jit::new().ok()?) as _);
    games::<fpvm_isa_riscv::Rv64>("riscv64", jit, Some("RISCV"), RISCV_ARTIFACT, 1);
}

/// Of fpvm alone, so that upstream has no contract for it.
#[test]
fn imac() {
    let jit = || Some(Box::new(fpvm_jit::Jit::new().ok()?) as _);
    games::<fpvm_isa_riscv::imac::Imac>("imac-1", jit, None, IMAC_ARTIFACT, 1);
}
