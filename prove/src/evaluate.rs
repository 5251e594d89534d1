//! Runs the assembly of a contract on terms. Branches that no word can take are cut off by the solver; two
//! that can be taken are both run, and their states merged.

use crate::solver::{Solver, SolverError, Verdict};
use crate::state::{State, merge};
use crate::term::{Term, Terms, Two};
use crate::words;
use crate::yul::{Expression, Kind, Source, Statement};
use alloy_primitives::U256;
use std::collections::HashSet;

/// Rounds of a loop, after which it is taken for endless.
const ROUNDS: usize = 300;

/// Why a contract could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The solver failed.
    #[error(transparent)]
    Solver(#[from] SolverError),
    /// Something that the printer never prints.
    #[error("line {line}: {what}")]
    Unknown {
        /// The line of the statement, from 1.
        line: usize,
        /// What is not known.
        what: String,
    },
}

/// Something that holds whenever the path to it is taken, and that has to be proved.
#[derive(Clone, Debug)]
pub struct Obligation {
    /// What it is, in words.
    pub what: String,
    /// What is assumed on the path.
    pub path: Vec<Term>,
    /// What has to hold.
    pub claim: Term,
}

/// What calls reach: terms, the path so far, and what callers owe.
#[derive(Debug)]
pub struct World<'a> {
    /// Terms.
    pub terms: &'a mut Terms,
    /// The solver that knows the path.
    pub solver: &'a mut Solver,
    /// What is assumed here.
    pub path: Vec<Term>,
    /// What callers of helpers owe.
    pub obligations: Vec<Obligation>,
}

impl World<'_> {
    /// Notes what has to hold here.
    pub fn owe(&mut self, what: impl Into<String>, claim: Term) {
        if !self.terms.is_true(claim) {
            self.obligations.push(Obligation {
                what: what.into(),
                path: self.path.clone(),
                claim,
            });
        }
    }

    /// Whether something can hold on this path. What the solver does not know can.
    fn can(&mut self, t: Term) -> Result<bool, SolverError> {
        self.solver.push()?;
        self.solver.assume(self.terms, t)?;
        let verdict = self.solver.check()?;
        self.solver.pop()?;
        Ok(verdict != Verdict::Impossible)
    }
}

/// A path through the contract.
#[derive(Clone, Debug)]
pub struct Frame<'s> {
    /// The state.
    pub state: State,
    /// Variables in scope, the innermost last.
    pub variables: Vec<(&'s str, Term)>,
    /// Whether the call has reverted.
    pub ended: bool,
    left: bool,
}

impl<'s> Frame<'s> {
    /// A path at its begin.
    pub fn new(state: State, variables: Vec<(&'s str, Term)>) -> Self {
        Frame {
            state,
            variables,
            ended: false,
            left: false,
        }
    }
}

/// What calls mean that are not run from their text.
pub trait Host {
    /// The results of a call, or `None` for one that is run from its text.
    fn call(
        &mut self,
        world: &mut World<'_>,
        frame: &mut Frame<'_>,
        name: &str,
        arguments: &[Term],
    ) -> Result<Option<Vec<Term>>, String>;
}

/// A run.
#[derive(Debug)]
pub struct Run<'a, 's, H> {
    /// What calls reach.
    pub world: World<'a>,
    /// The contract.
    pub source: &'s Source,
    /// What calls mean.
    pub host: H,
    /// The statements reached, by their first token.
    pub reached: HashSet<usize>,
    line: usize,
}

impl<'a, 's, H: Host> Run<'a, 's, H> {
    /// A run of a contract.
    pub fn new(world: World<'a>, source: &'s Source, host: H) -> Self {
        Run {
            world,
            source,
            host,
            reached: HashSet::new(),
            line: 0,
        }
    }

    fn unknown<T>(&self, what: impl Into<String>) -> Result<T, RunError> {
        let (line, what) = (self.line, what.into());
        Err(RunError::Unknown { line, what })
    }

    /// Calls a function by name.
    pub fn call(
        &mut self,
        frame: &mut Frame<'s>,
        name: &str,
        arguments: &[Term],
    ) -> Result<Vec<Term>, RunError> {
        if let Some(result) = builtin(self.world.terms, name, arguments) {
            return Ok(vec![result]);
        }
        match self.host.call(&mut self.world, frame, name, arguments) {
            Ok(Some(results)) => return Ok(results),
            Ok(None) => {}
            Err(what) => return self.unknown(what),
        }
        self.text(frame, name, arguments)
    }

    /// Runs a function's text, whatever the host takes it for.
    pub fn text(
        &mut self,
        frame: &mut Frame<'s>,
        name: &str,
        arguments: &[Term],
    ) -> Result<Vec<Term>, RunError> {
        let Some(function) = self.source.functions.get(name) else {
            return self.unknown(format!("a call of {name}, which is not known"));
        };
        if function.parameters.len() != arguments.len() {
            return self.unknown(format!("{} arguments of {name}", arguments.len()));
        }
        let zero = self.world.terms.small(0, 256);
        let mut inside: Vec<(&str, Term)> = Vec::new();
        inside.extend(
            function
                .parameters
                .iter()
                .map(String::as_str)
                .zip(arguments.iter().copied()),
        );
        inside.extend(function.results.iter().map(|name| (name.as_str(), zero)));
        let outside = std::mem::replace(&mut frame.variables, inside);
        self.block(frame, &function.body)?;
        frame.left = false;
        let inside = std::mem::replace(&mut frame.variables, outside);
        let from = function.parameters.len();
        Ok(inside[from..from + function.results.len()]
            .iter()
            .map(|(_, t)| *t)
            .collect())
    }

    fn values(&mut self, frame: &mut Frame<'s>, e: &'s Expression) -> Result<Vec<Term>, RunError> {
        match e {
            Expression::Number(value) => Ok(vec![self.world.terms.number(*value, 256)]),
            Expression::Name(name) => {
                let found = frame
                    .variables
                    .iter()
                    .rev()
                    .find(|(known, _)| known == name);
                if let Some((_, term)) = found {
                    return Ok(vec![*term]);
                }
                match self.source.constants.get(name) {
                    Some(value) => Ok(vec![self.world.terms.number(*value, 256)]),
                    None => self.unknown(format!("{name} is no variable and no constant")),
                }
            }
            Expression::Call(name, arguments) => {
                // From the last one on, as the EVM's stack has it.
                let mut values = Vec::new();
                for argument in arguments.iter().rev() {
                    values.push(self.value(frame, argument)?);
                }
                values.reverse();
                self.call(frame, name, &values)
            }
        }
    }

    fn value(&mut self, frame: &mut Frame<'s>, e: &'s Expression) -> Result<Term, RunError> {
        match self.values(frame, e)?[..] {
            [value] => Ok(value),
            ref values => self.unknown(format!("{} values where one is wanted", values.len())),
        }
    }

    /// Runs statements in a scope of their own.
    pub fn block(&mut self, frame: &mut Frame<'s>, block: &'s [Statement]) -> Result<(), RunError> {
        let scope = frame.variables.len();
        for statement in block {
            if frame.ended || frame.left {
                break;
            }
            self.statement(frame, statement)?;
        }
        frame.variables.truncate(scope);
        Ok(())
    }

    fn flag(&mut self, value: Term) -> Term {
        let zero = self.world.terms.small(0, 256);
        let none = self.world.terms.equal(value, zero);
        self.world.terms.not(none)
    }

    fn statement(&mut self, frame: &mut Frame<'s>, s: &'s Statement) -> Result<(), RunError> {
        self.line = s.line;
        self.reached.insert(s.tokens.start);
        match &s.kind {
            Kind::Block(block) => self.block(frame, block),
            Kind::Let(names, value) => {
                let values = match value {
                    Some(value) => self.values(frame, value)?,
                    None => vec![self.world.terms.small(0, 256); names.len()],
                };
                if values.len() != names.len() {
                    return self.unknown("as many values as names are wanted");
                }
                let names = names.iter().map(String::as_str);
                frame.variables.extend(names.zip(values));
                Ok(())
            }
            Kind::Assign(names, value) => {
                let values = self.values(frame, value)?;
                for (name, value) in names.iter().zip(values) {
                    match frame
                        .variables
                        .iter_mut()
                        .rev()
                        .find(|(known, _)| known == name)
                    {
                        Some(variable) => variable.1 = value,
                        None => return self.unknown(format!("{name} is no variable")),
                    }
                }
                Ok(())
            }
            Kind::Call(call) => self.values(frame, call).map(|_| ()),
            Kind::If(condition, block) => {
                let value = self.value(frame, condition)?;
                let when = self.flag(value);
                self.branch(
                    frame,
                    when,
                    &|run, frame| run.block(frame, block),
                    &|_, _| Ok(()),
                )
            }
            Kind::Switch(value, cases, default) => {
                let value = self.value(frame, value)?;
                self.switch(frame, value, cases, default)
            }
            Kind::For(begin, condition, after, body) => {
                let scope = frame.variables.len();
                for statement in begin {
                    self.statement(frame, statement)?;
                }
                self.rounds(frame, (condition, after, body), ROUNDS)?;
                frame.variables.truncate(scope);
                Ok(())
            }
            Kind::Leave => {
                frame.left = true;
                Ok(())
            }
            Kind::Function => Ok(()),
        }
    }

    fn switch(
        &mut self,
        frame: &mut Frame<'s>,
        value: Term,
        cases: &'s [(U256, Vec<Statement>)],
        default: &'s [Statement],
    ) -> Result<(), RunError> {
        let Some(((case, block), rest)) = cases.split_first() else {
            return self.block(frame, default);
        };
        let case = self.world.terms.number(*case, 256);
        let when = self.world.terms.equal(value, case);
        self.branch(
            frame,
            when,
            &|run, frame| run.block(frame, block),
            &|run, frame| run.switch(frame, value, rest, default),
        )
    }

    fn rounds(
        &mut self,
        frame: &mut Frame<'s>,
        parts: (&'s Expression, &'s [Statement], &'s [Statement]),
        left: usize,
    ) -> Result<(), RunError> {
        let (condition, after, body) = parts;
        let value = self.value(frame, condition)?;
        let when = self.flag(value);
        if left == 0 && !self.world.terms.is_false(when) {
            return self.unknown(format!("a loop of more than {ROUNDS} rounds"));
        }
        let round = |run: &mut Self, frame: &mut Frame<'s>| {
            run.block(frame, body)?;
            run.block(frame, after)?;
            run.rounds(frame, parts, left - 1)
        };
        self.branch(frame, when, &round, &|_, _| Ok(()))
    }

    #[allow(
        clippy::type_complexity,
        reason = "two closures, named by their places"
    )]
    fn branch(
        &mut self,
        frame: &mut Frame<'s>,
        when: Term,
        yes: &dyn Fn(&mut Self, &mut Frame<'s>) -> Result<(), RunError>,
        no: &dyn Fn(&mut Self, &mut Frame<'s>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let otherwise = self.world.terms.not(when);
        if self.world.terms.is_true(when)
            || !self.world.terms.is_false(when) && !self.world.can(otherwise)?
        {
            return yes(self, frame);
        }
        if self.world.terms.is_false(when) || !self.world.can(when)? {
            return no(self, frame);
        }
        let mut other = frame.clone();
        self.under(when, |run| yes(run, frame))?;
        self.under(otherwise, |run| no(run, &mut other))?;
        if frame.left != other.left && !frame.ended && !other.ended {
            return self.unknown("one arm alone leaves the function");
        }
        let terms = &mut *self.world.terms;
        frame.state = merge(
            terms,
            when,
            (&frame.state, frame.ended),
            (&other.state, other.ended),
        );
        let rest = match (frame.ended, other.ended) {
            (true, false) => {
                frame.variables = other.variables;
                frame.left = other.left;
                Some(otherwise)
            }
            (false, true) => Some(when),
            _ => {
                for (mine, yours) in frame.variables.iter_mut().zip(&other.variables) {
                    mine.1 = terms.ite(when, mine.1, yours.1);
                }
                None
            }
        };
        frame.ended &= other.ended;
        // What follows is reached by the arm that did not revert.
        if let Some(rest) = rest {
            self.world.solver.assume(self.world.terms, rest)?;
            self.world.path.push(rest);
        }
        Ok(())
    }

    fn under(
        &mut self,
        when: Term,
        run: impl FnOnce(&mut Self) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.world.solver.push()?;
        self.world.solver.assume(self.world.terms, when)?;
        let outside = self.world.path.len();
        self.world.path.push(when);
        run(self)?;
        self.world.path.truncate(outside);
        self.world.solver.pop()?;
        Ok(())
    }
}

/// The EVM's operations on words.
fn builtin(terms: &mut Terms, name: &str, arguments: &[Term]) -> Option<Term> {
    let flag = |terms: &mut Terms, t| {
        let (one, zero) = (terms.small(1, 256), terms.small(0, 256));
        terms.ite(t, one, zero)
    };
    let (op, a, b) = match (name, arguments) {
        ("iszero", [a]) => {
            let zero = terms.small(0, 256);
            let none = terms.equal(*a, zero);
            return Some(flag(terms, none));
        }
        ("not", [a]) => return Some(terms.bitwise_not(*a)),
        (name, [a, b]) => (name, *a, *b),
        _ => return None,
    };
    let compared = match op {
        "lt" => Some(terms.less(a, b)),
        "gt" => Some(terms.less(b, a)),
        "slt" => Some(terms.less_signed(a, b)),
        "sgt" => Some(terms.less_signed(b, a)),
        "eq" => Some(terms.equal(a, b)),
        _ => None,
    };
    if let Some(compared) = compared {
        return Some(flag(terms, compared));
    }
    Some(match op {
        "add" => terms.two(Two::Add, a, b),
        "sub" => terms.two(Two::Sub, a, b),
        "mul" => terms.two(Two::Mul, a, b),
        "div" => terms.two(Two::Div, a, b),
        "mod" => terms.two(Two::Rem, a, b),
        "and" => terms.two(Two::And, a, b),
        "or" => terms.two(Two::Or, a, b),
        "xor" => terms.two(Two::Xor, a, b),
        // The amount comes first.
        "shl" => terms.two(Two::Shl, b, a),
        "shr" => terms.two(Two::Shr, b, a),
        "sar" => terms.two(Two::Sar, b, a),
        "sdiv" => by_zero(terms, Two::Div, a, b),
        "smod" => by_zero(terms, Two::Rem, a, b),
        "signextend" => {
            let byte = u16::try_from(terms.value(a)?).ok()?.min(31);
            let low = terms.extract(8 * byte + 7, 0, b);
            terms.sext(low, 256)
        }
        "byte" => {
            let place = u16::try_from(terms.value(a)?)
                .ok()
                .filter(|place| *place < 32)?;
            let byte = terms.extract(255 - 8 * place, 248 - 8 * place, b);
            terms.zext(byte, 256)
        }
        _ => return None,
    })
}

/// The EVM's signed division, which gives 0 where the divisor is 0.
fn by_zero(terms: &mut Terms, op: Two, a: Term, b: Term) -> Term {
    let zero = terms.small(0, 256);
    let none = terms.equal(b, zero);
    let result = words::signed_quotient(terms, op, a, b);
    terms.ite(none, zero, result)
}
