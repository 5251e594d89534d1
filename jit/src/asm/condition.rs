//! Conditions that jumps, moves and `setcc` depend on.

use core::ops::Not;

/// A condition on the flags, by its code in encodings. After a comparison of `a` with `b`, `Below` and `Above`
/// compare unsigned numbers, `Less` compares signed ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Condition {
    Below = 2,
    NotBelow = 3,
    Equal = 4,
    NotEqual = 5,
    NotAbove = 6,
    Above = 7,
    Negative = 8,
    NotNegative = 9,
    Less = 12,
    NotLess = 13,
}

impl Condition {
    /// This condition, or its negation.
    pub(crate) fn negated_if(self, negated: bool) -> Self {
        if negated { !self } else { self }
    }
}

impl Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Below => Self::NotBelow,
            Self::NotBelow => Self::Below,
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::NotAbove => Self::Above,
            Self::Above => Self::NotAbove,
            Self::Negative => Self::NotNegative,
            Self::NotNegative => Self::Negative,
            Self::Less => Self::NotLess,
            Self::NotLess => Self::Less,
        }
    }
}
