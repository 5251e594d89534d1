//! What is wrong, the worst first.
//!
//! op-dispute-mon has metrics, and leaves it to alerts on them to say what is wrong. Here each problem has its game, a
//! text and a grade, so that `--once` can end with a code that says how bad it is.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use fpvm_challenger::bonds::{State as BondState, utc};
use fpvm_challenger::factory::Listed;
use fpvm_challenger::game_type::GameType;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::payment::Closing;
use fpvm_l1::ether;
use serde::Serialize;

use crate::agreement::Answer;
use crate::money::{Expectation, is_refunded};
use crate::survey::{State, Survey, SurveyedGame};

/// Seconds for which something may wait to be resolved before that is a problem.
const RESOLUTION_GRACE: u64 = 3_600;
/// Seconds for which a game may wait to be closed, or an honest account for its money.
const MONEY_GRACE: u64 = 86_400;

/// How bad a problem is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Nothing is wrong, but it is worth knowing.
    Notice,
    /// Something is late, or may go wrong if nobody acts.
    Late,
    /// It is not known what is true, or how a game stands.
    Blind,
    /// Something has gone wrong, or is about to: money or the rollup's safety is at stake.
    Wrong,
}

impl Grade {
    /// The exit code of `fpvm monitor --once` if this is the worst grade. 1 is for a look that failed.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Notice => 0,
            Self::Late => 2,
            Self::Blind => 3,
            Self::Wrong => 4,
        }
    }

    /// The grade in one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Late => "late",
            Self::Blind => "blind",
            Self::Wrong => "wrong",
        }
    }
}

/// The kind of a problem.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A wrong proposal has won, and counts once its game is final.
    WrongRootFinalising,
    /// A wrong proposal has won, and its game is final.
    WrongRootFinal,
    /// A right proposal was refuted, or a wrong one has won in a game that does not count.
    WrongResult,
    /// A game would end with the wrong winner.
    WrongForecast,
    /// The anchor is not the root that the nodes have for its block.
    WrongAnchor,
    /// A claim of an honest account was countered.
    HonestClaimLost,
    /// A vault has less ether than it owes.
    Collateral,
    /// An account has more in a game than it should have.
    CreditAbove,
    /// An account has less in a game, before it can have been paid.
    CreditBelow,
    /// An account's unlocked amount is not the amount that it is due.
    Withdrawal,
    /// A game could not be read.
    Unreadable,
    /// No node says what is true about a game.
    NoAnswer,
    /// Nodes differ about a game.
    NodesDiffer,
    /// A node does not answer.
    NodeFailed,
    /// A node has not read L1 as far as the L1 head of some games.
    NodeBehind,
    /// Something waits to be resolved.
    Unresolved,
    /// A game waits to be closed.
    Unclosed,
    /// An honest account's money waits for it.
    Unclaimed,
    /// The guardian has paused.
    Paused,
    /// The guardian has struck off the game whose proposal is the anchor.
    AnchorStruckOff,
    /// A game is struck off.
    StruckOff,
    /// Games of a type are not judged here.
    Unjudged,
}

/// Something that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// How bad it is.
    pub grade: Grade,
    /// What it is.
    pub kind: Kind,
    /// The game that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game: Option<Address>,
    /// The account, vault or registry that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Address>,
    /// Until when something can be done, in seconds since 1970, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The problem in words.
    pub words: String,
}

impl Problem {
    fn new(grade: Grade, kind: Kind, words: String) -> Self {
        Self {
            grade,
            kind,
            game: None,
            account: None,
            until: None,
            words,
        }
    }

    const fn of(mut self, game: Address) -> Self {
        self.game = Some(game);
        self
    }

    const fn about(mut self, account: Address) -> Self {
        self.account = Some(account);
        self
    }

    const fn until(mut self, until: u64) -> Self {
        self.until = Some(until);
        self
    }
}

/// All problems, the worst first, and of equally bad ones the most urgent first.
pub fn problems(survey: &Survey) -> Vec<Problem> {
    let mut all = Vec::new();
    let mut unjudged: BTreeMap<(GameType, &str), u64> = BTreeMap::new();
    for game in &survey.games {
        let Listed {
            game: address,
            game_type,
            ..
        } = game.listed;
        match &game.state {
            State::Ignored => {}
            State::Unjudged(why) => {
                *unjudged.entry((GameType(game_type), why)).or_default() += 1;
            }
            State::Failed(why) => {
                let words = format!("the game cannot be read: {why}");
                all.push(Problem::new(Grade::Blind, Kind::Unreadable, words).of(address));
            }
            State::Read(seen) => of_game(survey, seen, &mut all),
        }
    }
    for ((of, why), count) in unjudged {
        let words = format!("{count} games of type {of} are not judged: {why}");
        all.push(Problem::new(Grade::Notice, Kind::Unjudged, words));
    }
    of_vaults(survey, &mut all);
    of_registries(survey, &mut all);
    of_nodes(survey, &mut all);
    all.sort_by_key(|problem| {
        let until = problem.until.unwrap_or(u64::MAX);
        (std::cmp::Reverse(problem.grade), until, problem.kind)
    });
    all
}

fn of_game(survey: &Survey, seen: &SurveyedGame, all: &mut Vec<Problem>) {
    let (now, address) = (survey.block.time, seen.params.game);
    let mut add = |grade, kind, words| all.push(Problem::new(grade, kind, words).of(address));
    let mut later = Vec::new();
    if seen.ruling.is_struck_off() {
        add(
            Grade::Notice,
            Kind::StruckOff,
            format!("the game is {}", struck_off(seen)),
        );
    } else if let Some(agreement) = seen.agreement {
        later.extend(verdict(seen, agreement.agrees, now));
    }
    match seen.agreement {
        None => {
            let why = seen.answers.iter().find_map(|answer| match answer {
                Answer::Failed(why) => Some(why.as_str()),
                _ => None,
            });
            let why = why.unwrap_or("none has read L1 as far as the game looks");
            let words = format!("no node says whether the proposal is right: {why}");
            add(Grade::Blind, Kind::NoAnswer, words);
        }
        Some(said)
            if said.roots_differ || said.is_availability_mixed() || said.is_safety_mixed() =>
        {
            let what = match seen.params.proposal.super_root {
                Some(_) => "second",
                None => "block",
            };
            let why = match () {
                () if said.roots_differ => format!("have different roots for its {what}"),
                () if said.is_availability_mixed() => format!("have its {what}, and others do not"),
                () => format!("hold its {what} for safe in time, and others do not"),
            };
            let words = format!("nodes differ about the proposal: some {why}");
            add(Grade::Blind, Kind::NodesDiffer, words);
        }
        Some(_) => {}
    }
    if let Some(overdue) = seen.clocks.overdue.filter(|late| *late >= RESOLUTION_GRACE) {
        let words = format!("something could have been resolved {overdue} s ago");
        add(Grade::Late, Kind::Unresolved, words);
    }
    let closing = seen.snapshot.game.closing(&seen.snapshot.around);
    if let Closing::From { time, .. } = closing
        && is_to_be_closed(seen)
        && time.saturating_add(MONEY_GRACE) <= now
    {
        let words = format!(
            "the game can be closed since {}, and nobody does",
            utc(time)
        );
        add(Grade::Late, Kind::Unclosed, words);
    }
    for (account, credit) in &seen.money.credits {
        let (kind, what) = match credit.expectation() {
            Expectation::Above => (Kind::CreditAbove, "more"),
            Expectation::Below if !seen.money.is_withdrawable => (Kind::CreditBelow, "less"),
            Expectation::Below | Expectation::Expected => continue,
        };
        let [has, due] = [credit.actual, credit.expected].map(|wei| ether(U256::from(wei)));
        let words =
            format!("{account} has {has} in the game, {what} than the {due} it should have");
        later.push(Problem::new(Grade::Wrong, kind, words).about(*account));
    }
    for account in &seen.money.divergent {
        let unlocked = seen
            .withdrawals
            .get(account)
            .map_or(0, |found| found.amount);
        let due = seen.snapshot.game.credit(*account);
        let [has, due] = [unlocked, due].map(|wei| ether(U256::from(wei)));
        let words = format!("{account} has {has} unlocked in the vault, and is due {due}");
        later.push(Problem::new(Grade::Wrong, Kind::Withdrawal, words).about(*account));
    }
    for account in &survey.honest {
        later.extend(of_honest(seen, *account, now));
    }
    all.extend(later.into_iter().map(|problem| problem.of(address)));
}

/// Whether somebody should close the game once that can be done. A game that is won at its creation has nothing to
/// close, but should become the anchor if its proposal is right, counts and is newer.
fn is_to_be_closed(seen: &SurveyedGame) -> bool {
    let is_right = seen.agreement.is_some_and(|said| said.agrees);
    let is_newer = seen.params.proposal.l2_block > seen.snapshot.anchor.block;
    let becomes_anchor = is_right && is_newer && seen.params.was_respected;
    !seen.params.is_won_at_creation() || becomes_anchor && !seen.ruling.is_struck_off()
}

/// Why a game does not count, in words.
fn struck_off(seen: &SurveyedGame) -> &'static str {
    match () {
        () if seen.ruling.is_blacklisted => "blacklisted by the guardian",
        () if seen.ruling.is_retired => "retired by the guardian, with all of its age",
        () => "not the factory's",
    }
}

/// Whether a game ends as it should.
fn verdict(seen: &SurveyedGame, agrees: bool, now: u64) -> Option<Problem> {
    let game = &seen.snapshot.game;
    let right = if agrees {
        GameStatus::DefenderWins
    } else {
        GameStatus::ChallengerWins
    };
    let found = seen.forecast.status;
    if found == right {
        return None;
    }
    let proposal = if agrees { "right" } else { "wrong" };
    if game.status() == GameStatus::InProgress {
        let left = seen.forecast.time_left.unwrap_or(0);
        // Whoever defends the truth answers within its own time, of which half is plenty.
        let grade = if left > game.rules().max_clock_duration() / 2 {
            Grade::Late
        } else {
            Grade::Wrong
        };
        let side = if agrees { "refuted" } else { "confirmed" };
        let until = now.saturating_add(left);
        let words = if left == 0 {
            format!("a {proposal} proposal will be {side}, and it is too late to answer")
        } else {
            format!(
                "a {proposal} proposal would be {side}; it can be turned until {}",
                utc(until)
            )
        };
        return Some(Problem::new(grade, Kind::WrongForecast, words).until(until));
    }
    if agrees || !game.was_respected() {
        let words = if agrees {
            "a right proposal was refuted".into()
        } else {
            "a wrong proposal has won; its type did not count when it was made".into()
        };
        return Some(Problem::new(Grade::Wrong, Kind::WrongResult, words));
    }
    Some(match game.closing(&seen.snapshot.around) {
        Closing::From { time, .. } if time > now => {
            let words = format!(
                "a wrong proposal has won, and counts from {} on unless the guardian strikes it off",
                utc(time)
            );
            Problem::new(Grade::Wrong, Kind::WrongRootFinalising, words).until(time)
        }
        _ => {
            let words = "a wrong proposal has won, and counts".into();
            Problem::new(Grade::Wrong, Kind::WrongRootFinal, words)
        }
    })
}

/// What an honest account has lost in a game, or has not claimed although it could.
fn of_honest(seen: &SurveyedGame, account: Address, now: u64) -> Vec<Problem> {
    let game = &seen.snapshot.game;
    let mut all = Vec::new();
    for (index, claim) in game.claims().iter().enumerate() {
        let resolved = game.subgame(index).is_some_and(|subgame| subgame.resolved);
        let lost = resolved && claim.claimant == account && !is_refunded(game);
        if let Some(winner) = claim.countered_by.filter(|_| lost) {
            let wei = ether(U256::from(claim.bond));
            let words =
                format!("claim {index} of {account} was countered, and its {wei} went to {winner}");
            all.push(Problem::new(Grade::Wrong, Kind::HonestClaimLost, words).about(account));
        }
    }
    if !seen.snapshot.players().contains(&account) {
        return all;
    }
    let bonds = seen.snapshot.bonds(account);
    // Money that waits for the game to be closed is the game's problem, not the account's.
    let is_closed = !matches!(game.closing(&seen.snapshot.around), Closing::From { .. });
    let is_late = bonds
        .next
        .is_some_and(|next| next.saturating_add(MONEY_GRACE) <= now);
    if is_late && is_closed && bonds.wei > 0 {
        let state = BondState::of(&seen.params, &seen.snapshot, account);
        let but = state
            .hindrance
            .map_or(String::new(), |why| format!(", but {why}"));
        let words = format!("{account} {}{but}", state.words);
        all.push(Problem::new(Grade::Late, Kind::Unclaimed, words).about(account));
    }
    all
}

fn of_vaults(survey: &Survey, all: &mut Vec<Problem>) {
    for (vault, required) in required(survey) {
        let available = survey.vaults.get(&vault).copied().unwrap_or_default();
        if U256::from(required) > available {
            let (required, available) = (ether(U256::from(required)), ether(available));
            let words =
                format!("the vault {vault} has {available}, and owes {required} for these games");
            all.push(Problem::new(Grade::Wrong, Kind::Collateral, words).about(vault));
        }
    }
}

/// By vault, the wei that it owes for the games that were read.
pub fn required(survey: &Survey) -> BTreeMap<Address, u128> {
    let mut all = BTreeMap::<_, u128>::new();
    let with_vault = survey
        .seen()
        .filter(|(_, seen)| !seen.params.vault.is_zero());
    for (_, seen) in with_vault {
        let sum = all.entry(seen.params.vault).or_default();
        *sum = sum.saturating_add(seen.money.required);
    }
    all
}

fn of_registries(survey: &Survey, all: &mut Vec<Problem>) {
    for (registry, anchor) in &survey.registries {
        let mut add = |grade, kind, words| {
            all.push(Problem::new(grade, kind, words).about(*registry));
        };
        if anchor.is_paused {
            let words = "the guardian has paused: nothing is closed or paid".into();
            add(Grade::Late, Kind::Paused, words);
        }
        if anchor.is_struck_off {
            let words = "the anchor is of a game that the guardian has struck off since".into();
            add(Grade::Late, Kind::AnchorStruckOff, words);
        }
        if anchor.expected.is_some_and(|root| root != anchor.root.root) {
            let words = format!(
                "the anchor is not what the nodes have for {} {}: new games start from a wrong root",
                if anchor.is_super {
                    "timestamp"
                } else {
                    "block"
                },
                anchor.root.block
            );
            add(Grade::Wrong, Kind::WrongAnchor, words);
        }
    }
}

fn of_nodes(survey: &Survey, all: &mut Vec<Problem>) {
    for (place, node) in survey.nodes.iter().enumerate() {
        let behind = survey
            .seen()
            .filter(|(_, seen)| matches!(seen.answers.get(place), Some(Answer::Behind)));
        match (&node.current_l1, behind.count()) {
            (Err(why), _) => {
                let words = format!("{} does not answer: {why}", node.name);
                all.push(Problem::new(Grade::Blind, Kind::NodeFailed, words));
            }
            (Ok(_), 0) => {}
            (Ok(current), count) => {
                let words = format!(
                    "{} works on L1 block {current}, and {count} games look further",
                    node.name
                );
                all.push(Problem::new(Grade::Blind, Kind::NodeBehind, words));
            }
        }
    }
}
