//! The trace: a straight list of nodes in static single assignment, built with folding.
//!
//! A node is a pure value, an access to memory, a write of a cell, or a way out. What is known of a
//! value (an upper bound, a sign extension, alignment) is kept beside it and used as it is built.

use fpvm_core::concrete::eval_bin;
use fpvm_core::machine::{Bin, Cmp};

/// A value: the number of the node that makes it.
pub(crate) type Val = u32;

/// What a condition looks at.
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

/// A truth value: a constant, or a condition that is fused into what uses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Truth {
    Known(bool),
    Is(Cond),
}

impl Truth {
    pub(crate) fn not(self) -> Self {
        match self {
            Truth::Known(known) => Truth::Known(!known),
            Truth::Is(cond) => Truth::Is(Cond {
                negated: !cond.negated,
                ..cond
            }),
        }
    }
}

/// The number of a trace's exit.
pub(crate) type ExitId = u32;

/// The exit of a load that cannot fail.
pub(crate) const NO_EXIT: ExitId = ExitId::MAX;

/// A node of a trace.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Node {
    /// Nothing, or a value that turned out not to be needed.
    Nothing,
    Const(u64),
    /// What a cell holds when the trace is entered.
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
    Load {
        at: Val,
        bytes: u8,
        signed: bool,
        exit: ExitId,
    },
    Store {
        at: Val,
        bytes: u8,
        value: Val,
        exit: ExitId,
    },
    SetCell(u8, Val),
    /// Leaves where the condition holds.
    Leave(Cond, ExitId),
    /// Leaves for wherever `target` is, where it is not `expected`.
    LeaveUnless {
        target: Val,
        expected: Val,
        exit: ExitId,
    },
}

impl Node {
    /// Calls `f` with each operand.
    #[inline]
    pub(crate) fn operands(&self, mut f: impl FnMut(Val)) {
        match *self {
            Node::Nothing | Node::Const(_) | Node::Entry(_) => {}
            Node::Rotate(a, _) | Node::Clz(a) | Node::Sext(a, _) | Node::SetCell(_, a) => f(a),
            Node::Load { at, .. } => f(at),
            Node::Bin(_, a, b) => [a, b].into_iter().for_each(f),
            Node::Flag(cond) | Node::Leave(cond, _) => [cond.a, cond.b].into_iter().for_each(f),
            Node::Select(cond, a, b) => [cond.a, cond.b, a, b].into_iter().for_each(f),
            Node::Store { at, value, .. } => [at, value].into_iter().for_each(f),
            Node::LeaveUnless {
                target, expected, ..
            } => [target, expected].into_iter().for_each(f),
        }
    }

    /// Whether control can leave the trace here, with all cells written so far.
    pub(crate) fn can_leave(&self) -> bool {
        match self {
            Node::Load { exit, .. } => *exit != NO_EXIT,
            Node::Store { .. } | Node::Leave(..) | Node::LeaveUnless { .. } => true,
            _ => false,
        }
    }

    /// Whether it does more than make a value.
    pub(crate) fn has_effect(&self) -> bool {
        matches!(
            self,
            Node::Store { .. } | Node::SetCell(..) | Node::Leave(..) | Node::LeaveUnless { .. }
        )
    }
}

/// What is known of a value.
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

    /// Takes the nodes from a number on away again.
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
        let constant = self.constant(b);
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
                if let Some(k) = self.constant(a)
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

    pub(crate) fn constant(&self, v: Val) -> Option<u64> {
        match self.node(v) {
            Node::Const(k) => Some(k),
            _ => None,
        }
    }

    /// An upper bound.
    pub(crate) fn max(&self, v: Val) -> u64 {
        self.known(v).max
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

    pub(crate) fn konst(&mut self, k: u64) -> Val {
        self.push(Node::Const(k & self.ones()))
    }

    pub(crate) fn bin(&mut self, op: Bin, a: Val, b: Val) -> Val {
        let (ka, kb) = (self.constant(a), self.constant(b));
        if let (Some(a), Some(b)) = (ka, kb) {
            let result = if self.bits == 32 {
                u64::from(eval_bin(op, a as u32, b as u32))
            } else {
                eval_bin(op, a, b)
            };
            return self.konst(result);
        }
        let commutes = matches!(op, Bin::Add | Bin::And | Bin::Or | Bin::Xor | Bin::Mul);
        if commutes && ka.is_some() {
            return self.bin(op, b, a);
        }
        let ones = self.ones();
        match (op, kb) {
            (
                Bin::Add | Bin::Sub | Bin::Or | Bin::Xor | Bin::Shl | Bin::Shr | Bin::Sar,
                Some(0),
            ) => return a,
            (Bin::And | Bin::Mul, Some(0)) => return b,
            (Bin::Shl | Bin::Shr, Some(k)) if k >= u64::from(self.bits) => return self.konst(0),
            (Bin::Sar, Some(k)) if k >= u64::from(self.bits) => {
                let k = self.konst(u64::from(self.bits) - 1);
                return self.bin(op, a, k);
            }
            (Bin::Sub, Some(k)) => {
                let k = self.konst(k.wrapping_neg());
                return self.bin(Bin::Add, a, k);
            }
            (Bin::And, Some(k)) if k.wrapping_add(1).is_power_of_two() && self.max(a) <= k => {
                return a;
            }
            (Bin::And, Some(k)) if k == ones => return a,
            (Bin::And, Some(k)) => {
                if let Node::Bin(Bin::And, x, inner) = self.node(a)
                    && let Some(inner) = self.constant(inner)
                {
                    let k = self.konst(k & inner);
                    return self.bin(Bin::And, x, k);
                }
            }
            _ => {}
        }
        match op {
            Bin::Shr => {
                // Zero extension by two shifts.
                if let (Node::Bin(Bin::Shl, x, up), Some(down)) = (self.node(a), kb)
                    && self.constant(up) == Some(down)
                {
                    let mask = self.konst(ones >> down);
                    return self.bin(Bin::And, x, mask);
                }
            }
            Bin::And | Bin::Or if a == b => return a,
            Bin::Xor | Bin::Sub if a == b => return self.konst(0),
            Bin::Or | Bin::Add | Bin::Xor => {
                if let Some(rotated) = self.rotation(a, b).or_else(|| self.rotation(b, a)) {
                    return self.push(rotated);
                }
            }
            _ => {}
        }
        self.push(Node::Bin(op, a, b))
    }

    /// `x << (width - k)` and `x >> k` put together.
    fn rotation(&self, left: Val, right: Val) -> Option<Node> {
        let (Node::Bin(Bin::Shl, x, up), Node::Bin(Bin::Shr, y, down)) =
            (self.node(left), self.node(right))
        else {
            return None;
        };
        let (up, down) = (self.constant(up)?, self.constant(down)?);
        (x == y && up + down == u64::from(self.bits)).then_some(Node::Rotate(x, down as u8))
    }

    pub(crate) fn clz(&mut self, a: Val) -> Val {
        match self.constant(a) {
            Some(k) => {
                let unused = 64 - self.bits;
                self.konst(u64::from(k.leading_zeros() - unused))
            }
            None => self.push(Node::Clz(a)),
        }
    }

    pub(crate) fn sext(&mut self, a: Val, bits: u32) -> Val {
        let known = self.known(a);
        if u32::from(known.sext) <= bits || bits >= self.bits {
            return a;
        }
        match self.constant(a) {
            Some(k) => {
                let unused = 64 - bits;
                self.konst((((k << unused) as i64) >> unused) as u64)
            }
            None => self.push(Node::Sext(a, bits as u8)),
        }
    }

    pub(crate) fn cmp(&mut self, op: Cmp, a: Val, b: Val) -> Truth {
        let (ka, kb) = (self.constant(a), self.constant(b));
        if let (Some(a), Some(b)) = (ka, kb) {
            let unused = 64 - self.bits;
            return Truth::Known(match op {
                Cmp::Eq => a == b,
                Cmp::LessSigned => ((a << unused) as i64) < (b << unused) as i64,
                Cmp::LessUnsigned => a < b,
            });
        }
        if a == b {
            return Truth::Known(op == Cmp::Eq);
        }
        let is = |test, negated| {
            Truth::Is(Cond {
                test,
                negated,
                a,
                b,
            })
        };
        match op {
            Cmp::Eq if ka.is_some() => self.cmp(op, b, a),
            Cmp::Eq => match (self.node(a), kb) {
                (_, Some(k)) if k > self.max(a) => Truth::Known(false),
                (Node::Flag(cond), Some(k)) => {
                    let truth = Truth::Is(cond);
                    if k == 0 { truth.not() } else { truth }
                }
                (Node::Bin(Bin::And, x, mask), Some(0)) => Truth::Is(Cond {
                    test: Test::Clear,
                    negated: false,
                    a: x,
                    b: mask,
                }),
                _ => is(Test::Equal, false),
            },
            Cmp::LessUnsigned if ka == Some(0) => self.cmp(Cmp::Eq, b, a).not(),
            Cmp::LessUnsigned if kb == Some(0) => Truth::Known(false),
            Cmp::LessUnsigned if kb == Some(1) => {
                let zero = self.konst(0);
                self.cmp(Cmp::Eq, a, zero)
            }
            Cmp::LessUnsigned if kb.is_some_and(|k| self.max(a) < k) => Truth::Known(true),
            Cmp::LessUnsigned => is(Test::LessUnsigned, false),
            Cmp::LessSigned => is(Test::LessSigned, false),
        }
    }

    pub(crate) fn both(&mut self, a: Truth, b: Truth) -> Truth {
        match (a, b) {
            (Truth::Known(false), _) | (_, Truth::Known(false)) => Truth::Known(false),
            (Truth::Known(true), other) | (other, Truth::Known(true)) => other,
            _ => {
                let (a, b) = (self.word(a), self.word(b));
                let both = self.bin(Bin::And, a, b);
                let zero = self.konst(0);
                self.cmp(Cmp::Eq, both, zero).not()
            }
        }
    }

    pub(crate) fn word(&mut self, truth: Truth) -> Val {
        match truth {
            Truth::Known(known) => self.konst(u64::from(known)),
            Truth::Is(cond) => self.push(Node::Flag(cond)),
        }
    }

    pub(crate) fn select(&mut self, truth: Truth, yes: Val, no: Val) -> Val {
        match truth {
            Truth::Known(true) => yes,
            Truth::Known(false) => no,
            Truth::Is(_) if yes == no => yes,
            Truth::Is(cond) => match (self.constant(yes), self.constant(no)) {
                (Some(yes), Some(no)) if yes == no => self.konst(yes),
                _ => self.push(Node::Select(cond, yes, no)),
            },
        }
    }
}
