//! How two runs of the same execution differ.

use std::collections::BTreeMap;
use std::fmt;

use fpvm_checkpoints::Root;
use fpvm_checkpoints::manifest::Entry;

use crate::workers::Run;

/// What one of two has where they differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Side {
    /// A state.
    Root(Root),
    /// A proof of the step, by the keccak256 hash of all that would be sent.
    Proof(Root),
    /// No state: a step faults before.
    Fault(String),
    /// No state: it has ended before.
    Ended,
    /// No answer.
    Failed(String),
}

/// Where two runs differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The last step at which both are known to have the same state; that before the first is the same for all.
    pub equal: u64,
    /// The first step at which they are known to differ.
    pub differs: u64,
    /// What the first and the second have there.
    pub sides: [Side; 2],
}

impl Difference {
    /// Where two runs differ, at the steps of which the second has the roots; `None` where they do not.
    pub(super) fn between(first: &Run, second: &Run) -> Option<Self> {
        let roots: BTreeMap<u64, Root> = first.roots.iter().map(|at| (at.step, at.root)).collect();
        let mut equal = 0;
        for at in &second.roots {
            match roots.get(&at.step) {
                Some(root) if *root == at.root => equal = at.step,
                root => {
                    let missing = || first.end(at.step);
                    let one = root.map_or_else(missing, |root| Side::Root(*root));
                    return Some(Self {
                        equal,
                        differs: at.step,
                        sides: [one, Side::Root(at.root)],
                    });
                }
            }
        }
        // What each says of the fault is its own affair.
        if first.fault.is_some() == second.fault.is_some() {
            return None;
        }
        let next = first.roots.iter().find(|at| at.step > equal);
        let differs = next.map_or(u64::MAX, |at| at.step);
        let one = next.map_or_else(|| first.end(differs), |at| Side::Root(at.root));
        Some(Self {
            equal,
            differs,
            sides: [one, second.end(differs)],
        })
    }

    /// Where two runs differ that have not ended yet, by their roots at the same steps.
    pub(super) fn so_far(first: &[Entry], second: &[Entry]) -> Option<Self> {
        let mut equal = 0;
        for (one, other) in first.iter().zip(second) {
            if one == other {
                equal = one.step;
                continue;
            }
            let differs = one.step.min(other.step);
            let side = |at: &Entry| {
                if at.step == differs {
                    Side::Root(at.root)
                } else {
                    Side::Failed("it has not ended there".into())
                }
            };
            return Some(Self {
                equal,
                differs,
                sides: [side(one), side(other)],
            });
        }
        None
    }

    /// That two answers about the state after `step` steps differ, where all is equal that two runs have in common before.
    pub(super) fn at(common: &Run, step: u128, sides: [Side; 2]) -> Self {
        let step = crate::vms::whole(step);
        let end = common.roots.last().filter(|at| at.root.exited());
        let differs = end.map_or(step, |end| step.min(end.step));
        let before = common.roots.iter().rev().find(|at| at.step < differs);
        Self {
            equal: before.map_or(0, |at| at.step),
            differs,
            sides,
        }
    }
}

impl Run {
    /// What it has at a step that it has no root of.
    fn end(&self, step: u64) -> Side {
        match (&self.fault, self.roots.last()) {
            (Some(fault), _) => Side::Fault(fault.clone()),
            (None, Some(last)) if last.step < step && last.root.exited() => Side::Ended,
            (None, _) => Side::Failed("it has not come there".into()),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(root) => write!(f, "state {root}"),
            Self::Proof(hash) => write!(f, "a proof with hash {hash}"),
            Self::Fault(fault) => write!(f, "no state: {fault}"),
            Self::Ended => f.write_str("no state: it has ended before"),
            Self::Failed(why) => write!(f, "no answer: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run with these roots, each by its step and first two bytes: status, and what it is.
    fn run(roots: &[(u64, [u8; 2])], fault: Option<&str>) -> Run {
        let roots = roots.iter().map(|(step, begin)| {
            let mut root = [0; 32];
            root[..2].copy_from_slice(begin);
            Entry {
                step: *step,
                root: Root(root),
            }
        });
        Run {
            roots: roots.collect(),
            fault: fault.map(str::to_owned),
        }
    }

    #[test]
    fn equal_runs_do_not_differ() {
        let one = run(&[(10, [3, 1]), (20, [3, 2]), (25, [0, 3])], None);
        assert_eq!(Difference::between(&one, &one), None);
        let fewer = run(&[(20, [3, 2]), (25, [0, 3])], None);
        assert_eq!(Difference::between(&one, &fewer), None);
        let faults = [
            run(&[(10, [3, 1])], Some("a")),
            run(&[(10, [3, 1])], Some("b")),
        ];
        assert_eq!(Difference::between(&faults[0], &faults[1]), None);
    }

    #[test]
    fn the_first_difference_is_found() {
        let one = run(&[(10, [3, 1]), (20, [3, 2]), (25, [0, 3])], None);
        let cases = [
            (
                run(&[(10, [3, 1]), (20, [3, 9]), (25, [0, 9])], None),
                (10, 20),
            ),
            (
                run(&[(10, [3, 1]), (20, [3, 2]), (26, [0, 3])], None),
                (20, 26),
            ),
            (run(&[(10, [3, 1]), (15, [0, 3])], None), (10, 15)),
            (
                run(&[(10, [3, 1]), (20, [3, 2]), (30, [3, 3])], None),
                (20, 30),
            ),
            (run(&[(10, [3, 1])], Some("trap")), (10, 20)),
            (run(&[], Some("trap")), (0, 10)),
            (run(&[(10, [3, 1]), (20, [3, 2])], Some("trap")), (20, 25)),
        ];
        for (other, (equal, differs)) in cases {
            let found = Difference::between(&one, &other).expect("they differ");
            assert_eq!((found.equal, found.differs), (equal, differs), "{found:?}");
            assert_ne!(found.sides[0], found.sides[1]);
        }
    }

    #[test]
    fn runs_that_go_on_differ_as_soon_as_they_do() {
        let roots = |all: &[(u64, [u8; 2])]| run(all, None).roots;
        let one = roots(&[(10, [3, 1]), (20, [3, 2])]);
        assert_eq!(Difference::so_far(&one, &one[..1]), None);
        assert_eq!(Difference::so_far(&one, &[]), None);
        let wrong = roots(&[(10, [3, 1]), (20, [3, 9])]);
        let found = Difference::so_far(&one, &wrong).expect("they differ");
        assert_eq!((found.equal, found.differs), (10, 20));
        // One goes on where the other has ended.
        let ended = roots(&[(10, [3, 1]), (15, [0, 2])]);
        let found = Difference::so_far(&one, &ended).expect("they differ");
        assert_eq!((found.equal, found.differs), (10, 15));
        assert_eq!(found.sides[1], Side::Root(ended[1].root));
    }

    #[test]
    fn a_fault_that_only_the_first_has_is_one() {
        let whole = run(&[(10, [3, 1]), (20, [3, 2]), (25, [0, 3])], None);
        let faults = run(&[(10, [3, 1])], Some("trap"));
        let found = Difference::between(&faults, &whole).expect("they differ");
        assert_eq!((found.equal, found.differs), (10, 20));
        assert_eq!(found.sides[0], Side::Fault("trap".into()));
    }

    #[test]
    fn an_answer_lies_after_the_last_common_state() {
        let common = run(&[(10, [3, 1]), (20, [3, 2]), (25, [0, 3])], None);
        let at = |step| {
            let found = Difference::at(&common, step, [Side::Ended, Side::Ended]);
            (found.equal, found.differs)
        };
        assert_eq!(at(5), (0, 5));
        assert_eq!(at(20), (10, 20));
        assert_eq!(at(21), (20, 21));
        assert_eq!(at(1 << 100), (20, 25));
    }
}
