//! Both tiers side by side: a guest runs by the interpreter, and a twin of it by the translator, and
//! from time to time their whole states are compared.
//!
//! The interpreter goes first, with the host and everything that the guest can reach of it. The twin follows
//! to the same step, with the pre-images that were read meanwhile and without output. So a host is
//! asked once, and an error of the translator changes nothing in the run.

mod report;
#[cfg(test)]
mod tests;

use crate::Jit;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::state::State;
use fpvm_core::machine::code::Code;
use fpvm_core::machine::memory::{MemoryLimit, PagedMemory, Prover as _};
use fpvm_core::machine::snapshot::{Snapshot, SnapshotError};
use fpvm_core::machine::vm::{Host, Running, Tier, Vm, VmError};
use fpvm_core::step::concrete::Stop;
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
pub use report::Difference;
use report::Wrong;
use rustc_hash::FxHashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Stopped = Stop<MemoryLimit, OracleError>;

/// The interpreter, with the translator beside it, as a tier for a [`Vm`]. If the two differ, a run ends with a
/// [`Difference`] (the source of a [`VmError::Oracle`]); the machine is then the interpreter's, at the step at
/// which the difference was noticed.
///
/// It compares registers and all other cells, parked threads, pre-image key, hint, and memory root: every
/// so many steps, at a fault, at the guest's exit, and at the end of the run; after a pre-image read only if
/// the run ends there.
#[derive(Debug)]
pub struct Crosscheck<I: Isa> {
    every: u64,
    jit: Shared<I>,
    /// The guest that is translated.
    twin: Vm<I>,
    /// The state in which both were last known to be equal.
    start: Option<Start<I>>,
    /// Pre-images that the guest has read since.
    reads: Replay,
}

/// A state in which both machines were equal.
#[derive(Debug)]
struct Start<I: Isa> {
    snapshot: Snapshot,
    memory: u64,
    /// The state that the interpreter has reached since then.
    now: State<I>,
}

/// A translator that its machine shares with the crosscheck.
#[derive(Debug)]
struct Shared<I: Isa>(Arc<Mutex<Jit<I>>>);

impl<I: Isa> Shared<I> {
    fn get(&self) -> MutexGuard<'_, Jit<I>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Isa> Tier<I> for Shared<I> {
    fn run(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), Stopped> {
        self.get().run(code, state, memory, env, until)
    }

    fn forget(&mut self, pages: &[u64]) {
        self.get().forget(pages);
    }
}

/// Pre-images that were read before.
#[derive(Debug, Default)]
struct Replay(FxHashMap<[u8; 32], Arc<[u8]>>);

/// A pre-image that only translated code asks for.
#[derive(Debug, thiserror::Error)]
#[error("it asks for pre-image 0x{}, which the interpreter does not", .0.map(|byte| format!("{byte:02x}")).concat())]
struct NotRead([u8; 32]);

impl Oracle for Replay {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let value = self.0.get(&key).cloned();
        value.ok_or_else(|| Box::new(NotRead(key)) as OracleError)
    }
}

/// Runs a machine without output; gives the error with which it ends before the step.
fn run_to<I: Isa>(vm: &mut Vm<I>, step: u64, reads: &mut Replay) -> Option<VmError> {
    let mut host = Host {
        oracle: reads,
        console: &mut Silent,
    };
    vm.run(step, false, &mut host).err()
}

impl<I: Isa> Crosscheck<I> {
    /// Compares every this many steps (at least one). Fails if there is no translator.
    pub fn every(every: u64) -> io::Result<Self> {
        Self::with(every, Jit::new()?)
    }

    fn with(every: u64, mut jit: Jit<I>) -> io::Result<Self> {
        jit.hooks.paths = Some(FxHashMap::default());
        let jit = Arc::new(Mutex::new(jit));
        let mut twin = Vm::new(State::default(), PagedMemory::new()?);
        twin.set_tier(Some(Box::new(Shared(jit.clone()))));
        Ok(Self {
            every: every.max(1),
            jit: Shared(jit),
            twin,
            start: None,
            reads: Replay::default(),
        })
    }

    /// Makes the twin equal to a machine.
    fn begin(
        &mut self,
        state: &State<I>,
        memory: &mut PagedMemory<I::Word>,
        hint: &[u8],
    ) -> Result<(), SnapshotError> {
        let snapshot = Snapshot::new(state, memory.freeze(), hint.to_vec());
        self.twin.restore(&snapshot)?;
        self.reads.0.clear();
        self.start = Some(Start {
            snapshot,
            memory: memory.id(),
            now: state.clone(),
        });
        Ok(())
    }

    /// Runs the twin to the machine's step, and compares them.
    fn compare(
        &mut self,
        state: &State<I>,
        memory: &mut PagedMemory<I::Word>,
        hint: &[u8],
        stop: Option<&Stopped>,
    ) -> Result<(), Box<Difference>> {
        let Some(start) = self.start.take() else {
            return Ok(());
        };
        let error = run_to(&mut self.twin, state.step, &mut self.reads);
        let equal = error.is_none()
            && self.twin.state == *state
            && self.twin.last_hint == hint
            && self.twin.memory_root() == memory.root();
        if !equal {
            return Err(Box::new(self.bisect(&start.snapshot, state.step)));
        }
        // A fault has to be a fault for both. A failure of the host, or a lack of memory, is not the guest's.
        if let Some(Stop::Fault(fault)) = stop {
            match run_to(&mut self.twin, state.step + 1, &mut self.reads) {
                Some(VmError::Fault(twin)) if twin.fault == *fault => {}
                _ => return Err(Box::new(Difference::fault::<I>(state, memory, *fault))),
            }
        }
        Ok(())
    }

    /// Finds the first trace that makes the two differ after a snapshot.
    fn bisect(&mut self, start: &Snapshot, noticed: u64) -> Difference {
        let mut difference = Difference::between(start.step(), noticed);
        let mut jit = self.jit.get();
        let hot = jit.hot();
        jit.cache.keep_apart(true);
        drop(jit);
        // First with the traces that there are; then, because the wrong one may be gone, with new traces of
        // all code that is run.
        for frozen in [true, false] {
            self.jit.get().hooks.frozen = frozen;
            match self.look_closer(start, noticed) {
                Ok(wrong) => difference.wrong = wrong,
                Err(error) => difference.failed = Some(error),
            }
            if difference.wrong.is_some() {
                break;
            }
        }
        let mut jit = self.jit.get();
        jit.start_over(hot);
        jit.cache.keep_apart(false);
        let watch = &mut jit.hooks;
        (watch.frozen, watch.left, watch.stops) = (false, None, false);
        difference
    }

    fn look_closer(
        &mut self,
        start: &Snapshot,
        noticed: u64,
    ) -> Result<Option<Wrong>, OracleError> {
        let mut reference = Vm::<I>::new(State::default(), PagedMemory::new()?);
        // This many traces are run in all; after how many of them does it go wrong?
        let (all, parts) = self.part(&mut reference, start, noticed, u64::MAX)?;
        if !parts {
            return Ok(None);
        }
        // If they differ without any trace, translated code is not the cause.
        let (_, parts) = self.part(&mut reference, start, noticed, 0)?;
        if parts {
            let jit = self.jit.get();
            return Ok(Some(Wrong::new(&jit, &mut reference, &mut self.twin)));
        }
        let (mut good, mut bad) = (0, all);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            let (_, parts) = self.part(&mut reference, start, noticed, middle)?;
            if parts {
                bad = middle;
            } else {
                good = middle;
            }
        }
        // Once more, to just after that trace.
        self.jit.get().hooks.stops = true;
        self.part(&mut reference, start, noticed, bad)?;
        reference.restore(start)?;
        run_to(&mut reference, self.twin.state.step, &mut self.reads);
        let jit = self.jit.get();
        Ok(Some(Wrong::new(&jit, &mut reference, &mut self.twin)))
    }

    /// Runs both from a snapshot to a step, with at most this many traces; gives how many were run, and
    /// whether the two differ.
    fn part(
        &mut self,
        reference: &mut Vm<I>,
        start: &Snapshot,
        step: u64,
        traces: u64,
    ) -> Result<(u64, bool), SnapshotError> {
        reference.restore(start)?;
        self.twin.restore(start)?;
        let mut jit = self.jit.get();
        if !jit.hooks.frozen {
            jit.start_over(0);
        }
        jit.hooks.left = Some(traces);
        jit.hooks.entered = None;
        drop(jit);
        let error = run_to(reference, step, &mut self.reads).is_some();
        let twin_error = run_to(&mut self.twin, step, &mut self.reads).is_some();
        let left = self.jit.get().hooks.left.unwrap_or_default();
        let parts = error != twin_error
            || reference.state != self.twin.state
            || reference.last_hint != self.twin.last_hint
            || reference.memory_root() != self.twin.memory_root();
        Ok((traces - left, parts))
    }
}

impl<I: Isa> Tier<I> for Crosscheck<I> {
    fn run(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), Stopped> {
        let known = |start: &Start<I>| start.memory == memory.id() && start.now == *state;
        if !self.start.as_ref().is_some_and(known) {
            let begun = self.begin(state, memory, env.last_hint());
            begun.map_err(|error| Stop::Environment(Box::new(error) as OracleError))?;
        }
        let first = self
            .start
            .as_ref()
            .map_or(state.step, |start| start.snapshot.step());
        let end = until.min(first.saturating_add(self.every));
        let done = code.run(state, memory, env, end, &mut |_| false);
        if let Some(read) = env.last_read() {
            self.reads.0.insert(read.key, read.value.clone());
        }
        let stops = env.stops_at_reads() && env.last_read().is_some();
        if done.is_ok() && state.step < end && !state.exited() && !stops {
            if let Some(start) = &mut self.start {
                start.now = state.clone();
            }
            return Ok(());
        }
        let compared = self.compare(state, memory, env.last_hint(), done.as_ref().err());
        compared.map_err(|difference| Stop::Environment(difference as OracleError))?;
        done
    }

    fn forget(&mut self, _pages: &[u64]) {}
}
