//! Proves that a contract's step is the definition's, row by row and part by part.

use crate::evaluate::{Frame, Obligation, Run, RunError, World};
use crate::faults::Faults;
use crate::host::Contract;
use crate::machine::{On, Symbolic};
use crate::rows::Row;
use crate::solver::{Solver, SolverError, Verdict};
use crate::state::{Part, State, before, bits, left_is_active, stacked};
use crate::term::{Sort, Term, Terms};
use crate::yul::{Expression, Kind, Source, Statement};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::Machine as _;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How long a question may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// What became of a claim about one part of the state after the step, or of an obligation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Both sides are the same term.
    Same,
    /// The solver found no difference.
    Proved,
    /// There is a difference.
    Refuted,
    /// The solver does not know.
    Unknown,
}

/// A claim's part.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The part of the state, or what is owed.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
}

/// A claim with all its parts.
#[derive(Debug)]
pub struct Proof {
    /// The row's name.
    pub name: String,
    /// The parts.
    pub goals: Vec<Goal>,
    /// The statements that were reached, by their first token.
    pub reached: HashSet<usize>,
    /// Where the sides differ, if that was found, in words.
    pub difference: Option<String>,
    /// How long all took.
    pub time: Duration,
}

impl Proof {
    /// Whether every part is proved.
    pub fn holds(&self) -> bool {
        self.goals
            .iter()
            .all(|goal| matches!(goal.outcome, Outcome::Same | Outcome::Proved))
    }

    /// Whether a part is refuted.
    pub fn is_refuted(&self) -> bool {
        self.goals
            .iter()
            .any(|goal| goal.outcome == Outcome::Refuted)
    }
}

/// The solvers of a prover: one for paths, one for goals.
#[derive(Debug)]
pub struct Prover {
    paths: Solver,
    goals: Solver,
}

/// What a claim is about beside the row.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The contract.
    pub source: &'s Source,
    /// How it tells faults.
    pub faults: Faults,
    /// The state version that it is told.
    pub version: u64,
}

/// The statements of the step, and what they may assume.
pub(crate) fn step_block(source: &Source) -> Option<&[Statement]> {
    source
        .body
        .iter()
        .find_map(|statement| match &statement.kind {
            Kind::If(Expression::Call(name, arguments), block) if name == "iszero" => {
                let exited = matches!(&arguments[..], [Expression::Name(name)] if name == "exited");
                exited.then_some(&block[..])
            }
            _ => None,
        })
}

impl Prover {
    /// Starts the solvers.
    pub fn new(limit: Duration) -> Result<Self, SolverError> {
        Ok(Self {
            paths: Solver::start(limit)?,
            goals: Solver::start(limit)?,
        })
    }

    /// Time spent in the solvers, and the questions asked of them.
    pub fn spent(&self) -> (Duration, u64) {
        let (a, b) = (&self.paths, &self.goals);
        (a.time + b.time, a.questions + b.questions)
    }

    /// The solver of paths, told what is assumed.
    pub(crate) fn paths(
        &mut self,
        assumed: &[Term],
        terms: &Terms,
    ) -> Result<&mut Solver, SolverError> {
        self.paths.reset(true)?;
        for t in assumed {
            self.paths.assume(terms, *t)?;
        }
        Ok(&mut self.paths)
    }

    /// Proves a row.
    pub fn row<I: Isa>(&mut self, subject: Subject<'_>, row: Row<I>) -> Result<Proof, RunError> {
        let begin = Instant::now();
        let mut terms = Terms::default();
        let mut state = before::<I>(&mut terms);
        if let (Row::Turn, Some(threads)) = (row, I::THREADS) {
            let ended = terms.symbol(&format!("c{}", threads.ended.0), Sort::Bits(8));
            state.insert(Part::Cell(threads.ended.0), terms.zext(ended, bits::<I>()));
        }
        let word = row.word(&mut terms);
        let assumptions = row.assumptions(&mut terms, &state, word);
        let ours = defined::<I>(&mut terms, &state, row, word, subject.faults);
        let is_met = self.is_met(&terms, &assumptions)?;
        let (theirs, obligations, reached) =
            self.run::<I>(&mut terms, subject, &state, word, &assumptions)?;
        let met = Goal {
            name: "some word decodes to the row".to_owned(),
            outcome: if is_met {
                Outcome::Proved
            } else {
                Outcome::Refuted
            },
            time: Duration::ZERO,
        };
        let mut proof = Proof {
            name: row.name(),
            goals: vec![met],
            reached,
            difference: None,
            time: Duration::ZERO,
        };
        self.compare::<I>(&mut terms, &assumptions, (&ours, &theirs), &mut proof)?;
        self.owed(&mut terms, &assumptions, obligations, &mut proof)?;
        proof.time = begin.elapsed();
        Ok(proof)
    }

    /// Whether there is a word and a state that a claim is about: of none it would hold whatever the contract
    /// does.
    fn is_met(&mut self, terms: &Terms, assumptions: &[Term]) -> Result<bool, SolverError> {
        self.paths.reset(false)?;
        for assumption in assumptions {
            self.paths.assume(terms, *assumption)?;
        }
        Ok(self.paths.check()? == Verdict::Possible)
    }

    #[allow(
        clippy::type_complexity,
        reason = "the state, what is owed, and what was reached"
    )]
    fn run<I: Isa>(
        &mut self,
        terms: &mut Terms,
        subject: Subject<'_>,
        before: &State,
        word: Term,
        assumptions: &[Term],
    ) -> Result<(State, Vec<Obligation>, HashSet<usize>), RunError> {
        self.paths(assumptions, terms)?;
        let Some(block) = step_block(subject.source) else {
            let what = "there is no block `if iszero(exited)`".to_owned();
            return Err(RunError::Unknown { line: 1, what });
        };
        let mut state = before.clone();
        // The contract has the root with the running thread on it; the proof tells what is beneath.
        let left = left_is_active::<I>(terms, before);
        if I::THREADS.is_some() {
            let beneath = terms.symbol("beneath", Sort::Bits(256));
            let own = stacked::<I>(terms, before, beneath);
            change_active(terms, &mut state, left, |_, _| own);
        }
        let mut variables = Vec::new();
        for (name, value) in [
            ("exited", 0),
            // The proof is not compact.
            ("from", 0),
            ("length", 0),
            ("proof.offset", 0),
            ("proof.length", 0),
            ("preimageOracle", 0),
            ("localContext", 0),
            ("version_", subject.version),
        ] {
            variables.push((name, terms.small(value, 256)));
        }
        let world = World {
            terms,
            solver: &mut self.paths,
            path: Vec::new(),
            obligations: Vec::new(),
        };
        let host = Contract::<I>::new(subject.source, word);
        let mut run = Run::new(world, subject.source, host);
        let mut frame = Frame::new(state, variables);
        run.block(&mut frame, block)?;
        Ok((frame.state, run.world.obligations, run.reached))
    }

    fn compare<I: Isa>(
        &mut self,
        terms: &mut Terms,
        assumptions: &[Term],
        (ours, theirs): (&State, &State),
        proof: &mut Proof,
    ) -> Result<(), SolverError> {
        let none = terms.small(0, 32);
        let fine = terms.equal(ours[&Part::Fault], none);
        let mut assumed = assumptions.to_vec();
        for (part, ours) in ours {
            // On the contract's side a thread that runs on has been put on its stack again.
            if *part == Part::Runs || *part != Part::Fault && terms.is_false(fine) {
                continue;
            }
            let begin = Instant::now();
            let claim = same(terms, *ours, theirs[part]);
            let outcome = self.holds(terms, &assumed, claim)?;
            if outcome == Outcome::Refuted && proof.difference.is_none() {
                proof.difference = Some(crate::counterexample::show::<I>(
                    &mut self.goals,
                    terms,
                    *part,
                    (*ours, theirs[part]),
                )?);
            }
            proof.goals.push(Goal {
                name: part_name::<I>(*part),
                outcome,
                time: begin.elapsed(),
            });
            if *part == Part::Fault {
                assumed.push(fine);
            }
        }
        Ok(())
    }

    fn owed(
        &mut self,
        terms: &mut Terms,
        assumptions: &[Term],
        obligations: Vec<Obligation>,
        proof: &mut Proof,
    ) -> Result<(), SolverError> {
        let mut seen = HashSet::new();
        for obligation in obligations {
            if !seen.insert((obligation.claim, obligation.path.clone())) {
                continue;
            }
            let begin = Instant::now();
            let assumed = [assumptions, &obligation.path].concat();
            let outcome = self.holds(terms, &assumed, obligation.claim)?;
            proof.goals.push(Goal {
                name: obligation.what,
                outcome,
                time: begin.elapsed(),
            });
        }
        Ok(())
    }

    /// Whether a claim holds under assumptions: by what is known of products and quotients, if that is
    /// needed.
    pub fn holds(
        &mut self,
        terms: &Terms,
        assumed: &[Term],
        claim: Term,
    ) -> Result<Outcome, SolverError> {
        self.all_hold(terms, assumed, &[claim])
    }

    /// Whether several claims hold, in one question.
    pub fn all_hold(
        &mut self,
        terms: &Terms,
        assumed: &[Term],
        claims: &[Term],
    ) -> Result<Outcome, SolverError> {
        if claims.iter().all(|claim| terms.is_true(*claim)) {
            return Ok(Outcome::Same);
        }
        let mut verdict = Verdict::Unknown;
        for is_abstract in [true, false] {
            self.goals.reset(is_abstract)?;
            self.goals.single()?;
            for t in assumed {
                self.goals.assume(terms, *t)?;
            }
            self.goals.deny(terms, claims)?;
            verdict = self.goals.check()?;
            if verdict == Verdict::Impossible || !self.goals.has_abstracted() {
                break;
            }
        }
        Ok(match verdict {
            Verdict::Impossible => Outcome::Proved,
            Verdict::Possible => Outcome::Refuted,
            Verdict::Unknown => Outcome::Unknown,
        })
    }
}

/// The state after a step as the definition has it.
pub fn defined<I: Isa>(
    terms: &mut Terms,
    before: &State,
    row: Row<I>,
    word: Term,
    faults: Faults,
) -> State {
    let mut start = before.clone();
    if I::THREADS.is_some() {
        let left = left_is_active::<I>(terms, before);
        let beneath = terms.symbol("beneath", Sort::Bits(256));
        change_active(terms, &mut start, left, |_, _| beneath);
    }
    let mut machine = Symbolic::<I>::new(terms, &start, word, row.bytes(), faults);
    // A path that always faults has its fault in the state.
    let _ended = match row {
        Row::Turn => {
            machine.stay();
            I::context_switch(&mut machine)
        }
        Row::Instruction(op) => {
            let fetched = I::fetch(&mut machine);
            fetched.and_then(|()| I::dispatch(op, On(&mut machine)))
        }
        Row::Undefined(_) => {
            let fetched = I::fetch(&mut machine);
            fetched.and_then(|()| machine.trap(I::UNDEFINED))
        }
    };
    let mut state = machine.state;
    // What the witness commits to: the thread that ran is on its stack again, unless it gave way.
    if I::THREADS.is_some() {
        let one = terms.small(1, 1);
        let runs = terms.equal(state[&Part::Runs], one);
        let left = left_is_active::<I>(terms, &state);
        let thread = state.clone();
        change_active(terms, &mut state, left, |terms, root| {
            let with = stacked::<I>(terms, &thread, root);
            terms.ite(runs, with, root)
        });
    }
    state
}

/// Changes the root of the active stack, which is the left one where `left` holds; the other stays.
fn change_active(
    terms: &mut Terms,
    state: &mut State,
    left: Term,
    mut change: impl FnMut(&mut Terms, Term) -> Term,
) {
    for side in [0, 1] {
        let root = state[&Part::Stack(side)];
        let changed = change(terms, root);
        let (yes, no) = if side == 0 {
            (changed, root)
        } else {
            (root, changed)
        };
        state.insert(Part::Stack(side), terms.ite(left, yes, no));
    }
}

/// Whether two terms are the same; arrays at any index.
pub(crate) fn same(terms: &mut Terms, a: Term, b: Term) -> Term {
    if a == b {
        return terms.truth(true);
    }
    if let Sort::Array(index, _) = terms.sort(a) {
        let any = terms.symbol(&format!("any{index}"), Sort::Bits(index));
        let (a, b) = (terms.select(a, any), terms.select(b, any));
        return terms.equal(a, b);
    }
    terms.equal(a, b)
}

/// A part's name in words.
pub fn part_name<I: Isa>(part: Part) -> String {
    match part {
        Part::Fault => "fault".to_owned(),
        Part::Registers => "registers".to_owned(),
        Part::Memory => "memory".to_owned(),
        Part::Cell(cell) => {
            let field = crate::state::cells::<I>().find(|(_, c)| c.0 == cell);
            field.map_or_else(
                || format!("cell {cell}"),
                |(field, _)| field.name.to_owned(),
            )
        }
        Part::Step => "step".to_owned(),
        Part::TurnSteps => "steps of the turn".to_owned(),
        Part::Key => "pre-image key".to_owned(),
        Part::Stack(0) => "left stack".to_owned(),
        Part::Stack(_) => "right stack".to_owned(),
        Part::Runs => "thread runs on".to_owned(),
        Part::Scratch(at) => format!("word at {at:#x}"),
    }
}
