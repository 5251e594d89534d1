//! What is rehearsed.

use std::path::PathBuf;
use std::str::FromStr;

use alloy_primitives::B256;
use fpvm_challenger::game_type::{GameType, UnknownGameType};

/// A program that is rehearsed: `TYPE[/NAME[/PRESTATE]]`, as op-challenger's `--run` has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The type of the games that are about it.
    pub game_type: GameType,
    /// What metrics and folders call it: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Which program it is.
    pub prestate: Prestate,
}

/// Which program is rehearsed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Prestate {
    /// The one that new games of the type are about, as the factory says at each rehearsal.
    OnChain,
    /// The one with this pre-state.
    Hash(B256),
    /// The one in this file.
    File(PathBuf),
}

/// A text that is no plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    /// There is no such type of game.
    #[error(transparent)]
    Type(#[from] UnknownGameType),
    /// In games of the type no program is run.
    #[error("in games of type {0} no program is run, so there is nothing to rehearse")]
    NothingRuns(GameType),
    /// The name would be none of a folder.
    #[error("{0} is no name: letters, digits and . _ - are expected")]
    Name(String),
    /// The pre-state is neither a hash nor a file.
    #[error("{0} is no pre-state: a hash (0x and 64 digits) or file:PATH is expected")]
    Prestate(String),
}

impl Plan {
    /// The program of new games of a type.
    ///
    /// # Errors
    /// If no program is run in them.
    pub fn new(game_type: GameType) -> Result<Self, PlanError> {
        if game_type.is_proven() || game_type == GameType::SUPER_PERMISSIONED {
            return Err(PlanError::NothingRuns(game_type));
        }
        Ok(Self {
            game_type,
            name: game_type.to_string(),
            prestate: Prestate::OnChain,
        })
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let mut parts = text.splitn(3, '/');
        let game_type: GameType = parts.next().unwrap_or_default().parse()?;
        let mut plan = Self::new(game_type)?;
        if let Some(name) = parts.next().filter(|name| !name.is_empty()) {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if !name.chars().all(is_plain) {
                return Err(PlanError::Name(name.to_owned()));
            }
            name.clone_into(&mut plan.name);
        }
        if let Some(prestate) = parts.next() {
            let not_one = || PlanError::Prestate(prestate.to_owned());
            plan.prestate = match prestate.strip_prefix("file:") {
                Some("") => return Err(not_one()),
                Some(path) => Prestate::File(path.into()),
                None if prestate.starts_with("0x") => {
                    Prestate::Hash(prestate.parse().map_err(|_| not_one())?)
                }
                None => return Err(not_one()),
            };
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_op_challenger_writes_it() {
        let hash = B256::repeat_byte(3);
        let plan = |number, name: &str, prestate| {
            Ok(Plan {
                game_type: GameType(number),
                name: name.into(),
                prestate,
            })
        };
        for (text, expected) in [
            ("cannon", plan(0, "cannon", Prestate::OnChain)),
            ("8", plan(8, "cannon-kona", Prestate::OnChain)),
            ("super-cannon-kona/next", plan(9, "next", Prestate::OnChain)),
            (
                &format!("cannon-kona/next/{hash}"),
                plan(8, "next", Prestate::Hash(hash)),
            ),
            (
                "cannon//file:/a/b",
                plan(0, "cannon", Prestate::File("/a/b".into())),
            ),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
        for (text, why) in [
            ("canon", "canon is no type of game"),
            ("", " is no type of game"),
            ("zk", "in games of type zk no program is run"),
            ("super-permissioned/x", "no program is run"),
            ("cannon/my name", "my name is no name"),
            ("cannon/x/0x12", "0x12 is no pre-state"),
            ("cannon/x/next.bin.gz", "next.bin.gz is no pre-state"),
            ("cannon/x/file:", "file: is no pre-state"),
            ("cannon/x/", " is no pre-state"),
        ] {
            let error = text.parse::<Plan>().expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
