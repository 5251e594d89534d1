//! The two ways to answer a claim.

/// How a claim is answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// "It is wrong": the answer lies to its left.
    Attack,
    /// "It is right, what follows from it is wrong": the answer lies to its right.
    Defend,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Attack, Self::Defend];
}
