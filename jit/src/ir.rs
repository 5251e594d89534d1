//! The trace: a straight list of nodes in static single assignment, built with folding.
//!
//! A node is a pure value, an access to memory, a write of a cell, or a way out. Facts about a value (an upper
//! bound, a sign extension, alignment) are kept beside it, and used as further nodes are built.

mod fold;
#[cfg(test)]
mod proved;

use fpvm_core::definition::machine::Bin;

/// A value: the number of the node that makes it.
pub(crate) type Val = u32;

/// The test of a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Test {
    Equal,
    LessSigned,
    LessUnsigned,
    /// `a & b` is 0.
    Clear,
}

/// A condition on two values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cond {
    pub(crate) test: Test,
    pub(crate) negated: bool,
    pub(crate) a: Val,
    pub(crate) b: Val,
}

/// A truth value: a constant, or a condition that is fused into the node that uses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Truth {
    Known(bool),
    Is(Cond),
}

impl Truth {
    pub(crate) fn not(self) -> Self {
        match self {
            Self::Known(known) => Self::Known(!known),
            Self::Is(cond) => Self::Is(Cond {
                negated: !cond.negated,
                ..cond
            }),
        }
    }
}

/// The number of a trace's exit.
pub(crate) type ExitId = u32;

/// The exit of an access that cannot fail.
pub(crate) const NO_EXIT: ExitId = ExitId::MAX;

/// No value.
pub(crate) const NO_VALUE: Val = Val::MAX;

/// A node of a trace.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Node {
    /// Nothing, or a value that turned out not to be needed.
    Nothing,
    Const(u64),
    /// The value of a cell when the trace is entered.
    Entry(u8),
    Bin(Bin, Val, Val),
    /// Rotation to the right by a constant.
    Rotate(Val, u8),
    Clz(Val),
    /// Sign extension from this many bits.
    Sext(Val, u8),
    /// 1 or 0.
    Flag(Cond),
    Select(Cond, Val, Val),
    /// Finds the page, in memory of 64-bit addresses, of the bytes at `at + offset`, from so many below on. The value
    /// is a host address in the page minus the guest's.
    TlbLookup {
        at: Val,
        offset: i32,
        below: u16,
        bytes: u16,
        /// For stores: the reserved address, which must not be among the bytes, or [`NO_VALUE`].
        store: Option<Val>,
        exit: ExitId,
    },
    /// Loads from `at + offset`: in flat memory, or in the page that a [`Node::TlbLookup`] has found.
    Load {
        at: Val,
        offset: i32,
        bytes: u8,
        signed: bool,
        page: Val,
    },
    /// Stores to `at + offset`, likewise.
    Store {
        at: Val,
        offset: i32,
        bytes: u8,
        value: Val,
        page: Val,
        exit: ExitId,
        /// In flat memory it also checks the pages this far below and above, for later stores.
        below: u16,
        above: u16,
    },
    SetCell(u8, Val),
    /// Leaves if the condition holds.
    SideExit(Cond, ExitId),
    /// Leaves for the address `target` if it is not `expected`.
    SideExitUnless {
        target: Val,
        expected: Val,
        exit: ExitId,
    },
}

impl Node {
    /// Calls `f` with each operand.
    #[inline]
    pub(crate) fn operands(&self, mut f: impl FnMut(Val)) {
        let mut f = |value| {
            if value != NO_VALUE {
                f(value);
            }
        };
        match *self {
            Self::Nothing | Self::Const(_) | Self::Entry(_) => {}
            Self::Rotate(a, _) | Self::Clz(a) | Self::Sext(a, _) | Self::SetCell(_, a) => f(a),
            Self::TlbLookup { at, store, .. } => {
                [Some(at), store].into_iter().flatten().for_each(f);
            }
            Self::Load { at, page, .. } => [at, page].into_iter().for_each(f),
            Self::Bin(_, a, b) => [a, b].into_iter().for_each(f),
            Self::Flag(cond) | Self::SideExit(cond, _) => [cond.a, cond.b].into_iter().for_each(f),
            Self::Select(cond, a, b) => [cond.a, cond.b, a, b].into_iter().for_each(f),
            Self::Store {
                at, value, page, ..
            } => [at, value, page].into_iter().for_each(f),
            Self::SideExitUnless {
                target, expected, ..
            } => [target, expected].into_iter().for_each(f),
        }
    }

    /// Whether control can leave the trace here, with all cells written so far.
    pub(crate) fn can_leave(&self) -> bool {
        match self {
            Self::Store { exit, .. } => *exit != NO_EXIT,
            Self::TlbLookup { .. } | Self::SideExit(..) | Self::SideExitUnless { .. } => true,
            _ => false,
        }
    }

    /// Whether it does more than make a value.
    pub(crate) fn has_effect(&self) -> bool {
        matches!(
            self,
            Self::Store { .. }
                | Self::SetCell(..)
                | Self::SideExit(..)
                | Self::SideExitUnless { .. }
        )
    }
}

/// What is known about a value.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// It is at most this.
    max: u64,
    /// It is the sign extension of this many of its bits.
    sext: u8,
    /// Low bits known to be 0.
    zeros: u8,
    /// It is this value plus a constant.
    base: Val,
    offset: u64,
}

/// Nodes under construction.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    bits: u32,
    pub(crate) list: Vec<Node>,
    known: Vec<Known>,
}

impl Nodes {
    /// Starts over, for words of this many bits.
    pub(crate) fn clear(&mut self, bits: u32) {
        self.bits = bits;
        self.list.clear();
        self.known.clear();
    }

    /// Removes the nodes from a number on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.list.truncate(len);
        self.known.truncate(len);
    }

    fn ones(&self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    pub(crate) fn push(&mut self, node: Node) -> Val {
        let value = self.list.len() as Val;
        let (ones, bits) = (self.ones(), self.bits as u8);
        let mut known = Known {
            max: ones,
            sext: bits,
            zeros: 0,
            base: value,
            offset: 0,
        };
        match node {
            Node::Const(k) => {
                known.max = k;
                known.zeros = k.trailing_zeros().min(63) as u8;
                let signed = (k << (64 - self.bits)) as i64;
                let copies = if signed < 0 {
                    signed.leading_ones()
                } else {
                    signed.leading_zeros()
                };
                known.sext = (bits + 1).saturating_sub(copies as u8).max(1);
            }
            Node::Flag(_) => known.max = 1,
            Node::Clz(_) => known.max = u64::from(self.bits),
            Node::Load { bytes, signed, .. } if bytes < 8 && !signed => {
                known.max = ones & ((1 << (8 * bytes)) - 1);
            }
            Node::Sext(_, from) => known.sext = from,
            Node::Select(_, a, b) => {
                let (a, b) = (self.known(a), self.known(b));
                known.max = a.max.max(b.max);
                known.sext = a.sext.max(b.sext);
                known.zeros = a.zeros.min(b.zeros);
            }
            Node::Bin(op, a, b) => self.know_bin(&mut known, op, a, b),
            _ => {}
        }
        if known.max < ones {
            let needed = 65 - known.max.leading_zeros() as u8;
            known.sext = known.sext.min(needed);
        }
        self.list.push(node);
        self.known.push(known);
        value
    }

    fn know_bin(&self, known: &mut Known, op: Bin, a: Val, b: Val) {
        let (ka, kb) = (self.known(a), self.known(b));
        let constant = self.as_constant(b);
        match op {
            Bin::And => {
                known.max = ka.max.min(kb.max);
                known.sext = ka.sext.max(kb.sext);
                known.zeros = ka.zeros.max(kb.zeros);
            }
            Bin::Or | Bin::Xor => {
                let both = ka.max | kb.max;
                known.max = u64::MAX.checked_shr(both.leading_zeros()).unwrap_or(0);
                known.sext = ka.sext.max(kb.sext);
                known.zeros = ka.zeros.min(kb.zeros);
            }
            Bin::Add => {
                if let Some(sum) = ka.max.checked_add(kb.max) {
                    known.max = sum.min(self.ones());
                    if sum > self.ones() {
                        known.max = self.ones();
                    }
                }
                known.zeros = ka.zeros.min(kb.zeros);
                if let Some(k) = constant {
                    known.base = ka.base;
                    known.offset = ka.offset.wrapping_add(k);
                }
            }
            Bin::Sub => {
                known.zeros = ka.zeros.min(kb.zeros);
                if let Some(k) = self.as_constant(a)
                    && kb.max <= k
                {
                    known.max = k;
                }
            }
            Bin::Shl => {
                if let Some(k) = constant
                    && k < u64::from(self.bits)
                {
                    if ka.max <= self.ones() >> k {
                        known.max = ka.max << k;
                    }
                    known.zeros = (ka.zeros + k as u8).min(63);
                }
            }
            Bin::Shr => {
                if let Some(k) = constant
                    && k < 64
                {
                    known.max = ka.max >> k;
                }
            }
            Bin::Sar => known.sext = ka.sext,
            Bin::RemUnsigned => known.max = ka.max,
            _ => {}
        }
    }

    fn known(&self, v: Val) -> Known {
        self.known[v as usize]
    }

    pub(crate) fn node(&self, v: Val) -> Node {
        self.list[v as usize]
    }

    pub(crate) fn as_constant(&self, v: Val) -> Option<u64> {
        match self.node(v) {
            Node::Const(k) => Some(k),
            _ => None,
        }
    }

    /// An upper bound.
    pub(crate) fn max(&self, v: Val) -> u64 {
        self.known(v).max
    }

    /// A value and a constant whose sum, modulo the word, is this value.
    pub(crate) fn base(&self, v: Val) -> (Val, u64) {
        let known = self.known(v);
        (known.base, known.offset)
    }

    /// Whether the low `bits` bits of a value are known to be 0.
    pub(crate) fn is_aligned(&self, v: Val, bits: u32) -> bool {
        let known = self.known(v);
        let by_base = self.known(known.base).zeros;
        let by_offset = known.offset.trailing_zeros().min(63);
        u32::from(known.zeros) >= bits || u32::from(by_base).min(by_offset) >= bits
    }

    /// Notes that the low `bits` bits of a value are 0 from here on.
    pub(crate) fn learn_aligned(&mut self, v: Val, bits: u32) {
        let known = self.known(v);
        if known.offset.trailing_zeros() >= bits {
            let base = &mut self.known[known.base as usize];
            base.zeros = base.zeros.max(bits as u8);
        }
        let own = &mut self.known[v as usize];
        own.zeros = own.zeros.max(bits as u8);
    }

    pub(crate) fn constant(&mut self, k: u64) -> Val {
        self.push(Node::Const(k & self.ones()))
    }
}
