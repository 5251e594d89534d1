//! Machines for checkpoints and bisection: run without a word, several side by side over one source
//! of pre-images.

use crate::App;
use crate::any::AnyVm;
use crate::failure::{self, Interrupted};
use crate::input::InputArgs;
use crate::interrupt;
use crate::oracles::{Source, SourceArgs};
use anyhow::{Context as _, anyhow};
use checkpoints::manifest::Manifest;
use checkpoints::store::Store;
use checkpoints::{Machine, Root};
use fpvm_core::frozen::Snapshot;
use fpvm_core::oracle::{Oracle, OracleError, Silent};
use fpvm_core::proof::StepProof;
use fpvm_core::vm::{Host, VmError};
use std::path::Path;
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
        let source = Shared(Arc::new(Mutex::new(source.open(&interrupted)?)));
        Ok(Hosts {
            source,
            interrupted,
        })
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
    /// Executes and proves one step.
    pub(crate) fn prove(&mut self) -> anyhow::Result<StepProof> {
        let (oracle, console) = (&mut self.source, &mut Silent);
        let proof = self.vm.prove(&mut Host { oracle, console });
        proof.map_err(|error| self.explain(error))
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
}

/// Where a folder of checkpoints keeps its states.
pub(crate) fn packs(folder: &Path) -> std::path::PathBuf {
    folder.join("packs")
}

/// The manifest of a folder, which has to be of the program in this machine.
pub(crate) fn manifest_of(folder: &Path, vm: &mut dyn AnyVm) -> anyhow::Result<Manifest> {
    let manifest = Manifest::load(&folder.join(Manifest::file_name(None)))?;
    let plan = &manifest.plan;
    let (isa, vm_type) = (vm.isa().name(), vm.isa().vm_type());
    anyhow::ensure!(
        plan.isa == isa && plan.vm_type == vm_type,
        "{} has checkpoints of {} ({}), and the program is for {isa} ({vm_type})",
        folder.display(),
        plan.isa,
        plan.vm_type
    );
    let root = Root(vm.state_root());
    let known = match plan.first_step == vm.step() {
        true => Some(plan.pre_state),
        false => manifest
            .before(vm.step())
            .filter(|entry| entry.step == vm.step())
            .map(|entry| entry.root),
    };
    match known {
        Some(known) if known == root => Ok(manifest),
        _ => Err(anyhow!(
            "{} has checkpoints of another program: the pre-state is {} there, and {root} here",
            folder.display(),
            plan.pre_state
        )),
    }
}

/// Takes a machine to the state nearest before a step that a folder of checkpoints has.
pub(crate) fn resume(folder: &Path, vm: &mut dyn AnyVm, step: u64) -> anyhow::Result<()> {
    let manifest = manifest_of(folder, vm)?;
    let mut store = Store::open(&packs(folder), vm.isa().store_vm())?;
    let stored =
        |entry: &&checkpoints::manifest::Entry| entry.step <= step && store.has(entry.root);
    let nearest = manifest.entries.iter().rev().find(stored).cloned();
    if let Some(entry) = nearest.filter(|entry| entry.step > vm.step())
        && let Some(snapshot) = store.get(entry.root)?
    {
        vm.restore(&snapshot)?;
    }
    Ok(())
}
