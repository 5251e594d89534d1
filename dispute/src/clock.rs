//! Chess clocks.

use core::fmt;

/// The clock of a claim: the time that the claimant's side had used when the claim was made, and when
/// that was. Both are in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Clock {
    /// Seconds used by the side of the claimant, extensions included.
    pub duration: u64,
    /// When the claim was made: seconds since 1970 in game time, which is L1's block time unless
    /// fee spikes have held the clocks (see [`crate::fees`]).
    pub timestamp: u64,
}

impl Clock {
    /// As the contract stores it: duration in the upper 64 bits, timestamp in the lower.
    pub const fn packed(self) -> u128 {
        ((self.duration as u128) << 64) | self.timestamp as u128
    }

    /// The clock that [`Clock::packed`] gave.
    pub const fn from_packed(packed: u128) -> Self {
        Self {
            duration: (packed >> 64) as u64,
            timestamp: packed as u64,
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({} s used at {})", self.duration, self.timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing() {
        let clock = Clock {
            duration: 3,
            timestamp: 5,
        };
        assert_eq!(clock.packed(), 0x3_0000_0000_0000_0005);
        let full = Clock {
            duration: u64::MAX,
            timestamp: u64::MAX,
        };
        for clock in [clock, full, Clock::default()] {
            assert_eq!(Clock::from_packed(clock.packed()), clock);
        }
    }
}
