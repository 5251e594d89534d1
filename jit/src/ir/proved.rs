//! Proofs of folding and facts: the node that is built for an operation has the operation's value, and the facts
//! recorded about it hold, for all values of the operands. Constants are those around each rule's guard.

use super::{Cond, Node, Nodes, Test, Truth, Val};
use fpvm_core::definition::machine::{Bin, Cmp};
use fpvm_e2e::{Tool, skip};
use fpvm_prove::claim::{Outcome, Prover};
use fpvm_prove::term::{Sort, Term, Terms, Two};
use fpvm_prove::words;
use std::collections::BTreeSet;
use std::time::Duration;

const BINS: [Bin; 16] = [
    Bin::Add,
    Bin::Sub,
    Bin::And,
    Bin::Or,
    Bin::Xor,
    Bin::Shl,
    Bin::Shr,
    Bin::Sar,
    Bin::Mul,
    Bin::MulHighUnsigned,
    Bin::MulHighSigned,
    Bin::MulHighSignedUnsigned,
    Bin::DivUnsigned,
    Bin::DivSigned,
    Bin::RemUnsigned,
    Bin::RemSigned,
];
const CMPS: [Cmp; 3] = [Cmp::Eq, Cmp::LessSigned, Cmp::LessUnsigned];
/// Claims in one question.
const BATCH: usize = 8;

/// Nodes and what they mean.
struct Model {
    bits: u16,
    nodes: Nodes,
    terms: Terms,
    claims: Vec<(String, Term)>,
    count: usize,
}

impl Model {
    fn new(bits: u16) -> Self {
        let mut nodes = Nodes::default();
        nodes.clear(bits.into());
        Self {
            bits,
            nodes,
            terms: Terms::default(),
            claims: Vec::new(),
            count: 0,
        }
    }

    /// The value of a node as a term.
    fn term(&mut self, v: Val) -> Term {
        let n = self.bits;
        match self.nodes.node(v) {
            Node::Const(k) => self.terms.small(k, n),
            Node::Entry(cell) => self.terms.symbol(&format!("cell{cell}"), Sort::Bits(n)),
            Node::Bin(op, a, b) => {
                let (a, b) = (self.term(a), self.term(b));
                words::bin(&mut self.terms, op, a, b)
            }
            Node::Rotate(a, by) => {
                let a = self.term(a);
                let by = u16::from(by);
                let (low, high) = (
                    self.terms.extract(by - 1, 0, a),
                    self.terms.extract(n - 1, by, a),
                );
                self.terms.concat(low, high)
            }
            Node::Clz(a) => {
                let a = self.term(a);
                words::leading_zeros(&mut self.terms, a)
            }
            Node::Sext(a, from) => {
                let a = self.term(a);
                let low = self.terms.extract(u16::from(from) - 1, 0, a);
                self.terms.sext(low, n)
            }
            Node::Flag(cond) => self.flag(Truth::Is(cond)),
            Node::Select(cond, yes, no) => {
                let (when, yes, no) = (self.cond(cond), self.term(yes), self.term(no));
                self.terms.ite(when, yes, no)
            }
            Node::Load { bytes, signed, .. } => {
                let loaded = self
                    .terms
                    .symbol(&format!("loaded{v}"), Sort::Bits(8 * u16::from(bytes)));
                if signed {
                    self.terms.sext(loaded, n)
                } else {
                    self.terms.zext(loaded, n)
                }
            }
            other => panic!("{other:?} has no value"),
        }
    }

    fn cond(&mut self, cond: Cond) -> Term {
        let (a, b) = (self.term(cond.a), self.term(cond.b));
        let holds = match cond.test {
            Test::Equal => self.terms.equal(a, b),
            Test::LessSigned => self.terms.less_signed(a, b),
            Test::LessUnsigned => self.terms.less(a, b),
            Test::Clear => {
                let (both, zero) = (
                    self.terms.two(Two::And, a, b),
                    self.terms.small(0, self.bits),
                );
                self.terms.equal(both, zero)
            }
        };
        if cond.negated {
            self.terms.not(holds)
        } else {
            holds
        }
    }

    fn truth(&mut self, truth: Truth) -> Term {
        match truth {
            Truth::Known(known) => self.terms.truth(known),
            Truth::Is(cond) => self.cond(cond),
        }
    }

    fn flag(&mut self, truth: Truth) -> Term {
        let (one, zero) = (
            self.terms.small(1, self.bits),
            self.terms.small(0, self.bits),
        );
        let when = self.truth(truth);
        self.terms.ite(when, one, zero)
    }

    fn claim(&mut self, what: String, claim: Term) {
        self.count += 1;
        if !self.terms.is_true(claim) {
            self.claims.push((what, claim));
        }
    }

    fn equal(&mut self, what: &str, v: Val, wanted: Term) {
        let is = self.term(v);
        let claim = self.terms.equal(is, wanted);
        self.claim(format!("{what} is {:?}", self.nodes.node(v)), claim);
    }

    /// Claims that the facts recorded about a value hold.
    fn facts(&mut self, what: &str, v: Val) {
        let (n, known) = (self.bits, self.nodes.known(v));
        let value = self.term(v);
        let most = self.terms.small(known.max, n);
        let above = self.terms.less(most, value);
        let bounded = self.terms.not(above);
        self.claim(format!("{what} is at most {:#x}", known.max), bounded);
        let sext = u16::from(known.sext);
        if sext < n {
            let low = self.terms.extract(sext - 1, 0, value);
            let extended = self.terms.sext(low, n);
            let claim = self.terms.equal(extended, value);
            self.claim(format!("{what} has {sext} signed bits"), claim);
        }
        let zeros = u16::from(known.zeros).min(n);
        let aligned = (1..4).rev().find(|bits| self.nodes.is_aligned(v, *bits));
        for zeros in [zeros, aligned.unwrap_or(0) as u16] {
            if zeros > 0 {
                let (low, zero) = (
                    self.terms.extract(zeros - 1, 0, value),
                    self.terms.small(0, zeros),
                );
                let claim = self.terms.equal(low, zero);
                self.claim(format!("{what} has {zeros} zeros"), claim);
            }
        }
        if known.base != v {
            let (base, offset) = (self.term(known.base), self.terms.small(known.offset, n));
            let sum = self.terms.two(Two::Add, base, offset);
            let claim = self.terms.equal(sum, value);
            self.claim(
                format!("{what} is {} and {:#x}", known.base, known.offset),
                claim,
            );
        }
    }

    /// Values of each form that a rule or a fact looks at.
    fn forms(&mut self) -> Vec<Val> {
        let n = u64::from(self.bits);
        let (a, b) = (
            self.nodes.push(Node::Entry(4)),
            self.nodes.push(Node::Entry(5)),
        );
        let mut forms = vec![a, b];
        for (op, k) in [
            (Bin::And, 0xff),
            (Bin::And, 0xf0),
            (Bin::Add, 8),
            (Bin::Xor, 1),
            (Bin::Shl, 1),
            (Bin::Shl, 12),
            (Bin::Shl, n - 1),
            (Bin::Shr, 1),
            (Bin::Shr, n - 13),
            (Bin::Shr, n - 12),
            (Bin::Shr, n - 11),
            (Bin::Sar, n - 12),
        ] {
            let k = self.nodes.constant(k);
            forms.push(self.nodes.bin(op, a, k));
        }
        forms.push(self.nodes.sext(a, 8));
        forms.push(self.nodes.clz(a));
        let less = self.nodes.cmp(Cmp::LessSigned, a, b);
        forms.push(self.nodes.word(less));
        let byte = Node::Load {
            at: a,
            offset: 0,
            bytes: 1,
            signed: false,
            page: super::NO_VALUE,
        };
        forms.push(self.nodes.push(byte));
        let (low, high) = (forms[2], forms[3]);
        forms.push(self.nodes.select(less, low, high));
        forms
    }

    /// Constants around the guards: the width, powers of two, and what forms can be at most.
    fn constants(&mut self, forms: &[Val]) -> Vec<Val> {
        let n = u64::from(self.bits);
        let ones = self.nodes.ones();
        let mut all: BTreeSet<u64> = (0..5).chain([7, 8, 12, 15, 16]).collect();
        all.extend([
            n - 12,
            n - 1,
            n,
            n + 1,
            0x0f,
            0x3ff,
            1 << (n - 1),
            (1 << (n - 1)) - 1,
            ones - 1,
            ones,
        ]);
        for form in forms {
            let most = self.nodes.max(*form);
            // The last shift to the left that loses nothing of it, and the first that does.
            let unused = u64::from(most.leading_zeros()) + n - 64;
            all.extend([
                unused,
                unused + 1,
                most.saturating_sub(1),
                most,
                most.saturating_add(1).min(ones),
            ]);
        }
        all.into_iter().map(|k| self.nodes.constant(k)).collect()
    }

    fn bins(&mut self, forms: &[Val], others: &[Val]) {
        for (a, b) in forms
            .iter()
            .flat_map(|a| others.iter().map(move |b| (*a, *b)))
        {
            for (a, b) in [(a, b), (b, a)] {
                let pair = format!("{:?} and {:?}", self.nodes.node(a), self.nodes.node(b));
                let (x, y) = (self.term(a), self.term(b));
                for op in BINS {
                    let what = format!("{op:?} of {pair}");
                    let wanted = words::bin(&mut self.terms, op, x, y);
                    let v = self.nodes.bin(op, a, b);
                    self.equal(&what, v, wanted);
                    self.facts(&what, v);
                }
                for op in CMPS {
                    let what = format!("{op:?} of {pair}");
                    let wanted = match op {
                        Cmp::Eq => self.terms.equal(x, y),
                        Cmp::LessSigned => self.terms.less_signed(x, y),
                        Cmp::LessUnsigned => self.terms.less(x, y),
                    };
                    let truth = self.nodes.cmp(op, a, b);
                    let is = self.truth(truth);
                    let claim = self.terms.equal(is, wanted);
                    self.claim(format!("{what} is {truth:?}"), claim);
                }
            }
        }
    }

    fn others(&mut self, forms: &[Val]) {
        for a in forms.iter().copied() {
            for bits in [1, 7, 8, 9, 15, 16, 31, 32, 33, 63] {
                if bits >= u32::from(self.bits) {
                    continue;
                }
                let what = format!("the low {bits} bits of {:?}", self.nodes.node(a));
                let x = self.term(a);
                let low = self.terms.extract(bits as u16 - 1, 0, x);
                let wanted = self.terms.sext(low, self.bits);
                let v = self.nodes.sext(a, bits);
                self.equal(&what, v, wanted);
                self.facts(&what, v);
            }
        }
        // Truth values: both, and a choice.
        let truths: Vec<Truth> = CMPS
            .iter()
            .map(|op| self.nodes.cmp(*op, forms[0], forms[1]))
            .collect();
        let [zero, k, same] = [0, 1, 1].map(|k| self.nodes.constant(k));
        let choices = [
            (forms[2], forms[3]),
            (forms[2], forms[2]),
            (k, zero),
            (zero, k),
            (k, same),
        ];
        for one in truths.iter().flat_map(|t| [*t, t.not()]) {
            for other in truths
                .iter()
                .copied()
                .chain([Truth::Known(true), Truth::Known(false)])
            {
                let (x, y) = (self.truth(one), self.truth(other));
                let wanted = self.terms.and(x, y);
                let both = self.nodes.and(one, other);
                let is = self.truth(both);
                let claim = self.terms.equal(is, wanted);
                self.claim(format!("{one:?} and {other:?} is {both:?}"), claim);
                if let Truth::Is(cond) = both {
                    self.parts(cond);
                    let negated = !cond.negated;
                    self.parts(Cond { negated, ..cond });
                }
            }
            for (yes, no) in choices {
                let (when, x, y) = (self.truth(one), self.term(yes), self.term(no));
                let wanted = self.terms.ite(when, x, y);
                let v = self.nodes.select(one, yes, no);
                self.equal(&format!("a choice by {one:?}"), v, wanted);
                self.facts(&format!("a choice by {one:?}"), v);
            }
        }
    }

    /// Claims that a condition with two parts holds if and only if both do.
    fn parts(&mut self, cond: Cond) {
        let Some((one, other)) = self.nodes.parts(cond) else {
            return;
        };
        let (whole, one, other) = (self.cond(cond), self.cond(one), self.cond(other));
        let parts = self.terms.and(one, other);
        let claim = self.terms.equal(whole, parts);
        self.claim(format!("the parts of {cond:?}"), claim);
    }

    /// The claims that are not proved.
    fn refuted(&self, prover: &mut Prover) -> Vec<String> {
        let mut open: Vec<&[(String, Term)]> = self.claims.chunks(BATCH).collect();
        let mut terms = Vec::new();
        while let Some(batch) = open.pop() {
            let claims: Vec<Term> = batch.iter().map(|(_, claim)| *claim).collect();
            let outcome = prover
                .all_hold(&self.terms, &[], &claims)
                .expect("the solver answers");
            match (outcome, batch) {
                (Outcome::Same | Outcome::Proved, _) => {}
                (outcome, [(what, _)]) => terms.push(format!("{what}: {outcome:?}")),
                _ => {
                    let (one, other) = batch.split_at(batch.len() / 2);
                    open.extend([one, other]);
                }
            }
        }
        terms
    }
}

#[test]
fn folding_and_facts_hold_for_all_values() {
    let mut prover = match Prover::new(Duration::from_secs(20)) {
        Ok(prover) => prover,
        Err(error) => return skip(Tool::Solver, &format!("folding is proved by one: {error}")),
    };
    for bits in [32, 64] {
        let mut model = Model::new(bits);
        let forms = model.forms();
        let constants = model.constants(&forms);
        model.bins(&forms, &constants);
        model.bins(&forms, &forms);
        model.others(&forms);
        println!(
            "{bits} bits: {} claims, {} for the solver",
            model.count,
            model.claims.len()
        );
        assert_eq!(
            model.refuted(&mut prover),
            [""; 0],
            "of {} claims",
            model.count
        );
        assert!(model.count > 10_000 && !model.claims.is_empty());
    }
}
