//! Which parts of a trace are needed, and where: uses, dead writes, and values that may be made in place.

use crate::ir::{Node, Val};
use crate::trace::{End, Trace};

/// No place in a trace.
pub(crate) const NEVER: u32 = u32::MAX;

/// Facts about each node, by its number.
#[derive(Debug, Default)]
pub(crate) struct Liveness {
    /// The last node that uses the value; the trace's length if its end does.
    pub(crate) last_use: Vec<u32>,
    /// The first node after it where control can leave.
    pub(crate) next_leave: Vec<u32>,
    /// The cell that the value is written to first, and the node that does it.
    pub(crate) written: Vec<(u8, u32)>,
}

impl Liveness {
    /// Whether a value is used after a node.
    pub(crate) fn is_live_after(&self, value: Val, node: usize) -> bool {
        let last = self.last_use[value as usize];
        last != NEVER && last as usize > node
    }

    /// Finds the facts; replaces nodes that nothing needs.
    pub(crate) fn find(&mut self, trace: &mut Trace) {
        let list = &mut trace.nodes.list;
        let len = list.len();
        self.last_use.clear();
        self.last_use.resize(len, NEVER);
        self.next_leave.clear();
        self.next_leave.resize(len, NEVER);
        self.written.clear();
        self.written.resize(len, (0, NEVER));
        if let Some(End::Find(target, _)) = trace.end {
            self.last_use[target as usize] = len as u32;
        }
        // Backwards: a use is seen before the node that makes the value, a write before the writes that it replaces.
        let (mut overwritten, mut leave) = (0u64, NEVER);
        for i in (0..len).rev() {
            self.next_leave[i] = leave;
            let node = list[i];
            let used = self.last_use[i] != NEVER;
            let needed = match node {
                Node::SetCell(cell, _) => overwritten & 1 << cell == 0,
                _ => used || node.has_effect(),
            };
            if !needed {
                list[i] = Node::Nothing;
                continue;
            }
            // A load that only its sign extension needs becomes a load that extends.
            if let Node::Sext(from, bits) = node
                && from as usize + 1 == i
                && self.last_use[from as usize] == NEVER
                && let load @ Node::Load { bytes, .. } = list[from as usize]
                && u32::from(bytes) * 8 == u32::from(bits)
            {
                list[i] = load;
                if let Node::Load { signed, .. } = &mut list[i] {
                    *signed = true;
                }
            }
            // If control can leave here, every cell is used.
            let node = list[i];
            if node.can_leave() {
                overwritten = 0;
                leave = i as u32;
            }
            if let Node::SetCell(cell, value) = node {
                overwritten |= 1 << cell;
                self.written[value as usize] = (cell, i as u32);
            }
            node.operands(|operand| {
                let last = &mut self.last_use[operand as usize];
                if *last == NEVER {
                    *last = i as u32;
                }
            });
        }
    }
}
