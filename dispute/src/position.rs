//! Positions: the nodes of the game's binary tree, at which claims stand.
//!
//! A position is a generalised index, `2^depth + index`: the root is 1, the children of `p` are
//! `2p` and `2p + 1`. A claim at a position commits to the state after the trace's step
//! [`Position::trace_index`]: the right-most leaf below it. So a node and its right child commit to
//! the same state, and a chain of right children has a highest member, the *trace ancestor*.
//!
//! Source of the rules: upstream's `LibPosition`.

use core::fmt;
use core::ops::Deref;

use bitvec::prelude::{BitArray, BitSlice, Msb0};

use crate::side::Side;

/// A node of the game's tree, as a generalised index; never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u128);

impl Position {
    /// The position of the root claim.
    pub const ROOT: Self = Self(1);

    /// The deepest level a position of this type can reach. Games stay well above: their depth is
    /// at most 125, and a step looks one level below that.
    pub const DEEPEST: u8 = 127;

    /// The position with the generalised index `gindex`, unless that is zero.
    pub const fn from_gindex(gindex: u128) -> Option<Self> {
        if gindex == 0 {
            None
        } else {
            Some(Self(gindex))
        }
    }

    /// The node `index` places from the left at `depth`, if that level has that many nodes.
    pub fn new(depth: u8, index: u128) -> Option<Self> {
        let first = 1u128.checked_shl(depth.into())?;
        (index < first).then_some(Self(first | index))
    }

    /// The generalised index.
    pub const fn gindex(self) -> u128 {
        self.0
    }

    /// Levels below the root.
    pub const fn depth(self) -> u8 {
        // Never wraps: a u128 has at most 127 zeros before its first one.
        (127 - (self.0 | 1).leading_zeros()) as u8
    }

    /// Place within the level, from the left, from 0.
    pub const fn index(self) -> u128 {
        self.0 & !(1 << self.depth())
    }

    /// The position of an attack on a claim here: the left child.
    #[must_use]
    pub const fn attack(self) -> Self {
        Self(self.0 << 1)
    }

    /// The position of a defence of a claim here: the left child of the node to the right.
    #[must_use]
    pub const fn defend(self) -> Self {
        Self((self.0 | 1) << 1)
    }

    /// The position of a move of the kind `side` against a claim here.
    #[must_use]
    pub const fn answered(self, side: Side) -> Self {
        match side {
            Side::Attack => self.attack(),
            Side::Defend => self.defend(),
        }
    }

    /// The node above; none above the root.
    pub const fn parent(self) -> Option<Self> {
        Self::from_gindex(self.0 >> 1)
    }

    /// The neighbour to the left at the same level.
    pub fn left_neighbour(self) -> Option<Self> {
        (self.index() > 0).then(|| Self(self.0 - 1))
    }

    /// The neighbour to the right at the same level.
    pub fn right_neighbour(self) -> Option<Self> {
        let next = self.0.checked_add(1)?;
        (!next.is_power_of_two()).then_some(Self(next))
    }

    /// The right-most node at `depth` below this one; the node itself if it is not above `depth`.
    #[must_use]
    pub fn rightmost(self, depth: u8) -> Self {
        let levels = depth.min(Self::DEEPEST).saturating_sub(self.depth());
        Self((self.0 << levels) | ((1 << levels) - 1))
    }

    /// The index at `depth` of the right-most node below: the step of a trace of `2^depth` steps
    /// whose post-state a claim here commits to.
    pub fn trace_index(self, depth: u8) -> u128 {
        self.rightmost(depth).index()
    }

    /// The highest node that commits to the same state.
    #[must_use]
    pub fn trace_ancestor(self) -> Self {
        // Undo every "go right" at the end of the path. A node of the right edge would lose its
        // leading one as well: its ancestor is the root.
        Self(
            self.0
                .checked_shr(self.0.trailing_ones())
                .unwrap_or(0)
                .max(1),
        )
    }

    /// The highest node strictly below the level `bound` that commits to the same state; `None` if
    /// this node is not below `bound` itself (upstream's `ClaimAboveSplit`).
    pub fn trace_ancestor_below(self, bound: u8) -> Option<Self> {
        if self.depth() <= bound {
            return None;
        }
        let ancestor = self.trace_ancestor();
        if ancestor.depth() <= bound {
            // Only where the node commits to the last state of a subtree rooted below `bound`.
            return Some(ancestor.rightmost(bound + 1));
        }
        Some(ancestor)
    }

    /// The way down from the root, one bit a level, `true` for right.
    pub fn path(self) -> Path {
        let words = [(self.0 >> 64) as u64, self.0 as u64];
        Path {
            bits: BitArray::new(words),
            from: 128 - usize::from(self.depth()),
        }
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Position({}: {self})", self.0)
    }
}

/// `depth/path`, as in `4/LRRL`; the root is `0/`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.depth())?;
        for right in self.path().iter() {
            f.write_str(if *right { "R" } else { "L" })?;
        }
        Ok(())
    }
}

/// The bits of a [`Position`] after its leading one.
#[derive(Clone, Debug)]
pub struct Path {
    bits: BitArray<[u64; 2], Msb0>,
    from: usize,
}

impl Deref for Path {
    type Target = BitSlice<u64, Msb0>;

    fn deref(&self) -> &Self::Target {
        self.bits.get(self.from..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(gindex: u128) -> Position {
        Position::from_gindex(gindex).expect("not zero")
    }

    /// gindex, trace index at depth 3, trace ancestor, attack, defence: played on upstream's
    /// library.
    const TABLE: [(u128, u128, u128, u128, u128); 14] = [
        (2, 3, 2, 4, 6),
        (3, 7, 1, 6, 6),
        (4, 1, 4, 8, 10),
        (5, 3, 2, 10, 10),
        (6, 5, 6, 12, 14),
        (7, 7, 1, 14, 14),
        (8, 0, 8, 16, 18),
        (9, 1, 4, 18, 18),
        (10, 2, 10, 20, 22),
        (11, 3, 2, 22, 22),
        (12, 4, 12, 24, 26),
        (13, 5, 6, 26, 26),
        (14, 6, 14, 28, 30),
        (15, 7, 1, 30, 30),
    ];

    #[test]
    fn the_small_tree() {
        for (p, trace, ancestor, attack, defend) in TABLE {
            assert_eq!(at(p).trace_index(3), trace, "trace index of {p}");
            assert_eq!(at(p).trace_ancestor(), at(ancestor), "ancestor of {p}");
            assert_eq!(at(p).attack(), at(attack), "attack on {p}");
            assert_eq!(at(p).defend(), at(defend), "defence of {p}");
        }
        assert_eq!(Position::ROOT.trace_index(3), 7);
        assert_eq!(Position::ROOT.trace_ancestor(), Position::ROOT);
        assert_eq!(Position::ROOT.parent(), None);
    }

    #[test]
    fn limits() {
        let last = at(u128::MAX);
        assert_eq!(last.depth(), 127);
        assert_eq!(last.trace_ancestor(), Position::ROOT);
        assert_eq!(last.right_neighbour(), None);
        assert_eq!(at(8).left_neighbour(), None);
        assert_eq!(at(7).right_neighbour(), None);
        assert_eq!(Position::new(3, 8), None);
        assert_eq!(Position::new(128, 0), None);
        assert_eq!(Position::from_gindex(0), None);
        assert_eq!(Position::ROOT.rightmost(255), last);
        assert_eq!(at(0b1011).trace_ancestor_below(3), None);
        assert_eq!(at(0b1011).trace_ancestor_below(1), Some(at(0b101)));
    }

    #[test]
    fn shown_as_a_path() {
        assert_eq!(Position::ROOT.to_string(), "0/");
        assert_eq!(at(0b10110).to_string(), "4/LRRL");
        assert_eq!(format!("{:?}", at(6)), "Position(6: 2/RL)");
    }

    fn any_position() -> impl Strategy<Value = Position> {
        (0u8..=126, any::<u128>())
            .prop_map(|(depth, bits)| at((1 << depth) | (bits & ((1 << depth) - 1))))
    }

    proptest! {
        #[test]
        fn parts_make_the_whole(p in any_position()) {
            prop_assert_eq!(Position::new(p.depth(), p.index()), Some(p));
            let from_path = p.path().iter().fold(1u128, |g, right| (g << 1) | u128::from(*right));
            prop_assert_eq!(from_path, p.gindex());
            prop_assert_eq!(p.path().len(), usize::from(p.depth()));
        }

        /// The definition: the highest ancestor with the same right-most leaf.
        #[test]
        fn trace_ancestor_by_walking(p in any_position(), bound in 0u8..126) {
            let same = |q: &Position| q.trace_index(127) == p.trace_index(127);
            let ups = core::iter::successors(Some(p), |q| q.parent());
            let walked = ups.clone().take_while(same).last();
            prop_assert_eq!(walked, Some(p.trace_ancestor()));
            let below = ups.take_while(same).filter(|q| q.depth() > bound).last();
            prop_assert_eq!(below, p.trace_ancestor_below(bound));
        }

        #[test]
        fn answers_lie_left_or_right(p in any_position()) {
            prop_assert!(p.attack().trace_index(127) < p.trace_index(127));
            if p.gindex() % 2 == 0 {
                prop_assert_eq!(Some(p.defend()), p.right_neighbour().map(Position::attack));
                prop_assert!(p.defend().trace_index(127) > p.trace_index(127));
            }
        }
    }
}
