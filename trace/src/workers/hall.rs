//! The threads, and whose turn it is.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use fpvm_checkpoints::warm::Warm;
use fpvm_dispute::trace::Inputs;

use super::Options;
use super::desk::{Answers, Desk, Dispute, Question};
use crate::kept::Kept;
use crate::program::Program;
use crate::vms::{failed, whole};

pub(super) struct Hall<P: Program> {
    program: P,
    options: Options,
    desk: Mutex<Desk<P::Machine>>,
    /// Somebody is in the queue, or it is closed.
    pub(super) work: Condvar,
    /// A turn is over.
    pub(super) news: Condvar,
}

impl<P: Program> Hall<P> {
    pub(super) fn new(program: P, options: Options) -> Self {
        Self {
            program,
            options,
            desk: Mutex::new(Desk::new()),
            work: Condvar::new(),
            news: Condvar::new(),
        }
    }

    /// A thread that fails leaves the desk as it should be: nothing is done there that can.
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk<P::Machine>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next in the queue and gives it its turn; `false` once it is closed.
    pub(super) fn turn(&self) -> bool {
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
            dispute.has_run |= has_run;
        }
        desk.give_back(inputs, kept, false);
        self.work.notify_one();
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
                let others_wait = !desk.queue.is_empty();
                if desk.is_closed || desk.is_over(inputs) || time_is_up && others_wait {
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
            let kept = dispute.kept.take().unwrap_or(Kept::New);
            drop(desk);
            let kept = kept.shelved();
            desk = self.desk();
            desk.give_back(inputs, kept, waited);
            self.work.notify_one();
        }
    }
}
