//! Whole super games at mainnet's depths that a real step ends: Ann proposes what is right, Bob lies about the states
//! from some place on, and about the execution there; Ann runs the bundled guest `super-rollup`, and the ISA's step
//! verifier decides.

use std::marker::PhantomData;

use alloy_primitives::{B256, U256};
use fpvm_checkpoints::Machine as _;
use fpvm_contracts::artifact::Artifact;
use fpvm_contracts::{IMAC_ARTIFACT, MIPS64_ARTIFACT};
use fpvm_core::formats::elf;
use fpvm_core::machine::vm::{Tier, Vm};
use fpvm_demo::super_rollup::{CHAINS, GENESIS, ToyRollups};
use fpvm_dispute::call::{Action, Effect, GameAction};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::factory::Create;
use fpvm_dispute::rules::Params;
use fpvm_dispute::super_root::SuperStep;
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::super_node::NodeStates;
use fpvm_dispute::trace::super_split::SuperSplitTrace;
use fpvm_dispute::trace::{SuperInputs, SuperStates as _};
use fpvm_e2e::rollup::guest_for;
use fpvm_oracle::Key;
use fpvm_trace::{GuestProgram, Program as _, Vms};

use crate::deploy::{Source, Sources};
use crate::guests::{Verifier, apply, contest};
use crate::setup::{ANN, BOB, DELAY, FINALITY, PURSE, START, Setup};
use crate::twin::{Twin, VmContract};

/// Seconds from the anchor, the chains' genesis, to the proposal.
const SECONDS: u64 = 3;
/// Steps from one remembered state of an execution to the next.
const EVERY: u64 = 1_000_000;

type Guest<I> = GuestProgram<'static, Vm<I>>;

fn guest<I: elf::Program>(
    vm: &str,
    tier: fn() -> Option<Box<dyn Tier<I>>>,
    rollups: &ToyRollups,
) -> Guest<I> {
    let preimages = rollups.preimages();
    let preimages = preimages.map(|(_, preimage)| (Key::keccak256(preimage), preimage));
    guest_for(fpvm_guests::SUPER_ROLLUP, vm, tier, preimages, U256::ZERO)
}

/// What Bob lies about: the states from a place on, how, and the execution there from some instruction on.
struct Case {
    place: SuperStep,
    salt: u64,
    steps_from: u64,
}

fn cases() -> Vec<Case> {
    let at = |second: u64, step| SuperStep {
        timestamp: GENESIS + second,
        step,
    };
    let places = [
        // A block of the first chain, and of the third, which keeps its block.
        (at(0, 1), 4, 1_234_567),
        (at(0, 3), 4, 100_000),
        // A step that only counts.
        (at(1, 77), 8, 20_000),
        // The messages are checked.
        (at(1, 0), 4, 50_000),
        (at(2, 0), 8, 300_000),
        // The last step; by each way to lie about a state.
        (at(SECONDS, 0), 8, 70_000),
        (at(SECONDS, 0), 5, 70_000),
        (at(SECONDS - 1, 2), 6, 70_000),
        (at(SECONDS - 1, 126), 7, 30_000),
    ];
    places
        .map(|(place, salt, steps_from)| Case {
            place,
            salt,
            steps_from,
        })
        .into()
}

fn play<I: elf::Program>(
    guest: &Vms<Guest<I>, SuperInputs>,
    rollups: &ToyRollups,
    prestate: B256,
    verifier: &Artifact,
    sources: &Sources,
    case: &Case,
) {
    let states = NodeStates {
        node: rollups,
        l1_head: 7,
    };
    let root = |second| {
        let root = rollups.super_root(GENESIS + second);
        root.expect("all chains have a block")
    };
    let setup = Setup {
        params: Params {
            game_type: 0,
            ..Params::mainnet_super(prestate)
        },
        anchor: OutputRoot {
            root: root(0).hash(),
            block: U256::from(GENESIS),
        },
    };
    let vm = VmContract::Verifier(verifier.clone(), I::FILE.version);
    let mut twin = Twin::new(Verifier::<I>(PhantomData), vm, sources, &setup);
    twin.fund(ANN, PURSE);
    twin.fund(BOB, PURSE);
    let proposed = root(SECONDS);
    let create = Action::Create(Create {
        game_type: 0,
        root_claim: proposed.hash(),
        extra_data: proposed.encode(),
    });
    assert_eq!(apply(&mut twin, START, ANN, create), Ok(Effect::Created(0)));
    let extent = Extent {
        outputs_from: Some(U256::from(case.place.number())),
        steps_from: Some(case.steps_from.into()),
        salt: case.salt,
    };
    let truth = SuperSplitTrace {
        states,
        executions: guest,
    };
    let lie = SuperSplitTrace {
        states: Lie {
            truth: states,
            extent,
        },
        executions: Lie {
            truth: guest,
            extent,
        },
    };
    let mut now = contest(&mut twin, START, truth, lie);
    now += FINALITY + 1;
    let claim = Action::Game(0, GameAction::ClaimCredit(ANN));
    let unlocked = apply(&mut twin, now, BOB, claim.clone());
    assert!(matches!(unlocked, Ok(Effect::Unlocked(_))), "{unlocked:?}");
    now += DELAY;
    let paid = apply(&mut twin, now, BOB, claim);
    assert!(matches!(paid, Ok(Effect::Paid(_))), "{paid:?}");
    assert!(twin.model.balance(ANN) > PURSE);
    let anchor = twin.model.registry.anchor(0);
    assert_eq!(anchor.block, U256::from(GENESIS + SECONDS));
    twin.compare_all();
}

/// With our verifier on our contracts, and on upstream's where they are at hand.
fn games<I: elf::Program>(vm: &str, tier: fn() -> Option<Box<dyn Tier<I>>>, verifier: &str) {
    // Who lies of the future has to know it.
    let rollups = ToyRollups::new(&CHAINS, SECONDS + 2);
    let states = NodeStates {
        node: &rollups,
        l1_head: 7,
    };
    let agreed = states.start(GENESIS).expect("the genesis");
    let inputs = SuperInputs {
        l1_head: B256::ZERO,
        agreed: alloy_primitives::keccak256(&agreed),
        agreed_state: Some(agreed),
        claim: B256::ZERO,
        timestamp: GENESIS + SECONDS,
    };
    let mut machine = guest(vm, tier, &rollups).start(&inputs).expect("it starts");
    let prestate = B256::from(machine.root().expect("it has one").0);
    let guest = Vms::new(guest(vm, tier, &rollups), EVERY);
    let verifier = Artifact::parse(verifier).expect("an artifact");
    let ours = Sources::all(Source::Ours);
    let upstream = Source::upstream_of(fpvm_dispute::version::Version::Super0_8);
    for sources in [Some(ours), upstream.map(Sources::all)].iter().flatten() {
        for case in cases() {
            play(&guest, &rollups, prestate, &verifier, sources, &case);
        }
    }
}

#[test]
fn mips64() {
    let jit = || Some(Box::new(fpvm_jit::Jit::new().ok()?) as _);
    games::<fpvm_isa_mips64::Mips64<8>>("mips64", jit, MIPS64_ARTIFACT);
}

#[test]
fn imac() {
    let jit = || Some(Box::new(fpvm_jit::Jit::new().ok()?) as _);
    games::<fpvm_isa_riscv::imac::Imac>("imac-1", jit, IMAC_ARTIFACT);
}
