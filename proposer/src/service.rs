//! The daemon: round after round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fpvm_challenger::factory::CreateError;
use fpvm_challenger::metrics::l1_nodes;
use fpvm_challenger::rollup::SourceError;
use fpvm_challenger::said::Said;
use fpvm_challenger::service::{Exporter, sleep};
use fpvm_l1::{At, Progress, SendError};

use crate::metrics::Metrics;
use crate::{Outcome, ProposeError, Proposer};

/// A proposer that goes on until it is asked to end.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Service {
    /// Who proposes.
    pub proposer: Proposer,
    /// The time from one round to the next.
    pub poll_interval: Duration,
    /// Whether it proposes nothing until the rollup's nodes have read the L1 blocks that there are at the beginning.
    pub wait_node_sync: bool,
    /// Whether it ends after one round.
    pub once: bool,
    /// The server of its metrics.
    pub exporter: Option<Exporter>,
    /// Set from outside to end it after the round.
    pub interrupted: Arc<AtomicBool>,
}

/// Why a service ended, other than because it was done.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError<E> {
    /// It was asked to end.
    #[error("interrupted")]
    Interrupted,
    /// The only round failed, or a round failed in a way in which every other would.
    #[error(transparent)]
    Propose(#[from] ProposeError),
    /// The receiver of the outcomes failed.
    #[error("an outcome could not be reported: {0}")]
    Report(E),
}

impl Service {
    /// Proposes until it is asked to end, or for one round. `report` gets each outcome that differs from the one
    /// before, and the service ends if `report` fails.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub fn run<E>(
        &mut self,
        report: &mut dyn FnMut(&Outcome) -> Result<(), E>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), ServiceError<E>> {
        self.wait_for_nodes()?;
        let mut metrics = Metrics::default();
        let (mut last, said) = (None, Said::new());
        while !self.interrupted.load(Ordering::Relaxed) {
            let begun = Instant::now();
            let round = self.proposer.round(progress);
            metrics.count(round.as_ref().ok());
            match round {
                Ok(outcome) => {
                    if last
                        .replace(outcome)
                        .is_none_or(|last| outcome.is_news_after(&last))
                    {
                        report(&outcome).map_err(ServiceError::Report)?;
                    }
                    said.pass();
                }
                Err(error) if self.once || is_lasting(&error) => return Err(error.into()),
                Err(error) => {
                    let text = error.to_string();
                    if said.is_due(&text) {
                        tracing::warn!(target: "proposer", error = text, "This round came to nothing");
                    }
                }
            }
            self.measure(&mut metrics);
            if self.once {
                return Ok(());
            }
            sleep(begun, self.poll_interval, &self.interrupted);
        }
        Err(ServiceError::Interrupted)
    }

    /// Waits until the rollup's nodes have read L1, if that is asked for.
    fn wait_for_nodes<E>(&self) -> Result<(), ServiceError<E>> {
        if !self.wait_node_sync {
            return Ok(());
        }
        let head = self.proposer.wallet.chain().block(At::Latest);
        let head = head.map_err(|error| ProposeError::Read(error.into()))?;
        let said = Said::new();
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(ServiceError::Interrupted);
            }
            let begun = Instant::now();
            match self.proposer.source.have_read(&head) {
                Ok(()) => return Ok(()),
                Err(error @ SourceError::Behind { .. }) => {
                    let error = error.to_string();
                    if said.is_due(&error) {
                        tracing::info!(target: "proposer", error, "Waiting for the rollup's nodes");
                    }
                }
                Err(error) => return Err(ProposeError::from(error).into()),
            }
            sleep(begun, self.poll_interval, &self.interrupted);
        }
    }

    fn measure(&self, metrics: &mut Metrics) {
        let Some(exporter) = &self.exporter else {
            return;
        };
        let wallet = &self.proposer.wallet;
        let chain = wallet.chain();
        if let Ok(head) = chain.block(At::Latest) {
            metrics.head = head.time;
            if let Ok(balance) = chain.balance(wallet.address(), At::Hash(head.hash)) {
                metrics.balance = balance.saturating_to();
            }
        }
        exporter.set(metrics.text() + &l1_nodes(&**chain));
    }
}

/// Whether an operator has to change something before any round can succeed.
const fn is_lasting(error: &ProposeError) -> bool {
    matches!(
        error,
        ProposeError::Send(SendError::Signer(_))
            | ProposeError::Create(
                CreateError::UnknownType { .. }
                    | CreateError::OtherKind { .. }
                    | CreateError::NotProposer { .. }
                    | CreateError::Arguments { .. }
                    | CreateError::Send(SendError::Signer(_))
            )
    )
}
