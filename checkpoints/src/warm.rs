//! A machine that is kept warm: it remembers states on its way, and answers for any step from the
//! nearest, be it remembered or stored as a checkpoint. To make room its states can be [spilled](Warm::spill)
//! to disk.

use crate::depot::Depot;
use crate::library::{Library, LibraryError};
use crate::store::{Store, StoreError, Vm};
use crate::{Machine, Root};
use fpvm_core::machine::snapshot::Snapshot;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// States kept; when there are more, every other one is given up.
const KEPT: usize = 256;

/// A machine with the states that it has been in.
#[derive(Debug)]
pub struct Warm<M> {
    machine: M,
    states: BTreeMap<u64, Snapshot>,
    library: Option<Library>,
    disk: Option<DiskCache>,
    /// Steps from one remembered state to the next.
    every: u64,
    /// Where the program ends, once known.
    end: Option<u64>,
}

/// States on disk of a machine that was given up to make room: in a folder for temporary files, which goes
/// with them.
#[derive(Debug)]
pub struct DiskCache {
    store: Store,
    /// Their roots, by step.
    roots: BTreeMap<u64, Root>,
    /// Where the program ends, once known.
    end: Option<u64>,
    /// Where they are, for as long as they are.
    _folder: TempDir,
}

/// How many states go to disk when a machine is given up. Of more only every nth does, because writing
/// them takes longer than running the few steps between two of them again.
const SPILLED: usize = 32;

impl<M: Machine> Warm<M>
where
    M::Error: From<LibraryError>,
{
    /// Keeps a machine; none of its answers lies before the step at which it is. The checkpoints have
    /// to be of the same run.
    pub fn new(mut machine: M, every: u64, library: Option<Library>) -> Result<Self, M::Error> {
        let first = machine.freeze()?;
        Ok(Self {
            states: BTreeMap::from([(first.step(), first)]),
            end: machine.exited().then_some(machine.step()),
            library,
            disk: None,
            every: every.max(1),
            machine,
        })
    }

    /// Gives up the machine and keeps states of its way on disk; the last where it is now. The machine's
    /// VM is `vm`.
    pub fn spill(mut self, vm: Vm) -> Result<DiskCache, M::Error> {
        let here = self.machine.freeze()?;
        self.states.insert(here.step(), here);
        let mut disk = match self.disk.take() {
            Some(disk) => disk,
            None => DiskCache::open(vm)?,
        };
        disk.end = self.end;
        let apart = self.states.len().div_ceil(SPILLED);
        // Counted from the last.
        for (_, snapshot) in self.states.iter().rev().step_by(apart) {
            disk.put(snapshot).map_err(LibraryError::from)?;
        }
        Ok(disk)
    }

    /// Goes on where another machine was given up, with one that has not run yet.
    pub fn restart(machine: M, every: u64, disk: DiskCache) -> Result<Self, M::Error> {
        Ok(Self {
            end: disk.end,
            disk: Some(disk),
            ..Self::new(machine, every, None)?
        })
    }

    /// The first step that can be asked for.
    pub fn first(&self) -> u64 {
        self.states.keys().next().copied().unwrap_or(0)
    }

    /// Remembers the stored state that is nearest to a step, where it is nearer than all others.
    fn recall(&mut self, step: u64) -> Result<(), M::Error> {
        let kept = self.states.range(..=step).next_back();
        let kept = kept.map_or(0, |(step, _)| *step);
        let here = self.machine.step();
        let mut known = if here <= step { kept.max(here) } else { kept };
        if let Some(library) = &mut self.library
            && let Some(entry) = library.nearest(step).filter(|entry| entry.step > known)
            && let entry = entry.clone()
            && let Some(snapshot) = library.state(&entry)?
        {
            known = entry.step;
            self.states.insert(entry.step, snapshot);
        }
        if let Some(disk) = &mut self.disk
            && let Some(snapshot) = disk.nearest(step, known).map_err(LibraryError::from)?
        {
            self.states.insert(snapshot.step(), snapshot);
        }
        Ok(())
    }

    /// Goes to a step, or to the program's end where that lies before.
    pub fn seek(&mut self, step: u64) -> Result<&mut M, M::Error> {
        self.approach(step, u64::MAX)?;
        Ok(&mut self.machine)
    }

    /// The same, but executes at most so many steps; whether it is there.
    pub fn approach(&mut self, step: u64, most: u64) -> Result<bool, M::Error> {
        let step = step.min(self.end.unwrap_or(u64::MAX)).max(self.first());
        self.recall(step)?;
        let here = self.machine.step();
        if let Some((kept, snapshot)) = self.states.range(..=step).next_back()
            && (here > step || here < *kept)
        {
            self.machine.restore(snapshot)?;
        }
        let stop = step.min(self.machine.step().saturating_add(most));
        while self.machine.step() < stop && !self.machine.exited() {
            let here = self.machine.step();
            let mark = (here / self.every)
                .saturating_add(1)
                .saturating_mul(self.every);
            self.machine.run(mark.min(stop))?;
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
        Ok(self.machine.step() >= step || self.machine.exited())
    }

    /// The step at which the program ends, once that is known.
    pub const fn end(&self) -> Option<u64> {
        self.end
    }

    /// The machine, where it is.
    pub const fn machine(&self) -> &M {
        &self.machine
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

impl DiskCache {
    fn open(vm: Vm) -> Result<Self, LibraryError> {
        let folder = tempfile::tempdir().map_err(LibraryError::NoDiskCache)?;
        let depot = Depot::open(&folder.path().to_string_lossy())?;
        Ok(Self {
            store: Store::open(&depot, vm)?,
            roots: BTreeMap::new(),
            end: None,
            _folder: folder,
        })
    }

    fn put(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let step = snapshot.step();
        if !self.roots.contains_key(&step) {
            self.store.put(snapshot, &step.to_string())?;
            self.roots.insert(step, Root(snapshot.root()));
        }
        Ok(())
    }

    /// The state that is nearest to a step, from it down to after another.
    fn nearest(&mut self, step: u64, after: u64) -> Result<Option<Snapshot>, StoreError> {
        if after >= step {
            return Ok(None);
        }
        let mut between = self.roots.range(after + 1..=step);
        match between.next_back() {
            Some((_, root)) => self.store.get(*root),
            None => Ok(None),
        }
    }
}
