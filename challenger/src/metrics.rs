//! Metrics for Prometheus, under op-challenger's names, and this program's own beside them.

mod histogram;
mod l1_nodes;
mod page;

use std::collections::BTreeMap;
use std::time::Duration;

pub use histogram::Histogram;
pub use l1_nodes::l1_nodes;
pub use page::Page;

use crate::event::{Event, Name};
use crate::game_type::GameType;
use crate::player::Kind;

/// The bounds of op-challenger's histograms, in seconds.
const RESOLUTION: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 7.5, 10.0];
const ACT: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1_920.0, 3_840.0, 7_680.0,
    15_360.0, 30_720.0, 61_440.0, 122_880.0, 245_760.0,
];
const EXECUTION: &[f64] = &[
    1.0, 10.0, 30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1_920.0, 3_840.0, 7_680.0, 15_360.0,
    30_720.0, 61_440.0, 122_880.0, 245_760.0,
];

/// What has been done so far, and the present state.
#[derive(Clone, PartialEq, Debug)]
pub struct Metrics {
    done: BTreeMap<Kind, u64>,
    refused: BTreeMap<Kind, u64>,
    troubles: u64,
    /// Wei that were paid out.
    paid: f64,
    resolution_time: Histogram,
    act_time: Histogram,
    execution_time: BTreeMap<GameType, Histogram>,
    /// Games that are played, by their status.
    pub games: Tracked,
    /// The newest L1 block that was acted on.
    pub block: u64,
    /// Its time, in seconds since 1970.
    pub block_time: u64,
    /// Games that wait for the program, and the L1 time since which the longest has waited; 0 for none.
    pub waiting: [u64; 2],
    /// Other people's large pre-images that are watched.
    pub large_preimages: u64,
    /// Games whose proposals are false, and that nobody but the guardian can do something about.
    pub false_proposals: u64,
    /// The account's money, in wei, at the end of the round.
    pub balance: u128,
    /// Seconds for which programs have been run, and how often one could not be run.
    pub programs: [u64; 2],
    /// Bytes in the folder of its data.
    pub data_bytes: u64,
    /// Threads that run programs, and those that have nothing to do.
    pub threads: [u64; 2],
    /// Executions about which two ways to run them agree, those about which they differ, and those without the second
    /// opinion that was asked for.
    pub opinions: [u64; 3],
    /// Seconds for which programs have been run for a second opinion.
    pub second_seconds: u64,
}

/// How many games there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tracked {
    /// In progress.
    pub in_progress: u64,
    /// Their proposal stands.
    pub defender_won: u64,
    /// Their proposal is refuted.
    pub challenger_won: u64,
    /// Not played.
    pub left: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            done: BTreeMap::new(),
            refused: BTreeMap::new(),
            troubles: 0,
            paid: 0.0,
            resolution_time: Histogram::new(RESOLUTION),
            act_time: Histogram::new(ACT),
            execution_time: BTreeMap::new(),
            games: Tracked::default(),
            block: 0,
            block_time: 0,
            waiting: [0; 2],
            large_preimages: 0,
            false_proposals: 0,
            balance: 0,
            programs: [0; 2],
            data_bytes: 0,
            threads: [0; 2],
            opinions: [0; 3],
            second_seconds: 0,
        }
    }
}

impl Metrics {
    /// Counts an event.
    pub fn count(&mut self, event: &Event) {
        match (event.event, event.kind) {
            (Name::Done, Some(kind)) => *self.done.entry(kind).or_default() += 1,
            (Name::Refused, Some(kind)) => *self.refused.entry(kind).or_default() += 1,
            (Name::Trouble, _) => self.troubles += 1,
            _ => {}
        }
        let paid = event.paid.as_ref().and_then(|wei| wei.parse::<f64>().ok());
        self.paid += paid.unwrap_or_default();
    }

    /// Counts the length of a round in which something was resolved.
    pub fn resolved_within(&mut self, length: Duration) {
        self.resolution_time.observe(length);
    }

    /// Counts the length of a look at a game.
    pub fn acted_within(&mut self, length: Duration) {
        self.act_time.observe(length);
    }

    /// Counts the length of a turn of the program of games of a type.
    pub fn executed_within(&mut self, game_type: GameType, length: Duration) {
        let of_type = self.execution_time.entry(game_type);
        of_type
            .or_insert_with(|| Histogram::new(EXECUTION))
            .observe(length);
    }

    /// How often something was resolved.
    pub fn resolutions(&self) -> u64 {
        self.done.get(&Kind::Resolve).copied().unwrap_or_default()
    }

    /// As Prometheus reads it.
    pub fn text(&self) -> String {
        let mut page = Page::new("op_challenger");
        self.counters(&mut page);
        self.gauges(&mut page);
        for (name, help, histogram) in [
            (
                "claim_resolution_time",
                "Seconds of rounds in which something was resolved",
                &self.resolution_time,
            ),
            (
                "game_act_time",
                "Seconds that looks at games took",
                &self.act_time,
            ),
        ] {
            page.histogram(name, help, &[("", histogram)]);
        }
        let of_type = self.execution_time.iter();
        let of_type = of_type.map(|(game_type, time)| (format!("vm=\"{game_type}\""), time));
        let of_type: Vec<_> = of_type.collect();
        let help = "Seconds that programs ran at a time";
        page.histogram("vm_execution_time", help, &of_type);
        page.text()
    }

    fn counters(&self, page: &mut Page) {
        let done = |kind| self.done.get(&kind).copied().unwrap_or_default();
        let refused = |kind| self.refused.get(&kind).copied().unwrap_or_default();
        for (name, help, value) in [
            ("moves", "Claims made", done(Kind::Move)),
            (
                "steps",
                "Claims countered by an instruction",
                done(Kind::Step),
            ),
            (
                "l2_challenges",
                "L2 block numbers contested",
                done(Kind::Challenge),
            ),
            (
                "preimage_challenged",
                "Large pre-images of others contested",
                done(Kind::Accuse),
            ),
            (
                "preimage_challenge_failed",
                "Large pre-images of others that could not be contested",
                refused(Kind::Accuse),
            ),
            (
                "claim_failures",
                "Credits that were refused",
                refused(Kind::Pay) + refused(Kind::Unlock),
            ),
            (
                "preimage_loads",
                "Transactions that load pre-images",
                done(Kind::Load),
            ),
            (
                "claim_resolutions",
                "Claims and games resolved",
                done(Kind::Resolve),
            ),
            ("bond_unlocks", "Credits unlocked", done(Kind::Unlock)),
            ("bond_claims", "Credits paid out", done(Kind::Pay)),
            (
                "game_closures",
                "Games closed that owe nothing",
                done(Kind::Close),
            ),
            (
                "anchor_updates",
                "Proposals of games won at their creation that were made the anchor",
                done(Kind::Anchor),
            ),
            (
                "refusals",
                "Transactions that could not be sent",
                self.refused.values().sum(),
            ),
            ("troubles", "What went wrong otherwise", self.troubles),
            (
                "vm_seconds",
                "Seconds for which programs were run",
                self.programs[0],
            ),
            (
                "vm_failures",
                "Times that a program or its host failed",
                self.programs[1],
            ),
            (
                "second_opinion_seconds",
                "Seconds for which programs were run for a second opinion",
                self.second_seconds,
            ),
        ] {
            page.one(name, help, "counter", value as f64);
        }
        let [agreed, differed, missing] = self.opinions;
        let opinions = [
            ("outcome=\"agreed\"", agreed),
            ("outcome=\"differed\"", differed),
            ("outcome=\"missing\"", missing),
        ];
        let help = "Executions that were run twice, by what came of it";
        page.labelled("second_opinions", help, "counter", &opinions);
        page.one(
            "bonds",
            "Ether of credits paid out",
            "counter",
            self.paid / 1e18,
        );
    }

    fn gauges(&self, page: &mut Page) {
        let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
        page.labelled("info", "The program", "gauge", &[(version, 1)]);
        page.one("up", "Whether it runs", "gauge", 1.0);
        let Tracked {
            in_progress,
            defender_won,
            challenger_won,
            left,
        } = self.games;
        let games = [
            ("status=\"in_progress\"", in_progress),
            ("status=\"defender_won\"", defender_won),
            ("status=\"challenger_won\"", challenger_won),
        ];
        page.labelled("tracked_games", "Games that are played", "gauge", &games);
        let [active, idle] = self.threads;
        let threads = [("status=\"active\"", active), ("status=\"idle\"", idle)];
        page.labelled("executors", "Threads that run programs", "gauge", &threads);
        let balance = self.balance as f64;
        for (name, help, value) in [
            ("left_games", "Games that are not played", left),
            (
                "inflight_games",
                "Games that wait for the program",
                self.waiting[0],
            ),
            (
                "highest_acted_l1_block",
                "The L1 block of the last round",
                self.block,
            ),
            (
                "preimage_count",
                "Large pre-images of others that are watched",
                self.large_preimages,
            ),
            (
                "false_proposals",
                "Games whose proposals are false, which the guardian alone can strike off",
                self.false_proposals,
            ),
            ("l1_head_timestamp", "That block's time", self.block_time),
            (
                "waiting_games",
                "Games that wait for the program",
                self.waiting[0],
            ),
            (
                "waiting_since_timestamp",
                "L1 time since which the longest does",
                self.waiting[1],
            ),
            (
                "data_bytes",
                "Bytes in the folder of its data, as of the last look",
                self.data_bytes,
            ),
            (
                "balance_gwei",
                "The account's money",
                u64::try_from(self.balance / 1_000_000_000).unwrap_or(u64::MAX),
            ),
        ] {
            page.one(name, help, "gauge", value as f64);
        }
        page.one(
            "balance",
            "The account's money, in ether",
            "gauge",
            balance / 1e18,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_its_type_once() {
        let mut metrics = Metrics {
            games: Tracked {
                in_progress: 3,
                defender_won: 2,
                challenger_won: 1,
                left: 4,
            },
            balance: 1_500_000_000_000_000_000,
            threads: [1, 3],
            block: 7,
            waiting: [2, 1_000],
            programs: [60, 1],
            opinions: [5, 1, 0],
            second_seconds: 90,
            ..Metrics::default()
        };
        metrics.count(&Event::general("something"));
        let paid = Event {
            event: Name::Done,
            kind: Some(Kind::Pay),
            paid: Some("80000000000000000".into()),
            ..Event::general("")
        };
        metrics.count(&paid);
        metrics.executed_within(GameType::CANNON_KONA, Duration::from_secs(20));
        metrics.acted_within(Duration::from_secs(3));
        let text = metrics.text();
        for line in [
            "op_challenger_up 1",
            "op_challenger_moves 0",
            "op_challenger_troubles 1",
            "op_challenger_tracked_games{status=\"in_progress\"} 3",
            "op_challenger_tracked_games{status=\"defender_won\"} 2",
            "op_challenger_tracked_games{status=\"challenger_won\"} 1",
            "op_challenger_left_games 4",
            "op_challenger_inflight_games 2",
            "op_challenger_executors{status=\"idle\"} 3",
            "op_challenger_bonds 0.08",
            "op_challenger_bond_claims 1",
            "op_challenger_claim_failures 0",
            "op_challenger_balance 1.5",
            "op_challenger_vm_execution_time_bucket{vm=\"cannon-kona\",le=\"10\"} 0",
            "op_challenger_vm_execution_time_bucket{vm=\"cannon-kona\",le=\"30\"} 1",
            "op_challenger_game_act_time_bucket{le=\"5\"} 1",
            "op_challenger_game_act_time_sum 3",
            "op_challenger_highest_acted_l1_block 7",
            "op_challenger_waiting_games 2",
            "op_challenger_waiting_since_timestamp 1000",
            "op_challenger_vm_seconds 60",
            "op_challenger_vm_failures 1",
            "op_challenger_second_opinions{outcome=\"agreed\"} 5",
            "op_challenger_second_opinions{outcome=\"differed\"} 1",
            "op_challenger_second_opinions{outcome=\"missing\"} 0",
            "op_challenger_second_opinion_seconds 90",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        let types: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("# TYPE"))
            .collect();
        let mut once = types.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(types.len(), once.len());
    }
}
