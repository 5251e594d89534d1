//! Machines of one command for checkpoints and bisection, several side by side over one source of pre-images.

use crate::app::App;
use crate::input::InputArgs;
use crate::interrupt;
use crate::oracles::SourceArgs;
use anyhow::Context as _;
use fpvm::AnyVm;
use fpvm_checkpoints::Root;
use fpvm_checkpoints::library::Library;
use fpvm_trace::Hosts;

/// A machine that says nothing of what its guest prints.
pub(crate) type Hosted = fpvm_trace::Hosted<Box<dyn AnyVm>>;

/// Opens the store of pre-images or starts the host, for the machines of a command.
pub(crate) fn open(source: &SourceArgs) -> anyhow::Result<Hosts> {
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    let source = source.open(&interrupted)?;
    Ok(Hosts::over(source, interrupted))
}

/// A machine with an input in it.
pub(crate) fn machine(hosts: &Hosts, app: &App, input: &InputArgs) -> anyhow::Result<Hosted> {
    Ok(hosts.hosted(input.open(app, "")?))
}

/// Ends the host. Of two errors the first is the command's.
pub(crate) fn finish<T>(hosts: Hosts, result: anyhow::Result<T>) -> anyhow::Result<T> {
    let finished = hosts.finish();
    let value = result?;
    finished.context("cannot write the pre-image cache")?;
    Ok(value)
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
