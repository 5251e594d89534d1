//! Patterns of steps, as upstream's flags have them.

use std::num::NonZeroU64;

/// At which steps something happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StepMatcher {
    /// `never`, or empty.
    Never,
    /// `always`.
    Always,
    /// `=N`, or the number alone.
    At(u64),
    /// `%N`: at every multiple, 0 included.
    Every(NonZeroU64),
}

impl StepMatcher {
    /// Parses a pattern.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_at_checked(1) {
            Some(("=", step)) => Ok(Self::At(super::number::number(step)?)),
            Some(("%", steps)) => {
                let steps = NonZeroU64::new(super::number::number(steps)?);
                steps
                    .map(StepMatcher::Every)
                    .ok_or_else(|| "every 0 steps is never".into())
            }
            _ => match text {
                "" | "never" => Ok(Self::Never),
                "always" => Ok(Self::Always),
                // Upstream takes no number alone.
                text => super::number::number(text).map(Self::At).map_err(|_| {
                    "one of never, always, N or =N (at step N) or %N (every N steps) is expected"
                        .into()
                }),
            },
        }
    }

    /// Whether it happens at a step.
    pub(crate) fn matches(self, step: u64) -> bool {
        self.next(step) == Some(step)
    }

    /// The first step from `step` on at which it happens.
    pub(crate) fn next(self, step: u64) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::Always => Some(step),
            Self::At(at) => (at >= step).then_some(at),
            Self::Every(steps) => step.checked_next_multiple_of(steps.get()),
        }
    }

    /// Whether it can happen more than once.
    pub(crate) fn repeats(self) -> bool {
        matches!(self, Self::Always | Self::Every(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_upstream_s() {
        let every = |n| StepMatcher::Every(NonZeroU64::new(n).unwrap());
        for (text, matcher) in [
            ("", StepMatcher::Never),
            ("never", StepMatcher::Never),
            ("always", StepMatcher::Always),
            ("=0x10", StepMatcher::At(16)),
            ("1e6", StepMatcher::At(1_000_000)),
            ("%100", every(100)),
        ] {
            assert_eq!(StepMatcher::parse(text), Ok(matcher), "{text}");
        }
        for bad in ["%0", "5x", "=", "%", "=-1", "sometimes", "ünd"] {
            assert!(StepMatcher::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_next_step_is_the_first_that_matches() {
        let every = StepMatcher::parse("%100").unwrap();
        assert_eq!(
            (every.next(0), every.next(1), every.next(100)),
            (Some(0), Some(100), Some(100))
        );
        assert_eq!(every.next(u64::MAX), None);
        let at = StepMatcher::At(7);
        assert_eq!((at.next(7), at.next(8)), (Some(7), None));
        assert!(at.matches(7) && !at.matches(6) && !StepMatcher::Never.matches(0));
        assert!(StepMatcher::Always.matches(u64::MAX));
    }
}
