//! Accesses beside each other: one look-up of the pages for all of them.
//!
//! A store to flat memory checks the flags of its page. Code that copies, clears or saves registers
//! stores to the same base many times, at distances of less than a page. There the first store also
//! checks the pages of the lowest and the highest address, between which all the others lie, and the
//! others check nothing. No page stops being ready while translated code runs.
//!
//! In memory of 64-bit addresses loads have to look pages up too, and neighbouring pages may lie anywhere
//! in host memory. So the first access checks that all the bytes are in one page; if they are not, the
//! interpreter does the access.

use crate::ir::{NO_EXIT, Node, Val};
use crate::trace::Trace;
use fpvm_core::machine::memory::PAGE_SIZE;

/// The most bytes over which accesses share a look-up: few, so that they rarely cross a page's end.
const SPAN: i32 = 512;

/// Makes accesses look pages up for those that follow. An access that is assumed to be unaligned looks up only its
/// own, because it was often left to the interpreter, and memory near its address may not be there.
pub(crate) fn coalesce(trace: &mut Trace) {
    share(trace);
    let nodes = &trace.nodes;
    let mut stores = Vec::new();
    for (number, node) in nodes.list.iter().enumerate() {
        if let Node::Store { at, exit, .. } = node
            && *exit != NO_EXIT
        {
            let (base, offset) = nodes.base(*at);
            let assume_unaligned = trace.exits[*exit as usize].assume_unaligned;
            stores.push((
                number,
                base,
                i64::from(offset as u32 as i32),
                assume_unaligned,
            ));
        }
    }
    // Greedily, from the front: each store that no other looks up for takes in all later stores that lie within
    // less than a page with it.
    let mut covered = vec![false; stores.len()];
    for first in 0..stores.len() {
        let (number, base, offset, assume_unaligned) = stores[first];
        if covered[first] || assume_unaligned {
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
        // Checking the lowest and the highest address costs as much as two stores would.
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

/// A [`Node::TlbLookup`] that others may share.
struct Shared {
    node: Val,
    at: Val,
    store: Option<Val>,
    /// The bytes, from the base on.
    from: i32,
    to: i32,
}

/// The same for memory of 64-bit addresses. A page that a store finds serves loads too.
fn share(trace: &mut Trace) {
    let list = &mut trace.nodes.list;
    let mut looks: Vec<Shared> = Vec::new();
    for number in 0..list.len() {
        let Node::TlbLookup {
            at,
            offset,
            bytes,
            store,
            exit,
            ..
        } = list[number]
        else {
            continue;
        };
        if trace.exits[exit as usize].assume_unaligned {
            continue;
        }
        let (from, to) = (offset, offset + i32::from(bytes));
        let shared = looks.iter_mut().rev().find(|look| {
            let span = look.to.max(to) - look.from.min(from);
            look.at == at && (store.is_none() || look.store == store) && span <= SPAN
        });
        let Some(shared) = shared else {
            looks.push(Shared {
                node: number as Val,
                at,
                store,
                from,
                to,
            });
            continue;
        };
        (shared.from, shared.to) = (shared.from.min(from), shared.to.max(to));
        list[number] = Node::Nothing;
        if let Node::TlbLookup {
            offset,
            below,
            bytes,
            ..
        } = &mut list[shared.node as usize]
        {
            *below = (*offset - shared.from) as u16;
            *bytes = (shared.to - shared.from) as u16;
        }
        // The access comes next.
        if let Some(Node::Load { page, .. } | Node::Store { page, .. }) = list.get_mut(number + 1) {
            *page = shared.node;
        }
    }
}
