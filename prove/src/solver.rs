//! A solver that is found on `PATH`, spoken to by SMT-LIB over a pipe.

use crate::smtlib::{Session, name};
use crate::term::{Term, Terms};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// The solver's command.
pub const COMMAND: &str = "z3";

/// Of glibc: memory that was freed is kept.
const MALLOC: [(&str, &str); 3] = [
    ("MALLOC_TRIM_THRESHOLD_", "2000000000"),
    ("MALLOC_MMAP_THRESHOLD_", "1000000000"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// Why a solver gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SolverError {
    /// The command cannot be started.
    #[error(
        "{COMMAND} cannot be started ({0}); install it, as `pip install z3-solver` does, so that it is on PATH"
    )]
    Start(std::io::Error),
    /// The pipe broke.
    #[error("{COMMAND} ended or cannot be spoken to: {0}")]
    Pipe(#[from] std::io::Error),
    /// It answered something else.
    #[error("{COMMAND} answers {0:?}")]
    Answer(String),
}

/// Whether something can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It can.
    Possible,
    /// It cannot.
    Impossible,
    /// The solver did not know in time.
    Unknown,
}

/// A process that answers whether terms can hold.
#[derive(Debug)]
pub struct Solver {
    child: Child,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What it has been told, since the last reset.
    session: Session,
    /// How long a question may take.
    limit: Duration,
    /// Questions asked.
    pub questions: u64,
    /// Time that they took.
    pub time: Duration,
}

impl Drop for Solver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Solver {
    /// Starts a solver.
    pub fn start(limit: Duration) -> Result<Self, SolverError> {
        let mut child = Command::new(COMMAND)
            .args(["-in", "-smt2"])
            // A reset frees nearly all memory: glibc would give it back and ask for it again at each
            // question, which took most of the time.
            .envs(MALLOC)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(SolverError::Start)?;
        let lost = || std::io::Error::other("no pipe");
        let input = BufWriter::new(child.stdin.take().ok_or_else(lost)?);
        let output = BufReader::new(child.stdout.take().ok_or_else(lost)?);
        let mut solver = Self {
            child,
            input,
            output,
            session: Session::default(),
            limit,
            questions: 0,
            time: Duration::ZERO,
        };
        solver.reset(false)?;
        Ok(solver)
    }

    /// Forgets all; from now on products and quotients are abstract, or not.
    pub fn reset(&mut self, is_abstract: bool) -> Result<(), SolverError> {
        self.session = Session::new(is_abstract);
        let limit = self.limit.as_millis();
        self.tell(&format!(
            "(reset)\n(set-option :global-declarations true)\n(set-option :timeout {limit})\n"
        ))
    }

    /// Names the logic of what follows, with which the solver is faster at one question and slower at many.
    pub fn single(&mut self) -> Result<(), SolverError> {
        self.tell("(set-logic QF_AUFBV)\n")
    }

    /// Whether products or quotients have been abstracted since the last reset.
    pub fn has_abstracted(&self) -> bool {
        self.session.has_abstracted
    }

    fn tell(&mut self, text: &str) -> Result<(), SolverError> {
        Ok(self.input.write_all(text.as_bytes())?)
    }

    fn answer(&mut self) -> Result<String, SolverError> {
        let mut line = String::new();
        self.input.flush()?;
        if self.output.read_line(&mut line)? == 0 {
            return Err(SolverError::Answer(String::new()));
        }
        Ok(line.trim().to_owned())
    }

    /// Opens a scope.
    pub fn push(&mut self) -> Result<(), SolverError> {
        self.tell("(push 1)\n")
    }

    /// Closes a scope: what was assumed in it no longer is.
    pub fn pop(&mut self) -> Result<(), SolverError> {
        self.tell("(pop 1)\n")
    }

    /// Assumes that a truth value holds.
    pub fn assume(&mut self, terms: &Terms, t: Term) -> Result<(), SolverError> {
        let definitions = self.session.define(terms, t);
        self.tell(&definitions)?;
        self.tell(&format!("(assert {})\n", name(terms, t)))
    }

    /// Assumes that one of some truth values does not hold.
    pub fn deny(&mut self, terms: &Terms, claims: &[Term]) -> Result<(), SolverError> {
        let mut all = String::new();
        for t in claims {
            let definitions = self.session.define(terms, *t);
            self.tell(&definitions)?;
            all += " ";
            all += &name(terms, *t);
        }
        self.tell(&format!("(assert (not (and true{all})))\n"))
    }

    /// Whether all that is assumed can hold at once.
    pub fn check(&mut self) -> Result<Verdict, SolverError> {
        let begin = Instant::now();
        self.tell("(check-sat)\n")?;
        let answer = self.answer()?;
        self.questions += 1;
        self.time += begin.elapsed();
        match answer.as_str() {
            "sat" => Ok(Verdict::Possible),
            "unsat" => Ok(Verdict::Impossible),
            "unknown" | "timeout" => Ok(Verdict::Unknown),
            _ => Err(SolverError::Answer(answer)),
        }
    }

    /// The value of a term in the case that the solver has just found, in hex digits; a truth value as
    /// 0 or 1.
    pub fn value_of(&mut self, terms: &Terms, t: Term) -> Result<String, SolverError> {
        let definitions = self.session.define(terms, t);
        // Its definition may be new; a case stays where none is asserted.
        self.tell(&definitions)?;
        let name = name(terms, t);
        self.tell(&format!("(get-value ({name}))\n"))?;
        let mut answer = self.answer()?;
        while answer.matches('(').count() > answer.matches(')').count() {
            answer += &self.answer()?;
        }
        let value = answer
            .trim_end_matches(')')
            .rsplit(' ')
            .next()
            .unwrap_or_default();
        if let Some(hex) = value.strip_prefix("#x") {
            return Ok(hex.to_owned());
        }
        if let Some(bits) = value.strip_prefix("#b") {
            let number = alloy_primitives::U256::from_str_radix(bits, 2);
            return Ok(format!("{:x}", number.unwrap_or_default()));
        }
        match value {
            "true" => Ok("1".to_owned()),
            "false" => Ok("0".to_owned()),
            _ => Err(SolverError::Answer(answer)),
        }
    }
}
