//! What has been said in the log: a thing once when it begins, and then rarely for as long as it lasts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often something that lasts is said again.
const RARELY: Duration = Duration::from_secs(600);
/// How soon something that has passed is news: what comes and goes at each look is no news.
const SOON: Duration = Duration::from_secs(60);
/// The most things that are remembered; more are no repetition that anybody would notice.
const REMEMBERED: usize = 256;

/// What has been said, and when.
#[derive(Debug, Default)]
pub struct Said(Mutex<BTreeMap<String, Instant>>);

impl Said {
    /// Nothing.
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Whether a text is to be said now: it was not in the last ten minutes. Figures in it do not make it another,
    /// because heights and times change at each look.
    pub fn is_due(&self, text: &str) -> bool {
        self.is_due_after(text, RARELY)
    }

    fn is_due_after(&self, text: &str, rarely: Duration) -> bool {
        let words: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(&words).is_some_and(|at| at.elapsed() < rarely) {
            return false;
        }
        if said.len() >= REMEMBERED {
            said.clear();
        }
        said.insert(words, Instant::now());
        true
    }

    /// All of it has passed: it is news if it comes again, unless it was said within the last minute.
    pub fn pass(&self) {
        self.pass_after(SOON);
    }

    fn pass_after(&self, soon: Duration) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, at| at.elapsed() < soon);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_said_rarely_and_what_comes_back_is_news() {
        let said = Said::new();
        let heard = ["at block 7", "at block 12", "silent", "at block 13"];
        let heard: Vec<_> = heard.iter().map(|text| said.is_due(text)).collect();
        assert_eq!(heard, [true, false, true, false]);
        assert!(said.is_due_after("at block 13", Duration::ZERO), "it lasts");
        said.pass();
        assert!(!said.is_due("at block 14"), "it comes and goes");
        said.pass_after(Duration::ZERO);
        assert!(said.is_due("at block 15"));
    }
}
