//! Bisection: the first step after which two traces differ.
//!
//! A trace is anything that gives roots and states on demand ([`Trace`]): a machine that is kept warm, or
//! another VM that runs in a process of its own. Many roots are asked for at a time, so that a trace
//! that is expensive to start is started only a few times.

use crate::entry::Entry;
use crate::library::LibraryError;
use crate::warm::Warm;
use crate::{Machine, Root};
use fpvm_core::machine::snapshot::Snapshot;

/// Into how many parts an interval is divided at once.
const PARTS: u64 = 16;
/// In an interval of at most this many steps, the root after each step is asked for.
const NEAR: u64 = 4096;

/// One of two traces.
pub trait Trace {
    /// Why it cannot tell.
    type Error;
    /// The roots at the multiples of `every` between two steps, and at the second of them; if the program
    /// ends before that, the last root is that of its end.
    fn roots(&mut self, from: u64, to: u64, every: u64) -> Result<Vec<Entry>, Self::Error>;
    /// The root at a step.
    fn root(&mut self, step: u64) -> Result<Root, Self::Error>;
    /// The state at a step, or at the program's end if that lies before.
    fn state(&mut self, step: u64) -> Result<Snapshot, Self::Error>;
}

impl<M: Machine> Trace for Warm<M>
where
    M::Error: From<LibraryError>,
{
    type Error = M::Error;

    fn roots(&mut self, from: u64, to: u64, every: u64) -> Result<Vec<Entry>, M::Error> {
        let mut entries = Vec::new();
        if every <= 1 {
            let roots = self.seek(from)?.roots(to)?;
            let steps = from.saturating_add(1)..;
            entries.extend(steps.zip(roots).map(|(step, root)| Entry { step, root }));
            return Ok(entries);
        }
        for step in marks(from, to, every) {
            let machine = self.seek(step)?;
            let (step, root) = (machine.step(), machine.root()?);
            entries.push(Entry { step, root });
            if machine.exited() {
                break;
            }
        }
        Ok(entries)
    }

    fn root(&mut self, step: u64) -> Result<Root, M::Error> {
        self.seek(step)?.root()
    }

    fn state(&mut self, step: u64) -> Result<Snapshot, M::Error> {
        self.seek(step)?.freeze()
    }
}

/// The multiples of a number that lie between two steps, and the second of them.
pub fn marks(from: u64, to: u64, every: u64) -> impl Iterator<Item = u64> {
    let every = every.max(1);
    let after = move |step: u64| {
        (step / every)
            .saturating_add(1)
            .saturating_mul(every)
            .min(to)
    };
    std::iter::successors(Some(from), move |step| Some(after(*step)))
        .skip(1)
        .scan(from, move |last, step| {
            let fresh = step > std::mem::replace(last, step);
            fresh.then_some(step)
        })
}

/// Two states, one of each trace.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Of the first trace.
    pub a: Snapshot,
    /// Of the second.
    pub b: Snapshot,
}

/// The place at which two traces differ first.
#[derive(Clone, Debug)]
pub struct Parting {
    /// The last states that are equal; `None` where the first already differ.
    pub before: Option<Pair>,
    /// The first states that differ: one step later, or the first of all. For a program that has ended
    /// before, its last state.
    pub after: Pair,
}

/// An interval with equal states at its begin and different ones at its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Interval {
    equal: u64,
    differs: u64,
}

/// The interval in which two lists of roots at the same steps differ first; the traces are equal at the step before
/// the first.
fn compare(before: u64, a: &[Entry], b: &[Entry]) -> Option<Interval> {
    let mut equal = before;
    for (a, b) in a.iter().zip(b) {
        if a != b {
            let differs = a.step.max(b.step);
            return Some(Interval { equal, differs });
        }
        equal = a.step;
    }
    None
}

/// Finds the first step after which two traces differ, from one step up to another; `None` if they do not.
/// First it goes ahead by `stride`, further and further, then it divides the interval until it is one step.
/// Each trace executes little more than the way to that step, or twice the way if it is far, and is asked a
/// number of times that grows with the logarithm of the way.
pub fn bisect<A: Trace, B: Trace>(
    a: &mut A,
    b: &mut B,
    from: u64,
    until: u64,
    stride: u64,
) -> Result<Option<Parting>, A::Error>
where
    A::Error: From<B::Error>,
{
    if a.root(from)? != b.root(from)? {
        let (before, a, b) = (None, a.state(from)?, b.state(from)?);
        let after = Pair { a, b };
        return Ok(Some(Parting { before, after }));
    }
    let (mut here, mut every) = (from, stride.max(1));
    let mut interval = loop {
        let to = here.saturating_add(every.saturating_mul(PARTS)).min(until);
        let (one, other) = (a.roots(here, to, every)?, b.roots(here, to, every)?);
        if let Some(interval) = compare(here, &one, &other) {
            break interval;
        }
        match one.last() {
            Some(last) if last.step < until && !last.root.exited() => here = last.step,
            _ => return Ok(None),
        }
        every = every.saturating_mul(2);
    };
    while let Interval { equal, differs } = interval
        && differs - equal > 1
    {
        let every = match differs - equal {
            near if near <= NEAR => 1,
            far => far.div_ceil(PARTS),
        };
        let (one, other) = (
            a.roots(equal, differs, every)?,
            b.roots(equal, differs, every)?,
        );
        match compare(equal, &one, &other) {
            Some(smaller) if smaller != interval => interval = smaller,
            // The trace does not give the same answer twice; what is known stays true.
            _ => break,
        }
    }
    let mut pair = |step| {
        let (a, b) = (a.state(step)?, b.state(step)?);
        Ok::<_, A::Error>(Pair { a, b })
    };
    let before = Some(pair(interval.equal)?);
    let after = pair(interval.differs)?;
    Ok(Some(Parting { before, after }))
}

/// The result of comparing two lists of checkpoints: the last step at which both have the same root, and the first
/// step after it at which they have different ones.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Narrowed {
    /// The last common checkpoint.
    pub equal: Option<u64>,
    /// The first that differs.
    pub differs: Option<u64>,
}

/// Narrows down where two traces differ by two lists, without running anything.
pub fn narrow(a: &[Entry], b: &[Entry]) -> Narrowed {
    let roots: std::collections::BTreeMap<u64, Root> =
        b.iter().map(|entry| (entry.step, entry.root)).collect();
    let mut narrowed = Narrowed::default();
    for entry in a {
        match roots.get(&entry.step) {
            Some(root) if *root == entry.root => narrowed.equal = Some(entry.step),
            Some(_) => {
                narrowed.differs = Some(entry.step);
                return narrowed;
            }
            // One program has ended before the other's checkpoint.
            None => {}
        }
    }
    narrowed
}
