//! Metrics for Prometheus, under op-proposer's names, and this program's own beside them.

use fpvm_challenger::metrics::Page;

use crate::Outcome;

/// What has been proposed so far, and how the account stands.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Metrics {
    /// The L2 block, or timestamp, of the newest proposal.
    sequence_number: u64,
    /// Games created.
    proposals: u64,
    /// Rounds that failed.
    failures: u64,
    /// L1 time from which on the next game is due.
    pub(crate) due: u64,
    /// The newest L1 block's time.
    pub(crate) head: u64,
    /// The account's money, in wei.
    pub(crate) balance: u128,
}

impl Metrics {
    /// Counts the outcome of a round; none for a round that failed.
    pub fn count(&mut self, outcome: Option<&Outcome>) {
        match outcome {
            None => self.failures += 1,
            Some(Outcome::Proposed { proposal, .. }) => {
                self.proposals += 1;
                self.sequence_number = proposal.sequence_number;
            }
            Some(Outcome::Waiting { until, .. }) => self.due = *until,
            Some(_) => {}
        }
    }

    /// As Prometheus reads it.
    pub fn text(&self) -> String {
        let mut page = Page::new("op_proposer_default");
        let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
        page.labelled("info", "The program", "gauge", &[(version, 1)]);
        page.one("up", "Whether it runs", "gauge", 1.0);
        page.one(
            "proposed_sequence_number",
            "The L2 block, or timestamp, of the newest proposal of this process",
            "gauge",
            self.sequence_number as f64,
        );
        for (name, help, value) in [
            ("proposals", "Games created", self.proposals),
            ("failures", "Rounds that came to nothing", self.failures),
        ] {
            page.one(name, help, "counter", value as f64);
        }
        for (name, help, value) in [
            (
                "next_proposal_timestamp",
                "L1 time from which on the next game is due",
                self.due,
            ),
            ("l1_head_timestamp", "The newest L1 block's time", self.head),
        ] {
            page.one(name, help, "gauge", value as f64);
        }
        let balance = self.balance as f64 / 1e18;
        page.one("balance", "The account's money, in ether", "gauge", balance);
        page.text()
    }
}
