//! Making checkpoints: the machine runs, and while it runs on another thread hashes where it was.

use crate::{Machine, Root};
use fpvm_core::frozen::Snapshot;
use std::sync::mpsc::sync_channel;
use std::thread;

/// Checkpoints that may wait to be hashed; more would only hold memory.
const WAITING: usize = 16;

/// Why no more checkpoints were made.
#[derive(Debug)]
pub enum MakeError<M, S> {
    /// The machine failed; all checkpoints before have been handed out.
    Machine(M),
    /// The sink failed.
    Sink(S),
}

/// Runs a machine from where it is to `until` or to the program's end, and hands each checkpoint
/// with its root to `sink`, in order, on another thread. There is one where the machine starts, one
/// at each step that `next` gives for the step before, and one where it ends.
pub fn make<M: Machine, S: Send>(
    machine: &mut M,
    until: u64,
    next: impl Fn(u64) -> u64,
    mut sink: impl FnMut(&Snapshot, Root) -> Result<(), S> + Send,
) -> Result<(), MakeError<M::Error, S>> {
    let (sender, receiver) = sync_channel::<Snapshot>(WAITING);
    thread::scope(|scope| {
        let hasher = scope.spawn(move || {
            for snapshot in receiver {
                let root = Root(snapshot.root());
                sink(&snapshot, root)?;
            }
            Ok(())
        });
        let mut run = || {
            loop {
                let snapshot = machine.freeze()?;
                // Where nobody listens any more the sink has failed, and says why below.
                if sender.send(snapshot).is_err() || machine.exited() || machine.step() >= until {
                    return Ok(());
                }
                let target = next(machine.step()).min(until);
                machine.run(target)?;
            }
        };
        let ran = run();
        drop(sender);
        match hasher.join() {
            Ok(Ok(())) => ran.map_err(MakeError::Machine),
            Ok(Err(error)) => Err(MakeError::Sink(error)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The state root at each step from where the machine is to `until`, both included, or to the
/// program's end: found by several machines side by side, each on a range of its own, which `spawn`
/// makes in the threads that use them.
pub fn dense<M: Machine>(
    machine: &mut M,
    until: u64,
    threads: usize,
    spawn: impl Fn() -> Result<M, M::Error> + Sync,
) -> Result<Vec<(u64, Root)>, M::Error>
where
    M::Error: Send,
{
    let steps = until.saturating_sub(machine.step());
    let share = steps.div_ceil(threads.max(1) as u64).max(1);
    thread::scope(|scope| {
        let mut workers = Vec::new();
        loop {
            let start = machine.freeze()?;
            let end = machine.step().saturating_add(share).min(until);
            let last = end == until;
            let spawn = &spawn;
            workers.push(scope.spawn(move || {
                let mut worker = spawn()?;
                worker.restore(&start)?;
                every_root(&mut worker, if last { end } else { end - 1 })
            }));
            machine.run(end)?;
            if last || machine.exited() {
                break;
            }
        }
        let mut roots: Vec<(u64, Root)> = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(part) => roots.extend(part?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(roots)
    })
}

fn every_root<M: Machine>(machine: &mut M, until: u64) -> Result<Vec<(u64, Root)>, M::Error> {
    let mut roots = vec![(machine.step(), machine.root()?)];
    while machine.step() < until && !machine.exited() {
        machine.run(machine.step() + 1)?;
        roots.push((machine.step(), machine.root()?));
    }
    Ok(roots)
}
