//! Builds operations: known values are folded, and idioms become one node.

use super::{Cond, Node, Nodes, Test, Truth, Val};
use fpvm_core::definition::machine::{Bin, Cmp};
use fpvm_core::step::concrete::eval_bin;

impl Nodes {
    pub(crate) fn bin(&mut self, op: Bin, a: Val, b: Val) -> Val {
        let (ka, kb) = (self.as_constant(a), self.as_constant(b));
        if let (Some(a), Some(b)) = (ka, kb) {
            let result = if self.bits == 32 {
                u64::from(eval_bin(op, a as u32, b as u32))
            } else {
                eval_bin(op, a, b)
            };
            return self.constant(result);
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
            (Bin::Shl | Bin::Shr, Some(k)) if k >= u64::from(self.bits) => return self.constant(0),
            (Bin::Sar, Some(k)) if k >= u64::from(self.bits) => {
                let k = self.constant(u64::from(self.bits) - 1);
                return self.bin(op, a, k);
            }
            (Bin::Sub, Some(k)) => {
                let k = self.constant(k.wrapping_neg());
                return self.bin(Bin::Add, a, k);
            }
            (Bin::And, Some(k)) if k.wrapping_add(1).is_power_of_two() && self.max(a) <= k => {
                return a;
            }
            (Bin::And, Some(k)) if k == ones => return a,
            (Bin::And, Some(k)) => {
                if let Node::Bin(Bin::And, x, inner) = self.node(a)
                    && let Some(inner) = self.as_constant(inner)
                {
                    let k = self.constant(k & inner);
                    return self.bin(Bin::And, x, k);
                }
            }
            _ => {}
        }
        match op {
            Bin::Shr => {
                // Zero extension by two shifts.
                if let (Node::Bin(Bin::Shl, x, up), Some(down)) = (self.node(a), kb)
                    && self.as_constant(up) == Some(down)
                {
                    let mask = self.constant(ones >> down);
                    return self.bin(Bin::And, x, mask);
                }
            }
            Bin::And | Bin::Or if a == b => return a,
            Bin::Xor | Bin::Sub if a == b => return self.constant(0),
            Bin::Or | Bin::Add | Bin::Xor => {
                if let Some(rotated) = self.rotation(a, b).or_else(|| self.rotation(b, a)) {
                    return self.push(rotated);
                }
            }
            _ => {}
        }
        self.push(Node::Bin(op, a, b))
    }

    /// `x << (width - k)` and `x >> k`, combined into a rotation.
    fn rotation(&self, left: Val, right: Val) -> Option<Node> {
        let (Node::Bin(Bin::Shl, x, up), Node::Bin(Bin::Shr, y, down)) =
            (self.node(left), self.node(right))
        else {
            return None;
        };
        let (up, down) = (self.as_constant(up)?, self.as_constant(down)?);
        (x == y && up + down == u64::from(self.bits)).then_some(Node::Rotate(x, down as u8))
    }

    pub(crate) fn clz(&mut self, a: Val) -> Val {
        match self.as_constant(a) {
            Some(k) => {
                let unused = 64 - self.bits;
                self.constant(u64::from(k.leading_zeros() - unused))
            }
            None => self.push(Node::Clz(a)),
        }
    }

    pub(crate) fn sext(&mut self, a: Val, bits: u32) -> Val {
        let known = self.known(a);
        if u32::from(known.sext) <= bits || bits >= self.bits {
            return a;
        }
        match self.as_constant(a) {
            Some(k) => {
                let unused = 64 - bits;
                self.constant((((k << unused) as i64) >> unused) as u64)
            }
            None => self.push(Node::Sext(a, bits as u8)),
        }
    }

    pub(crate) fn cmp(&mut self, op: Cmp, a: Val, b: Val) -> Truth {
        let (ka, kb) = (self.as_constant(a), self.as_constant(b));
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
                let zero = self.constant(0);
                self.cmp(Cmp::Eq, a, zero)
            }
            Cmp::LessUnsigned if kb.is_some_and(|k| self.max(a) < k) => Truth::Known(true),
            Cmp::LessUnsigned => is(Test::LessUnsigned, false),
            Cmp::LessSigned => is(Test::LessSigned, false),
        }
    }

    pub(crate) fn and(&mut self, a: Truth, b: Truth) -> Truth {
        match (a, b) {
            (Truth::Known(false), _) | (_, Truth::Known(false)) => Truth::Known(false),
            (Truth::Known(true), other) | (other, Truth::Known(true)) => other,
            _ => {
                let (a, b) = (self.word(a), self.word(b));
                let both = self.bin(Bin::And, a, b);
                let zero = self.constant(0);
                self.cmp(Cmp::Eq, both, zero).not()
            }
        }
    }

    /// The two conditions of a condition that holds if both do.
    pub(crate) fn parts(&self, cond: Cond) -> Option<(Cond, Cond)> {
        match (
            cond.test,
            cond.negated,
            self.node(cond.a),
            self.node(cond.b),
        ) {
            (Test::Clear, true, Node::Flag(one), Node::Flag(other)) => Some((one, other)),
            _ => None,
        }
    }

    pub(crate) fn word(&mut self, truth: Truth) -> Val {
        match truth {
            Truth::Known(known) => self.constant(u64::from(known)),
            Truth::Is(cond) => self.push(Node::Flag(cond)),
        }
    }

    pub(crate) fn select(&mut self, truth: Truth, yes: Val, no: Val) -> Val {
        match truth {
            Truth::Known(true) => yes,
            Truth::Known(false) => no,
            Truth::Is(_) if yes == no => yes,
            Truth::Is(cond) => match (self.as_constant(yes), self.as_constant(no)) {
                (Some(yes), Some(no)) if yes == no => self.constant(yes),
                _ => self.push(Node::Select(cond, yes, no)),
            },
        }
    }
}
