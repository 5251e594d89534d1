//! Terms as SMT-LIB text: each shared term one definition.

use crate::term::{Node, Sort, Term, Terms, Two};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// What a solver has been told already.
#[derive(Clone, Debug, Default)]
pub struct Session {
    defined: HashSet<Term>,
    /// Functions of which the solver knows the signature alone.
    declared: HashSet<String>,
    /// Whether products and quotients are functions of which the solver knows no more than that, and that
    /// a quotient or remainder is at most its dividend. What is proved so holds; what is refuted so need not
    /// be wrong.
    pub(crate) is_abstract: bool,
    /// Whether something was abstracted.
    pub(crate) has_abstracted: bool,
}

impl Session {
    /// A session that abstracts products and quotients, or one that does not.
    pub fn new(is_abstract: bool) -> Self {
        Self {
            is_abstract,
            ..Self::default()
        }
    }

    /// Definitions of a term and of all that it is made of, as far as they are new.
    pub fn define(&mut self, terms: &Terms, t: Term) -> String {
        let mut out = String::new();
        let mut open = vec![(t, false)];
        while let Some((t, ready)) = open.pop() {
            if self.defined.contains(&t) {
                continue;
            }
            if ready {
                self.defined.insert(t);
                self.line(terms, t, &mut out);
            } else {
                open.push((t, true));
                open.extend(terms.children(t).into_iter().map(|child| (child, false)));
            }
        }
        out
    }

    fn line(&mut self, terms: &Terms, t: Term, out: &mut String) {
        let sort = sort(terms.sort(t));
        match terms.node(t) {
            Node::Number(_) => {}
            Node::Symbol(name) => {
                let _ = writeln!(out, "(declare-const {name} {sort})");
            }
            Node::Apply(function, arguments) => {
                self.declare(terms, function, arguments, t, out);
                let text = arguments
                    .iter()
                    .fold(String::new(), |text, a| text + " " + &name(terms, *a));
                let _ = writeln!(out, "(define-fun t{} () {sort} ({function}{text}))", t.0);
            }
            Node::Two(op @ (Two::Mul | Two::Div | Two::Rem), a, b)
                if self.is_abstract && (*op != Two::Mul || terms.value(*b).is_none()) =>
            {
                self.has_abstracted = true;
                let function = format!("{op:?}{}", terms.width(t)).to_lowercase();
                self.declare(terms, &function, &[*a, *b], t, out);
                let (a, b) = (name(terms, *a), name(terms, *b));
                let _ = writeln!(out, "(define-fun t{} () {sort} ({function} {a} {b}))", t.0);
                if *op != Two::Mul {
                    // Quotient and remainder are at most the dividend, whatever it is divided by.
                    let _ = writeln!(out, "(assert (bvule t{} {a}))", t.0);
                }
            }
            node => {
                let text = body(terms, t, node);
                let _ = writeln!(out, "(define-fun t{} () {sort} {text})", t.0);
            }
        }
    }

    fn declare(&mut self, terms: &Terms, function: &str, of: &[Term], t: Term, out: &mut String) {
        if self.declared.insert(function.to_owned()) {
            let sorts: Vec<String> = of.iter().map(|a| sort(terms.sort(*a))).collect();
            let result = sort(terms.sort(t));
            let _ = writeln!(
                out,
                "(declare-fun {function} ({}) {result})",
                sorts.join(" ")
            );
        }
    }
}

/// A sort's name.
pub fn sort(sort: Sort) -> String {
    match sort {
        Sort::Bool => "Bool".to_owned(),
        Sort::Bits(width) => format!("(_ BitVec {width})"),
        Sort::Array(index, value) => format!("(Array (_ BitVec {index}) (_ BitVec {value}))"),
    }
}

/// What a term is called once it is defined.
pub fn name(terms: &Terms, t: Term) -> String {
    match (terms.node(t), terms.sort(t)) {
        (Node::Number(value), Sort::Bool) => (!value.is_zero()).to_string(),
        (Node::Number(value), _) => format!("(_ bv{value} {})", terms.width(t)),
        (Node::Symbol(name), _) => name.clone(),
        _ => format!("t{}", t.0),
    }
}

fn body(terms: &Terms, t: Term, node: &Node) -> String {
    let n = |t: &Term| name(terms, *t);
    let of: HashMap<Two, &str> = HashMap::from([
        (Two::Add, "bvadd"),
        (Two::Sub, "bvsub"),
        (Two::Mul, "bvmul"),
        (Two::Div, "bvudiv"),
        (Two::Rem, "bvurem"),
        (Two::And, "bvand"),
        (Two::Or, "bvor"),
        (Two::Xor, "bvxor"),
        (Two::Shl, "bvshl"),
        (Two::Shr, "bvlshr"),
        (Two::Sar, "bvashr"),
    ]);
    match node {
        Node::Number(_) | Node::Symbol(_) | Node::Apply(..) => String::new(),
        Node::Extract(hi, lo, a) => format!("((_ extract {hi} {lo}) {})", n(a)),
        Node::Concat(a, b) => format!("(concat {} {})", n(a), n(b)),
        Node::Sext(a) => {
            let more = terms.width(t) - terms.width(*a);
            format!("((_ sign_extend {more}) {})", n(a))
        }
        Node::Two(op @ (Two::Div | Two::Rem), a, b) => {
            let (a, b, width) = (n(a), n(b), terms.width(t));
            let zero = format!("(_ bv0 {width})");
            format!("(ite (= {b} {zero}) {zero} ({} {a} {b}))", of[op])
        }
        Node::Two(op, a, b) => format!("({} {} {})", of[op], n(a), n(b)),
        Node::Equal(a, b) => format!("(= {} {})", n(a), n(b)),
        Node::Less(a, b) => format!("(bvult {} {})", n(a), n(b)),
        Node::LessSigned(a, b) => format!("(bvslt {} {})", n(a), n(b)),
        Node::Not(a) => format!("(not {})", n(a)),
        Node::And(a, b) => format!("(and {} {})", n(a), n(b)),
        Node::Ite(c, a, b) => format!("(ite {} {} {})", n(c), n(a), n(b)),
        Node::Select(a, i) => format!("(select {} {})", n(a), n(i)),
        Node::Store(a, i, v) => format!("(store {} {} {})", n(a), n(i), n(v)),
    }
}
