//! The kinds of transactions of a player.

/// The kind of a transaction, for counting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A claim.
    Move,
    /// A step against a claim.
    Step,
    /// A pre-image that a step reads is loaded.
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
    /// A credit is unlocked, which closes the game if it is not closed yet.
    Unlock,
    /// A credit is paid.
    Pay,
    /// The base fee is sampled.
    Sample,
}
