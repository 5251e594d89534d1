//! The executions of a program on threads of their own: the caller gets what is known, and goes on.
//!
//! A question that has no answer yet gives [`TraceError::Pending`], and is put to the machine of its dispute.
//! Disputes take turns, so that none waits for another's first run. In a turn a machine answers what it can
//! within some time; if questions are left, the dispute goes to the end of the queue, or to its front if its
//! program has been run.

mod pool;
mod queue;

use std::hash::Hash;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::Scope;
use std::time::Duration;

use alloy_primitives::B256;
use fpvm_checkpoints::manifest::Entry;
use fpvm_dispute::trace::{Executions, Inputs, StepData, TraceError};

use crate::inputs::DisputeInputs;
use crate::program::Program;
use crate::vms::KEPT;
use pool::WorkerPool;
pub use queue::Run;
use queue::{Answer, JobQueue, Question};
use tempfile::TempPath;

/// How a program is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The number of threads.
    pub threads: usize,
    /// Steps from one remembered state to the next.
    pub every: u64,
    /// The most steps between two looks at the clock.
    pub slice: u64,
    /// How long a dispute's turn takes, if others wait.
    pub turn: Duration,
    /// The number of machines that stay in memory; of others only states on disk are kept.
    pub kept: usize,
}

impl Options {
    /// One thread for each core, and turns of seconds.
    pub fn new(every: u64) -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            every,
            slice: 20_000_000,
            turn: Duration::from_secs(5),
            kept: KEPT,
        }
    }
}

/// The executions of a program, run on other threads, which end when this is dropped.
pub struct Workers<P: Program<I>, I = Inputs>(Arc<WorkerPool<P, I>>)
where
    I: Clone + Eq + Hash;

impl<I: Clone + Eq + Hash, P: Program<I>> Workers<P, I> {
    /// Starts the threads.
    pub fn start<'scope>(scope: &'scope Scope<'scope, '_>, program: P, options: Options) -> Self
    where
        P: Send + Sync + 'scope,
        P::Machine: Send,
        I: Send + 'scope,
    {
        let pool = Arc::new(WorkerPool::new(program, options));
        for _ in 0..options.threads.max(1) {
            let pool = pool.clone();
            scope.spawn(move || while pool.turn() {});
        }
        Self(pool)
    }

    /// Whether something has been answered since this was asked last.
    pub fn has_news(&self) -> bool {
        std::mem::take(&mut self.0.jobs().has_news)
    }

    /// Seconds for which the program has been run, on all threads together.
    pub fn seconds(&self) -> u64 {
        self.0.spent.load(Ordering::Relaxed) / 1_000
    }

    /// How many turns ended with a failure of the program or its host.
    pub fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::Relaxed)
    }

    /// How long turns took, of the last few thousand since the last call.
    pub fn take_turns(&self) -> Vec<Duration> {
        let turns = self.0.turns.lock();
        turns
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
            .collect()
    }

    /// Threads that run the program, and those that have nothing to do.
    pub fn threads(&self) -> [u64; 2] {
        let busy = self.0.busy.load(Ordering::Relaxed);
        let all = self.0.threads() as u64;
        [busy, all.saturating_sub(busy)]
    }

    /// Waits until no question is open, at most for `patience`.
    pub fn settle(&self, patience: Duration) {
        let jobs = self.0.jobs();
        let busy = |jobs: &mut JobQueue<P::Machine, I>| jobs.disputes.values().any(|d| d.is_busy);
        let waited = self.0.news.wait_timeout_while(jobs, patience, busy);
        drop(waited);
    }

    /// Drops everything that is kept of disputes with an L1 head, because no game with it is in progress any more.
    /// If they are asked about again, their programs are run anew.
    pub fn forget(&self, l1_head: B256)
    where
        I: DisputeInputs,
    {
        // They are dropped after the lock is released, because dropping removes folders and ends hosts.
        let over = self.0.jobs().forget(|inputs| inputs.l1_head() == l1_head);
        drop(over);
    }

    /// The whole execution, with the roots at the multiples of `every` (at least 1) steps and at its end.
    ///
    /// # Errors
    /// While it runs, and if it cannot be run.
    pub fn run(&self, inputs: &I, every: u64) -> Result<Arc<Run>, TraceError> {
        let question = Question::Run(every.max(1));
        match self.ask(inputs, question)? {
            Answer::Run(run) => Ok(run),
            _ => Err(TraceError::Pending { index: 0 }),
        }
    }

    /// The same as far as the execution has come, where it has been asked for.
    pub fn roots(&self, inputs: &I) -> Vec<Entry> {
        self.0.roots(inputs)
    }

    /// Lets go of all that is kept of an execution, and of its run.
    pub fn drop_run(&self, inputs: &I) {
        let over = self.0.jobs().forget(|of| of == inputs);
        drop(over);
    }

    /// A state file (`.bin.gz`) with the state after `step` steps, or at the program's end; it goes with what is given back.
    ///
    /// # Errors
    /// While it is made, and if it cannot be made.
    pub fn save(&self, inputs: &I, step: u64) -> Result<Arc<TempPath>, TraceError> {
        let answer = self.0.jobs().take(inputs, Question::Save(step));
        if answer.is_err() {
            self.0.work.notify_one();
        }
        match answer? {
            Answer::Save(path) => Ok(path),
            _ => Err(TraceError::Pending { index: 0 }),
        }
    }

    fn ask(&self, inputs: &I, question: Question) -> Result<Answer, TraceError> {
        let answer = self.0.jobs().ask(inputs, question);
        if answer.is_err() {
            self.0.work.notify_one();
        }
        answer
    }
}

impl<I: Clone + Eq + Hash, P: Program<I>> Executions<I> for Workers<P, I> {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        match self.ask(inputs, Question::Claim(index))? {
            Answer::Claim(claim) => Ok(claim),
            _ => Err(TraceError::Pending { index }),
        }
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        match self.ask(inputs, Question::Step(index))? {
            Answer::Step(data) => Ok(*data),
            _ => Err(TraceError::Pending { index }),
        }
    }
}

impl<I: Clone + Eq + Hash, P: Program<I>> Drop for Workers<P, I> {
    fn drop(&mut self) {
        self.0.jobs().is_closed = true;
        self.0.work.notify_all();
    }
}

impl<I: Clone + Eq + Hash, P: Program<I>> std::fmt::Debug for Workers<P, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").finish_non_exhaustive()
    }
}
