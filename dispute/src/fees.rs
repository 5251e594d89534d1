//! Time for fee spikes: an option of the game that holds the chess clocks while the base fee of L1
//! is above the one that the bonds were computed for.
//!
//! The whole specification, with its reasons, is the book's chapter "Time for fee spikes". In
//! short: all clocks of a game run in *game time*, `L1 time - held`. Anyone may sample the base fee
//! at any time; a sample above [`ASSUMED_BASE_FEE`] holds the clocks for the next `window` seconds
//! or until the next sample, whichever comes first; over the whole game they are held for at most
//! `cap` seconds. Without the option game time is L1 time, and the game is exactly upstream's.

use crate::bond::ASSUMED_BASE_FEE;
use crate::revert::Revert;

/// Parameters of the option.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FeeSpikes {
    /// How long a sample above the threshold holds the clocks, in seconds.
    pub window: u64,
    /// The most that the clocks of one game are held, in seconds.
    pub cap: u64,
}

impl FeeSpikes {
    /// What the book recommends beside mainnet's clocks: samples of half an hour, at most half of
    /// the game window in total.
    pub const RECOMMENDED: Self = Self {
        window: 1_800,
        cap: 151_200,
    };

    /// Whether the parameters fit a game with this clock.
    pub(crate) const fn check(self, max_clock_duration: u64) -> Result<(), Revert> {
        if self.window == 0 || self.window > self.cap || self.cap > max_clock_duration {
            return Err(Revert::InvalidFeeSpikes);
        }
        Ok(())
    }
}

/// The state that a game keeps of the samples: one storage slot of the contract.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FeeMeter {
    /// Seconds held by the holds that are over.
    pub held: u64,
    /// L1 time at which the current or last hold began; 0 if the last sample was not above the
    /// threshold.
    pub from: u64,
    /// L1 time at which it ends or ended unless a sample comes first; 0 as above.
    pub until: u64,
}

impl FeeMeter {
    /// Seconds that the clocks have been held up to `now` (L1 time, in seconds).
    pub fn held_at(&self, spikes: FeeSpikes, now: u64) -> u64 {
        let current = now.min(self.until).saturating_sub(self.from);
        self.held.saturating_add(current).min(spikes.cap)
    }

    /// Takes a sample: the base fee of L1 at `now`, in wei.
    pub fn sample(&mut self, spikes: FeeSpikes, now: u64, base_fee: u128) {
        self.held = self.held_at(spikes, now);
        (self.from, self.until) = if base_fee > ASSUMED_BASE_FEE {
            (now, now.saturating_add(spikes.window))
        } else {
            (0, 0)
        };
    }

    /// When the clocks will run again if nothing more is sampled; at or before `now` if they run.
    pub fn runs_again_at(&self, spikes: FeeSpikes) -> u64 {
        self.until.min(
            self.from
                .saturating_add(spikes.cap.saturating_sub(self.held)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SPIKES: FeeSpikes = FeeSpikes {
        window: 100,
        cap: 250,
    };
    const HIGH: u128 = ASSUMED_BASE_FEE + 1;

    #[test]
    fn parameters() {
        let check = |window, cap| FeeSpikes { window, cap }.check(1_000);
        assert_eq!(check(1, 1), Ok(()));
        assert_eq!(check(1_000, 1_000), Ok(()));
        for (window, cap) in [(0, 1), (2, 1), (1, 1_001)] {
            assert_eq!(check(window, cap), Err(Revert::InvalidFeeSpikes));
        }
        assert_eq!(FeeSpikes::RECOMMENDED.check(302_400), Ok(()));
    }

    #[test]
    fn a_sample_holds_for_the_window_at_most() {
        let mut meter = FeeMeter::default();
        assert_eq!(meter.held_at(SPIKES, 1_000), 0);
        meter.sample(SPIKES, 1_000, HIGH);
        assert_eq!(meter.held_at(SPIKES, 1_000), 0);
        assert_eq!(meter.held_at(SPIKES, 1_060), 60);
        assert_eq!(meter.runs_again_at(SPIKES), 1_100);
        assert_eq!(meter.held_at(SPIKES, 5_000), 100);
    }

    #[test]
    fn the_fee_assumed_is_still_covered() {
        let mut meter = FeeMeter::default();
        meter.sample(SPIKES, 1_000, ASSUMED_BASE_FEE);
        assert_eq!(meter, FeeMeter::default());
    }

    #[test]
    fn the_next_sample_ends_the_hold() {
        let mut meter = FeeMeter::default();
        meter.sample(SPIKES, 1_000, HIGH);
        meter.sample(SPIKES, 1_030, 7);
        assert_eq!(meter.held_at(SPIKES, 2_000), 30);
        meter.sample(SPIKES, 2_000, HIGH);
        meter.sample(SPIKES, 2_090, HIGH);
        assert_eq!(meter.held_at(SPIKES, 2_090), 120);
        assert_eq!(meter.held_at(SPIKES, 2_190), 220);
    }

    #[test]
    fn the_cap_holds_whatever_is_sampled() {
        let mut meter = FeeMeter::default();
        for now in (0..1_000).step_by(50) {
            meter.sample(SPIKES, now, HIGH);
        }
        assert_eq!(meter.held_at(SPIKES, 1_000), 250);
        assert_eq!(meter.runs_again_at(SPIKES), 950);
        assert_eq!(meter.held_at(SPIKES, u64::MAX), 250);
    }

    proptest! {
        /// Game time never runs backwards, nor faster than L1's, whatever is sampled: a clock that
        /// has run out stays run out.
        #[test]
        fn game_time_is_monotonic(samples in prop::collection::vec((0u64..150, any::<bool>()), 1..40)) {
            let mut meter = FeeMeter::default();
            let (mut now, mut game_time) = (1_000, 1_000);
            for (wait, high) in samples {
                let next = now + wait;
                let next_game_time = next - meter.held_at(SPIKES, next);
                prop_assert!((game_time..=game_time + wait).contains(&next_game_time));
                meter.sample(SPIKES, next, if high { HIGH } else { 0 });
                prop_assert_eq!(next - meter.held_at(SPIKES, next), next_game_time);
                (now, game_time) = (next, next_game_time);
            }
        }
    }
}
