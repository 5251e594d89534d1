//! The toy rollup that is built in: its program, its outputs, and what the program reads.

use super::Teller;
use crate::any::AnyVm;
use crate::hosted::{Hosted, Hosts};
use crate::isa::{AnyIsa, Patches};
use crate::oracles::Source;
use crate::tier::TierArgs;
use anyhow::Context as _;
use fpvm_checkpoints::{Machine, Root, store};
use fpvm_core::machine::snapshot::Snapshot;
use fpvm_core::step::oracle::Oracle;
use fpvm_core::step::proof::StepProof;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::{Inputs, Outputs as _};
use fpvm_l1::{B256, U256};
use fpvm_oracle::store::{Layered, Memory, Store};
use fpvm_oracle::{Checked, Key, Kind, Replay};
use fpvm_trace::{Program, Prover, local_data};
use include_dir::{Dir, include_dir};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// `rollup` for each machine, by the name of its ISA or of its VM type: it executes one block of a toy
/// rollup, and says whether an output root is right.
const PROGRAMS: &[(&str, &[u8])] = &[
    (
        "mips",
        include_bytes!("../../../../examples/guests/bin/rollup.mips"),
    ),
    (
        "mips64",
        include_bytes!("../../../../examples/guests/bin/rollup.mips64"),
    ),
    (
        "riscv64",
        include_bytes!("../../../../examples/guests/bin/rollup.riscv64"),
    ),
    (
        "imac-1",
        include_bytes!("../../../../examples/guests/bin/rollup.imac"),
    ),
];
/// The keccak256 pre-images below the outputs.
static PREIMAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../examples/guests/preimages-rollup");
/// The true outputs: a line each, the block's number and the root.
const OUTPUTS: &str = include_str!("../../../../examples/guests/outputs-rollup.txt");
/// Chain id of the rollup, from which its blocks follow.
pub(super) const CHAIN_ID: u64 = 901;

/// Bytes in front of a pre-image's value: its length.
const LENGTH_PREFIX: u64 = 8;

/// The most steps between two looks at signals and at the progress.
const SLICE: u64 = 20_000_000;

/// The program on one VM.
pub(super) struct Rollup {
    pub(super) isa: &'static dyn AnyIsa,
    program: &'static [u8],
    interrupted: Arc<AtomicBool>,
    teller: Rc<Teller>,
}

impl Rollup {
    /// The program for a VM, where it is built in for that.
    pub(super) fn new(
        isa: &'static dyn AnyIsa,
        interrupted: Arc<AtomicBool>,
        teller: Rc<Teller>,
    ) -> anyhow::Result<Self> {
        let is_for = |name: &str| [isa.name(), isa.vm_type()].contains(&name);
        let program = PROGRAMS.iter().find(|(name, _)| is_for(name));
        let (_, program) = program.with_context(|| {
            format!(
                "no program for {} is built in: --isa and --type choose another VM",
                isa.vm_type()
            )
        })?;
        Ok(Self {
            isa,
            program,
            interrupted,
            teller,
        })
    }

    /// The program, loaded.
    pub(super) fn load(&self) -> anyhow::Result<Box<dyn AnyVm>> {
        let mut vm = self.isa.load_program(self.program, Patches::Upstream)?;
        vm.set_tier(&TierArgs::default())?;
        Ok(vm)
    }

    /// The step at which the program, on these inputs, reads the value of its `number`-th keccak256
    /// pre-image, or of the last before that.
    pub(super) fn read(&self, inputs: &Inputs, number: u64) -> anyhow::Result<u64> {
        let (mut machine, mut found, mut count) = (self.hosted(inputs)?, None, 0);
        while !machine.exited() && count <= number {
            machine.run_to_read()?;
            let read = machine.vm.last_read();
            let begins_value = read.is_some_and(|read| {
                Key(read.key).kind() == Kind::Keccak256 && read.offset == LENGTH_PREFIX
            });
            if begins_value && !machine.exited() {
                found = Some(machine.step().saturating_sub(1));
                count += 1;
            }
        }
        found.context("the program reads no pre-images")
    }

    fn hosted(&self, inputs: &Inputs) -> anyhow::Result<Hosted> {
        let (mut upper, mut lower) = (Memory::default(), Memory::default());
        for (index, value) in local_data(inputs, U256::from(CHAIN_ID)) {
            upper.put(Key::local(index), &value)?;
        }
        for file in PREIMAGES.files() {
            let name = file.path().to_str().unwrap_or_default();
            lower.put(name.parse()?, file.contents())?;
        }
        let store: Box<dyn Store> = Box::new(Layered { upper, lower });
        let source = Source::Store(Checked::new(Replay::new(store), "the built-in store"));
        Ok(Hosts::over(source, self.interrupted.clone()).hosted(self.load()?))
    }
}

/// The rollup's outputs, and the first of them, which all agree on.
pub(super) fn outputs() -> anyhow::Result<(OutputRoot, OutputList)> {
    let outputs: OutputList = OUTPUTS.parse()?;
    let first = OUTPUTS.split(' ').next().unwrap_or_default();
    let block = U256::from(first.parse::<u64>()?);
    let root = outputs.output(block)?;
    Ok((OutputRoot { root, block }, outputs))
}

/// What the execution of a block starts from and is about, where `disputed` is claimed for it; for a game
/// that there is not yet.
pub(super) fn inputs(outputs: &OutputList, block: U256, disputed: B256) -> anyhow::Result<Inputs> {
    let before = block.saturating_sub(U256::ONE);
    Ok(Inputs {
        l1_head: B256::ZERO,
        starting: OutputRoot {
            root: outputs.output(before)?,
            block: before,
        },
        disputed: OutputRoot {
            root: disputed,
            block,
        },
    })
}

impl Program for Rollup {
    type Machine = Running;
    type Error = anyhow::Error;

    fn start(&self, inputs: &Inputs) -> anyhow::Result<Running> {
        Ok(Running {
            hosted: self.hosted(inputs)?,
            block: inputs.disputed.block,
            furthest: 0,
            teller: self.teller.clone(),
        })
    }
}

/// A machine whose first run is shown.
pub(super) struct Running {
    pub(super) hosted: Hosted,
    block: U256,
    furthest: u64,
    teller: Rc<Teller>,
}

impl Machine for Running {
    type Error = anyhow::Error;

    fn step(&self) -> u64 {
        self.hosted.step()
    }

    fn exited(&self) -> bool {
        self.hosted.exited()
    }

    fn run(&mut self, until: u64) -> anyhow::Result<()> {
        while self.step() < until && !self.exited() {
            let slice = until.min(self.step().saturating_add(SLICE));
            self.hosted.run(slice)?;
            if self.step() > self.furthest {
                self.furthest = self.step();
                let ended = self.exited();
                self.teller.executed(self.block, self.furthest, ended)?;
            }
        }
        Ok(())
    }

    fn freeze(&mut self) -> anyhow::Result<Snapshot> {
        self.hosted.freeze()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> anyhow::Result<()> {
        self.hosted.restore(snapshot)
    }

    fn root(&mut self) -> anyhow::Result<Root> {
        self.hosted.root()
    }
}

impl Prover for Running {
    fn prove(&mut self) -> anyhow::Result<StepProof> {
        self.hosted.prove()
    }

    fn oracle(&mut self) -> &mut dyn Oracle {
        self.hosted.oracle()
    }

    fn store_vm(&self) -> store::Vm {
        self.hosted.store_vm()
    }
}
