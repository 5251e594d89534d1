//! Why the honest player answers a claim, or does not answer it: the reason by the rule of
//! [`super::honest`], for each claim in words.

use core::fmt;

use super::Answer;
use super::honest::Reading;
use crate::claim::Side;
use crate::game::Game;

/// The part of the honest rule that applies to a claim.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// It is the proposal, and right.
    RootIsRight,
    /// It is the proposal, and wrong.
    RootIsWrong,
    /// It is the very answer that an honest player gives to the claim of this index, whoever made it.
    Honest(usize),
    /// It answers the honest claim of this index.
    AgainstHonest(usize),
    /// It answers the claim of this index as an honest player would, but with another value or
    /// further left: of uncountered answers the left-most wins.
    Rival(usize),
    /// It answers the claim of this index to the right of the honest answer, which wins before it.
    BehindHonest(usize),
    /// It answers the claim of this index, which needs no honest answer, because an honest player does not
    /// care who wins there.
    Elsewhere(usize),
}

/// Why a claim is answered, or not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Why {
    /// The part of the rule.
    pub rule: Rule,
    /// What an honest player does about it, made or not.
    pub answer: Option<Answer>,
}

impl Why {
    /// Why the claim at `index` is answered, or not answered, once it has been read.
    pub fn of(game: &Game, reading: &Reading, index: usize) -> Option<Self> {
        if !reading.is_read(index) {
            return None;
        }
        let honest = reading.is_honest(index);
        let claim = game.claim(index).ok()?;
        let rule = match claim.parent {
            None if honest => Rule::RootIsRight,
            None => Rule::RootIsWrong,
            Some(parent) if honest => Rule::Honest(parent),
            Some(parent) if reading.is_honest(parent) => Rule::AgainstHonest(parent),
            Some(parent) => match reading.answer(parent) {
                None => Rule::Elsewhere(parent),
                Some(_) if reading.harms(game, index).ok()? => Rule::Rival(parent),
                Some(_) => Rule::BehindHonest(parent),
            },
        };
        let answer = reading.answer(index).copied();
        Some(Self { rule, answer })
    }

    /// Whether it is a claim that an honest player would have made.
    pub const fn is_honest(&self) -> bool {
        matches!(self.rule, Rule::RootIsRight | Rule::Honest(_))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RootIsRight => f.write_str("The proposal is right."),
            Self::RootIsWrong => f.write_str("The proposal is wrong."),
            Self::Honest(parent) => {
                write!(
                    f,
                    "This is the honest answer to claim {parent}, whoever made it."
                )
            }
            Self::AgainstHonest(parent) => {
                write!(f, "It contradicts claim {parent}, which is honest.")
            }
            Self::Rival(parent) => write!(
                f,
                "It competes with the honest answer to claim {parent}: the left-most answer that \
                 nobody counters wins the bond, and this one lies at its place or to its left."
            ),
            Self::BehindHonest(parent) => write!(
                f,
                "It lies to the right of the honest answer to claim {parent}, which wins before it."
            ),
            Self::Elsewhere(parent) => write!(
                f,
                "It answers claim {parent}, which needs no honest answer: who wins there changes \
                 nothing for an honest player."
            ),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.rule)?;
        match (self.answer, self.rule) {
            (Some(Answer::Move(mv)), _) if mv.side == Side::Attack => {
                f.write_str("Its value is wrong, so it is attacked: the answer looks further left.")
            }
            (Some(Answer::Move(_)), _) => f.write_str(
                "Its value is right, so the error lies behind it, and it is defended: the answer \
                 looks further right.",
            ),
            (
                Some(Answer::Step {
                    side: Side::Attack, ..
                }),
                _,
            ) => f.write_str(
                "Its value is wrong and it is at the deepest level: running the one instruction \
                 before it on chain shows that.",
            ),
            (Some(Answer::Step { .. }), _) => f.write_str(
                "Its value is right and it is at the deepest level: running the one instruction \
                 after it on chain shows that what was claimed next is not.",
            ),
            (None, Rule::RootIsRight | Rule::Honest(_)) => {
                f.write_str("Honest claims are never countered.")
            }
            (None, Rule::BehindHonest(_) | Rule::Elsewhere(_)) => f.write_str("It is left alone."),
            // Only the root of the game or of an execution, which the rules let nobody defend.
            (None, _) => f.write_str(
                "Its value is right, and the root of a game or of an execution cannot be defended: \
                 it is left alone.",
            ),
        }
    }
}
