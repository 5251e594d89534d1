//! The places of states in a super game's trace.

/// Steps from one second of L2 time to the next, whatever the number of chains.
pub const STEPS_PER_SECOND: u64 = 128;

/// The step whose state the chains' messages are checked on: what follows it is the next second's super root.
pub const CONSOLIDATION: u64 = STEPS_PER_SECOND - 1;

/// A place in the trace of a super game: a second and the steps made since then.
///
/// Of a second's 128 states the first (step 0) is its super root. Then each chain, in ascending order of ids,
/// derives its block of the *next* second, a step each; the steps beyond the chains only count; from step 127 the
/// chains' messages are checked, which gives the next second's super root. Once the game's timestamp is reached, its
/// super root is repeated for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SuperStep {
    /// L2 time, in seconds since 1970.
    pub timestamp: u64,
    /// Steps made since then: 0 to 127.
    pub step: u64,
}

impl SuperStep {
    /// The super root of a second.
    pub const fn start_of(timestamp: u64) -> Self {
        Self { timestamp, step: 0 }
    }

    /// The place that a claim with this trace index (from 0) is about, in a game from `start` to `end` (L2 times,
    /// in seconds): the state *after* `index + 1` steps.
    ///
    /// This is upstream's `ComputeStep`, except that upstream refuses an index of more than 64 bits. No clock gets that
    /// far, so here such an index stands for the game's end.
    pub fn of_index(index: u128, start: u64, end: u64) -> Self {
        let steps = u128::from(STEPS_PER_SECOND);
        let made = index.saturating_add(1);
        let seconds = u64::try_from(made / steps).unwrap_or(u64::MAX);
        let timestamp = start.saturating_add(seconds);
        if timestamp >= end {
            return Self::start_of(end);
        }
        Self {
            timestamp,
            step: (made % steps) as u64,
        }
    }

    /// The place after this one, in a game without an end.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.step >= CONSOLIDATION {
            Self::start_of(self.timestamp.saturating_add(1))
        } else {
            Self {
                timestamp: self.timestamp,
                step: self.step.saturating_add(1),
            }
        }
    }

    /// Its number in the order of time: 128 for each second since 1970, and the step.
    pub fn number(self) -> u128 {
        let seconds = u128::from(self.timestamp).saturating_mul(STEPS_PER_SECOND.into());
        seconds.saturating_add(self.step.into())
    }
}
