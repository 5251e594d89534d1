//! The recording memory: runs a step on the real memory and takes the branch of each leaf the step
//! comes to, in the order and at the moment at which a verifier will use it.

use crate::machine::memory::{LEAF_SIZE, Memory, Node, Prover};
use alloc::vec::Vec;

/// A memory that notes branches while a step runs on it.
#[derive(Debug)]
pub struct Recorder<'a, M> {
    memory: &'a mut M,
    /// Leaf whose branch was taken last; accesses to it need no other.
    current: Option<u64>,
    branches: Vec<Vec<Node>>,
}

impl<'a, M: Memory + Prover> Recorder<'a, M> {
    /// Records over a memory.
    pub fn new(memory: &'a mut M) -> Self {
        Recorder {
            memory,
            current: None,
            branches: Vec::new(),
        }
    }

    /// The branches taken: the instruction's, then one for each data leaf.
    pub fn into_branches(self) -> Vec<Vec<Node>> {
        self.branches
    }

    /// Takes the branch of the leaf that holds an address, unless it was the last one taken.
    pub fn visit(&mut self, at: u64) {
        let leaf = at / LEAF_SIZE as u64;
        if self.current != Some(leaf) {
            self.branches.push(self.memory.branch(at));
            self.current = Some(leaf);
        }
    }
}

impl<M: Memory + Prover> Memory for Recorder<'_, M> {
    type Error = M::Error;

    fn read<const N: usize>(&mut self, at: u64) -> Result<[u8; N], M::Error> {
        for i in 0..N as u64 {
            self.visit(at.wrapping_add(i));
        }
        self.memory.read(at)
    }

    fn write<const N: usize>(&mut self, at: u64, bytes: [u8; N]) -> Result<(), M::Error> {
        // Byte by byte, so that the branch of a second leaf is taken after the first was written.
        for (at, byte) in (0..).map(|i| at.wrapping_add(i)).zip(bytes) {
            self.visit(at);
            self.memory.write(at, [byte])?;
        }
        Ok(())
    }

    fn peek(&mut self, at: u64, out: &mut [u8]) -> bool {
        self.memory.peek(at, out)
    }

    fn fetched(&mut self) {
        self.current = None;
    }

    fn own_branch(&mut self, at: u64) {
        self.current = None;
        self.memory.own_branch(at);
    }
}
