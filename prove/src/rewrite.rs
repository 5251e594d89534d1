//! The constructors of terms. Each gives a term that means the same as what was asked for, in a form that
//! the definition and the contract both come to: shifts, masks and extensions by constants become
//! concatenations of slices, and operations get as narrow as their operands.

use crate::term::{Node, Sort, Term, Terms, Two, ones};
use alloy_primitives::U256;

/// How many slices a mask may be cut into.
const SLICES: usize = 24;

/// A two-operand operation on numbers of some width.
pub(crate) fn evaluate(op: Two, a: U256, b: U256, width: u16) -> U256 {
    let shift = || usize::try_from(b).unwrap_or(usize::MAX).min(256);
    let wide = b >= U256::from(width);
    let value = match op {
        Two::Add => a.wrapping_add(b),
        Two::Sub => a.wrapping_sub(b),
        Two::Mul => a.wrapping_mul(b),
        Two::Div => a.checked_div(b).unwrap_or_default(),
        Two::Rem => a.checked_rem(b).unwrap_or_default(),
        Two::And => a & b,
        Two::Or => a | b,
        Two::Xor => a ^ b,
        Two::Shl | Two::Shr if wide => U256::ZERO,
        Two::Shl => a << shift(),
        Two::Shr => a >> shift(),
        Two::Sar => sign_extended(a, width).arithmetic_shr(shift().min(255)),
    };
    value & ones(width)
}

/// A number of some width, sign-extended to 256 bits.
pub(crate) fn sign_extended(a: U256, width: u16) -> U256 {
    if a.bit(usize::from(width) - 1) {
        a | !ones(width)
    } else {
        a
    }
}

impl Terms {
    /// Bits that are 0 whatever the symbols are.
    pub(crate) fn zeros(&mut self, t: Term) -> U256 {
        if let Some(zeros) = self.zeros.get(&t) {
            return *zeros;
        }
        let all = ones(self.width(t));
        let zeros = match *self.node(t) {
            Node::Number(value) => !value & all,
            Node::Concat(a, b) => {
                let low = usize::from(self.width(b));
                self.zeros(a) << low | self.zeros(b)
            }
            Node::Ite(_, a, b) | Node::Two(Two::Or | Two::Xor, a, b) => {
                self.zeros(a) & self.zeros(b)
            }
            Node::Two(Two::And, a, b) => self.zeros(a) | self.zeros(b),
            _ => U256::ZERO,
        };
        self.zeros.insert(t, zeros);
        zeros
    }

    /// The width without the leading zeros that are known; 1 at least.
    pub(crate) fn active(&mut self, t: Term) -> u16 {
        let width = self.width(t);
        let open = !self.zeros(t) & ones(width);
        (open.bit_len() as u16).clamp(1, width)
    }

    /// The width that a term is sign-extended from, as far as that is known.
    pub(crate) fn signed_width(&mut self, t: Term) -> u16 {
        let width = self.width(t);
        if let Node::Sext(a) = *self.node(t) {
            return self.width(a);
        }
        if let Some(value) = self
            .value(t)
            .filter(|value| value.bit(usize::from(width) - 1))
        {
            let zeros = !value & ones(width);
            return (zeros.bit_len() as u16 + 1).min(width);
        }
        (self.active(t) + 1).min(width)
    }

    /// A choice between two numbers.
    pub(crate) fn choice(&self, t: Term) -> Option<(Term, U256, U256)> {
        match self.node(t) {
            Node::Ite(when, a, b) => Some((*when, self.value(*a)?, self.value(*b)?)),
            _ => None,
        }
    }

    /// Bits `lo` to `hi` of a bit vector.
    pub fn extract(&mut self, hi: u16, lo: u16, t: Term) -> Term {
        if lo == 0 && hi + 1 == self.width(t) {
            return t;
        }
        if let Some(known) = self.extracts.get(&(t, hi, lo)) {
            return *known;
        }
        let out = self.cut(hi, lo, t);
        self.extracts.insert((t, hi, lo), out);
        out
    }

    fn cut(&mut self, hi: u16, lo: u16, t: Term) -> Term {
        let width = hi - lo + 1;
        match self.node(t).clone() {
            Node::Number(value) => self.number(value >> usize::from(lo), width),
            Node::Extract(_, from, a) => self.extract(from + hi, from + lo, a),
            Node::Concat(a, b) => {
                let low = self.width(b);
                if lo >= low {
                    self.extract(hi - low, lo - low, a)
                } else if hi < low {
                    self.extract(hi, lo, b)
                } else {
                    let (a, b) = (self.extract(hi - low, 0, a), self.extract(low - 1, lo, b));
                    self.concat(a, b)
                }
            }
            Node::Sext(a) => {
                let own = self.width(a);
                if hi < own {
                    self.extract(hi, lo, a)
                } else {
                    let a = self.extract(own - 1, lo.min(own - 1), a);
                    self.sext(a, width)
                }
            }
            Node::Two(op @ (Two::And | Two::Or | Two::Xor), a, b) => {
                let (a, b) = (self.extract(hi, lo, a), self.extract(hi, lo, b));
                self.two(op, a, b)
            }
            Node::Two(op @ (Two::Add | Two::Sub | Two::Mul), a, b) if lo == 0 => {
                let (a, b) = (self.extract(hi, 0, a), self.extract(hi, 0, b));
                self.two(op, a, b)
            }
            Node::Two(Two::Shl, a, b) if lo == 0 && self.active(b) <= width => {
                let (a, b) = (self.extract(hi, 0, a), self.extract(hi, 0, b));
                self.two(Two::Shl, a, b)
            }
            Node::Two(Two::Add | Two::Sub | Two::Mul, ..) if hi + 1 < self.width(t) => {
                let low = self.extract(hi, 0, t);
                self.extract(hi, lo, low)
            }
            Node::Ite(when, a, b) => {
                let (a, b) = (self.extract(hi, lo, a), self.extract(hi, lo, b));
                self.ite(when, a, b)
            }
            _ => self.intern(Node::Extract(hi, lo, t), Sort::Bits(width)),
        }
    }

    /// Two bit vectors side by side, the first one above.
    pub fn concat(&mut self, a: Term, b: Term) -> Term {
        let (high, low) = (self.width(a), self.width(b));
        let width = high + low;
        match (self.node(a).clone(), self.node(b).clone()) {
            (Node::Number(x), Node::Number(y)) => {
                return self.number(x << usize::from(low) | y, width);
            }
            (Node::Concat(x, y), _) => {
                let rest = self.concat(y, b);
                return self.concat(x, rest);
            }
            (Node::Extract(hi, from, x), Node::Extract(to, lo, y)) if x == y && from == to + 1 => {
                return self.extract(hi, lo, x);
            }
            (Node::Sext(x), _) => {
                let inner = self.concat(x, b);
                return self.sext(inner, width);
            }
            (_, Node::Concat(x, y)) => {
                let joined = match (self.node(a), self.node(x)) {
                    (Node::Number(_), Node::Number(_)) => true,
                    (Node::Extract(_, from, p), Node::Extract(to, _, q)) => {
                        p == q && *from == to + 1
                    }
                    _ => false,
                };
                if joined {
                    let first = self.concat(a, x);
                    return self.concat(first, y);
                }
            }
            _ => {}
        }
        self.intern(Node::Concat(a, b), Sort::Bits(width))
    }

    /// Zero-extends, or cuts, to a width.
    pub fn zext(&mut self, t: Term, width: u16) -> Term {
        let own = self.width(t);
        if width <= own {
            return self.extract(width - 1, 0, t);
        }
        let zeros = self.number(U256::ZERO, width - own);
        self.concat(zeros, t)
    }

    /// Sign-extends to a width.
    pub fn sext(&mut self, t: Term, width: u16) -> Term {
        let own = self.width(t);
        if width <= own {
            return self.extract(width - 1, 0, t);
        }
        match self.node(t).clone() {
            Node::Number(value) => self.number(sign_extended(value, own), width),
            Node::Sext(a) => self.sext(a, width),
            _ if self.active(t) < own => self.zext(t, width),
            _ => self.intern(Node::Sext(t), Sort::Bits(width)),
        }
    }

    /// A term from slices: for each bit from which of two disjoint terms it comes, or from none.
    fn woven(&mut self, a: Term, b: Term) -> Option<Term> {
        let width = self.width(a);
        let (mine, yours) = (!self.zeros(a) & ones(width), !self.zeros(b) & ones(width));
        if mine & yours != U256::ZERO {
            return None;
        }
        let from = |bit: u16| match (mine.bit(usize::from(bit)), yours.bit(usize::from(bit))) {
            (true, _) => 1,
            (_, true) => 2,
            _ => 0,
        };
        let mut slices = Vec::new();
        let mut lo = 0;
        while lo < width {
            let mut hi = lo;
            while hi + 1 < width && from(hi + 1) == from(lo) {
                hi += 1;
            }
            slices.push((hi, lo));
            lo = hi + 1;
        }
        if slices.len() > SLICES {
            return None;
        }
        let mut out: Option<Term> = None;
        for (hi, lo) in slices {
            let slice = match from(lo) {
                1 => self.extract(hi, lo, a),
                2 => self.extract(hi, lo, b),
                _ => self.number(U256::ZERO, hi - lo + 1),
            };
            out = Some(match out {
                Some(low) => self.concat(slice, low),
                None => slice,
            });
        }
        out
    }

    fn masked(&mut self, t: Term, mask: U256) -> Option<Term> {
        let width = self.width(t);
        let mut out: Option<Term> = None;
        let (mut lo, mut count) = (0, 0);
        while lo < width {
            let mut hi = lo;
            while hi + 1 < width && mask.bit(usize::from(hi + 1)) == mask.bit(usize::from(lo)) {
                hi += 1;
            }
            count += 1;
            if count > SLICES {
                return None;
            }
            let slice = if mask.bit(usize::from(lo)) {
                self.extract(hi, lo, t)
            } else {
                self.number(U256::ZERO, hi - lo + 1)
            };
            out = Some(match out {
                Some(low) => self.concat(slice, low),
                None => slice,
            });
            lo = hi + 1;
        }
        out
    }

    /// An operation on two bit vectors of one width.
    pub fn two(&mut self, op: Two, a: Term, b: Term) -> Term {
        let width = self.width(a);
        debug_assert_eq!(width, self.width(b), "{op:?} of two widths");
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.number(evaluate(op, x, y, width), width);
        }
        let (a, b) = match op {
            // Numbers on the right, else in order of age.
            Two::Add | Two::Mul | Two::And | Two::Or | Two::Xor
                if self.value(a).is_some() || self.value(b).is_none() && a > b =>
            {
                (b, a)
            }
            _ => (a, b),
        };
        // What is chosen between numbers is computed for each.
        let chosen = |terms: &Self, t| terms.choice(t);
        match (chosen(self, a), chosen(self, b)) {
            (Some((when, x, y)), other) if other.is_some() || self.value(b).is_some() => {
                let (x, y) = (self.number(x, width), self.number(y, width));
                let (x, y) = (self.two(op, x, b), self.two(op, y, b));
                return self.ite(when, x, y);
            }
            (None, Some((when, x, y))) if self.value(a).is_some() => {
                let (x, y) = (self.number(x, width), self.number(y, width));
                let (x, y) = (self.two(op, a, x), self.two(op, a, y));
                return self.ite(when, x, y);
            }
            _ => {}
        }
        let simpler = match op {
            Two::Add | Two::Sub => self.sum(op, a, b),
            Two::Mul => self.product(a, b),
            Two::Div | Two::Rem => self.quotient(op, a, b),
            Two::And | Two::Or | Two::Xor => self.bitwise(op, a, b),
            Two::Shl | Two::Shr | Two::Sar => self.shift(op, a, b),
        };
        simpler.unwrap_or_else(|| self.intern(Node::Two(op, a, b), Sort::Bits(width)))
    }

    fn sum(&mut self, op: Two, a: Term, b: Term) -> Option<Term> {
        let width = self.width(a);
        let k = self.value(b);
        if k == Some(U256::ZERO) {
            return Some(a);
        }
        if op == Two::Sub {
            if a == b {
                return Some(self.number(U256::ZERO, width));
            }
            if let Some(k) = k {
                let negative = self.number(U256::ZERO.wrapping_sub(k), width);
                return Some(self.two(Two::Add, a, negative));
            }
            return None;
        }
        if let (Some(k), Node::Two(Two::Add, x, y)) = (k, self.node(a).clone())
            && let Some(j) = self.value(y)
        {
            let both = self.number(j.wrapping_add(k), width);
            return Some(self.two(Two::Add, x, both));
        }
        if let Some(disjoint) = self.woven(a, b) {
            return Some(disjoint);
        }
        // Where the low bits are a number, so is their sum, carry and all.
        if let (Some(k), Node::Concat(x, y)) = (k, self.node(a).clone())
            && let Some(j) = self.value(y)
        {
            let low = self.width(y);
            let sum = j + (k & ones(low));
            let carry = (k >> usize::from(low)) + (sum >> usize::from(low));
            let (high, sum) = (self.number(carry, width - low), self.number(sum, low));
            let high = self.two(Two::Add, x, high);
            return Some(self.concat(high, sum));
        }
        let enough = self.active(a).max(self.active(b)) + 1;
        self.narrower(Two::Add, a, b, enough)
    }

    /// The operation on the low bits, zero-extended, where that is less than all.
    fn narrower(&mut self, op: Two, a: Term, b: Term, enough: u16) -> Option<Term> {
        let low = self.on_low_bits(op, a, b, enough)?;
        Some(self.zext(low, self.width(a)))
    }

    /// The operation on the low bits, where that is less than all.
    fn on_low_bits(&mut self, op: Two, a: Term, b: Term, enough: u16) -> Option<Term> {
        if enough >= self.width(a) {
            return None;
        }
        let (a, b) = (
            self.extract(enough - 1, 0, a),
            self.extract(enough - 1, 0, b),
        );
        Some(self.two(op, a, b))
    }

    fn product(&mut self, a: Term, b: Term) -> Option<Term> {
        let width = self.width(a);
        if let Some(k) = self.value(b) {
            if k == U256::ZERO {
                return Some(b);
            }
            if k.count_ones() == 1 {
                let amount = self.small(k.trailing_zeros() as u64, width);
                return Some(self.two(Two::Shl, a, amount));
            }
        }
        let one = U256::from(1);
        for (flag, other) in [(a, b), (b, a)] {
            if let Some((when, x, y)) = self.choice(flag)
                && x <= one
                && y <= one
            {
                let zero = self.number(U256::ZERO, width);
                let pick = |x: U256| if x == one { other } else { zero };
                return Some(self.ite(when, pick(x), pick(y)));
            }
        }
        let enough = self.active(a) + self.active(b);
        if let Some(narrow) = self.narrower(Two::Mul, a, b, enough) {
            return Some(narrow);
        }
        let enough = self.signed_width(a) + self.signed_width(b);
        if enough >= width {
            return None;
        }
        let (a, b) = (
            self.extract(enough - 1, 0, a),
            self.extract(enough - 1, 0, b),
        );
        let low = self.two(Two::Mul, a, b);
        Some(self.sext(low, width))
    }

    fn quotient(&mut self, op: Two, a: Term, b: Term) -> Option<Term> {
        if self.value(b) == Some(U256::ZERO) {
            return Some(b);
        }
        let enough = self.active(a).max(self.active(b));
        self.narrower(op, a, b, enough)
    }

    fn bitwise(&mut self, op: Two, a: Term, b: Term) -> Option<Term> {
        let width = self.width(a);
        if a == b {
            return Some(match op {
                Two::Xor => self.number(U256::ZERO, width),
                _ => a,
            });
        }
        if let Some(k) = self.value(b) {
            match (op, k == U256::ZERO, k == ones(width)) {
                (Two::And, true, _) | (Two::Or, _, true) => return Some(b),
                (Two::And, _, true) | (Two::Or | Two::Xor, true, _) => return Some(a),
                (Two::And, ..) => {
                    if let Some(masked) = self.masked(a, k) {
                        return Some(masked);
                    }
                }
                _ => {}
            }
            if let (Two::Xor, Node::Two(Two::Xor, x, y)) = (op, self.node(a).clone())
                && let Some(j) = self.value(y)
            {
                let both = self.number(j ^ k, width);
                return Some(self.two(Two::Xor, x, both));
            }
        }
        if op == Two::Xor {
            for (x, other) in [(a, b), (b, a)] {
                match *self.node(x) {
                    Node::Two(Two::Xor, p, q) if p == other => return Some(q),
                    Node::Two(Two::Xor, p, q) if q == other => return Some(p),
                    // A choice by arithmetic: no ^ (flag * (yes ^ no)).
                    Node::Ite(when, yes, no) if self.value(no) == Some(U256::ZERO) => {
                        let yes = self.two(Two::Xor, yes, other);
                        return Some(self.ite(when, yes, other));
                    }
                    _ => {}
                }
            }
        }
        if op != Two::And
            && let Some(disjoint) = self.woven(a, b)
        {
            return Some(disjoint);
        }
        let (x, y) = (self.active(a), self.active(b));
        let enough = if op == Two::And { x.min(y) } else { x.max(y) };
        self.narrower(op, a, b, enough)
    }

    fn shift(&mut self, op: Two, a: Term, b: Term) -> Option<Term> {
        let width = self.width(a);
        let zero = self.number(U256::ZERO, width);
        if a == zero {
            return Some(zero);
        }
        if let Some(k) = self.value(b) {
            let k = u16::try_from(k).unwrap_or(u16::MAX).min(width);
            return Some(match op {
                _ if k == 0 => a,
                Two::Sar => {
                    let high = self.extract(width - 1, k.min(width - 1), a);
                    self.sext(high, width)
                }
                _ if k == width => zero,
                Two::Shl => {
                    let low = self.extract(width - 1 - k, 0, a);
                    let zeros = self.number(U256::ZERO, k);
                    self.concat(low, zeros)
                }
                _ => {
                    let high = self.extract(width - 1, k, a);
                    self.zext(high, width)
                }
            });
        }
        match op {
            Two::Shr => {
                let enough = self.active(a).max(self.active(b));
                self.narrower(op, a, b, enough)
            }
            Two::Sar => {
                let enough = self.signed_width(a).max(self.active(b));
                let low = self.on_low_bits(op, a, b, enough)?;
                Some(self.sext(low, width))
            }
            _ => None,
        }
    }
}

impl Terms {
    /// All bits of a bit vector turned over.
    pub fn bitwise_not(&mut self, a: Term) -> Term {
        let all = self.number(U256::MAX, self.width(a));
        self.two(Two::Xor, a, all)
    }
}
