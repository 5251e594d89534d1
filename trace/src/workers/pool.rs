//! The threads, and which dispute has its turn.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fpvm_checkpoints::Machine as _;
use fpvm_checkpoints::manifest::Entry;
use fpvm_checkpoints::warm::Warm;

use super::Options;
use super::queue::{Answer, Answers, Dispute, JobQueue, Question, Run};
use crate::cached::CachedMachine;
use crate::program::Program;
use crate::vms::{failed, whole};

pub(super) struct WorkerPool<P: Program<I>, I> {
    program: P,
    options: Options,
    jobs: Mutex<JobQueue<P::Machine, I>>,
    /// Signals that the queue has a dispute, or is closed.
    pub(super) work: Condvar,
    /// Signals that a turn is over.
    pub(super) news: Condvar,
    /// Milliseconds of all turns, and how many failed.
    pub(super) spent: AtomicU64,
    pub(super) failures: AtomicU64,
    /// The lengths of the last turns since they were asked for.
    pub(super) turns: Mutex<VecDeque<Duration>>,
    /// Threads that are in a turn.
    pub(super) busy: AtomicU64,
}

/// The most turns whose length is remembered.
const TURNS: usize = 4_096;

impl<I: Clone + Eq + Hash, P: Program<I>> WorkerPool<P, I> {
    pub(super) fn new(program: P, options: Options) -> Self {
        Self {
            program,
            options,
            jobs: Mutex::new(JobQueue::new()),
            work: Condvar::new(),
            news: Condvar::new(),
            spent: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            turns: Mutex::default(),
            busy: AtomicU64::new(0),
        }
    }

    pub(super) fn threads(&self) -> usize {
        self.options.threads.max(1)
    }

    /// The queue. It is whole even after a thread has panicked, because nothing that can panic runs while
    /// the lock is held.
    pub(super) fn jobs(&self) -> MutexGuard<'_, JobQueue<P::Machine, I>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next dispute in the queue and gives it its turn; `false` once the queue is closed.
    pub(super) fn turn(&self) -> bool {
        let jobs = self.jobs();
        let idle = |jobs: &mut JobQueue<_, _>| jobs.queue.is_empty() && !jobs.is_closed;
        let jobs = self.work.wait_while(jobs, idle);
        let mut jobs = jobs.unwrap_or_else(PoisonError::into_inner);
        let Some(inputs) = jobs.queue.pop_front().filter(|_| !jobs.is_closed) else {
            return false;
        };
        jobs.turns += 1;
        let turn = jobs.turns;
        let dispute = jobs.disputes.entry(inputs.clone()).or_default();
        dispute.turn = turn;
        let kept = dispute.kept.take().unwrap_or(CachedMachine::New);
        let asked: Vec<_> = dispute.asked.iter().copied().collect();
        drop(jobs);

        let begun = Instant::now();
        self.busy.fetch_add(1, Ordering::Relaxed);
        let (kept, answers, has_run) = self.serve(&inputs, kept, &asked);
        self.busy.fetch_sub(1, Ordering::Relaxed);
        let length = begun.elapsed();
        self.note(length);
        let spent = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.spent.fetch_add(spent, Ordering::Relaxed);
        let failed = answers.values().any(Result::is_err);
        self.failures.fetch_add(failed.into(), Ordering::Relaxed);
        let mut jobs = self.jobs();
        if let Some(dispute) = jobs.disputes.get_mut(&inputs) {
            dispute.take(answers);
            dispute.has_run |= has_run;
        }
        jobs.give_back(inputs, kept, false);
        self.work.notify_one();
        jobs.has_news = true;
        self.make_room(jobs);
        self.news.notify_all();
        true
    }

    fn note(&self, length: Duration) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() == TURNS {
            turns.pop_front();
        }
        turns.push_back(length);
    }

    /// Answers the questions that can be answered within a turn.
    fn serve(
        &self,
        inputs: &I,
        kept: CachedMachine<P::Machine>,
        asked: &[Question],
    ) -> (CachedMachine<P::Machine>, Answers, bool) {
        let begun = Instant::now();
        let mut answers = Answers::new();
        let done = |warm: Warm<_>, answers| {
            let has_run = warm.end().is_some();
            (CachedMachine::Warm(Box::new(warm)), answers, has_run)
        };
        let mut warm = match kept.warm(&self.program, inputs, self.options.every) {
            Ok(warm) => warm,
            Err(error) => {
                let failed = asked.iter().map(|question| {
                    let index = question.step();
                    (*question, Err(failed(index, &error)))
                });
                return (CachedMachine::New, failed.collect(), false);
            }
        };
        for question in asked {
            loop {
                let most = question.most(warm.machine().step()).min(self.options.slice);
                let approached = warm.approach(whole(question.step()), most);
                let approached = approached.and_then(|is_there| {
                    if let Question::Run(every) = question {
                        self.note_root(&mut warm, inputs, *every)?;
                    }
                    Ok(is_there)
                });
                match approached {
                    Ok(true) => {
                        let answer = match question {
                            Question::Run(_) => Ok(self.ran(inputs, None)),
                            _ => question.answer(&mut warm),
                        };
                        answers.insert(*question, answer);
                        break;
                    }
                    Ok(false) => {}
                    Err(error) if matches!(question, Question::Run(_)) && P::is_fault(&error) => {
                        let fault = Some(format!("{error:#}"));
                        answers.insert(*question, Ok(self.ran(inputs, fault)));
                        return (CachedMachine::New, answers, false);
                    }
                    Err(error) => {
                        // Another run, with a host that is started anew, may succeed.
                        answers.insert(*question, Err(failed(question.step(), &error)));
                        return (CachedMachine::New, answers, false);
                    }
                }
                let time_is_up = begun.elapsed() >= self.options.turn;
                let jobs = self.jobs();
                let others_wait = !jobs.queue.is_empty();
                if jobs.is_closed || jobs.is_over(inputs) || time_is_up && others_wait {
                    drop(jobs);
                    return done(warm, answers);
                }
            }
        }
        done(warm, answers)
    }

    /// Notes the root where a machine is, if that is a multiple of so many steps or the end, and not noted yet.
    fn note_root(
        &self,
        warm: &mut Warm<P::Machine>,
        inputs: &I,
        every: u64,
    ) -> Result<(), P::Error> {
        let (step, exited) = (warm.machine().step(), warm.machine().exited());
        if !exited && !step.is_multiple_of(every) {
            return Ok(());
        }
        let is_known = |dispute: &Dispute<P::Machine>| {
            dispute.roots.last().is_some_and(|last| last.step >= step)
        };
        if self.jobs().disputes.get(inputs).is_none_or(is_known) {
            return Ok(());
        }
        let root = warm.seek(step)?.root()?;
        let mut jobs = self.jobs();
        if let Some(dispute) = jobs.disputes.get_mut(inputs) {
            dispute.roots.push(Entry { step, root });
            // Whoever compares may see a difference before the end.
            jobs.has_news = true;
        }
        Ok(())
    }

    /// The answer about a whole run.
    fn ran(&self, inputs: &I, fault: Option<String>) -> Answer {
        let roots = self.roots(inputs);
        Answer::Run(Arc::new(Run { roots, fault }))
    }

    /// The roots that were noted of a run so far.
    pub(super) fn roots(&self, inputs: &I) -> Vec<Entry> {
        let jobs = self.jobs();
        let dispute = jobs.disputes.get(inputs);
        dispute.map_or(Vec::new(), |dispute| dispute.roots.clone())
    }

    /// Puts the machines on disk that are needed least, if there are more than are to be kept.
    fn make_room<'a>(&'a self, mut jobs: MutexGuard<'a, JobQueue<P::Machine, I>>) {
        loop {
            let warm = |dispute: &Dispute<P::Machine>| {
                dispute.kept.as_ref().is_some_and(CachedMachine::is_warm)
            };
            let all = jobs.disputes.iter().filter(|(_, dispute)| warm(dispute));
            if all.clone().count() <= self.options.kept {
                return;
            }
            // A dispute that waits for a turn needs its machine, and the last in the queue needs it latest.
            let place = |inputs: &I| jobs.queue.iter().position(|other| other == inputs);
            let least = all.max_by_key(|(inputs, dispute)| {
                (place(inputs).unwrap_or(usize::MAX), u64::MAX - dispute.turn)
            });
            let Some(inputs) = least.map(|(inputs, _)| inputs.clone()) else {
                return;
            };
            let waited = place(&inputs).is_some();
            jobs.queue.retain(|other| *other != inputs);
            let Some(dispute) = jobs.disputes.get_mut(&inputs) else {
                return;
            };
            dispute.is_busy = true;
            let kept = dispute.kept.take().unwrap_or(CachedMachine::New);
            drop(jobs);
            let kept = kept.spilled();
            jobs = self.jobs();
            jobs.give_back(inputs, kept, waited);
            self.work.notify_one();
        }
    }
}
