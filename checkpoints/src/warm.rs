//! A machine that is kept warm: it remembers states on its way, and answers for any step from the
//! nearest, be it remembered or stored as a checkpoint.

use crate::Machine;
use crate::library::{Library, LibraryError};
use fpvm_core::frozen::Snapshot;
use std::collections::BTreeMap;

/// States kept; when there are more, every other one is given up.
const KEPT: usize = 256;

/// A machine with the states that it has been in.
#[derive(Debug)]
pub struct Warm<M> {
    machine: M,
    states: BTreeMap<u64, Snapshot>,
    library: Option<Library>,
    /// Steps from one remembered state to the next.
    every: u64,
    /// Where the program ends, once known.
    end: Option<u64>,
}

impl<M: Machine> Warm<M>
where
    M::Error: From<LibraryError>,
{
    /// Keeps a machine; none of its answers lies before the step at which it is. The checkpoints have
    /// to be of the same run.
    pub fn new(mut machine: M, every: u64, library: Option<Library>) -> Result<Self, M::Error> {
        let first = machine.freeze()?;
        Ok(Warm {
            states: BTreeMap::from([(first.step(), first)]),
            end: machine.exited().then_some(machine.step()),
            library,
            every: every.max(1),
            machine,
        })
    }

    /// The first step that can be asked for.
    pub fn first(&self) -> u64 {
        self.states.keys().next().copied().unwrap_or(0)
    }

    /// Remembers the stored state that is nearest to a step, where it is nearer than all others.
    fn recall(&mut self, step: u64) -> Result<(), M::Error> {
        let Some(library) = &mut self.library else {
            return Ok(());
        };
        let kept = self.states.range(..=step).next_back();
        let kept = kept.map_or(0, |(step, _)| *step);
        let here = self.machine.step();
        let known = if here <= step { kept.max(here) } else { kept };
        if let Some(entry) = library.nearest(step).filter(|entry| entry.step > known)
            && let entry = entry.clone()
            && let Some(snapshot) = library.state(&entry)?
        {
            self.states.insert(entry.step, snapshot);
        }
        Ok(())
    }

    /// Goes to a step, or to the program's end where that lies before.
    pub fn seek(&mut self, step: u64) -> Result<&mut M, M::Error> {
        let step = step.min(self.end.unwrap_or(u64::MAX)).max(self.first());
        self.recall(step)?;
        let here = self.machine.step();
        if let Some((kept, snapshot)) = self.states.range(..=step).next_back()
            && (here > step || here < *kept)
        {
            self.machine.restore(snapshot)?;
        }
        while self.machine.step() < step && !self.machine.exited() {
            let here = self.machine.step();
            let mark = (here / self.every)
                .saturating_add(1)
                .saturating_mul(self.every);
            self.machine.run(mark.min(step))?;
            if self.machine.step() == mark && !self.states.contains_key(&mark) {
                let snapshot = self.machine.freeze()?;
                self.states.insert(mark, snapshot);
                self.thin();
            }
        }
        self.thin();
        if self.machine.exited() {
            self.end = Some(self.machine.step());
        }
        Ok(&mut self.machine)
    }

    /// The machine, wherever it is.
    pub fn into_machine(self) -> M {
        self.machine
    }

    fn thin(&mut self) {
        if self.states.len() <= KEPT {
            return;
        }
        self.every = self.every.saturating_mul(2);
        let (first, every) = (self.first(), self.every);
        self.states
            .retain(|step, _| *step == first || step.is_multiple_of(every));
    }
}
