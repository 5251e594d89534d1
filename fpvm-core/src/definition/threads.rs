//! Threads: a state with several sets of registers, of which the machine's cells hold one.
//!
//! The threads stand on two stacks. The one that runs is the top of the active stack and is in the
//! cells; whenever it gives way it is put on the other stack, so that the active one empties, and
//! then they change roles. A packed state commits to a stack by a chain of hashes: `keccak(root of
//! what is beneath ‖ keccak(packed thread))`, from `keccak(64 zero bytes)` for no thread. A proof
//! shows the running thread and the root of what is beneath it, and no step needs more: a thread that
//! is resumed at a step's end is first looked at by the next.

use crate::definition::isa::{Isa, witness_len};
use crate::definition::state::State;
use crate::keccak::{hash_pair, keccak256};
use crate::machine::memory::Node;
use alloc::vec::Vec;

/// The root of a stack without threads: the hash of 64 zero bytes.
pub const NO_THREADS: Node = [
    0xad, 0x32, 0x28, 0xb6, 0x76, 0xf7, 0xd3, 0xcd, 0x42, 0x84, 0xa5, 0x44, 0x3f, 0x17, 0xf1, 0x96,
    0x2b, 0x36, 0xe4, 0x91, 0xb3, 0x0a, 0x40, 0xb2, 0x40, 0x58, 0x49, 0xe5, 0x97, 0xba, 0x5f, 0xb5,
];

/// Bytes of a stack's root.
const ROOT: usize = NO_THREADS.len();

/// One of the two stacks, by its role.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stack {
    /// The one whose top runs.
    Active,
    /// The other.
    Waiting,
}

/// A thread on a stack.
#[derive(Clone, Debug)]
struct Link {
    packed: Vec<u8>,
    /// The root of the stack up to this thread, once [`Chain::settle`] has hashed it.
    root: Option<Node>,
}

impl Link {
    fn new(packed: Vec<u8>) -> Self {
        Self { packed, root: None }
    }

    fn root(&self, beneath: Node) -> Node {
        self.root.unwrap_or_else(|| chained(&beneath, &self.packed))
    }
}

/// The root of a stack whose top is this thread.
fn chained(beneath: &Node, thread: &[u8]) -> Node {
    hash_pair(beneath, &keccak256(thread))
}

/// Threads that lie on one stack, without the one that runs.
#[derive(Clone, Debug)]
struct Chain {
    /// The root of those that are not known: of none in a running machine.
    root: Node,
    /// The others, from the bottom up.
    threads: Vec<Link>,
}

impl Chain {
    const EMPTY: Self = Self {
        root: NO_THREADS,
        threads: Vec::new(),
    };

    fn root(&self) -> Node {
        let threads = self.threads.iter();
        threads.fold(self.root, |beneath, thread| thread.root(beneath))
    }

    /// Hashes what was not hashed before, so that it is not hashed again.
    #[cfg(feature = "std")]
    fn settle(&mut self) {
        let mut root = self.root;
        for thread in &mut self.threads {
            root = thread.root(root);
            thread.root = Some(root);
        }
    }

    fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.root == NO_THREADS
    }

    /// Whether both hold the same threads, as far as that can be told without hashing.
    fn is_same(&self, other: &Self) -> bool {
        let (mine, yours) = (self.threads.iter(), other.threads.iter());
        self.root == other.root
            && self.threads.len() == other.threads.len()
            && mine.zip(yours).all(|(a, b)| a.packed == b.packed)
    }
}

/// The threads of a state that are not in its cells.
#[derive(Clone, Debug)]
pub struct ThreadStacks {
    chains: [Chain; 2],
    /// The running thread as [`State::settle`] found it, what was beneath it, and the root of both.
    top: Option<(Vec<u8>, Node, Node)>,
    /// Whether the cells hold a thread. They do not where only a root tells of it: in a state that
    /// comes from its packed form.
    running: bool,
    /// The step counter when the running thread's turn began.
    began: u64,
}

impl Default for ThreadStacks {
    fn default() -> Self {
        Self {
            chains: [Chain::EMPTY; 2],
            top: None,
            running: true,
            began: 0,
        }
    }
}

/// Bytes of a packed thread; 0 for an ISA without threads.
pub const fn thread_len<I: Isa>() -> usize {
    match I::THREADS {
        Some(threads) => witness_len(threads.fields),
        None => 0,
    }
}

/// Bytes that a proof begins with: the running thread and the root of what is beneath it.
pub const fn thread_proof_len<I: Isa>() -> usize {
    match I::THREADS {
        Some(_) => thread_len::<I>() + ROOT,
        None => 0,
    }
}

impl<I: Isa> State<I> {
    /// Whether the next step is a change of threads and no instruction.
    #[inline(always)]
    pub fn switch_is_due(&self) -> bool {
        let Some(threads) = I::THREADS else {
            return false;
        };
        self.steps_since_switch() >= threads.quantum
            || self.get(threads.ended) != I::Word::default()
    }

    /// The first step counter, `until` at the latest, at which the running thread's turn is over.
    pub fn next_switch(&self, until: u64) -> u64 {
        match I::THREADS {
            Some(_) if self.switch_is_due() => self.step,
            Some(threads) => {
                let left = threads.quantum - self.steps_since_switch();
                until.min(self.step.saturating_add(left))
            }
            None => until,
        }
    }

    /// How many threads there are, of those that are known: in a running machine all.
    pub fn thread_count(&self) -> usize {
        let parked: usize = self.threads.chains.iter().map(|c| c.threads.len()).sum();
        parked + usize::from(self.threads.running)
    }

    /// Steps since the running thread's turn began.
    pub fn steps_since_switch(&self) -> u64 {
        self.step.wrapping_sub(self.threads.began)
    }

    /// A new turn begins here.
    pub(crate) fn mark_switch(&mut self) {
        self.threads.began = self.step;
    }

    /// Sets how many steps ago the running thread's turn began.
    pub(crate) fn set_steps_since_switch(&mut self, steps: u64) {
        self.threads.began = self.step.wrapping_sub(steps);
    }

    fn active(&self) -> usize {
        I::THREADS.map_or(0, |threads| {
            usize::from(self.get(threads.side) != I::Word::default())
        })
    }

    fn chain(&self, stack: Stack) -> usize {
        match stack {
            Stack::Active => self.active(),
            Stack::Waiting => 1 - self.active(),
        }
    }

    /// The stack that the running thread is the top of: left (0) or right (1).
    pub(crate) fn running_side(&self) -> Option<u8> {
        (I::THREADS.is_some() && self.threads.running).then_some(self.active() as u8)
    }

    /// Whether both states have the same threads beside those in the cells, and as many steps left of the
    /// running one's turn. What is kept only so that it is not hashed again does not count.
    pub(crate) fn has_same_threads(&self, other: &Self) -> bool {
        let ThreadStacks {
            chains,
            top: _,
            running,
            began,
        } = &self.threads;
        let of = &other.threads;
        let mut pairs = chains.iter().zip(&of.chains);
        let is_same = *running == of.running && pairs.all(|(a, b)| a.is_same(b));
        let is_committed = || (0..2).all(|side| self.stack_root(side) == other.stack_root(side));
        *began == of.began && (is_same || I::THREADS.is_some() && is_committed())
    }

    /// Whether no thread but the running one is on a stack.
    pub fn is_alone(&self, stack: Stack) -> bool {
        self.threads.chains[self.chain(stack)].is_empty()
    }

    /// Puts a copy of the running thread on a stack; on the active one, beneath the running one.
    pub fn push_thread(&mut self, stack: Stack) {
        let (thread, chain) = (self.thread(), self.chain(stack));
        self.threads.chains[chain].threads.push(Link::new(thread));
    }

    /// Drops the running thread and takes the top of the active stack in its place.
    pub fn pop_thread(&mut self) {
        let chain = self.active();
        let thread = self.threads.chains[chain].threads.pop();
        self.threads.running = thread.is_some();
        if let Some(thread) = thread {
            self.set_thread(&thread.packed);
        }
    }

    /// The running thread, packed.
    pub(crate) fn thread(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(thread_len::<I>());
        for field in I::THREADS.map_or(&[][..], |threads| threads.fields) {
            self.pack(field, &[0; 32], &mut out);
        }
        out
    }

    fn set_thread(&mut self, packed: &[u8]) {
        let mut rest = packed;
        for field in I::THREADS.map_or(&[][..], |threads| threads.fields) {
            let (bytes, tail) = rest.split_at(field.len());
            self.unpack(field, bytes);
            rest = tail;
        }
    }

    /// The root of the left (0) or right (1) stack without the running thread.
    pub(crate) fn root_beneath(&self, side: u8) -> Node {
        self.threads.chains[usize::from(side) % 2].root()
    }

    /// The root of the left (0) or right (1) stack, the running thread included.
    pub(crate) fn stack_root(&self, side: u8) -> Node {
        if self.running_side() == Some(side) {
            self.top(side).2
        } else {
            self.root_beneath(side)
        }
    }

    /// The running thread, what is beneath it on its stack, and the root of both, which is not hashed
    /// again where `settle` has done so.
    fn top(&self, side: u8) -> (Vec<u8>, Node, Node) {
        let (thread, beneath) = (self.thread(), self.root_beneath(side));
        let root = match &self.threads.top {
            Some((top, under, root)) if *top == thread && *under == beneath => *root,
            _ => chained(&beneath, &thread),
        };
        (thread, beneath, root)
    }

    /// Hashes the threads beneath the running one and on the other stack, as far as they are new, so
    /// that roots asked for later do not.
    #[cfg(feature = "std")]
    pub(crate) fn settle_parked(&mut self) {
        self.threads.chains.iter_mut().for_each(Chain::settle);
    }

    /// The same for all threads, the running one included.
    #[cfg(feature = "std")]
    pub(crate) fn settle(&mut self) {
        self.settle_parked();
        if let Some(side) = self.running_side() {
            self.threads.top = Some(self.top(side));
        }
    }

    pub(crate) fn set_stack_root(&mut self, side: u8, root: Node) {
        self.threads.running = false;
        let threads = Vec::new();
        self.threads.chains[usize::from(side) % 2] = Chain { root, threads };
    }

    /// What a proof begins with: the running thread and the root of what is beneath it.
    pub fn thread_proof(&self) -> Vec<u8> {
        if I::THREADS.is_none() {
            return Vec::new();
        }
        let mut out = self.thread();
        out.extend(self.threads.chains[self.active()].root());
        out
    }

    /// Takes the running thread from the begin of a proof, of [`thread_proof_len`] bytes; `false`
    /// where it is not the one that the active stack's root commits to.
    pub(crate) fn take_thread(&mut self, proof: &[u8]) -> bool {
        let Some((thread, root)) = proof.split_last_chunk::<ROOT>() else {
            return I::THREADS.is_none();
        };
        let active = self.active();
        let chain = &mut self.threads.chains[active];
        if hash_pair(root, &keccak256(thread)) != chain.root() {
            return false;
        }
        *chain = Chain {
            root: *root,
            threads: Vec::new(),
        };
        self.threads.running = true;
        self.set_thread(thread);
        true
    }

    /// All threads of the left (0) or right (1) stack, packed, from the bottom up.
    pub fn stack(&self, side: u8) -> Vec<Vec<u8>> {
        let side = usize::from(side) % 2;
        let threads = self.threads.chains[side].threads.iter();
        let mut threads: Vec<_> = threads.map(|thread| thread.packed.clone()).collect();
        if self.running_side() == Some(side as u8) {
            threads.push(self.thread());
        }
        threads
    }

    /// Sets all threads, packed, from the bottom up; `false` where the active stack has none, or one
    /// of them another length.
    pub fn set_stacks(&mut self, stacks: [Vec<Vec<u8>>; 2]) -> bool {
        let fits = |thread: &Vec<u8>| thread.len() == thread_len::<I>();
        if !stacks.iter().flatten().all(fits) {
            return false;
        }
        self.threads.chains = stacks.map(|threads| Chain {
            root: NO_THREADS,
            threads: threads.into_iter().map(Link::new).collect(),
        });
        self.pop_thread();
        self.threads.running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_threads_is_the_hash_of_zeros() {
        assert_eq!(NO_THREADS, hash_pair(&[0; 32], &[0; 32]));
    }
}
