//! A VM together with the source of its pre-images, as checkpoints, bisection and games drive it. The program's
//! output is discarded.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fpvm_checkpoints::{GuestVm, Machine, Root, store};
use fpvm_core::machine::snapshot::Snapshot;
use fpvm_core::machine::vm::{Event, Host, PreimageRead, VmError};
use fpvm_core::step::oracle::{Oracle, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::VerifyError;

use crate::error::MachineError;
use crate::preimages::Source;
use crate::program::Prover;
use crate::shared::SharedSource;

/// The most steps that are run before [`Hosts`] is asked whether to end: about a quarter of a second.
const SLICE: u64 = 50_000_000;

/// The parts that machines which run side by side share: a source of pre-images, and the request to end.
#[allow(missing_debug_implementations, reason = "a source has none")]
pub struct Hosts {
    source: SharedSource,
    interrupted: Arc<AtomicBool>,
}

impl Hosts {
    /// Machines over a source; they end when `interrupted` is set.
    pub fn over(source: Source, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            source: SharedSource::new(source),
            interrupted,
        }
    }

    /// Machines over a source that others have as well.
    pub(crate) const fn sharing(source: SharedSource, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            source,
            interrupted,
        }
    }

    /// A machine with a VM in it.
    pub fn hosted<V: GuestVm>(&self, vm: V) -> Hosted<V> {
        Hosted {
            vm,
            source: self.source.clone(),
            interrupted: self.interrupted.clone(),
            progress: None,
        }
    }

    /// Whether the machines are to end.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// What is set where the machines are to end.
    pub fn interrupted(&self) -> &AtomicBool {
        &self.interrupted
    }

    /// Ends the host, where no machine needs it any more.
    ///
    /// # Errors
    /// If its answers cannot be written to the cache.
    pub fn finish(self) -> Result<(), fpvm_oracle::Error> {
        match self.source.into_source() {
            Some(source) => source.finish(),
            None => Ok(()),
        }
    }
}

/// Is called after each slice with the steps that have been executed, and whether the program has ended.
pub type Progress = Arc<dyn Fn(u64, bool) + Send + Sync>;

/// A machine that discards its guest's output.
pub struct Hosted<V> {
    /// The VM.
    pub vm: V,
    source: SharedSource,
    interrupted: Arc<AtomicBool>,
    progress: Option<Progress>,
}

impl<V: GuestVm> Hosted<V> {
    /// The same, with its progress reported.
    #[must_use]
    pub fn with_progress(self, progress: Progress) -> Self {
        Self {
            progress: Some(progress),
            ..self
        }
    }

    /// Runs to the end of the next step that reads a pre-image; `None` if the program ends first.
    ///
    /// # Errors
    /// If a step fails.
    pub fn next_read(&mut self) -> Result<Option<PreimageRead>, MachineError> {
        loop {
            match self.slice(u64::MAX, true)? {
                Event::Preimage => return Ok(self.vm.last_read().cloned()),
                _ if self.vm.exited() => return Ok(None),
                _ => {}
            }
        }
    }

    /// Runs to a step, but one slice at most.
    fn slice(&mut self, until: u64, reads: bool) -> Result<Event, MachineError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(MachineError::Interrupted);
        }
        let until = until.min(self.vm.step().saturating_add(SLICE));
        let (oracle, console) = (&mut self.source, &mut Silent);
        let done = self.vm.run(until, reads, &mut Host { oracle, console });
        let event = done.map_err(|error| self.explain(error))?;
        if let Some(progress) = &self.progress {
            progress(self.vm.step(), self.vm.exited());
        }
        Ok(event)
    }

    fn explain(&self, error: VmError) -> MachineError {
        MachineError::of(self.vm.store_vm().vm_type, &self.interrupted, error)
    }
}

impl<V: GuestVm> Machine for Hosted<V> {
    type Error = MachineError;

    fn step(&self) -> u64 {
        self.vm.step()
    }

    fn exited(&self) -> bool {
        self.vm.exited()
    }

    fn run(&mut self, until: u64) -> Result<(), MachineError> {
        while self.vm.step() < until && !self.vm.exited() {
            self.slice(until, false)?;
        }
        Ok(())
    }

    fn freeze(&mut self) -> Result<Snapshot, MachineError> {
        Ok(self.vm.freeze())
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), MachineError> {
        Ok(self.vm.restore(snapshot)?)
    }

    fn root(&mut self) -> Result<Root, MachineError> {
        Ok(Root(self.vm.state_root()))
    }

    fn roots(&mut self, until: u64) -> Result<Vec<Root>, MachineError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(MachineError::Interrupted);
        }
        let (oracle, console) = (&mut self.source, &mut Silent);
        let mut roots = Vec::new();
        let done = self
            .vm
            .roots(until, &mut Host { oracle, console }, &mut roots);
        done.map_err(|error| self.explain(error))?;
        Ok(roots.into_iter().map(Root).collect())
    }
}

impl<V: GuestVm> Prover for Hosted<V> {
    fn prove(&mut self) -> Result<StepProof, MachineError> {
        let (oracle, console) = (&mut self.source, &mut Silent);
        let proof = self.vm.prove(&mut Host { oracle, console });
        proof.map_err(|error| self.explain(error))
    }

    fn oracle(&mut self) -> &mut dyn Oracle {
        &mut self.source
    }

    fn store_vm(&self) -> store::Vm {
        self.vm.store_vm()
    }

    fn write_state(&mut self, path: &Path) -> Result<(), MachineError> {
        let written = self.vm.write_state(path);
        written.map_err(|error| MachineError::Other(error.into()))
    }

    fn verify(&self, proof: &StepProof) -> Result<Root, VerifyError> {
        self.vm.verify(proof).map(Root)
    }
}

impl<V> fmt::Debug for Hosted<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted").finish_non_exhaustive()
    }
}
