//! The daemon: each plan on a thread of its own, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use fpvm_challenger::metrics::l1_nodes;
use fpvm_challenger::service::data_folder::DataFolder;
use fpvm_challenger::service::{Exporter, sleep};
use fpvm_l1::At;

use crate::metrics::Metrics;
use crate::outcome::{Rehearsal, Verdict};
use crate::plan::Plan;
use crate::rehearser::Rehearser;

/// How often metrics are renewed where nothing else happens.
const LOOK: Duration = Duration::from_secs(10);

/// Rehearses until it is asked to end.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Service {
    /// Who rehearses.
    pub rehearser: Rehearser,
    /// What is rehearsed, each beside the others.
    pub plans: Vec<Plan>,
    /// The time from the beginning of one rehearsal of a plan to that of the next, unless it takes longer.
    pub interval: Duration,
    /// Whether it ends after one rehearsal of each plan.
    pub once: bool,
    /// The server of its metrics.
    pub exporter: Option<Exporter>,
    /// The folder of its data, which is kept below a limit.
    pub data: Option<DataFolder>,
    /// Set from outside to end it.
    pub interrupted: Arc<AtomicBool>,
}

/// Why a service ended, other than because it was done.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError<E> {
    /// It was asked to end.
    #[error("interrupted")]
    Interrupted,
    /// The receiver of the outcomes failed.
    #[error("a rehearsal could not be reported: {0}")]
    Report(E),
}

impl Service {
    /// Rehearses until it is asked to end, or each plan once; then gives the worst verdict. `report` gets each rehearsal,
    /// and the service ends if `report` fails.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub fn run<E>(
        self,
        report: &mut dyn FnMut(&Rehearsal) -> Result<(), E>,
    ) -> Result<Verdict, ServiceError<E>> {
        let Self {
            rehearser,
            plans,
            interval,
            once,
            exporter,
            mut data,
            interrupted,
        } = self;
        let mut metrics = Metrics::new(plans.iter().map(|plan| &*plan.name));
        let mut worst = Verdict::Success;
        std::thread::scope(|scope| {
            let (ended, rehearsals) = channel();
            for plan in &plans {
                let (rehearser, ended) = (&rehearser, ended.clone());
                scope.spawn(move || again_and_again(rehearser, plan, interval, once, &ended));
            }
            drop(ended);
            loop {
                measure(&rehearser, &mut metrics, exporter.as_ref(), data.as_mut());
                match rehearsals.recv_timeout(LOOK) {
                    Ok(rehearsal) => {
                        metrics.count(&rehearsal, now());
                        worst = worst.max(rehearsal.verdict);
                        if let Err(error) = report(&rehearsal) {
                            interrupted.store(true, Ordering::Relaxed);
                            return Err(ServiceError::Report(error));
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            if interrupted.load(Ordering::Relaxed) {
                Err(ServiceError::Interrupted)
            } else {
                Ok(worst)
            }
        })
    }
}

/// Rehearses a plan, until nobody listens any more.
fn again_and_again(
    rehearser: &Rehearser,
    plan: &Plan,
    interval: Duration,
    once: bool,
    ended: &Sender<Rehearsal>,
) {
    while !rehearser.interrupted.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let Some(rehearsal) = rehearser.rehearse(plan) else {
            return;
        };
        if ended.send(rehearsal).is_err() || once {
            return;
        }
        sleep(begun, interval, &rehearser.interrupted);
    }
}

/// Takes figures, and keeps the folder below its limit.
fn measure(
    rehearser: &Rehearser,
    metrics: &mut Metrics,
    exporter: Option<&Exporter>,
    data: Option<&mut DataFolder>,
) {
    if let Some(data) = data {
        data.tidy(&rehearser.needed());
        metrics.data_bytes = data.bytes();
    }
    let Some(exporter) = exporter else {
        return;
    };
    if let Ok(head) = rehearser.chain.block(At::Latest) {
        metrics.l1_time = head.time;
    }
    exporter.set(metrics.text() + &l1_nodes(&*rehearser.chain));
}

/// Seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
