//! What upstream's program counts as it runs, for its `--debug-info`: how threads and reservations fare.
//!
//! Only load-linked and store-conditional have to be looked at for it: the machine itself counts the
//! writes to the reserved word.

use crate::Mips64;
use crate::state::{LL_STATUS, THREAD_ID};
use crate::table::Op;
use fpvm_core::definition::decode::decode;
use fpvm_core::definition::state::State;
use fpvm_core::machine::observer::Observer;

/// Threads of which upstream remembers the last load-linked.
const REMEMBERED: usize = 5;

/// The counts of a run. They begin with it: of what was before a state that is resumed, upstream knows
/// nothing either.
#[derive(Clone, Default, Debug)]
pub struct Statistics {
    rmw_success: u64,
    rmw_fail: u64,
    max_steps_between_ll_and_sc: u64,
    forced_preemption: u64,
    idle_step_count_thread_0: u64,
    /// Steps at which threads did their last load-linked, the latest thread last.
    linked: Vec<(u64, u64)>,
    /// Whether there was a reservation before the step.
    reserved: bool,
    /// The thread that upstream takes for the running one: it looks only where one gives way.
    active: u64,
    /// The step at which thread 0 gave way.
    idle_since: u64,
    /// Threads before the step.
    threads: usize,
}

impl Statistics {
    fn take_linked(&mut self, thread: u64) -> Option<u64> {
        let at = self.linked.iter().position(|(of, _)| *of == thread)?;
        Some(self.linked.remove(at).1)
    }

    fn load_linked(&mut self, thread: u64, step: u64) {
        self.take_linked(thread);
        if self.linked.len() == REMEMBERED {
            self.linked.remove(0);
        }
        self.linked.push((thread, step));
    }

    fn store_conditional(&mut self, thread: u64, step: u64, success: bool) {
        let count = if success {
            &mut self.rmw_success
        } else {
            &mut self.rmw_fail
        };
        *count += 1;
        if let Some(linked) = self.take_linked(thread) {
            let steps = step.saturating_sub(linked);
            self.max_steps_between_ll_and_sc = self.max_steps_between_ll_and_sc.max(steps);
        }
    }

    /// A thread gave way to this one, which may be itself.
    fn activated(&mut self, thread: u64, step: u64) {
        match (self.active, thread) {
            (0, 1..) => self.idle_since = step,
            (1.., 0) => self.idle_step_count_thread_0 += step.saturating_sub(self.idle_since),
            _ => {}
        }
        self.active = thread;
    }
}

fn is_reserved<const VERSION: u8>(state: &State<Mips64<VERSION>>) -> bool {
    state.get(LL_STATUS) != 0
}

impl<const VERSION: u8> Observer<Mips64<VERSION>> for Statistics {
    fn watches(&self, op: Op) -> bool {
        matches!(op, Op::ll | Op::lld | Op::sc | Op::scd)
    }

    fn before(&mut self, state: &State<Mips64<VERSION>>) {
        self.reserved = is_reserved(state);
        self.threads = state.thread_count();
    }

    fn after(&mut self, state: &State<Mips64<VERSION>>, insn: Option<u32>) {
        let thread = state.get(THREAD_ID);
        // Threads that begin or end are more or fewer: only where there are as many did one give way.
        if state.steps_since_switch() == 0 && state.thread_count() == self.threads {
            self.forced_preemption += u64::from(insn.is_none());
            self.activated(thread, state.step);
        }
        match insn.map(decode::<Mips64<VERSION>>) {
            Some(Op::ll | Op::lld) => self.load_linked(thread, state.step),
            Some(Op::sc | Op::scd) => {
                // A store that happens ends the reservation, and nothing else about it does.
                let success = self.reserved && !is_reserved(state);
                self.store_conditional(thread, state.step, success);
            }
            _ => {}
        }
    }

    fn counts(&self, reserved_writes: u64) -> Vec<(&'static str, u64)> {
        // Upstream compares each address that is written with the reserved one, also where nothing is
        // reserved and that is 0. The store of a store-conditional alone it does not compare.
        let invalidated = reserved_writes.saturating_sub(self.rmw_success);
        vec![
            ("rmw_success_count", self.rmw_success),
            ("rmw_fail_count", self.rmw_fail),
            (
                "max_steps_between_ll_and_sc",
                self.max_steps_between_ll_and_sc,
            ),
            ("reservation_invalidation_count", invalidated),
            ("forced_preemption_count", self.forced_preemption),
            ("idle_step_count_thread_0", self.idle_step_count_thread_0),
        ]
    }
}
