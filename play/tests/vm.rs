//! The executions of a real program as a trace, against what upstream's Cannon made of them.

use std::path::{Path, PathBuf};

use alloy_primitives::{B256, U256, b256, keccak256};
use checkpoints::{Machine, Root};
use dispute::claim::OutputRoot;
use dispute::trace::{Executions, Inputs};
use fpvm_core::elf::{self, Program as _};
use fpvm_core::frozen::Snapshot;
use fpvm_core::oracle::Silent;
use fpvm_core::proof::StepProof;
use fpvm_core::vm::{Host, Vm};
use isa_mips::Mips32;
use oracle::store::{Directory, Layered, Memory, Store};
use oracle::{Checked, Key, Replay};
use play::vm::{Program, Prover, Vms, local_data};

/// Chain id of the toy rollup.
const CHAIN_ID: u64 = 901;
/// Steps of one block, as Cannon counts them.
const STEPS: u128 = 380_326_018;
/// The last state where block 102 is claimed as it is, as Cannon has it.
const LAST: B256 = b256!("007fe85a7d00007e1ae69e12ed8fc3575282915314a1f1a1bd80bd3df78b8a57");

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/guests")
}

/// The program `rollup`.
struct Rollup;

struct Running {
    vm: Vm<Mips32>,
    oracle: Checked<Replay<Layered<Memory, Directory>>>,
}

impl Machine for Running {
    type Error = anyhow::Error;

    fn step(&self) -> u64 {
        self.vm.state.step
    }

    fn exited(&self) -> bool {
        self.vm.state.exited()
    }

    fn run(&mut self, until: u64) -> anyhow::Result<()> {
        let (oracle, console) = (&mut self.oracle, &mut Silent);
        self.vm.run(until, false, &mut Host { oracle, console })?;
        Ok(())
    }

    fn freeze(&mut self) -> anyhow::Result<Snapshot> {
        Ok(self.vm.freeze())
    }

    fn restore(&mut self, snapshot: &Snapshot) -> anyhow::Result<()> {
        Ok(self.vm.restore(snapshot)?)
    }

    fn root(&mut self) -> anyhow::Result<Root> {
        Ok(Root(self.vm.state_root()))
    }
}

impl Prover for Running {
    fn prove(&mut self) -> anyhow::Result<StepProof> {
        let (oracle, console) = (&mut self.oracle, &mut Silent);
        Ok(self.vm.prove(&mut Host { oracle, console })?)
    }
}

impl Program for Rollup {
    type Machine = Running;
    type Error = anyhow::Error;

    fn start(&self, inputs: &Inputs) -> anyhow::Result<Running> {
        let program = std::fs::read(guests().join("bin/rollup.mips"))?;
        let mut vm = elf::load::<Mips32>(&program, Mips32::PATCHES)?;
        if let Ok(jit) = jit::Jit::<Mips32>::new() {
            vm.set_tier(Some(Box::new(jit)));
        }
        let mut upper = Memory::default();
        for (index, value) in local_data(inputs, U256::from(CHAIN_ID)) {
            upper.put(Key::local(index), &value)?;
        }
        let lower = Directory::open(&guests().join("preimages-rollup"))?;
        let oracle = Checked::new(Replay::new(Layered { upper, lower }), "the test's store");
        Ok(Running { vm, oracle })
    }
}

/// The dispute about block 102, where the output of `claimed` is claimed for it.
fn inputs(claimed: u64) -> Inputs {
    let text = std::fs::read_to_string(guests().join("outputs-rollup.txt")).expect("the outputs");
    let root = |block: u64| {
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let line = lines.find(|(number, _)| *number == block.to_string());
        line.expect("a block").1.parse().expect("a root")
    };
    Inputs {
        l1_head: B256::repeat_byte(0x11),
        starting: OutputRoot {
            root: root(101),
            block: U256::from(101),
        },
        disputed: OutputRoot {
            root: root(claimed),
            block: U256::from(102),
        },
    }
}

#[test]
fn as_upstream_has_it() {
    let vms = Vms::new(Rollup, 5_000_000);
    let truth = inputs(102);
    let claim = |index| vms.claim(&truth, index).expect("it runs");
    // The root of an execution is about a step far behind its end.
    assert_eq!(claim((1 << 42) - 1), LAST);
    assert_eq!(claim(STEPS - 1), LAST);
    assert_eq!(claim(STEPS - 2)[0], 3, "it ends a step too early");
    // A claim that is false is found out: status 1.
    let lie = vms
        .claim(&inputs(103), u128::from(u64::MAX))
        .expect("it runs");
    assert_eq!(lie[0], 1);
}

#[test]
fn steps_lead_from_claim_to_claim() {
    let vms = Vms::new(Rollup, 5_000_000);
    let truth = inputs(102);
    for index in [1, 123_456_789, STEPS - 1, STEPS, 1 << 40] {
        let step = vms.step(&truth, index).expect("it runs");
        let before = vms.claim(&truth, index - 1).expect("it runs");
        assert_eq!(keccak256(&step.state)[1..], before[1..], "before {index}");
        let proof = vms.proof(&truth, index).expect("it runs");
        assert_eq!(B256::from(proof.pre), before, "before {index}");
        let after = vms.claim(&truth, index).expect("it runs");
        assert_eq!(B256::from(proof.post), after, "after {index}");
    }
}
