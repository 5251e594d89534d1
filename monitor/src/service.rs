//! The daemon: a monitor that looks round after round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fpvm_challenger::metrics::l1_nodes;
use fpvm_challenger::read::ReadError;
use fpvm_challenger::service::{Exporter, sleep};

use crate::metrics::Metrics;
use crate::problems::{Problem, problems};
use crate::survey::{Monitor, Survey};
use crate::web::Web;

/// A monitor that looks until it is asked to end.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Service {
    /// The monitor.
    pub monitor: Monitor,
    /// The time from one look to the next.
    pub interval: Duration,
    /// Whether it ends after the first look.
    pub once: bool,
    /// The server of its metrics.
    pub exporter: Option<Exporter>,
    /// The server of its pages.
    pub web: Option<Web>,
    /// Set from outside to end it.
    pub interrupted: Arc<AtomicBool>,
}

/// Why a service ended, other than because it was done.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError<E> {
    /// It was asked to end.
    #[error("interrupted")]
    Interrupted,
    /// The only look failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The receiver of the rounds failed.
    #[error("what was seen could not be reported: {0}")]
    Report(E),
}

/// The end of a round.
#[derive(Debug)]
pub enum Round<'a> {
    /// The survey, and its problems.
    Done(&'a Survey, &'a [Problem]),
    /// The round failed.
    Failed(&'a ReadError),
}

impl Service {
    /// Looks again and again, or once; `report` gets each round.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub fn run<E>(
        &mut self,
        report: &mut dyn FnMut(Round<'_>) -> Result<(), E>,
    ) -> Result<(), ServiceError<E>> {
        let mut metrics = Metrics::default();
        let mut last = None;
        loop {
            let begun = Instant::now();
            match self.monitor.round() {
                Ok(survey) => {
                    let found = problems(&survey);
                    metrics.round_done(&survey, begun.elapsed(), now());
                    let (survey, found) = last.insert((Arc::new(survey), found));
                    report(Round::Done(survey, found)).map_err(ServiceError::Report)?;
                }
                Err(error) if self.once => return Err(error.into()),
                Err(error) => {
                    metrics.round_failed();
                    report(Round::Failed(&error)).map_err(ServiceError::Report)?;
                }
            }
            if self.once {
                return Ok(());
            }
            let seen = last.as_ref().map(|(survey, found)| (&**survey, &**found));
            let text = metrics.text(seen) + &l1_nodes(self.monitor.chain());
            if let Some(web) = &self.web {
                web.set(last.clone(), text.clone());
            }
            if let Some(exporter) = &self.exporter {
                exporter.set(text);
            }
            sleep(begun, self.interval, &self.interrupted);
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(ServiceError::Interrupted);
            }
        }
    }
}

/// Seconds since 1970 by this machine's clock.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}
