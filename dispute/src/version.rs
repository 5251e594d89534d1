//! Versions of the game: one game with a few rules that changed, each told here by name.
//!
//! A version stands for the whole release that it came with: the factory, the registry and the vault
//! around it changed at the same times. Numbers are those of upstream's `FaultDisputeGame`; its
//! `PermissionedDisputeGame` of the same release has the same major and minor number.

use core::fmt;

/// A version of the game, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Version {
    /// 1.3.1, op-contracts v1.8, October 2024: pays at resolution.
    #[default]
    V1_3,
    /// 1.4.1, op-contracts v2 and v3, February 2025: closes, and pays in two steps.
    V1_4,
    /// 1.7.0, op-contracts v4, mid 2025: a pause stops closing.
    V1_7,
    /// 1.8.0, op-contracts v5, late 2025.
    V1_8,
    /// 2.2.0, op-contracts v6, early 2026: prestate, VM, registry, vault and chain are arguments.
    V2_2,
    /// 2.4.2 (permissioned: 2.4.0), op-contracts v7, June 2026.
    V2_4,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 6] = [
        Self::V1_3,
        Self::V1_4,
        Self::V1_7,
        Self::V1_8,
        Self::V2_2,
        Self::V2_4,
    ];

    /// The version of a game's contract that answers `text` when asked for it: what comes after the
    /// second point says nothing about rules. None for one that is not known here.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (major, minor) = (parts.next()?, parts.next()?);
        let minor_of = |version: &Self| {
            let mut parts = version.number().split('.');
            parts.next() == Some(major) && parts.next() == Some(minor)
        };
        Self::ALL.into_iter().find(minor_of)
    }

    /// What upstream's contract of the game answers when asked for its version.
    pub const fn number(self) -> &'static str {
        match self {
            Self::V1_3 => "1.3.1",
            Self::V1_4 => "1.4.1",
            Self::V1_7 => "1.7.0",
            Self::V1_8 => "1.8.0",
            Self::V2_2 => "2.2.0",
            Self::V2_4 => "2.4.2",
        }
    }

    /// Bonds are unlocked, and the anchor is moved, when claims and game are resolved. Later games are
    /// closed first, after the registry's delay.
    pub const fn pays_at_resolution(self) -> bool {
        matches!(self, Self::V1_3)
    }

    /// A game cannot be closed in a pause, and is not proper in one.
    pub fn is_stopped_by_pause(self) -> bool {
        self >= Self::V1_7
    }

    /// Prestate, VM, registry, vault, chain and roles come with the game and not with the
    /// implementation: in the clone's data, behind type and proposal.
    pub fn has_arguments(self) -> bool {
        self >= Self::V2_2
    }

    /// A proposal's block number has 64 bits at most.
    pub fn bounds_block_number(self) -> bool {
        self >= Self::V2_4
    }

    /// The factory of this release looks for a game about the same proposal before it makes one, and
    /// its games' addresses follow from what they are made of (CREATE2). Earlier ones look last, and
    /// take addresses in turn.
    pub fn creates_by_salt(self) -> bool {
        self >= Self::V2_4
    }

    /// The vault's owner takes what it holds at once. In 2024 it was only allowed to.
    pub fn holds_at_once(self) -> bool {
        self >= Self::V1_4
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for version in Version::ALL {
            assert_eq!(Version::parse(version.number()), Some(version));
        }
        // The permissioned game's.
        assert_eq!(Version::parse("2.4.0"), Some(Version::V2_4));
        assert_eq!(Version::parse("1.3.1-beta.2"), Some(Version::V1_3));
        for unknown in ["", "1", "1.", "1.2.0", "1.30.0", "0.8.0", "2.9.0", "x.y"] {
            assert_eq!(Version::parse(unknown), None, "{unknown}");
        }
        assert!(Version::ALL.is_sorted());
    }
}
