//! Terms: expressions over bit vectors, truth values and arrays, each kept once.
//!
//! A term is a number in [`Terms`], and equal terms have the same number, so two sides of a claim that
//! rewriting has made equal are seen to be equal without a solver. The constructors in [`mod@crate::rewrite`]
//! are the only way to build terms; each keeps the meaning of what it is given.

use alloy_primitives::U256;
use std::collections::HashMap;

/// A term, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Term(pub(crate) u32);

/// What a term stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sort {
    /// A truth value.
    Bool,
    /// A bit vector of 1 to 256 bits.
    Bits(u16),
    /// An array from bit vectors of some bits to bit vectors of some bits.
    Array(u16, u16),
}

/// An operation on two bit vectors of the same width, with a result of that width.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Two {
    /// Wrapping sum.
    Add,
    /// Wrapping difference.
    Sub,
    /// Low half of the product.
    Mul,
    /// Unsigned quotient; 0 where the divisor is 0, as in the EVM.
    Div,
    /// Unsigned remainder; 0 where the divisor is 0, as in the EVM.
    Rem,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// Shift left; 0 where the amount is the width or more.
    Shl,
    /// Logical shift right; 0 where the amount is the width or more.
    Shr,
    /// Arithmetic shift right; all sign bits where the amount is the width or more.
    Sar,
}

/// How a term is made.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// A number; of sort [`Sort::Bool`] 0 or 1.
    Number(U256),
    /// A free symbol.
    Symbol(String),
    /// Bits `lo` to `hi` of a bit vector, both included.
    Extract(u16, u16, Term),
    /// Two bit vectors side by side, the first one above.
    Concat(Term, Term),
    /// A bit vector sign-extended to the term's width.
    Sext(Term),
    /// An operation on bit vectors.
    Two(Two, Term, Term),
    /// Whether two terms of a sort are equal.
    Equal(Term, Term),
    /// Unsigned less.
    Less(Term, Term),
    /// Signed less.
    LessSigned(Term, Term),
    /// Negation of a truth value.
    Not(Term),
    /// Conjunction of truth values.
    And(Term, Term),
    /// The second where the first holds, else the third.
    Ite(Term, Term, Term),
    /// An array at an index.
    Select(Term, Term),
    /// An array with another value at an index.
    Store(Term, Term, Term),
    /// A function of which nothing is known but that it is one.
    Apply(&'static str, Vec<Term>),
}

/// All terms of a proof.
#[derive(Debug, Default)]
pub struct Terms {
    nodes: Vec<(Node, Sort)>,
    known: HashMap<(Node, Sort), Term>,
    pub(crate) extracts: HashMap<(Term, u16, u16), Term>,
    pub(crate) zeros: HashMap<Term, U256>,
}

/// The number with the low `bits` bits set.
pub(crate) fn ones(bits: u16) -> U256 {
    match bits {
        0 => U256::ZERO,
        bits => U256::MAX >> (256 - usize::from(bits)),
    }
}

impl Terms {
    /// The term of a node as it is, without rewriting.
    pub(crate) fn intern(&mut self, node: Node, sort: Sort) -> Term {
        let key = (node, sort);
        if let Some(term) = self.known.get(&key) {
            return *term;
        }
        let term = Term(self.nodes.len() as u32);
        self.nodes.push(key.clone());
        self.known.insert(key, term);
        term
    }

    /// How a term is made.
    pub fn node(&self, t: Term) -> &Node {
        &self.nodes[t.0 as usize].0
    }

    /// A term's sort.
    pub fn sort(&self, t: Term) -> Sort {
        self.nodes[t.0 as usize].1
    }

    /// Width of a bit vector in bits; 0 for other sorts.
    pub fn width(&self, t: Term) -> u16 {
        match self.sort(t) {
            Sort::Bits(width) => width,
            Sort::Bool | Sort::Array(..) => 0,
        }
    }

    /// How many terms there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The terms that a term is made of.
    pub fn children(&self, t: Term) -> Vec<Term> {
        match self.node(t) {
            Node::Number(_) | Node::Symbol(_) => Vec::new(),
            Node::Extract(_, _, a) | Node::Sext(a) | Node::Not(a) => vec![*a],
            Node::Concat(a, b)
            | Node::Two(_, a, b)
            | Node::Equal(a, b)
            | Node::Less(a, b)
            | Node::LessSigned(a, b)
            | Node::And(a, b)
            | Node::Select(a, b) => vec![*a, *b],
            Node::Ite(a, b, c) | Node::Store(a, b, c) => vec![*a, *b, *c],
            Node::Apply(_, all) => all.clone(),
        }
    }

    /// A number of some width.
    pub fn number(&mut self, value: U256, width: u16) -> Term {
        self.intern(Node::Number(value & ones(width)), Sort::Bits(width))
    }

    /// A small number of some width.
    pub fn small(&mut self, value: u64, width: u16) -> Term {
        self.number(U256::from(value), width)
    }

    /// A truth value.
    pub fn truth(&mut self, value: bool) -> Term {
        self.intern(Node::Number(U256::from(value)), Sort::Bool)
    }

    /// A free symbol; the same name and sort are the same symbol.
    pub fn symbol(&mut self, name: &str, sort: Sort) -> Term {
        self.intern(Node::Symbol(name.to_owned()), sort)
    }

    /// An unknown function of terms. One name has to have one signature.
    pub fn apply(&mut self, name: &'static str, arguments: &[Term], sort: Sort) -> Term {
        self.intern(Node::Apply(name, arguments.to_vec()), sort)
    }

    /// The value of a number.
    pub fn value(&self, t: Term) -> Option<U256> {
        match self.node(t) {
            Node::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether a truth value is known to hold.
    pub fn is_true(&self, t: Term) -> bool {
        self.value(t) == Some(U256::from(1))
    }

    /// Whether a truth value is known not to hold.
    pub fn is_false(&self, t: Term) -> bool {
        self.value(t) == Some(U256::ZERO)
    }
}
