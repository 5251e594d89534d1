//! Making checkpoints: while the machine runs on, another thread hashes the states that it has passed.

use crate::{Machine, Root};
use fpvm_core::machine::snapshot::Snapshot;
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

/// Runs a machine from its present state to `until` or to the program's end, and hands each checkpoint
/// with its root to `sink`, in order, on another thread. There is one at the machine's start, one
/// at each step that `next` gives for the step before, and one at its end.
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
                // If nobody listens any more the sink has failed, and its error is given below.
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

/// Steps of one interval of [`dense`]: long against going to a snapshot, short enough for the roots
/// of all threads to be held.
const INTERVAL: u64 = 1 << 18;

/// Hands the state root at each step, from the machine's present step to `until`, both included, or to the
/// program's end, to `sink`, in order. The machine runs ahead and leaves snapshots behind. From these as many
/// other machines as there are threads, made by `spawn`, execute again, each an interval of its own.
pub fn dense<M: Machine + Send, E: From<M::Error>>(
    machine: &mut M,
    until: u64,
    threads: usize,
    spawn: impl Fn() -> Result<M, E>,
    mut sink: impl FnMut(u64, Root) -> Result<(), E>,
) -> Result<(), E>
where
    M::Error: Send,
{
    sink(machine.step(), machine.root()?)?;
    let threads = threads.max(1);
    let left = until.saturating_sub(machine.step());
    let interval = left.div_ceil(threads as u64).clamp(1, INTERVAL);
    let mut workers: Vec<M> = Vec::new();
    while machine.step() < until && !machine.exited() {
        let mut starts = Vec::new();
        while starts.len() < threads && machine.step() < until && !machine.exited() {
            starts.push(machine.freeze()?);
            machine.run(machine.step().saturating_add(interval).min(until))?;
        }
        while workers.len() < starts.len() {
            workers.push(spawn()?);
        }
        let parts = thread::scope(|scope| {
            let replay = |(worker, start): (&'_ mut M, &Snapshot)| {
                worker.restore(start)?;
                worker.roots(start.step().saturating_add(interval).min(until))
            };
            let replays = workers.iter_mut().zip(&starts);
            let running: Vec<_> = replays
                .map(|pair| scope.spawn(move || replay(pair)))
                .collect();
            let ended = running.into_iter().map(|part| match part.join() {
                Ok(part) => part,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            ended.collect::<Result<Vec<_>, M::Error>>()
        })?;
        for (start, roots) in starts.iter().zip(parts) {
            for (step, root) in (start.step() + 1..).zip(roots) {
                sink(step, root)?;
            }
        }
    }
    Ok(())
}
