//! The state root after every single step, for the last levels of a bisection and for dense lists.
//!
//! One tree update after the other would hash one node at a time. Here a batch of steps runs first,
//! and notes which leaves it wrote and the packed state after each step; then the memory roots of all
//! the batch's steps are hashed together, level by level ([`crate::machine::memory::roots_after`]), then the
//! running threads with the roots of their stacks, and then all state hashes. So the vector lanes are
//! full with one execution on one core.

use super::{Host, Running, Vm, VmError};
use crate::definition::decode::Decoder;
use crate::definition::isa::{Field, Isa, Source, witness_len};
use crate::definition::threads::thread_len;
use crate::definition::word::Word;
use crate::keccak::{hash_messages, hash_nodes};
use crate::machine::memory::{LEAF_SIZE, Memory, MemoryLimit, Node, PagedMemory, roots_after};
use crate::step::concrete::Concrete;

/// Steps hashed together: enough to fill the lanes on every level and to spread the cost of a
/// snapshot, few enough for their packed states to stay in the cache.
const BATCH: usize = 8192;

/// A memory that notes which leaves a step writes.
struct Noting<'a, A> {
    memory: &'a mut PagedMemory<A>,
    /// Numbers of the leaves, each once.
    leaves: Vec<u64>,
}

impl<A: Word> Memory for Noting<'_, A> {
    type Error = MemoryLimit;

    #[inline(always)]
    fn read<const N: usize>(&mut self, at: u64) -> Result<[u8; N], MemoryLimit> {
        self.memory.read(at)
    }

    fn write<const N: usize>(&mut self, at: u64, bytes: [u8; N]) -> Result<(), MemoryLimit> {
        let mask = u64::MAX >> (64 - A::BITS);
        for at in [at & mask, at.wrapping_add(N as u64 - 1) & mask] {
            let leaf = at / LEAF_SIZE as u64;
            if !self.leaves.contains(&leaf) {
                self.leaves.push(leaf);
            }
        }
        self.memory.write(at, bytes)
    }

    fn peek(&mut self, at: u64, out: &mut [u8]) -> bool {
        self.memory.peek(at, out)
    }
}

impl<I: Isa> Vm<I> {
    /// Runs to a step or to the program's end, and appends the state root after each step executed.
    /// On an error those of the steps before it are there, and the machine is before the step that
    /// failed.
    pub fn roots(
        &mut self,
        until: u64,
        host: &mut Host<'_>,
        roots: &mut Vec<Node>,
    ) -> Result<(), VmError> {
        let decoder = Decoder::<I>::default();
        while self.state.step < until && !self.state.exited() {
            let end = until.min(self.state.step.saturating_add(BATCH as u64));
            self.batch(end, &decoder, host, roots)?;
        }
        Ok(())
    }

    fn batch(
        &mut self,
        until: u64,
        decoder: &Decoder<I>,
        host: &mut Host<'_>,
        roots: &mut Vec<Node>,
    ) -> Result<(), VmError> {
        let before = self.memory.freeze();
        let len = witness_len(I::STATE);
        let mut packed: Vec<u8> = Vec::new();
        // The running threads, and where in `packed` the root of the stack beneath each is.
        let (mut threads, mut tops): (Vec<u8>, Vec<usize>) = Default::default();
        // Leaves as they were written, and for each step how many writes there were after it.
        let (mut writes, mut counts) = (Vec::new(), Vec::new());
        self.last_read = None;
        let mut env = Running {
            host,
            last_hint: &mut self.last_hint,
            last_read: &mut self.last_read,
            reserved_writes: &mut self.reserved_writes,
            stops_at_reads: false,
        };
        let mut memory = Noting {
            memory: &mut self.memory,
            leaves: Vec::new(),
        };
        let mut stopped = Ok(());
        while self.state.step < until && !self.state.exited() {
            memory.leaves.clear();
            *env.last_read = None;
            let decode = |insn| decoder.decode(insn);
            if let Err(stop) =
                Concrete::step_decoding(&mut self.state, &mut memory, &mut env, decode)
            {
                stopped = Err(stop);
                break;
            }
            for leaf in &memory.leaves {
                let now = memory.memory.read(leaf * LEAF_SIZE as u64);
                writes.push((*leaf, now.unwrap_or([0; LEAF_SIZE])));
            }
            counts.push(writes.len());
            self.state.settle_parked();
            let running = self.state.running_side();
            for field in I::STATE {
                match field.source {
                    Source::Threads(side) => {
                        if running == Some(side) {
                            tops.push(packed.len());
                            threads.extend(self.state.thread());
                        }
                        packed.extend(self.state.root_beneath(side));
                    }
                    _ => self.state.pack(field, &[0; 32], &mut packed),
                }
            }
        }
        // Only the last step can have ended the program.
        let status = self.state.status();

        put_on_top::<I>(&mut packed, &tops, &threads);
        let memory_roots = roots_after(&before, I::Word::BITS, &writes);
        let first = before.root();
        let fields = I::STATE.iter();
        let root_at: usize = fields
            .take_while(|field| field.source != Source::MemoryRoot)
            .map(Field::len)
            .sum();
        for (count, packed) in counts.iter().zip(packed.chunks_exact_mut(len)) {
            let last = count.checked_sub(1).and_then(|last| memory_roots.get(last));
            packed[root_at..root_at + 32].copy_from_slice(last.unwrap_or(&first));
        }
        let mut hashes = vec![[0; 32]; counts.len()];
        hash_messages(&packed, len, &mut hashes);
        let ended = hashes.len().wrapping_sub(1);
        roots.extend((0..).zip(hashes).map(|(i, mut hash): (usize, Node)| {
            hash[0] = if i == ended {
                status
            } else {
                crate::definition::state::STATUS_UNFINISHED
            };
            hash
        }));
        stopped.map_err(|stop| self.error(stop))
    }
}

/// Makes of the root of what is beneath a thread, which is at `tops` in the packed states, the root of
/// the stack with it; the packed threads stand back to back.
fn put_on_top<I: Isa>(packed: &mut [u8], tops: &[usize], threads: &[u8]) {
    let mut hashes = vec![[0; 32]; tops.len()];
    hash_messages(threads, thread_len::<I>(), &mut hashes);
    let mut nodes = Vec::with_capacity(64 * tops.len());
    for (at, thread) in tops.iter().zip(&hashes) {
        nodes.extend_from_slice(&packed[*at..at + 32]);
        nodes.extend_from_slice(thread);
    }
    hash_nodes(&nodes, &mut hashes);
    for (at, root) in tops.iter().zip(&hashes) {
        packed[*at..at + 32].copy_from_slice(root);
    }
}
