//! Machines for checkpoints and bisection: run without a word, several side by side over one source
//! of pre-images.

use crate::any::AnyVm;
use crate::app::App;
use crate::failure::{self, Interrupted};
use crate::input::InputArgs;
use crate::interrupt;
use crate::oracles::{Source, SourceArgs};
use anyhow::Context as _;
use fpvm_checkpoints::library::Library;
use fpvm_checkpoints::{Machine, Root, store};
use fpvm_core::machine::snapshot::Snapshot;
use fpvm_core::machine::vm::{Host, VmError};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_trace::Prover;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The most steps that are run before signals are looked at.
const SLICE: u64 = 50_000_000;

/// A source of pre-images that several machines ask, one at a time.
#[derive(Clone)]
struct Shared(Arc<Mutex<Source>>);

impl Oracle for Shared {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        self.0.lock().map_err(|_| "the oracle failed")?.hint(hint)
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let mut source = self.0.lock().map_err(|_| "the oracle failed")?;
        source.preimage(key)
    }
}

/// What machines of one command share.
pub(crate) struct Hosts {
    source: Shared,
    interrupted: Arc<AtomicBool>,
}

impl Hosts {
    /// Opens the store of pre-images or starts the host.
    pub(crate) fn open(source: &SourceArgs) -> anyhow::Result<Self> {
        let interrupted = interrupt::watch().context("cannot watch for signals")?;
        let source = source.open(&interrupted)?;
        Ok(Self::over(source, interrupted))
    }

    /// The same over a source that is open; `interrupted` is set once the command is to end.
    pub(crate) fn over(source: Source, interrupted: Arc<AtomicBool>) -> Self {
        Hosts {
            source: Shared(Arc::new(Mutex::new(source))),
            interrupted,
        }
    }

    /// A machine with an input in it.
    pub(crate) fn machine(&self, app: &App, input: &InputArgs) -> anyhow::Result<Hosted> {
        Ok(self.hosted(input.open(app, "")?))
    }

    /// A machine of this command.
    pub(crate) fn hosted(&self, vm: Box<dyn AnyVm>) -> Hosted {
        Hosted {
            vm,
            source: self.source.clone(),
            interrupted: self.interrupted.clone(),
        }
    }

    /// Whether Ctrl-C or SIGTERM has asked to end.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Ends the host. Of two errors the first is the command's.
    pub(crate) fn finish<T>(self, result: anyhow::Result<T>) -> anyhow::Result<T> {
        let source = Arc::try_unwrap(self.source.0).ok();
        let finished = match source.and_then(|source| source.into_inner().ok()) {
            Some(source) => source.finish(),
            None => Ok(()),
        };
        let value = result?;
        finished?;
        Ok(value)
    }
}

/// A machine that says nothing of what its guest prints.
pub(crate) struct Hosted {
    /// The machine.
    pub(crate) vm: Box<dyn AnyVm>,
    source: Shared,
    interrupted: Arc<AtomicBool>,
}

impl Hosted {
    /// Runs to the end of the next step that reads a pre-image; to the program's end where there is none.
    pub(crate) fn run_to_read(&mut self) -> anyhow::Result<()> {
        let (oracle, console) = (&mut self.source, &mut Silent);
        let done = self.vm.run(u64::MAX, true, &mut Host { oracle, console });
        done.map(|_| ()).map_err(|error| self.explain(error))
    }

    fn explain(&self, error: VmError) -> anyhow::Error {
        failure::explain(self.vm.as_ref(), &self.interrupted, error)
    }
}

impl Machine for Hosted {
    type Error = anyhow::Error;

    fn step(&self) -> u64 {
        self.vm.step()
    }

    fn exited(&self) -> bool {
        self.vm.exited()
    }

    fn run(&mut self, until: u64) -> anyhow::Result<()> {
        while self.vm.step() < until && !self.vm.exited() {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(Interrupted.into());
            }
            let slice = until.min(self.vm.step().saturating_add(SLICE));
            let (oracle, console) = (&mut self.source, &mut Silent);
            let done = self.vm.run(slice, false, &mut Host { oracle, console });
            done.map_err(|error| self.explain(error))?;
        }
        Ok(())
    }

    fn freeze(&mut self) -> anyhow::Result<Snapshot> {
        Ok(self.vm.freeze())
    }

    fn restore(&mut self, snapshot: &Snapshot) -> anyhow::Result<()> {
        Ok(self.vm.restore(snapshot)?)
    }

    fn root(&mut self) -> anyhow::Result<Root> {
        Ok(Root(self.vm.state_root()))
    }

    fn roots(&mut self, until: u64) -> anyhow::Result<Vec<Root>> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Interrupted.into());
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

impl Prover for Hosted {
    fn prove(&mut self) -> anyhow::Result<StepProof> {
        let (oracle, console) = (&mut self.source, &mut Silent);
        let proof = self.vm.prove(&mut Host { oracle, console });
        proof.map_err(|error| self.explain(error))
    }

    fn oracle(&mut self) -> &mut dyn Oracle {
        &mut self.source
    }

    fn store_vm(&self) -> store::Vm {
        self.vm.isa().store_vm()
    }
}

/// Machines that run side by side where nobody says how many: one a core.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The checkpoints at a place, which have to be of the program in this machine.
pub(crate) fn library(place: &str, vm: &mut dyn AnyVm) -> anyhow::Result<Library> {
    let (step, root) = (vm.step(), Root(vm.state_root()));
    Ok(Library::open(place, vm.isa().store_vm(), step, root)?)
}

/// Takes a machine to the state nearest before a step that is kept at a place.
pub(crate) fn resume(place: &str, vm: &mut dyn AnyVm, step: u64) -> anyhow::Result<()> {
    let mut library = library(place, vm)?;
    let nearest = library.nearest(step).cloned();
    if let Some(entry) = nearest.filter(|entry| entry.step > vm.step())
        && let Some(snapshot) = library.state(&entry)?
    {
        vm.restore(&snapshot)?;
    }
    Ok(())
}
