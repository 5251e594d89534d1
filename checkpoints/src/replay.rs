//! Checks checkpoints: intervals are executed again, each only from the state at its start.

use crate::entry::Entry;
use crate::{Machine, Root};
use fpvm_core::machine::snapshot::Snapshot;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// An entry that differs from the execution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// Place in the list, from 0.
    pub index: usize,
    /// The entry.
    pub entry: Entry,
    /// The step of the machine: the entry's, or that of the program's end.
    pub step: u64,
    /// The state root there.
    pub root: Root,
}

/// Entries at neighbouring steps that are compared together, at most.
const NEIGHBOURS: usize = 1 << 16;

/// A stretch of the list that is executed from one state on.
struct Stretch {
    /// The entry that the state is of; `None` for the input.
    from: Option<usize>,
    /// The entries that are compared.
    compared: Range<usize>,
}

/// Executes the intervals that end in the entries `range` of a list, and gives the first entry that
/// is wrong. Each stretch starts at the nearest entry before it that `has_state`, otherwise from the
/// machine with the input that `spawn` makes. `state` gives the state of an entry.
///
/// A wrong entry is named even if its own state is stored and fits it, because every entry whose state is
/// used is also compared as the end of the interval before it, or, if that lies outside `range`, by the
/// process that has that part.
pub fn verify<M: Machine, E: From<M::Error> + Send>(
    entries: &[Entry],
    range: Range<usize>,
    threads: usize,
    has_state: impl Fn(&Entry) -> bool,
    state: impl Fn(&Entry) -> Result<Snapshot, E> + Sync,
    spawn: impl Fn() -> Result<M, E> + Sync,
) -> Result<Option<Wrong>, E> {
    let mut stretches: VecDeque<Stretch> = VecDeque::new();
    for index in range {
        let stored = index
            .checked_sub(1)
            .filter(|before| entries.get(*before).is_some_and(&has_state));
        match (stored, stretches.back_mut()) {
            (None, Some(stretch)) => stretch.compared.end = index + 1,
            (None, None) => {
                let from = entries
                    .get(..index)
                    .and_then(|e| e.iter().rposition(&has_state));
                stretches.push_back(Stretch {
                    from,
                    compared: index..index + 1,
                });
            }
            (Some(_), _) => stretches.push_back(Stretch {
                from: stored,
                compared: index..index + 1,
            }),
        }
    }
    // The first entry that is known to be wrong; the entries after it need not be executed any more.
    let first = AtomicUsize::new(usize::MAX);
    let (queue, found) = (Mutex::new(stretches), Mutex::new(None::<Wrong>));
    let work = || -> Result<(), E> {
        let mut machine: Option<M> = None;
        loop {
            let taken = queue.lock().ok().and_then(|mut queue| queue.pop_front());
            let Some(stretch) = taken else { return Ok(()) };
            let source = stretch.from.and_then(|index| entries.get(index));
            let mut at = match (source, machine.take()) {
                (Some(_), Some(used)) => used,
                _ => spawn()?,
            };
            if let Some(entry) = source {
                at.restore(&state(entry)?)?;
            }
            let mut compared = stretch.compared;
            while let Some(entry) = entries.get(compared.start)
                && !compared.is_empty()
                && first.load(Ordering::Relaxed) >= compared.start
            {
                at.run(entry.step)?;
                let (mut step, mut roots) = (at.step(), vec![at.root()?]);
                let next = entries.get(compared.clone()).unwrap_or_default();
                let neighbours = next
                    .windows(2)
                    .take(NEIGHBOURS)
                    .take_while(|pair| pair[0].step.checked_add(1) == Some(pair[1].step))
                    .count() as u64;
                if neighbours > 0 && step == entry.step {
                    roots.extend(at.roots(step + neighbours)?);
                }
                for root in roots {
                    let index = compared.start;
                    let Some(entry) = entries.get(index) else {
                        break;
                    };
                    if step == entry.step && root == entry.root {
                        compared.start += 1;
                        step += 1;
                        continue;
                    }
                    first.fetch_min(index, Ordering::Relaxed);
                    if let Ok(mut found) = found.lock()
                        && found.as_ref().is_none_or(|found| found.index > index)
                    {
                        let entry = entry.clone();
                        *found = Some(Wrong {
                            index,
                            entry,
                            step,
                            root,
                        });
                    }
                    compared.start = compared.end;
                    break;
                }
            }
            machine = Some(at);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let own = work();
        for worker in workers {
            match worker.join() {
                Ok(done) => done?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        own
    })?;
    Ok(found.into_inner().ok().flatten())
}
