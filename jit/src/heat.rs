//! Which code is hot: how often jump targets were reached.

/// A jump's target is translated when it has been reached this often, if nobody says otherwise: about as
/// often as the interpreter does it in the time that translation takes.
const HOT: u8 = 80;
/// Targets that are counted apart. One that shares its count with a hot one is translated too early,
/// so there are more than a large program has.
const HEAT: usize = 1 << 20;

/// How often jump targets were reached.
#[derive(Debug)]
pub(crate) struct Heat {
    counts: Box<[u8]>,
    pub(crate) hot: u8,
}

impl Default for Heat {
    fn default() -> Self {
        Heat {
            counts: vec![0; HEAT].into_boxed_slice(),
            hot: HOT,
        }
    }
}

impl Heat {
    /// Counts; tells whether a target is hot.
    #[inline(always)]
    pub(crate) fn touch(&mut self, pc: u64) -> bool {
        let heat = &mut self.counts[(pc >> 2) as usize % HEAT];
        *heat = heat.saturating_add(1);
        *heat >= self.hot
    }

    pub(crate) fn set(&mut self, pc: u64, heat: u8) {
        self.counts[(pc >> 2) as usize % HEAT] = heat;
    }

    /// Forgets what was reached.
    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
    }
}
