//! The constructors of truth values, choices and arrays.

use crate::term::{Node, Sort, Term, Terms, Two, ones};
use alloy_primitives::U256;

impl Terms {
    /// The negation of a truth value.
    pub fn not(&mut self, a: Term) -> Term {
        match *self.node(a) {
            Node::Number(value) => self.truth(value == U256::ZERO),
            Node::Not(b) => b,
            _ => self.intern(Node::Not(a), Sort::Bool),
        }
    }

    /// Whether both hold.
    pub fn and(&mut self, a: Term, b: Term) -> Term {
        let (a, b) = if a > b { (b, a) } else { (a, b) };
        if self.is_true(a) || a == b {
            return b;
        }
        if self.is_true(b) {
            return a;
        }
        if self.is_false(a) || self.is_false(b) || self.not(a) == b {
            return self.truth(false);
        }
        self.intern(Node::And(a, b), Sort::Bool)
    }

    /// Whether either holds.
    pub fn or(&mut self, a: Term, b: Term) -> Term {
        let (a, b) = (self.not(a), self.not(b));
        let neither = self.and(a, b);
        self.not(neither)
    }

    /// Whether two terms of a sort are equal.
    pub fn equal(&mut self, a: Term, b: Term) -> Term {
        debug_assert_eq!(self.sort(a), self.sort(b), "a comparison of two sorts");
        if a == b {
            return self.truth(true);
        }
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.truth(x == y);
        }
        match self.sort(a) {
            Sort::Bool => {
                let opposite = self.not(b);
                return self.ite(a, b, opposite);
            }
            Sort::Array(..) => return self.equality(a, b),
            Sort::Bits(_) => {}
        }
        // A number on the right.
        let (a, b) = if self.value(a).is_some() {
            (b, a)
        } else {
            (a, b)
        };
        let width = self.width(a);
        if let Some(k) = self.value(b) {
            if k & self.zeros(a) != U256::ZERO {
                return self.truth(false);
            }
            match *self.node(a) {
                Node::Ite(when, x, y) if self.value(x).is_some() || self.value(y).is_some() => {
                    let (x, y) = (self.equal(x, b), self.equal(y, b));
                    return self.ite(when, x, y);
                }
                Node::Concat(x, y) => {
                    let low = self.width(y);
                    let (high, low) =
                        (self.extract(width - 1, low, b), self.extract(low - 1, 0, b));
                    let (x, y) = (self.equal(x, high), self.equal(y, low));
                    return self.and(x, y);
                }
                Node::Sext(x) => {
                    let own = self.width(x);
                    let low = self.extract(own - 1, 0, b);
                    if self.sext(low, width) != b {
                        return self.truth(false);
                    }
                    return self.equal(x, low);
                }
                Node::Two(Two::Add, x, y) => {
                    if let Some(j) = self.value(y) {
                        let rest = self.number(k.wrapping_sub(j), width);
                        return self.equal(x, rest);
                    }
                }
                Node::Two(Two::Xor, x, y) => {
                    if let Some(j) = self.value(y) {
                        let rest = self.number(k ^ j, width);
                        return self.equal(x, rest);
                    }
                    if k == U256::ZERO {
                        return self.equal(x, y);
                    }
                }
                Node::Two(Two::Sub, x, y) if k == U256::ZERO => return self.equal(x, y),
                _ => {}
            }
            return self.equality(a, b);
        }
        match (self.node(a).clone(), self.node(b).clone()) {
            (Node::Concat(p, q), Node::Concat(r, s)) if self.width(q) == self.width(s) => {
                let (high, low) = (self.equal(p, r), self.equal(q, s));
                return self.and(high, low);
            }
            (Node::Sext(x), Node::Sext(y)) if self.width(x) == self.width(y) => {
                return self.equal(x, y);
            }
            _ => {}
        }
        let ((x, j), (y, k)) = (self.base(a), self.base(b));
        if x == y {
            return self.truth(j == k);
        }
        let enough = self.active(a).max(self.active(b));
        if enough < width {
            let (a, b) = (
                self.extract(enough - 1, 0, a),
                self.extract(enough - 1, 0, b),
            );
            return self.equal(a, b);
        }
        self.equality(a, b)
    }

    fn equality(&mut self, a: Term, b: Term) -> Term {
        let (a, b) = if a > b && self.value(b).is_none() {
            (b, a)
        } else {
            (a, b)
        };
        self.intern(Node::Equal(a, b), Sort::Bool)
    }

    /// A term as another one and a number to add.
    fn base(&self, t: Term) -> (Term, U256) {
        if let Node::Two(Two::Add, x, y) = *self.node(t)
            && let Some(k) = self.value(y)
        {
            return (x, k);
        }
        (t, U256::ZERO)
    }

    /// Unsigned less.
    pub fn less(&mut self, a: Term, b: Term) -> Term {
        let width = self.width(a);
        if a == b {
            return self.truth(false);
        }
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => return self.truth(x < y),
            (_, Some(k)) => {
                let most = !self.zeros(a) & ones(width);
                if most < k {
                    return self.truth(true);
                }
                if k == U256::ZERO {
                    return self.truth(false);
                }
                if k.count_ones() == 1 {
                    let high = self.extract(width - 1, k.trailing_zeros() as u16, a);
                    let zero = self.number(U256::ZERO, self.width(high));
                    return self.equal(high, zero);
                }
            }
            (Some(k), _) if k >= !self.zeros(b) & ones(width) => return self.truth(false),
            _ => {}
        }
        let enough = self.active(a).max(self.active(b));
        if enough < width {
            let (a, b) = (
                self.extract(enough - 1, 0, a),
                self.extract(enough - 1, 0, b),
            );
            return self.less(a, b);
        }
        self.intern(Node::Less(a, b), Sort::Bool)
    }

    /// Signed less.
    pub fn less_signed(&mut self, a: Term, b: Term) -> Term {
        let width = self.width(a);
        if a == b {
            return self.truth(false);
        }
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            let top = U256::from(1) << usize::from(width - 1);
            return self.truth((x ^ top) < (y ^ top));
        }
        let enough = self.signed_width(a).max(self.signed_width(b));
        if enough < width {
            let (a, b) = (
                self.extract(enough - 1, 0, a),
                self.extract(enough - 1, 0, b),
            );
            return self.less_signed(a, b);
        }
        self.intern(Node::LessSigned(a, b), Sort::Bool)
    }

    /// `a` where it holds, else `b`.
    pub fn ite(&mut self, when: Term, a: Term, b: Term) -> Term {
        if a == b || self.is_true(when) {
            return a;
        }
        if self.is_false(when) {
            return b;
        }
        if let Node::Not(opposite) = *self.node(when) {
            return self.ite(opposite, b, a);
        }
        if self.sort(a) == Sort::Bool {
            let (not_when, held) = (self.not(when), self.and(when, a));
            let failed = self.and(not_when, b);
            return self.or(held, failed);
        }
        match *self.node(a) {
            Node::Ite(same, x, _) if same == when => return self.ite(when, x, b),
            Node::Ite(inner, x, y) if y == b => {
                let both = self.and(when, inner);
                return self.ite(both, x, b);
            }
            Node::Ite(inner, x, y) if x == b => {
                let inner = self.not(inner);
                let both = self.and(when, inner);
                return self.ite(both, y, b);
            }
            _ => {}
        }
        match *self.node(b) {
            Node::Ite(same, _, y) if same == when => return self.ite(when, a, y),
            Node::Ite(inner, x, y) if x == a => {
                let either = self.or(when, inner);
                return self.ite(either, a, y);
            }
            _ => {}
        }
        let sort = self.sort(a);
        if let (Sort::Bits(width), false) =
            (sort, self.value(a).is_some() && self.value(b).is_some())
        {
            let enough = self.active(a).max(self.active(b));
            if enough < width {
                let (a, b) = (
                    self.extract(enough - 1, 0, a),
                    self.extract(enough - 1, 0, b),
                );
                let low = self.ite(when, a, b);
                return self.zext(low, width);
            }
        }
        self.intern(Node::Ite(when, a, b), sort)
    }

    /// An array at an index.
    pub fn select(&mut self, array: Term, index: Term) -> Term {
        let Sort::Array(_, width) = self.sort(array) else {
            return array;
        };
        if let Node::Store(under, at, value) = *self.node(array) {
            let same = self.equal(at, index);
            if self.is_true(same) {
                return value;
            }
            if self.is_false(same) {
                return self.select(under, index);
            }
        }
        self.intern(Node::Select(array, index), Sort::Bits(width))
    }

    /// An array with another value at an index.
    pub fn store(&mut self, array: Term, index: Term, value: Term) -> Term {
        if self.select(array, index) == value {
            return array;
        }
        let array = match *self.node(array) {
            Node::Store(under, at, _) if at == index => under,
            _ => array,
        };
        let sort = self.sort(array);
        self.intern(Node::Store(array, index, value), sort)
    }
}
