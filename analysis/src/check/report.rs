//! What a check found, for people.

use std::fmt;

/// Facts, then what keeps the program from running, then what may.
#[derive(Default, Debug)]
pub struct Report {
    facts: Vec<(&'static str, String)>,
    problems: Vec<Finding>,
    warnings: Vec<Finding>,
}

/// Something found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What it is.
    pub what: String,
    /// Why it is so; empty where nothing is to be said of it.
    pub cause: String,
    /// What to do; empty where nothing is.
    pub remedy: String,
}

impl Report {
    /// Something to know.
    pub fn fact(&mut self, name: &'static str, text: &str) {
        self.facts.push((name, text.into()));
    }

    /// Something that keeps the program from running.
    pub fn problem(&mut self, what: &str, cause: &str, remedy: &str) {
        let (what, cause, remedy) = (what.into(), cause.into(), remedy.into());
        self.problems.push(Finding {
            what,
            cause,
            remedy,
        });
    }

    /// Something that matters where the program comes to it.
    pub fn warning(&mut self, what: String, cause: &str, remedy: &str) {
        let (cause, remedy) = (cause.into(), remedy.into());
        self.warnings.push(Finding {
            what,
            cause,
            remedy,
        });
    }

    /// How many problems there are.
    pub fn problems(&self) -> usize {
        self.problems.len()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in &self.facts {
            writeln!(f, "{name:<12}{text}")?;
        }
        for (kind, findings) in [("problem", &self.problems), ("warning", &self.warnings)] {
            for Finding {
                what,
                cause,
                remedy,
            } in findings
            {
                writeln!(f, "{kind}: {what}")?;
                for (name, text) in [("cause", cause), ("remedy", remedy)] {
                    if !text.is_empty() {
                        writeln!(f, "  {name}: {text}")?;
                    }
                }
            }
        }
        match (self.problems.len(), self.warnings.len()) {
            (0, 0) => writeln!(f, "nothing speaks against running it"),
            (0, _) => writeln!(f, "it runs, unless it comes to what the warnings name"),
            _ => Ok(()),
        }
    }
}
