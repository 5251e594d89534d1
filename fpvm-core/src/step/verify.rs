//! The stateless verifier: from a packed state, a proof and at most one part of a pre-image to the
//! post-state hash, with nothing else at hand. Needs no `std`.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what comes from outside must not make the program panic"
)]

use crate::definition::isa::Isa;
use crate::definition::machine::Fault;
use crate::definition::state::{State, WitnessError, state_hash};
use crate::definition::word::Word;
use crate::machine::memory::{LEAF_SIZE, Memory, Node};
use crate::step::compact::{Branches, is_compact, split};
use crate::step::concrete::{Concrete, Environment, Stop};
use crate::step::oracle::PreimagePart;
use alloc::vec::Vec;

/// Why a proof shows nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VerifyError {
    /// The packed state is malformed.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The proof has a length that no proof of this VM has.
    #[error("the memory proof has {found} bytes; this VM's have {expected}")]
    ProofLength {
        /// The lengths that are right, in words.
        expected: &'static str,
        /// The length found.
        found: usize,
    },
    /// The proof's thread is not the one that the packed state commits to.
    #[error("the proof's thread is not the one on top of the state's active stack")]
    BadThread,
    /// A compact proof is malformed.
    #[error("the compact memory proof is malformed: {0}")]
    CompactProof(&'static str),
    /// The step accesses more leaves than the proof has branches for.
    #[error("the step accesses memory at {at:#x}, but the proof has no branch {branch} for it")]
    MissingBranch {
        /// The address.
        at: u64,
        /// Which branch would be needed, counted from 0 for the instruction's.
        branch: usize,
    },
    /// A branch does not lead to the memory root.
    #[error(
        "branch {branch} of the memory proof, for address {at:#x}, does not lead to the memory root"
    )]
    BadBranch {
        /// The address.
        at: u64,
        /// Which branch, counted from 0 for the instruction's.
        branch: usize,
    },
    /// The step reads a pre-image that was not given.
    #[error(
        "the step reads pre-image 0x{} at offset {offset}, which is not at hand",
        const_hex::encode(key)
    )]
    MissingPreimage {
        /// The key.
        key: [u8; 32],
        /// The offset into length prefix and value.
        offset: u64,
    },
    /// The instruction faults, so the step has no post-state.
    #[error("the step has no post-state: {0}")]
    Fault(Fault),
}

/// Where a verifier gets the part of a pre-image from: key, offset to part. Outer `None`: not at
/// hand; inner `None`: the offset is at or past the end.
pub type Parts<'a> = &'a mut dyn FnMut(&[u8; 32], u64) -> Option<Option<PreimagePart>>;

/// What a step was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It ran the instruction with this word.
    Instruction(u32),
    /// It dropped the running thread and took up another, by force: no instruction ran.
    ThreadSwitch,
    /// The program had exited before: the step changes nothing.
    Exited,
}

impl Step {
    /// The word of the instruction that ran, where one did.
    pub fn insn(self) -> Option<u32> {
        match self {
            Self::Instruction(insn) => Some(insn),
            Self::ThreadSwitch | Self::Exited => None,
        }
    }
}

/// A use of a leaf of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeafAccess {
    /// The leaf's address.
    pub at: u64,
    /// Its bytes before the step.
    pub before: Node,
    /// Its bytes after this use.
    pub after: Node,
}

/// What a verified step leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified<I: Isa> {
    /// The post-state hash.
    pub post: Node,
    /// The post-state, packed.
    pub witness: Vec<u8>,
    /// The pre-state.
    pub before: State<I>,
    /// The post-state. Where the step took up another thread, its cells are still those of the one that
    /// it dropped: no proof tells more of the other than its hash.
    pub after: State<I>,
    /// What the step was.
    pub step: Step,
    /// Addresses of the leaves that the instruction was fetched from, in order.
    pub fetched: Vec<u64>,
    /// Data accesses, in order.
    pub data: Vec<LeafAccess>,
}

/// Re-executes one step over its proof, of upstream's form or [compact](crate::step::compact).
pub fn verify<I: Isa>(
    witness: &[u8],
    proof: &[u8],
    parts: Parts<'_>,
) -> Result<Verified<I>, VerifyError> {
    let (mut before, root) = State::<I>::from_witness(witness)?;
    let (thread, branches) = split::<I>(proof, before.exited())?;
    if before.exited() {
        let post = state_hash(before.status(), witness);
        let (after, witness) = (before.clone(), witness.to_vec());
        return Ok(Verified {
            post,
            witness,
            before,
            after,
            step: Step::Exited,
            fetched: Vec::new(),
            data: Vec::new(),
        });
    }
    if !before.take_thread(thread) {
        return Err(VerifyError::BadThread);
    }
    let mut after = before.clone();
    let branches = Branches::new(branches, is_compact::<I>(proof.len()), I::Word::BITS);
    let mut memory = WitnessMemory::new(root, branches, I::Word::BITS);
    let mut env = Given { parts };
    let insn = Concrete::step(&mut after, &mut memory, &mut env).map_err(refused)?;
    let step = insn.map_or(Step::ThreadSwitch, Step::Instruction);
    let (root, Accesses { fetched, data }) = memory.finish()?;
    let witness = after.witness(&root);
    let post = state_hash(after.status(), &witness);
    Ok(Verified {
        post,
        witness,
        before,
        after,
        step,
        fetched,
        data,
    })
}

fn refused(stop: Stop<VerifyError, VerifyError>) -> VerifyError {
    match stop {
        Stop::Fault(fault) => VerifyError::Fault(fault),
        Stop::Memory(error) | Stop::Environment(error) => error,
    }
}

struct Given<'a> {
    parts: Parts<'a>,
}

impl Environment for Given<'_> {
    type Error = VerifyError;

    fn part(&mut self, key: &Node, offset: u64) -> Result<Option<PreimagePart>, VerifyError> {
        (self.parts)(key, offset).ok_or(VerifyError::MissingPreimage { key: *key, offset })
    }

    fn output(&mut self, _stream: u8, _memory: &mut impl Memory, _at: u64, _count: u64) {}

    fn hint(
        &mut self,
        _memory: &mut impl Memory,
        _at: u64,
        _count: u64,
    ) -> Result<(), VerifyError> {
        Ok(())
    }
}

/// The leaves that a step has used, as [`Verified`] has them.
#[derive(Default, Debug)]
struct Accesses {
    fetched: Vec<u64>,
    data: Vec<LeafAccess>,
}

/// The leaf that the step is at.
#[derive(Clone, Copy, Debug)]
struct Open {
    leaf_index: u64,
    before: Node,
    leaf: Node,
}

/// A memory that is nothing but a root and a proof. Each leaf that a step comes to takes the next
/// branch, which has to lead to the root as it is then: after the writes before it.
#[derive(Debug)]
struct WitnessMemory<'a> {
    root: Node,
    branches: Branches<'a>,
    open: Option<Open>,
    /// The instruction is still being fetched.
    fetching: bool,
    accesses: Accesses,
    address_mask: u64,
}

impl<'a> WitnessMemory<'a> {
    fn new(root: Node, branches: Branches<'a>, address_bits: u32) -> Self {
        WitnessMemory {
            root,
            branches,
            open: None,
            fetching: true,
            accesses: Accesses::default(),
            address_mask: u64::MAX >> (64 - address_bits),
        }
    }

    /// The leaf that holds an address, through its branch.
    fn leaf(&mut self, at: u64) -> Result<&mut Node, VerifyError> {
        let leaf_index = (at & self.address_mask) / LEAF_SIZE as u64;
        let open = match self.open {
            Some(open) if open.leaf_index == leaf_index => open,
            _ => {
                self.close();
                let branch = self.branches.taken();
                let leaf = self.branches.take(at, leaf_index)?;
                if self.branches.root(leaf_index, &leaf) != self.root {
                    return Err(VerifyError::BadBranch { at, branch });
                }
                Open {
                    leaf_index,
                    before: leaf,
                    leaf,
                }
            }
        };
        Ok(&mut self.open.insert(open).leaf)
    }

    /// Ends the use of the open branch: what was written there moves the root.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            if open.leaf != open.before {
                self.root = self.branches.root(open.leaf_index, &open.leaf);
            }
            self.branches.leave(open.leaf_index, open.leaf);
            let at = open.leaf_index * LEAF_SIZE as u64;
            if self.fetching {
                self.accesses.fetched.push(at);
            } else {
                self.accesses.data.push(LeafAccess {
                    at,
                    before: open.before,
                    after: open.leaf,
                });
            }
        }
    }

    fn finish(mut self) -> Result<(Node, Accesses), VerifyError> {
        self.close();
        if !self.branches.is_used_up() {
            return Err(VerifyError::CompactProof(
                "it goes on after its last branch",
            ));
        }
        Ok((self.root, self.accesses))
    }
}

impl Memory for WitnessMemory<'_> {
    type Error = VerifyError;

    #[expect(
        clippy::indexing_slicing,
        reason = "the index is a remainder by the length"
    )]
    fn read<const N: usize>(&mut self, at: u64) -> Result<[u8; N], VerifyError> {
        let mut out = [0; N];
        for (at, byte) in (0..).map(|i| at.wrapping_add(i)).zip(&mut out) {
            *byte = self.leaf(at)?[at as usize % LEAF_SIZE];
        }
        Ok(out)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the index is a remainder by the length"
    )]
    fn write<const N: usize>(&mut self, at: u64, bytes: [u8; N]) -> Result<(), VerifyError> {
        for (at, byte) in (0..).map(|i| at.wrapping_add(i)).zip(bytes) {
            self.leaf(at)?[at as usize % LEAF_SIZE] = byte;
        }
        Ok(())
    }

    fn peek(&mut self, _at: u64, _out: &mut [u8]) -> bool {
        false
    }

    fn fetched(&mut self) {
        self.close();
        self.fetching = false;
    }

    fn own_branch(&mut self, _at: u64) {
        self.close();
    }
}
