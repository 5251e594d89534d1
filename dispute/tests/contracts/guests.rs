//! Games that end with a real step: the execution of a bundled guest, on the ISA's step verifier.
//!
//! The guest is `claim` with a false claim, which ends with code 1: as an execution that finds the
//! disputed output wrong.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use contracts::MIPS_ARTIFACT;
use dispute::call::{Action, Block, Call, Effect, GameAction};
use dispute::claim::{GameStatus, OutputRoot};
use dispute::factory::Create;
use dispute::player::cheat::{self, Cheat, Way};
use dispute::player::{Me, Plan, View, honest, value_of};
use dispute::revert::Revert;
use dispute::rules::Params;
use dispute::trace::lie::{Extent, Lie};
use dispute::trace::outputs::OutputList;
use dispute::trace::split::SplitTrace;
use dispute::trace::{Executions, Inputs, Outputs, StepData, TraceError};
use dispute::vm::{StepContext, Vm};
use fpvm_core::elf::{Program, load};
use fpvm_core::frozen::Snapshot;
use fpvm_core::oracle::{Oracle, OracleError, PreimagePart, Silent};
use fpvm_core::verify::verify;
use fpvm_core::vm::{Host, Vm as Machine};

use crate::deploy::{Setup, Source, Sources};
use crate::twin::{Twin, VmContract};

const ANN: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);
const OWNER: Address = Address::repeat_byte(0x01);
const CLOCK: u64 = 302_400;
const DELAY: u64 = 604_800;
const PURSE: u128 = 10_000_000_000_000_000_000_000;
const SPLIT: u64 = 2;
/// Executions of up to 2^25 instructions.
const MAX: u64 = SPLIT + 1 + 25;
const ANCHOR: u64 = 100;

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path)
}

/// Pre-images in files named by their keys.
struct Folder;

impl Oracle for Folder {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let name = alloy_primitives::hex::encode(key);
        let path = repository("examples/guests/preimages-false").join(name);
        Ok(std::fs::read(path)?.into())
    }
}

/// The guest, with the states that it has been asked for.
struct Guest<I: Program> {
    machine: RefCell<Machine<I>>,
    states: RefCell<BTreeMap<u64, Snapshot>>,
}

impl<I: Program> Guest<I> {
    fn new(elf: &str) -> Self {
        let file = std::fs::read(repository("examples/guests/bin").join(elf)).expect(elf);
        let mut machine: Machine<I> = load(&file, I::PATCHES).expect(elf);
        let first = machine.freeze();
        Self {
            machine: RefCell::new(machine),
            states: RefCell::new(BTreeMap::from([(0, first)])),
        }
    }

    /// What `ask` finds out after so many steps, or at the end.
    fn at<T>(&self, step: u64, ask: impl FnOnce(&mut Machine<I>, &mut Host<'_>) -> T) -> T {
        let mut machine = self.machine.borrow_mut();
        let mut states = self.states.borrow_mut();
        let (_, nearest) = states
            .range(..=step)
            .next_back()
            .expect("the first at least");
        machine.restore(nearest).expect("of this machine");
        let mut host = Host {
            oracle: &mut Folder,
            console: &mut Silent,
        };
        machine.run(step, false, &mut host).expect("no fault");
        states.insert(machine.state.step, machine.freeze());
        ask(&mut machine, &mut host)
    }

    fn root(&self, step: u64) -> B256 {
        self.at(step, |machine, _| B256::from(machine.state_root()))
    }

    /// The first instruction from `step` on that reads a keccak256 pre-image.
    fn next_preimage(&self, step: u64) -> u64 {
        self.at(step, |machine, host| {
            loop {
                let step = machine.state.step;
                machine.run(step + 1, false, host).expect("no fault");
                if machine.last_read().is_some_and(|read| read.key[0] == 2) {
                    return step;
                }
                assert!(!machine.state.exited(), "no more pre-images");
            }
        })
    }
}

impl<I: Program> Executions for Guest<I> {
    fn claim(&self, _inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        Ok(self.root(index as u64 + 1))
    }

    fn step(&self, _inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        let proof = self.at(index as u64, |machine, host| machine.prove(host));
        let proof = proof.expect("no fault");
        let preimage = proof.preimage().map(|(key, value)| {
            assert_eq!(key[0], 2, "the cases read no local data");
            (value.to_vec(), U256::from(proof.oracle_offset))
        });
        Ok(StepData {
            preimages: preimage.into_iter().collect(),
            state: proof.state_data,
            proof: proof.proof_data,
            local: Vec::new(),
        })
    }
}

/// The model's VM: the Rust verifier.
struct Verifier<I>(std::marker::PhantomData<I>);

impl<I: Program> Vm for Verifier<I> {
    fn step(&self, at: &StepContext<'_>, state: &[u8], proof: &[u8]) -> Result<B256, Revert> {
        let mut part = |key: &[u8; 32], offset: u64| {
            let (part, length) = at.oracle.read(B256::from(*key), offset).ok()?;
            let (bytes, len) = (part.0, length as usize);
            Some(Some(PreimagePart { bytes, len }))
        };
        let verified = verify::<I>(state, proof, &mut part);
        // What the contract reverts with then is not compared: the games step rightly.
        let verified = verified.map_err(|error| Revert::Vm(error.to_string().into_bytes()))?;
        Ok(verified.post.into())
    }
}

/// The truth, or a lie about it, with the executions of the guest.
struct Opinion<'a, I: Program> {
    outputs: &'a OutputList,
    guest: &'a Guest<I>,
}

impl<I: Program> Clone for Opinion<'_, I> {
    fn clone(&self) -> Self {
        let Self { outputs, guest } = *self;
        Self { outputs, guest }
    }
}

impl<I: Program> Outputs for Opinion<'_, I> {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        self.outputs.output(block)
    }

    fn safe_head(&self) -> U256 {
        self.outputs.safe_head()
    }

    fn evidence(
        &self,
        block: U256,
    ) -> Result<dispute::game::block_number::BlockEvidence, TraceError> {
        self.outputs.evidence(block)
    }
}

impl<I: Program> Executions for Opinion<'_, I> {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        self.guest.claim(inputs, index)
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        self.guest.step(inputs, index)
    }
}

/// Ann lies about every output and about the guest's states from instruction `wrong_from` on, Bob is
/// honest. Played to the end, on the contracts and in the model.
fn play<I: Program>(guest: &Guest<I>, verifier: Vec<u8>, sources: &Sources, wrong_from: u64) {
    let params = Params {
        max_depth: MAX,
        split_depth: SPLIT,
        ..Params::mainnet(guest.root(0))
    };
    let first = U256::from(ANCHOR);
    let roots = (0..=8)
        .map(|block| B256::repeat_byte(0xb0 + block))
        .collect();
    let outputs = OutputList::new(first, roots);
    let anchor = OutputRoot {
        root: outputs.output(first).expect("listed"),
        block: first,
    };
    let setup = Setup {
        params,
        anchor,
        owner: OWNER,
        delay: DELAY,
    };
    let vm = Verifier::<I>(std::marker::PhantomData);
    let mut twin = Twin::new(vm, VmContract::Code(verifier), sources, &setup);
    twin.fund(ANN, PURSE);
    twin.fund(BOB, PURSE);

    let truth = Opinion {
        outputs: &outputs,
        guest,
    };
    let lie = Lie {
        truth: truth.clone(),
        extent: Extent {
            outputs_from: Some(U256::from(ANCHOR + 1)),
            steps_from: Some(wrong_from.into()),
            salt: 7,
        },
    };
    let block = U256::from(ANCHOR + 4);
    let create = Create {
        game_type: 0,
        root_claim: lie.output(block).expect("listed"),
        extra_data: block.to_be_bytes_vec(),
    };
    let mut now = 1_700_000_000;
    let apply = |twin: &mut Twin<_>, now: u64, from, action: Action| {
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
    };
    assert!(apply(&mut twin, now, ANN, Action::Create(create)).is_ok());
    let mut ann = Me::new(
        ANN,
        0,
        SplitTrace {
            outputs: lie.clone(),
            executions: lie,
        },
    );
    let mut bob = Me::new(
        BOB,
        0,
        SplitTrace {
            outputs: truth.clone(),
            executions: truth,
        },
    );
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
                BOB => honest::next_moves(&mut bob, &view),
                _ => cheat::next_moves(&liar, &mut ann, &view),
            };
            assert_eq!(trouble, None);
            for action in actions {
                let done = apply(&mut twin, now, turn, action.clone());
                // A lie cannot be proved.
                let proves = matches!(action, Action::Game(_, GameAction::Step(_)));
                assert!(done.is_ok() || (turn == ANN && proves), "{done:?}");
                moved |= done.is_ok();
            }
        }
        if !moved {
            break;
        }
    }
    let game = twin.model.game(0).expect("created");
    let leaves = game.claims().iter();
    let leaves = leaves.filter(|claim| u64::from(claim.position.depth()) == MAX);
    let stepped = leaves.filter(|leaf| leaf.countered_by == Some(BOB)).count();
    assert_eq!(stepped, 1, "one instruction decides");

    now += 2 * CLOCK;
    for claim in (0..game.claims().len()).rev() {
        let count = U256::ZERO;
        let resolve = GameAction::ResolveClaim { claim, count };
        assert!(apply(&mut twin, now, BOB, Action::Game(0, resolve)).is_ok());
    }
    let resolved = apply(&mut twin, now, BOB, Action::Game(0, GameAction::Resolve));
    assert_eq!(resolved, Ok(Effect::Resolved(GameStatus::ChallengerWins)));
    now += DELAY;
    let claim = Action::Game(0, GameAction::ClaimCredit(BOB));
    assert!(matches!(
        apply(&mut twin, now, BOB, claim),
        Ok(Effect::Paid(_))
    ));
    assert!(twin.model.balance(BOB) > PURSE);
    twin.compare_all();
}

/// An instruction in the middle, and one that reads a pre-image; with our verifier on our contracts,
/// and where upstream's are at hand with each side's verifier in the other side's game.
fn games<I: Program>(elf: &str, upstreams: &str, ours: &str) {
    let guest = Guest::<I>::new(elf);
    let ours = Source::Ours.verifier(upstreams, ours);
    let cases = [
        1_234_567,
        guest.next_preimage(0),
        guest.next_preimage(2_000_000),
    ];
    for wrong_from in cases {
        play(
            &guest,
            ours.clone(),
            &Sources::all(Source::Ours),
            wrong_from,
        );
    }
    let Some(upstream) = Source::upstream() else {
        return;
    };
    let theirs = upstream.verifier(upstreams, "");
    for wrong_from in cases {
        play(
            &guest,
            theirs.clone(),
            &Sources::all(Source::Ours),
            wrong_from,
        );
        play(
            &guest,
            ours.clone(),
            &Sources::all(upstream.clone()),
            wrong_from,
        );
    }
}

#[test]
fn mips() {
    games::<isa_mips::Mips32>("claim.mips", "MIPS", MIPS_ARTIFACT);
}
