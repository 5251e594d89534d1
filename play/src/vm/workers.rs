//! The executions of a program on threads of their own: whoever asks gets what is known, and goes on.
//!
//! A question that has no answer yet is [`TraceError::Pending`], and is put to the machine of its dispute.
//! Disputes take turns, so that none waits for another's first run: in a turn a machine answers what it can
//! within some time, and if something is left it comes to the end of the queue. One whose program has been
//! run comes to its front.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use checkpoints::warm::Warm;
use dispute::trace::{Executions, Inputs, StepData, TraceError};

use super::kept::{Kept, Shelves};
use super::{KEPT, Program, failed, step_data, whole};

/// How a program is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Threads.
    pub threads: usize,
    /// Steps from one remembered state to the next.
    pub every: u64,
    /// The most steps between two looks at the time.
    pub slice: u64,
    /// How long a dispute's turn takes, if others wait.
    pub turn: Duration,
    /// Machines that are kept as they are; of others there are states on disk.
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

/// The executions of a program, run on other threads, which end with it.
pub struct Workers<P: Program>(Arc<Hall<P>>);

/// What is asked of an execution.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Question {
    /// The claim about the state after an instruction.
    Claim(u128),
    /// What running an instruction takes.
    Step(u128),
}

#[derive(Clone, Debug)]
enum Answer {
    Claim(B256),
    Step(Box<StepData>),
}

type Answers = BTreeMap<Question, Result<Answer, TraceError>>;

/// A dispute.
struct Dispute<M> {
    /// `None` while a thread has it.
    kept: Option<Kept<M>>,
    /// What has been asked and not answered, in this order.
    asked: VecDeque<Question>,
    answers: Answers,
    /// Whether it is in the queue, or a thread has it.
    is_busy: bool,
    /// Whether its program has been run.
    has_run: bool,
    /// The number of its last turn.
    turn: u64,
}

impl<M> Default for Dispute<M> {
    fn default() -> Self {
        Self {
            kept: Some(Kept::New),
            asked: VecDeque::new(),
            answers: Answers::new(),
            is_busy: false,
            has_run: false,
            turn: 0,
        }
    }
}

struct Desk<M> {
    disputes: HashMap<Inputs, Dispute<M>>,
    /// Who waits for a turn.
    queue: VecDeque<Inputs>,
    /// Turns so far.
    turns: u64,
    /// Answers given that nobody has looked for yet.
    has_news: bool,
    is_closed: bool,
}

struct Hall<P: Program> {
    program: P,
    options: Options,
    desk: Mutex<Desk<P::Machine>>,
    /// Somebody is in the queue, or it is closed.
    work: Condvar,
    /// A turn is over.
    news: Condvar,
    shelves: Shelves,
}

impl<P: Program> Workers<P> {
    /// Starts the threads.
    pub fn start<'scope>(scope: &'scope Scope<'scope, '_>, program: P, options: Options) -> Self
    where
        P: Send + Sync + 'scope,
        P::Machine: Send,
    {
        let desk = Desk {
            disputes: HashMap::new(),
            queue: VecDeque::new(),
            turns: 0,
            has_news: false,
            is_closed: false,
        };
        let hall = Arc::new(Hall {
            program,
            options,
            desk: Mutex::new(desk),
            work: Condvar::new(),
            news: Condvar::new(),
            shelves: Shelves::new(),
        });
        for _ in 0..options.threads.max(1) {
            let hall = hall.clone();
            scope.spawn(move || while hall.turn() {});
        }
        Self(hall)
    }

    /// Whether something has been answered since this was asked last.
    pub fn has_news(&self) -> bool {
        std::mem::take(&mut self.0.desk().has_news)
    }

    /// Waits until nobody waits for an answer, or for so long.
    pub fn settle(&self, patience: Duration) {
        let desk = self.0.desk();
        let busy = |desk: &mut Desk<P::Machine>| desk.disputes.values().any(|d| d.is_busy);
        let waited = self.0.news.wait_timeout_while(desk, patience, busy);
        drop(waited);
    }

    /// The answer, where there is one.
    fn ask(&self, inputs: &Inputs, question: Question) -> Result<Answer, TraceError> {
        let mut desk = self.0.desk();
        let dispute = desk.disputes.entry(*inputs).or_default();
        match dispute.answers.get(&question) {
            Some(Ok(answer)) => return Ok(answer.clone()),
            // Asked again it is tried again.
            Some(Err(_)) => {
                let failed = dispute.answers.remove(&question);
                return failed.unwrap_or(Err(pending(question)));
            }
            None => {}
        }
        if !dispute.asked.contains(&question) {
            dispute.asked.push_back(question);
        }
        if !std::mem::replace(&mut dispute.is_busy, true) {
            match dispute.has_run {
                true => desk.queue.push_front(*inputs),
                false => desk.queue.push_back(*inputs),
            }
            self.0.work.notify_one();
        }
        Err(pending(question))
    }
}

const fn pending(question: Question) -> TraceError {
    let (Question::Claim(index) | Question::Step(index)) = question;
    TraceError::Pending { index }
}

impl<P: Program> Hall<P> {
    /// A thread that fails leaves the desk as it should be: nothing is done there that can.
    fn desk(&self) -> MutexGuard<'_, Desk<P::Machine>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next in the queue and gives it its turn; `false` once it is closed.
    fn turn(&self) -> bool {
        let desk = self.desk();
        let idle = |desk: &mut Desk<_>| desk.queue.is_empty() && !desk.is_closed;
        let desk = self.work.wait_while(desk, idle);
        let mut desk = desk.unwrap_or_else(PoisonError::into_inner);
        let Some(inputs) = desk.queue.pop_front().filter(|_| !desk.is_closed) else {
            return false;
        };
        desk.turns += 1;
        let turn = desk.turns;
        let dispute = desk.disputes.entry(inputs).or_default();
        dispute.turn = turn;
        let kept = dispute.kept.take().unwrap_or(Kept::New);
        let asked: Vec<_> = dispute.asked.iter().copied().collect();
        drop(desk);

        let (kept, answers, has_run) = self.serve(&inputs, kept, &asked);
        let mut desk = self.desk();
        if let Some(dispute) = desk.disputes.get_mut(&inputs) {
            dispute
                .asked
                .retain(|question| !answers.contains_key(question));
            dispute.answers.extend(answers);
            dispute.kept = Some(kept);
            dispute.has_run |= has_run;
            dispute.is_busy = !dispute.asked.is_empty();
            if dispute.is_busy {
                desk.queue.push_back(inputs);
                self.work.notify_one();
            }
        }
        desk.has_news = true;
        self.make_room(desk);
        self.news.notify_all();
        true
    }

    /// Answers what can be answered within a turn.
    fn serve(
        &self,
        inputs: &Inputs,
        kept: Kept<P::Machine>,
        asked: &[Question],
    ) -> (Kept<P::Machine>, Answers, bool) {
        let begun = Instant::now();
        let mut answers = Answers::new();
        let done = |warm: Warm<_>, answers| {
            let has_run = warm.end().is_some();
            (Kept::Warm(Box::new(warm)), answers, has_run)
        };
        let mut warm = match kept.warm(&self.program, inputs, self.options.every) {
            Ok(warm) => warm,
            Err(error) => {
                let failed = asked.iter().map(|question| {
                    let index = question.step();
                    (*question, Err(failed(index, &error)))
                });
                return (Kept::New, failed.collect(), false);
            }
        };
        for question in asked {
            loop {
                match warm.approach(whole(question.step()), self.options.slice) {
                    Ok(true) => {
                        answers.insert(*question, question.answer(&mut warm));
                        break;
                    }
                    Ok(false) => {}
                    Err(error) => {
                        // Another run may fare better, with a host that is started anew.
                        answers.insert(*question, Err(failed(question.step(), &error)));
                        return (Kept::New, answers, false);
                    }
                }
                let time_is_up = begun.elapsed() >= self.options.turn;
                let desk = self.desk();
                if desk.is_closed || time_is_up && !desk.queue.is_empty() {
                    drop(desk);
                    return done(warm, answers);
                }
            }
        }
        done(warm, answers)
    }

    /// Puts the machines on disk that are needed least, if there are more than are to be kept.
    fn make_room<'a>(&'a self, mut desk: MutexGuard<'a, Desk<P::Machine>>) {
        loop {
            let warm =
                |dispute: &Dispute<P::Machine>| dispute.kept.as_ref().is_some_and(Kept::is_warm);
            let all = desk.disputes.iter().filter(|(_, dispute)| warm(dispute));
            if all.clone().count() <= self.options.kept {
                return;
            }
            // Who waits for a turn needs its machine, the last in the queue latest.
            let place = |inputs: &Inputs| desk.queue.iter().position(|other| other == inputs);
            let least = all.max_by_key(|(inputs, dispute)| {
                (place(inputs).unwrap_or(usize::MAX), u64::MAX - dispute.turn)
            });
            let Some(inputs) = least.map(|(inputs, _)| *inputs) else {
                return;
            };
            let waited = place(&inputs).is_some();
            desk.queue.retain(|other| *other != inputs);
            let Some(dispute) = desk.disputes.get_mut(&inputs) else {
                return;
            };
            dispute.is_busy = true;
            let mut kept = dispute.kept.take().unwrap_or(Kept::New);
            drop(desk);
            self.shelves.shelve(&mut kept);
            desk = self.desk();
            if let Some(dispute) = desk.disputes.get_mut(&inputs) {
                dispute.kept = Some(kept);
                dispute.is_busy = waited || !dispute.asked.is_empty();
                if dispute.is_busy {
                    desk.queue.push_back(inputs);
                    self.work.notify_one();
                }
            }
        }
    }
}

impl Question {
    /// How many steps have been executed where it can be answered.
    const fn step(self) -> u128 {
        match self {
            Self::Claim(index) => index.saturating_add(1),
            Self::Step(index) => index,
        }
    }

    /// The answer of a machine that is there.
    fn answer<M: super::Prover>(self, warm: &mut Warm<M>) -> Result<Answer, TraceError>
    where
        M::Error: std::fmt::Display + From<checkpoints::library::LibraryError>,
    {
        let step = self.step();
        let machine = warm
            .seek(whole(step))
            .map_err(|error| failed(step, &error))?;
        match self {
            Self::Claim(_) => {
                let root = machine.root().map_err(|error| failed(step, &error))?;
                Ok(Answer::Claim(root.0.into()))
            }
            Self::Step(_) => {
                let data = step_data(machine).map_err(|error| failed(step, &error))?;
                let data = data.map_err(|error| failed(step, &error))?;
                Ok(Answer::Step(Box::new(data)))
            }
        }
    }
}

impl<P: Program> Executions for Workers<P> {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        match self.ask(inputs, Question::Claim(index))? {
            Answer::Claim(claim) => Ok(claim),
            Answer::Step(_) => Err(TraceError::Pending { index }),
        }
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        match self.ask(inputs, Question::Step(index))? {
            Answer::Step(data) => Ok(*data),
            Answer::Claim(_) => Err(TraceError::Pending { index }),
        }
    }
}

impl<P: Program> Drop for Workers<P> {
    fn drop(&mut self) {
        self.0.desk().is_closed = true;
        self.0.work.notify_all();
    }
}

impl<P: Program> std::fmt::Debug for Workers<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").finish_non_exhaustive()
    }
}
