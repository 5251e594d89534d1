//! The guest `super-rollup`, on its VMs, against the toy rollups' node: what one makes of a state is what the other
//! says comes after it, and what else a super game may ask is answered as upstream's program answers it.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes, U256, keccak256};
use fpvm::{AnyIsa, AnyVm, Options, Patches};
use fpvm_checkpoints::Machine as _;
use fpvm_demo::super_rollup::{CHAINS, GENESIS, ToyRollups};
use fpvm_dispute::super_root::{INVALID_CLAIM, STEPS_PER_SECOND, SuperStep};
use fpvm_dispute::trace::super_node::NodeStates;
use fpvm_dispute::trace::{SuperInputs, SuperStates as _};
use fpvm_guests::SUPER_ROLLUP;
use fpvm_oracle::Key;
use fpvm_oracle::store::{Memory, Shared, Store as _};
use fpvm_trace::{GuestProgram, MachineError, Preimages, Program as _};

type Guest = GuestProgram<'static, Box<dyn AnyVm>>;

/// Of the program: the claim is true, is false, or the agreed state is of the future.
const TRUE: u8 = 0;
const FALSE: u8 = 1;
const PANIC: u8 = 2;

fn isas() -> Vec<&'static dyn AnyIsa> {
    let all = fpvm::ISAS;
    let named = SUPER_ROLLUP.iter().map(|(name, _)| {
        let is_it = |isa: &&&'static dyn AnyIsa| [isa.name(), isa.vm_type()].contains(name);
        *all.iter().find(is_it).expect("a VM")
    });
    named.collect()
}

fn guest(isa: &'static dyn AnyIsa, rollups: &ToyRollups) -> Guest {
    let is_for = |name: &str| [isa.name(), isa.vm_type()].contains(&name);
    let (_, program) = SUPER_ROLLUP
        .iter()
        .find(|(name, _)| is_for(name))
        .expect("a program");
    let load = move || {
        let loaded = isa.load_program(program, Patches::Upstream);
        let mut vm = loaded.map_err(MachineError::Other)?;
        let set_up = Options::default().apply(vm.as_mut());
        set_up.map_err(|error| MachineError::Other(error.into()))?;
        Ok(vm)
    };
    let mut store = Memory::default();
    for (_, preimage) in rollups.preimages() {
        store
            .put(Key::keccak256(preimage), preimage)
            .expect("memory takes it");
    }
    let preimages = Preimages::Store(Shared::new(Box::new(store)));
    GuestProgram::new(load, preimages, U256::ZERO)
}

/// Runs the program to its end; its exit code and how many steps it took.
fn run(guest: &Guest, inputs: &SuperInputs) -> (u8, u64) {
    let mut machine = guest.start(inputs).expect("it loads");
    while !machine.exited() {
        machine.next_read().expect("it runs");
    }
    (machine.vm.exit_code(), machine.step())
}

fn inputs(agreed: &Bytes, claim: B256, timestamp: u64) -> SuperInputs {
    SuperInputs {
        l1_head: B256::repeat_byte(0x11),
        agreed: keccak256(agreed),
        agreed_state: Some(agreed.clone()),
        claim,
        timestamp,
    }
}

/// Every step of some seconds, some of them with replaced blocks, and those around the one after which L1 has no data.
#[test]
fn program_and_node_agree_on_every_step() {
    let rollups = Arc::new(ToyRollups::new(&CHAINS, 130));
    for chains in 1..=CHAINS.len() {
        let rollups = match chains {
            3 => rollups.clone(),
            _ => Arc::new(ToyRollups::new(&CHAINS[..chains], 12)),
        };
        let states = NodeStates {
            node: &*rollups,
            l1_head: 7,
        };
        let state = |place| states.state(place).expect("the node knows it");
        let after = |place: SuperStep| match place.step {
            last if last + 1 == STEPS_PER_SECOND => SuperStep::start_of(place.timestamp + 1),
            _ => SuperStep {
                step: place.step + 1,
                ..place
            },
        };
        let mut seconds: Vec<u64> = (GENESIS..GENESIS + 7).collect();
        if chains == 3 {
            seconds.extend(GENESIS + 120..GENESIS + 124);
        }
        for isa in isas() {
            let guest = guest(isa, &rollups);
            let mut most = 0;
            for timestamp in &seconds {
                for step in [0, 1, 2, 3, 4, 70, 126, 127] {
                    let place = SuperStep {
                        timestamp: *timestamp,
                        step,
                    };
                    let (agreed, next) = (state(place), keccak256(state(after(place))));
                    let (code, steps) = run(&guest, &inputs(&agreed, next, GENESIS + 200));
                    assert_eq!(code, TRUE, "{place:?} of {chains} on {}", isa.vm_type());
                    let wrong = inputs(&agreed, B256::repeat_byte(3), GENESIS + 200);
                    assert_eq!(run(&guest, &wrong).0, FALSE, "{place:?} of {chains}");
                    most = most.max(steps);
                }
            }
            // Room for it is what the demonstration's depths are chosen by.
            assert!((1 << 20..1 << 24).contains(&most), "{most}");
        }
        if chains == 3 {
            let invalid = state(SuperStep::start_of(GENESIS + 123));
            assert_eq!(keccak256(invalid), INVALID_CLAIM);
        }
    }
}

/// Blocks are replaced now and then, and their chain goes on from the one that stays.
#[test]
fn some_blocks_are_replaced() {
    let rollups = ToyRollups::new(&CHAINS, 60);
    let states = NodeStates {
        node: &rollups,
        l1_head: 7,
    };
    let replaced = (1..60).filter(|second| {
        let before = SuperStep {
            timestamp: GENESIS + second - 1,
            step: STEPS_PER_SECOND - 1,
        };
        let optimistic = states.state(before).expect("a state");
        let root = rollups.super_root(GENESIS + second).expect("a super root");
        let outputs = root.chains.iter().map(|chain| chain.output_root);
        // What stays was derived, unless it was replaced.
        outputs
            .into_iter()
            .any(|output| !optimistic.windows(32).any(|word| word == output))
    });
    let replaced = replaced.count();
    assert!((10..50).contains(&replaced), "{replaced}");
}

/// The rules that are about no block.
#[test]
fn agreed_states_that_nothing_follows_from() {
    let rollups = ToyRollups::new(&CHAINS, 3);
    let states = NodeStates {
        node: &rollups,
        l1_head: 7,
    };
    let start = states
        .state(SuperStep::start_of(GENESIS + 1))
        .expect("a super root");
    let between = states
        .state(SuperStep {
            timestamp: GENESIS + 1,
            step: 2,
        })
        .expect("a state");
    let junk = B256::repeat_byte(3);
    let invalid = Bytes::from_static(b"invalid");
    let other = |bytes: &[u8]| Bytes::copy_from_slice(bytes);
    let mut other_chain = start.to_vec();
    other_chain[9 + 31] ^= 1;
    let mut many_steps = between.to_vec();
    *many_steps.last_mut().expect("a step") = 1;
    let of = |bytes: &Bytes| keccak256(bytes);
    let cases = [
        // Invalid once is invalid for ever after.
        (&invalid, INVALID_CLAIM, GENESIS + 9, TRUE),
        (&invalid, of(&start), GENESIS + 9, FALSE),
        // At the game's second nothing changes any more.
        (&start, of(&start), GENESIS + 1, TRUE),
        (&start, junk, GENESIS + 1, FALSE),
        (&between, of(&between), GENESIS + 1, TRUE),
        (&between, of(&start), GENESIS + 1, FALSE),
        // A state of the future.
        (&start, of(&start), GENESIS, PANIC),
        (&between, of(&between), GENESIS, PANIC),
        // States that are none.
        (&other(b""), junk, GENESIS + 9, FALSE),
        (&other(b"invalid!"), junk, GENESIS + 9, FALSE),
        (&other(&start[..start.len() - 1]), junk, GENESIS + 9, FALSE),
        (&other(&start[..9]), junk, GENESIS + 9, FALSE),
        (
            &other(&between[..between.len() - 1]),
            junk,
            GENESIS + 9,
            FALSE,
        ),
        (
            &other(&[&between[..], &[0]].concat()),
            junk,
            GENESIS + 9,
            FALSE,
        ),
        (&other(&other_chain), junk, GENESIS + 9, FALSE),
        (&other(&many_steps), junk, GENESIS + 9, FALSE),
    ];
    for isa in isas() {
        let guest = guest(isa, &rollups);
        for (agreed, claim, timestamp, expected) in &cases {
            let (code, _) = run(&guest, &inputs(agreed, *claim, *timestamp));
            assert_eq!(
                code,
                *expected,
                "{agreed} at {timestamp} on {}",
                isa.vm_type()
            );
        }
    }
}
