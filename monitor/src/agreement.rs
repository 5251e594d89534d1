//! Whether a proposal is right, from what several nodes say: op-dispute-mon's rules.
//!
//! A node that fails, or has not read L1 as far as the game's L1 head, is left out. The others have to say the same: if
//! some have the block and others do not, or if their roots differ, the proposal counts as disagreed with. It counts as
//! right if its root is theirs and at least one of them had the block as safe as of the game's L1 head.
//! (`op-dispute-mon/mon/extract/output_agreement_enricher.go`, ethereum-optimism/optimism 4c8b17472b.)

use alloy_primitives::B256;

/// What one node says about a proposal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The node is not asked about games of this kind.
    NotAsked,
    /// The node does not answer, or its answer cannot be used, for this reason.
    Failed(String),
    /// The node has not read L1 past the game's L1 head.
    Behind,
    /// The node does not have the proposal's block.
    NotFound,
    /// The node has the block.
    Root {
        /// The node's own root of it.
        root: B256,
        /// Whether L1 up to the game's L1 head determines the block. This is asked only if the root is the proposal's,
        /// and assumed of a node that does not keep safe heads.
        is_safe: bool,
    },
}

/// What all nodes say about a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Agreement {
    /// Whether the proposal is right.
    pub agrees: bool,
    /// The true root; none where no node has a block that L1 determined in time.
    pub expected: Option<B256>,
    /// Nodes that failed.
    pub failed: usize,
    /// Nodes that are behind.
    pub behind: usize,
    /// Nodes without the block.
    pub not_found: usize,
    /// Nodes with the block.
    pub found: usize,
    /// Nodes that have the proposal's root, for a block that was safe in time.
    pub safe: usize,
    /// Nodes that have the proposal's root, for a block that was not safe in time.
    pub not_safe: usize,
    /// Whether their roots differ.
    pub roots_differ: bool,
}

impl Agreement {
    /// What nodes say about the root `claim`; none if no node could say anything.
    pub fn of(claim: B256, answers: &[Answer]) -> Option<Self> {
        let mut all = Self::default();
        let mut first = None;
        for answer in answers {
            match answer {
                Answer::NotAsked => {}
                Answer::Failed(_) => all.failed += 1,
                Answer::Behind => all.behind += 1,
                Answer::NotFound => all.not_found += 1,
                Answer::Root { root, is_safe } => {
                    all.found += 1;
                    all.roots_differ |= *first.get_or_insert(*root) != *root;
                    if *root == claim {
                        *(if *is_safe {
                            &mut all.safe
                        } else {
                            &mut all.not_safe
                        }) += 1;
                    }
                }
            }
        }
        if all.found + all.not_found == 0 {
            return None;
        }
        let is_one = all.not_found == 0 && !all.roots_differ;
        all.agrees = is_one && first == Some(claim) && all.safe > 0;
        all.expected = first.filter(|root| *root != claim || all.safe > 0 || !is_one);
        Some(all)
    }

    /// The agreement about a block that no node can have, because its number has more than 63 bits.
    pub fn impossible() -> Self {
        Self::default()
    }

    /// Whether some nodes have the block and others do not.
    pub const fn is_availability_mixed(&self) -> bool {
        self.not_found > 0 && self.found > 0
    }

    /// Whether the proposal's block was safe in time for some nodes and not for others.
    pub const fn is_safety_mixed(&self) -> bool {
        self.safe > 0 && self.not_safe > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: B256 = B256::repeat_byte(1);
    const OTHER: B256 = B256::repeat_byte(2);

    fn root(root: B256, is_safe: bool) -> Answer {
        Answer::Root { root, is_safe }
    }

    #[test]
    fn nodes_have_to_say_the_same() {
        let failed = || Answer::Failed("x".into());
        let (safe, early, other) = (root(CLAIM, true), root(CLAIM, false), root(OTHER, false));
        let none: Option<(bool, Option<B256>)> = None;
        for (answers, expected) in [
            (vec![], none),
            (vec![failed(), Answer::Behind], none),
            (vec![safe.clone()], Some((true, Some(CLAIM)))),
            (
                vec![failed(), Answer::Behind, safe.clone()],
                Some((true, Some(CLAIM))),
            ),
            (vec![safe.clone(), early.clone()], Some((true, Some(CLAIM)))),
            (vec![early.clone()], Some((false, None))),
            (vec![other.clone()], Some((false, Some(OTHER)))),
            (
                vec![Answer::NotFound, Answer::NotFound],
                Some((false, None)),
            ),
            (
                vec![safe.clone(), Answer::NotFound],
                Some((false, Some(CLAIM))),
            ),
            (
                vec![safe.clone(), other.clone()],
                Some((false, Some(CLAIM))),
            ),
            (
                vec![other.clone(), safe.clone()],
                Some((false, Some(OTHER))),
            ),
        ] {
            let found = Agreement::of(CLAIM, &answers);
            let said = found.map(|all| (all.agrees, all.expected));
            assert_eq!(said, expected, "{answers:?}");
        }
        let mixed = Agreement::of(CLAIM, &[safe.clone(), early, other]).expect("an answer");
        assert!(mixed.is_safety_mixed() && mixed.roots_differ && !mixed.is_availability_mixed());
        // A node that is behind does not tell whether there is a block.
        let behind = Agreement::of(CLAIM, &[Answer::NotFound, Answer::Behind]).expect("an answer");
        assert!(!behind.is_availability_mixed());
        let some = Agreement::of(CLAIM, &[Answer::NotFound, safe]).expect("an answer");
        assert!(some.is_availability_mixed());
    }
}
