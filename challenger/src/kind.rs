//! The kinds of things that a player does.

/// What kind of thing is done, for counting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A claim.
    Move,
    /// An instruction against a claim.
    Step,
    /// Something that a step reads.
    Load,
    /// The proposal's L2 block number is contested.
    Challenge,
    /// Somebody's large pre-image is contested.
    Accuse,
    /// A claim or the game is resolved.
    Resolve,
    /// A game is closed: from 1.4 on who gets the bonds is decided then, and the anchor moves.
    Close,
    /// The proposal of a game that was won at its creation becomes the anchor.
    Anchor,
    /// A credit is unlocked, which closes the game where that has still to be done.
    Unlock,
    /// A credit is paid.
    Pay,
    /// The base fee is sampled.
    Sample,
}
