//! The questions about each dispute, and the answers that are known.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Display;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use fpvm_checkpoints::library::LibraryError;
use fpvm_checkpoints::manifest::Entry;
use fpvm_checkpoints::warm::Warm;
use fpvm_dispute::trace::{StepData, TraceError};
use tempfile::TempPath;

use crate::cached::CachedMachine;
use crate::program::{Prover, step_data};
use crate::vms::{failed, whole};

/// A question about an execution.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Question {
    /// The claim about the state after an instruction.
    Claim(u128),
    /// The data that a step of an instruction needs.
    Step(u128),
    /// The roots at the multiples of a number of steps, and at the end.
    Run(u64),
    /// The state after so many steps, in a file.
    Save(u64),
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Claim(B256),
    Step(Box<StepData>),
    Run(Arc<Run>),
    Save(Arc<TempPath>),
}

/// An execution from its first step to its last, as others can compare theirs with it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Run {
    /// The roots at the steps that were asked for, and at the end, where the program ends.
    pub roots: Vec<Entry>,
    /// What the program ends with where a step of it has no state behind it: upstream's VM panics there.
    pub fault: Option<String>,
}

pub(super) type Answers = BTreeMap<Question, Result<Answer, TraceError>>;

impl Question {
    /// After how many steps the question can be answered.
    pub(super) const fn step(self) -> u128 {
        match self {
            Self::Claim(index) => index.saturating_add(1),
            Self::Step(index) => index,
            Self::Run(_) => u128::MAX,
            Self::Save(step) => step as u128,
        }
    }

    /// The most steps from one on until something is to be noted.
    pub(super) const fn most(self, here: u64) -> u64 {
        match self {
            Self::Run(every) => every - here % every,
            _ => u64::MAX,
        }
    }

    /// There is no answer yet.
    const fn pending(self) -> TraceError {
        let index = match self {
            Self::Claim(index) | Self::Step(index) => index,
            Self::Run(_) | Self::Save(_) => self.step(),
        };
        TraceError::Pending { index }
    }

    /// The answer of a machine that has come to that step.
    pub(super) fn answer<M: Prover>(self, warm: &mut Warm<M>) -> Result<Answer, TraceError>
    where
        M::Error: Display + From<LibraryError>,
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
            // Its roots were noted on the way.
            Self::Run(_) => Ok(Answer::Run(Arc::default())),
            Self::Save(_) => {
                let file = tempfile::Builder::new().suffix(".bin.gz").tempfile();
                let path = file.map_err(|error| failed(step, &error))?.into_temp_path();
                let written = machine.write_state(&path);
                written.map_err(|error| failed(step, &error))?;
                Ok(Answer::Save(Arc::new(path)))
            }
        }
    }
}

/// A dispute.
pub(super) struct Dispute<M> {
    /// `None` while a thread has it.
    pub(super) kept: Option<CachedMachine<M>>,
    /// Questions that are not answered yet, in this order.
    pub(super) asked: VecDeque<Question>,
    pub(super) answers: Answers,
    /// Whether it is in the queue, or a thread has it.
    pub(super) is_busy: bool,
    /// Whether its program has been run.
    pub(super) has_run: bool,
    /// Whether nobody needs it any more, once the thread that has it gives it back.
    is_over: bool,
    /// The number of its last turn.
    pub(super) turn: u64,
    /// The roots on the way of its run, as far as that has come.
    pub(super) roots: Vec<Entry>,
    /// Why it is not run for a while, if it failed.
    rest: Option<Rest>,
}

/// The first and the longest rest of a dispute whose program could not be run; the rest doubles each time. So a
/// host that fails is not started anew at every block, and other disputes of the same game go on.
const REST: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3_600)];

/// A rest after a failure.
struct Rest {
    why: TraceError,
    length: Duration,
    until: Instant,
}

impl<M> Dispute<M> {
    /// Takes the answers of a turn.
    pub(super) fn take(&mut self, answers: Answers) {
        self.asked
            .retain(|question| !answers.contains_key(question));
        let failed = answers.values().find_map(|answer| answer.as_ref().err());
        self.rest = failed.map(|why| {
            let before = self
                .rest
                .as_ref()
                .map_or(Duration::ZERO, |rest| rest.length);
            let length = (before * 2).clamp(REST[0], REST[1]);
            Rest {
                why: why.clone(),
                length,
                until: Instant::now() + length,
            }
        });
        self.answers.extend(answers);
    }
}

impl<M> Default for Dispute<M> {
    fn default() -> Self {
        Self {
            kept: Some(CachedMachine::New),
            asked: VecDeque::new(),
            answers: Answers::new(),
            is_busy: false,
            has_run: false,
            is_over: false,
            turn: 0,
            roots: Vec::new(),
            rest: None,
        }
    }
}

pub(super) struct JobQueue<M, I> {
    pub(super) disputes: HashMap<I, Dispute<M>>,
    /// The disputes that wait for a turn.
    pub(super) queue: VecDeque<I>,
    /// Turns so far.
    pub(super) turns: u64,
    /// Whether there are answers since the last time that this was asked.
    pub(super) has_news: bool,
    pub(super) is_closed: bool,
}

impl<M, I: Clone + Eq + Hash> JobQueue<M, I> {
    pub(super) fn new() -> Self {
        Self {
            disputes: HashMap::new(),
            queue: VecDeque::new(),
            turns: 0,
            has_news: false,
            is_closed: false,
        }
    }

    /// The same, and the answer is kept no longer.
    pub(super) fn take(&mut self, inputs: &I, question: Question) -> Result<Answer, TraceError> {
        let answer = self.ask(inputs, question)?;
        if let Some(dispute) = self.disputes.get_mut(inputs) {
            dispute.answers.remove(&question);
        }
        Ok(answer)
    }

    /// The answer, where there is one; else the question is put to the dispute, which is in the queue then.
    pub(super) fn ask(&mut self, inputs: &I, question: Question) -> Result<Answer, TraceError> {
        let dispute = self.disputes.entry(inputs.clone()).or_default();
        dispute.is_over = false;
        match dispute.answers.get(&question) {
            Some(Ok(answer)) => return Ok(answer.clone()),
            // If it is asked again, it is tried again after a rest.
            Some(Err(_)) => {
                let failed = dispute.answers.remove(&question);
                return failed.unwrap_or(Err(question.pending()));
            }
            None => {}
        }
        if let Some(rest) = dispute.rest.as_ref()
            && Instant::now() < rest.until
        {
            return Err(rest.why.clone());
        }
        if !dispute.asked.contains(&question) {
            dispute.asked.push_back(question);
        }
        if !std::mem::replace(&mut dispute.is_busy, true) {
            if dispute.has_run {
                self.queue.push_front(inputs.clone());
            } else {
                self.queue.push_back(inputs.clone());
            }
        }
        Err(question.pending())
    }

    /// Drops disputes, and gives what was kept of them. A dispute that a thread has is dropped once the thread gives
    /// it back.
    pub(super) fn forget(&mut self, are_over: impl Fn(&I) -> bool) -> Vec<Dispute<M>> {
        self.queue.retain(|inputs| !are_over(inputs));
        let over = self
            .disputes
            .extract_if(|inputs, dispute| are_over(inputs) && dispute.kept.is_some());
        let over = over.map(|(_, dispute)| dispute).collect();
        for (_, dispute) in self.disputes.iter_mut().filter(|(of, _)| are_over(of)) {
            dispute.asked.clear();
            dispute.is_over = true;
        }
        over
    }

    /// Whether a dispute that a thread has is to be dropped.
    pub(super) fn is_over(&self, inputs: &I) -> bool {
        self.disputes.get(inputs).is_none_or(|of| of.is_over)
    }

    /// Takes a dispute's machine back from a thread. The dispute gets another turn if it has been asked
    /// meanwhile, or if it `waits` for one.
    pub(super) fn give_back(&mut self, inputs: I, kept: CachedMachine<M>, waits: bool) {
        if self.is_over(&inputs) {
            self.disputes.remove(&inputs);
        } else if let Some(dispute) = self.disputes.get_mut(&inputs) {
            dispute.kept = Some(kept);
            dispute.is_busy = waits || !dispute.asked.is_empty();
            if dispute.is_busy {
                self.queue.push_back(inputs);
            }
        }
    }
}
