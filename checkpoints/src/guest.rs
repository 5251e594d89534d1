//! A VM of any ISA with a program in it.

use crate::store;
use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::state_file::{self, FileError};
use fpvm_core::machine::hot_code::HotCode;
use fpvm_core::machine::memory::PAGE_SIZE;
use fpvm_core::machine::snapshot::{Snapshot, SnapshotError};
use fpvm_core::machine::vm::{Event, Host, PreimageRead, Vm, VmError};
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{VerifyError, verify};
use std::path::Path;

/// The part of a VM that running a program for its checkpoints, its bisection or a game needs. The behaviour is
/// [`Vm`]'s.
pub trait GuestVm {
    /// Steps executed so far.
    fn step(&self) -> u64;
    /// Whether the program has ended.
    fn exited(&self) -> bool;
    /// Bytes of memory that the guest uses.
    fn memory_bytes(&self) -> u64;
    /// Runs to a step, the program's end or, where asked, a step that reads a pre-image.
    ///
    /// # Errors
    /// If a step fails.
    fn run(&mut self, until: u64, reads: bool, host: &mut Host<'_>) -> Result<Event, VmError>;
    /// Executes one step and proves it.
    ///
    /// # Errors
    /// If the step fails.
    fn prove(&mut self, host: &mut Host<'_>) -> Result<StepProof, VmError>;
    /// The pre-image that the step last executed read.
    fn last_read(&self) -> Option<&PreimageRead>;
    /// The state root.
    fn state_root(&mut self) -> [u8; 32];
    /// Runs to a step or the program's end, and appends the state root after each step.
    ///
    /// # Errors
    /// If a step fails.
    fn roots(
        &mut self,
        until: u64,
        host: &mut Host<'_>,
        roots: &mut Vec<[u8; 32]>,
    ) -> Result<(), VmError>;
    /// A snapshot of the machine's present state.
    fn freeze(&mut self) -> Snapshot;
    /// Goes to a snapshot, back or ahead.
    ///
    /// # Errors
    /// If the snapshot is of something else.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError>;
    /// See [`Vm::share_hot_code`].
    fn share_hot_code(&mut self, hot: &HotCode);
    /// What a store has to know about the VM to make its snapshots.
    fn store_vm(&self) -> store::Vm;
    /// Writes a state file, in the format that its name tells.
    ///
    /// # Errors
    /// If it cannot be written.
    fn write_state(&mut self, path: &Path) -> Result<(), FileError>;
    /// Re-executes a step over its proof alone, as the contract does, with the part of a pre-image that the proof has; gives
    /// the state hash that it leads to.
    ///
    /// # Errors
    /// If the proof shows nothing.
    fn verify(&self, proof: &StepProof) -> Result<[u8; 32], VerifyError>;
}

impl<I: Isa> GuestVm for Vm<I> {
    fn step(&self) -> u64 {
        self.state.step
    }

    fn exited(&self) -> bool {
        self.state.exited()
    }

    fn memory_bytes(&self) -> u64 {
        self.memory.page_count() as u64 * PAGE_SIZE as u64
    }

    fn run(&mut self, until: u64, reads: bool, host: &mut Host<'_>) -> Result<Event, VmError> {
        Self::run(self, until, reads, host)
    }

    fn prove(&mut self, host: &mut Host<'_>) -> Result<StepProof, VmError> {
        Self::prove(self, host)
    }

    fn last_read(&self) -> Option<&PreimageRead> {
        Self::last_read(self)
    }

    fn state_root(&mut self) -> [u8; 32] {
        Self::state_root(self)
    }

    fn roots(
        &mut self,
        until: u64,
        host: &mut Host<'_>,
        roots: &mut Vec<[u8; 32]>,
    ) -> Result<(), VmError> {
        Self::roots(self, until, host, roots)
    }

    fn freeze(&mut self) -> Snapshot {
        Self::freeze(self)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        Self::restore(self, snapshot)
    }

    fn share_hot_code(&mut self, hot: &HotCode) {
        Self::share_hot_code(self, hot);
    }

    fn store_vm(&self) -> store::Vm {
        store::Vm::of::<I>()
    }

    fn write_state(&mut self, path: &Path) -> Result<(), FileError> {
        state_file::save(self, path)
    }

    fn verify(&self, proof: &StepProof) -> Result<[u8; 32], VerifyError> {
        let mut parts = |key: &[u8; 32], offset| proof.part(key, offset);
        Ok(verify::<I>(&proof.state_data, &proof.proof_data, &mut parts)?.post)
    }
}

impl<V: GuestVm + ?Sized> GuestVm for Box<V> {
    fn step(&self) -> u64 {
        (**self).step()
    }

    fn exited(&self) -> bool {
        (**self).exited()
    }

    fn memory_bytes(&self) -> u64 {
        (**self).memory_bytes()
    }

    fn run(&mut self, until: u64, reads: bool, host: &mut Host<'_>) -> Result<Event, VmError> {
        (**self).run(until, reads, host)
    }

    fn prove(&mut self, host: &mut Host<'_>) -> Result<StepProof, VmError> {
        (**self).prove(host)
    }

    fn last_read(&self) -> Option<&PreimageRead> {
        (**self).last_read()
    }

    fn state_root(&mut self) -> [u8; 32] {
        (**self).state_root()
    }

    fn roots(
        &mut self,
        until: u64,
        host: &mut Host<'_>,
        roots: &mut Vec<[u8; 32]>,
    ) -> Result<(), VmError> {
        (**self).roots(until, host, roots)
    }

    fn freeze(&mut self) -> Snapshot {
        (**self).freeze()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        (**self).restore(snapshot)
    }

    fn share_hot_code(&mut self, hot: &HotCode) {
        (**self).share_hot_code(hot);
    }

    fn store_vm(&self) -> store::Vm {
        (**self).store_vm()
    }

    fn write_state(&mut self, path: &Path) -> Result<(), FileError> {
        (**self).write_state(path)
    }

    fn verify(&self, proof: &StepProof) -> Result<[u8; 32], VerifyError> {
        (**self).verify(proof)
    }
}
