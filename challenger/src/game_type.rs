//! Types of games, by the names that op-challenger has for them.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A type of game: the number that the factory has for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GameType(pub u32);

/// Numbers and names, of upstream's `GameTypes` and op-challenger's `--game-types`.
const NAMES: [(u32, &str); 14] = [
    (0, "cannon"),
    (1, "permissioned"),
    (2, "asterisc"),
    (3, "asterisc-kona"),
    (4, "super-cannon"),
    (5, "super-permissioned"),
    (6, "op-succinct"),
    (7, "super-asterisc-kona"),
    (8, "cannon-kona"),
    (9, "super-cannon-kona"),
    (10, "zk"),
    (254, "fast"),
    (255, "alphabet"),
    (1337, "kailua"),
];

impl GameType {
    /// Games about Cannon and op-program that anybody may play.
    pub const CANNON: Self = Self(0);
    /// Games that one proposer and one challenger play.
    pub const PERMISSIONED: Self = Self(1);
    /// Permissioned super games, which are won at their creation.
    pub const SUPER_PERMISSIONED: Self = Self(5);
    /// Games about Cannon and kona.
    pub const CANNON_KONA: Self = Self(8);
    /// Super games about Cannon and kona.
    pub const SUPER_CANNON_KONA: Self = Self(9);

    /// Whether its games are about super roots, so that their numbers are timestamps and not block numbers.
    pub const fn is_super(self) -> bool {
        matches!(self.0, 4 | 5 | 7 | 9)
    }

    /// Whether its games are decided by proofs of whole executions, and not by bisection: of those there is neither a
    /// contract nor a player here.
    pub const fn is_proven(self) -> bool {
        matches!(self.0, 6 | 10 | 1337)
    }

    /// Its name, where it has one.
    pub fn name(self) -> Option<&'static str> {
        let named = NAMES.iter().find(|(number, _)| *number == self.0);
        named.map(|(_, name)| *name)
    }

    /// All that have a name, in the order of their numbers.
    pub fn named() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(number, _)| Self(*number))
    }
}

impl From<u32> for GameType {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

/// The name, or the number of a type without a name.
impl fmt::Display for GameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&self.0.to_string()),
        }
    }
}

/// As [`fmt::Display`].
impl Serialize for GameType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that is neither the name nor the number of a type of game.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text} is no type of game: a number, or one of {}", names())]
pub struct UnknownGameType {
    /// What was given.
    pub text: String,
}

fn names() -> String {
    NAMES.map(|(_, name)| name).join(", ")
}

impl FromStr for GameType {
    type Err = UnknownGameType;

    fn from_str(text: &str) -> Result<Self, UnknownGameType> {
        let named = NAMES.iter().find(|(_, name)| *name == text);
        let number = named.map(|(number, _)| *number);
        let number = number.or_else(|| text.parse().ok());
        number.map(Self).ok_or_else(|| UnknownGameType {
            text: text.to_owned(),
        })
    }
}

/// Values for games of one type, or of all types. Where only one value is used, the first for the type counts.
#[derive(Clone, Debug)]
pub struct ByType<T>(Vec<(Option<GameType>, T)>);

impl<T> ByType<T> {
    /// Has a value for a type, or for all.
    pub fn add(&mut self, game_type: Option<GameType>, value: T) {
        self.0.push((game_type, value));
    }

    /// The values for a type: its own first, then those for all types; without a type only the latter. Permissioned
    /// games have Cannon's between the two, as in op-challenger.
    pub fn of(&self, game_type: impl Into<Option<GameType>>) -> impl Iterator<Item = &T> {
        let game_type = game_type.into();
        let as_cannon = (game_type == Some(GameType::PERMISSIONED)).then_some(GameType::CANNON);
        let own = self
            .0
            .iter()
            .filter(move |(of, _)| of.is_some() && *of == game_type);
        let cannons = self
            .0
            .iter()
            .filter(move |(of, _)| of.is_some() && *of == as_cannon);
        let all = self.0.iter().filter(|(of, _)| of.is_none());
        own.chain(cannons).chain(all).map(|(_, value)| value)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(Option<GameType>, T)> {
        self.0.iter()
    }
}

impl<T> Default for ByType<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(Option<GameType>, T)> for ByType<T> {
    fn from_iter<I: IntoIterator<Item = (Option<GameType>, T)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_the_same_types() {
        for game_type in GameType::named() {
            let (name, number) = (game_type.to_string(), game_type.0.to_string());
            assert_eq!(
                (name.parse(), number.parse()),
                (Ok(game_type), Ok(game_type))
            );
            assert_ne!(name, number);
        }
        assert_eq!(GameType(8).to_string(), "cannon-kona");
        assert_eq!(GameType(77).to_string(), "77");
        assert_eq!("77".parse(), Ok(GameType(77)));
        let error = "canon"
            .parse::<GameType>()
            .expect_err("unknown")
            .to_string();
        assert!(error.starts_with("canon is no type of game: a number, or one of cannon, "));
        for unknown in ["", "-1", "4294967296", "Cannon"] {
            assert!(unknown.parse::<GameType>().is_err(), "{unknown}");
        }
    }

    #[test]
    fn a_type_has_its_own_values_first() {
        let values = [
            (None, 1),
            (Some(GameType(8)), 2),
            (None, 3),
            (Some(GameType(0)), 4),
        ];
        let values: ByType<i32> = values.into_iter().collect();
        let of = |number| values.of(GameType(number)).copied().collect::<Vec<_>>();
        assert_eq!(
            (of(8), of(0), of(2)),
            (vec![2, 1, 3], vec![4, 1, 3], vec![1, 3])
        );
        assert_eq!(of(1), [4, 1, 3], "as Cannon's");
        assert_eq!(values.of(None).copied().collect::<Vec<_>>(), [1, 3]);
    }
}
