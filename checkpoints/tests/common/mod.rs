//! Guests that need no pre-images, on machines.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use fpvm_checkpoints::depot::Depot;
use fpvm_checkpoints::{Machine, Root};
use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::elf::{self, Program};
use fpvm_core::machine::snapshot::Snapshot;
use fpvm_core::machine::vm::{Host, Vm};
use fpvm_core::step::oracle::{NoOracle, Silent};

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A machine without pre-images.
pub struct Bare<I: Isa>(pub Vm<I>);

impl<I: Isa> Machine for Bare<I> {
    type Error = Error;

    fn step(&self) -> u64 {
        self.0.state.step
    }

    fn exited(&self) -> bool {
        self.0.state.exited()
    }

    fn run(&mut self, until: u64) -> Result<(), Error> {
        let (oracle, console) = (&mut NoOracle, &mut Silent);
        self.0.run(until, false, &mut Host { oracle, console })?;
        Ok(())
    }

    fn freeze(&mut self) -> Result<Snapshot, Error> {
        Ok(self.0.freeze())
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        Ok(self.0.restore(snapshot)?)
    }

    fn root(&mut self) -> Result<Root, Error> {
        Ok(Root(self.0.state_root()))
    }

    fn roots(&mut self, until: u64) -> Result<Vec<Root>, Error> {
        let (oracle, console) = (&mut NoOracle, &mut Silent);
        let mut roots = Vec::new();
        self.0
            .roots(until, &mut Host { oracle, console }, &mut roots)?;
        Ok(roots.into_iter().map(Root).collect())
    }
}

/// A folder as a place for checkpoints.
pub fn depot(folder: &tempfile::TempDir) -> Depot {
    Depot::open(folder.path().to_str().unwrap()).unwrap()
}

/// A Go program of this repository, loaded.
pub fn guest<I: Program>(name: &str) -> Bare<I> {
    let folder = env!("CARGO_MANIFEST_DIR");
    let path = format!("{folder}/../spec-tests/vectors/guests/{name}");
    let bytes = std::fs::read(path).unwrap();
    Bare(elf::load(&bytes, I::PATCHES).unwrap())
}

pub fn hello_mips() -> Bare<fpvm_isa_mips::Mips32> {
    guest("hello.go122.mips")
}

pub fn hello_riscv() -> Bare<fpvm_isa_riscv::Rv64> {
    guest("hello.go122.riscv64")
}

/// The roots of a machine that is run without any snapshot.
pub fn plain_roots<I: Isa>(mut machine: Bare<I>, every: u64) -> Vec<(u64, Root)> {
    let mut roots = vec![(machine.step(), machine.root().unwrap())];
    while !machine.exited() {
        let next = (machine.step() / every + 1) * every;
        machine.run(next).unwrap();
        roots.push((machine.step(), machine.root().unwrap()));
    }
    roots
}
