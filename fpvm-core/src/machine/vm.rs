//! The engine: runs a guest to any step, gives its state root there, proves the step that follows.

mod roots;

use crate::definition::disasm::disassemble;
use crate::definition::fetch;
use crate::definition::isa::{Isa, ProofShape};
use crate::definition::machine::Fault;
use crate::definition::operand::Cell;
use crate::definition::state::{State, state_hash};
use crate::definition::threads::thread_proof_len;
use crate::definition::word::Word;
use crate::formats::symbols::Symbols;
use crate::machine::code::Code;
use crate::machine::hot_code::HotCode;
use crate::machine::memory::{Memory, MemoryLimit, Node, PagedMemory, Prover, branch_len};
use crate::machine::observer::Observer;
use crate::machine::snapshot::{Snapshot, SnapshotError};
use crate::step::concrete::{Concrete, Environment, Stop};
use crate::step::oracle::{Console, Oracle, OracleError, PreimagePart};
use crate::step::proof::StepProof;
use crate::step::record::Recorder;
use std::sync::Arc;

/// Why a run or a proof failed. The machine is then as before the step that failed.
#[derive(Debug, thiserror::Error)]
pub enum VmError {
    /// The guest faults: this step has no post-state, upstream's VM panics and its contract
    /// reverts.
    #[error("the program faults at {}: {} (step {}, instruction {:#010x}: {})", .0.place(), .0.fault, .0.step, .0.insn, .0.text)]
    Fault(Box<GuestFault>),
    /// A pre-image or a hint failed.
    #[error("step {step}, pc {pc:#x}: {source}")]
    Oracle {
        /// The step counter.
        step: u64,
        /// The program counter.
        pc: u64,
        /// What the oracle says.
        source: OracleError,
    },
    /// No address space for another guest memory.
    #[error("cannot reserve address space for guest memory: {0}")]
    Io(std::io::Error),
    /// The guest needs more memory than it may use.
    #[error("step {step}, pc {pc:#x}: {limit}")]
    Memory {
        /// The step counter.
        step: u64,
        /// The program counter.
        pc: u64,
        /// The limit that was hit.
        limit: MemoryLimit,
    },
}

/// A fault with all that tells where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuestFault {
    /// What the instruction faults with.
    pub fault: Fault,
    /// The step counter before the step.
    pub step: u64,
    /// The address of the instruction.
    pub pc: u64,
    /// The instruction word.
    pub insn: u32,
    /// The instruction as assembly text.
    pub text: String,
    /// The function it is in, where symbols are known.
    pub symbol: Option<String>,
}

impl GuestFault {
    fn place(&self) -> String {
        match &self.symbol {
            Some(symbol) => format!("pc {:#x} in {symbol}", self.pc),
            None => format!("pc {:#x}", self.pc),
        }
    }
}

/// Why a run returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The asked step is reached.
    Reached,
    /// The program has exited.
    Exited,
    /// The step just executed read a pre-image, and the run was to stop there.
    Preimage,
}

/// A pre-image read of the step last executed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreimageRead {
    /// The key.
    pub key: [u8; 32],
    /// Offset into length prefix and value.
    pub offset: u64,
    /// The whole value.
    pub value: Arc<[u8]>,
}

/// What a guest can reach of the host.
#[allow(missing_debug_implementations, reason = "trait objects")]
pub struct Host<'a> {
    /// Pre-images and hints.
    pub oracle: &'a mut dyn Oracle,
    /// Output.
    pub console: &'a mut dyn Console,
}

/// The most bytes of output that one system call passes on, because a larger count costs nothing on
/// chain and must cost little here.
const OUTPUT_LIMIT: u64 = 1 << 20;
/// The longest hint that is passed on.
const HINT_LIMIT: u64 = 1 << 26;

/// A machine with a guest in it.
#[derive(Debug)]
pub struct Vm<I: Isa> {
    /// The architectural state.
    pub state: State<I>,
    /// Guest memory.
    pub memory: PagedMemory<I::Word>,
    /// Bytes of a hint that is not complete yet; part of state files, not of the witness.
    pub last_hint: Vec<u8>,
    /// Names of functions, for errors and logs.
    pub symbols: Symbols,
    code: Code<I>,
    tier: Option<Box<dyn Tier<I>>>,
    last_read: Option<PreimageRead>,
    /// Writes to the word at the reserved address, for the observer.
    reserved_writes: u64,
    /// The packed state after the step last proved, and its hash: the one before the next.
    proved: Option<(Vec<u8>, Node)>,
}

/// A faster way to run a guest than the interpreter, with the same results.
pub trait Tier<I: Isa>: core::fmt::Debug + Send {
    /// Runs some steps, at least one, and none past `until`. Returns after a step that exited, read
    /// a pre-image, or wrote to a page that is marked as code. On a stop the state is that before
    /// the step that failed. The interpreter, `code`, does the steps that the tier does not do
    /// itself.
    fn run(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), Stop<MemoryLimit, OracleError>>;

    /// Forgets everything that the tier knows about the code in these pages.
    fn forget(&mut self, pages: &[u64]);

    /// Takes code for hot that others found hot, and tells them what it finds from now on. A tier that does not
    /// care does nothing.
    fn share(&mut self, _hot: &HotCode) {}
}

impl<I: Isa> Vm<I> {
    /// A machine over a state and its memory.
    pub fn new(state: State<I>, memory: PagedMemory<I::Word>) -> Self {
        Self {
            state,
            memory,
            last_hint: Vec::new(),
            symbols: Symbols::default(),
            code: Code::default(),
            tier: None,
            last_read: None,
            reserved_writes: 0,
            proved: None,
        }
    }

    /// Runs the guest by a faster tier from now on, or by the interpreter alone. The tier has to be
    /// new, because the knowledge that it gains of a guest's code holds for this machine only.
    pub fn set_tier(&mut self, tier: Option<Box<dyn Tier<I>>>) {
        self.tier = tier;
    }

    /// Shares the knowledge which code is hot with other machines of the same program, so that this one need not
    /// find out; to be called after [`Vm::set_tier`].
    pub fn share_hot_code(&mut self, hot: &HotCode) {
        if let Some(tier) = &mut self.tier {
            tier.share(hot);
        }
    }

    /// From now on, `observer` sees the steps of [`Vm::run`] and [`Vm::prove`]. Call this before
    /// the machine runs, because the observer does not see code that a tier has translated already.
    pub fn observe(&mut self, observer: Box<dyn Observer<I>>) {
        self.code.observe(observer);
        self.reserved_writes = 0;
    }

    /// What the observer has counted, by name; nothing where there is none.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let observer = self.code.observer();
        observer.map_or(Vec::new(), |observer| observer.counts(self.reserved_writes))
    }

    /// Whether a faster tier runs the guest.
    pub fn has_tier(&self) -> bool {
        self.tier.is_some()
    }

    /// The machine as of now, to come back to. Copies only the pages written since the last call.
    pub fn freeze(&mut self) -> Snapshot {
        Snapshot::new(&self.state, self.memory.freeze(), self.last_hint.clone())
    }

    /// Goes to a snapshot of a machine of this ISA, back or ahead. Copies only the pages that
    /// differ.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let state = snapshot.state::<I>()?;
        self.memory.restore(&snapshot.memory)?;
        self.state = state;
        self.last_hint.clone_from(&snapshot.last_hint);
        self.last_read = None;
        Ok(())
    }

    /// The memory root as of now.
    pub fn memory_root(&mut self) -> Node {
        self.memory.root()
    }

    /// The packed state as of now.
    pub fn witness(&mut self) -> Vec<u8> {
        let root = self.memory.root();
        self.state.settle();
        self.state.witness(&root)
    }

    /// The state root (state hash) as of now.
    pub fn state_root(&mut self) -> Node {
        let root = self.memory.root();
        self.state.hash(&root)
    }

    /// The pre-image that the step last executed read, if any.
    pub fn last_read(&self) -> Option<&PreimageRead> {
        self.last_read.as_ref()
    }

    /// The instruction at the program counter; 0 where it cannot be fetched.
    pub fn insn(&mut self) -> u32 {
        let pc = self.state.pc();
        fetch::read::<I, _>(&mut self.memory, pc).unwrap_or_default()
    }

    /// Runs until the step counter is `until`, the program exits, or, where `stop_at_reads`, a step
    /// has read a pre-image. Exact: never a step more.
    pub fn run(
        &mut self,
        until: u64,
        stop_at_reads: bool,
        host: &mut Host<'_>,
    ) -> Result<Event, VmError> {
        self.last_read = None;
        loop {
            if self.state.exited() {
                return Ok(Event::Exited);
            }
            if stop_at_reads && self.last_read.is_some() {
                return Ok(Event::Preimage);
            }
            if self.state.step >= until {
                return Ok(Event::Reached);
            }
            if self.memory.has_stale_code() {
                let pages = self.memory.take_stale_code();
                self.code.forget(&pages);
                if let Some(tier) = &mut self.tier {
                    tier.forget(&pages);
                }
            }
            let mut env = Running {
                host,
                last_hint: &mut self.last_hint,
                last_read: &mut self.last_read,
                reserved_writes: &mut self.reserved_writes,
                stops_at_reads: stop_at_reads,
            };
            let (code, state, memory) = (&mut self.code, &mut self.state, &mut self.memory);
            let until = state.next_switch(until);
            // The faster ways assume that register 0 is zero.
            let plain = until == state.step || state.get(Cell(0)) != I::Word::default();
            let done = match &mut self.tier {
                _ if plain => code.observed(state, |state| Concrete::step(state, memory, &mut env)),
                Some(tier) => tier.run(code, state, memory, &mut env, until),
                None => code.run(state, memory, &mut env, until, &mut |_| false),
            };
            done.map_err(|stop| self.error(stop))?;
        }
    }

    /// From now on, proofs repeat the last branch of an earlier step if they do not use that
    /// branch, as upstream's proofs do on VMs whose steps have a branch of their own for a second
    /// data word. No verifier looks at it. Such steps become slower, because memory is kept as of
    /// the last of them.
    pub fn repeat_branches(&mut self) {
        self.memory.keep_branches();
    }

    /// Executes one step and proves it.
    pub fn prove(&mut self, host: &mut Host<'_>) -> Result<StepProof, VmError> {
        let state_data = self.witness();
        let step = self.state.step;
        let pre = match self.proved.take() {
            Some((proved, hash)) if proved == state_data => hash,
            _ => state_hash(self.state.status(), &state_data),
        };
        self.last_read = None;
        let mut proof_data = self.state.thread_proof();
        let mut branches = Vec::new();
        if !self.state.exited() {
            let due = self.state.switch_is_due();
            let mut env = Running {
                host,
                last_hint: &mut self.last_hint,
                last_read: &mut self.last_read,
                reserved_writes: &mut self.reserved_writes,
                stops_at_reads: true,
            };
            let mut recorder = Recorder::new(&mut self.memory);
            if due {
                // Upstream's proofs have this branch although such a step does not use it.
                recorder.visit(self.state.pc());
            }
            let step = |state: &mut State<I>| Concrete::step(state, &mut recorder, &mut env);
            let done = self.code.observed(&mut self.state, step);
            branches = recorder.into_branches();
            done.map_err(|stop| self.error(stop))?;
        }
        let used = branches.len();
        let (ProofShape::Fixed(count) | ProofShape::UpTo(count)) = I::PROOF;
        proof_data.reserve_exact(count * branch_len(I::Word::BITS));
        for branch in &branches {
            proof_data.extend_from_slice(branch.as_flattened());
        }
        if let ProofShape::Fixed(count) = I::PROOF {
            let len = thread_proof_len::<I>() + count * branch_len(I::Word::BITS);
            proof_data.resize(len, 0);
            if used < count
                && let Some(kept) = self.memory.kept_branch().map_err(VmError::Io)?
            {
                let kept = kept.concat();
                proof_data.truncate(len - kept.len());
                proof_data.extend(kept);
            }
        }
        let after = self.witness();
        let post = state_hash(self.state.status(), &after);
        self.proved = Some((after, post));
        let read = self.last_read.as_ref();
        Ok(StepProof {
            step,
            pre,
            post,
            state_data,
            proof_data,
            oracle_key: read.map(|read| read.key),
            oracle_value: read
                .map(|read| [&(read.value.len() as u64).to_be_bytes(), &*read.value].concat()),
            oracle_offset: read.map_or(0, |read| read.offset),
        })
    }

    fn error(&mut self, stop: Stop<MemoryLimit, OracleError>) -> VmError {
        let (step, pc) = (self.state.step, self.state.pc());
        match stop {
            Stop::Fault(fault) => {
                let insn = self.insn();
                let symbol = self.symbols.at(pc).map(|symbol| symbol.readable());
                let text = disassemble::<I>(insn, pc);
                VmError::Fault(Box::new(GuestFault {
                    fault,
                    step,
                    pc,
                    insn,
                    text,
                    symbol,
                }))
            }
            Stop::Memory(limit) => VmError::Memory { step, pc, limit },
            Stop::Environment(source) => VmError::Oracle { step, pc, source },
        }
    }
}

/// The environment of a running machine.
#[allow(missing_debug_implementations, reason = "trait objects")]
pub struct Running<'a, 'h> {
    host: &'a mut Host<'h>,
    last_hint: &'a mut Vec<u8>,
    last_read: &'a mut Option<PreimageRead>,
    reserved_writes: &'a mut u64,
    stops_at_reads: bool,
}

impl Running<'_, '_> {
    /// Bytes of a hint that is not complete yet.
    pub fn last_hint(&self) -> &[u8] {
        self.last_hint
    }

    /// The last pre-image that was read in this run, if any.
    pub fn last_read(&self) -> Option<&PreimageRead> {
        self.last_read.as_ref()
    }

    /// Whether the run ends after a step that reads a pre-image.
    pub fn stops_at_reads(&self) -> bool {
        self.stops_at_reads
    }
}

impl Environment for Running<'_, '_> {
    type Error = OracleError;

    fn part(&mut self, key: &[u8; 32], offset: u64) -> Result<Option<PreimagePart>, OracleError> {
        let value = self.host.oracle.preimage(*key)?;
        let part = PreimagePart::of(&value, offset);
        *self.last_read = Some(PreimageRead {
            key: *key,
            offset,
            value,
        });
        Ok(part)
    }

    fn wrote_reserved(&mut self, times: u64) {
        *self.reserved_writes = self.reserved_writes.saturating_add(times);
    }

    fn output(&mut self, stream: u8, memory: &mut impl Memory, at: u64, count: u64) {
        let mut bytes = vec![0; count.min(OUTPUT_LIMIT) as usize];
        if memory.peek(at, &mut bytes) {
            self.host.console.print(stream, &bytes);
        }
    }

    fn hint(&mut self, memory: &mut impl Memory, at: u64, count: u64) -> Result<(), OracleError> {
        let held = self.last_hint.len();
        if count.saturating_add(held as u64) > HINT_LIMIT {
            return Err(format!(
                "the program writes a hint of {count} bytes; more than {HINT_LIMIT} are not passed on"
            )
            .into());
        }
        self.last_hint.resize(held + count as usize, 0);
        if !memory.peek(at, &mut self.last_hint[held..]) {
            self.last_hint.truncate(held);
        }
        // A hint is a big-endian u32 length and that many bytes; several may come in one write.
        while let Some((prefix, rest)) = self.last_hint.split_first_chunk::<4>() {
            let Some(hint) = rest.get(..u32::from_be_bytes(*prefix) as usize) else {
                break;
            };
            let used = prefix.len() + hint.len();
            self.host.oracle.hint(hint)?;
            self.last_hint.drain(..used);
        }
        Ok(())
    }
}
