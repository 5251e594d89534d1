//! Traces that are translated wrong on purpose, for tests of what is to notice that.

use super::{Fault, Jit};
use crate::ir::Node;
use crate::trace::Trace;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::Bin;
#[cfg(feature = "faults")]
use std::sync::atomic::Ordering;

impl<I: Isa> Jit<I> {
    /// Spoils the trace that is being made, where it is the one to be wrong.
    pub(super) fn spoil_if_due(&mut self, head: u64) {
        let is_due = match self.hooks.fault {
            #[cfg(test)]
            Some(Fault::Head(at)) => at == head,
            #[cfg(feature = "faults")]
            Some(Fault::Trace(number)) => {
                let _ = head;
                self.counters.traces.load(Ordering::Relaxed) + 1 == number
            }
            None => false,
        };
        if is_due {
            spoil(&mut self.trace);
        }
    }
}

/// The wrong translation: sums are differences. Not those with constants, which tell how far apart
/// addresses are: stores that are looked at together would no longer be where it was looked.
fn spoil(trace: &mut Trace) {
    let nodes = &mut trace.nodes;
    for i in 0..nodes.list.len() {
        if let Node::Bin(Bin::Add, a, b) = nodes.list[i]
            && nodes.as_constant(b).is_none()
        {
            nodes.list[i] = Node::Bin(Bin::Sub, a, b);
        }
    }
}
