//! The value of a term where the symbols have values: what rewriting and operations mean, by numbers.

use crate::rewrite::{evaluate, sign_extended};
use crate::term::{Node, Term, Terms, ones};
use alloy_primitives::U256;
use std::collections::HashMap;

/// Values of symbols.
#[derive(Debug)]
pub struct Assignment<F> {
    /// Of bit vectors, by name; truth values are 0 or 1.
    pub symbols: HashMap<String, U256>,
    /// Of arrays, by name and index.
    pub array: F,
}

impl<F: Fn(&str, U256) -> U256> Assignment<F> {
    /// A term's value; `None` where it depends on a symbol without a value or on an unknown function. Of a
    /// choice only the arm that is chosen is looked at.
    pub fn value(&self, terms: &Terms, t: Term, known: &mut HashMap<Term, U256>) -> Option<U256> {
        if let Some(value) = known.get(&t) {
            return Some(*value);
        }
        let width = terms.width(t);
        let mut of = |t: Term| self.value(terms, t, known);
        let value = match terms.node(t) {
            Node::Number(value) => *value,
            Node::Symbol(name) => *self.symbols.get(name)?,
            Node::Extract(_, lo, a) => of(*a)? >> usize::from(*lo) & ones(width),
            Node::Concat(a, b) => of(*a)? << usize::from(terms.width(*b)) | of(*b)?,
            Node::Sext(a) => sign_extended(of(*a)?, terms.width(*a)) & ones(width),
            Node::Two(op, a, b) => evaluate(*op, of(*a)?, of(*b)?, width),
            Node::Equal(a, b) => U256::from(of(*a)? == of(*b)?),
            Node::Less(a, b) => U256::from(of(*a)? < of(*b)?),
            Node::LessSigned(a, b) => {
                let top = U256::from(1) << usize::from(terms.width(*a) - 1);
                U256::from((of(*a)? ^ top) < (of(*b)? ^ top))
            }
            Node::Not(a) => U256::from(of(*a)?.is_zero()),
            Node::And(a, b) => U256::from(!of(*a)?.is_zero() && !of(*b)?.is_zero()),
            Node::Ite(when, a, b) if width > 0 => {
                let when = of(*when)?;
                of(if when.is_zero() { *b } else { *a })?
            }
            Node::Select(array, index) => {
                let index = of(*index)?;
                self.at(terms, *array, index, known)?
            }
            Node::Ite(..) | Node::Store(..) | Node::Apply(..) => return None,
        };
        known.insert(t, value);
        Some(value)
    }

    /// An array at an index.
    pub fn at(
        &self,
        terms: &Terms,
        array: Term,
        index: U256,
        known: &mut HashMap<Term, U256>,
    ) -> Option<U256> {
        match *terms.node(array) {
            Node::Symbol(ref name) => Some((self.array)(name, index)),
            Node::Store(under, at, value) => {
                if self.value(terms, at, known)? == index {
                    self.value(terms, value, known)
                } else {
                    self.at(terms, under, index, known)
                }
            }
            Node::Ite(when, a, b) => {
                let when = self.value(terms, when, known)?;
                self.at(terms, if when.is_zero() { b } else { a }, index, known)
            }
            _ => None,
        }
    }
}
