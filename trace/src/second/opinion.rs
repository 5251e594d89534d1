//! What is found out about executions that are run twice, and who is believed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use fpvm_checkpoints::Root;
use fpvm_dispute::trace::{Executions as _, TraceError};

use super::bundle::Bundle;
use super::difference::{Difference, Side};
use super::third::{Said, ThirdParty};
use super::{Note, Opinions, Second, lock};
use crate::inputs::DisputeInputs;
use crate::program::Program;
use crate::workers::{Run, Workers};

/// The second opinion of a program, and what has come of it.
pub(super) struct Opinion<P: Program<I>, I: Clone + Eq + Hash> {
    pub(super) second: Second<P, I>,
    pub(super) verdicts: Mutex<HashMap<I, Verdict>>,
    pub(super) notes: Mutex<Vec<Note>>,
    pub(super) count: Mutex<Opinions>,
}

/// What was found out about an execution.
#[derive(Clone)]
pub(super) struct Verdict {
    who: Who,
    /// How two differ, as long as that is not kept yet.
    unkept: Option<Arc<Parting>>,
}

/// Who is believed about an execution.
#[derive(Clone)]
pub(super) enum Who {
    /// The first, as long as the second answers the same; the run that they have in common.
    Both(Arc<Run>),
    /// The first alone: a third agrees, or there is no second opinion.
    First,
    /// The second.
    Second,
}

/// How two differ, and with whom the first does.
pub(super) struct Parting {
    difference: Difference,
    is_with_third: bool,
}

/// What another VM says.
enum Third {
    /// The same as the first.
    Agrees,
    /// Something else.
    Differs(Difference),
    /// Nothing; why, in words.
    Nothing(String),
}

impl<I: DisputeInputs, P: Program<I>> Opinion<P, I> {
    /// Who is believed about an execution, once that is known.
    pub(super) fn verdict(&self, first: &Workers<P, I>, inputs: &I) -> Result<Who, TraceError> {
        let known = lock(&self.verdicts).get(inputs).cloned();
        match known {
            None => {}
            Some(Verdict { who, unkept: None }) => return Ok(who),
            Some(Verdict {
                who,
                unkept: Some(parting),
            }) => {
                self.keep(inputs, &parting)?;
                return Ok(who);
            }
        }
        let every = self.second.every;
        let ran = first.run(inputs, every);
        let third = match (&self.second.third, &ran) {
            (Some(vm), Ok(run)) if run.fault.is_none() => Some(self.third(vm, first, inputs, run)?),
            // It runs what the first has read.
            (Some(_), Err(why)) => return Err(why.clone()),
            _ => None,
        };
        if let Some(Third::Agrees) = third {
            return Ok(self.decide(inputs, Who::First, None, Vec::new()));
        }
        // Both are asked before either is waited for.
        let slower = self.second.slower.run(inputs, every);
        let pending = |answer: &Result<_, _>| matches!(answer, Err(TraceError::Pending { .. }));
        if (pending(&ran) || pending(&slower))
            && third.is_none()
            && let Some(difference) =
                Difference::so_far(&first.roots(inputs), &self.second.slower.roots(inputs))
        {
            // A run that has gone wrong need not end.
            self.differ(first, inputs, difference);
            return Err(TraceError::Pending { index: 0 });
        }
        let (run, slower) = match (ran, slower) {
            (Err(pending @ TraceError::Pending { .. }), _) => return Err(pending),
            (Err(why), Err(_)) | (Ok(_), Err(why @ TraceError::Pending { .. })) => return Err(why),
            (Err(why), Ok(slower)) => {
                let last = slower.roots.last();
                let step = last.map_or(u64::MAX, |at| at.step);
                let had = last.map_or(Side::Ended, |at| Side::Root(at.root));
                let sides = [Side::Failed(why.to_string()), had];
                self.differ(
                    first,
                    inputs,
                    Difference::at(&Run::default(), step.into(), sides),
                );
                return Err(TraceError::Pending { index: 0 });
            }
            (Ok(_), Err(why)) => {
                let note = self.missing(inputs, &self.second.names[1], &why.to_string());
                return Ok(self.decide(inputs, Who::First, None, vec![note]));
            }
            (Ok(run), Ok(slower)) => (run, slower),
        };
        let mut notes = Vec::new();
        if let (Some(Third::Nothing(why)), Some(vm)) = (&third, &self.second.third) {
            notes.push(self.missing(inputs, vm.name(), why));
        }
        let (who, parting) = match (Difference::between(&run, &slower), third) {
            (None, Some(Third::Differs(difference))) => {
                let parting = Parting {
                    difference,
                    is_with_third: true,
                };
                (Who::Both(slower), Some(parting))
            }
            (None, _) => (Who::Both(slower), None),
            (Some(difference), _) => {
                let parting = Parting {
                    difference,
                    is_with_third: false,
                };
                (Who::Second, Some(parting))
            }
        };
        if matches!(who, Who::Second) {
            first.drop_run(inputs);
        }
        if let Some(parting) = parting {
            notes.push(self.different(inputs, &parting));
            self.decide(inputs, who, Some(Arc::new(parting)), notes);
            // What shows the difference is kept first.
            return Err(TraceError::Pending { index: 0 });
        }
        Ok(self.decide(inputs, who, None, notes))
    }

    /// What another VM says about an execution that the first has run.
    fn third(
        &self,
        vm: &ThirdParty,
        first: &Workers<P, I>,
        inputs: &I,
        run: &Arc<Run>,
    ) -> Result<Third, TraceError> {
        let name = inputs.dispute_name();
        match vm.said(&name) {
            Some(Said::Run(other)) => Ok(match Difference::between(run, &other) {
                None => Third::Agrees,
                Some(difference) => Third::Differs(difference),
            }),
            Some(Said::Nothing(why)) => Ok(Third::Nothing(why)),
            Some(Said::Pending) => Err(TraceError::Pending { index: 0 }),
            None => {
                let start = match first.save(inputs, 0) {
                    Ok(start) => start,
                    Err(pending @ TraceError::Pending { .. }) => return Err(pending),
                    Err(why) => return Ok(Third::Nothing(why.to_string())),
                };
                let end = run.roots.last().map_or(0, |at| at.step);
                let sources = &self.second.sources;
                vm.ask(&name, start, sources, end, self.second.every);
                Err(TraceError::Pending { index: 0 })
            }
        }
    }

    /// From now on that is believed about an execution, unless another thread has found it out before.
    fn decide(&self, inputs: &I, who: Who, unkept: Option<Arc<Parting>>, notes: Vec<Note>) -> Who {
        let mut verdicts = lock(&self.verdicts);
        let before = verdicts.get(inputs);
        if let Some(before) = before
            && (before.unkept.is_some()
                || !matches!((&before.who, &who), (Who::Both(_), Who::Second)))
        {
            return before.who.clone();
        }
        let is_first = before.is_none();
        let mut count = lock(&self.count);
        let is_missing = |note: &Note| matches!(note, Note::Missing(_));
        count.missing += notes.iter().filter(|note| is_missing(note)).count() as u64;
        count.differed += u64::from(unkept.is_some());
        let has_agreed = unkept.is_none() && (notes.is_empty() || matches!(who, Who::Both(_)));
        count.agreed += u64::from(is_first && has_agreed);
        drop(count);
        if unkept.is_none() {
            self.second.sources.release(&inputs.dispute_name());
        }
        let verdict = Verdict {
            who: who.clone(),
            unkept,
        };
        verdicts.insert(inputs.clone(), verdict);
        drop(verdicts);
        lock(&self.notes).extend(notes);
        who
    }

    /// The second is believed from now on about an execution.
    pub(super) fn differ(&self, first: &Workers<P, I>, inputs: &I, difference: Difference) {
        first.drop_run(inputs);
        let parting = Parting {
            difference,
            is_with_third: false,
        };
        let note = self.different(inputs, &parting);
        self.decide(inputs, Who::Second, Some(Arc::new(parting)), vec![note]);
    }

    fn different(&self, inputs: &I, parting: &Parting) -> Note {
        let [first, second] = self.names(parting);
        let believed = &self.second.names[1];
        let Difference {
            equal,
            differs,
            sides: [one, other],
        } = &parting.difference;
        Note::Difference(format!(
            "the {first} and the {second} come to DIFFERENT STATES in the execution {}: they are equal at step {equal}, and \
             at step {differs} the {first} has {one}, the {second} {other}; the {believed} is believed from now on",
            inputs.dispute_name()
        ))
    }

    fn missing(&self, inputs: &I, who: &str, why: &str) -> Note {
        Note::Missing(format!(
            "no second opinion of the {who} about the execution {}: {why}",
            inputs.dispute_name()
        ))
    }

    /// How the two are called that differ.
    fn names(&self, parting: &Parting) -> [&str; 2] {
        let [first, slower] = &self.second.names;
        match &self.second.third {
            Some(vm) if parting.is_with_third => [first, vm.name()],
            _ => [first, slower],
        }
    }

    /// Keeps what shows a difference. What fails is told, and holds up nothing.
    fn keep(&self, inputs: &I, parting: &Parting) -> Result<(), TraceError> {
        let Difference { equal, differs, .. } = parting.difference;
        let slower = &self.second.slower;
        // What is read on the way there is known then.
        let there = slower.claim(inputs, u128::from(differs).saturating_sub(1));
        if let Err(pending @ TraceError::Pending { .. }) = there {
            return Err(pending);
        }
        let before = match slower.save(inputs, equal) {
            Err(pending @ TraceError::Pending { .. }) => return Err(pending),
            Ok(before) => Ok(before),
            Err(why) => Err(why.to_string()),
        };
        // One thread writes it.
        let unkept = lock(&self.verdicts)
            .get_mut(inputs)
            .and_then(|verdict| verdict.unkept.take());
        if unkept.is_none() {
            return Ok(());
        }
        let name = inputs.dispute_name();
        let third = self.second.third.as_ref();
        let mut difference = parting.difference.clone();
        if let (Ok(root), Side::Failed(_), false) =
            (there, &difference.sides[1], parting.is_with_third)
        {
            difference.sides[1] = Side::Root(Root(root.0));
        }
        let kept = before.and_then(|before| {
            let bundle = Bundle {
                name: &name,
                names: self.names(parting),
                tier: &self.second.names[1],
                other: third.filter(|_| parting.is_with_third).map(|vm| vm.name()),
                difference: &difference,
                before: &before,
                reads: self.second.sources.reads(&name),
            };
            self.second.bundles.keep(bundle)
        });
        self.second.sources.release(&name);
        lock(&self.notes).push(match kept {
            Ok(command) => Note::Kept(format!(
                "how they differ is kept: find the step with `{command}`"
            )),
            Err(why) => Note::Missing(format!("how they differ cannot be kept: {why}")),
        });
        Ok(())
    }
}
