//! What the translator does, in numbers.

use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Why control was not in translated code for a while.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Departure {
    /// Code that is not hot yet was interpreted, up to a jump to code that is.
    Cold,
    /// A path was recorded, to be translated.
    Recorded,
    /// A trace ended, or was left by a branch, at an address at which no trace began.
    Unlinked,
    /// A jump to an address in a register did not find the trace of its target: there is none, or it had to
    /// give its entry in the table of traces to another.
    NotFound,
    /// An access in a trace to an address that is not aligned, although the trace expected it to be. After this
    /// and the four reasons that follow, the interpreter goes on to the trace's end.
    Unaligned,
    /// An access in a trace whose bytes lie in two pages, or too far apart from others that share its look-up of
    /// the page.
    TwoPages,
    /// A store in a trace to a page that translated code may not write, above all a page with code in it.
    Page,
    /// A store in a trace while a word near it was reserved.
    Reserved,
    /// An instruction in a trace that traps, or does something rare, as a conditional store that fails.
    Rare,
    /// An instruction that reaches the host: a system call.
    SystemCall,
    /// Another instruction that no trace can hold.
    Refused,
    /// Code in a page that is written so often that it is not translated.
    Rewritten,
    /// The run had fewer steps left than the trace has.
    Last,
}

impl Departure {
    /// All reasons.
    pub const ALL: [Self; 13] = [
        Self::Cold,
        Self::Recorded,
        Self::Unlinked,
        Self::NotFound,
        Self::Unaligned,
        Self::TwoPages,
        Self::Page,
        Self::Reserved,
        Self::Rare,
        Self::SystemCall,
        Self::Refused,
        Self::Rewritten,
        Self::Last,
    ];

    /// The reason for an instruction that no trace can hold.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    pub(crate) fn of_refused(calls_host: bool) -> Self {
        if calls_host {
            Self::SystemCall
        } else {
            Self::Refused
        }
    }

    /// The reason's name in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Cold => "not-hot",
            Self::Recorded => "recorded",
            Self::Unlinked => "not-linked",
            Self::NotFound => "not-found",
            Self::Unaligned => "unaligned",
            Self::TwoPages => "two-pages",
            Self::Page => "code-page",
            Self::Reserved => "reserved",
            Self::Rare => "rare",
            Self::SystemCall => "system-call",
            Self::Refused => "refused",
            Self::Rewritten => "rewritten",
            Self::Last => "last-steps",
        }
    }

    /// The reason in a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cold => "code that is not hot",
            Self::Recorded => "recording a path",
            Self::Unlinked => "to a trace not linked yet",
            Self::NotFound => "jump to a register's address",
            Self::Unaligned => "unaligned address",
            Self::TwoPages => "bytes in two pages",
            Self::Page => "store to a page of code",
            Self::Reserved => "store while a word is reserved",
            Self::Rare => "trap or rare case",
            Self::SystemCall => "system call",
            Self::Refused => "instruction of no trace",
            Self::Rewritten => "code written too often",
            Self::Last => "last steps of a run",
        }
    }
}

/// How often control was outside of translated code, and for how many steps in all.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Departed {
    /// How often.
    pub times: u64,
    /// Steps that the interpreter did meanwhile.
    pub steps: u64,
}

impl Departed {
    /// The approximate cost in steps of the interpreter: the steps done, and for each time as many as it takes to
    /// leave translated code and to enter it again.
    pub fn cost(self) -> u64 {
        const LEAVING: u64 = 30;
        self.steps
            .saturating_add(LEAVING.saturating_mul(self.times))
    }
}

/// Departures by reason and guest address.
type Places = FxHashMap<(Departure, u64), Departed>;

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
    /// A hash of the code of all traces in the order in which they were translated, if
    /// [`Jit::digest_code`](crate::Jit::digest_code) asked for it, otherwise 0. Code holds no addresses of the
    /// process, so equal runs have equal hashes.
    pub code_digest: AtomicU64,
    /// Steps that the interpreter did.
    pub interpreted: AtomicU64,
    /// How often translated code was left.
    pub exits: AtomicU64,
    /// By reason: how often, and how many steps.
    departed: [[AtomicU64; 2]; Departure::ALL.len()],
    /// By place, if [`Jit::explain`](crate::Jit::explain) asked for it.
    places: Mutex<Places>,
}

impl Counters {
    /// How often, and for how many steps, control was outside of translated code for this reason.
    pub fn departed(&self, why: Departure) -> Departed {
        let [times, steps] = &self.departed[why as usize];
        Departed {
            times: times.load(Ordering::Relaxed),
            steps: steps.load(Ordering::Relaxed),
        }
    }

    /// The places at which control left translated code, or did not get into it: reason, guest address, and
    /// how often and for how long. Those of the greatest [cost](Departed::cost) come first. Empty unless
    /// [`Jit::explain`](crate::Jit::explain) asked for it.
    pub fn places(&self) -> Vec<(Departure, u64, Departed)> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places: Vec<_> = places
            .iter()
            .map(|((why, pc), departed)| (*why, *pc, *departed))
            .collect();
        places.sort_by_key(|(why, pc, departed)| (core::cmp::Reverse(departed.cost()), *why, *pc));
        places
    }
}

#[cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux")),
    allow(dead_code, reason = "counted by the translator")
)]
impl Counters {
    /// Adds; gives the new count.
    pub(crate) fn add(counter: &AtomicU64, count: u64) -> u64 {
        // One thread writes, so that load and store need not be one operation.
        let sum = counter.load(Ordering::Relaxed).wrapping_add(count);
        counter.store(sum, Ordering::Relaxed);
        sum
    }

    pub(crate) fn set(counter: &AtomicU64, count: u64) {
        counter.store(count, Ordering::Relaxed);
    }

    /// Counts a departure of this many steps.
    pub(crate) fn depart(&self, why: Departure, steps: u64) {
        let [times, all] = &self.departed[why as usize];
        Self::add(times, 1);
        Self::add(all, steps);
        Self::add(&self.interpreted, steps);
    }

    /// Notes where it was.
    pub(crate) fn note(&self, why: Departure, pc: u64, steps: u64) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let departed = places.entry((why, pc)).or_default();
        departed.times += 1;
        departed.steps += steps;
    }
}
