//! Counts how often jump targets were reached, which tells the hot code.

/// By default a jump's target is translated when it has been reached this often: about as often as the
/// interpreter can run it in the time that translation takes.
const HOT: u8 = 80;
/// The number of counters; targets whose addresses are equal modulo this number share one. A target that shares
/// its counter with a hot one is translated too early, so there are more counters than a large program has targets.
const COUNTERS: usize = 1 << 20;

/// How often jump targets were reached.
#[derive(Debug)]
pub(crate) struct HotCounters {
    counts: Box<[u8]>,
    pub(crate) hot: u8,
}

impl Default for HotCounters {
    fn default() -> Self {
        Self {
            counts: vec![0; COUNTERS].into_boxed_slice(),
            hot: HOT,
        }
    }
}

impl HotCounters {
    /// Counts a visit; gives whether the target is hot.
    #[inline(always)]
    pub(crate) fn count(&mut self, pc: u64) -> bool {
        let count = &mut self.counts[(pc >> 2) as usize % COUNTERS];
        *count = count.saturating_add(1);
        *count >= self.hot
    }

    /// Whether the count has its greatest value, to which it is set at the beginning of a trace.
    #[inline(always)]
    pub(crate) fn is_full(&self, pc: u64) -> bool {
        self.counts[(pc >> 2) as usize % COUNTERS] == u8::MAX
    }

    pub(crate) fn set(&mut self, pc: u64, count: u8) {
        self.counts[(pc >> 2) as usize % COUNTERS] = count;
    }

    /// Forgets what was reached.
    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
    }
}
