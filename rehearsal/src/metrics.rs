//! Metrics for Prometheus, under the names of op-challenger's `run-trace`, and this program's own beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use fpvm_challenger::metrics::{Histogram, Page};

use crate::outcome::{Claim, Rehearsal, Verdict};

/// Bounds of execution times, in seconds.
const TIME: &[f64] = &[
    1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 2_400.0, 3_600.0, 7_200.0, 10_800.0,
];

/// What has come of rehearsals so far.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// By the name of the plan.
    plans: BTreeMap<String, Figures>,
    /// The newest L1 block's time.
    pub(crate) l1_time: u64,
    /// Bytes in the data folder.
    pub(crate) data_bytes: u64,
}

/// Of one plan.
#[derive(Clone, Debug)]
struct Figures {
    verdicts: BTreeMap<Verdict, u64>,
    setup_failures_in_a_row: u64,
    /// Of executions about a claim: how many ended, and how many ended as they should.
    executions: BTreeMap<Claim, [u64; 2]>,
    times: Histogram,
    seconds: f64,
    memory_bytes: u64,
    steps: u64,
    /// When it last succeeded, and last ended at all, in seconds since 1970.
    success: u64,
    end: u64,
}

/// One of a plan's figures.
type Value = fn(&Figures) -> f64;

impl Figures {
    fn new() -> Self {
        Self {
            verdicts: BTreeMap::new(),
            setup_failures_in_a_row: 0,
            executions: BTreeMap::new(),
            times: Histogram::new(TIME),
            seconds: 0.0,
            memory_bytes: 0,
            steps: 0,
            success: 0,
            end: 0,
        }
    }

    fn verdict(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }
}

impl Metrics {
    /// Nothing so far, of plans by their names.
    pub fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        Self {
            plans: names
                .map(|name| (name.to_owned(), Figures::new()))
                .collect(),
            l1_time: 0,
            data_bytes: 0,
        }
    }

    /// Counts a rehearsal that ended at a time, in seconds since 1970.
    pub fn count(&mut self, rehearsal: &Rehearsal, now: u64) {
        let of = self.plans.entry(rehearsal.name.clone());
        let of = of.or_insert_with(Figures::new);
        *of.verdicts.entry(rehearsal.verdict).or_default() += 1;
        of.end = now;
        match rehearsal.verdict {
            Verdict::SetupFailure => of.setup_failures_in_a_row += 1,
            _ => of.setup_failures_in_a_row = 0,
        }
        if rehearsal.verdict == Verdict::Success {
            of.success = now;
        }
        for execution in &rehearsal.executions {
            let [ended, right] = of.executions.entry(execution.claim).or_default();
            *ended += 1;
            *right += u64::from(execution.status == execution.claim.expected());
            of.times
                .observe(Duration::try_from_secs_f64(execution.seconds).unwrap_or_default());
        }
        // The first is the one that fetches what it reads: op-challenger's only one.
        if let Some(first) = rehearsal.executions.first() {
            (of.seconds, of.memory_bytes) = (first.seconds, first.memory_bytes);
            of.steps = first.steps;
        }
    }

    /// As Prometheus reads it.
    pub fn text(&self) -> String {
        let mut theirs = Page::new("op_challenger_runner");
        theirs.one("up", "Whether it runs", "gauge", 1.0);
        for (name, help, label, kind, values) in [
            (
                "vm_last_execution_time",
                "Seconds that the last execution took, with its host",
                "vm",
                "gauge",
                (|of| of.seconds) as Value,
            ),
            (
                "vm_last_memory_used",
                "Bytes of the guest's memory at its end",
                "vm",
                "gauge",
                |of| of.memory_bytes as f64,
            ),
            (
                "success_total",
                "Rehearsals in which the program agreed with the chain",
                "type",
                "counter",
                |of| of.verdict(Verdict::Success) as f64,
            ),
            (
                "setup_failures_total",
                "Rehearsals that came to nothing because of a node, the host or a file",
                "type",
                "counter",
                |of| of.verdict(Verdict::SetupFailure) as f64,
            ),
            (
                "consecutive_setup_failures_current",
                "How many of them there were since the last that came to something",
                "type",
                "gauge",
                |of| of.setup_failures_in_a_row as f64,
            ),
        ] {
            theirs.labelled(name, help, kind, &self.by(label, values));
        }
        let mut failures = Vec::new();
        for (name, of) in &self.plans {
            for verdict in [Verdict::IncorrectStatus, Verdict::Panic, Verdict::Timeout] {
                let labels = [
                    Page::label("type", name),
                    Page::label("reason", verdict.word()),
                ];
                failures.push((labels.join(","), of.verdict(verdict)));
            }
        }
        let help = "Rehearsals in which the program did not do what it should, by the reason";
        theirs.labelled("vm_failures_total", help, "counter", &failures);
        let times: Vec<_> = self
            .plans
            .iter()
            .map(|(name, of)| (Page::label("vm", name), &of.times))
            .collect();
        let help = "Seconds that executions took";
        theirs.histogram("vm_execution_time", help, &times);
        theirs.text() + &self.own()
    }

    /// A figure of each plan, with its name under a label.
    fn by(&self, label: &str, value: Value) -> Vec<(String, f64)> {
        let all = self.plans.iter();
        all.map(|(name, of)| (Page::label(label, name), value(of)))
            .collect()
    }

    /// What op-challenger does not have.
    fn own(&self) -> String {
        let mut page = Page::new("fpvm_rehearsal");
        let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
        page.labelled("info", "The program", "gauge", &[(version, 1)]);
        for (name, help, values) in [
            (
                "last_success_timestamp",
                "When the program last agreed with the chain",
                (|of| of.success as f64) as Value,
            ),
            ("last_end_timestamp", "When a rehearsal last ended", |of| {
                of.end as f64
            }),
            ("last_steps", "Steps of the last execution", |of| {
                of.steps as f64
            }),
        ] {
            page.labelled(name, help, "gauge", &self.by("type", values));
        }
        let mut executions = Vec::new();
        for (name, of) in &self.plans {
            for claim in [Claim::Valid, Claim::Invalid] {
                let [ended, right] = of.executions.get(&claim).copied().unwrap_or_default();
                for (outcome, count) in [("right", right), ("wrong", ended - right)] {
                    let labels = [
                        Page::label("type", name),
                        Page::label("claim", claim.word()),
                        Page::label("outcome", outcome),
                    ];
                    executions.push((labels.join(","), count));
                }
            }
        }
        let help = "Executions that ended, by the claim and by whether the exit code was right";
        page.labelled("executions_total", help, "counter", &executions);
        for (name, help, value) in [
            (
                "l1_head_timestamp",
                "The newest L1 block's time",
                self.l1_time,
            ),
            (
                "data_bytes",
                "Bytes in the folder of its data, as of the last look",
                self.data_bytes,
            ),
        ] {
            page.one(name, help, "gauge", value as f64);
        }
        page.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Execution;
    use fpvm_challenger::game_type::GameType;

    fn rehearsal(name: &str, verdict: Verdict, statuses: &[(Claim, u8)]) -> Rehearsal {
        let execution = |(claim, status): &(Claim, u8)| Execution {
            claim: *claim,
            status: *status,
            steps: 7,
            seconds: 2.5,
            memory_bytes: 4096,
        };
        Rehearsal {
            name: name.into(),
            game_type: GameType::CANNON,
            verdict,
            why: None,
            prestate: None,
            subject: None,
            executions: statuses.iter().map(execution).collect(),
            kept: None,
        }
    }

    #[test]
    fn rehearsals_are_counted_by_name() {
        let mut metrics = Metrics::new(["a", "b"].into_iter());
        let both = [(Claim::Valid, 0), (Claim::Invalid, 1)];
        metrics.count(&rehearsal("a", Verdict::SetupFailure, &[]), 1);
        metrics.count(&rehearsal("a", Verdict::Success, &both), 2);
        metrics.count(&rehearsal("a", Verdict::SetupFailure, &[]), 3);
        metrics.count(&rehearsal("a", Verdict::SetupFailure, &[]), 4);
        let yes = [(Claim::Valid, 0), (Claim::Invalid, 0)];
        metrics.count(&rehearsal("b", Verdict::IncorrectStatus, &yes), 5);
        metrics.count(&rehearsal("b", Verdict::Timeout, &[]), 6);
        let text = metrics.text();
        for line in [
            "op_challenger_runner_up 1",
            "op_challenger_runner_success_total{type=\"a\"} 1",
            "op_challenger_runner_success_total{type=\"b\"} 0",
            "op_challenger_runner_setup_failures_total{type=\"a\"} 3",
            "op_challenger_runner_consecutive_setup_failures_current{type=\"a\"} 2",
            "op_challenger_runner_consecutive_setup_failures_current{type=\"b\"} 0",
            "op_challenger_runner_vm_failures_total{type=\"b\",reason=\"incorrect_status\"} 1",
            "op_challenger_runner_vm_failures_total{type=\"b\",reason=\"timeout\"} 1",
            "op_challenger_runner_vm_failures_total{type=\"b\",reason=\"panic\"} 0",
            "op_challenger_runner_vm_last_execution_time{vm=\"a\"} 2.5",
            "op_challenger_runner_vm_last_memory_used{vm=\"a\"} 4096",
            "op_challenger_runner_vm_execution_time_count{vm=\"a\"} 2",
            "fpvm_rehearsal_last_success_timestamp{type=\"a\"} 2",
            "fpvm_rehearsal_last_success_timestamp{type=\"b\"} 0",
            "fpvm_rehearsal_last_end_timestamp{type=\"a\"} 4",
            "fpvm_rehearsal_executions_total{type=\"b\",claim=\"invalid\",outcome=\"wrong\"} 1",
            "fpvm_rehearsal_executions_total{type=\"b\",claim=\"valid\",outcome=\"right\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
