//! Versions of the game: one game with a few rules that changed, each of which has a name here.
//!
//! A version stands for the whole release that it came with: the factory, the registry and the vault
//! around it changed at the same times. Numbers are those of upstream's `FaultDisputeGame`; its
//! `PermissionedDisputeGame` of the same release has the same major and minor number.
//!
//! The games about super roots, of the release op-contracts v8, have version numbers of their own:
//! `SuperFaultDisputeGame` and `SuperPermissionedDisputeGame`. Source: ethereum-optimism/optimism 4c8b17472b.

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
    /// `SuperFaultDisputeGame` 0.8.0, op-contracts v8, September 2026: about super roots.
    Super0_8,
    /// `SuperPermissionedDisputeGame` 1.0.0, of the same release: the proposal of one account, without bonds or
    /// claims, which is won when it is made.
    SuperPermissioned1_0,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 8] = [
        Self::V1_3,
        Self::V1_4,
        Self::V1_7,
        Self::V1_8,
        Self::V2_2,
        Self::V2_4,
        Self::Super0_8,
        Self::SuperPermissioned1_0,
    ];

    /// The version of a `FaultDisputeGame` that answers `text` when asked for it: what comes after the
    /// second point says nothing about rules. None for one that is not known here.
    pub fn parse(text: &str) -> Option<Self> {
        Self::find(text, |version| !version.is_super())
    }

    /// The version of a super game that answers `text`: of the permissioned game (type 5), or of a game that all may
    /// play (types 4, 7 and 9). The type comes first, because the numbers say nothing without it; upstream's challenger
    /// asks in the same order (`op-challenger/game/fault/contracts/detect.go`). None for an unknown version: 0.7 of
    /// type 5 is another game, and 0.7.2 of the others equals 0.8.0 except for the number.
    pub fn parse_super(game_type: u32, text: &str) -> Option<Self> {
        match game_type {
            5 => Self::find(text, |version| *version == Self::SuperPermissioned1_0),
            4 | 7 | 9 if text == "0.7.2" => Some(Self::Super0_8),
            4 | 7 | 9 => Self::find(text, |version| *version == Self::Super0_8),
            _ => None,
        }
    }

    fn find(text: &str, is_meant: impl Fn(&Self) -> bool) -> Option<Self> {
        let mut parts = text.split('.');
        let (major, minor) = (parts.next()?, parts.next()?);
        let minor_of = |version: &Self| {
            let mut parts = version.number().split('.');
            parts.next() == Some(major) && parts.next() == Some(minor)
        };
        let mut all = Self::ALL.into_iter();
        all.find(|version| is_meant(version) && minor_of(version))
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
            Self::Super0_8 => "0.8.0",
            Self::SuperPermissioned1_0 => "1.0.0",
        }
    }

    /// Claims are about super roots: states of several chains. The game's number in a sequence is a timestamp.
    pub const fn is_super(self) -> bool {
        matches!(self, Self::Super0_8 | Self::SuperPermissioned1_0)
    }

    /// There is nothing to play: no claims, no bonds, no money. The game is won when it is made.
    pub const fn is_won_at_creation(self) -> bool {
        matches!(self, Self::SuperPermissioned1_0)
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
    /// its games' addresses follow from their parameters (CREATE2). Earlier factories look last, and
    /// take addresses in turn.
    pub fn creates_by_salt(self) -> bool {
        self >= Self::V2_4
    }

    /// `hold` takes the amount for the vault's owner at once. In 2024 it only allowed the owner to take it.
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
            let number = version.number();
            let (plain, of_a_proposer, of_all) = (
                Version::parse(number),
                Version::parse_super(5, number),
                Version::parse_super(9, number),
            );
            let found = match version {
                Version::SuperPermissioned1_0 => (None, Some(version), None),
                Version::Super0_8 => (None, None, Some(version)),
                _ => (Some(version), None, None),
            };
            assert_eq!((plain, of_a_proposer, of_all), found, "{number}");
        }
        let super_game = Some(Version::Super0_8);
        assert_eq!(Version::parse_super(9, "0.7.2"), super_game);
        assert_eq!(Version::parse_super(4, "0.8.1-beta"), super_game);
        for (game_type, number) in [(5, "0.7.2"), (9, "0.7.1"), (8, "0.8.0"), (9, ""), (5, "1")] {
            assert_eq!(Version::parse_super(game_type, number), None);
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
