//! Everything that is known after a look, as data: `--format json` prints it, and `/status.json` serves it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::game_type::GameType;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::credits::BondMode;
use serde::{Serialize, Serializer};

use crate::metrics::stakes;
use crate::problems::{Grade, Problem, required};
use crate::survey::{Game, State, Survey, SurveyedGame};

/// What is known. Times are seconds since 1970, amounts wei in decimal digits.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The number of the chain.
    pub chain_id: u64,
    /// The factory.
    pub factory: Address,
    /// The block that was looked at.
    pub block: Block,
    /// The grade of the worst problem; none if there is no problem.
    pub grade: Option<Grade>,
    /// What is wrong, the worst first.
    pub problems: Vec<Problem>,
    /// The games, newest first.
    pub games: Vec<GameStatusLine>,
    /// The vaults.
    pub vaults: Vec<VaultLine>,
    /// The registries.
    pub registries: Vec<RegistryLine>,
    /// The rollup's nodes.
    pub nodes: Vec<NodeLine>,
    /// What honest accounts have at stake.
    pub honest_actors: Vec<StakesLine>,
}

/// A block of L1.
#[derive(Clone, Debug, Serialize)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time.
    pub time: u64,
}

/// A game in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GameStatusLine {
    /// Its number in the factory.
    pub number: u64,
    /// Its contract.
    pub game: Address,
    /// The number of its type.
    pub game_type: u32,
    /// The name of its type, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<&'static str>,
    /// When it was created.
    pub created_at: u64,
    /// `read`, `ignored`, `unjudged` or `failed`.
    pub state: &'static str,
    /// Why it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What is known of the game.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
}

/// What is known of a game that was read.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The version that the contract names.
    pub version: String,
    /// `in-progress`, `challenger-wins` or `defender-wins`.
    pub status: &'static str,
    /// How it would end: `challenger-wins` or `defender-wins`.
    pub forecast: &'static str,
    /// For how many more seconds an answer can change that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_left: Option<u64>,
    /// Whether its proposal is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agrees: Option<bool>,
    /// The proposed root.
    pub root: B256,
    /// The true root, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_root: Option<B256>,
    /// Its L2 block.
    pub block: String,
    /// How many claims it has.
    pub claims: usize,
    /// When it was resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<u64>,
    /// For how many seconds something has waited to be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue: Option<u64>,
    /// Who gets its bonds: `undecided`, `normal` or `refund`.
    pub bonds: &'static str,
    /// Wei that its vault owes for it.
    #[serde(serialize_with = "decimal")]
    pub required: u128,
    /// Whether its type counted when it was made.
    pub respected: bool,
    /// Whether the guardian has struck it off.
    pub struck_off: bool,
}

/// A vault of bonds.
#[derive(Clone, Debug, Serialize)]
pub struct VaultLine {
    /// Its contract.
    pub vault: Address,
    /// Wei that it owes for the games.
    #[serde(serialize_with = "decimal")]
    pub required: u128,
    /// Wei that it has.
    #[serde(serialize_with = "decimal")]
    pub available: U256,
}

/// A registry of anchors.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryLine {
    /// Its contract.
    pub registry: Address,
    /// The root that new games start from.
    pub root: B256,
    /// Its number in the sequence.
    pub block: String,
    /// The game that has proposed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game: Option<Address>,
    /// The number of the type of game that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respected_type: Option<u32>,
    /// Whether the guardian has paused.
    pub paused: bool,
}

/// A node of the rollup.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeLine {
    /// Its address.
    pub name: String,
    /// The block of L1 that it works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_l1: Option<u64>,
    /// Why the node does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What an honest account has at stake.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StakesLine {
    /// The account.
    pub account: Address,
    /// Its claims that are not resolved.
    pub pending_claims: u64,
    /// Its resolved claims that stand.
    pub valid_claims: u64,
    /// Its resolved claims that were countered.
    pub invalid_claims: u64,
    /// Wei in its claims that are not resolved.
    #[serde(serialize_with = "decimal")]
    pub pending: u128,
    /// Wei that it won from others.
    #[serde(serialize_with = "decimal")]
    pub won: u128,
    /// Wei in its claims that were countered.
    #[serde(serialize_with = "decimal")]
    pub lost: u128,
    /// Wei that it could unlock or be paid now.
    #[serde(serialize_with = "decimal")]
    pub withdrawable: u128,
}

/// Writes a number as decimal digits, because JavaScript's numbers are too short for it.
fn decimal<S: Serializer>(number: &impl std::fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

/// A game's status in one word.
pub const fn word(status: GameStatus) -> &'static str {
    match status {
        GameStatus::InProgress => "in-progress",
        GameStatus::ChallengerWins => "challenger-wins",
        GameStatus::DefenderWins => "defender-wins",
    }
}

impl Status {
    /// The status after a look, with its problems.
    pub fn of(survey: &Survey, problems: &[Problem]) -> Self {
        let vaults: BTreeMap<_, _> = required(survey);
        Self {
            chain_id: survey.chain_id,
            factory: survey.factory,
            block: Block {
                number: survey.block.number,
                hash: survey.block.hash,
                time: survey.block.time,
            },
            grade: problems.iter().map(|problem| problem.grade).max(),
            problems: problems.to_vec(),
            games: survey.games.iter().map(GameStatusLine::of).collect(),
            vaults: vaults
                .into_iter()
                .map(|(vault, required)| VaultLine {
                    vault,
                    required,
                    available: survey.vaults.get(&vault).copied().unwrap_or_default(),
                })
                .collect(),
            registries: survey
                .registries
                .iter()
                .map(|(registry, anchor)| RegistryLine {
                    registry: *registry,
                    root: anchor.root.root,
                    block: anchor.root.block.to_string(),
                    game: anchor.game,
                    respected_type: anchor.respected.map(|of| of.0),
                    paused: anchor.is_paused,
                })
                .collect(),
            nodes: survey
                .nodes
                .iter()
                .map(|node| NodeLine {
                    name: node.name.clone(),
                    current_l1: node.current_l1.as_ref().ok().copied(),
                    error: node.current_l1.as_ref().err().cloned(),
                })
                .collect(),
            honest_actors: stakes(survey)
                .into_iter()
                .map(|(account, stakes)| StakesLine {
                    account,
                    pending_claims: stakes.pending_claims,
                    valid_claims: stakes.valid_claims,
                    invalid_claims: stakes.invalid_claims,
                    pending: stakes.pending,
                    won: stakes.won,
                    lost: stakes.lost,
                    withdrawable: stakes.withdrawable,
                })
                .collect(),
        }
    }

    /// The exit code of `fpvm monitor --once`.
    pub fn exit_code(&self) -> u8 {
        self.grade.map_or(0, Grade::exit_code)
    }
}

impl GameStatusLine {
    fn of(game: &Game) -> Self {
        let (state, why, details) = match &game.state {
            State::Ignored => ("ignored", None, None),
            State::Unjudged(why) => ("unjudged", Some((*why).to_owned()), None),
            State::Failed(why) => ("failed", Some(why.clone()), None),
            State::Read(seen) => ("read", None, Some(Details::of(seen))),
        };
        Self {
            number: game.listed.number,
            game: game.listed.game,
            game_type: game.listed.game_type,
            type_name: GameType(game.listed.game_type).name(),
            created_at: game.listed.created_at,
            state,
            why,
            details,
        }
    }
}

impl Details {
    fn of(seen: &SurveyedGame) -> Self {
        let game = &seen.snapshot.game;
        let status = game.status();
        let is_over = status != GameStatus::InProgress;
        Self {
            version: seen.params.version.clone(),
            status: word(status),
            forecast: word(seen.forecast.status),
            time_left: seen.forecast.time_left,
            agrees: seen.agreement.map(|said| said.agrees),
            root: seen.params.proposal.root_claim,
            expected_root: seen.agreement.and_then(|said| said.expected),
            block: seen.params.proposal.l2_block.to_string(),
            claims: game.claims().len(),
            resolved_at: is_over.then(|| game.resolved_at()),
            overdue: seen.clocks.overdue,
            bonds: match game.credits().mode {
                BondMode::Undecided => "undecided",
                BondMode::Normal => "normal",
                BondMode::Refund => "refund",
            },
            required: seen.money.required,
            respected: seen.params.was_respected,
            struck_off: seen.ruling.is_struck_off(),
        }
    }
}
