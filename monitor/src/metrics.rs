//! Metrics for Prometheus: those of op-dispute-mon under its names, with its values where they are right, and this
//! program's own beside them under `fpvm_monitor_…`.
//!
//! The book's chapter "Watching" has a table of the metrics that deliberately differ.

use std::collections::BTreeMap;
use std::time::Duration;

use alloy_primitives::{Address, U256};
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::metrics::{Histogram, Page};
use fpvm_dispute::claim::GameStatus;

use crate::clocks::{ClaimState, Completion};
use crate::money::{Expectation, Stakes};
use crate::problems::{Grade, Problem, required};
use crate::survey::{State, Survey, SurveyedGame};

/// The bounds of op-dispute-mon's histogram, in seconds.
const DURATION: &[f64] = &[10.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0];

/// Metrics that outlast a round.
#[derive(Clone, Debug)]
pub struct Metrics {
    duration: Histogram,
    /// Rounds that failed.
    failed_rounds: u64,
    /// When a node last gave a root, and when the last round ended, in seconds since 1970.
    last_output: u64,
    last_round: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            duration: Histogram::new(DURATION),
            failed_rounds: 0,
            last_output: 0,
            last_round: 0,
        }
    }
}

impl Metrics {
    /// Counts a round that failed.
    pub const fn round_failed(&mut self) {
        self.failed_rounds += 1;
    }

    /// Counts a round that took `length` and ended at `now`, in seconds since 1970 by this machine's clock.
    pub fn round_done(&mut self, survey: &Survey, length: Duration, now: u64) {
        self.duration.observe(length);
        self.last_round = now;
        let found = |seen: &SurveyedGame| seen.agreement.is_some_and(|said| said.found > 0);
        if survey.seen().any(|(_, seen)| found(seen)) {
            self.last_output = now;
        }
    }

    /// All metrics, as Prometheus reads them; those of games only if there was a look at them.
    pub fn text(&self, last: Option<(&Survey, &[Problem])>) -> String {
        let mut page = Page::new("op_dispute_mon");
        let version = Page::label("version", env!("CARGO_PKG_VERSION"));
        page.labelled("info", "The program", "gauge", &[(version, 1)]);
        page.one("up", "Whether it runs", "gauge", 1.0);
        let help = "Seconds that a round over all games took";
        page.histogram("monitor_duration_seconds", help, &[("", &self.duration)]);
        let help = "When a node last told of a root";
        page.one("last_output_fetch", help, "gauge", self.last_output as f64);
        if let Some((survey, _)) = last {
            let help = "When all games were last looked at";
            page.one(
                "oldest_game_update_time",
                help,
                "gauge",
                self.last_round as f64,
            );
            games(&mut page, survey);
            clocks(&mut page, survey);
            money(&mut page, survey);
            nodes(&mut page, survey);
        }
        let mut own = Page::new("fpvm_monitor");
        let help = "Rounds that came to nothing";
        own.one("failed_rounds", help, "counter", self.failed_rounds as f64);
        if let Some((survey, problems)) = last {
            self::own(&mut own, survey, problems);
        }
        page.text() + &own.text()
    }
}

/// Labels as text, separated by commas.
fn labels<const N: usize>(pairs: [(&str, &str); N]) -> String {
    pairs
        .map(|(name, value)| Page::label(name, value))
        .join(",")
}

fn ether(wei: u128) -> f64 {
    wei as f64 / 1e18
}

const fn agree(agrees: bool) -> &'static str {
    if agrees { "agree" } else { "disagree" }
}

fn count(survey: &Survey, is: impl Fn(&SurveyedGame) -> bool) -> f64 {
    survey.seen().filter(|(_, seen)| is(seen)).count() as f64
}

fn games(page: &mut Page, survey: &Survey) {
    let mut types = BTreeMap::<_, u64>::new();
    let (mut ignored, mut failed) = (0_u64, 0_u64);
    for game in &survey.games {
        let has_failed = match &game.state {
            State::Ignored => {
                ignored += 1;
                continue;
            }
            State::Failed(_) => true,
            State::Read(seen) => seen.agreement.is_none(),
            State::Unjudged(_) => false,
        };
        failed += u64::from(has_failed);
        *types.entry(GameType(game.listed.game_type)).or_default() += 1;
    }
    let types = types.iter();
    let types = types.map(|(of, count)| (Page::label("game_type", of), *count));
    let types: Vec<_> = types.collect();
    page.labelled("games", "Games in the window", "gauge", &types);
    page.one(
        "ignored_games",
        "Games left out on demand",
        "gauge",
        ignored as f64,
    );
    let help = "Games that could not be read, or about which no node said what is true";
    page.one("failed_games", help, "gauge", failed as f64);

    let mut agreement = Vec::new();
    for agrees in [true, false] {
        for (winner, defends) in [("challenger", false), ("defender", true)] {
            for (word, over) in [("ahead", false), ("wins", true)] {
                let status = if defends {
                    GameStatus::DefenderWins
                } else {
                    GameStatus::ChallengerWins
                };
                let is = |seen: &SurveyedGame| {
                    let is_over = seen.snapshot.game.status() != GameStatus::InProgress;
                    let says = seen.agreement.is_some_and(|said| said.agrees == agrees);
                    says && is_over == over && seen.forecast.status == status
                };
                let name = format!("{}_{winner}_{word}", agree(agrees));
                let completion = if over { "complete" } else { "in_progress" };
                let correct = if agrees == defends {
                    "correct"
                } else {
                    "incorrect"
                };
                let labels = labels([
                    ("status", &name),
                    ("completion", completion),
                    ("result_correctness", correct),
                    ("root_agreement", agree(agrees)),
                ]);
                agreement.push((labels, count(survey, is)));
            }
        }
    }
    let help = "Games by whether they end, or would end, as they should";
    page.labelled("games_agreement", help, "gauge", &agreement);

    let latest = |agrees: bool, of: fn(&SurveyedGame) -> u64| {
        let said = survey
            .seen()
            .filter(|(_, seen)| seen.agreement.is_some_and(|said| said.agrees == agrees));
        said.map(|(_, seen)| of(seen)).max().unwrap_or(0)
    };
    let block = |seen: &SurveyedGame| match seen.params.proposal.super_root {
        None => seen.params.proposal.l2_block.saturating_to(),
        Some(_) => 0,
    };
    let timestamp = |seen: &SurveyedGame| match &seen.params.proposal.super_root {
        None => 0,
        Some(root) => root.timestamp,
    };
    let help = "The highest L2 block of a right proposal; where all are super roots, the highest timestamp";
    // The two cannot be compared.
    let highest = match latest(true, block) {
        0 => latest(true, timestamp) as f64,
        block => block as f64,
    };
    page.one("latest_valid_proposal_l2_block", help, "gauge", highest);
    let proposals = [true, false].map(|agrees| {
        let label = Page::label("root_agreement", agree(agrees));
        (label, latest(agrees, |seen| seen.params.created_at))
    });
    let help = "When the newest right and wrong proposals were made";
    page.labelled("latest_proposal", help, "gauge", &proposals);
    let challenges = [true, false].map(|agrees| {
        let is = |seen: &SurveyedGame| {
            let says = seen.agreement.is_some_and(|said| said.agrees == agrees);
            says && seen.snapshot.game.block_challenger().is_some()
        };
        (
            Page::label("root_agreement", agree(agrees)),
            count(survey, is),
        )
    });
    let help = "Games whose L2 block number was shown to be wrong";
    page.labelled("l2_block_challenges", help, "gauge", &challenges);
    let anchors = survey.registries.iter();
    let anchors = anchors.map(|(registry, anchor)| {
        let block: u64 = anchor.root.block.saturating_to();
        (Page::label("anchor_state_registry", registry), block)
    });
    let anchors: Vec<_> = anchors.collect();
    let help = "The number of the anchor in its sequence";
    page.labelled("anchor_state_l2_sequence_number", help, "gauge", &anchors);
}

fn clocks(page: &mut Page, survey: &Survey) {
    let mut resolution = Vec::new();
    for (word, completion) in [
        ("complete", Completion::Complete),
        ("resolvable", Completion::Resolvable),
        ("in_progress", Completion::InProgress),
    ] {
        for (duration, max) in [("max_duration", true), ("before_max_duration", false)] {
            let is = |seen: &SurveyedGame| {
                seen.clocks.completion == completion && seen.clocks.is_max_duration == max
            };
            let labels = labels([("completion", word), ("max_duration", duration)]);
            resolution.push((labels, count(survey, is)));
        }
    }
    let help = "Games by how far their resolution is, and whether they are older than both clocks";
    page.labelled("resolution_status", help, "gauge", &resolution);
    let claims = ClaimState::all().map(|state| {
        let of = |seen: &SurveyedGame| seen.clocks.claims.get(&state).copied().unwrap_or(0);
        let sum: u64 = survey.seen().map(|(_, seen)| of(seen)).sum();
        let word = |is, yes: &'static str, no: &'static str| if is { yes } else { no };
        let labels = labels([
            (
                "resolved",
                word(state.is_resolved, "resolved", "unresolved"),
            ),
            ("clock", word(state.has_expired, "expired", "not_expired")),
            (
                "game_time_period",
                word(state.is_first_half, "first_half", "second_half"),
            ),
            (
                "resolvable",
                word(state.is_resolvable, "resolvable", "unresolvable"),
            ),
        ]);
        (labels, sum)
    });
    let claims: Vec<_> = claims.collect();
    let help = "Claims by whether they are resolved, and whether they could be";
    page.labelled("claims", help, "gauge", &claims);
}

fn money(page: &mut Page, survey: &Survey) {
    let mut credits = Vec::new();
    for (time, withdrawable) in [("withdrawable", true), ("non_withdrawable", false)] {
        for (word, expectation) in [
            ("below", Expectation::Below),
            ("expected", Expectation::Expected),
            ("above", Expectation::Above),
        ] {
            let seen = survey.seen().map(|(_, seen)| &seen.money);
            let seen = seen.filter(|money| money.is_withdrawable == withdrawable);
            let all = seen.flat_map(|money| money.credits.values());
            let number = all
                .filter(|credit| credit.expectation() == expectation)
                .count();
            credits.push((labels([("credit", word), ("withdrawable", time)]), number));
        }
    }
    let help = "Credits by whether they are what they should be";
    page.labelled("credits", help, "gauge", &credits);

    let mut requests = BTreeMap::<Address, [usize; 2]>::new();
    for (_, seen) in survey.seen() {
        let [matching, divergent] = requests.entry(seen.params.vault).or_default();
        *matching += seen.money.matching.len();
        *divergent += seen.money.divergent.len();
    }
    let requests: Vec<_> = requests
        .iter()
        .flat_map(|(vault, counts)| {
            let labels = ["matching", "divergent"]
                .map(|word| labels([("delayedWETH", &vault.to_string()), ("credits", word)]));
            labels.into_iter().zip(*counts)
        })
        .collect();
    let help = "Unlocked amounts by whether they are what they should be";
    page.labelled("withdrawal_requests", help, "gauge", &requests);

    let [mut owed, mut there] = [Vec::new(), Vec::new()];
    for (vault, wei) in required(survey) {
        let available = survey.vaults.get(&vault).copied().unwrap_or_default();
        let is_enough = available >= U256::from(wei);
        for (word, is) in [("sufficient", is_enough), ("insufficient", !is_enough)] {
            let labels = labels([("delayedWETH", &vault.to_string()), ("balance", word)]);
            let value = |wei: u128| if is { ether(wei) } else { 0.0 };
            owed.push((labels.clone(), value(wei)));
            there.push((labels, value(available.saturating_to())));
        }
    }
    let help = "Ether that a vault owes for these games";
    page.labelled("bond_collateral_required", help, "gauge", &owed);
    let help = "Ether that a vault has";
    page.labelled("bond_collateral_available", help, "gauge", &there);

    let stakes = stakes(survey);
    let (mut claims, mut bonds, mut pending) = (Vec::new(), Vec::new(), Vec::new());
    for (account, stakes) in &stakes {
        let account = account.to_string();
        let of = |state| labels([("honest_actor_address", account.as_str()), ("state", state)]);
        claims.push((of("pending"), stakes.pending_claims));
        claims.push((of("invalid"), stakes.invalid_claims));
        claims.push((of("valid"), stakes.valid_claims));
        bonds.push((of("pending"), ether(stakes.pending)));
        bonds.push((of("lost"), ether(stakes.lost)));
        bonds.push((of("won"), ether(stakes.won)));
        pending.push((Page::label("actor", &account), ether(stakes.withdrawable)));
    }
    page.labelled(
        "honest_actor_claims",
        "Claims of honest accounts",
        "gauge",
        &claims,
    );
    let help = "Ether of honest accounts that is at stake, was won, or was lost";
    page.labelled("honest_actor_bonds", help, "gauge", &bonds);
    let help = "Ether that honest accounts could unlock or be paid now";
    page.labelled("honest_actor_pending_withdrawals", help, "gauge", &pending);
}

/// What each honest account has at stake.
pub fn stakes(survey: &Survey) -> BTreeMap<Address, Stakes> {
    let of = |account: &Address| {
        let mut stakes = Stakes::default();
        for (_, seen) in survey.seen() {
            let (game, delay) = (&seen.snapshot.game, seen.params.vault_delay);
            stakes.add(*account, game, survey.block.time, delay, &seen.withdrawals);
        }
        (*account, stakes)
    };
    survey.honest.iter().map(of).collect()
}

fn nodes(page: &mut Page, survey: &Survey) {
    use crate::agreement::Answer;
    let is_failed = |answer: Option<&Answer>| matches!(answer, Some(Answer::Failed(_)));
    let failing = (0..survey.nodes.len()).filter(|place| {
        let mut seen = survey.seen();
        seen.any(|(_, seen)| is_failed(seen.answers.get(*place)))
    });
    let answers = || survey.seen().flat_map(|(_, seen)| &seen.answers);
    let failures = answers().filter(|answer| is_failed(Some(answer)));
    let behind = answers().filter(|answer| **answer == Answer::Behind);
    let said = |is: fn(&crate::agreement::Agreement) -> bool| {
        count(survey, |seen| seen.agreement.as_ref().is_some_and(is))
    };
    for (name, help, value) in [
        (
            "node_endpoint_errors",
            "Nodes that failed for a game",
            failing.count() as f64,
        ),
        (
            "node_endpoint_error_count",
            "Questions about games that nodes failed to answer",
            failures.count() as f64,
        ),
        (
            "node_endpoint_out_of_sync_count",
            "Questions about games that look further than a node has read L1",
            behind.count() as f64,
        ),
        (
            "mixed_availability_games",
            "Games whose block some nodes have and others not",
            said(|said| said.is_availability_mixed()),
        ),
        (
            "mixed_safety_games",
            "Games whose block was safe in time for some nodes and not for others",
            said(|said| said.is_safety_mixed()),
        ),
        (
            "different_root_games",
            "Games for whose block nodes have different roots",
            said(|said| said.roots_differ),
        ),
    ] {
        page.one(name, help, "gauge", value);
    }
}

/// Metrics that op-dispute-mon does not have.
fn own(page: &mut Page, survey: &Survey, problems: &[Problem]) {
    let grades = [Grade::Notice, Grade::Late, Grade::Blind, Grade::Wrong].map(|grade| {
        let number = problems.iter().filter(|problem| problem.grade == grade);
        (Page::label("grade", grade.word()), number.count())
    });
    page.labelled("problems", "Troubles by how bad they are", "gauge", &grades);
    let mut unjudged = BTreeMap::<_, u64>::new();
    for game in &survey.games {
        if let State::Unjudged(_) = game.state {
            *unjudged.entry(game.listed.game_type).or_default() += 1;
        }
    }
    let unjudged: Vec<_> = unjudged
        .iter()
        .map(|(of, count)| (Page::label("game_type", GameType(*of)), *count))
        .collect();
    let help = "Games of types that are not judged";
    page.labelled("unjudged_games", help, "gauge", &unjudged);
    let struck_off = [("blacklisted", true), ("retired", false)].map(|(word, alone)| {
        let is = |seen: &SurveyedGame| {
            if alone {
                seen.ruling.is_blacklisted
            } else {
                seen.ruling.is_retired
            }
        };
        (Page::label("by", word), count(survey, is))
    });
    let help = "Games that the guardian has struck off";
    page.labelled("struck_off_games", help, "gauge", &struck_off);
    let soonest = problems
        .iter()
        .filter(|problem| problem.kind == crate::problems::Kind::WrongRootFinalising);
    let soonest = soonest.filter_map(|problem| problem.until).min();
    let help = "When the first wrong proposal that has won will count; 0 for none";
    page.one(
        "wrong_root_final_timestamp",
        help,
        "gauge",
        soonest.unwrap_or(0) as f64,
    );
    let paused: Vec<_> = survey
        .registries
        .iter()
        .map(|(registry, anchor)| {
            let label = Page::label("anchor_state_registry", registry);
            (label, u8::from(anchor.is_paused))
        })
        .collect();
    page.labelled(
        "paused",
        "Whether the guardian has paused",
        "gauge",
        &paused,
    );
    let nodes: Vec<_> = survey
        .nodes
        .iter()
        .map(|node| {
            let current = node.current_l1.as_ref().copied().unwrap_or(0);
            (Page::label("node", &node.name), current)
        })
        .collect();
    let help = "The L1 block that a node works on; 0 where it does not say";
    page.labelled("node_current_l1", help, "gauge", &nodes);
    let block = survey.block;
    page.one(
        "l1_head",
        "The L1 block that was looked at",
        "gauge",
        block.number as f64,
    );
    page.one("l1_head_timestamp", "Its time", "gauge", block.time as f64);
}
