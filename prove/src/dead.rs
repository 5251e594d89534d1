//! Statements that no word reaches: code that is deployed and paid for, and never runs.

use crate::claim::step_block;
use crate::yul::{Expression, Kind, Source, Statement};
use std::collections::HashSet;

/// The lines of a contract's step whose statement is in none of the reached, by their first tokens. What is
/// done for a compact proof alone or for a wrong thread is left out, since the claims are about neither.
pub fn unreached(source: &Source, reached: &HashSet<usize>) -> Vec<usize> {
    let mut lines = Vec::new();
    visit(step_block(source).unwrap_or_default(), &mut |statement| {
        if !reached.contains(&statement.tokens.start) {
            lines.push(statement.line);
        }
    });
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// How many statements a contract's step has, those for compact proofs left out.
pub fn statements(source: &Source) -> usize {
    let mut count = 0;
    visit(step_block(source).unwrap_or_default(), &mut |_| count += 1);
    count
}

/// Whether a condition compares a stack's root with the one that the proof's thread makes.
fn is_thread_check(arguments: &[Expression]) -> bool {
    arguments
        .iter()
        .any(|argument| matches!(argument, Expression::Call(name, _) if name == "stacked"))
}

/// Shows each statement, and then those inside it.
pub(crate) fn visit<'s>(block: &'s [Statement], see: &mut impl FnMut(&'s Statement)) {
    for statement in block {
        see(statement);
        match &statement.kind {
            Kind::Block(inner) => visit(inner, see),
            Kind::If(Expression::Name(name), _) if name == "from" => {}
            // The claims are about proofs that show the running thread.
            Kind::If(Expression::Call(_, arguments), _) if is_thread_check(arguments) => {}
            Kind::If(_, inner) => visit(inner, see),
            Kind::Switch(_, cases, default) => {
                cases.iter().for_each(|(_, inner)| visit(inner, see));
                visit(default, see);
            }
            Kind::For(begin, _, after, body) => {
                [begin, after, body]
                    .into_iter()
                    .for_each(|inner| visit(inner, see));
            }
            Kind::Let(..) | Kind::Assign(..) | Kind::Call(_) | Kind::Leave | Kind::Function => {}
        }
    }
}
