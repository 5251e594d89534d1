//! Which code of a program is hot, as one machine tells the next that runs the same program.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Addresses at which code of a program proved hot, shared by the machines that run it, one after another or side
/// by side. It is a hint: addresses of another program make a run slower, and change nothing else.
#[derive(Clone, Default, Debug)]
pub struct HotCode(Arc<Mutex<BTreeSet<u64>>>);

impl HotCode {
    /// Notes that code from an address on is hot, as a [`Tier`](crate::machine::vm::Tier) finds.
    pub fn add(&self, pc: u64) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(pc);
    }

    /// All addresses so far, ascending.
    pub fn all(&self) -> Vec<u64> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().copied().collect()
    }
}
