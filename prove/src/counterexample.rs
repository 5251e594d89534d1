//! A case in which two sides differ, in words.

use crate::claim::part_name;
use crate::solver::{Solver, SolverError};
use crate::state::Part;
use crate::term::{Node, Sort, Term, Terms};
use fpvm_core::definition::isa::Isa;
use std::collections::HashSet;
use std::fmt::Write as _;

/// The case that the solver has just found: the instruction, the registers and bytes that it looks at, and
/// what both sides make of them.
pub fn show<I: Isa>(
    solver: &mut Solver,
    terms: &mut Terms,
    part: Part,
    (ours, theirs): (Term, Term),
) -> Result<String, SolverError> {
    let (mut seen, mut open) = (HashSet::new(), vec![ours, theirs]);
    let (mut symbols, mut reads) = (Vec::new(), Vec::new());
    while let Some(t) = open.pop() {
        if !seen.insert(t) {
            continue;
        }
        match (terms.node(t), terms.sort(t)) {
            (Node::Symbol(_), Sort::Bits(_) | Sort::Bool) => symbols.push(t),
            (Node::Select(array, index), _) if matches!(terms.node(*array), Node::Symbol(_)) => {
                reads.push((*array, *index, t));
            }
            _ => {}
        }
        open.extend(terms.children(t));
    }
    let mut out = format!("{} differs where", part_name::<I>(part));
    for t in symbols {
        let name = crate::smtlib::name(terms, t);
        let value = solver.value_of(terms, t)?;
        let _ = write!(out, " {name} = 0x{value},");
    }
    for (array, index, t) in reads {
        let name = crate::smtlib::name(terms, array);
        let (index, value) = (solver.value_of(terms, index)?, solver.value_of(terms, t)?);
        let _ = write!(out, " {name}[0x{index}] = 0x{value},");
    }
    let (a, b) = (at_any(terms, ours), at_any(terms, theirs));
    let (a, b) = (solver.value_of(terms, a)?, solver.value_of(terms, b)?);
    let _ = write!(
        out,
        " and then the definition gives 0x{a}, the contract 0x{b}"
    );
    Ok(out)
}

/// An array at the index that the claim was about, anything else itself.
fn at_any(terms: &mut Terms, t: Term) -> Term {
    match terms.sort(t) {
        Sort::Array(index, _) => {
            let any = terms.symbol(&format!("any{index}"), Sort::Bits(index));
            terms.select(t, any)
        }
        _ => t,
    }
}
