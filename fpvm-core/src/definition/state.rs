//! The architectural state and its packed form, the witness, both from an ISA's one table of fields.

use crate::definition::isa::{Field, Isa, Source, witness_len};
use crate::definition::operand::{CELLS, Cell};
use crate::definition::threads::{Stack, ThreadStacks, thread_len};
use crate::definition::word::Word;
use crate::keccak::keccak256;
use alloc::vec::Vec;

/// Status byte of a state that has not exited.
pub const STATUS_UNFINISHED: u8 = 3;

/// All of a machine's state but its memory.
#[derive(Clone, Debug)]
pub struct State<I: Isa> {
    /// Steps executed so far.
    pub step: u64,
    /// The key of the pre-image that the guest reads.
    pub preimage_key: [u8; 32],
    /// Registers, program counter and the rest, by [`Cell`].
    pub cells: [I::Word; CELLS],
    /// Threads that are not in the cells.
    pub threads: ThreadStacks,
}

/// Equal are states of which every field is, parked threads included. Threads that a state knows by the
/// root of their stack alone equal those that have this root.
// Not derived: that would ask the ISA to be comparable too. The fields are named, so that one that is
// added cannot be forgotten here.
impl<I: Isa> PartialEq for State<I> {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            step,
            preimage_key,
            cells,
            threads: _,
        } = self;
        *step == other.step
            && *preimage_key == other.preimage_key
            && *cells == other.cells
            && self.has_same_threads(other)
    }
}

impl<I: Isa> Eq for State<I> {}

impl<I: Isa> Default for State<I> {
    fn default() -> Self {
        Self {
            step: 0,
            preimage_key: [0; 32],
            cells: [I::Word::default(); CELLS],
            threads: ThreadStacks::default(),
        }
    }
}

/// A packed state that no machine can have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WitnessError {
    /// Another length than the ISA's.
    #[error("a packed state of this VM has {expected} bytes, this one has {found}")]
    Length {
        /// The ISA's length in bytes.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A packed state of another VM type.
    #[error("the packed state has version {found}, and {vm} has version {expected}")]
    Version {
        /// The version found.
        found: u8,
        /// The version of this VM.
        expected: u8,
        /// The VM type.
        vm: &'static str,
    },
    /// The exited flag is neither 0 nor 1.
    #[error("the exited flag of the packed state is {0}; it can only be 0 or 1")]
    Exited(u8),
    /// No thread to run, or one that is not whole.
    #[error("the state has no thread on its active stack, or one that is not whole")]
    Threads,
}

impl<I: Isa> State<I> {
    /// A cell.
    #[inline(always)]
    pub fn get(&self, cell: Cell) -> I::Word {
        self.cells[cell.0 as usize % CELLS]
    }

    /// Writes a cell.
    #[inline(always)]
    pub fn set(&mut self, cell: Cell, value: I::Word) {
        self.cells[cell.0 as usize % CELLS] = value;
    }

    /// Program counter.
    #[inline(always)]
    pub fn pc(&self) -> u64 {
        self.get(I::PC).zext()
    }

    /// Whether the program has ended.
    #[inline(always)]
    pub fn exited(&self) -> bool {
        self.get(I::EXITED) != I::Word::default()
    }

    /// Exit code; 0 as long as the program runs.
    pub fn exit_code(&self) -> u8 {
        self.get(I::EXIT_CODE).zext() as u8
    }

    /// The VM status: 3 unfinished, 0 valid, 1 invalid, 2 any other exit code.
    pub fn status(&self) -> u8 {
        match (self.exited(), self.exit_code()) {
            (false, _) => STATUS_UNFINISHED,
            (true, code) => code.min(2),
        }
    }

    /// The packed state, integers big-endian, over a memory root.
    pub fn witness(&self, memory_root: &[u8; 32]) -> Vec<u8> {
        let mut out = Vec::with_capacity(witness_len(I::STATE));
        for field in I::STATE {
            self.pack(field, memory_root, &mut out);
        }
        out
    }

    /// Appends one field of the packed state.
    pub fn pack(&self, field: &Field, memory_root: &[u8; 32], out: &mut Vec<u8>) {
        let mut number = |value: u64| match field.size {
            // Of a known length: without a call.
            8 => out.extend_from_slice(&value.to_be_bytes()),
            4 => out.extend_from_slice(&(value as u32).to_be_bytes()),
            size => out.extend_from_slice(&value.to_be_bytes()[8 - size..]),
        };
        match field.source {
            Source::Version(version) => out.push(version),
            Source::MemoryRoot => out.extend_from_slice(memory_root),
            Source::PreimageKey => out.extend_from_slice(&self.preimage_key),
            Source::Step => number(self.step),
            Source::StepsSinceSwitch => number(self.steps_since_switch()),
            Source::Threads(side) => out.extend_from_slice(&self.stack_root(side)),
            Source::Cell(cell) => number(self.get(cell).zext()),
            Source::Cells(first, count) => {
                for i in 0..count {
                    number(self.get(Cell(first.0 + i)).zext());
                }
            }
        }
    }

    /// Reads one field from its packed bytes; `bytes` has the field's length.
    pub fn unpack(&mut self, field: &Field, bytes: &[u8]) {
        let number = |bytes: &[u8]| {
            let value = bytes
                .iter()
                .fold(0u64, |value, byte| value << 8 | u64::from(*byte));
            (value, I::Word::truncate(value))
        };
        match field.source {
            Source::Version(_) | Source::MemoryRoot => {}
            Source::PreimageKey => self.preimage_key.copy_from_slice(bytes),
            Source::Step => self.step = number(bytes).0,
            Source::StepsSinceSwitch => self.set_steps_since_switch(number(bytes).0),
            Source::Threads(side) => {
                if let Ok(root) = bytes.try_into() {
                    self.set_stack_root(side, root);
                }
            }
            Source::Cell(cell) => self.set(cell, number(bytes).1),
            Source::Cells(first, _) => {
                for (i, chunk) in (0u8..).zip(bytes.chunks_exact(field.size)) {
                    self.set(Cell(first.0 + i), number(chunk).1);
                }
            }
        }
    }

    /// Unpacks a witness: the state, and the memory root it commits to.
    pub fn from_witness(witness: &[u8]) -> Result<(Self, [u8; 32]), WitnessError> {
        let expected = witness_len(I::STATE);
        if witness.len() != expected {
            return Err(WitnessError::Length {
                expected,
                found: witness.len(),
            });
        }
        let (mut state, mut root, mut rest) = (Self::default(), [0; 32], witness);
        for field in I::STATE {
            let (bytes, tail) = rest.split_at(field.len());
            rest = tail;
            match field.source {
                Source::MemoryRoot => root.copy_from_slice(bytes),
                Source::Version(expected) if bytes != [expected] => {
                    let (found, vm) = (bytes[0], I::VM_TYPE);
                    return Err(WitnessError::Version {
                        found,
                        expected,
                        vm,
                    });
                }
                _ => state.unpack(field, bytes),
            }
        }
        state.check()?;
        // Upstream's contract refuses such a state even where the program has exited.
        if I::THREADS.is_some() && state.is_alone(Stack::Active) {
            return Err(WitnessError::Threads);
        }
        Ok((state, root))
    }

    /// All of the state but its memory: the witness without a memory root and, on a VM with threads,
    /// the number of threads on each stack (8 bytes, big-endian) with the packed threads, bottom first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.witness(&[0; 32]);
        if I::THREADS.is_some() {
            for side in [0, 1] {
                let threads = self.stack(side);
                out.extend((threads.len() as u64).to_be_bytes());
                out.extend(threads.concat());
            }
        }
        out
    }

    /// The state that [`State::to_bytes`] packed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WitnessError> {
        let expected = witness_len(I::STATE);
        let found = bytes.len();
        let wrong = WitnessError::Length { expected, found };
        let (witness, rest) = bytes.split_at_checked(expected).ok_or(wrong.clone())?;
        let (mut state, _) = Self::from_witness(witness)?;
        if I::THREADS.is_none() {
            return if rest.is_empty() {
                Ok(state)
            } else {
                Err(wrong)
            };
        }
        let mut rest = rest;
        let mut stack = || {
            let (count, tail) = rest.split_first_chunk::<8>()?;
            let len = usize::try_from(u64::from_be_bytes(*count)).ok()?;
            let (threads, tail) = tail.split_at_checked(len.checked_mul(thread_len::<I>())?)?;
            rest = tail;
            let threads = threads.chunks_exact(thread_len::<I>());
            Some(threads.map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        let stacks = stack().zip(stack()).ok_or(wrong)?;
        if state.set_stacks(stacks.into()) && rest.is_empty() {
            Ok(state)
        } else {
            Err(WitnessError::Threads)
        }
    }

    /// Whether the flags have values that the contract accepts.
    pub fn check(&self) -> Result<(), WitnessError> {
        match self.get(I::EXITED).zext() {
            0 | 1 => Ok(()),
            other => Err(WitnessError::Exited(other as u8)),
        }
    }

    /// The state hash over a memory root.
    pub fn hash(&self, memory_root: &[u8; 32]) -> [u8; 32] {
        state_hash(self.status(), &self.witness(memory_root))
    }
}

/// The state hash: keccak256 of the witness with byte 0 replaced by the status.
pub fn state_hash(status: u8, witness: &[u8]) -> [u8; 32] {
    let mut hash = keccak256(witness);
    hash[0] = status;
    hash
}
