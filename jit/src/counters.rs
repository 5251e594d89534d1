//! What the translator does, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of a translator since it was made; read at any time, from any thread.
#[derive(Debug, Default)]
pub struct Counters {
    /// Traces translated, those made anew too.
    pub traces: AtomicU64,
    /// Guest instructions in them.
    pub instructions: AtomicU64,
    /// Addresses where no trace can begin.
    pub refused: AtomicU64,
    /// Bytes of host code now.
    pub code_bytes: AtomicU64,
    /// A hash of the code of all traces in the order in which they were translated, where
    /// [`Jit::digest_code`](crate::Jit::digest_code) asked for it, else 0. Code holds no addresses of the
    /// process, so equal runs have equal hashes.
    pub code_digest: AtomicU64,
    /// Steps that the interpreter did.
    pub interpreted: AtomicU64,
    /// How often translated code was left.
    pub exits: AtomicU64,
}

impl Counters {
    /// Adds; gives the new count.
    #[cfg_attr(
        not(all(target_arch = "x86_64", target_os = "linux")),
        allow(dead_code)
    )]
    pub(crate) fn add(counter: &AtomicU64, count: u64) -> u64 {
        // One thread writes, so that load and store need not be one operation.
        let sum = counter.load(Ordering::Relaxed).wrapping_add(count);
        counter.store(sum, Ordering::Relaxed);
        sum
    }

    #[cfg_attr(
        not(all(target_arch = "x86_64", target_os = "linux")),
        allow(dead_code)
    )]
    pub(crate) fn set(counter: &AtomicU64, count: u64) {
        counter.store(count, Ordering::Relaxed);
    }
}
