//! Snapshots: a machine as of one step, cheap to take, to keep and to share among threads.
//!
//! A [`Snapshot`] knows no ISA: it has the packed state and the pages, which is all that its root,
//! a store or a comparison needs. Only to run on does it become a [`crate::machine::vm::Vm`] again.

use crate::definition::isa::{Field, Isa, Source, witness_len};
use crate::definition::state::{State, WitnessError, state_hash};
use crate::machine::memory::{FrozenMemory, MemoryLimit, Node};

/// A machine as of one step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// VM type as upstream names it.
    vm_type: &'static str,
    /// The state as [`State::to_bytes`] gives it.
    packed: Vec<u8>,
    /// Bytes of it that are the witness, zero where the memory root belongs.
    witness_len: usize,
    /// Offset of the memory root in these bytes.
    root_at: usize,
    status: u8,
    step: u64,
    /// The pages.
    pub memory: FrozenMemory,
    /// Bytes of a hint that is not complete yet.
    pub last_hint: Vec<u8>,
}

/// A snapshot that a machine cannot go to.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is of another VM.
    #[error("the snapshot is of VM type {found}, and the machine of {expected}")]
    VmType {
        /// Type of the snapshot.
        found: &'static str,
        /// Type of the machine.
        expected: &'static str,
    },
    /// Its bytes are not a packed state of this VM.
    #[error(transparent)]
    State(#[from] WitnessError),
    /// It needs more memory than the guest may use.
    #[error(transparent)]
    Memory(#[from] MemoryLimit),
}

impl Snapshot {
    /// A snapshot of a state with its memory.
    pub fn new<I: Isa>(state: &State<I>, memory: FrozenMemory, last_hint: Vec<u8>) -> Self {
        let before = I::STATE
            .iter()
            .take_while(|field| field.source != Source::MemoryRoot);
        Self {
            vm_type: I::VM_TYPE,
            packed: state.to_bytes(),
            witness_len: witness_len(I::STATE),
            root_at: before.map(Field::len).sum(),
            status: state.status(),
            step: state.step,
            memory,
            last_hint,
        }
    }

    /// A snapshot from a packed state, as [`Snapshot::state_bytes`] gives it. The caller has to
    /// check that the memory is the one that the state commits to, by [`Snapshot::root`].
    pub fn from_state_bytes<I: Isa>(
        bytes: &[u8],
        memory: FrozenMemory,
        last_hint: Vec<u8>,
    ) -> Result<Self, WitnessError> {
        let state = State::<I>::from_bytes(bytes)?;
        Ok(Self::new(&state, memory, last_hint))
    }

    /// The state without its memory, as [`State::to_bytes`] gives it.
    pub fn state_bytes(&self) -> &[u8] {
        &self.packed
    }

    /// The state, for a machine of this ISA.
    pub fn state<I: Isa>(&self) -> Result<State<I>, SnapshotError> {
        if self.vm_type != I::VM_TYPE {
            return Err(SnapshotError::VmType {
                found: self.vm_type,
                expected: I::VM_TYPE,
            });
        }
        Ok(State::from_bytes(&self.packed)?)
    }

    /// VM type as upstream names it.
    pub fn vm_type(&self) -> &'static str {
        self.vm_type
    }

    /// The step counter.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Whether the program has ended.
    pub fn exited(&self) -> bool {
        self.status != crate::definition::state::STATUS_UNFINISHED
    }

    /// The packed state. Hashes the pages that nobody has hashed before, on all cores.
    pub fn witness(&self) -> Vec<u8> {
        let witness = self.packed.get(..self.witness_len).unwrap_or_default();
        let mut witness = witness.to_vec();
        let root = self.memory.root();
        if let Some(place) = witness.get_mut(self.root_at..self.root_at + root.len()) {
            place.copy_from_slice(&root);
        }
        witness
    }

    /// The state root (state hash).
    pub fn root(&self) -> Node {
        state_hash(self.status, &self.witness())
    }
}
