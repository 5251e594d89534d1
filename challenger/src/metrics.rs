//! Figures for Prometheus, named as op-challenger names them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::event::{Event, Name};
use crate::player::Kind;

/// What has been done so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metrics {
    done: BTreeMap<Kind, u64>,
    refused: u64,
    troubles: u64,
    /// Games that are played and not resolved, those that are resolved, and those that are left.
    pub games: [u64; 3],
    /// The newest L1 block that was acted on.
    pub block: u64,
    /// Its time, in seconds since 1970.
    pub block_time: u64,
    /// Games that wait for the program, and the L1 time since which the one does that waits longest; 0 for none.
    pub waiting: [u64; 2],
    /// The account's money, in wei, at the end of the round.
    pub balance: u128,
    /// Seconds for which programs have been run, and how often one could not be run.
    pub programs: [u64; 2],
}

impl Metrics {
    /// Counts an event.
    pub fn count(&mut self, event: &Event) {
        match (event.event, event.kind) {
            (Name::Done, Some(kind)) => *self.done.entry(kind).or_default() += 1,
            (Name::Refused, _) => self.refused += 1,
            (Name::Trouble, _) => self.troubles += 1,
            _ => {}
        }
    }

    /// As Prometheus reads it.
    pub fn text(&self) -> String {
        let done = |kind| self.done.get(&kind).copied().unwrap_or_default();
        let [playing, resolved, left] = self.games;
        let counters = [
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
                "preimage_challenges",
                "Large pre-images of others contested",
                done(Kind::Accuse),
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
            ("bond_claims", "Credits paid out", done(Kind::Pay)),
            (
                "claim_failures",
                "Transactions that could not be sent",
                self.refused,
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
        ];
        let mut text = String::new();
        for (name, help, value) in counters {
            let name = format!("op_challenger_{name}");
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "# HELP {name} {help}.\n# TYPE {name} counter\n{name} {value}"
            );
        }
        let gauges = [
            ("up", String::new(), 1),
            ("tracked_games", "{status=\"in_progress\"}".into(), playing),
            ("tracked_games", "{status=\"resolved\"}".into(), resolved),
            ("tracked_games", "{status=\"left\"}".into(), left),
            ("highest_acted_l1_block", String::new(), self.block),
            ("l1_head_timestamp", String::new(), self.block_time),
            ("waiting_games", String::new(), self.waiting[0]),
            ("waiting_since_timestamp", String::new(), self.waiting[1]),
            (
                "balance_gwei",
                String::new(),
                u64::try_from(self.balance / 1_000_000_000).unwrap_or(u64::MAX),
            ),
        ];
        let mut last = "";
        for (name, labels, value) in &gauges {
            if *name != last {
                let _ = writeln!(text, "# TYPE op_challenger_{name} gauge");
                last = name;
            }
            let _ = writeln!(text, "op_challenger_{name}{labels} {value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_its_type_once() {
        let mut metrics = Metrics {
            games: [3, 2, 1],
            block: 7,
            waiting: [2, 1_000],
            programs: [60, 1],
            ..Metrics::default()
        };
        metrics.count(&Event::general("something"));
        let text = metrics.text();
        for line in [
            "op_challenger_up 1",
            "op_challenger_moves 0",
            "op_challenger_troubles 1",
            "op_challenger_tracked_games{status=\"resolved\"} 2",
            "op_challenger_highest_acted_l1_block 7",
            "op_challenger_waiting_games 2",
            "op_challenger_waiting_since_timestamp 1000",
            "op_challenger_vm_seconds 60",
            "op_challenger_vm_failures 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        let types: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("# TYPE"))
            .collect();
        let mut once = types.clone();
        once.dedup();
        assert_eq!(types, once);
    }
}
