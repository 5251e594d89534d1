//! The executions of the guest `rollup`.
#![allow(dead_code, reason = "each test uses its part")]

use std::path::{Path, PathBuf};

use alloy_primitives::{B256, U256};
use checkpoints::{Machine, Root};
use dispute::trace::Inputs;
use fpvm_core::elf::{self, Program as _};
use fpvm_core::frozen::Snapshot;
use fpvm_core::oracle::Silent;
use fpvm_core::proof::StepProof;
use fpvm_core::vm::{Host, Vm};
use isa_mips::Mips32;
use oracle::store::{Directory, Layered, Memory, Store};
use oracle::{Checked, Key, Replay};
use play::report::instruction::Code;
use play::vm::{Program, Prover, local_data};

/// Chain id of the toy rollup.
pub(crate) const CHAIN_ID: u64 = 901;

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/guests")
}

/// The program `rollup`, on MIPS32.
pub(crate) struct Rollup;

pub(crate) struct Running {
    pub(crate) vm: Vm<Mips32>,
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

impl Running {
    /// Runs to the first step, from here on, that reads a keccak256 pre-image at this offset.
    pub(crate) fn find_read(&mut self, offset: u64) -> u64 {
        let (oracle, console) = (&mut self.oracle, &mut Silent);
        loop {
            let host = &mut Host { oracle, console };
            self.vm.run(u64::MAX, true, host).expect("it runs");
            assert!(!self.vm.state.exited(), "no such read");
            let read = self.vm.last_read().expect("it stopped at a read");
            if read.key[0] == 2 && read.offset == offset {
                return self.vm.state.step - 1;
            }
        }
    }

    /// The instruction about to be executed, its neighbours and its function.
    pub(crate) fn code(&mut self) -> Code {
        let pc = self.vm.state.pc();
        let mut word = |at: u64| {
            let mut bytes = [0; 4];
            self.vm.memory.read_slice(at, &mut bytes);
            (at, u32::from_be_bytes(bytes))
        };
        let words = (pc - 8..=pc + 8).step_by(4).map(&mut word).collect();
        let symbol = self.vm.symbols.at(pc).map(|symbol| symbol.name.clone());
        Code { symbol, words }
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

/// The true output of a block, from 100 to 104.
pub(crate) fn output(block: u64) -> B256 {
    let text = std::fs::read_to_string(guests().join("outputs-rollup.txt")).expect("the outputs");
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let line = lines.find(|(number, _)| *number == block.to_string());
    line.expect("a block").1.parse().expect("a root")
}
