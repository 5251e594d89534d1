//! Where two traces part: the first step whose states differ.

use crate::manifest::Entry;
use crate::{Machine, Root};
use fpvm_core::frozen::Snapshot;

/// Two states, one of each trace.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Of the first trace.
    pub a: Snapshot,
    /// Of the second.
    pub b: Snapshot,
}

/// Where two traces part.
#[derive(Clone, Debug)]
pub struct Parting {
    /// The last states that are equal; `None` where the first already differ.
    pub before: Option<Snapshot>,
    /// The first that differ: one step later, or the first of all.
    pub after: Pair,
    /// Steps that the first machine executed to find it.
    pub executed: u64,
}

/// What two lists of checkpoints tell: the last step at which both have the same root, and the first
/// after it at which they have different ones.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Narrowed {
    /// The last common checkpoint.
    pub equal: Option<u64>,
    /// The first that differs.
    pub differs: Option<u64>,
}

/// Narrows a parting down by two lists, without running anything.
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

/// Finds where two traces part, from where both machines are (the same step) up to `until`; `None`
/// where they do not. First looks at every `stride`-th step, then halves the interval: each machine
/// executes the way to the parting once, and at most two strides more.
///
/// Equal machines in equal states stay equal, so where the second is another program than the first
/// the states found are still the first pair that differs among those looked at, with equal ones
/// just before.
pub fn bisect<A: Machine, B: Machine<Error = A::Error>>(
    a: &mut A,
    b: &mut B,
    until: u64,
    stride: u64,
) -> Result<Option<Parting>, A::Error> {
    let mut executed = 0;
    let mut equal = Pair {
        a: a.freeze()?,
        b: b.freeze()?,
    };
    if differ(&equal) {
        return Ok(Some(Parting {
            before: None,
            after: equal,
            executed,
        }));
    }
    let mut run = |a: &mut A, b: &mut B, step: u64| {
        let from = a.step();
        a.run(step)?;
        executed += a.step().saturating_sub(from);
        b.run(step)?;
        let (a, b) = (a.freeze()?, b.freeze()?);
        Ok(Pair { a, b })
    };
    let mut differing = loop {
        let here = equal.a.step();
        if here >= until || equal.a.exited() {
            return Ok(None);
        }
        let pair = run(a, b, here.saturating_add(stride.max(1)).min(until))?;
        if differ(&pair) {
            break pair;
        }
        equal = pair;
    };
    loop {
        let (low, high) = (equal.a.step(), differing.a.step().max(differing.b.step()));
        if high <= low + 1 {
            break;
        }
        a.restore(&equal.a)?;
        b.restore(&equal.b)?;
        let pair = run(a, b, low + (high - low) / 2)?;
        if differ(&pair) {
            differing = pair;
        } else {
            equal = pair;
        }
    }
    Ok(Some(Parting {
        before: Some(equal.a),
        after: differing,
        executed,
    }))
}

/// Whether two states have different roots; pages that both share are not looked at.
fn differ(pair: &Pair) -> bool {
    pair.a.root() != pair.b.root()
}
