//! Stores beside each other: one look at the pages for all of them.
//!
//! A store to flat memory looks at the flags of its page. Code that copies, clears or saves registers
//! stores to the same base many times, at distances of less than a page. There the first store looks
//! at the pages of the lowest and the highest address too, between which all the others lie, and these
//! look at nothing. No page stops being ready while translated code runs.

use crate::ir::{NO_EXIT, Node};
use crate::lower::Trace;
use fpvm_core::memory::PAGE_SIZE;

/// Lets stores look for those that follow, in a trace over flat memory. A store whose exit is careful
/// looks for itself only: a page that it looked at was often not ready.
pub(crate) fn cover(trace: &mut Trace) {
    let nodes = &trace.nodes;
    let mut stores = Vec::new();
    for (number, node) in nodes.list.iter().enumerate() {
        if let Node::Store { at, exit, .. } = node {
            let (base, offset) = nodes.base(*at);
            let careful = trace.exits[*exit as usize].careful;
            stores.push((number, base, i64::from(offset as u32 as i32), careful));
        }
    }
    let mut covered = vec![false; stores.len()];
    for first in 0..stores.len() {
        let (number, base, offset, careful) = stores[first];
        if covered[first] || careful {
            continue;
        }
        let (mut lowest, mut highest) = (offset, offset);
        let mut group = Vec::new();
        for (i, (_, other, at, _)) in stores.iter().enumerate().skip(first + 1) {
            let span = highest.max(*at) - lowest.min(*at);
            if *other == base && !covered[i] && span < PAGE_SIZE as i64 {
                (lowest, highest) = (lowest.min(*at), highest.max(*at));
                group.push(i);
            }
        }
        let more = usize::from(lowest < offset) + usize::from(highest > offset);
        if group.len() <= more {
            continue;
        }
        let list = &mut trace.nodes.list;
        if let Node::Store { below, above, .. } = &mut list[number] {
            (*below, *above) = ((offset - lowest) as u16, (highest - offset) as u16);
        }
        for i in group {
            covered[i] = true;
            if let Node::Store { exit, .. } = &mut list[stores[i].0] {
                *exit = NO_EXIT;
            }
        }
    }
}
