//! Checks that run beside each other, and what they find.

use serde::Serialize;
use std::fmt;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Grade {
    /// As it should be.
    Ok,
    /// The service runs with it, and may come to harm.
    Warning,
    /// The service does not do its work with it.
    Failure,
}

/// What was found out about something that a service needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: &'static str,
    pub(super) grade: Grade,
    /// How it is.
    pub(super) says: String,
    /// What to do; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self {
            check,
            grade: Grade::Ok,
            says: says.into(),
            advice: None,
        }
    }

    pub(super) fn warning(
        check: &'static str,
        says: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            grade: Grade::Warning,
            advice: Some(advice.into()),
            ..Self::ok(check, says)
        }
    }

    pub(super) fn failure(
        check: &'static str,
        says: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            grade: Grade::Failure,
            ..Self::warning(check, says, advice)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Ok => "ok",
            Grade::Warning => "warning",
            Grade::Failure => "FAILURE",
        };
        writeln!(f, "{grade:<8} {:<9} {}", self.check, self.says)?;
        match &self.advice {
            Some(advice) => writeln!(f, "{:18} → {advice}", ""),
            None => Ok(()),
        }
    }
}

/// Something to look at, and what finds out how it is.
pub(super) type Check = (&'static str, Box<dyn FnOnce() -> Vec<Finding> + Send>);

/// Runs checks beside each other; what they found, in the order of the checks. One that has not ended by the deadline has
/// failed, and is left behind.
pub(super) fn examine(checks: Vec<Check>, deadline: Duration) -> Vec<Finding> {
    let until = Instant::now() + deadline;
    let running: Vec<_> = checks
        .into_iter()
        .map(|(name, check)| {
            let (done, found) = mpsc::channel();
            std::thread::spawn(move || {
                // Whoever asked may not wait any more.
                let _ = done.send(check());
            });
            (name, found)
        })
        .collect();
    let ended = |(name, found): (&'static str, mpsc::Receiver<Vec<Finding>>)| {
        let left = until.saturating_duration_since(Instant::now());
        found.recv_timeout(left).unwrap_or_else(|_| {
            let says = format!("it has not ended within {} s", deadline.as_secs());
            let advice = "Whom it asks is too slow: --deadline gives it more time";
            vec![Finding::failure(name, says, advice)]
        })
    };
    running.into_iter().flat_map(ended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_does_not_end_fails_alone() {
        let slow: Check = (
            "slow",
            Box::new(|| {
                std::thread::sleep(Duration::from_secs(30));
                Vec::new()
            }),
        );
        let fast: Check = ("fast", Box::new(|| vec![Finding::ok("fast", "fine")]));
        let begun = Instant::now();
        let found = examine(vec![slow, fast], Duration::from_millis(300));
        assert!(begun.elapsed() < Duration::from_secs(10));
        let grades: Vec<_> = found.iter().map(|one| (one.check, one.grade)).collect();
        assert_eq!(grades, [("slow", Grade::Failure), ("fast", Grade::Ok)]);
    }
}
