//! A guest with its pre-images in a folder: all that games about it need, and no host.

use std::path::{Path, PathBuf};

use alloy_primitives::U256;
use fpvm_checkpoints::library::LibraryError;
use fpvm_checkpoints::{Machine, Root, store};
use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::elf::{self, ElfError};
use fpvm_core::machine::snapshot::{Snapshot, SnapshotError};
use fpvm_core::machine::vm::{Event, Host, PreimageRead, Tier, Vm, VmError};
use fpvm_core::step::oracle::{Oracle, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_dispute::trace::Inputs;
use fpvm_oracle::store::{Directory, Layered, Memory, Store as _};
use fpvm_oracle::{Checked, Key, Replay};

use crate::program::{Program, Prover, local_data};

/// A program, and where its pre-images are. Local ones come from the dispute.
#[derive(Debug)]
pub struct Recorded<I: Isa> {
    /// The program, as an ELF file.
    pub elf: Vec<u8>,
    /// Files that are named by the hex digits of their keys.
    pub preimages: PathBuf,
    /// L2 chain id of the game.
    pub chain_id: U256,
    /// What runs it faster than the interpreter, if anything.
    pub tier: fn() -> Option<Box<dyn Tier<I>>>,
}

/// The program, started.
#[derive(Debug)]
pub struct Running<I: Isa> {
    /// The machine.
    pub vm: Vm<I>,
    oracle: Checked<Replay<Layered<Memory, Directory>>>,
}

/// Why it cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// The program cannot be loaded.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// The pre-images cannot be read.
    #[error(transparent)]
    Preimages(#[from] fpvm_oracle::Error),
    /// A step fails.
    #[error(transparent)]
    Vm(#[from] VmError),
    /// A snapshot is of something else.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Checkpoints cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

impl<I: elf::Program> Program for Recorded<I> {
    type Machine = Running<I>;
    type Error = RecordedError;

    fn start(&self, inputs: &Inputs) -> Result<Running<I>, RecordedError> {
        let mut vm = elf::load::<I>(&self.elf, I::PATCHES)?;
        vm.set_tier((self.tier)());
        Running::new(vm, &self.preimages, &local_data(inputs, self.chain_id))
    }
}

impl<I: Isa> Running<I> {
    /// A machine with pre-images from a folder and these local ones, by their indices.
    ///
    /// # Errors
    /// If there is no such folder.
    pub fn new(
        vm: Vm<I>,
        preimages: &Path,
        local: &[(u64, Vec<u8>)],
    ) -> Result<Self, RecordedError> {
        let mut upper = Memory::default();
        for (index, value) in local {
            upper.put(Key::local(*index), value)?;
        }
        let lower = Directory::open(preimages)?;
        let source = lower.to_string();
        let oracle = Checked::new(Replay::new(Layered { upper, lower }), source);
        Ok(Running { vm, oracle })
    }

    /// Runs up to and with the next step that reads a pre-image; `None` where the program ends first.
    ///
    /// # Errors
    /// If a step fails.
    pub fn next_read(&mut self) -> Result<Option<PreimageRead>, RecordedError> {
        let (oracle, console) = (&mut self.oracle, &mut Silent);
        let host = &mut Host { oracle, console };
        let event = self.vm.run(u64::MAX, true, host)?;
        let read = self.vm.last_read().cloned();
        Ok(read.filter(|_| event == Event::Preimage))
    }
}

impl<I: Isa> Machine for Running<I> {
    type Error = RecordedError;

    fn step(&self) -> u64 {
        self.vm.state.step
    }

    fn exited(&self) -> bool {
        self.vm.state.exited()
    }

    fn run(&mut self, until: u64) -> Result<(), RecordedError> {
        let (oracle, console) = (&mut self.oracle, &mut Silent);
        self.vm.run(until, false, &mut Host { oracle, console })?;
        Ok(())
    }

    fn freeze(&mut self) -> Result<Snapshot, RecordedError> {
        Ok(self.vm.freeze())
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), RecordedError> {
        Ok(self.vm.restore(snapshot)?)
    }

    fn root(&mut self) -> Result<Root, RecordedError> {
        Ok(Root(self.vm.state_root()))
    }
}

impl<I: Isa> Prover for Running<I> {
    fn prove(&mut self) -> Result<StepProof, RecordedError> {
        let (oracle, console) = (&mut self.oracle, &mut Silent);
        Ok(self.vm.prove(&mut Host { oracle, console })?)
    }

    fn oracle(&mut self) -> &mut dyn Oracle {
        &mut self.oracle
    }

    fn store_vm(&self) -> store::Vm {
        store::Vm::of::<I>()
    }
}
