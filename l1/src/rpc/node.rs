//! One node of several, and when it is asked.

use super::refusal::{Silence, silence};
use crate::error::tame;
use crate::http::{Failure, Http};
use crate::{Error, NodeReport, Revert};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first rest of a node that failed; it doubles up to the last.
const REST: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// A node, with what is held of it.
#[derive(Debug)]
pub(super) struct Node {
    http: Http,
    /// What messages call it.
    pub(super) name: String,
    standing: Mutex<Standing>,
    answers: AtomicU64,
    failures: AtomicU64,
}

/// Whether a node is asked.
#[derive(Clone, Default, Debug)]
struct Standing {
    /// Whether it said to be on the right chain since it failed last.
    is_checked: bool,
    rest: Option<Rest>,
    left_out: Option<LeftOut>,
}

/// Why a node rests, and until when.
#[derive(Clone, Debug)]
struct Rest {
    why: String,
    length: Duration,
    until: Instant,
}

/// Why a node that answers is not asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum LeftOut {
    /// It is on the chain of this number.
    Chain(u64),
    /// It is so many blocks behind.
    Behind(u64),
    /// It is on another fork, in words.
    Fork(String),
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Chain(found) => write!(f, "it is on chain {found}"),
            Self::Behind(blocks) => write!(f, "it is {blocks} blocks behind"),
            Self::Fork(why) => write!(f, "it is on another fork: {why}"),
        }
    }
}

/// A question that got no result.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) silence: Silence,
    /// What happened, in words.
    pub(super) why: String,
    /// How long to wait before the next question, where that is said.
    pub(super) after: Option<Duration>,
    /// Whether it is the node's fault, and not a refusal.
    is_fault: bool,
}

impl Node {
    pub(super) fn new(http: Http, name: String) -> Self {
        Self {
            http,
            name,
            standing: Mutex::default(),
            answers: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Scheme, host and port.
    pub(super) fn host(&self) -> &str {
        &self.http.name
    }

    pub(super) fn is_local(&self) -> bool {
        self.http.is_local()
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks once, whatever is held of it.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<T, Failed> {
        let result = self.http.ask(method, params).and_then(|raw| {
            let parsed = serde_json::from_str(raw.get());
            parsed.map_err(|error| Failure::Malformed(error.to_string()))
        });
        result
            .inspect(|_| {
                self.answers.fetch_add(1, Ordering::Relaxed);
            })
            .map_err(|failure| self.failed(method, failure))
    }

    fn failed(&self, method: &'static str, failure: Failure) -> Failed {
        let silence = silence(method, &failure);
        let is_fault = silence == Silence::Passes || !matches!(failure, Failure::Refused(..));
        if is_fault {
            self.failures.fetch_add(1, Ordering::Relaxed);
        } else {
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
        Failed {
            silence,
            why: failure.why(),
            after: failure.after(),
            is_fault,
            error: self.error(method, failure),
        }
    }

    fn error(&self, method: &'static str, failure: Failure) -> Error {
        match failure {
            Failure::Refused(error, _) => {
                let reverted = error.code == 3 || error.message.contains("revert");
                if let (true, "eth_call" | "eth_estimateGas") = (reverted, method) {
                    let data = error.as_revert_data();
                    return Error::Reverted(Revert(data.unwrap_or_default()));
                }
                Error::Refused {
                    node: self.name.clone(),
                    method,
                    code: error.code,
                    message: tame(&error.message),
                }
            }
            other => Error::Malformed {
                node: self.name.clone(),
                method,
                why: other.why(),
            },
        }
    }

    /// Whether it may be asked now, as far as its failures go.
    pub(super) fn is_awake(&self) -> bool {
        let standing = self.standing();
        let rests = standing.rest.as_ref();
        rests.is_none_or(|rest| Instant::now() >= rest.until)
    }

    /// Whether it is asked what is to be known.
    pub(super) fn is_trusted(&self) -> bool {
        let standing = self.standing();
        standing.is_checked && standing.left_out.is_none()
    }

    pub(super) fn is_checked(&self) -> bool {
        self.standing().is_checked
    }

    pub(super) fn left_out(&self) -> Option<LeftOut> {
        self.standing().left_out.clone()
    }

    /// Why it is not asked, in words.
    pub(super) fn trouble(&self) -> Option<String> {
        let standing = self.standing();
        let left_out = standing.left_out.as_ref().map(ToString::to_string);
        left_out.or_else(|| standing.rest.as_ref().map(|rest| rest.why.clone()))
    }

    /// Until when it rests.
    pub(super) fn rests_until(&self) -> Option<Instant> {
        self.standing().rest.as_ref().map(|rest| rest.until)
    }

    /// Takes in that a question, asked at `begun`, came to nothing: where that is its fault, it rests.
    pub(super) fn rest(&self, failed: &Failed, begun: Instant) {
        if !failed.is_fault {
            return;
        }
        let mut standing = self.standing();
        let before = standing.rest.take();
        let length = before
            .as_ref()
            .map_or(Duration::ZERO, |rest| rest.length * 2);
        // As long as the failure took at least, so that it does not hold up every question.
        let length = length.max(begun.elapsed()).clamp(REST[0], REST[1]);
        let length = length.max(failed.after.unwrap_or_default());
        let (node, why, seconds) = (&self.name, &failed.why, length.as_secs());
        if before.is_none() {
            tracing::warn!(target: "l1", node, why, seconds, "This node fails, others are asked");
        } else {
            tracing::debug!(target: "l1", node, why, seconds, "This node still fails");
        }
        standing.rest = Some(Rest {
            why: failed.why.clone(),
            length,
            until: Instant::now() + length,
        });
        // Another node may answer there when it is back.
        standing.is_checked = false;
    }

    /// Takes in that it answers, and is on the right chain.
    pub(super) fn is_back(&self) {
        let mut standing = self.standing();
        standing.is_checked = true;
        if standing.rest.take().is_some() {
            tracing::info!(target: "l1", node = self.name, "This node answers again");
        }
        if matches!(standing.left_out, Some(LeftOut::Chain(_))) {
            standing.left_out = None;
        }
    }

    /// Takes in why it is not asked although it answers; `None` where it is.
    pub(super) fn leave_out(&self, left_out: Option<LeftOut>) {
        let mut standing = self.standing();
        let node = &self.name;
        let kind = |left_out: &Option<LeftOut>| left_out.as_ref().map(std::mem::discriminant);
        match &left_out {
            _ if kind(&left_out) == kind(&standing.left_out) => {}
            Some(left_out) => {
                let why = left_out.to_string();
                tracing::warn!(target: "l1", node, why, "This node is left out");
            }
            None => tracing::info!(target: "l1", node, "This node agrees again, it is asked"),
        }
        standing.left_out = left_out;
    }

    pub(super) fn report(&self) -> NodeReport {
        NodeReport {
            name: self.name.clone(),
            trouble: self.trouble(),
            answers: self.answers.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}
